"""Is a change of a count more than chance? Exact conditional tests, over-dispersion, false-discovery control, bursts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BLOCKS: Final = (1, 2, 4, 8)  # cells whose sums tell how counts cluster in time
_MIN_BLOCKS: Final = 8
Way = Literal["new", "surge", "fade", "vanished"]


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
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p), dtype=np.float64)


def fisher(k: ArrayLike, n: ArrayLike, old_k: ArrayLike, old_n: ArrayLike) -> NDArray[np.float64]:
    """One-sided exact p-values that k of n is no larger a share than old_k of old_n was (Fisher, 1922)."""
    from scipy.stats import hypergeom

    k, n, old_k, old_n = np.broadcast_arrays(k, n, old_k, old_n)
    return np.asarray(hypergeom.sf(k - 1, n + old_n, k + old_k, n), dtype=np.float64)


def certainty(q: float) -> float:
    """How sure an adjusted p-value makes a fact: 0 at q = 1, .2 at 0.1, .98 from 1e-5 on."""
    return min(0.98, max(0.0, -math.log10(max(q, 1e-12)) / 5))


def dispersion(bins: Mapping[int, int], cells: int) -> float:
    """Variance over mean of the baseline's counts per cell, at least 1; a Poisson stream has 1."""
    if cells < 3 or not bins:
        return 1.0
    total = sum(bins.values())
    mean = total / cells
    square = sum(n * n for n in bins.values()) / cells - mean * mean
    return max(1.0, square * cells / (cells - 1) / mean)


def dispersions(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Variance over mean of each row's counts, at least 1: the largest over blocks of 1 to 8 cells.

    Wider blocks see the clustering that neighbouring cells share (the index of dispersion for counts; Cox and Lewis, 1966).
    """
    out = np.ones(counts.shape[0])
    for size in _BLOCKS:
        blocks = counts.shape[1] // size
        if blocks < _MIN_BLOCKS:
            break
        summed = counts[:, : blocks * size].reshape(-1, blocks, size).sum(axis=2)
        mean = summed.mean(axis=1)
        out = np.maximum(out, summed.var(axis=1, ddof=1) / np.maximum(mean, 1e-12) * (mean > 0))
    return out


def roughness(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Dispersion by the steps between neighbouring cells (von Neumann, 1941): one step in the rate hardly raises it."""
    if counts.shape[1] < _MIN_BLOCKS:
        return np.ones(counts.shape[0])
    steps = (np.diff(counts, axis=1) ** 2).mean(axis=1) / 2
    return np.asarray(steps / np.maximum(counts.mean(axis=1), 1e-12), dtype=np.float64)


def learned(p: NDArray[np.float64], phi: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """Larger p-values where a dispersion was learned: Student's distribution in place of the normal one."""
    from scipy.stats import norm, t

    z = norm.isf(np.maximum(p, 1e-300) / 2)
    return np.where((phi > 1) & (cells > 1), np.maximum(p, 2 * t.sf(z, max(1, cells - 1))), p)


def way(before: float, after: float, *, up: bool) -> Way:
    """What happened to a rate, by the counts on both sides and whether it rose."""
    if not before or not after:
        return "vanished" if before else "new"
    return "surge" if up else "fade"


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
