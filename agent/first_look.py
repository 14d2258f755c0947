"""Where to look first in a plant whose fault is not proven: at which signal, with what, and what would raise an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from aitia.agent.alike_signals import Alike, alike_signals
from aitia.agent.ends_beyond import ENDS, beyond
from aitia.agent.machine_class import classes_of
from aitia.agent.measured_class import measured_at
from aitia.agent.set_point import FOLLOWS, MAY_FOLLOW
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.agent.work_passes import left_over
from aitia.core.commands import query_line, spoken
from aitia.core.words import Evidence, Inventory
from aitia.core.work_order import FirstLook
from aitia.tools.series.numbers import with_unit
from aitia.tools.series.spoken import signal_spoken
from aitia.tools.signals.measures import MEASURES
from aitia.tools.signals.quantities import is_weather, named_aspect

PLAIN: Final = (
    0.8  # strength from which on a departure is worth a visit though nothing else is wrong; by hand
)
_ANY: Final = 0.2  # strength from which on it is worth a look where no cause is found; by hand
_FADED: Final = 0.5  # of the worst departure, below which it falls back; by hand
_BACK: Final = 0.1  # of the worst departure, below which it is back
_THEN: Final = 2  # further places
_KINDS: Final = ("signal.apart", "signal.quantity", "signal.stuck", "signal.idle", "signal.anomaly", "condition.",
                 "metric.shift", "metric.trend", "metric.limit", "vibration.", "picture.hot",
                 "picture.unlike", "picture.line")  # fmt: skip
_WITH: Final = {  # how a person reads a quantity without the plant's own instrument; by hand
    "temperature": "with a contact thermometer or a thermal camera at the same spot",
    "pressure": "with a test gauge at the same tapping",
    "flow": "with a clamp-on flow meter on the same pipe",
    "vibration": "with a hand-held vibration meter at the same bearing, in the same direction",
    "current": "at the display of its relay or meter (a clamp meter only on an insulated low-voltage cable)",
    "voltage": "with a voltmeter, or at the display of its relay",
    "power": "with a power analyser at its terminals",
    "level": "with a dipstick or at the sight glass",
    "position": "at its position indicator on site",
    "speed": "with a hand-held tachometer",
}
_CELLS: Final = frozenset({"battery", "module", "rack", "string", "cell", "container"})
"""Classes whose voltage a person reads at terminals: no relay shows it."""
_AT_TERMINALS: Final = "with a precision voltmeter at its terminals"
_QUANTITY: Final = re.compile(rf"\b({'|'.join(_WITH)})\b")
_SPREAD: Final = re.compile(r"(?i)spread|imbalance|unbalance|max[_ -]?min|streuung|spreizung|dispersi")
"""A signal by these words is how far its asset's parts are from each other: no instrument of the whole shows it."""
_KEEPS: Final = "keeps"
"""The value of a fact by which its signal moved as all that goes with it says: what it shows is so."""


def first_look(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> FirstLook | None:
    """What to look at first where a plant's verdict names no cause; None where nothing departs, a cause is named, or a set-point
    explains all that moved.
    """
    topology = Topology(inventory.components)
    if weighed.verdict == "cause" or not topology.machines or explained_by(weighed):
        return None
    least = PLAIN if weighed.verdict == "healthy" else _ANY
    found = list(_departing(evidence, topology, least))
    if not found:
        return _at_end(weighed, evidence, topology, inventory)
    if weighed.verdict == "unknown" and (alike := alike_signals(evidence, topology)) is not None:
        return _at_all(alike, [e for e in found if e.component not in {f.component for f in alike.facts}])
    spread = next((e for e in found if _is_spread(e) and len(_parts(e, evidence, topology)) > 1), None)
    lead = spread or found[0]
    rest = [e for e in found if e is not lead]
    parts = _parts(lead, evidence, topology)
    how, order_if = _how(lead, parts, inventory), _order_if(lead, topology)
    if _is_back(lead) and (like := _like(lead.component, topology)):
        others = f"that of its like ({_listed(like)})"
        how = f"Compare {_named(lead)} of {spoken(lead.component)} with {others} through the next cycle of load, at one load"
    if spread:
        how, order_if = _of_spread(lead, parts)
    return FirstLook(
        component=lead.component, signal=_signal(lead), fact=lead.id, why=lead.statement, how=how, order_if=order_if,
        order=f"Inspect {spoken(lead.component)}: find which of {_listed(parts)} departs from its like" if spread else "",
        query=query_line(lead.source.query),
        then=tuple(f"{_named(e)} of {spoken(e.component)} [{e.id}]" for e in rest[:_THEN]),
    )  # fmt: skip


def _at_end(
    weighed: Weighed, evidence: Sequence[Evidence], topology: Topology, inventory: Inventory
) -> FirstLook | None:
    """Where nothing departs, and only that a signal ends beyond its past keeps the verdict from being that nothing is wrong."""
    e = beyond(evidence, topology) if weighed.verdict == "unknown" else None
    if e is None or not any(c.term == ENDS for s in weighed.suspects for c in s.ledger):
        return None
    asset, signal, end = spoken(e.component), _signal(e), with_unit(float(e.values["end"]), e.unit)
    return FirstLook(
        component=e.component, signal=signal, fact=e.id,
        why=f"{asset}: {signal} ends at {end}, beyond its usual range, while its load and the weather stay within theirs",
        how=_how(e, _parts(e, evidence, topology), inventory),
        order_if=f"it is still beyond its usual range at the next round (now {end}): order an inspection of {asset}; back within"
        " it: order nothing",
        query=query_line(e.source.query),
    )  # fmt: skip


def _at_all(alike: Alike, rest: Sequence[Evidence]) -> FirstLook:
    """Where several instruments of a machine tell of one change: it is the machine's, and inspected without waiting for proof."""
    lead, asset = alike.facts[0], spoken(alike.machine)
    places = _listed(sorted({e.component for e in alike.facts}))
    spectrum = (
        " and its spectrum at constant speed: the line that leads tells the kind"
        if alike.quantity == "vibration"
        else ""
    )
    rose = f"{alike.quantity} rose at {len(alike.facts)} signals alike ({places})"
    return FirstLook(
        component=alike.machine, signal=_signal(lead), fact=lead.id,
        why=f"{lead.statement.rstrip('.')}; {rose}, which instruments do not do by error, and what {asset} runs by did not move.",
        how=f"Measure {alike.quantity} of {asset} at {places} {_WITH[alike.quantity]}{spectrum}",
        order_if="a second instrument shows it too: what the measurement names is ordered; it shows what was usual: nothing is",
        order=f"Inspect {asset}: {rose}", query=query_line(lead.source.query),
        then=tuple(f"{_named(e)} of {spoken(e.component)} [{e.id}]" for e in rest[:_THEN]),
    )  # fmt: skip


def explained_by(weighed: Weighed) -> str:
    """The set-point that explains all that moved, as its ledger says; "" where none does."""
    lines = (c for s in weighed.suspects if s.fault == "healthy" for c in s.ledger)
    return next((c.why for c in lines if c.term == FOLLOWS), "")


def may_be_all(weighed: Weighed) -> str:
    """What may explain all that moved, by the word of a journal alone; "" where nothing does, or a cause is named."""
    lines = (c for s in weighed.suspects if s.fault == "unknown" for c in s.ledger)
    return next((c.why for c in lines if c.term == MAY_FOLLOW and weighed.verdict == "unknown"), "")


def _departing(evidence: Sequence[Evidence], topology: Topology, least: float) -> Iterator[Evidence]:
    """The plainest fact of each machine that departs, the plainest first; of the weather none."""
    of = [
        e for e in evidence
        if e.kind.startswith(_KINDS) and e.component in topology.machines and e.strength >= least
        and e.direction not in ("steady", "none") and _signal(e) and not is_weather(_signal(e))
        and (least < PLAIN or e.kind == "signal.apart")
    ]  # fmt: skip
    seen: set[str] = set()
    for e in sorted(of, key=lambda e: (-e.strength, e.component, e.statement)):
        if e.component not in seen:
            seen.add(e.component)
            yield e


def _signal(fact: Evidence) -> str:
    return str(fact.values.get("channel") or fact.values.get("metric") or "")


def _named(fact: Evidence) -> str:
    """The signal as a person says it, its tag in brackets."""
    return signal_spoken(_signal(fact), _quantity(fact), str(fact.values.get("described", "")))


def _quantity(fact: Evidence) -> str:
    """What a fact's signal measures, as its words, its signal's name or its asset tell; "" where nothing does."""
    said = _QUANTITY.search(fact.statement)
    own = [q for q in str(fact.values.get(MEASURES, "")).split(", ") if q in _WITH]
    told = (
        said[1] if said else "",
        named_aspect(_signal(fact)),
        own[0] if len(own) == 1 else "",
        fact.aspect,
    )
    return next((name for name in told if name in _WITH), "")


def _how(fact: Evidence, parts: Sequence[str], inventory: Inventory) -> str:
    """Which reading, with what; of a signal that moved as all that goes with it does what would move it."""
    quantity, asset = _quantity(fact), spoken(fact.component)
    if fact.values.get(_KEEPS) == "over":
        return f"Ask the control room what {asset} did in those hours: {_named(fact)} is back, and what it showed was so"
    if fact.values.get(_KEEPS) and quantity == "level":
        return (
            f"Hold what flows into {asset} against what flows out of it, as its level is real; more out than its users take is a"
            " leak or an open valve, less in is a pump or a valve before it"
        )
    if fact.values.get(_KEEPS):
        return f"Ask the control room whether a set-point or a limit of {asset} was moved: {_named(fact)} is real"
    read = _WITH.get(quantity, "with a second instrument or by hand")
    if quantity == "voltage" and _CELLS & set(classes_of(inventory.components).get(fact.component, ())[:1]):
        read = _AT_TERMINALS
    among = (
        f", then at each of its parts ({_listed(parts)}): which one differs from the others"
        if len(parts) > 1
        else ""
    )
    return f"Read {_named(fact)} of {asset} {read}{among}"


def _is_spread(fact: Evidence) -> bool:
    return (
        bool(_SPREAD.search(_signal(fact)))
        and fact.direction in ("up", "changed", "new")
        and bool(_quantity(fact))
    )


def _of_spread(fact: Evidence, parts: Sequence[str]) -> tuple[str, str]:
    """How parts are told from each other whose spread departs, and what is ordered of the one that differs."""
    quantity = _quantity(fact)
    joints = "; and its joints with a thermal camera under load" if quantity == "voltage" else ""
    how = f"Read the {quantity} of each of {_listed(parts)} at rest and at one load: which one differs from the others{joints}"
    return how, (
        "one differs at rest as well: order a test of its cells; it differs with the load or is warm at a joint: order that joint"
        if quantity == "voltage"
        else "one differs: order an inspection of that one; none does: order the instrument"
    )


def _parts(fact: Evidence, evidence: Sequence[Evidence], topology: Topology) -> list[str]:
    """The parts of a fact's asset at which its quantity is measured: at others nobody can read it."""
    quantity = _quantity(fact)
    if not quantity:
        return []
    return [
        p
        for p in topology.parts(fact.component)
        if p in topology.machines and quantity in measured_at(p, evidence)
    ]


def _listed(parts: Sequence[str]) -> str:
    names = sorted(map(spoken, parts))
    return ", ".join(names) if len(names) <= _THEN + 1 else f"{names[0]} to {names[-1]}"


def _order_if(fact: Evidence, topology: Topology) -> str:
    """Which reading sends somebody to the machine, and which to its instrument."""
    now, due = (v if isinstance(v := fact.values.get(k), int | float) else None for k in ("now", "due"))
    asset = spoken(fact.component)
    if fact.kind == "signal.stuck":
        return (
            "the hand-held reading moves while the signal stands: order the instrument; both stand: order an inspection of"
            f" {asset}"
        )
    if fact.kind.startswith("picture."):
        return f"the reading at the place agrees with the picture: order an inspection of {asset}; it does not: order nothing"
    if fact.values.get(_KEEPS) == "over":
        return f"it goes there again and nobody meant it: order an inspection of {asset} and what feeds it; else nothing"
    if fact.values.get(_KEEPS):
        return (
            f"the balance does not hold: order a search along {asset} and what it feeds; it holds and nothing was set: order"
            " nothing"
        )
    if _is_back(fact):
        back = f"it is back where it should be ({_said(fact, now)}, {_said(fact, due)} expected)"
        if _like(fact.component, topology):
            return (
                f"it departs again from its like in the next cycle of load: order a test of {asset}; {back}, so that until then"
                " it is compared, not opened"
            )
        return f"it departs again: {back}, so that nothing is ordered now"
    if _fades(fact):
        worst = _said(fact, float(fact.values["reads"]))
        return (
            f"it stops falling back by the next round (at its worst {worst}, now {_said(fact, now)}):"
            f" order an inspection of {asset}; back at {_said(fact, due)}: order nothing"
        )
    if now is None or due is None:
        return f"the hand-held reading agrees with the signal: order an inspection of {asset}; else order the instrument"
    return (
        f"it reads about {_said(fact, now)} as the signal does: order an inspection of {asset}; about {_said(fact, due)}:"
        " order the instrument's calibration"
    )


def _said(fact: Evidence, value: float | None) -> str:
    """A value of a fact with its unit, where that is known."""
    return with_unit(value or 0.0, str(fact.values.get("unit", "")))


def _like(part: str, topology: Topology) -> list[str]:
    """The other parts of its whole, where it is one of several and can be held against them."""
    parts = next((p for w in topology.wholes(part) if len(p := topology.parts(w)) > _THEN), [])
    return [p for p in parts if p != part]


def _fades(fact: Evidence) -> bool:
    """Whether it is nearly back where it should be: less than half as far off as at its worst."""
    return left_over(fact) < _FADED


def _is_back(fact: Evidence) -> bool:
    """Whether it is where it should be: nothing is seen by whoever goes there."""
    return left_over(fact) < _BACK
