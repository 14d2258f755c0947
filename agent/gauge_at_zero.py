"""A gauge that reads nothing: dead itself, or nothing is there. What flows tells: a dead gauge stops no flow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Contribution, Evidence, Suspect

DEAD: Final = 0.05  # of its usual value, below which nothing is there any more; by hand
MOST: Final = 0.84  # probability of a cause at most that rests on such a gauge alone; by hand, as of instruments at odds
GAUGE: Final = "instruments.zero"
INSTRUMENT: Final = "sensor.fault"
_FLOWS: Final = frozenset({"flow", "power", "current", "speed"})
_MOVED: Final = (
    "signal.anomaly",
    "signal.quantity",
    "signal.apart",
    "signal.changepoint",
    "metric.shift",
    "metric.trend",
)


def at_zero(evidence: Iterable[Evidence]) -> Evidence | None:
    """The alarm's own signal where it reads nothing; None where none does, or it is of what flows itself."""
    return next((e for e in evidence if e.kind == "alarm.signal" and _reads_nothing(e)), None)


def second(evidence: Iterable[Evidence], cause: str, gauge: Evidence, topology: Topology) -> Evidence | None:
    """What flows at the cause and fell too, by another instrument: not the gauge alone then."""
    near = topology.family(cause)
    found = [
        e for e in evidence
        if e.kind.startswith(_MOVED) and e.component in near and e.component != gauge.component
        and (e.aspect in _FLOWS or e.values.get("measures") in _FLOWS) and _fell(e)
    ]  # fmt: skip
    return max(found, key=lambda e: (e.strength, e.id), default=None)


def beside_gauge(why: str, evidence: Sequence[Evidence], cause: str, topology: Topology) -> str:
    """What is added to an urgency that such a gauge tells: whether it is alone; "" where none tells it."""
    gauge = at_zero(evidence)
    if gauge is None or gauge.component == cause or f"[{gauge.id}]" not in why:
        return ""
    other = second(evidence, cause, gauge, topology)
    if other is None:
        return f"; or {gauge.component} itself is dead: no flow is seen to have fallen with it, so read it by hand first"
    return (
        f"; not that gauge alone: {other.component} fell as well [{other.id}], and a dead gauge stops no flow"
    )


def with_gauge(weighed: Weighed, evidence: Sequence[Evidence], topology: Topology) -> Weighed:
    """The verdict, no surer than `MOST` where a pressure drop rests on a gauge at nothing and no flow fell: a rival."""
    if weighed.verdict != "cause" or weighed.probability <= MOST or not weighed.fault.startswith("machine."):
        return weighed
    ids = {
        i
        for s in weighed.suspects
        if (s.component, s.fault) == (weighed.component, weighed.fault)
        for i in s.supporting
    }
    drop = any(e.id in ids and e.aspect == "pressure_drop" for e in evidence)
    gauge = at_zero(evidence)
    if not drop or gauge is None or second(evidence, weighed.component, gauge, topology):
        return weighed
    share = MOST / weighed.probability
    line = Contribution(
        evidence=gauge.id, log_odds=1.0, term=GAUGE,
        why="it reads nothing, and no flow fell with it: the gauge itself may be dead",
    )  # fmt: skip
    rival = Suspect(
        component=gauge.component,
        fault=INSTRUMENT,
        score=0.0,
        ledger=(line,),
        probability=round(weighed.probability - MOST, 4),
    )
    scaled = [
        s.model_copy(update={"probability": round(share * s.probability, 4)})
        if s.component == weighed.component
        else s
        for s in weighed.suspects
    ]
    suspects = tuple(sorted((rival, *scaled), key=lambda s: (-s.probability, s.component, s.fault)))
    return weighed.model_copy(update={"probability": MOST, "suspects": suspects})


def _reads_nothing(e: Evidence) -> bool:
    usual, now = e.values.get("usual"), e.values.get("now")
    if not isinstance(usual, int | float) or not isinstance(now, int | float):
        return False
    return e.values.get("measures") == "pressure" and abs(now) <= DEAD * abs(usual)


def _fell(e: Evidence) -> bool:
    furthest, low = e.values.get("furthest"), e.values.get("low")
    below = isinstance(furthest, int | float) and isinstance(low, int | float) and furthest < low
    return e.direction == "down" or below
