"""Lone samples far from those beside them: no process comes and goes within a sample or three.

Whether such samples are an instrument's is judged by a logistic regression of second order (`spikes.json`) on how far they stand
out, by how much they do so from all others, and what the other points show at that time; fitted by
`benchmarks/machines/fit_spikes.py` on planted spikes, each recorded system left out in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.sources.rows import Floats

FILE: Final = Path(__file__).with_name("spikes.json")
# By hand.
BESIDE: Final = 3  # samples at most of a spike
_SPIKE: Final = 5.0  # robust deviations from the neighbours' median
_MOST: Final = 60  # spikes: more are the point's own manner
_FEW: Final = 12  # more than that have to begin at some time
_BEGIN: Final = 0.1  # of the samples, before which more than a few are the point's own manner
_LEAST_SAMPLES: Final = 40
_RARE: Final = 0.99  # of its samples, which a point that often jumps does not exceed
_AT_ONCE: Final = 2  # samples
FEATURES: Final = ("gap", "height", "of_range", "rare", "alone", "rank", "others", "width")
_CLIPPED: Final = (1e-3, 1e3)  # of what is taken the logarithm of


@dataclass(frozen=True, kw_only=True)
class Spikes:
    """Spikes of one point: times (epoch s) and sizes, in order."""

    point: str
    at: Floats
    size: Floats


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The largest excursions of a point, with the widest gap to its others; `features` as `spikes.json` names them."""

    point: str
    at: Floats
    size: Floats
    features: Floats


@dataclass(frozen=True)
class _Off:
    """Distances of a point's samples from their neighbours' median; what is usual and what is rare of them; all, rising."""

    t: Floats
    off: Floats
    usual: float
    far: float
    ranked: Floats

    def near(self, when: float) -> float:
        """The largest distance at a time."""
        k = int(np.searchsorted(self.t, when))
        return float(np.max(np.abs(self.off[max(0, k - _AT_ONCE) : k + _AT_ONCE + 1]), initial=0.0))

    def share_beyond(self, size: float) -> float:
        """The share of samples that lie at least so far; 1 where `size` is usual."""
        if size <= _SPIKE * self.usual:
            return 1.0
        return 1.0 - float(np.searchsorted(self.ranked, size)) / self.ranked.size


def lone_spikes(grid: Buckets, names: Sequence[str]) -> Iterator[Spikes]:
    """Spikes that stand out from all other samples of their point and that no other point shows."""
    for one in candidates(grid, names):
        if chance(one.features) >= _model()["least"][0]:
            yield Spikes(point=one.point, at=one.at, size=one.size)


def candidates(grid: Buckets, names: Sequence[str]) -> Iterator[Candidate]:
    """Of each point the excursions that stand out most, whatever they are."""
    off = {n: _off_of(*grid.raw[n]) for n in names if grid.raw[n][1].size >= _LEAST_SAMPLES}
    for name, own in off.items():
        size = np.abs(own.off)
        peaks = _peaks(size, _MOST + 1)
        if peaks.size < 2:
            continue
        heights = size[peaks]
        gaps = heights[:-1] / np.maximum(heights[1:], 1e-12)
        m = int(np.argmax(gaps)) + 1
        rows = np.sort(peaks[:m])
        if m > _FEW and rows[0] < _BEGIN * own.t.size:
            continue
        at = own.t[rows]
        low, high = np.quantile(grid.raw[name][1], (0.02, 0.98))
        alone, rank = _company([other for n, other in off.items() if n != name], at)
        whole = size[max(0, peaks[0] - BESIDE - 1) : peaks[0] + BESIDE + 2]
        logs = np.log(
            np.clip(
                [gaps[m - 1] - 0.99, heights[m - 1] / max(own.usual, 1e-12), heights[m - 1] / max(float(high - low), 1e-12),
                 heights[m - 1] / max(float(np.quantile(own.ranked, 0.995)), 1e-12), rank],
                *_CLIPPED,
            )
        )  # fmt: skip
        width = float(np.sum(whole > 0.5 * heights[0]))
        features = np.array([*logs[:4], alone, logs[4], np.log(len(off)), width])
        yield Candidate(point=name, at=at, size=own.off[rows], features=features)


def _off_of(t: Floats, v: Floats) -> _Off:
    off, usual = _off(v)
    ranked = np.sort(np.abs(off))
    return _Off(t, off, usual, max(_SPIKE * usual, float(np.quantile(ranked, _RARE)), 1e-12), ranked)


def _company(others: Sequence[_Off], at: Floats) -> tuple[float, float]:
    """The share of times at which no other point is far from its neighbours; and how rare what they show is, over all of them."""
    shown, rarest = [], []
    for when in at:
        near = [(other, other.near(float(when))) for other in others]
        shown.append(any(size > other.far for other, size in near))
        rarest.append(min((other.share_beyond(size) for other, size in near), default=1.0))
    return 1.0 - float(np.mean(shown)), float(np.median(rarest)) * max(1, len(others))


def chance(features: Floats) -> float:
    """How likely such excursions are an instrument's."""
    model = _model()
    value = float(expanded((features - model["middle"]) / model["scale"]) @ model["weights"])
    return float(1.0 / (1.0 + np.exp(-value)))


def expanded(z: Floats) -> Floats:
    """One, the scaled features, and the products of all pairs of them: what the weights belong to."""
    rows, columns = np.triu_indices(z.size)
    return np.concatenate([[1.0], z, z[rows] * z[columns]])


@cache
def _model() -> Mapping[str, Floats]:
    told = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        k: np.atleast_1d(np.asarray(told[k], dtype=np.float64))
        for k in ("middle", "scale", "weights", "least")
    }


def without_spikes(v: Floats) -> Floats:
    """The same with spikes replaced by the median of their neighbours."""
    if v.size < _LEAST_SAMPLES:
        return v
    off, usual = _off(v)
    return np.where(np.abs(off) > max(_SPIKE * usual, 1e-12), v - off, v)


def _off(v: Floats) -> tuple[Floats, float]:
    """Distance from the neighbours' median, and its usual size."""
    from scipy.ndimage import median_filter

    off = v - median_filter(v, size=2 * BESIDE + 3, mode="nearest")
    usual = 1.4826 * float(np.median(np.abs(off)))
    return off, max(usual, 0.25 * float(np.quantile(np.abs(off), 0.95)))


def _peaks(size: Floats, most: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows of the largest values, each the largest within a spike's width, in falling order."""
    left, found = size.copy(), []
    for _ in range(most):
        k = int(np.argmax(left))
        if left[k] <= 0.0:
            break
        found.append(k)
        left[max(0, k - BESIDE) : k + BESIDE + 1] = 0.0
    return np.array(found, dtype=np.intp)
