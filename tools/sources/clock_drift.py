"""By how much two clocks differ, from one thing that both of them recorded: cross-correlation by windows.

The lag of each window is that of the highest correlation of what moves faster than the window (Knapp and Carter, IEEE Trans.
ASSP 24, 1976, without a weight), to a part of a sample by a parabola. A window in which nothing moves, or whose correlation has
a second peak as high, as a periodic signal has, tells no lag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

# By hand.
WINDOW: Final = 240  # samples of a window; each begins half a window after the one before
FURTHEST_S: Final = 7_200.0  # that clocks are apart; zones are told by where sources begin and end (`clocks`)
LEAST_S: Final = 5.0
_OF_WINDOW: Final = 1 / 3  # of a window at most that it is shifted
_SLOW: Final = 30  # samples of the moving mean that is taken away
_ALIKE: Final = 0.6  # correlation at the lag
_ONCE: Final = 0.9  # of it that another peak has at most
_AGREE: Final = 3  # windows at the end that must agree
_HALF: Final = 0.5  # of the difference, up to which a window is as before


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How many seconds the second recording is behind (above 0) the first, in a window that begins at `at` (epoch s)."""

    at: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Drift:
    """By how many seconds the second clock is ahead (above 0) of the first at the end; since when (None: throughout)."""

    seconds: float
    since: float | None


def lags(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> tuple[list[Lag], float]:
    """The lag of each window that tells one, of times (epoch s) and values in order; and the step (s) that they are told to."""
    grid = _grid(first[0], second[0])
    if grid is None:
        return [], 0.0
    step = float(grid[1] - grid[0])
    one, two = (np.interp(grid, *rows) for rows in (first, second))
    most = int(min(WINDOW * _OF_WINDOW, FURTHEST_S / step))
    found = []
    for begin in range(0, grid.size - WINDOW + 1, WINDOW // 2):
        rows = slice(begin, begin + WINDOW)
        lag = _lag(_fast(one[rows]), _fast(two[rows]), most)
        if lag is not None:
            found.append(Lag(at=float(grid[begin]), seconds=lag * step))
    return found, step


def drift_of(found: Sequence[Lag], step: float, *, same: bool) -> Drift | None:
    """The difference of two clocks; None where they agree, or where windows do not agree with each other.

    same  both recorded the same: any lag is of the clocks. Else an effect follows its cause by a time that nobody knows, and
          only a lag that has changed is.
    """
    if len(found) < (_AGREE if same else 2 * _AGREE):
        return None
    values = np.array([lag.seconds for lag in found])
    usual = 0.0 if same else float(np.median(values[:_AGREE]))
    last = values[-_AGREE:] - usual
    now = float(np.median(last))
    least = max(LEAST_S, step)
    if abs(now) < least or float(np.ptp(last)) > max(step, 0.5 * abs(now)):
        return None
    before = np.flatnonzero(np.sign(now) * (values - usual) < _HALF * abs(now))
    if not same and before.size == 0:
        return None
    since = found[int(before[-1]) + 1].at if before.size else None
    return Drift(seconds=now, since=since)


def _grid(one: Floats, two: Floats) -> Floats | None:
    """Equal steps over the time that both cover; None where that holds no window."""
    if min(one.size, two.size) < WINDOW // 2:
        return None
    step = max(float(np.median(np.diff(t))) for t in (one, two))
    start, end = max(one[0], two[0]), min(one[-1], two[-1])
    if step <= 0.0 or end - start < WINDOW * step:
        return None
    return np.asarray(np.arange(start, end, step), dtype=np.float64)


def _fast(v: Floats) -> Floats:
    """What moves faster than the window, in standard deviations; zeros where nothing does."""
    from scipy.ndimage import uniform_filter1d

    off = v - uniform_filter1d(v, _SLOW, mode="nearest")
    spread = float(np.std(off))
    return off / spread if spread > 1e-9 * max(1.0, float(np.max(np.abs(v)))) else np.zeros_like(off)


def _lag(one: Floats, two: Floats, most: int) -> float | None:
    """Samples by which the second is behind; None where no lag stands out."""
    if not (one.any() and two.any()) or most < 1:
        return None
    size = one.size
    whole = np.correlate(two, one, mode="full")[size - 1 - most : size + most]
    shared = size - np.abs(np.arange(-most, most + 1))
    r: Floats = np.asarray(whole / shared, dtype=np.float64)
    k = int(np.argmax(r))
    if r[k] < _ALIKE or k in (0, r.size - 1) or _second(r, k) > _ONCE * r[k]:
        return None
    bend = r[k - 1] - 2.0 * r[k] + r[k + 1]
    part = 0.5 * (r[k - 1] - r[k + 1]) / bend if bend < 0.0 else 0.0
    return float(k + part - most)


def _second(r: Floats, k: int) -> float:
    """The highest correlation beyond the peak's own flanks."""
    falls: NDArray[np.bool_] = np.diff(r) < 0
    right = k + int(np.argmin(falls[k:])) if not falls[k:].all() else r.size - 1
    left = k - int(np.argmin(~falls[:k][::-1])) if falls[:k].any() else 0
    rest = np.r_[r[:left], r[right + 1 :]]
    return float(np.max(rest)) if rest.size else 0.0
