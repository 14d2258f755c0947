"""A reference that drifts: each channel may go as far from its last level as the reference itself shows it to go."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.detectors.base import Scaler, checked
from aitia.tools.sources.rows import Floats

_LAGS = 8


class DriftAware:
    """Distance from the level at the end of the reference, over the drift expected after that many samples.

    The drift of a channel is its structure function (variogram; Matheron, 1963) D(lag), half the mean squared
    difference at that lag, measured on the reference up to half its length and continued as a power law: flat for a
    stationary channel, linear for a random walk, quadratic for a trend. A warming machine thereby keeps its right to
    warm up, and a flow that stood still for the whole reference does not gain one. Nothing adapts after `fit`, so
    that no fault is learned.
    """

    def __init__(self, *, window: int = 10) -> None:
        self.window = window
        self.threshold_ = 2.5

    def fit(self, x: Floats) -> Self:
        """Learn last level and drift of each channel from the reference in time order (samples, channels)."""
        x = checked(x, least=4 * self.window)
        self.scaler_ = Scaler().fit(x)
        z = self.scaler_.transform(x)
        n = z.shape[0]
        self.level_ = z[n // 2 :].mean(axis=0)
        lags = np.unique(np.geomspace(self.window, n // 2, _LAGS).astype(int))
        half = np.stack([0.5 * np.mean((z[lag:] - z[:-lag]) ** 2, axis=0) for lag in lags])
        half = np.maximum(half, 1e-9)
        away = np.log(lags) - np.log(lags).mean()
        slope = away @ (np.log(half) - np.log(half).mean(axis=0)) / max(float(away @ away), 1e-12)
        self.growth_ = np.clip(slope, 0.0, 2.0)
        self.base_ = np.maximum(half[-3:].mean(axis=0), half[0])
        self.reach_ = float(lags[-1])
        return self

    def z_scores(self, x: Floats) -> Floats:
        """Signed deviation in units of the expected drift; row i of `x` is i + 1 samples after the reference."""
        ahead = np.maximum((1.0 + np.arange(x.shape[0])) / self.reach_, 1.0)[:, None]
        expected = np.sqrt(2.0 * self.base_ * ahead**self.growth_)
        return np.asarray((self.scaler_.transform(x) - self.level_) / expected, dtype=np.float64)

    def decision_function(self, x: Floats) -> Floats:
        """Root of the summed squares over the channels, as a multiple of its size for stationary noise."""
        z = self.z_scores(x)
        return np.asarray(np.sqrt(2.0 * np.mean(z**2, axis=1)), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """Each channel's squared deviation over the expected drift."""
        z = self.z_scores(x)
        return np.asarray(2.0 * z**2 / z.shape[1], dtype=np.float64)
