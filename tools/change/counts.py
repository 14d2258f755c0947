"""Is a change of a count more than chance? Exact conditional tests, over-dispersion, false-discovery control, bursts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def exact_p(before: NDArray[np.float64], after: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """One-sided p-values that two Poisson rates are equal, given the total (Przyborowski and Wilenski, 1940).

    `share` is the exposure of `after` in that of both. Where the rate rose, P(X >= after), else P(X <= after), for
    X ~ Binomial(before + after, share). Counts may be fractional (scaled by their dispersion).
    """
    from scipy.special import betainc

    total = before + after
    up = np.where(after > 0, betainc(np.maximum(after, 1e-9), before + 1.0, share), 1.0)
    down = np.where(before > 0, betainc(np.maximum(before, 1e-9), after + 1.0, 1.0 - share), 1.0)
    p = np.where(after > total * share, up, down)
    return np.asarray(np.clip(p, 0.0, 1.0), dtype=np.float64)


def adjust(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Benjamini-Hochberg adjusted p-values."""
    n = len(p)
    if not n:
        return p
    order = np.argsort(p, kind="stable")
    ranked = p[order] * n / np.arange(1, n + 1)
    adjusted = np.minimum.accumulate(ranked[::-1])[::-1]
    out = np.empty(n)
    out[order] = np.minimum(adjusted, 1.0)
    return out


def dispersion(bins: Mapping[int, int], cells: int) -> float:
    """Variance over mean of the baseline's counts per cell, at least 1; a Poisson stream has 1."""
    if cells < 3 or not bins:
        return 1.0
    total = sum(bins.values())
    mean = total / cells
    square = sum(n * n for n in bins.values()) / cells - mean * mean
    return max(1.0, square * cells / (cells - 1) / mean)


def burst(counts: Sequence[int], rate: float) -> int:
    """Where a burst begins: the cell from which on the counts fit a raised rate best (one changepoint, Poisson).

    `rate` is the baseline's expected count per cell. Returns the index of the first raised cell.
    """
    n = len(counts)
    before = 0.0
    best, where = -math.inf, 0
    total = float(sum(counts))
    floor = max(rate, 1e-6)
    for i in range(n):
        after = total - before
        raised = max(after / (n - i), floor)
        fit = before * math.log(floor) - floor * i + after * math.log(raised) - raised * (n - i)
        if fit > best + 1e-9:
            best, where = fit, i
        before += counts[i]
    return where
