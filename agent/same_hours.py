"""Works and commands in the hours of a departure: what each may explain, and what not, as it came later or elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from aitia.agent.acted import is_protection, who
from aitia.agent.announced import JOURNAL
from aitia.agent.left_by_work import WORK_S, could_move, is_announced
from aitia.agent.topology import Topology
from aitia.core.words import Evidence, Incident, Inventory, Sentence
from aitia.tools.signals.quantities import is_weather, named_aspect

_WORKS: Final = ("maintenance.work", "change.maintenance", JOURNAL)
_BEFORE: Final = timedelta(hours=24)  # of the alarm, within which a work is told; by hand: a day's shifts
_NEAR: Final = 2  # links of the topology that still are beside it: a line's node, and the line behind that
_DEPARTS: Final = (
    "signal.apart",
    "signal.quantity",
    "signal.stuck",
    "signal.idle",
    "metric.shift",
    "metric.trend",
    "condition.",
)
_PLAIN: Final = 0.3  # strength of a departure that asks for an explanation; by hand
_MOST: Final = 6
MAY_EXPLAIN: Final = " may explain "
"""What stands between an entry and what it may explain."""


def same_hours(
    evidence: Sequence[Evidence], inventory: Inventory, incident: Incident, cause: str = ""
) -> tuple[Sentence, ...]:
    """Of a named `cause` the works that may explain what departs there ask for a question, the others are told alone.

    A sentence for each work, order or command in the day before the alarm, or since: with what departs beside it, and when.
    """
    topology = Topology(inventory.components)
    works = [
        e for e in evidence
        if e.kind.startswith(_WORKS) and e.onset and e.component in topology.machines
        and e.onset >= incident.started_at - _BEFORE
    ]  # fmt: skip
    departing = [
        e for e in evidence
        if e.kind.startswith(_DEPARTS) and e.onset and e.strength >= _PLAIN and e.component in topology.machines
        and e.direction not in ("steady", "none") and not is_weather(_signal(e))
    ]  # fmt: skip
    departing.sort(key=lambda e: (-e.strength, e.statement))
    told = sorted(works, key=lambda e: (e.onset, e.statement))[-_MOST:]
    of_cause = topology.family(cause) if cause else frozenset()
    calm = _calm(evidence, departing, topology)
    return tuple(_told(w, departing, topology, of_cause, calm) for w in told)


def _calm(evidence: Sequence[Evidence], departing: Sequence[Evidence], topology: Topology) -> frozenset[str]:
    """Machines that are measured, themselves or at a part, and of which nothing departs: through them nothing was moved."""
    measured = {e.component for e in evidence if e.kind.startswith(("metric.", "signal."))}
    moved = {e.component for e in departing} | {str(e.values["at"]) for e in departing if e.values.get("at")}
    own = {c: {c, *topology.parts(c)} for c in topology.machines}
    return frozenset(c for c, parts in own.items() if parts & measured and not parts & moved)


def _told(
    work: Evidence,
    departing: Sequence[Evidence],
    topology: Topology,
    of_cause: frozenset[str],
    calm: frozenset[str],
) -> Sentence:
    """What a work may explain: what departs at its place or beside it and began with it or soon after, and what did not."""
    places = _places(work, topology)
    far = {e.id: _distance(e.component, places, topology, calm) for e in departing}
    beside = sorted(
        (e for e in departing if far[e.id] <= _NEAR), key=lambda e: (_late(e, work), far[e.id], -e.strength)
    )
    with_it = [e for e in beside if _began_with(e, work) and _could(work, e)]
    others = [e for e in beside if e not in with_it and _signal(e) not in map(_signal, with_it)]
    others.sort(key=lambda e: -e.strength)
    name = f'{work.component}, {work.onset:%H:%M} UTC, "{_words(work)}"'
    if not beside:
        return _sentence(
            f"{name} explains nothing that was found: no signal departs there or beside it.", work
        )
    not_it = _not_it(others[0], work) if others else ""
    if not with_it:
        return _sentence(f"{name} {not_it}.", work, others[0])
    first = with_it[0]
    may = f"{MAY_EXPLAIN.strip()} {_what(first)}, which began {_when(first, work)}{_asked(work, first, of_cause)}"
    return _sentence(f"{name} {may}{f'; it {not_it}' if not_it else ''}.", work, first, *others[:1])


def _could(work: Evidence, fact: Evidence) -> bool:
    """Whether such work can move what departed, and that way: grease moves no vane, a customer's load takes none away."""
    return could_move(_words(work), named_aspect(_signal(fact)), fact.direction)


def _not_it(fact: Evidence, work: Evidence) -> str:
    if _began_with(fact, work):
        return f"does not explain {_what(fact)}: such an entry does not move it that way"
    return f"does not explain {_what(fact)}, which began {_when(fact, work)}"


def _asked(work: Evidence, first: Evidence, of_cause: frozenset[str]) -> str:
    """Who is to be asked, and what of: nothing where it does not touch the named cause."""
    if of_cause and first.component not in of_cause:
        return ""
    name = who(_words(work))
    if is_protection(name):
        return f"; {name} acted by what it measured: read why"
    asked = (
        f"ask {name}"
        if name.startswith("user ")
        else f"ask the control room ({name})"
        if name
        else "ask who did it"
    )
    if is_announced(_words(work)):  # who tells of a load in advance has said that it was meant
        return ""
    when = "as the first step of the order" if of_cause else "before somebody is sent"
    return f"; {when} {asked} whether that was meant and is over"


def _sentence(text: str, *facts: Evidence) -> Sentence:
    return Sentence(text=text, cites=tuple(f.id for f in facts), by="template", role="change")


def _late(fact: Evidence, work: Evidence) -> float:
    """Seconds between a work and what began, beyond what the onset is uncertain."""
    return max(0.0, abs(_after_s(fact, work)) - fact.onset_error_s)


def _after_s(fact: Evidence, work: Evidence) -> float:
    """Seconds from the work to the onset; both have one, or were not chosen."""
    return (fact.onset - work.onset).total_seconds() if fact.onset and work.onset else 0.0


def _began_with(fact: Evidence, work: Evidence) -> bool:
    """Whether it began with the work or soon after, as far as the onset is known."""
    late = _after_s(fact, work)
    return -fact.onset_error_s <= late <= WORK_S + fact.onset_error_s


def _when(fact: Evidence, work: Evidence) -> str:
    """How long after the work, or before it, something began, and how well that is known."""
    minutes = _after_s(fact, work) / 60.0
    error = fact.onset_error_s / 60.0
    if abs(minutes) <= error:
        known = f", known within {_span(error)}" if error >= 1.0 else ""
        return f"at about the same time ({fact.onset:%H:%M} UTC{known})"
    return f"{_span(abs(minutes))} {'after it' if minutes > 0 else 'before it'} ({fact.onset:%H:%M} UTC)"


def _span(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 90.0 else f"{minutes / 60.0:.0f} h"


def _what(fact: Evidence) -> str:
    signal = _signal(fact)
    return f"{signal} of {fact.component}" if signal else f"what departs at {fact.component}"


def _signal(fact: Evidence) -> str:
    return str(fact.values.get("channel") or fact.values.get("metric") or "")


def _words(work: Evidence) -> str:
    quoted = re.search(r'"(.*)"', work.statement)
    return str(work.values.get("text") or (quoted[1] if quoted else work.statement))


def _places(work: Evidence, topology: Topology) -> frozenset[str]:
    """Where a work is done: at its asset, and at those that its words name."""
    named = set(re.findall(r"[\w.+/-]+", _words(work)))
    return frozenset({work.component, *(topology.machines & named)})


def _distance(component: str, places: frozenset[str], topology: Topology, calm: frozenset[str]) -> int:
    """How many links lie between, up or down along what feeds what, with what is part of what; above `_NEAR` where further.

    Never up and down again: two works that feed one network do not move each other. Never through what is calm.
    """
    return min(_steps(component, places, topology, way, calm) for way in (topology.callees, topology.callers))


def _steps(
    component: str,
    places: frozenset[str],
    topology: Topology,
    way: Callable[[str], list[str]],
    calm: frozenset[str],
) -> int:
    here = {component} | _one_machine(component, topology)
    seen = set(here)
    for steps in range(_NEAR + 1):
        if here & places:
            return steps + (component not in places and not steps)
        through = here - calm if steps else here
        here = {n for c in through for f in way(c) for n in (f, *_one_machine(f, topology))} - seen
        seen |= here
    return _NEAR + 1


def _one_machine(component: str, topology: Topology) -> set[str]:
    """Its parts and what it is directly part of."""
    return {*topology.parts(component), *topology.wholes(component)}
