"""How far one series left its baseline: three published scorers and our own, all pure functions of a Row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitia.tools.rank.rows import Row
from aitia.tools.sources.rows import Floats

RUN = 3  # samples over which a deviation must last to count in full
MOST = 6.0  # ln: beyond 400 times what it does by itself, more is not surer
_FLOOR = float(np.log1p(3.0))
_RECENT = 12  # samples before the window, at least, that say whether the level was there already
_WINDOWS = 200
_QUANTILE = 0.95
_CAP = 2.0  # ln: what goes further beyond a usual stretch is an earlier fault, not the series' habit


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

    Deviations are adverse and robust (median, MAD) and enter as ln(1 + z). The median of three samples in a row
    counts, so that a single wild one is nothing; where each value already sums over several samples, one event fills
    as many, and the median is that of twice as many. The reference is the 95th percentile of the statistic over
    stretches of the baseline as long as the window: an earlier fault in the baseline does not set it. A level that
    was there already over the span before the window (as long as the window) is no move of this incident.
    """
    smooth = row.of.smooth
    k = min(run_length(smooth), row.z_now.size)
    now = _runs(np.log1p(row.z_now), k)
    if now.size == 0:
        return Move(score=0.0, first=0, z=0.0)
    best = int(np.argmax(now))
    null = _FLOOR if row.alone else max(_FLOOR, _own_noise(np.log1p(row.z_base), now.size, k))
    score = float(np.clip(min(now[best], _beyond_recent(row, best)) - null, 0.0, MOST))
    if score > 0.0 and _is_gone(row, best, k):
        score = MOST
    return Move(score=score, first=_first(row.z_now, best, run_length(smooth)), z=float(np.expm1(now[best])))


def _is_gone(row: Row, start: int, k: int) -> bool:
    """Whether what is 1 while a component answers was 0 over a run: of a quantity that has a bound, no more can be lost."""
    run, known = row.now[start : start + k], row.base[np.isfinite(row.base)]
    states = row.aspect == "availability" and row.of.about.bad == "down"
    return (
        states
        and float(np.median(run)) == 0.0
        and known.size > 0
        and bool(np.all((known == 0.0) | (known == 1.0)))
    )


def _beyond_recent(row: Row, start: int) -> float:
    """ln(1 + z) of the run at `start` against the median of the span before the window; infinite without one."""
    length = max(_RECENT, row.now.size)
    recent = row.base[-length:]
    recent = recent[np.isfinite(recent)]
    if row.alone or row.base.size < 2 * length or recent.size < length // 2:
        return float("inf")
    off = (row.now - float(np.median(recent))) / row.ref.spread
    bad = row.of.about.bad
    adverse = np.abs(off) if bad == "both" else np.maximum(off if bad == "up" else -off, 0.0)
    return float(_runs(np.log1p(adverse), run_length(row.of.smooth))[start])


def run_length(smooth: int) -> int:
    """Over how many samples a deviation must last, for values that sum over `smooth` samples each."""
    return RUN if smooth <= 1 else 2 * smooth + 1


def _runs(x: Floats, k: int) -> Floats:
    """The median of each run of k samples (of all where there are fewer); an unknown sample is not off."""
    if x.size == 0:
        return x
    k = min(k, x.size)
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(np.nan_to_num(x), k), axis=1))


def _own_noise(z: Floats, length: int, k: int) -> float:
    medians = _runs(z, k)
    if medians.size == 0:
        return 0.0
    length = min(max(length, 1), medians.size)
    stretches = np.lib.stride_tricks.sliding_window_view(medians, length)
    thinned = stretches[:: max(1, stretches.shape[0] // _WINDOWS)]
    usual, high = np.quantile(np.max(thinned, axis=1), (0.5, _QUANTILE))
    return float(min(high, usual + _CAP))


def _first(z: Floats, start: int, length: int) -> int:
    """The first sample of the episode that holds the run at `start`: back while clearly off (a third of its peak)."""
    run = z[start : start + length]
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
