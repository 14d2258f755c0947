"""What the values of a fact tell: by how much it rose, whether that is little, and which of two facts comes first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from aitia.core.aspects import CHANGE, CONDITION, MEMORY, RANK
from aitia.core.words import Evidence

WAITING: Final = frozenset({"connections", "queue", "threads", "file_descriptors"})
FEW: Final = 6
LITTLE: Final = (
    1.5  # times what a process uses, below which more exhausts nothing where no limit is near; by hand
)

SIZES: Final = frozenset({"memory", "disk"})
GROWN: Final = frozenset({"metric.shift", "metric.trend"})
BYTES: Final = {"": 1, "bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
SHARES: Final = frozenset({"percent", "ratio", "share"})
SMALL_BYTES: Final = float(
    16 << 20
)  # that more of memory or disk exhaust nothing, where no limit is near; by hand
SELDOM: Final = 2  # lines


def is_few(evidence: Evidence) -> bool:
    """Whether what is held, waits or runs is fewer than a handful after the rise."""
    after = evidence.values.get("to" if evidence.kind == "metric.trend" else "after")
    counted = evidence.aspect in WAITING and evidence.kind.startswith("metric.") and not evidence.unit
    return counted and isinstance(after, int | float) and after < FEW


def last_words(evidence: Iterable[Evidence]) -> dict[str, datetime]:
    """When each component last began to write something new to its own log."""
    found: dict[str, datetime] = {}
    for e in evidence:
        if e.kind in ("log.new", "log.surge") and e.onset and e.values.get("reported_by") == e.component:
            found[e.component] = max(e.onset, found.get(e.component, e.onset))
    return found


def is_little(evidence: Evidence) -> bool:
    """Whether a process uses somewhat more memory than before, or so little more that it exhausts nothing (bytes, where no unit
    is told): of a share of what there is, it is told how much that is.
    """
    if evidence.aspect not in SIZES or evidence.kind not in GROWN or evidence.unit in SHARES:
        return False
    somewhat = (
        evidence.kind == "metric.shift" and evidence.aspect == "memory" and 0 < ratio_of(evidence) < LITTLE
    )
    begin, end = ("from", "to") if evidence.kind == "metric.trend" else ("before", "after")
    before, after = evidence.values.get(begin), evidence.values.get(end)
    if isinstance(before, int | float) and isinstance(after, int | float) and evidence.unit in BYTES:
        return somewhat or 0 <= (after - before) * BYTES[evidence.unit] < SMALL_BYTES
    return somewhat


def is_from_the_start(evidence: Evidence) -> bool:
    """Whether a line may be as old as its log: it stands once or twice where no earlier line is at hand, and is no error."""
    return (
        evidence.kind == "log.new"
        and evidence.values.get("p_value") == 1.0
        and evidence.values.get("level") not in ("error", "fatal")
        and float(evidence.values.get("count_window", 0)) <= SELDOM
    )


def ratio_of(evidence: Evidence) -> float:
    """By how much it rose, where the fact says so or tells what it was before and after; else 0."""
    value = evidence.values.get("ratio", 0.0)
    before, after = evidence.values.get("before"), evidence.values.get("after")
    if not value and isinstance(before, int | float) and isinstance(after, int | float) and before > 0:
        value = after / before
    return float(value) if isinstance(value, int | float) else 0.0


def is_slower(evidence: Evidence) -> bool:
    """Whether its own answers take longer."""
    return evidence.aspect == "latency" and evidence.direction == "up" and not evidence.peer


def no_later(first: Evidence, second: Evidence) -> bool:
    """Whether a fact's onset is no later than another's, as far as either is known."""
    if first.onset is None or second.onset is None:
        return False
    return (first.onset - second.onset).total_seconds() <= max(first.onset_error_s, second.onset_error_s)


def not_read(evidence: Evidence) -> float:
    """How surely it is not known what a metric's fact is about: 1 where nobody read its name, else the doubt of who did."""
    if evidence.values.get("meaning") == "unknown":
        return 1.0
    sure = evidence.values.get("read_sure", 1.0)
    return 1.0 - float(sure) if isinstance(sure, int | float) else 0.0


CALLS: Final = "log.calls"
"""The kind of fact that says whom a component calls, by what it logs on calm days too."""
ALERTS: Final = frozenset({"alert.firing", "alarm.first", "alarm.active"})
"""Kinds of facts that say that a limit which a person set was passed: something is wrong, never that nothing is."""


def is_first_hand(evidence: Evidence) -> bool:
    """Whether it is the component's own telemetry of now, not a change of it, its condition, a memory or another's word."""
    told_by = evidence.values.get("reported_by", evidence.component)
    return evidence.aspect not in CHANGE | MEMORY | CONDITION | RANK and told_by == evidence.component


def tells(evidence: Evidence) -> bool:
    """Whether a fact tells how its component is: a change does not, nor whom it calls, nor a single measurement of which nobody
    knows what it is.
    """
    return evidence.aspect not in CHANGE and not (
        evidence.kind in (*ALERTS, CALLS)
        or (evidence.aspect == "other" and evidence.kind.startswith("metric."))
    )


def order(evidence: Evidence) -> tuple[float, int, str]:
    """A tie-break that does not depend on numbering: earlier onset first, then the plainer statement."""
    return (
        -(evidence.onset.timestamp() if evidence.onset else 0.0),
        -len(evidence.statement),
        evidence.statement,
    )


def seen_how(on: str, fact: Evidence) -> str:
    """From where a fact speaks for or against a suspect, in words."""
    if on == "self":
        teller = str(fact.values.get("reported_by", fact.component))
        return "its own telemetry" if teller == fact.component else f"told by {teller}"
    return {
        "peer": f"seen by {fact.component}",
        "calls": "its calls",
        "serves": "a component that it serves",
        "callers": "a caller",
        "callees": "a component that it calls",
        "host": "the machine that it runs on",
    }[on]


def whole_departure(fact: Evidence, among: Iterable[Evidence]) -> Evidence:
    """In place of a step of a curve the shift or trend of the same one that began before it; else the fact itself."""
    if fact.kind != "signal.changepoint" or fact.onset is None:
        return fact
    curve = (fact.component, fact.values.get("metric"), fact.direction)
    seen = [
        e
        for e in among
        if e.kind in ("metric.shift", "metric.trend")
        and (e.component, e.values.get("metric"), e.direction) == curve
        and e.onset is not None
        and e.onset < fact.onset
    ]
    return max(seen, key=lambda e: (e.strength, e.statement), default=fact)
