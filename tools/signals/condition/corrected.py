"""Each point as it would be in the usual way of running: what speed, load, set points and surroundings make of it is taken away.

y(t) = trend(t) + b.f(drivers, hour) + rest, ridge on b (Hoerl and Kennedy, Technometrics 12, 1970), Huber weights (Huber,
Ann. Math. Stat. 35, 1964). The trend is a chain of straight lines that is fitted beside the drivers, so that a slow fault is
not charged to a season, nor the season to it; what is returned keeps the trend and drops the drivers' part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.condition.running import Mask
from aitia.tools.sources.rows import Floats

KNOTS: Final = 10  # of the trend's chain of lines
_PENALTY: Final = 1e-3  # of squared coefficients, a row
_STEADY: Final = 2e-2  # the same of steps of the trend: a season is the weather's before it is a fault
_HUBER: Final = 2.0  # robust standard deviations from which on a row counts less
_ROUNDS: Final = 4
_LAGS_S: Final = (3 * 3600.0, 24 * 3600.0)  # time constants of large masses: by hand, machines and tanks
_MOST_DRIVERS: Final = 8
_CLASSES: Final = 6  # a driver of at most so many levels is one of classes, each with its own level
_HOUR: Final = 0.05  # scale of the hours' columns: what weather or load explains they must not, or seasons stay unexplained
_DAY_S: Final = 86_400.0


def features(drivers: Sequence[Floats], t: Floats, step: float) -> Floats:
    """What is made of the drivers, (rows, features): level, bends at its thirds, its past, products of pairs, the hour."""
    made: list[Floats] = []
    levels: list[Floats] = []
    for v in drivers[:_MOST_DRIVERS]:
        z = _scaled(v)
        if z is None:
            continue
        classes = np.unique(np.round(z, 6))
        if classes.size <= _CLASSES:
            made += [np.asarray(np.isclose(z, c), dtype=np.float64) for c in classes[1:]]
        else:
            made += [z, *(np.maximum(z - q, 0.0) for q in np.quantile(z, (1 / 3, 2 / 3)))]
        made += [_smoothed(z, lag / step) for lag in _LAGS_S if 2 * step < lag < 0.1 * (t[-1] - t[0])]
        levels.append(z)
    made += [a * b for i, a in enumerate(levels[:4]) for b in levels[i + 1 : 4]]
    return np.stack([*made, *_hours(t, step)], axis=1) if made or _hours(t, step) else np.empty((t.size, 0))


def _scaled(v: Floats) -> Floats | None:
    known = v[np.isfinite(v)]
    low, middle, high = np.percentile(known, (5.0, 50.0, 95.0))
    width = float(high - low) or float(np.std(known))
    if width <= 0.0:
        return None
    place = np.maximum.accumulate(np.where(np.isfinite(v), np.arange(v.size), int(np.argmax(np.isfinite(v)))))
    return np.asarray(np.clip((v[place] - middle) / (0.5 * width), -4.0, 4.0), dtype=np.float64)


def _smoothed(z: Floats, rows: float) -> Floats:
    """A first-order lag of so many rows."""
    from scipy.signal import lfilter

    share = 1.0 - float(np.exp(-1.0 / rows))
    return np.asarray(lfilter([share], [1.0, share - 1.0], z - z[0]) + z[0], dtype=np.float64)


def _hours(t: Floats, step: float) -> list[Floats]:
    """Sines and cosines of the hour of the day, where whole days are seen."""
    if t[-1] - t[0] < 4 * _DAY_S or step > _DAY_S / 6:
        return []
    angle = 2 * np.pi * (t % _DAY_S) / _DAY_S
    return [_HOUR * f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)]


def _chain(t: Floats) -> Floats:
    """Hat functions over the knots: any chain of straight lines is a sum of them."""
    place = (t - t[0]) / max(t[-1] - t[0], 1e-9) * (KNOTS - 1)
    return np.asarray(
        np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(KNOTS)[None, :])), dtype=np.float64
    )


def corrected(y: Floats, f: Floats, t: Floats, rows: Mask, typical: Mask) -> Floats:
    """The point in the usual way of running, which the `typical` rows show; NaN outside `rows`."""
    use = rows & np.isfinite(y)
    out = np.where(use, y, np.nan)
    if not f.shape[1] or use.sum() < 4 * KNOTS + 2 * f.shape[1]:
        return out
    effect = f @ _fitted(y[use], f[use], _chain(t)[use])
    usual = typical & use if (typical & use).sum() >= 10 else use
    return np.asarray(out - effect + np.median(effect[usual]), dtype=np.float64)


def _fitted(y: Floats, f: Floats, chain: Floats) -> Floats:
    """The drivers' coefficients."""
    design = np.hstack([chain, f])
    penalty = np.diag(np.r_[np.full(KNOTS, 1e-9), np.full(f.shape[1], _PENALTY)])
    bends = np.diff(np.eye(KNOTS), axis=0)
    penalty[:KNOTS, :KNOTS] += _STEADY * bends.T @ bends
    penalty *= len(y)
    weight = np.ones(len(y))
    solution = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        heavy = design * weight[:, None]
        solution = np.linalg.solve(heavy.T @ design + penalty, heavy.T @ y)
        off = np.abs(y - design @ solution)
        spread = 1.4826 * float(np.median(off))
        if spread <= 0.0:
            break
        weight = np.minimum(1.0, _HUBER * spread / np.maximum(off, 1e-300))
    return np.asarray(solution[KNOTS:], dtype=np.float64)


def blocks(t: Floats, c: Floats, size: int) -> tuple[Floats, Floats]:
    """Middle times and medians of blocks of `size` buckets, (blocks, points); NaN with less than a fifth of the buckets known."""
    count = -(-t.size // size)
    padded = np.full((count * size, c.shape[1]), np.nan)
    padded[: t.size] = c
    table = padded.reshape(count, size, c.shape[1])
    known = np.isfinite(table).sum(axis=1)
    ranked = np.sort(table, axis=1)  # NaN last
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    middle = np.where(known >= max(1, int(0.2 * size)), 0.5 * (_at(ranked, low) + _at(ranked, high)), np.nan)
    return t[0] + (t[1] - t[0]) * (np.arange(count) + 0.5) * size, np.asarray(middle, dtype=np.float64)


def _at(ranked: Floats, place: NDArray[np.int64]) -> Floats:
    """Of each block and point the value at its place in the order."""
    found = np.take_along_axis(ranked, np.minimum(place, ranked.shape[1] - 1)[:, None, :], axis=1)
    return np.asarray(found[:, 0, :], dtype=np.float64)
