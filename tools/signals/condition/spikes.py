"""Lone samples far from those beside them: no process comes and goes within a sample or three."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.upsets import disturbed
from aitia.tools.sources.rows import Floats

# By hand.
BESIDE: Final = 3  # samples at most of a spike
_SPIKE: Final = 5.0  # robust deviations from the neighbours' median
_OF_RANGE: Final = 0.25  # of a point's usual range: smaller ones are noise
_GAP: Final = 1.8  # times the largest of all other samples' distances
_GAP_ALONE: Final = 2.5  # the same where there is no other point whose silence says something
_MOST: Final = 60  # spikes: more are the point's own manner
_FEW: Final = 12  # more than that have to begin at some time
_RARE: Final = 0.99  # of its samples, which a point that often jumps does not exceed
_ALONE: Final = 0.7  # of the spikes that no other point may show
_NONE: Final[Floats] = np.empty(0)
_BEGIN: Final = 0.1  # of the samples, before which more than a few are the point's own manner


@dataclass(frozen=True, kw_only=True)
class Spikes:
    """Spikes of one point: times (epoch s) and sizes, in order."""

    point: str
    at: Floats
    size: Floats


def lone_spikes(grid: Buckets, names: Sequence[str], upset: Floats = _NONE) -> Iterator[Spikes]:
    """Spikes that stand out from all other samples of their point and that no other point shows; none beside an `upset`."""
    gap = _GAP if len(names) > 1 else _GAP_ALONE
    found = {n: _outstanding(*grid.raw[n], gap) for n in names}
    if not any(at.size for at, _ in found.values()):
        return
    busy = {n: _far(*grid.raw[n]) for n in names}
    for name, (at, size) in found.items():
        alone = np.array(
            [
                not (disturbed(when, grid.native[name], upset) or _shown(grid, name, when, busy))
                for when in at
            ],
            dtype=bool,
        )
        if at.size and np.mean(alone) >= _ALONE:
            yield Spikes(point=name, at=at[alone], size=size[alone])


def without_spikes(v: Floats) -> Floats:
    """The same with spikes replaced by the median of their neighbours."""
    if v.size < 40:
        return v
    off, usual = _off(v)
    return np.where(np.abs(off) > max(_SPIKE * usual, 1e-12), v - off, v)


def _off(v: Floats) -> tuple[Floats, float]:
    """Distance from the neighbours' median, and its usual size."""
    from scipy.ndimage import median_filter

    off = v - median_filter(v, size=2 * BESIDE + 3, mode="nearest")
    usual = 1.4826 * float(np.median(np.abs(off)))
    return off, max(usual, 0.25 * float(np.quantile(np.abs(off), 0.95)))


def _outstanding(t: Floats, v: Floats, gap: float) -> tuple[Floats, Floats]:
    """The largest excursions, if a gap parts them from all others."""
    none = np.empty(0), np.empty(0)
    if v.size < 40:
        return none
    off, usual = _off(v)
    low, high = np.quantile(v, (0.02, 0.98))
    peaks = _peaks(np.abs(off), _MOST + 1)
    heights = np.abs(off[peaks])
    least = max(_SPIKE * usual, _OF_RANGE * float(high - low), 1e-12)
    for m in range(min(_MOST, peaks.size - 1), 0, -1):
        order = np.sort(peaks[:m])
        begins = m <= _FEW or order[0] >= _BEGIN * v.size
        if begins and heights[m - 1] >= least and heights[m - 1] >= gap * heights[m]:
            return t[order], off[order]
    return none


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


def _far(t: Floats, v: Floats) -> Floats:
    """Times of all samples that lie far from their neighbours."""
    if v.size < 40:
        return np.empty(0)
    off, usual = _off(v)
    return t[np.abs(off) > max(_SPIKE * usual, float(np.quantile(np.abs(off), _RARE)), 1e-12)]


def _shown(grid: Buckets, name: str, when: float, busy: Mapping[str, Floats]) -> bool:
    """Whether another point is far from its neighbours at the same time."""
    return any(np.any(np.abs(other - when) <= 2 * grid.native[n]) for n, other in busy.items() if n != name)
