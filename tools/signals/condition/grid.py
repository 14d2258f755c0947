"""The signals of an asset on one grid: medians of buckets, so that a month of minutes costs what a month of ten minutes does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.condition.words import Point
from aitia.tools.sources.rows import Floats, ordered

ROWS: Final = 4500
"""Buckets at most: 6 months in hours, 30 days in ten minutes. By hand: finer tells nothing of what lasts."""
LEAST_SAMPLES: Final = 60  # of a point; with fewer neither noise nor a reference is known
_DAY_S: Final = 86_400.0
_HELD: Final = (
    3.0  # usual intervals of a point for which its last value is held: historians store what has moved
)


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """Medians on equal steps. `x` is (rows, points), NaN where a point has no sample; `t` are the buckets' ends."""

    names: tuple[str, ...]
    t: Floats
    x: Floats
    step: float
    raw: Mapping[str, tuple[Floats, Floats]]  # finite samples in order
    native: Mapping[str, float]  # the usual interval of each point, s

    def column(self, name: str) -> Floats:
        """The medians of one point."""
        return self.x[:, self.names.index(name)]


def bucketed(points: Mapping[str, Point], now: float | None) -> tuple[Buckets | None, dict[str, str]]:
    """The grid up to `now`, and which points are not on it and why. Raises BadInput for times and values of unequal length."""
    raw, why = _finite(points, now)
    if not raw:
        return None, why
    native = {name: float(np.median(np.diff(t))) for name, (t, _) in raw.items()}
    start, end = min(t[0] for t, _ in raw.values()), max(t[-1] for t, _ in raw.values())
    step = _step(max(min(native.values()), (end - start) / ROWS), end - start)
    rows = int((end - start) // step) + 1
    x = np.stack([_medians(t, v, start, step, rows, native[n]) for n, (t, v) in raw.items()], axis=1)
    grid = Buckets(
        names=tuple(raw), t=start + step * np.arange(1, rows + 1), x=x, step=step, raw=raw, native=native
    )
    return grid, why


def _finite(
    points: Mapping[str, Point], now: float | None
) -> tuple[dict[str, tuple[Floats, Floats]], dict[str, str]]:
    raw: dict[str, tuple[Floats, Floats]] = {}
    why: dict[str, str] = {}
    for name in sorted(points):
        t, v = points[name].t, points[name].v
        if len(t) != len(v):
            raise BadInput(f"Give {name!r} as many values as times: it has {len(v)} and {len(t)}.")
        known = np.isfinite(t) & np.isfinite(v) & (np.asarray(t) <= (np.inf if now is None else now))
        if int(known.sum()) < LEAST_SAMPLES:
            why[name] = f"it has {int(known.sum())} samples; {LEAST_SAMPLES} are needed"
            continue
        raw[name] = ordered(np.asarray(t, dtype=np.float64)[known], np.asarray(v, dtype=np.float64)[known])
    return raw, why


def _step(least: float, span: float) -> float:
    """A bucket's length: whole parts of a day where the days are many, so that each day has the same hours."""
    if span < 5 * _DAY_S or least > _DAY_S:
        return least
    parts = (1440, 720, 480, 288, 240, 144, 96, 72, 48, 24, 12, 8, 6, 4, 3, 2, 1)
    return min(_DAY_S / p for p in parts if _DAY_S / p >= 0.999 * least)


def _medians(t: Floats, v: Floats, start: float, step: float, rows: int, native: float) -> Floats:
    """Medians by bucket; an empty one has the value before, for as long as the point is usually silent."""
    place = np.minimum(((t - start) / step).astype(np.int64), rows - 1)
    order = np.lexsort((v, place))
    place, v = place[order], v[order]
    first = np.flatnonzero(np.r_[True, np.diff(place) > 0])
    count = np.diff(np.r_[first, place.size])
    low, high = v[first + (count - 1) // 2], v[first + count // 2]
    found = np.full(rows, np.nan)
    found[place[first]] = 0.5 * (low + high)
    return _held(found, int(np.ceil(_HELD * native / step)))


def _held(found: Floats, most: int) -> Floats:
    known = np.isfinite(found)
    last = np.maximum.accumulate(np.where(known, np.arange(found.size), -1))
    age = np.arange(found.size) - last
    return np.where((last >= 0) & (age <= most), found[np.maximum(last, 0)], np.nan)
