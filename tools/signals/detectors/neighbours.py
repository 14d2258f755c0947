"""Distance to the nearest samples of the reference, plain and relative to the density there."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.signals.detectors.base import Scaler, checked
from aitia.tools.signals.detectors.thresholds import conformal_limit, held_out
from aitia.tools.sources.rows import Floats

_MOST = 2000  # samples of the reference that are kept, evenly: the cost stays linear in what is scored


class Knn:
    """The distance to the k-th nearest sample of the reference, per root of channels (Ramaswamy et al., 2000).

    Euclidean over robust z-scores; with `precision`, an inverse covariance of them, Mahalanobis, so that channels
    that move together count once and one that leaves the others counts.
    """

    def __init__(
        self, *, k: int = 10, contamination: float = 0.01, limit: bool = True, precision: Floats | None = None
    ) -> None:
        self.k = k
        self.precision = precision
        self.contamination = contamination
        self.limit = limit
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """Keep the reference; with `limit`, the threshold from held-out blocks of it."""
        from scipy.spatial import cKDTree

        x = checked(x, least=self.k + 1)
        if self.limit:
            scores = held_out(lambda: type(self)(k=self.k, limit=False, precision=self.precision), x)
            self.threshold_ = conformal_limit(scores, self.contamination)
        self.scaler_ = Scaler().fit(x)
        precision = np.eye(x.shape[1]) if self.precision is None else self.precision
        self.root_ = np.linalg.cholesky(precision)
        self.kept_ = self._placed(x)[:: int(np.ceil(x.shape[0] / _MOST))]
        self.tree_ = cKDTree(self.kept_)
        self._learn()
        return self

    def _placed(self, x: Floats) -> Floats:
        return np.asarray(self.scaler_.transform(x) @ self.root_, dtype=np.float64)

    def _learn(self) -> None:
        """What a variant learns on top of the neighbours."""

    def neighbours(self, z: Floats) -> tuple[Floats, np.ndarray[tuple[int, int], np.dtype[np.intp]]]:
        """Distances to and numbers of the k nearest kept samples of each placed sample."""
        distance, index = self.tree_.query(z, k=np.arange(1, min(self.k, self.kept_.shape[0]) + 1))
        return np.asarray(distance, dtype=np.float64), np.asarray(index, dtype=np.intp)

    def decision_function(self, x: Floats) -> Floats:
        """The distance of each sample to its k-th neighbour."""
        return np.asarray(self.neighbours(self._placed(x))[0][:, -1] / np.sqrt(x.shape[1]), dtype=np.float64)

    def contributions(self, x: Floats) -> Floats:
        """How much of the squared distance to the median of the nearest samples each channel could explain alone."""
        z = self._placed(x)
        away = z - np.median(self.kept_[self.neighbours(z)[1]], axis=1)
        return np.asarray(
            (away @ self.root_.T) ** 2 / np.sum(self.root_**2, axis=1) / z.shape[1], dtype=np.float64
        )

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)


class Lof(Knn):
    """Local outlier factor against the reference (Breunig et al., 2000, in its novelty form): 1 is as dense as there."""

    def __init__(
        self, *, k: int = 20, contamination: float = 0.01, limit: bool = True, precision: Floats | None = None
    ) -> None:
        super().__init__(k=k, contamination=contamination, limit=limit, precision=precision)

    def _learn(self) -> None:
        distance, index = self.tree_.query(
            self.kept_, k=np.arange(2, min(self.k + 1, self.kept_.shape[0]) + 1)
        )
        self.radius_ = np.asarray(distance, dtype=np.float64)[:, -1]
        self.density_ = self._reachable(np.asarray(distance), np.asarray(index))

    def _reachable(self, distance: Floats, index: np.ndarray[tuple[int, int], np.dtype[np.intp]]) -> Floats:
        mean = np.maximum(distance, self.radius_[index]).mean(axis=1)
        return np.asarray(1.0 / np.maximum(mean, 1e-9), dtype=np.float64)

    def decision_function(self, x: Floats) -> Floats:
        """The density around the neighbours over the density around the sample."""
        distance, index = self.neighbours(self._placed(x))
        return np.asarray(
            self.density_[index].mean(axis=1) / self._reachable(distance, index), dtype=np.float64
        )
