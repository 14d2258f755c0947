"""Counters to rates: reset-aware increments, sums over label sets, and quantiles of bucket increments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

_GAP = 5.0  # an increment over more than this many steps says nothing about when it happened


def increments(t: Floats, v: Floats, *, from_zero: bool = False) -> Floats:
    """Increase since the sample before; a decrease is a reset, after which the counter began at zero.

    The first increment is unknown (NaN), or the value itself where the series was born at zero.
    """
    step = np.diff(v, prepend=np.nan)
    out = np.where(step < 0.0, v, step)
    if t.size > 2:
        gaps = np.diff(t, prepend=t[0])
        out[gaps > _GAP * float(np.median(gaps[1:]))] = np.nan
    if t.size:
        out[0] = v[0] if from_zero else np.nan
    return np.asarray(out, dtype=np.float64)


def summed(series: Sequence[Series], grid: Floats) -> Floats:
    """The increments of several counters, added on a common grid of times.

    A label set that appears after the grid began was born at zero; a time at which no counter has a known increment is NaN.
    """
    total = np.zeros(grid.size)
    known = np.zeros(grid.size, dtype=bool)
    late = float(grid[0]) + 1.5 * step_of(grid) if grid.size else 0.0
    for one in series:
        inc = increments(one.t, one.v, from_zero=bool(one.t.size and one.t[0] > late))
        at = np.searchsorted(grid, one.t)
        valid = np.isfinite(inc)
        np.add.at(total, at[valid], inc[valid])
        known[at[valid]] = True
    return np.where(known, total, np.nan)


def grid_of(series: Sequence[Series]) -> Floats:
    """All times at which any of the series has a sample."""
    if not series:
        return np.empty(0)
    first = series[0].t
    if all(s.t.size == first.size and np.array_equal(s.t, first) for s in series[1:]):
        return first
    return np.unique(np.concatenate([s.t for s in series]))


def step_of(t: Floats) -> float:
    """The usual time between samples."""
    return float(np.median(np.diff(t))) if t.size > 1 else 0.0


def rolling_sum(x: Floats, k: int) -> Floats:
    """The sum of the last k known values; NaN where fewer than k/2 are known, scaled up for the unknown ones."""
    if k <= 1:
        return x
    known = np.isfinite(x)
    total = np.cumsum(np.where(known, x, 0.0))
    count = np.cumsum(known).astype(np.float64)
    total[k:], count[k:] = total[k:] - total[:-k], count[k:] - count[:-k]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= k / 2.0, total * k / count, np.nan)


def smoothing(counts: Floats, *, wanted: float, most: int) -> int:
    """How many samples to sum so that a typical sum holds the wanted number of events."""
    known = counts[np.isfinite(counts)]
    mean = float(np.mean(known)) if known.size else 0.0
    if mean <= 0.0:
        return most
    return int(np.clip(np.ceil(wanted / mean), 1, most))


def quantile(bounds: Floats, cumulative: Floats, q: float) -> Floats:
    """The q-quantile by linear interpolation within buckets, as PromQL's histogram_quantile does.

    `bounds` ascend and end with +Inf; `cumulative` is (times, buckets) of cumulative increments.
    """
    total = cumulative[:, -1]
    rank = q * total
    index = np.argmax(cumulative >= rank[:, None] - 1e-9, axis=1)
    rows = np.arange(total.size)
    below = np.where(index > 0, cumulative[rows, np.maximum(index - 1, 0)], 0.0)
    low = np.where(index > 0, bounds[np.maximum(index - 1, 0)], 0.0)
    high = bounds[index]
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = low + (high - low) * (rank - below) / (cumulative[rows, index] - below)
    finite = bounds[np.isfinite(bounds)]
    top = float(finite[-1]) if finite.size else np.nan
    value = np.where(np.isinf(high), top, inside)
    return np.where(total > 0, value, np.nan)
