"""Principal components of normal operation: inside them T², outside them the prediction error (MacGregor & Kourti, 1995)."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors.base import checked
from aitia.tools.sources.rows import Floats

_VARIANCE, _CONTAMINATION = 0.9, 0.01


class PcaT2Spe:
    """Hotelling's T² in the principal subspace and the squared prediction error outside it, each over its own limit.

    For short references. SKAB, 80 rows: F1 .725, pyod's PCA .736, MCD .589 (benchmarks/LOG.md, 2026-11-28); it needs no extra
    and tells contributions.
    """

    threshold_ = 1.0

    def fit(self, x: Floats) -> Self:
        """Learn scaling, the components of 90 % of the variance, and both limits from held-out folds of the reference."""
        x = checked(x, least=8)
        self.scaler_ = Scaler().fit(x)
        t2, spe = zip(*(self._held_out(x, fold) for fold in range(4)), strict=True)
        self.t2_limit_ = self._limit(np.concatenate(t2))
        self.spe_limit_ = self._limit(np.concatenate(spe))
        self._learn(self.scaler_.transform(x))
        return self

    def _held_out(self, x: Floats, fold: int) -> tuple[Floats, Floats]:
        """Both statistics of a contiguous quarter of the reference under a model of the rest."""
        edge = np.linspace(0, x.shape[0], 5).astype(int)
        inside = slice(int(edge[fold]), int(edge[fold + 1]))
        self._learn(self.scaler_.transform(np.delete(x, inside, axis=0)))
        return self.statistics(x[inside])

    def _limit(self, values: Floats) -> float:
        return max(1.2 * float(np.quantile(values, 1.0 - _CONTAMINATION)), 1e-9)

    def _learn(self, z: Floats) -> None:
        self.center_ = z.mean(axis=0)
        _, singular, rows = np.linalg.svd(z - self.center_, full_matrices=False)
        power = singular**2 / max(z.shape[0] - 1, 1)
        share = np.cumsum(power) / max(float(np.sum(power)), 1e-12)
        kept = min(int(np.searchsorted(share, _VARIANCE)) + 1, max(1, z.shape[1] - 1), power.size)
        self.components_ = rows[:kept]
        self.power_ = np.maximum(power[:kept], 1e-9)

    def statistics(self, x: Floats) -> tuple[Floats, Floats]:
        """T² and SPE of each sample."""
        z = self.scaler_.transform(x) - self.center_
        scores = z @ self.components_.T
        residual = z - scores @ self.components_
        return np.sum(scores**2 / self.power_, axis=1), np.sum(residual**2, axis=1)

    def decision_function(self, x: Floats) -> Floats:
        """The larger of T² and SPE, each as a multiple of its limit; the threshold is 1."""
        t2, spe = self.statistics(x)
        return np.asarray(np.maximum(t2 / self.t2_limit_, spe / self.spe_limit_), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """How much of T² plus SPE (both over their limits) each channel could explain alone, per sample.

        Reconstruction-based contributions of the combined index (Alcala & Qin, 2009): a fault in one channel is blamed
        on that channel, where plain contributions smear it over its neighbours.
        """
        z = self.scaler_.transform(x) - self.center_
        inside = self.components_.T @ (self.components_ / self.power_[:, None]) / self.t2_limit_
        outside = (np.eye(z.shape[1]) - self.components_.T @ self.components_) / self.spe_limit_
        index = inside + outside
        return np.asarray((z @ index) ** 2 / np.maximum(np.diag(index), 1e-12), dtype=np.float64)
