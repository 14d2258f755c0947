"""Where to look first in a plant whose fault is not proven: at which signal, with what, and what would raise an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.commands import query_line, spoken
from aitia.core.words import Evidence, Inventory
from aitia.core.work_order import FirstLook
from aitia.tools.series.numbers import text
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
                 "metric.shift", "metric.trend", "metric.limit", "vibration.")  # fmt: skip
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
_QUANTITY: Final = re.compile(rf"\b({'|'.join(_WITH)})\b")


def first_look(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> FirstLook | None:
    """What to look at first where a plant's verdict names no cause; None where nothing departs, or a cause is named."""
    topology = Topology(inventory.components)
    if weighed.verdict == "cause" or not topology.machines:
        return None
    least = PLAIN if weighed.verdict == "healthy" else _ANY
    found = list(_departing(evidence, topology, least))
    if not found:
        return None
    lead, *rest = found
    now, due = (v if isinstance(v := lead.values.get(k), int | float) else None for k in ("now", "due"))
    return FirstLook(
        component=lead.component, signal=_signal(lead), fact=lead.id, why=lead.statement,
        how=f"Read {_signal(lead)} of {spoken(lead.component)} {_instrument(lead)}{_among(lead, topology)}",
        order_if=_order_if(lead, now, due), query=query_line(lead.source.query),
        then=tuple(f"{_signal(e)} of {spoken(e.component)} [{e.id}]" for e in rest[:_THEN]),
    )  # fmt: skip


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


def _instrument(fact: Evidence) -> str:
    """With what a person reads it: by its quantity, as the fact's words, its signal's name or its asset tell."""
    said = _QUANTITY.search(fact.statement)
    own = [q for q in str(fact.values.get(MEASURES, "")).split(", ") if q in _WITH]
    told = (
        said[1] if said else "",
        named_aspect(_signal(fact)),
        own[0] if len(own) == 1 else "",
        fact.aspect,
    )
    return next((_WITH[name] for name in told if name in _WITH), "with a second instrument or by hand")


def _among(fact: Evidence, topology: Topology) -> str:
    """Of a whole that has parts: which of them departs is to be found."""
    parts = [spoken(p) for p in topology.parts(fact.component) if p in topology.machines]
    if len(parts) < 2:
        return ""
    named = ", ".join(parts) if len(parts) <= _THEN + 1 else f"{parts[0]} to {parts[-1]}"
    return f", then at each of its parts ({named}): which one differs from the others"


def _order_if(fact: Evidence, now: float | None, due: float | None) -> str:
    """Which reading sends somebody to the machine, and which to its instrument."""
    if fact.kind == "signal.stuck":
        return "the hand-held reading moves while the signal stands: order the instrument; both stand: order an inspection"
    if _is_back(fact):
        back = f"it is back where it should be ({text(now or 0.0)}, {text(due or 0.0)} expected)"
        return f"it departs again: {back}, so that nothing is ordered now"
    if _fades(fact):
        return (
            f"it stops falling back by the next round (at its worst {text(float(fact.values['reads']))}, now {text(now or 0.0)}):"
            f" order an inspection; back at {text(due or 0.0)}: order nothing"
        )
    if now is None or due is None:
        return "the hand-held reading agrees with the signal: order an inspection of the machine; else order the instrument"
    return (
        f"it reads about {text(now)} as the signal does: order an inspection of {spoken(fact.component)}; about {text(due)}:"
        " order the instrument's calibration"
    )


def _fades(fact: Evidence) -> bool:
    """Whether it is nearly back where it should be: less than half as far off as at its worst."""
    return _left_over(fact) < _FADED


def _is_back(fact: Evidence) -> bool:
    """Whether it is where it should be: nothing is seen by whoever goes there."""
    return _left_over(fact) < _BACK


def _left_over(fact: Evidence) -> float:
    """How far off it still is, as a share of how far it was at its worst; 1 where that is not known."""
    told = [
        v for k in ("reads", "expected", "now", "due") if isinstance(v := fact.values.get(k), int | float)
    ]
    worst = abs(told[0] - told[1]) if len(told) == 4 else 0.0
    return abs(told[2] - told[3]) / worst if worst else 1.0
