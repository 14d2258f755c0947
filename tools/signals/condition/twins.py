"""Two instruments of linked assets that show the same water, steam or air: which of them is wrong where they part.

A machine and the one that feeds it often measure the same stream twice. Nobody states it; it shows in the reference, in which
the difference of both is small beside what each of them does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.condition.exchangers import Signal, aspect_of_signal
from aitia.tools.signals.condition.grid import Buckets, bucketed
from aitia.tools.signals.condition.like_flow import Course, Rows
from aitia.tools.signals.condition.words import Point

# By hand.
_TAUGHT: Final = 0.25  # of the data, the first part, in which both show the same
_ALIKE: Final = 0.25  # of the smaller one's own spread: what the difference spreads by at most
_FAR: Final = 4.0  # robust standard deviations of the difference by which they part at least
_LEAST_ROWS: Final = 60
_MOST: Final = 32  # signals on each side
_SAME: Final = frozenset({"temperature", "pressure", "level"})
"""What two places of one stream have in common; flows part and join."""


@dataclass(frozen=True, kw_only=True)
class Parted:
    """A signal and its twin of a linked asset (`asset: point`): by how much they part now, and how that came."""

    point: str
    twin: str
    off: float
    course: Course


def parted(
    own: Mapping[str, Signal], linked: Mapping[str, Signal], *, healthy: tuple[float, float] | None, now: float,
    per_month: float,
) -> Iterator[Parted]:  # fmt: skip
    """Each signal of an asset that parted from its nearest twin."""
    quantity = {n: aspect_of_signal(s) for n, s in {**linked, **own}.items()}
    mine = [n for n in sorted(own) if quantity[n] in _SAME][:_MOST]
    others = [n for n in sorted(linked) if quantity[n] in {quantity[m] for m in mine}][:_MOST]
    if not mine or not others:
        return
    series = {**{n: linked[n] for n in others}, **{n: own[n] for n in mine}}
    grid, _ = bucketed({n: Point(t=s.t, v=s.v) for n, s in series.items()}, now)
    if grid is None:
        return
    rows = Rows(t=grid.t, step=grid.step, healthy=healthy, per_month=per_month)
    for point in (n for n in mine if n in grid.names):
        alike = [n for n in others if quantity[n] == quantity[point] and linked[n].unit == own[point].unit]
        one = _from_nearest(grid, rows, point, [n for n in alike if n in grid.names])
        if one is not None:
            yield one


def _from_nearest(grid: Buckets, rows: Rows, point: str, others: Sequence[str]) -> Parted | None:
    taught = np.zeros(grid.t.size, dtype=bool)
    taught[: int(_TAUGHT * grid.t.size)] = True
    if rows.healthy is not None:
        taught = (grid.t >= rows.healthy[0]) & (grid.t < rows.healthy[1])
    x, best, least = grid.column(point), "", np.inf
    for n in others:
        use = taught & np.isfinite(x) & np.isfinite(grid.column(n))
        if use.sum() < _LEAST_ROWS:
            continue
        own = min(robust(x[use]), robust(grid.column(n)[use]))
        apart = robust(x[use] - grid.column(n)[use])
        if own > 0.0 and apart <= _ALIKE * own and apart < least:
            best, least = n, apart
    course = rows.course(x - grid.column(best)) if best else None
    if course is None or course.times < 1.0 or abs(course.off) < _FAR * least:
        return None
    return Parted(point=point, twin=best, off=course.off, course=course)


def robust(y: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """The standard deviation by the median of absolute deviations."""
    return 1.4826 * float(np.median(np.abs(y - np.median(y))))
