"""Anomaly detectors in the usual vocabulary: fit, decision_function, threshold_, predict."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from aitia.tools.sources.rows import Floats


class Detector(Protocol):
    """Fitted on rows (samples) of normal operation; larger decisions are more anomalous."""

    threshold_: float

    def fit(self, x: Floats) -> Self:
        """Learn what is normal from (samples, channels)."""
        ...

    def decision_function(self, x: Floats) -> Floats:
        """One score per sample."""
        ...


class RobustBaseline:
    """The largest robust z-score over the channels: median and MAD of the reference."""

    def __init__(self, *, contamination: float = 0.01) -> None:
        self.contamination = contamination
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """Learn median and spread per channel, and the threshold from the reference's own scores."""
        self.median_ = np.median(x, axis=0)
        self.spread_ = _spread(x, self.median_)
        self.threshold_ = float(np.quantile(self.decision_function(x), 1.0 - self.contamination)) * 1.2
        return self

    def decision_function(self, x: Floats) -> Floats:
        """The largest |z| of each sample."""
        return np.asarray(np.max(self.contributions(x), axis=1), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """|z| per sample and channel."""
        return np.asarray(np.abs(x - self.median_) / self.spread_, dtype=np.float64)

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)


class PcaT2Spe:
    """Hotelling's T² in the principal subspace and the squared prediction error outside it, each over its own limit."""

    def __init__(self, *, variance: float = 0.9, contamination: float = 0.01) -> None:
        self.variance = variance
        self.contamination = contamination
        self.threshold_ = 1.0

    def fit(self, x: Floats) -> Self:
        """Learn scaling, the components that explain `variance`, and both limits from held-out folds of the reference."""
        self.median_ = np.median(x, axis=0)
        self.spread_ = _spread(x, self.median_)
        self._learn(self._scaled(x))
        t2, spe = zip(*(self._held_out(x, fold) for fold in range(4)), strict=True)
        self.t2_limit_ = self._limit(np.concatenate(t2))
        self.spe_limit_ = self._limit(np.concatenate(spe))
        self._learn(self._scaled(x))
        return self

    def _held_out(self, x: Floats, fold: int) -> tuple[Floats, Floats]:
        """Both statistics of a contiguous quarter of the reference under a model of the rest."""
        edge = np.linspace(0, x.shape[0], 5).astype(int)
        inside = slice(int(edge[fold]), int(edge[fold + 1]))
        self._learn(self._scaled(np.delete(x, inside, axis=0)))
        return self.statistics(x[inside])

    def _limit(self, values: Floats) -> float:
        return max(1.2 * float(np.quantile(values, 1.0 - self.contamination)), 1e-9)

    def _learn(self, z: Floats) -> None:
        self.center_ = z.mean(axis=0)
        _, singular, rows = np.linalg.svd(z - self.center_, full_matrices=False)
        power = singular**2 / max(z.shape[0] - 1, 1)
        share = np.cumsum(power) / max(float(np.sum(power)), 1e-12)
        kept = min(int(np.searchsorted(share, self.variance)) + 1, max(1, z.shape[1] - 1), power.size)
        self.components_ = rows[:kept]
        self.power_ = np.maximum(power[:kept], 1e-9)

    def _scaled(self, x: Floats) -> Floats:
        return np.asarray(np.clip((x - self.median_) / self.spread_, -50.0, 50.0), dtype=np.float64)

    def statistics(self, x: Floats) -> tuple[Floats, Floats]:
        """T² and SPE of each sample."""
        z = self._scaled(x) - self.center_
        scores = z @ self.components_.T
        residual = z - scores @ self.components_
        return np.sum(scores**2 / self.power_, axis=1), np.sum(residual**2, axis=1)

    def decision_function(self, x: Floats) -> Floats:
        """The larger of T² and SPE, each as a multiple of its limit; the threshold is 1."""
        t2, spe = self.statistics(x)
        return np.asarray(np.maximum(t2 / self.t2_limit_, spe / self.spe_limit_), dtype=np.float64)

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)

    def contributions(self, x: Floats) -> Floats:
        """Each channel's share of T² plus SPE (both over their limits), per sample; rows sum to about the decision."""
        z = self._scaled(x) - self.center_
        scores = z @ self.components_.T
        residual = z - scores @ self.components_
        of_t2 = z * ((scores / self.power_) @ self.components_) / self.t2_limit_
        return np.asarray(np.maximum(of_t2, 0.0) + residual**2 / self.spe_limit_, dtype=np.float64)


def _spread(x: Floats, median: Floats) -> Floats:
    off = np.abs(x - median)
    mad = 1.4826 * np.median(off, axis=0)
    std = np.std(x, axis=0)
    floor = np.maximum(1e-3 * np.abs(median), 1e-9)
    return np.asarray(np.maximum(np.maximum(mad, 0.5 * std), floor), dtype=np.float64)
