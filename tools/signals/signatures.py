"""The name of a fault by the direction in which it pulls the channels, learned from labelled runs."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from aitia.core.percent import percent
from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors.features import rolling
from aitia.tools.signals.detectors.mcd import Mcd
from aitia.tools.signals.detectors.thresholds import conformal_limit, held_out, runs
from aitia.tools.sources.rows import Floats

LEAST: Final = (
    30  # samples after the alarm that make a direction; a run is known by that many, twice, four times ...
)
# Mean and persistence as for TEP (benchmarks/signals/tep.py), the 1.1 on ten simulated normal runs (benchmarks/LOG.md).
MEAN, PERSIST = 10, 5  # distances that are averaged, and averages over the limit that are an alarm
CONTAMINATION, BEYOND = 0.01, 1.1  # a run of normal operation is long: its alarms count, not its samples
OTHERWISE: Final = 2.0  # the factor of the swings from which on a normal is not the one that was learned


class Signatures:
    """Directions of contribution per labelled run; an unknown run is named by the nearest of them (cosine).

    The direction of a run is, per channel, the signed root of its reconstruction-based contribution to the robust
    distance (see `Mcd.contributions`), averaged over the run and on a log scale, and the log of its spread: a level
    that moved and a level that swings are different faults (Yoon & MacGregor, 2001, for directions of contributions).
    With `limit`, blocks of the reference that are held out tell from which distance on a run left its normal pattern.
    """

    def __init__(self, *, seed: int = 0, limit: bool = True) -> None:
        self.seed, self.limit = seed, limit
        self.model_ = Mcd(seed=seed)
        self.known_: list[tuple[str, Floats]] = []
        self.threshold_ = float("inf")

    def fit(self, reference: Floats) -> Self:
        """Learn normal operation (samples, channels)."""
        self.model_.fit(reference)
        self.usual_ = self._pulls(reference).std(axis=0)
        if self.limit:
            scores = _mean(held_out(lambda: Mcd(seed=self.seed), reference))
            self.threshold_ = max(conformal_limit(scores, CONTAMINATION), BEYOND * float(np.max(scores)))
        return self

    @classmethod
    def known_from(
        cls,
        median: Floats,
        spread: Floats,
        location: Floats,
        precision: Floats,
        usual: Floats,
        *,
        threshold: float,
    ) -> Self:
        """Fitted signatures from what `fit` learned of the normal operation."""
        made = cls()
        made.model_.scaler_ = Scaler.of(median, spread)
        made.model_.location_, made.model_.precision_ = location, precision
        made.usual_, made.threshold_ = usual, threshold
        return made

    def _pulls(self, x: Floats) -> Floats:
        z = self.model_.scaler_.transform(x) - self.model_.location_
        return np.asarray(
            z @ self.model_.precision_ / np.sqrt(np.diag(self.model_.precision_)), dtype=np.float64
        )

    def departed(self, x: Floats) -> slice | None:
        """The rows from the first lasting alarm to the last; None where the run stays in its normal pattern."""
        over = _mean(self.model_.decision_function(x)) > self.threshold_
        lasting = [(a, b) for a, b in runs(over) if b - a >= PERSIST]
        return slice(lasting[0][0], lasting[-1][1]) if lasting else None

    def unlike(self, normal: Floats) -> str:
        """Why rows of normal operation are not of the normal that was learned; "" where they are."""
        over = _mean(self.model_.decision_function(normal)) > self.threshold_
        if float(np.mean(over)) > 0.5:
            return f"{percent(float(np.mean(over)))} of its baseline is outside the normal pattern that was learned"
        swing = float(np.exp(np.median(self._swing(self._pulls(normal)))))
        if not 1 / OTHERWISE <= swing <= OTHERWISE:
            return f"the signals of its baseline vary {swing:.2g} times as much as the training signals"
        return ""

    def direction(self, x: Floats) -> Floats:
        """The direction of a run's anomalous samples: (2 x channels), not normalised."""
        pulls = self._pulls(x)
        mean = pulls.mean(axis=0)
        return np.concatenate((np.sign(mean) * np.log1p(np.abs(mean)), self._swing(pulls)))

    def _swing(self, pulls: Floats) -> Floats:
        swing = np.maximum(pulls.std(axis=0), 1e-3) / np.maximum(self.usual_, 1e-3)
        return np.asarray(np.log(swing), dtype=np.float64)

    def directions(self, x: Floats) -> list[Floats]:
        """The direction over all of a run's anomalous samples, over their first half, quarter ... of `LEAST` or more.

        A fault looks otherwise while it develops; empty for fewer than `LEAST` samples.
        """
        made, rows = [], x.shape[0]
        while rows >= LEAST:
            made.append(self.direction(x[:rows]))
            rows //= 2
        return made

    def learn(self, name: str, x: Floats) -> Self:
        """Keep the direction of one labelled run's anomalous samples; a fault may have several."""
        self.known_.append((name, self.direction(x)))
        return self

    def rank(self, x: Floats) -> list[tuple[str, float]]:
        """The known faults, the most similar first, each with the cosine to its nearest run."""
        direction = self.direction(x)
        best: dict[str, float] = {}
        for name, known in self.known_:
            best[name] = max(best.get(name, -1.0), float(cosines(direction[None], known[None])[0, 0]))
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def cosines(a: Floats, b: Floats) -> Floats:
    """Of each row of `a` with each of `b`; 0 where a row is nothing."""
    size = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    return np.where(size > 0, np.clip(a @ b.T / np.where(size > 0, size, 1.0), -1.0, 1.0), 0.0)


def _mean(score: Floats) -> Floats:
    return rolling(score[:, None], MEAN)[0][:, 0]
