"""Multinomial logistic regression with an L2 penalty (Bishop 2006, 4.3.4): fitted with SciPy, evaluated with NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_FLAT: Final = 1e-9
_ROUNDS: Final = 300


def softmax(scores: Matrix) -> Matrix:
    """Rows of scores to rows of probabilities."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    made: Matrix = raised / raised.sum(axis=1, keepdims=True)
    return made


def sharpened(told: Matrix, temperature: float) -> Matrix:
    """Matrix with their logarithms divided by the temperature."""
    return softmax(np.log(np.maximum(told, 1e-12)) / temperature)


class Span:
    """The rows of a training matrix in an orthogonal basis of their own span.

    The penalised optimum lies in that span, so that a fit over 30,000 n-grams and 300 lines has 300 columns, and is
    exact all the same (representer theorem).
    """

    def __init__(self, rows: Any) -> None:
        """`rows` is a dense array or a SciPy sparse matrix, shape (lines, features)."""
        self._rows = rows
        gram = rows @ rows.T
        values, vectors = np.linalg.eigh(np.asarray(gram.todense() if hasattr(gram, "todense") else gram))
        kept = values > _FLAT * max(float(values[-1]), _FLAT)
        self._back: Matrix = vectors[:, kept] / np.sqrt(values[kept])
        self._inner: Matrix = vectors[:, kept] * np.sqrt(values[kept])

    def fit(self, labels: Sequence[int], classes: int, c: float) -> tuple[Matrix, Matrix]:
        """Weights (features, classes) and biases (classes). Every class weighs the same, however many lines it has.

        `c` is the weight of the data against the penalty, as in scikit-learn.
        """
        weights, bias = _fit(self._inner, np.asarray(labels), classes, c)
        return np.asarray(self._rows.T @ (self._back @ weights)), bias


def _fit(x: Matrix, labels: NDArray[np.int64], classes: int, c: float) -> tuple[Matrix, Matrix]:
    from scipy.optimize import minimize

    n, d = x.shape
    right = np.eye(classes)[labels]
    counts = right.sum(axis=0)
    share = (n / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels] * c / n
    absent = np.where(counts == 0, -1e3, 0.0)  # a class without lines is never named

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights, bias = flat[: d * classes].reshape(d, classes), flat[d * classes :]
        told = softmax(x @ weights + bias + absent)
        off = (told - right) * share[:, None]
        value = -float(share @ np.log(np.maximum((told * right).sum(axis=1), 1e-300)))
        slope = np.concatenate([(x.T @ off + weights / n).ravel(), off.sum(axis=0)])
        return value + float((weights * weights).sum()) / (2 * n), slope

    found = minimize(
        loss,
        np.zeros((d + 1) * classes),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ROUNDS, "ftol": 1e-7},
    ).x
    return found[: d * classes].reshape(d, classes), found[d * classes :] + absent
