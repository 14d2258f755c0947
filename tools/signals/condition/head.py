"""Whether a pump gives less head at like flow and speed than it did: its own curve, H(Q) = n^2 H0 - a Q^2.

Its own pressures and flow tell it, whatever the plant around it does: a worn pump gives less at any flow, a pump that is run
elsewhere on its curve does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.meaning.words import words_of
from aitia.tools.signals.condition.exchangers import Signal, aspect_of_signal
from aitia.tools.signals.condition.grid import bucketed
from aitia.tools.signals.condition.like_flow import Course, Rows, flowing, settled
from aitia.tools.signals.condition.words import Point

# Words, by hand (English, German, Spanish).
_PUMP: Final = frozenset({"pump", "pumps", "pumpe", "pumpen", "bomba"})
_SUCTION: Final = frozenset(
    {"suction", "inlet", "saug", "saugdruck", "saugseitig", "zulauf", "aspiracion", "entrada"}
)
_DISCHARGE: Final = frozenset(
    {"discharge", "outlet", "druckseitig", "forderdruck", "enddruck", "austritt", "descarga", "impulsion", "salida"}
)  # fmt: skip
# By hand.
_LESS: Final = 0.06  # of the head that is lost at least
_AS_IT_WAS: Final = 0.03  # to each side
_STEEP: Final = (-3.0, 0.0)  # d ln H / d (Q / Qn)^2: between steep and flat curves
_AT_LEAST: Final = 0.2  # of the usual head: below it stands or is shut


@dataclass(frozen=True, kw_only=True)
class Head:
    """A pump's head at like flow, by which pressures and flow, and its course."""

    discharge: str
    suction: str
    flow: str
    course: Course

    @property
    def worn(self) -> bool:
        """Whether it gives less than it did."""
        return self.course.times >= 1.0 and self.course.share <= 1.0 - _LESS

    @property
    def as_it_was(self) -> bool:
        """Whether it gives what it did."""
        return self.course.as_it_was(_AS_IT_WAS)


def is_pump(*texts: str) -> bool:
    """Whether a name or description calls something a pump."""
    return any(_PUMP & {*words_of(text), *words_of(text, _PUMP.__contains__)} for text in texts)


def head(
    signals: Mapping[str, Signal], *, healthy: tuple[float, float] | None, now: float, per_month: float
) -> Head | None:
    """The head of a pump by its own signals; None where flow or a discharge pressure is missing, or there are several."""
    of = {n: aspect_of_signal(s) for n, s in signals.items()}
    words = {n: frozenset(words_of(f"{s.said} {n}")) for n, s in signals.items()}
    pressures = [n for n in sorted(signals) if of[n] == "pressure"]
    discharge = [n for n in pressures if words[n] & _DISCHARGE and not words[n] & _SUCTION]
    suction = [n for n in pressures if words[n] & _SUCTION]
    flows = [n for n in sorted(signals) if of[n] == "flow"]
    speeds = [n for n in sorted(signals) if of[n] == "speed"]
    if len(discharge) != 1 or len(flows) != 1 or len(suction) > 1 or len(speeds) > 1:
        return None
    names = [*discharge, *flows, *suction, *speeds]
    grid, why = bucketed({n: Point(t=signals[n].t, v=signals[n].v) for n in names}, now)
    if grid is None or why:
        return None
    rise, flow = grid.column(discharge[0]), grid.column(flows[0])
    if suction and signals[suction[0]].unit == signals[discharge[0]].unit:
        rise = rise - grid.column(suction[0])
    on = flowing(flow) & (rise > 0)
    if not on.any():
        return None
    on = settled(on & (rise >= _AT_LEAST * np.median(rise[on])))
    if not on.any():
        return None
    with np.errstate(all="ignore"):
        y = np.where(on, np.log(np.abs(rise)), np.nan)
        if speeds:  # affinity laws: head by the square of speed, flow by speed
            n = grid.column(speeds[0])
            y = np.where(n > 0, y - 2.0 * np.log(np.abs(n)), np.nan)
            flow = np.where(n > 0, flow / n, np.nan)
        q = np.where(np.isfinite(y), (flow / np.nanmedian(flow[on])) ** 2, np.nan)
        y = np.where(np.isfinite(q), y, np.nan)
    rows = Rows(t=grid.t, step=grid.step, healthy=healthy, per_month=per_month)
    course = rows.course(y, [q], powers=_STEEP)
    if course is None:
        return None
    return Head(discharge=discharge[0], suction="".join(suction), flow=flows[0], course=course)
