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
SELDOM: Final = 2  # lines, or errors that a gauge counts
BACK: Final = 0.25  # of what it was before, within which a series that left it is back; by hand
STEP: Final = "signal.changepoint"


def is_few(evidence: Evidence) -> bool:
    """Whether what is held, waits or runs is fewer than a handful after the rise."""
    after = evidence.values.get("to" if evidence.kind == "metric.trend" else "after")
    counted = evidence.aspect in WAITING and evidence.kind.startswith("metric.") and not evidence.unit
    return counted and isinstance(after, int | float) and after < FEW


def is_single(evidence: Evidence) -> bool:
    """Whether an error or two were counted since all data at hand began: a total without a type has no rate."""
    before, after = evidence.values.get("before"), evidence.values.get("after")
    counted = evidence.aspect == "errors" and evidence.kind == "metric.shift" and not evidence.unit
    counted = counted and evidence.values.get("stat") == "gauge"
    return (
        counted
        and isinstance(before, int | float)
        and isinstance(after, int | float)
        and after - before <= SELDOM
    )


def is_over(evidence: Evidence, steps: Iterable[Evidence]) -> bool:
    """Whether it is a step that a later one took back, or that takes back an earlier one; `steps`: those of its component."""
    return any(
        _takes_back(e, evidence) or _takes_back(evidence, e) for e in steps if _series(e) == _series(evidence)
    )


def _takes_back(later: Evidence, first: Evidence) -> bool:
    if later.onset is None or first.onset is None or later.onset <= first.onset:
        return False
    before, after, ended = (first.values.get("before"), first.values.get("after"), later.values.get("after"))
    if not (
        isinstance(before, int | float) and isinstance(after, int | float) and isinstance(ended, int | float)
    ):
        return False
    return abs(ended - before) <= BACK * abs(after - before)


def _series(evidence: Evidence) -> tuple[str, str, str]:
    """Which series a fact is about, as its query reads it."""
    return evidence.component, str(evidence.values.get("metric", "")), evidence.source.query


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


def is_from_nothing(evidence: Evidence) -> bool:
    """Whether there was none of it before, so that no rise of something else in proportion explains it."""
    after = evidence.values.get("after")
    return evidence.values.get("before") == 0 and isinstance(after, int | float) and after > 0


def is_slower(evidence: Evidence) -> bool:
    """Whether its own answers take longer."""
    return evidence.aspect == "latency" and evidence.direction == "up" and not evidence.peer


def no_later(first: Evidence, second: Evidence) -> bool:
    """Whether a fact's onset is no later than another's, as far as either is known."""
    if first.onset is None or second.onset is None:
        return False
    return (first.onset - second.onset).total_seconds() <= first.onset_error_s + second.onset_error_s


def not_read(evidence: Evidence) -> float:
    """How surely it is not known what a metric's fact is about: 1 where nobody read its name, else the doubt of who did."""
    if evidence.values.get("meaning") == "unknown":
        return 1.0
    sure = evidence.values.get("read_sure", 1.0)
    return 1.0 - float(sure) if isinstance(sure, int | float) else 0.0


ALERTS: Final = frozenset({"alert.firing", "alarm.first", "alarm.active"})
"""Kinds of facts that say that a limit which a person set was passed: something is wrong, never that nothing is."""


def is_first_hand(evidence: Evidence) -> bool:
    """Whether it is the component's own telemetry of now, not a change of it, its condition, a memory or another's word."""
    told_by = evidence.values.get("reported_by", evidence.component)
    return evidence.aspect not in CHANGE | MEMORY | CONDITION | RANK and told_by == evidence.component


def tells(evidence: Evidence) -> bool:
    """Whether a fact tells how its component is: a change does not, nor a single measurement of which nobody knows what it is."""
    return evidence.aspect not in CHANGE and not (
        evidence.kind in ALERTS or (evidence.aspect == "other" and evidence.kind.startswith("metric."))
    )


def order(evidence: Evidence) -> tuple[float, int, str]:
    """A tie-break that does not depend on numbering: earlier onset first, then the plainer statement."""
    return (
        -(evidence.onset.timestamp() if evidence.onset else 0.0),
        -len(evidence.statement),
        evidence.statement,
    )
