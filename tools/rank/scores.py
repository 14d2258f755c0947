"""How far one series left its baseline: three published scorers and our own, all pure functions of a Row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitia.tools.rank.rows import Row
from aitia.tools.sources.rows import Floats

RUN = 3  # samples over which a deviation must last to count in full
MOST = 6.0  # ln: beyond 400 times what it does by itself, more is not surer
_FLOOR = float(np.log1p(2.5))
_RECENT = 12  # samples before the window, at least, that say whether the level was there already
_WINDOWS = 200
_QUANTILE = 0.9


@dataclass(frozen=True, kw_only=True)
class Move:
    """How a series moved: `score` = ln(deviation / what it does by itself), where in the window, robust deviations there."""

    score: float
    first: int
    z: float


def nsigma(row: Row) -> float:
    """The largest |z| in the window, by mean and standard deviation of the baseline; 0 without a baseline."""
    known = row.base[np.isfinite(row.base)]
    if known.size < 2:
        return 0.0
    return _largest(np.abs(row.now - np.mean(known)) / max(float(np.std(known)), 1e-9))


def robust(row: Row) -> float:
    """BARO's RobustScorer (Pham et al., FSE 2024): the largest (x - median) / IQR; an IQR of 0 counts as 1."""
    known = row.base[np.isfinite(row.base)]
    if known.size < 2:
        return 0.0
    low, median, high = np.percentile(known, (25, 50, 75))
    return _largest((row.now - median) / (high - low if high > low else 1.0))


def moved(row: Row) -> Move:
    """Our scorer: the largest deviation that lasts, against the same statistic on the baseline's own stretches.

    Deviations are adverse and robust (median, MAD) and enter as ln(1 + z), so that one wild sample does not outweigh
    a lasting one. The reference is the 90th percentile of the statistic over stretches of the baseline as long as
    the window: earlier faults that the baseline may hold do not set it. A level that was there already over the span
    before the window (as long as the window) is no move of this incident.
    """
    now = _run_means(np.log1p(row.z_now))
    if not np.any(np.isfinite(now)):
        return Move(score=0.0, first=0, z=0.0)
    best = int(np.nanargmax(now))
    null = _FLOOR if row.alone else max(_FLOOR, _own_noise(np.log1p(row.z_base), now.size))
    score = float(np.clip(min(now[best], _beyond_recent(row, best)) - null, 0.0, MOST))
    return Move(score=score, first=_first(row.z_now, best), z=float(np.expm1(now[best])))


def _beyond_recent(row: Row, start: int) -> float:
    """ln(1 + z) of the run at `start` against the median of the span before the window; infinite without one."""
    length = max(_RECENT, row.now.size)
    recent = row.base[-length:]
    recent = recent[np.isfinite(recent)]
    if row.alone or row.base.size < 2 * length or recent.size < length // 2:
        return float("inf")
    run = row.now[start : start + RUN]
    run = run[np.isfinite(run)]
    off = (run - float(np.median(recent))) / row.ref.spread
    bad = row.of.about.bad
    adverse = np.abs(off) if bad == "both" else np.maximum(off if bad == "up" else -off, 0.0)
    return float(np.mean(np.log1p(adverse))) if adverse.size else float("inf")


def _run_means(x: Floats) -> Floats:
    """Means over runs of RUN samples (fewer where there are fewer), NaN where less than half of one is known."""
    k = min(RUN, x.size)
    if k == 0:
        return x
    known = np.isfinite(x)
    total = np.concatenate(([0.0], np.cumsum(np.where(known, x, 0.0))))
    count = np.concatenate(([0], np.cumsum(known)))
    sums, n = total[k:] - total[:-k], count[k:] - count[:-k]
    return np.where(n >= max(1.0, k / 2.0), sums / np.maximum(n, 1), np.nan)


def _own_noise(z: Floats, length: int) -> float:
    means = _run_means(z)
    means = means[np.isfinite(means)]
    if means.size == 0:
        return 0.0
    length = min(max(length, 1), means.size)
    stretches = np.lib.stride_tricks.sliding_window_view(means, length)
    thinned = stretches[:: max(1, stretches.shape[0] // _WINDOWS)]
    return float(np.quantile(np.max(thinned, axis=1), _QUANTILE))


def _first(z: Floats, start: int) -> int:
    """The first sample of the episode that holds the run at `start`: back while clearly off (a third of its peak)."""
    run = z[start : start + RUN]
    known = np.flatnonzero(np.isfinite(run))
    if known.size == 0:
        return start
    level = max(2.0, float(np.nanmax(run)) / 3.0)
    over = np.flatnonzero(np.nan_to_num(run) >= level)
    first = start + (int(over[0]) if over.size else int(known[0]))
    while first > 0 and np.isfinite(z[first - 1]) and z[first - 1] >= level:
        first -= 1
    return first


def _largest(z: Floats) -> float:
    return float(np.max(np.where(np.isfinite(z), z, 0.0), initial=0.0))
