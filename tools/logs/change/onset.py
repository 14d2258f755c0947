"""When a template's rate changed, with its uncertainty: Poisson changepoints with Gamma priors, exact over all cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from aitia.core.errors import BadInput
from aitia.tools.logs.change.events import Floats

_SHAPE: Final = 0.5  # of the Gamma prior; its mean is the series' own
_LEVEL: Final = 0.95


@dataclass(frozen=True, kw_only=True)
class Onset:
    """The first changed cell (most probable), its 95 % credible interval, and the evidence for a change at all.

    `bits` is log2 of the Bayes factor of a change to none, each place of the change as probable as any other.
    """

    cell: int
    low: int
    high: int
    bits: float
    probability: float  # of `cell`, given that there is a change


def onset(counts: ArrayLike, *, rate: float | None = None, dispersion: float = 1.0) -> Onset | None:
    """The changepoint of counts per cell; None where there are fewer than two cells or no lines at all.

    `rate` is the known expectation per cell before the change; without one it is learned from the cells before. Counts
    are divided by `dispersion` (variance over mean).
    """
    x = _scaled(counts, dispersion)
    known = None if rate is None else rate / dispersion
    if x.size < 2 or (x.sum() <= 0 and not known):
        return None
    total, n = np.concatenate([[0.0], np.cumsum(x)]), x.size
    at = np.arange(0 if known is not None else 1, n)
    scale = _SHAPE / max(total[-1] / n, 1e-9)
    none = _before(total[-1:], np.array([n]), known, scale)[0]
    fit = _before(total[at], at, known, scale) + _marginal(total[-1] - total[at], n - at, scale)
    return _told(fit, none, at)


def burst(counts: ArrayLike, *, dispersion: float = 1.0) -> tuple[Onset, Onset] | None:
    """First and one-past-last cell of the one stretch whose rate differs from the rest, each with its interval.

    A stretch that lasts to the end ends at the number of cells. None where there are fewer than three cells or no lines.
    """
    x = _scaled(counts, dispersion)
    if x.size < 3 or x.sum() <= 0:
        return None
    total, n = np.concatenate([[0.0], np.cumsum(x)]), x.size
    scale = _SHAPE / (total[-1] / n)
    a, b = np.triu_indices(n + 1, 1)
    kept = (b - a < n) & (a > 0)
    a, b = a[kept], b[kept]
    inside = total[b] - total[a]
    fit = _marginal(inside, b - a, scale) + _marginal(total[-1] - inside, n - (b - a), scale)
    none = float(_marginal(total[-1:], np.array([n]), scale)[0])
    weight = np.exp(fit - fit.max())
    bits = float((np.log(weight.mean()) + fit.max() - none) / np.log(2))
    starts, ends = (np.bincount(x, weights=weight, minlength=n + 1).astype(np.float64) for x in (a, b))
    return _credible(starts, bits), _credible(ends, bits)


def _scaled(counts: ArrayLike, dispersion: float) -> Floats:
    x = np.asarray(counts, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all() or (x < 0).any() or not dispersion > 0:
        raise BadInput(
            "Give counts per cell as one row of finite numbers from 0 up, and a positive dispersion."
        )
    return x / dispersion


def _before(total: Floats, cells: Floats | np.ndarray, known: float | None, scale: float) -> Floats:
    if known is None:
        return _marginal(total, cells, scale)
    floor = max(known, 1e-6)
    return np.asarray(total * np.log(floor) - floor * cells)


def _marginal(total: Floats, cells: Floats | np.ndarray, scale: float) -> Floats:
    """Log of the probability of counts that sum to `total`, their rate integrated out (without their factorials)."""
    from scipy.special import gammaln

    shape = _SHAPE + total
    return np.asarray(
        gammaln(shape) - gammaln(_SHAPE) + _SHAPE * np.log(scale) - shape * np.log(scale + cells)
    )


def _told(fit: Floats, none: float, at: np.ndarray) -> Onset:
    weight = np.exp(fit - fit.max())
    bits = float((np.log(weight.mean()) + fit.max() - none) / np.log(2))
    spread = np.zeros(int(at[-1]) + 1)
    spread[at] = weight
    return _credible(spread, bits)


def _credible(weight: Floats, bits: float) -> Onset:
    share = weight / weight.sum()
    below = np.cumsum(share)
    tail = (1 - _LEVEL) / 2
    cell = int(np.argmax(share))
    low, high = int(np.searchsorted(below, tail)), int(np.searchsorted(below, 1 - tail))
    return Onset(
        cell=cell,
        low=min(low, cell),
        high=max(min(high, weight.size - 1), cell),
        bits=bits,
        probability=float(share[cell]),
    )
