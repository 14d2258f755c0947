"""What several bearings of one machine show alike is its shaft's: imbalance and misalignment are not of one bearing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from aitia.core.words import Component, Evidence

_OF_SHAFT: Final = ("vibration.1x", "vibration.2x")
_LEAST: Final = 2  # parts of the machine
_MOST: Final = 0.95  # strength at most: as of the surest line


def shaft_of_whole(facts: Sequence[Evidence], components: Iterable[Component]) -> Iterator[Evidence]:
    """A fact of the machine for each shaft line that rose at two of its parts at least, as sure as both together."""
    wholes = {c.id: next((k.to for k in c.links if k.relation == "part_of"), "") for c in components}
    for aspect in _OF_SHAFT:
        lines = [e for e in facts if e.kind == "vibration.line" and e.aspect == aspect]
        for whole in sorted({wholes.get(e.component, "") for e in lines} - {""}):
            own = [e for e in lines if wholes.get(e.component) == whole]
            if len({e.component for e in own}) >= _LEAST:
                yield _told(whole, own)


def _told(whole: str, own: Sequence[Evidence]) -> Evidence:
    lead, doubt = max(own, key=lambda e: e.strength), 1.0
    for strength in {e.component: e.strength for e in sorted(own, key=lambda e: e.strength)}.values():
        doubt *= 1.0 - strength
    where = ", ".join(sorted({e.component for e in own}))
    told = lead.statement.removeprefix(f"{lead.component}: ").rstrip(".")
    said = f"{whole}: the same line rose at {where}, so that it is the shaft's and not one bearing's; at {lead.component} {told}."
    return lead.model_copy(
        update={
            "component": whole,
            "statement": said,
            "strength": round(min(_MOST, 1.0 - doubt), 3),
            "artifact": "",
        }
    )
