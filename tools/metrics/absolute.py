"""Levels that are bad by themselves, with or without a past: a share at its bound, a supply used up, seconds of delay.

What a level means is read from the quantity and its unit, never from the name of one product's metric: a share of a whole has its
bound at 100 %, what is free or left has it at 0, and of time that somebody waits, seconds are long.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.words import Baseline, Direction, Evidence, Window, from_epoch
from aitia.tools.change.levels import MIN_BASELINE, MIN_PERSIST
from aitia.tools.metrics.quiet_metrics import BOUND
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import BEGINNING, within
from aitia.tools.series.metric_facts import Onset, plain, subject
from aitia.tools.series.numbers import clock, scale, sig3, text, with_unit
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]
Marks = np.ndarray[tuple[int], np.dtype[np.bool_]]

FULL: Final = 0.9  # of a bound: what is bounded is used up, for what works with it waits or fails soon
LEFT: Final = 0.1  # of a supply: the same seen from the other side
FAILING: Final = 0.1  # share of requests that fail, from which on users see it whatever was usual; by hand
LATE_S: Final = 30.0  # of a copy behind its source; by hand
SLOW_S: Final = 1.0  # of a call that somebody waits for; by hand
LASTING: Final = MIN_PERSIST
SELDOM: Final = 0.02  # share of earlier samples that may have stood there all the same; by hand
USUAL: Final = 1.25  # a level up to so much above that of another day is how it always is
_BOUNDED: Final = frozenset({"cpu", "memory", "disk", "io", "connections", "threads", "file_descriptors"})
# A cache fills the memory that it is given, and a machine lends what is free: only a way there tells something.
_MUST_MOVE: Final = frozenset({"memory"})
# Of these a past with such stretches says that they are no fault: long work, bursts, calls that are slow by nature.
_COMES: Final = frozenset({"cpu", "io", "latency", "lag", "memory", "threads", "errors"})
_SHARE: Final = re.compile(r"utili[sz]ation|usage|ratio|share|fraction|percent|pct|consum|%", re.IGNORECASE)
_SIZE: Final = re.compile(r"size|total|capacity|allocated|provisioned|limit|quota", re.IGNORECASE)
_FREE: Final = re.compile(
    r"free(able|storage)?|avail(able)?|left|remain(ing)?|unused|headroom", re.IGNORECASE
)
_SUPPLY: Final = re.compile(r"credit|balance", re.IGNORECASE)
_CALLED: Final = re.compile(
    r"latency|request|response|query|queries|http|rpc|read|write|commit|call|command|statement|await",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class _Level:
    """What is judged of a series: its values in the sense in which more is worse, and from which one on it is bad."""

    bad: Floats  # per sample, as a multiple of what is bad: 1 and more is
    bound: float | None  # in the series' own unit; None where nothing bounds it
    words: str  # what the bound is called
    kind: str
    direction: Direction


def find_absolute(
    derived: Sequence[Derived], *, baselines: Sequence[Baseline], window: Window
) -> Iterator[Evidence]:
    """`metric.limit` at a bound, `metric.level` where a time or a share is long or large by itself, at the window's end."""
    siblings: dict[str, list[Derived]] = defaultdict(list)
    for d in derived:
        siblings[d.component].append(d)
    for d in derived:
        if BOUND.search(d.metric) or d.about.setting:
            continue
        level = _share(d) or _supply(d, siblings[d.component]) or _delay(d)
        if level is not None:
            yield from _judged(d, level, baselines, window)


def _share(d: Derived) -> _Level | None:
    """A part of a whole: used, or failed."""
    whole = _whole(d)
    if not whole or d.about.bad != "up":
        return None
    if d.about.aspect == "errors":
        return _Level(
            bad=d.v / whole / FAILING, bound=None, words="all requests", kind="metric.level", direction="up"
        )
    if d.about.aspect not in _BOUNDED or d.stat != "gauge":
        return None
    return _Level(bad=d.v / whole / FULL, bound=whole, words="its bound", kind="metric.limit", direction="up")


def _whole(d: Derived) -> float:
    """What a share is a share of: 100, or 1; 0 where it is none. A percentage of one core of several goes beyond."""
    known = d.v[np.isfinite(d.v)]
    most = float(np.max(known)) if known.size else 0.0
    if d.about.unit == "percent":
        return 100.0 if most <= 101.0 else 0.0
    if d.about.unit == "ratio" or (not d.about.unit and _SHARE.search(d.metric)):
        named = d.about.unit == "ratio" or most <= 1.01
        return 1.0 if named and most <= 1.01 else 0.0
    return 0.0


def _supply(d: Derived, siblings: Sequence[Derived]) -> _Level | None:
    """What is free or left, against the whole of it: a size beside it, 100 %, else the most that was seen of it."""
    if d.about.bad != "down" or d.about.aspect not in _BOUNDED or d.stat != "gauge":
        return None
    if not (_FREE.search(d.metric) or _SUPPLY.search(d.metric)):
        return None
    known = d.v[np.isfinite(d.v)]
    size = _whole(d) or _size_of(d, siblings) or (float(np.max(known)) if known.size else 0.0)
    if size <= 0.0:
        return None
    with np.errstate(divide="ignore"):
        bad = np.minimum(LEFT * size / np.maximum(d.v, 1e-9 * size), 1.0 / LEFT)
    return _Level(bad=bad, bound=0.0, words="nothing left", kind="metric.limit", direction="down")


def _size_of(d: Derived, siblings: Sequence[Derived]) -> float:
    """The size of the same thing, by a name that says size where this one's says free."""
    for other in siblings:
        alike = dict(other.labels).items() <= dict(d.labels).items()
        if other is not d and alike and _SIZE.search(other.metric) and _stem(other, _SIZE) == _stem(d, _FREE):
            known = other.v[np.isfinite(other.v)]
            return float(np.max(known)) if known.size else 0.0
    return 0.0


def _stem(d: Derived, without: re.Pattern[str]) -> str:
    return re.sub(r"[\W_]+", "", without.sub("", d.metric)).casefold()


def _delay(d: Derived) -> _Level | None:
    """Time that somebody waits for, where its unit is stated."""
    seconds = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0}.get(d.about.unit)
    if seconds is None or d.about.bad != "up" or d.about.assumed:
        return None
    if d.about.aspect == "lag":
        return _Level(bad=d.v * seconds / LATE_S, bound=None, words="", kind="metric.level", direction="up")
    if d.about.aspect == "latency" and (d.stat in ("mean", "p95") or _CALLED.search(d.metric)):
        return _Level(bad=d.v * seconds / SLOW_S, bound=None, words="", kind="metric.level", direction="up")
    return None


def _judged(d: Derived, level: _Level, baselines: Sequence[Baseline], window: Window) -> Iterator[Evidence]:
    until = int(np.searchsorted(d.t, window.end.timestamp(), side="left"))
    known = np.flatnonzero(np.isfinite(level.bad[:until]))
    now = known[d.t[known] >= window.start.timestamp()]
    if now.size < LASTING or not bool(np.all(level.bad[now[-LASTING:]] >= 1.0)):
        return
    since = _since(level.bad[known] >= 1.0)
    if d.about.aspect in _MUST_MOVE and not since:
        return
    if not _is_usual(d, level, level.bad[known[:since]], baselines, window):
        yield _fact(d, level, known, since, window)


def _since(over: Marks) -> int:
    """Where the last run of bad samples begins: one good one within it is a breath, two are its end."""
    at = int(over.size)
    while at and (over[at - 1] or (at > 1 and over[at - 2])):
        at -= 1 if over[at - 1] else 2
    return at


def _is_usual(
    d: Derived, level: _Level, earlier: Floats, baselines: Sequence[Baseline], window: Window
) -> bool:
    """Whether it stood there on another day too; of what comes and goes also whether it ever did before, where there is a past.

    A baseline that is the beginning of a short history is none: the trouble may have begun in it.
    """
    for baseline in baselines:
        then = level.bad[within(d.t, baseline.window)]
        then = then[np.isfinite(then)]
        if baseline.name == BEGINNING or then.size < MIN_BASELINE:
            continue
        another = baseline.window.end < window.start
        seldom = earlier.size > 0 and float(np.mean(earlier * USUAL >= 1.0)) <= SELDOM
        if (another and float(np.median(then)) * USUAL >= 1.0) or (d.about.aspect in _COMES and not seldom):
            return True
    return False


def _fact(d: Derived, level: _Level, known: Rows, since: int, window: Window) -> Evidence:
    values, times = d.v[known], d.t[known]
    stands = float(np.median(values[since:]))
    factor, unit = scale(d.about.unit, abs(stands) or 1.0)
    lower = values[:since]
    began = from_epoch(float(times[since]))
    held = int(np.sum(level.bad[known[since:]] >= 1.0))
    told: dict[str, float | int | str | bool] = {
        "metric": d.metric, "level": sig3(stands * factor), "samples": held, "of": int(known.size),
    }  # fmt: skip
    before = ""
    if lower.size:
        told["before"] = usual = sig3(float(np.median(lower)) * factor)
        before = f", and at {text(usual)} before"
    bound = _bound(d, level, stands, factor, told)
    since_words = f"since {clock(began)}" if lower.size else f"in all data at hand, from {clock(began)} on"
    return plain(
        d,
        kind=level.kind,
        aspect=d.about.aspect,
        statement=f"{d.component}: {subject(d)} stands at {with_unit(stands * factor, unit)}{bound} {since_words}{before}.",
        values=told,
        unit=unit,
        window=window,
        onset=Onset(at=began, error_s=step_of(times)) if lower.size else None,
        direction=level.direction,
        strength=_strength(level, known[since:], held, moved=bool(lower.size)),
    )


def _bound(
    d: Derived, level: _Level, stands: float, factor: float, told: dict[str, float | int | str | bool]
) -> str:
    if level.bound is None:
        return ""
    if not level.bound:
        return ", next to nothing left,"
    told["limit"] = sig3(level.bound * factor)
    told["share_percent"] = share = sig3(100.0 * stands / level.bound)
    return f", {text(share)} % of its bound,"


def _strength(level: _Level, run: Rows, held: int, *, moved: bool) -> float:
    """More where it goes further beyond what is bad, lasts, and is known to have been lower."""
    beyond = max(float(np.median(level.bad[run])), float(np.median(level.bad[run[-LASTING:]])))
    far = min(1.0, (beyond - 1.0) / (0.08 if level.bound else 4.0))
    sure = (0.6 if moved else 0.5) + 0.3 * far
    return min(0.95, sure * min(1.0, 0.7 + 0.05 * held))
