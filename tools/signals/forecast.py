"""A linear forecast of the next sample from those before it; what it misses is the anomaly score."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.subsequence import channel, spaced, windows
from aitia.tools.sources.rows import Floats

_MOST = 20000  # windows that a fit sees


class RidgeForecast:
    """|error| of a ridge autoregression over the reference's usual error (its 1.48 MAD), one score per sample.

    The threshold is split-conformal (Vovk et al., 2005): the 1 - contamination quantile of the errors on the last third
    of the reference under a fit on the first two thirds, so that it holds for samples the fit has not seen.
    """

    def __init__(
        self, *, lags: int = 32, ridge: float = 1.0, smooth: int = 1, contamination: float = 0.01
    ) -> None:
        self.lags = lags
        self.ridge = ridge
        self.smooth = smooth
        self.contamination = contamination
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """Learn the coefficients from a reference of at least 3 (lags + 1) samples."""
        v = channel(x, least=3 * (self.lags + 1))
        self.median_ = float(np.median(v))
        self.scale_ = max(float(np.std(v)), 1e-9)
        edge = 2 * v.size // 3
        self._learn(v[:edge])
        held = np.abs(self.errors(v[edge:]))
        # a constant reference has no error to be measured by: a hundredth of its scale then counts as usual
        self.usual_ = max(1.4826 * float(np.median(held)), 0.01)
        held = np.sort(self._smoothed(held / self.usual_))
        rank = int(np.ceil((held.size + 1) * (1.0 - self.contamination))) - 1
        self.threshold_ = float(held[min(rank, held.size - 1)])
        self._learn(v)
        return self

    def _learn(self, v: Floats) -> None:
        z = (v - self.median_) / self.scale_
        every = windows(z, self.lags + 1)
        some = every[spaced(every.shape[0], _MOST)]
        past = np.column_stack([some[:, :-1], np.ones(some.shape[0])])
        gram = past.T @ past + self.ridge * np.eye(self.lags + 1)
        self.coefficients_ = np.linalg.solve(gram, past.T @ some[:, -1])

    def errors(self, x: Floats) -> Floats:
        """Sample less forecast, in standard deviations of the reference; the first `lags` have none (0)."""
        v = channel(x, least=self.lags + 1)
        z = (v - self.median_) / self.scale_
        forecast = np.convolve(z, self.coefficients_[:-1][::-1], mode="valid")[:-1] + self.coefficients_[-1]
        return np.concatenate([np.zeros(self.lags), z[self.lags :] - forecast])

    def _smoothed(self, score: Floats) -> Floats:
        from scipy.ndimage import uniform_filter1d

        return (
            score if self.smooth < 2 else np.asarray(uniform_filter1d(score, self.smooth), dtype=np.float64)
        )

    def decision_function(self, x: Floats) -> Floats:
        """|error| over the usual error, averaged over `smooth` samples."""
        return self._smoothed(np.abs(self.errors(x)) / self.usual_)

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)
