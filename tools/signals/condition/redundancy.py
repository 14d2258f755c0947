"""Whether one instrument alone is wrong: without it all other points agree, which no fault of the process does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.running import Mask
from aitia.tools.signals.partners.culprit import APART, WRONG, departure
from aitia.tools.signals.partners.expect import LEAST_REFERENCE, ROWS, Expectations, Grid
from aitia.tools.sources.rows import Floats

LEAST_POINTS: Final = 4  # with fewer there is no telling which one is wrong
_MOST: Final = 64


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the points together tell: the one that departs most, whether it does so alone, and all that depart."""

    point: str
    times: float
    alone: bool
    drifts: bool
    since: float
    departed: tuple[str, ...]


def told_together(
    grid: Buckets, use: Sequence[str], rows: Mask, reference: tuple[float, float]
) -> Told | None:
    """The departure that the points' own company shows; None where there is none, or too little to tell by."""
    inside = rows & (grid.t >= reference[0]) & (grid.t < reference[1])
    names = [n for n in use if _moves(grid.column(n)[inside])][:_MOST]
    if len(names) < LEAST_POINTS:
        return None
    made = _grid(grid, names, rows, reference)
    if made is None:
        return None
    expected = Expectations(made)
    left = departure(expected, names, lambda n: frozenset({n}), lambda n: "")
    if left is None:
        return None
    departs = expected.departures
    departed = tuple(names[int(k)] for k in np.argsort(-np.abs(departs)) if abs(departs[k]) >= APART)
    return Told(
        point=names[left.signal], times=abs(left.times), alone=left.alone and abs(left.times) >= WRONG * left.strange**2,
        drifts=left.drifts, since=float(made.t[left.since]), departed=departed,
    )  # fmt: skip


def _moves(v: Floats) -> bool:
    known = v[np.isfinite(v)]
    return bool(
        known.size >= LEAST_REFERENCE and np.std(known) > 1e-9 * max(1.0, abs(float(np.median(known))))
    )


def _grid(grid: Buckets, names: Sequence[str], rows: Mask, reference: tuple[float, float]) -> Grid | None:
    """Rows of the reference first, then those after it; as many at most as the regressions are made for."""
    x = np.stack([grid.column(n) for n in names], axis=1)
    x = _filled(x)
    inside = rows & (grid.t >= reference[0]) & (grid.t < reference[1])
    after = rows & (grid.t >= reference[1])
    size = max(1, (int(inside.sum()) + int(after.sum())) // ROWS)
    parts = [_averaged(grid.t[m], x[m], size) for m in (inside, after)]
    if len(parts[0][0]) < LEAST_REFERENCE or len(parts[1][0]) < 12:
        return None
    return Grid(
        t=np.concatenate([t for t, _ in parts]),
        x=np.vstack([x for _, x in parts]),
        reference=len(parts[0][0]),
    )


def _averaged(t: Floats, x: Floats, size: int) -> tuple[Floats, Floats]:
    count = len(t) // size
    return (
        t[: count * size].reshape(count, size).mean(axis=1),
        x[: count * size].reshape(count, size, x.shape[1]).mean(axis=1),
    )


def _filled(x: Floats) -> Floats:
    known = np.isfinite(x)
    place = np.maximum.accumulate(np.where(known, np.arange(len(x))[:, None], -1), axis=0)
    first = np.argmax(known, axis=0)
    place = np.where(place < 0, first[None, :], place)
    return np.asarray(np.nan_to_num(np.take_along_axis(x, place, axis=0)), dtype=np.float64)


def witnessed(levels: Floats, names: Sequence[str], rows: Mask) -> dict[str, float]:
    """The share of each point's own fluctuation, apart from how the asset is run, that the others see: R² on rows not taught.

    `levels` are (buckets, points), corrected; `rows` those of the reference.
    """
    x = levels[rows]
    x = x[:, np.isfinite(x).mean(axis=0) > 0.5] if len(x) else x
    kept = (
        [n for n, ok in zip(names, np.isfinite(levels[rows]).mean(axis=0) > 0.5, strict=True) if ok]
        if len(x)
        else []
    )
    x = x[np.isfinite(x).all(axis=1)] if len(kept) else x
    if len(kept) < 2 or len(x) < 4 * len(kept) + 20:
        return {}
    x = x - _running_mean(x)
    z = x / np.maximum(np.std(x, axis=0), 1e-12)
    half = len(z) // 2
    return {n: _seen_by_others(z, k, half) for k, n in enumerate(kept)}


def _running_mean(x: Floats) -> Floats:
    size = min(41, max(3, len(x) // 8))
    summed = np.cumsum(np.vstack([np.zeros((1, x.shape[1])), x]), axis=0)
    low = np.maximum(0, np.arange(len(x)) - size // 2)
    high = np.minimum(len(x), np.arange(len(x)) + size // 2 + 1)
    return np.asarray((summed[high] - summed[low]) / (high - low)[:, None], dtype=np.float64)


def _seen_by_others(z: Floats, k: int, half: int) -> float:
    others = np.delete(z, k, axis=1)
    whole = others[:half].T @ others[:half] + 3.0 * np.eye(others.shape[1])
    told = others[half:] @ np.linalg.solve(whole, others[:half].T @ z[:half, k])
    spread = float(np.var(z[half:, k]))
    return max(0.0, 1.0 - float(np.mean((z[half:, k] - told) ** 2)) / spread) if spread > 0 else 0.0
