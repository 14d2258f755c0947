"""Where signals change their level: PELT over all of it, CUSUM for the first departure, with an uncertainty."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitia.tools.change.scale import mad
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats

_MOST = 1500  # samples that PELT sees; longer series are averaged in equal bins
_PENALTY, _SEGMENT = 3.0, 5  # log samples that a change costs; samples of the shortest segment
_DRAWS, _REACH = 100, 60  # bootstrap draws; samples on each side of a change that they take


@dataclass(frozen=True, kw_only=True)
class Changepoint:
    """A change of level: when (epoch s), within which error, and the levels on both sides."""

    at: float
    error_s: float
    before: float
    after: float
    z: float


def changepoints(t: Floats, v: Floats) -> list[Changepoint]:
    """All level changes by PELT (L2 cost on robustly scaled values, BIC-like penalty), in time order."""
    known = np.isfinite(v)
    t, v = _binned(t[known], v[known])
    if v.size < 3 * _SEGMENT:
        return []
    noise = _noise(v)
    if noise <= 0.0:
        return []
    edges = [0, *_pelt(np.clip((v - np.median(v)) / noise, -30.0, 30.0)), v.size]
    found = []
    for left, edge, right in zip(edges, edges[1:], edges[2:], strict=False):
        a, b = v[left:edge], v[edge:right]
        before, after = float(np.median(a)), float(np.median(b))
        z = (after - before) / noise
        if abs(z) >= 2.0:
            error = _error(t, z, bootstrap_error(v[left:right], edge - left))
            found.append(Changepoint(at=float(t[edge]), error_s=error, before=before, after=after, z=z))
    return found


def bootstrap_error(v: Floats, edge: int) -> float:
    """The half-width, in samples, within which a single change of level at row `edge` of `v` is located (90 %).

    The residuals about both levels are drawn anew in blocks of five, which keeps their short memory, and the change
    is located again by least squares (Hušková & Kirch, 2008); `v` is one segment on each side of the edge.
    """
    start, end = max(0, edge - _REACH), min(v.size, edge + _REACH)
    a, b = v[start:edge], v[edge:end]
    if min(a.size, b.size) < 3:
        return float(max(a.size, b.size, 1))
    level = np.where(np.arange(end - start) < edge - start, a.mean(), b.mean())
    rest = v[start:end] - level
    size = min(5, rest.size)
    first = np.random.default_rng(0).integers(0, rest.size - size + 1, (_DRAWS, rest.size // size + 1))
    drawn = rest[first[..., None] + np.arange(size)].reshape(_DRAWS, -1)[:, : rest.size] + level
    return float(np.quantile(np.abs(_located(drawn) - (edge - start)), 0.9))


def located(v: Floats) -> int:
    """The row of `v` (at least two samples) at which a single change of level fits best by least squares."""
    return int(_located((v - v.mean())[None])[0])


def _located(rows: Floats) -> NDArray[np.int64]:
    """The same for each of several series (series, samples)."""
    return np.asarray(1 + np.argmax(np.abs(contrasts(rows)), axis=-1), dtype=np.int64)


def contrasts(v: Floats) -> Floats:
    """For each edge between two samples of the last axis how far the mean after it exceeds the one before, in units of
    its error: the largest is where a single step fits best by least squares.
    """
    size, left = v.shape[-1], np.cumsum(v, axis=-1)[..., :-1]
    n = np.arange(1, size)
    after = (np.sum(v, axis=-1, keepdims=True) - left) / (size - n)
    return np.asarray((after - left / n) * np.sqrt(n * (size - n)), dtype=np.float64)


def cusum(score: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Page's cumulative sum (1954): how far the sum has risen over its lowest, before and after each sample, and the
    sample since which it rises.
    """
    total = np.concatenate(([0.0], np.cumsum(score)))
    lowest = np.minimum.accumulate(total)
    since = np.maximum.accumulate(np.where(total == lowest, np.arange(total.size), 0))
    return total - lowest, since


def _pelt(z: Floats) -> list[int]:
    import ruptures

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy deprecations inside the library
        algorithm = ruptures.KernelCPD(kernel="linear", min_size=_SEGMENT).fit(z.reshape(-1, 1))
        ends = algorithm.predict(pen=_PENALTY * float(np.log(z.size)) * _inflation(z))
    return [int(e) for e in ends[:-1]]


def _inflation(z: Floats) -> float:
    """Autocorrelated noise needs a larger penalty: the variance inflation of its first differences."""
    steps = np.diff(z)
    x = steps - steps.mean()
    power = float(np.dot(x, x))
    rho = float(np.dot(x[1:], x[:-1])) / power if power > 0 else -0.5
    memory = float(np.clip(1.0 + 2.0 * rho, 0.0, 0.9))  # white noise has rho = -0.5 in its differences
    return (1.0 + memory) / (1.0 - memory)


def _noise(v: Floats) -> float:
    """The spread of one sample, from differences, so that the changes themselves do not count."""
    return max(
        float(mad(np.diff(v), 0.0)) / math.sqrt(2.0), 1e-3 * abs(float(np.median(v))), 0.02 * float(np.std(v))
    )


def _error(t: Floats, z: float, drawn: float) -> float:
    """Half-width in seconds: what the bootstrap shows, and at least the 8/z² samples that theory gives, at least one."""
    return step_of(t) * max(1.0, min(20.0, max(8.0 / z**2, drawn)))


def _binned(t: Floats, v: Floats) -> tuple[Floats, Floats]:
    if v.size <= _MOST:
        return t, v
    k = int(np.ceil(v.size / _MOST))
    whole = v.size // k * k
    return t[:whole].reshape(-1, k)[:, 0], v[:whole].reshape(-1, k).mean(axis=1)


def departure(z: Floats, *, slack: float = 0.5, limit: float = 6.0) -> tuple[int, int] | None:
    """The sample at which a two-sided CUSUM (Page, 1954) that passes its limit last left zero, and the one at which it
    passes; of both signs the earlier one. None where it never passes. NaN counts as no deviation.
    """
    z = np.clip(np.nan_to_num(z), -10.0, 10.0)
    first: list[tuple[int, int]] = []
    for sign in (1.0, -1.0):
        gain, since = cusum(sign * z - slack)
        over = np.flatnonzero(gain > limit)
        if over.size:
            first.append((int(since[over[0]]), int(over[0])))
    return min(first) if first else None
