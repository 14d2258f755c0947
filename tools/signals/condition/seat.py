"""Whether more flows through a valve than at the same position before: its seat no longer shuts, or what is before it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.meaning.words import words_of
from aitia.tools.signals.condition.exchangers import Signal, aspect_of_signal
from aitia.tools.signals.condition.grid import bucketed
from aitia.tools.signals.condition.like_flow import Course, Rows
from aitia.tools.signals.condition.words import Point

_VALVE: Final = frozenset({"valve", "valves", "ventil", "klappe", "schieber", "valvula", "damper"})
# By hand.
_MORE: Final = 0.08  # of the valve's own largest flow, at least
_AS_IT_WAS: Final = 0.03  # to each side
_ANY: Final = (-np.inf, np.inf)  # what a position does to the flow is the valve's own


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A valve's flow at like position, in shares of its largest flow (`course.off`)."""

    flow: str
    position: str
    course: Course

    @property
    def passes(self) -> bool:
        """Whether more flows than at the same position before."""
        return self.course.times >= 1.0 and self.course.off >= _MORE

    @property
    def as_it_was(self) -> bool:
        """Whether as much does."""
        return self.course.as_it_was(_AS_IT_WAS)


def is_valve(*texts: str) -> bool:
    """Whether a name or description calls something a valve."""
    return any(_VALVE & {*words_of(text), *words_of(text, _VALVE.__contains__)} for text in texts)


def seat(
    signals: Mapping[str, Signal], *, healthy: tuple[float, float] | None, now: float, per_month: float
) -> Seat | None:
    """The flow of a valve at like position by its own signals; None where it has not one of each."""
    of = {n: aspect_of_signal(s) for n, s in sorted(signals.items())}
    flows = [n for n in of if of[n] == "flow"]
    positions = [n for n in of if of[n] == "position"]
    if len(flows) != 1 or len(positions) != 1:
        return None
    names = (flows[0], positions[0])
    grid, why = bucketed({n: Point(t=signals[n].t, v=signals[n].v) for n in names}, now)
    if grid is None or why:
        return None
    flow, place = grid.column(names[0]), grid.column(names[1])
    known = np.isfinite(flow) & np.isfinite(place)
    if not known.any() or (largest := float(np.quantile(np.abs(flow[known]), 0.98))) <= 0.0:
        return None
    way = np.where(known, place / max(float(np.ptp(place[known])), 1e-9), np.nan)
    y = np.where(known, flow / largest, np.nan)
    rows = Rows(t=grid.t, step=grid.step, healthy=healthy, per_month=per_month)
    course = rows.course(y, [way, way**2], powers=_ANY)
    return Seat(flow=names[0], position=names[1], course=course) if course is not None else None
