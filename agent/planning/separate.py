"""What would tell two suspects apart: patterns that one has and the other has not, and that nobody has looked for yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aitia.agent.taxonomy import Of, Taxonomy
from aitia.agent.topology import Topology
from aitia.core.words import Direction, Evidence, Suspect

_Key = tuple[frozenset[str], str, tuple[Direction, ...], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An aspect that was not seen at any of these components; `weight` is by how much log-odds it would part the two."""

    places: frozenset[str]
    aspect: str
    weight: float


def two_best(suspects: Sequence[Suspect]) -> tuple[Suspect, ...]:
    """The likeliest two pairs of component and fault; fewer where there are fewer."""
    return tuple(s for s in suspects if s.component)[:2]


def missing(
    pair: Sequence[Suspect], taxonomy: Taxonomy, evidence: Iterable[Evidence], topology: Topology
) -> list[Missing]:
    """The unobserved patterns whose weight for the two suspects differs; none unless there are two."""
    if len(pair) != 2:
        return []
    seen = {(e.component, e.aspect) for e in evidence}
    first, second = (_weights(s, taxonomy, topology) for s in pair)
    found = []
    for key in sorted(first.keys() | second.keys(), key=lambda k: (sorted(k[0]), *k[1:])):
        places, aspect = key[0], key[1]
        apart = abs(first.get(key, 0.0) - second.get(key, 0.0))
        if apart and places and not any((place, aspect) in seen for place in places):
            found.append(Missing(places=places, aspect=aspect, weight=round(apart, 3)))
    return found


def value(
    shows: frozenset[str], target: str, wanted: Iterable[Missing], topology: Topology
) -> tuple[float, tuple[str, ...]]:
    """The weight of what a tool could show about a target ("" for all components), and those aspects, weightiest first."""
    about = topology.family(target) if target else None
    found = [m for m in wanted if m.aspect in shows and (about is None or m.places & about)]
    weightiest = sorted(found, key=lambda m: (-m.weight, m.aspect))
    return round(sum(m.weight for m in found), 3), tuple(dict.fromkeys(m.aspect for m in weightiest))


def _weights(suspect: Suspect, taxonomy: Taxonomy, topology: Topology) -> dict[_Key, float]:
    fault = taxonomy.get(suspect.fault)
    made: dict[_Key, float] = {}
    for pattern in (p for p in (fault.patterns if fault else ()) if not p.by):  # a provider says it unasked
        key = (
            _places(pattern.of, suspect.component, topology),
            pattern.aspect,
            pattern.direction,
            pattern.kinds,
        )
        made[key] = made.get(key, 0.0) + pattern.weight
    return made


def _places(of: Of, component: str, topology: Topology) -> frozenset[str]:
    """Whose fact a pattern is about; a peer's fact about the suspect is told by who calls it."""
    family = topology.family(component)
    if of in ("self", "calls", "serves"):
        return family
    beside = {"callees": topology.callees, "host": topology.hosts}.get(of, topology.callers)
    return frozenset(beside(component)) - family
