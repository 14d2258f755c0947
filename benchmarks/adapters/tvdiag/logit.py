"""A ridge-regularised conditional logit over the candidates of an incident, fitted by L-BFGS.

McFadden's model (1974) with (component, fault) pairs as alternatives: the utility of a pair is
x_c · (w + v_f) + b_f, where w is shared by all faults and v_f is a fault's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MAX_ITERATIONS: Final = 300
_BIAS: Final = 0.02


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Utility of (component, fault) pairs: `weights` (D, F), `bias` (F,)."""

    weights: Floats
    bias: Floats

    def log_p(self, x: Floats) -> Floats:
        """Log-probabilities (N, F) over all pairs of an incident with N candidates."""
        utility = x @ self.weights + self.bias
        return np.asarray(utility - _log_sum_exp(utility.ravel()), dtype=float)


def fit_pairs(
    matrices: Sequence[Floats],
    rows: Sequence[int],
    faults: Sequence[int],
    *,
    count: int,
    shared: float,
    own: float,
) -> Pairs:
    """Fit on incidents: candidates' features, the culprit's row, its fault's number; `shared` and `own` are ridges."""
    x = np.concatenate(matrices)
    sizes = np.array([len(m) for m in matrices])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    incident = np.repeat(np.arange(len(matrices)), sizes)
    truth, fault = starts + np.array(rows), np.array(faults)
    d = x.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        w, v, b = flat[:d], flat[d : d + d * count].reshape(d, count), flat[d + d * count :]
        utility = x @ (w[:, None] + v) + b
        top = np.maximum.reduceat(utility.max(axis=1), starts)
        odds = np.exp(utility - top[incident][:, None])
        total = np.add.reduceat(odds.sum(axis=1), starts)
        value = float((top + np.log(total) - utility[truth, fault]).sum())
        miss = odds / total[incident][:, None]
        miss[truth, fault] -= 1.0
        slope = x.T @ miss
        value += float(shared * w @ w + own * np.sum(v * v) + _BIAS * b @ b) / 2
        gradient = [slope.sum(axis=1) + shared * w, (slope + own * v).ravel(), miss.sum(axis=0) + _BIAS * b]
        return value, np.concatenate(gradient)

    flat = _minimum(loss, d + d * count + count)
    shape = flat[d : d + d * count].reshape(d, count)
    return Pairs(weights=flat[:d, None] + shape, bias=flat[d + d * count :])


def _minimum(loss: Callable[[Floats], tuple[float, Floats]], size: int) -> Floats:
    from scipy.optimize import minimize

    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS})
    return np.asarray(found.x, dtype=float)


def _log_sum_exp(values: Floats) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))
