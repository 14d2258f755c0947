"""A protection that operated is suspected before what lies dead behind it: by the journal, and the signals that bear it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from aitia.agent.announced import JOURNAL
from aitia.agent.measured_class import BEHIND
from aitia.agent.topology import Topology
from aitia.core.words import Component, Evidence

IDLE: Final = "signal.idle"
_BEFORE: Final = timedelta(hours=1)
_AFTER: Final = timedelta(minutes=15)
"""Around the onset of what is dead, within which an entry is about it: rows are averaged, clocks differ. By hand."""
_CARRIES: Final = frozenset({"flow", "current", "power"})


def behind_trips(evidence: Sequence[Evidence], components: Sequence[Component]) -> list[Evidence]:
    """The same facts; that something carries nothing any more is told of the one before it that acted by the journal and has no
    meter of its own, and says so of one that is metered, which its own signals accuse or clear.
    """
    topology = Topology(components)
    acted = [e for e in evidence if e.kind == JOURNAL and e.values.get("acted") == "yes" and e.onset]
    metered = {e.component for e in evidence if e.aspect in _CARRIES}
    return [
        _told_of(e, entry, topology, moved=entry.component not in metered)
        if e.kind == IDLE and (entry := _acted(e, acted, topology)) is not None
        else e
        for e in evidence
    ]


def _acted(idle: Evidence, acted: Sequence[Evidence], topology: Topology) -> Evidence | None:
    """The last entry at that time of what is dead, of a part of it, or of what feeds it, nearest first."""
    for place in (topology.family(idle.component), *_feeders(idle.component, topology)):
        near = [
            e for e in acted if e.component in place and idle.onset and e.onset
            and -_AFTER - _error(idle) <= idle.onset - e.onset <= _BEFORE + _error(idle)
        ]  # fmt: skip
        if near:
            return max(near, key=lambda e: (e.onset, e.statement))
    return None


def _error(fact: Evidence) -> timedelta:
    return timedelta(seconds=fact.onset_error_s)


def _feeders(component: str, topology: Topology) -> Iterator[frozenset[str]]:
    """What feeds it, then what feeds that, and so on, each once."""
    seen, here = {component}, {component}
    while here := {f for c in here for f in topology.callees(c)} - seen:
        seen |= here
        yield frozenset(here)


def _told_of(idle: Evidence, entry: Evidence, topology: Topology, *, moved: bool) -> Evidence:
    """The fact with the entry beside it; where the one that acted has no meter it is told of that one."""
    own = entry.component in topology.family(idle.component)
    said = idle.statement.rstrip(".")
    journal = f'the journal says at {entry.onset:%H:%M:%S} UTC: "{entry.values.get("text", "")}"'
    if own or not moved:
        whose = "" if own else f" of {entry.component}, which feeds it"
        told = f"{said}; {journal.replace(' says', f' says{whose}', 1)}."
        return idle.model_copy(update={"statement": told, "taint": True})
    behind = said.removeprefix(f"{idle.component}: ").replace("through it", f"through {idle.component}")
    told = f"{entry.component}: {journal}, and behind it {behind}."
    values = {**idle.values, BEHIND: idle.component}
    return idle.model_copy(
        update={"component": entry.component, "statement": told, "values": values, "taint": True}
    )
