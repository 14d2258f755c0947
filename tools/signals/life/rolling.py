"""Rolling statistics of a history: levels, change since the start and slopes, at every row from what came before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

# As shares of the fleet's median life; chosen on engines 1-50 of C-MAPSS FD001 (life about 200 cycles: 5, 10, 20, 40, 50).
LEVELS: Final = (0.025, 0.05, 0.1, 0.2)
SLOPES: Final = (0.1, 0.25)
LEAST_WINDOW: Final = 3


def windows(median_life: float, shares: Sequence[float]) -> tuple[int, ...]:
    """Windows in rows from shares of the median number of rows to failure."""
    return tuple(max(LEAST_WINDOW, round(share * median_life)) for share in shares)


def features(t: Floats, x: Floats, *, levels: Sequence[int], slopes: Sequence[int]) -> Floats:
    """Shape (rows, features), in the order of `names`; only rows up to a row are used for it.

    `x` is (rows, sensors). Where a window does not fit yet, what there is of it counts.
    """
    rows = np.arange(x.shape[0])
    reference = levels[-2] if len(levels) > 1 else levels[0]
    first = mean(x, reference)[np.minimum(rows, reference - 1)]
    held = [mean(x, w) for w in levels]
    held.append(held[min(1, len(held) - 1)] - first)
    held += [slope(t, x, w) for w in slopes]
    held.append(slope(t, x, x.shape[0]))
    age = t - t[0]
    return np.hstack([*held, age[:, None]])


def names(
    sensors: Sequence[str], *, levels: Sequence[int], slopes: Sequence[int]
) -> tuple[tuple[str, str], ...]:
    """(sensor, statistic) of each feature; the age has no sensor."""
    kinds = [f"mean of {w}" for w in levels]
    kinds += ["change since the start", *(f"slope of {w}" for w in slopes), "slope over its life"]
    return (*((s, kind) for kind in kinds for s in sensors), ("", "age"))


def mean(x: Floats, window: int) -> Floats:
    """The mean of the last `window` rows."""
    total, since, count = _sums(x, window)
    return np.asarray((total[1:] - total[since]) / count[:, None], dtype=np.float64)


def slope(t: Floats, x: Floats, window: int) -> Floats:
    """The least-squares slope over the last `window` rows, per unit of time; 0 at the first row."""
    moved = (t - t[0])[:, None]
    middle, level = mean(moved, window), mean(x, window)
    spread = mean(moved * moved, window) - middle**2
    joint = mean(moved * x, window) - middle * level
    return np.where(spread > 1e-12 * np.maximum(middle**2, 1e-12), joint / np.maximum(spread, 1e-300), 0.0)


def _sums(x: Floats, window: int) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    total = np.vstack([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])
    end = np.arange(1, x.shape[0] + 1)
    since = np.maximum(end - window, 0)
    return total, since, end - since
