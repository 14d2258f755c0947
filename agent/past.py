"""What was over before the present trouble began: a past incident in the same window, which must not win against this one.

Tools tell where something ended (`over_since`) or came back (`again_since`, both in epoch s). The trouble's onset is what a
person states, else the first of what the alarmed components feel and that still goes on. Only where a person stated it, or where
their trouble had an earlier spell, is anything past: else what ended just before may have brought the trouble about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from aitia.core.aspects import CHANGE, CONTEXT, RELIEF
from aitia.core.words import Evidence, from_epoch

PAST: Final = 0.1  # of the strength of what is over; by hand
BEFORE_S: Final = 20.0  # by which it must have ended before the onset; by hand
STANDING_S: Final = 120.0  # by which what refutes another must not have begun before the trouble; by hand
_PLAIN: Final = 0.5  # strength from which on what is felt tells the onset; by hand
_FELT: Final = frozenset({"errors", "latency", "availability"})
_MOVES: Final = ("metric.shift", "metric.level", "log.new", "log.surge")
_BAD: Final = frozenset({"error", "fatal"})


class Trouble(NamedTuple):
    """When the present trouble began (epoch s), and when the spell before it did, if one is told; `stated` by a person."""

    onset: float
    earlier: float | None = None
    stated: bool = False


def trouble(evidence: Iterable[Evidence], alarmed: Sequence[str]) -> Trouble | None:
    """The present trouble of the alarmed components; None where nothing tells when it began."""
    facts = list(evidence)
    stated = [
        e.onset.timestamp() for e in facts if e.kind == "person.onset" and not e.tool and e.onset is not None
    ]
    if stated:
        return Trouble(onset=stated[-1], stated=True)
    felt = [e for e in facts if e.component in alarmed and _is_felt(e)]
    going = [_began(e) for e in felt if "over_since" not in e.values]
    if not going:
        return None
    onset = min(going)
    spells = [e.onset.timestamp() for e in felt if e.onset and _is_of_two(e)]
    earlier = min((s for s in spells if s < onset - BEFORE_S), default=None)
    return Trouble(onset=onset, earlier=earlier)


def is_past(fact: Evidence, present: Trouble | None) -> bool:
    """Whether a fact ended before the present trouble began, as part of an earlier one."""
    over = fact.values.get("over_since")
    if present is None or not isinstance(over, int | float) or over > present.onset - BEFORE_S:
        return False
    return present.stated or (present.earlier is not None and over > present.earlier)


def is_long_standing(fact: Evidence, present: Trouble | None) -> bool:
    """Whether it moved well before the trouble that it would explain in another one's stead: it went well with it until then."""
    if present is None or fact.onset is None or not fact.kind.startswith("metric."):
        return False
    return present.onset - fact.onset.timestamp() > STANDING_S + fact.onset_error_s


def as_now(evidence: Sequence[Evidence], alarmed: Sequence[str]) -> list[Evidence]:
    """The facts as they count for the present trouble: what is past hardly, and what came back from when it did."""
    present = trouble(evidence, alarmed)
    if present is None:
        return list(evidence)
    return [_now(e, present) for e in evidence]


def _now(fact: Evidence, present: Trouble) -> Evidence:
    if is_past(fact, present):
        return fact.model_copy(update={"strength": round(fact.strength * PAST, 3)})
    again = fact.values.get("again_since")
    if isinstance(again, int | float) and again >= present.onset - BEFORE_S and fact.onset is not None:
        return fact.model_copy(update={"onset": from_epoch(float(again))})
    return fact


def _is_felt(fact: Evidence) -> bool:
    if fact.onset is None or fact.strength < _PLAIN or fact.kind not in _MOVES:
        return False
    if fact.aspect in CONTEXT or fact.aspect in CHANGE or (fact.aspect, fact.direction) in RELIEF:
        return False
    return fact.aspect in _FELT or (fact.kind.startswith("log.") and fact.values.get("level") in _BAD)


def _is_of_two(fact: Evidence) -> bool:
    """Whether it stood in a spell before the last one, or in one that ended."""
    return "again_since" in fact.values or "over_since" in fact.values


def _began(fact: Evidence) -> float:
    again = fact.values.get("again_since")
    if isinstance(again, int | float):
        return float(again)
    assert fact.onset is not None
    return fact.onset.timestamp()
