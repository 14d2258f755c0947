"""Several instruments of one machine that tell of one change: they do not err together, so that it is the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aitia.agent.topology import Topology
from aitia.core.words import Evidence
from aitia.tools.signals.quantities import named_aspect

_LEAST: Final = 3  # signals; by hand: two may share a cable
_PLAIN: Final = 0.5  # strength of each; by hand
_WITHIN_S: Final = 1800.0  # between the first and the last of them; by hand
_HARM: Final = frozenset({"vibration", "temperature"})
_LOAD: Final = frozenset({"speed", "flow", "current", "power", "pressure", "position"})
"""What a machine runs by: where it moved too, a change of load or speed may be all."""
_MOVED: Final = ("metric.shift", "metric.trend")
_SEEN: Final = 0.3  # strength from which on a load moved; by hand


class Alike(NamedTuple):
    """A machine, the quantity that rose at several of its signals, and the facts, the plainest first."""

    machine: str
    quantity: str
    facts: tuple[Evidence, ...]


def alike_signals(evidence: Sequence[Evidence], topology: Topology) -> Alike | None:
    """The machine of which three signals or more of one quantity rose together, its load as it was; None where there is none."""
    rising = [e for e in evidence if _rose(e) and e.component in topology.machines]
    found = []
    for machine in sorted(topology.machines):
        family = {machine, *topology.parts(machine)}
        if len(family) < 2 or _load_moved(evidence, family, topology, machine):
            continue
        for quantity in sorted(_HARM):
            own = {
                (e.component, e.values.get("metric")): e
                for e in sorted(rising, key=lambda e: e.strength)
                if e.component in family and e.aspect == quantity
            }
            if len(own) >= _LEAST and _together(list(own.values())):
                found.append(
                    Alike(machine, quantity, tuple(sorted(own.values(), key=lambda e: (-e.strength, e.id))))
                )
    return max(found, key=lambda a: (len(a.facts), a.facts[0].strength), default=None)


def _rose(e: Evidence) -> bool:
    return e.kind in _MOVED and e.direction == "up" and e.strength >= _PLAIN and e.onset is not None


def _together(facts: Sequence[Evidence]) -> bool:
    onsets = [e.onset for e in facts if e.onset]
    return (max(onsets) - min(onsets)).total_seconds() <= _WITHIN_S


def _load_moved(evidence: Sequence[Evidence], family: set[str], topology: Topology, machine: str) -> bool:
    near = family.union(topology.callees(machine), topology.callers(machine))
    return any(
        e.component in near and e.kind in _MOVED and e.strength >= _SEEN and e.direction in ("up", "down")
        and (e.aspect in _LOAD or named_aspect(str(e.values.get("metric", ""))) in _LOAD)
        for e in evidence
    )  # fmt: skip
