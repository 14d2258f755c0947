"""The name of a fault by the direction in which it pulls the channels, learned from labelled runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from aitia.tools.signals.detectors.mcd import Mcd
from aitia.tools.sources.rows import Floats


class Signatures:
    """Directions of contribution per labelled run; an unknown run is named by the nearest of them (cosine).

    The direction of a run is, per channel, the signed root of its reconstruction-based contribution to the robust
    distance (see `Mcd.contributions`), averaged over the run and on a log scale, and the log of its spread: a level
    that moved and a level that swings are different faults (Yoon & MacGregor, 2001, for directions of contributions).
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.model_ = Mcd(seed=seed, limit=False)
        self.known_: list[tuple[str, Floats]] = []

    def fit(self, reference: Floats) -> Self:
        """Learn normal operation (samples, channels)."""
        self.model_.fit(reference)
        self.usual_ = self._pulls(reference)
        return self

    def _pulls(self, x: Floats) -> Floats:
        z = self.model_.scaler_.transform(x) - self.model_.location_
        return np.asarray(
            z @ self.model_.precision_ / np.sqrt(np.diag(self.model_.precision_)), dtype=np.float64
        )

    def direction(self, x: Floats) -> Floats:
        """The direction of a run's anomalous samples: (2 x channels), not normalised."""
        pulls = self._pulls(x)
        mean = pulls.mean(axis=0)
        swing = np.log(np.maximum(pulls.std(axis=0), 1e-3) / np.maximum(self.usual_.std(axis=0), 1e-3))
        return np.concatenate((np.sign(mean) * np.log1p(np.abs(mean)), swing))

    def learn(self, name: str, x: Floats) -> Self:
        """Keep the direction of one labelled run's anomalous samples; a fault may have several."""
        self.known_.append((name, self.direction(x)))
        return self

    def rank(self, x: Floats) -> list[tuple[str, float]]:
        """The known faults, the most similar first, each with the cosine to its nearest run."""
        direction = self.direction(x)
        best: dict[str, float] = {}
        for name, known in self.known_:
            best[name] = max(best.get(name, -1.0), _cosine(direction, known))
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def _cosine(a: Floats, b: Floats) -> float:
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else 0.0


def learned(reference: Floats, runs: Mapping[str, Floats]) -> Signatures:
    """Signatures of one labelled run per fault."""
    made = Signatures().fit(reference)
    for name, x in runs.items():
        made.learn(name, x)
    return made
