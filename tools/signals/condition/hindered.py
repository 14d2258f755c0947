"""Whether what flows through an asset loses more pressure in it than it did at the same flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.condition.exchangers import Signal
from aitia.tools.signals.condition.grid import bucketed
from aitia.tools.signals.condition.like_flow import Course, Rows, flowing, settled
from aitia.tools.signals.condition.twins import robust
from aitia.tools.signals.condition.words import Point

# By hand.
_MORE: Final = 0.1  # of the pressure drop, at least
_AS_IT_WAS: Final = 0.06  # to each side
_TAUGHT: Final = 0.4  # of the data, the first part, in which a flow has to tell the pressure drop
_TELLS: Final = 0.7  # of the drop's own spread: what is left of it at like flow, at most
_LEAST_ROWS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Hindered:
    """A differential pressure at like flow: by which flow, and its course."""

    point: str
    flow: str
    course: Course

    @property
    def blocked(self) -> bool:
        """Whether it loses more than it did."""
        return self.course.times >= 1.0 and self.course.share >= 1.0 + _MORE

    @property
    def as_it_was(self) -> bool:
        """Whether it loses what it did."""
        return self.course.as_it_was(_AS_IT_WAS)


def hindered(
    point: str, flows: Sequence[str], signals: Mapping[str, Signal], *, healthy: tuple[float, float] | None, now: float,
    per_month: float,
) -> Hindered | None:  # fmt: skip
    """The pressure drop `point` by the flow that tells it best; None where none does."""
    names = [point, *flows]
    grid, why = bucketed({n: Point(t=signals[n].t, v=signals[n].v) for n in names}, now)
    if grid is None or point in why:
        return None
    drop = grid.column(point)
    best: tuple[float, str] | None = None
    logs = {}
    with np.errstate(all="ignore"):
        for n in (n for n in flows if n not in why):
            flow = grid.column(n)
            on = settled(flowing(flow) & (drop > 0))
            logs[n] = np.where(on, np.log(np.abs(drop)), np.nan), np.where(on, np.log(np.abs(flow)), np.nan)
            use = np.isfinite(logs[n][0])
            use[int(_TAUGHT * use.size) :] = False
            if use.sum() < _LEAST_ROWS:
                continue
            y, f = logs[n][0][use], logs[n][1][use]
            power = float(np.polyfit(f, y, 1)[0]) if np.ptp(f) > 0 else 0.0
            rest = robust(y - power * f)
            if 0.5 < power < 2.5 and rest <= _TELLS * robust(y) and (best is None or rest < best[0]):
                best = rest, n
    if best is None:
        return None
    y, f = logs[best[1]]
    course = Rows(t=grid.t, step=grid.step, healthy=healthy, per_month=per_month).course(y, [f])
    return Hindered(point=point, flow=best[1], course=course) if course is not None else None
