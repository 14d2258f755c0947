"""A robust baseline per phase of the season: median and MAD of what was seen at the same place of each period."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.subsequence import channel
from aitia.tools.sources.rows import Floats


class SeasonalBaseline:
    """|sample - median| over the MAD, median and MAD taken per phase; without a period over all samples.

    Phases pool with their neighbours until each has `least` samples. `fit(x)` begins at phase 0;
    `decision_function(x, start=k)` scores samples of which the first lies k samples behind the reference's first.
    """

    def __init__(self, *, period: int = 0, least: int = 30, contamination: float = 0.01) -> None:
        self.period = period
        self.least = least
        self.contamination = contamination
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """Learn the median and spread of each phase, and the threshold from the reference's own scores."""
        v = channel(x, least=2)
        period = self.period if 2 <= self.period <= v.size // 2 else 1
        rounds = v.size // period
        folded = v[: rounds * period].reshape(rounds, period)
        half = 0 if period == 1 else min(max(0, -(-self.least // rounds) // 2), (period - 1) // 2)
        near = np.concatenate([np.roll(folded, s, axis=1) for s in range(-half, half + 1)], axis=0)
        self.median_ = np.median(near, axis=0)
        off = np.median(np.abs(near - self.median_), axis=0)
        overall = 1.4826 * float(np.median(np.abs(v - self.median_[np.arange(v.size) % period])))
        # a phase that happened to be quiet is no sharper than a quarter of the usual spread
        floor = max(0.25 * overall, 0.02 * float(np.std(v)), 1e-3 * abs(float(np.median(v))), 1e-9)
        self.spread_ = np.maximum(1.4826 * off, floor)
        self.threshold_ = float(np.quantile(self.decision_function(v), 1.0 - self.contamination)) * 1.2
        return self

    def residual(self, x: Floats, *, start: int = 0) -> Floats:
        """Sample less the median of its phase."""
        v = channel(x)
        return np.asarray(v - self.median_[(start + np.arange(v.size)) % self.median_.size], dtype=np.float64)

    def decision_function(self, x: Floats, *, start: int = 0) -> Floats:
        """|z| of each sample in its phase."""
        off = self.residual(x, start=start)
        phase = (start + np.arange(off.size)) % self.median_.size
        return np.asarray(np.abs(off) / self.spread_[phase], dtype=np.float64)

    def predict(self, x: Floats, *, start: int = 0) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x, start=start) > self.threshold_).astype(np.float64)
