"""What remaining life by a fleet is measured against: random forests, means and lines, and the trend of one machine alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from aitia.tools.signals.life import fleet as fleets
from aitia.tools.signals.life import rolling
from aitia.tools.signals.life.histories import History
from aitia.tools.signals.life.trend import LEAST_POINTS, TrendLife, trend_life
from aitia.tools.sources.rows import Floats

WINDOW: Final = 30
TREES: Final = 100
PEER, SAME = "peer RF", "peer RF on our features"
Point = Callable[[History], float]


def peers(train: Sequence[History], prepared: fleets.Prepared) -> dict[str, Point]:
    """Plain systems fitted on the same engines, each a function of a cut history."""
    from sklearn.ensemble import RandomForestRegressor

    def forest(features: Callable[[History], Floats], stride: int) -> Point:
        rows = [np.arange(h.t.size)[::-stride] for h in train]
        x = np.vstack([features(h)[r] for h, r in zip(train, rows, strict=True)])
        y = np.concatenate([prepared.remaining(h)[r] for h, r in zip(train, rows, strict=True)])
        made = RandomForestRegressor(TREES, min_samples_leaf=5, max_features=1 / 3, random_state=0).fit(x, y)
        return lambda h: float(made.predict(features(h)[-1:])[0])

    def usual(h: History) -> Floats:
        x = _standard(h, prepared)
        mean = rolling.mean(x, WINDOW)
        spread = np.sqrt(np.maximum(rolling.mean(x * x, WINDOW) - mean**2, 0.0))
        return np.hstack([x, mean, spread, rolling.slope(h.t, x, WINDOW), h.t[:, None]])

    left = np.array([float(np.mean(prepared.remaining(h))) for h in train])
    slope, level = np.polyfit(
        np.concatenate([h.t for h in train]), np.concatenate([prepared.remaining(h) for h in train]), 1
    )
    return {
        PEER: forest(usual, 1),
        SAME: forest(prepared.features, fleets.STRIDE),
        "trivial": lambda h: float(np.mean(left)),
        "trivial linear": lambda h: float(np.clip(level + slope * h.t[-1], 0.0, prepared.cap)),
    }


def trend(train: Sequence[History], prepared: fleets.Prepared) -> Callable[[History], TrendLife | None]:
    """A single machine's trend: its indicator (first principal component) up to the level at which the others failed.

    The operator knows indicator and limit; no training engine's course is looked at otherwise. None for a short history.
    """
    window = prepared.levels[-2]
    every = [rolling.mean(_standard(h, prepared), window) for h in train]
    axis = np.linalg.svd(np.vstack(every) - np.vstack(every).mean(axis=0), full_matrices=False)[2][0]
    starts, ends = (np.array([x[k] @ axis for x in every]) for k in (0, -1))
    sign = float(np.sign(np.median(ends) - np.median(starts)))
    limit, error = sign * float(np.median(ends)), 1.4826 * float(np.median(np.abs(ends - np.median(ends))))

    def told(h: History) -> TrendLife | None:
        if h.t.size < LEAST_POINTS:
            return None
        return trend_life(h.t, sign * _standard(h, prepared) @ axis, limit=limit, limit_error=error)

    return told


def _standard(h: History, prepared: fleets.Prepared) -> Floats:
    return prepared.regimes.standardise(
        h.settings, h.sensors[:, [h.sensor_names.index(s) for s in prepared.sensors]]
    )
