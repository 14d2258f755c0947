"""Remaining life by a fleet that ran to failure: boosted trees on rolling statistics, with conformal intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.learned.conformal import Band
from aitia.tools.signals.learned.trees import Trees
from aitia.tools.signals.life import rolling
from aitia.tools.signals.life.histories import History
from aitia.tools.signals.life.paths import Paths
from aitia.tools.signals.life.regimes import Regimes
from aitia.tools.sources.rows import Floats

FOLDS: Final = 5
MEMBERS: Final = 3
LEAST_MACHINES: Final = 10
MOST_ROWS: Final = 20_000  # that trees are fitted on; neighbouring rows of one machine say nearly the same
STRIDE: Final = 3
CAP_SHARE: Final = (
    0.625  # of the median life: the 125 cycles that are usual for C-MAPSS FD001 (Heimes 2008), not fitted
)
# Fitted as by Friedman (2002); chosen on engines 1-50 of C-MAPSS FD001, 5-fold.
BOOSTING: Final[dict[str, Any]] = {
    "n_estimators": 300, "learning_rate": 0.05, "max_depth": 4, "subsample": 0.5, "max_features": 0.2,
    "min_samples_leaf": 10,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """How histories become features, learned from the training fleet."""

    sensors: tuple[str, ...]  # those that vary
    setting_names: tuple[str, ...]
    regimes: Regimes
    levels: tuple[int, ...]
    slopes: tuple[int, ...]
    cap: float

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """(sensor, statistic) of each feature."""
        return rolling.names(self.sensors, levels=self.levels, slopes=self.slopes)

    def features(self, history: History) -> Floats:
        """Shape (rows, features). Raises BadInput where the machine lacks a sensor or a setting of the fleet."""
        lacking = [s for s in self.sensors if s not in history.sensor_names]
        lacking += [s for s in self.setting_names if s not in history.setting_names]
        if lacking:
            raise BadInput(
                f"Machine {history.machine!r} lacks {', '.join(lacking[:5])}. Give it the fleet's columns."
            )
        pick = [history.sensor_names.index(s) for s in self.sensors]
        order = [history.setting_names.index(s) for s in self.setting_names]
        x = self.regimes.standardise(history.settings[:, order], history.sensors[:, pick])
        x = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)  # a sensor that never spoke: as usual
        return rolling.features(history.t, np.clip(x, -50.0, 50.0), levels=self.levels, slopes=self.slopes)

    def smoothed(self, features: Floats) -> Floats:
        """The sensors' levels over a tenth of a life among the features, shape (rows, sensors)."""
        count, block = len(self.sensors), max(len(self.levels) - 2, 0)
        return features[:, block * count : (block + 1) * count]

    def remaining(self, history: History) -> Floats:
        """Time to the last row, at most the cap: what a machine that ran to failure had left."""
        return np.asarray(np.minimum(history.t[-1] - history.t, self.cap), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """A fitted model: the mean of its members is the prediction; errors on machines held out of a fold are the interval."""

    prepared: Prepared
    members: tuple[Trees, ...]
    paths: Paths
    band: Band
    low: Floats  # (features,) the training range
    high: Floats
    machines: int
    error: float  # root mean square, over machines held out, each weighing the same
    life: float = 0.0  # median life of the fleet, 0 if unknown
    step: float = 0.0  # median time between two of its rows, 0 if unknown

    def predict(self, history: History) -> tuple[Floats, Floats, Floats]:
        """Remaining life at each row, and the lower and upper bound; a bound at the cap means "or more"."""
        return self.of_features(self.prepared.features(history))

    def of_features(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """As `predict`, from features."""
        cap = self.prepared.cap
        told = np.clip(np.mean([m.predict(x)[:, 0] for m in self.members], axis=0), 0.0, cap)
        low, high = self.band.interval(told)
        return told, np.clip(low, 0.0, told), np.clip(high, told, cap)

    def contributions(self, x: Floats) -> Floats:
        """What each feature adds to the fleet's mean remaining life, shape (rows, features)."""
        return np.asarray(
            np.mean([m.contributions(x)[:, :, 0] for m in self.members], axis=0), dtype=np.float64
        )

    def unseen(self, x: Floats) -> tuple[str, float]:
        """The sensor whose level is furthest off the fleet's paths to failure at the last row, and how far in limits."""
        off = self.paths.off(self.prepared.smoothed(x[-1:]))[0]
        worst = int(np.argmax(off))
        return self.prepared.sensors[worst], float(off[worst]) / self.paths.limit

    def strange(self, x: Floats) -> Floats:
        """The share of features outside the range of the training fleet, per row."""
        reach = 0.05 * (self.high - self.low)
        return np.asarray(np.mean((x < self.low - reach) | (x > self.high + reach), axis=1), dtype=np.float64)


def prepare(fleet: Sequence[History], *, cap: float | None = None) -> Prepared:
    """Windows, regimes and sensors by a fleet that ran to failure; raises BadInput where it is too small."""
    usable = [h for h in fleet if h.t.size >= 2 * rolling.LEAST_WINDOW]
    if len(usable) < LEAST_MACHINES:
        raise BadInput(
            f"The table has {len(usable)} machines that ran to failure. Give at least {LEAST_MACHINES}, "
            f"with at least {2 * rolling.LEAST_WINDOW} rows each. For a single machine set --indicator "
            "and --limit."
        )
    settings = np.vstack([h.settings for h in usable])
    if not bool(np.all(np.isfinite(settings))):
        raise BadInput("A settings column is empty for a machine. Fill it in.")
    sensors = np.vstack([h.sensors for h in usable])
    spoken = np.flatnonzero(np.isfinite(sensors).any(axis=0))
    vary = [int(j) for j in spoken if np.nanmax(sensors[:, j]) > np.nanmin(sensors[:, j])]
    if not vary:
        raise BadInput("Every column of the fleet is constant or empty. Give sensors that vary.")
    rows = float(np.median([h.t.size for h in usable]))
    life = float(np.median([h.t[-1] - h.t[0] for h in usable]))
    return Prepared(
        sensors=tuple(usable[0].sensor_names[j] for j in vary),
        setting_names=usable[0].setting_names,
        regimes=Regimes.fit(settings, sensors[:, vary]),
        levels=rolling.windows(rows, rolling.LEVELS),
        slopes=rolling.windows(rows, rolling.SLOPES),
        cap=CAP_SHARE * life if cap is None else cap,
    )


def fit(fleet: Sequence[History], *, cap: float | None = None, level: float = 0.9, seed: int = 0) -> Fleet:
    """A model from machines that ran to failure; needs scikit-learn (`learn`).

    Every machine weighs the same, however long it lived. Raises BadInput for too few machines or no varying sensor.
    """
    prepared = prepare(fleet, cap=cap)
    usable = [h for h in fleet if h.t.size >= 2 * rolling.LEAST_WINDOW]
    stride = max(STRIDE, -(-sum(h.t.size for h in usable) // MOST_ROWS))
    # Counted from the failure, so that the last row, where it matters most, is always in.
    taken = [np.arange(h.t.size - 1, -1, -stride)[::-1] for h in usable]
    x = [prepared.features(h)[rows] for h, rows in zip(usable, taken, strict=True)]
    y = [prepared.remaining(h)[rows] for h, rows in zip(usable, taken, strict=True)]
    folds = np.arange(len(usable)) % FOLDS
    fold = np.random.default_rng(seed).permutation(folds)
    told = [np.zeros(0)] * len(usable)
    for f in range(FOLDS):
        kept = [n for n in range(len(usable)) if fold[n] != f]
        other = boosted([x[n] for n in kept], [y[n] for n in kept], seed=seed)
        for n in np.flatnonzero(fold == f):
            told[n] = np.clip(other.predict(x[n])[:, 0], 0.0, prepared.cap)
    weight = np.concatenate([np.full(len(own), 1.0 / len(own)) for own in y])
    band = Band.fit(np.concatenate(told), np.concatenate(y), weight, groups=len(usable), level=level)
    everything = np.vstack(x)
    squares = [float(np.mean((p - q) ** 2)) for p, q in zip(told, y, strict=True)]
    return Fleet(
        prepared=prepared,
        members=tuple(boosted(x, y, seed=seed + n) for n in range(MEMBERS)),
        paths=Paths.fit([prepared.smoothed(own) for own in x]),
        band=band,
        low=everything.min(axis=0),
        high=everything.max(axis=0),
        machines=len(usable),
        error=float(np.sqrt(np.mean(squares))),
        life=float(np.median([h.t[-1] - h.t[0] for h in usable])),
        step=float(np.median([np.median(np.diff(h.t)) for h in usable])),
    )


def boosted(x: Sequence[Floats], y: Sequence[Floats], *, seed: int) -> Trees:
    """Gradient-boosted trees on the rows of several machines, each machine weighing the same."""
    try:
        from sklearn.ensemble import GradientBoostingRegressor
    except ImportError:
        raise BadInput("Install scikit-learn (pip install '.[learn]') to fit a fleet.") from None
    share = np.concatenate([np.full(len(own), 1.0 / len(own)) for own in y])
    target: NDArray[np.float64] = np.concatenate(y)
    made = GradientBoostingRegressor(**BOOSTING, random_state=seed)
    made.fit(np.vstack(x), target, sample_weight=share / share.mean())
    return Trees.of(
        made.estimators_[:, 0], weight=BOOSTING["learning_rate"], bias=np.ravel(made.init_.constant_)
    )
