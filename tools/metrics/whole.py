"""When a series left its level, looked for over all data at hand: for a history too short to hold a baseline.

A single step or a steady growth is fitted to all samples. What it is measured against is the rest that the fit leaves, so
that one or two samples before it count for little (`tools.change.strength.grounding`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from aitia.core.words import Evidence, Window, from_epoch
from aitia.tools.change.changepoints import contrasts
from aitia.tools.change.levels import MIN_BASELINE, MIN_PERSIST, Shift
from aitia.tools.change.scale import mad
from aitia.tools.change.strength import grounding, strength
from aitia.tools.change.trends import Trend
from aitia.tools.metrics.quiet_metrics import ALL, Looked
from aitia.tools.series.derive import Derived
from aitia.tools.series.metric_facts import Onset, shift_evidence, trend_evidence
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats

LEAST: Final = 6  # samples, of which something can be said at all
# A jump to so many times the level (or so small a part of it) that then holds counts at least half; by hand.
MANIFOLD, HALF = 3.0, 0.5
STRAIGHT: Final = 0.9  # share of the variance that a line explains, from which on it is growth and no step
# Half-width of a median of n samples in their spread, 2.5 standard errors: as of a baseline's (`levels.null_deviation`).
_ERRORS: Final = 2.5 * 1.2533


def find_onsets(derived: Sequence[Derived], *, window: Window, weakest: float) -> Iterator[Evidence]:
    """A `metric.shift` or `metric.trend` for each series that left its level and did not come back before the end."""
    for d in derived:
        t, v = _known(d, window)
        if v.size < LEAST:
            continue
        trend = _grown(t, v, d, tests=len(derived)) if d.stat == "gauge" else None
        if trend is not None:
            if trend.strength >= weakest:
                yield trend_evidence(d, trend, window=window, baseline=ALL)
            continue
        shift = _stepped(v, d, tests=len(derived))
        if shift is not None and shift.strength >= weakest:
            onset = Onset(at=from_epoch(float(t[shift.first])), error_s=step_of(t) * max(1, d.smooth))
            yield shift_evidence(d, shift, onset, window=window, baseline=ALL)


def looked(derived: Sequence[Derived], moved: Mapping[str, float], *, window: Window) -> Iterator[Looked]:
    """What was seen of series of which the onset was looked for: the level of both halves. `moved`: strengths by query."""
    for d in derived:
        _, v = _known(d, window)
        if v.size >= MIN_BASELINE:
            first, last = np.array_split(v, 2)
            yield Looked(
                series=d,
                before=float(np.median(first)),
                after=float(np.median(last)),
                samples=int(v.size),
                strength=moved.get(d.query, 0.0),
            )


def _known(d: Derived, window: Window) -> tuple[Floats, Floats]:
    known = np.isfinite(d.v) & (d.t < window.end.timestamp())
    return d.t[known], d.v[known]


def _grown(t: Floats, v: Floats, d: Derived, *, tests: int) -> Trend | None:
    """Growth along a line over all samples."""
    slope, base = np.polyfit(t - t[0], v, 1)
    rest = v - (base + slope * (t - t[0]))
    rise = float(slope * (t[-1] - t[0]))
    total = float(np.var(v))
    r2 = 1.0 - float(np.var(rest)) / total if total > 0 else 0.0
    if r2 < STRAIGHT:
        return None
    start, end = float(np.median(v[:MIN_PERSIST])), float(np.median(v[-MIN_PERSIST:]))
    spread = max(float(np.std(rest)), _least_spread(v, d))
    sure = _strength(rise, start, spread, v.size // 2, v.size - v.size // 2, d, tests=tests)
    return Trend(
        start=start, end=end, slope_per_min=float(slope) * 60.0, r2=r2, since=float(t[0]), error_s=step_of(t), resets=0,
        strength=sure,
    )  # fmt: skip


def _stepped(v: Floats, d: Derived, *, tests: int) -> Shift | None:
    """The one step that explains most, after which at least three samples stay where it went."""
    sizes = np.abs(contrasts(v))[: v.size - MIN_PERSIST]
    if not sizes.size or not float(np.max(sizes)):
        return None
    at = int(np.argmax(sizes)) + 1
    before, after = float(np.median(v[:at])), float(np.median(v[at:]))
    delta = after - before
    if abs(float(np.median(v[-MIN_PERSIST:])) - before) < 0.5 * abs(delta):
        return None  # it came back
    sign = math.copysign(1.0, delta)
    # A climb has its best step half-way: it began where it left the level for good.
    while at > 1 and sign * (v[at - 1] - before) > 0.2 * abs(delta):
        at -= 1
    left, right = v[:at], v[at:]
    before, delta = float(np.median(left)), after - float(np.median(left))
    spread = max(
        min(float(mad(np.diff(v), 0.0)) / math.sqrt(2.0), float(np.std(v))),
        float(mad(left)) if left.size >= MIN_PERSIST else 0.0,
        _least_spread(v, d),
    )
    sure = _strength(delta, before, spread, left.size, right.size, d, tests=tests)
    return Shift(
        first=at, last=v.size - 1, before=before, after=after, z=delta / spread,
        excess=_excess(delta, spread, left.size, right.size), strength=sure, samples=right.size,
    )  # fmt: skip


def _least_spread(v: Floats, d: Derived) -> float:
    return max(0.004 * abs(float(np.median(v))), d.about.floor / 8.0, 1e-12)


def _excess(delta: float, spread: float, before: int, after: int) -> float:
    return abs(delta) / (_ERRORS * spread * math.sqrt(1.0 / before + 1.0 / after))


def _strength(
    delta: float, level: float, spread: float, before: int, after: int, d: Derived, *, tests: int
) -> float:
    found = strength(
        delta,
        before=level,
        excess=_excess(delta, spread, before, after),
        about=d.about,
        samples=after,
        baseline=before,
        tests=tests,
        ease=0.0,
    )
    times = (level + delta) / level if level > 0 else math.inf
    manifold = max(times, 1.0 / times if times > 0 else math.inf) >= MANIFOLD
    return found * max(1.0, HALF / grounding(before)) if manifold else found
