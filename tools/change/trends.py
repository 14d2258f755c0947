"""Steady growth: a broken-stick fit that finds where a ramp began, and restarts that interrupt it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aitia.tools.series.aspects import Aspect
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats

_LEAST, _KNOTS, _R2 = 8, 48, 0.8
_USUAL = 1.25  # of an earlier climb, up to which one is no more than usual; by hand


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A ramp: values at its ends, slope, goodness of fit, since when (epoch s), and how often it fell back."""

    start: float
    end: float
    slope_per_min: float
    r2: float
    since: float
    error_s: float
    resets: int
    strength: float


def find_trend(t: Floats, v: Floats, about: Aspect, *, window_start: float) -> Trend | None:
    """The ramp that reaches into the window, or None. `t` covers the baseline and the window, `v` may hold NaN."""
    known = np.isfinite(v)
    t, v = t[known], v[known]
    if t.size < 2 * _LEAST or t[-1] < window_start:
        return None
    first, stop, resets = _longest_climb(t, v, window_start)
    usual = _usual_climb(t, v, window_start)
    t, v = t[first:stop], v[first:stop]
    if t.size < _LEAST or not _worth_a_fit(t, v, about, window_start):
        return None
    knot = _knot(t, v)
    before, ramp = slice(0, knot), slice(knot, t.size)
    if t.size - knot < _LEAST or t[-1] <= window_start:
        return None
    slope, base, r2 = _line(t[ramp], v[ramp])
    length = float(t[-1] - t[knot])
    rise = slope * length
    noise = float(np.std(v[ramp] - (base + slope * (t[ramp] - t[knot]))))
    if r2 < _R2 or abs(rise) < max(about.floor, 4.0 * noise):
        return None
    own = _own_drift(t[before], v[before], length)
    strength = _strength(rise, base, r2, own, noise, about, samples=t.size - knot, window=float(t[-1] - window_start),
                         length=length)  # fmt: skip
    if 0.0 < rise <= _USUAL * usual:
        strength /= 3.0  # it climbs so high between its drops at any time: a collector's heap, a buffer that is flushed
    step = step_of(t)
    error = max(step, float(t[-1] - t[0]) / _KNOTS, 2.0 * noise / max(abs(slope), 1e-12))
    return Trend(
        start=float(np.clip(base, np.min(v[ramp]), np.max(v[ramp]))),
        end=float(np.median(v[-3:])),
        slope_per_min=slope * 60.0,
        r2=r2,
        since=float(t[knot]),
        error_s=error,
        resets=resets,
        strength=strength,
    )


def _longest_climb(t: Floats, v: Floats, window_start: float) -> tuple[int, int, int]:
    """The longest stretch between drops of more than half the range that touches the window; the number of drops in it."""
    span = float(np.max(v) - np.min(v))
    drops = np.flatnonzero(np.diff(v) < -0.5 * span) + 1 if span > 0 else np.empty(0, dtype=np.int64)
    if drops.size == 0 or drops.size > max(6, t.size // 12):
        return 0, int(t.size), 0
    edges = [0, *map(int, drops), int(t.size)]
    touching = [(a, b) for a, b in pairwise(edges) if t[b - 1] >= window_start]
    first, stop = max(touching, key=lambda edge: edge[1] - edge[0])
    return first, stop, int(np.sum(t[drops] >= window_start))


def _usual_climb(t: Floats, v: Floats, window_start: float) -> float:
    """The highest climb between two drops before the window, 0 where there are none."""
    span = float(np.max(v) - np.min(v))
    drops = np.flatnonzero(np.diff(v) < -0.5 * span) + 1 if span > 0 else np.empty(0, dtype=np.int64)
    before = [0, *map(int, drops[t[drops] <= window_start])]
    return max((float(v[b - 1] - v[a]) for a, b in pairwise(before)), default=0.0)


def _worth_a_fit(t: Floats, v: Floats, about: Aspect, window_start: float) -> bool:
    third = max(3, t.size // 6)
    change = abs(float(np.median(v[-third:]) - np.median(v[:third])))
    return change >= max(about.floor * 0.5, 0.02 * abs(float(np.median(v))), 1e-12)


def _knot(t: Floats, v: Floats) -> int:
    """Where a continuous two-piece line bends: the knot of the least squared error among evenly spaced ones."""
    x = t - t[0]
    candidates = np.unique(np.linspace(0, t.size - _LEAST, _KNOTS).astype(np.int64))
    ones = np.ones_like(x)
    best, chosen = np.inf, 0
    for index in candidates:
        hinge = np.maximum(x - x[index], 0.0)
        columns = np.stack([ones, hinge] if index == 0 else [ones, x, hinge], axis=1)
        solution = np.linalg.lstsq(columns, v, rcond=None)[0]
        error = float(np.sum((v - columns @ solution) ** 2)) * (1.0 if index == 0 else 1.02)
        if error < best * (1.0 - 1e-9):
            best, chosen = error, int(index)
    return chosen


def _line(t: Floats, v: Floats) -> tuple[float, float, float]:
    """Slope per second, value at the first time, and r² of the least-squares line."""
    x = t - t[0]
    slope, base = np.polyfit(x, v, 1)
    total = float(np.sum((v - np.mean(v)) ** 2))
    residual = float(np.sum((v - (base + slope * x)) ** 2))
    return float(slope), float(base), 1.0 - residual / total if total > 0 else 0.0


def _own_drift(t: Floats, v: Floats, length: float) -> float:
    """How far the series went by itself before the ramp, over stretches as long as the ramp (or all there is)."""
    if t.size < _LEAST:
        return 0.0
    smooth = np.convolve(v, np.ones(5) / 5.0, mode="valid")
    at = t[2:-2]
    later = np.searchsorted(at, at + length)
    inside = later < at.size
    if not np.any(inside):
        return float(np.max(smooth) - np.min(smooth))
    return float(np.max(np.abs(smooth[later[inside]] - smooth[inside])))


def _strength(
    rise: float, base: float, r2: float, own: float, noise: float, about: Aspect, *, samples: int, window: float,
    length: float,
) -> float:  # fmt: skip
    """Fit × size × novelty × how much of it lies in the window."""
    fit = (r2 - 0.7) / 0.3
    size = abs(rise) / (abs(rise) + about.floor) if about.floor else 1.0
    if about.relative and base:
        size *= min(1.0, abs(rise / base) / 0.3) ** 0.5
    novelty = 1.0 / (1.0 + (1.5 * (own + noise) / abs(rise)) ** 2)
    inside = min(1.0, 0.5 + window / length)
    lasting = min(1.0, 0.5 + samples / 40.0)
    away = 0.6 if about.bad != "both" and (about.bad == "up") != (rise > 0) else 1.0
    return float(np.clip(fit * size * novelty * inside * lasting * away, 0.0, 0.95))
