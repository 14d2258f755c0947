"""Each channel for itself: distance from the median in units of its robust spread."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.detectors.base import checked, spread
from aitia.tools.sources.rows import Floats


class RobustBaseline:
    """The largest robust z-score over the channels: median and MAD of the reference."""

    def __init__(self, *, contamination: float = 0.01) -> None:
        self.contamination = contamination
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """Learn median and spread per channel, and the threshold from the reference's own scores."""
        x = checked(x)
        self.median_ = np.median(x, axis=0)
        self.spread_ = spread(x, self.median_)
        self.threshold_ = float(np.quantile(self.decision_function(x), 1.0 - self.contamination)) * 1.2
        return self

    def decision_function(self, x: Floats) -> Floats:
        """The largest |z| of each sample."""
        return np.asarray(np.max(self.contributions(x), axis=1), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """|z| per sample and channel."""
        return np.asarray(np.nan_to_num(np.abs(x - self.median_) / self.spread_, nan=0.0), dtype=np.float64)

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)
