"""Features of short windows: level and spread of each channel over the last samples."""

from __future__ import annotations

import numpy as np

from aitia.tools.sources.rows import Floats


def rolling(x: Floats, window: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the last `window` rows at each row; the first rows take what there is.

    A missing value is taken as the channel's median.
    """
    x, level = _filled(x)
    x = x - level  # small numbers: sums of squares lose no digits to a large level
    rows = np.arange(x.shape[0])
    first = np.maximum(rows - window + 1, 0)
    count = (rows + 1 - first)[:, None].astype(np.float64)
    total, squares = _running(x), _running(x**2)
    mean = (total[rows + 1] - total[first]) / count
    var = (squares[rows + 1] - squares[first]) / count - mean**2
    spread = np.sqrt(np.maximum(var, 0.0) * count / np.maximum(count - 1.0, 1.0))
    return mean + level, np.asarray(spread, dtype=np.float64)


def _filled(x: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(x)
    level = np.array([np.median(c[k]) if k.any() else 0.0 for c, k in zip(x.T, known.T, strict=True)])
    return np.where(known, x, level), level


def _running(x: Floats) -> Floats:
    return np.concatenate((np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)))


def window_features(x: Floats, window: int) -> Floats:
    """Rolling means, then rolling deviations: (samples, 2 x channels); a window of 1 leaves the samples as they are."""
    if window <= 1:
        return x
    return np.concatenate(rolling(x, window), axis=1)
