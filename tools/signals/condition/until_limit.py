"""How long a trend takes to its limit, or why nobody can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from aitia.core.words import from_epoch
from aitia.tools.signals.condition.degradation import crossing
from aitia.tools.signals.condition.departing import Left
from aitia.tools.signals.condition.words import Limits, TimeToLimit
from aitia.tools.sources.rows import Floats

LEVEL: Final = 0.8
_HARD: Final = 0.75  # quantile over shifts of what running hard makes of a point: fitted, see docs/fitted.md
_SOONER: Final = 0.82  # of what the fit says: growth quickens and loads rise more often than not; fitted, see docs/fitted.md
_UNFORESEEN: Final = (
    2.4  # times: pauses, cleanings and bends that no fit foresees; fitted for 80 %, see docs/fitted.md
)
_FARTHEST: Final = 10.0  # times as long as the trend has been seen: beyond that nothing is said
_HOUR_S: Final = 3600.0
_LONGEST_H: Final = 24.0 * 36_500.0


@dataclass(frozen=True, kw_only=True)
class Heavy:
    """What running hard makes of a point, over and under its usual level: a factor, or degrees where nought is no nothing."""

    over: float
    under: float
    factor: bool

    def usual_at(self, limit: float, *, up: bool) -> float:
        """The usual level at which the point reaches a limit where it is run hardest in that direction."""
        apart = self.over if up else self.under
        return limit / apart if self.factor else limit - apart


def heavy_of(raw: Floats, level: Floats, rows: int, *, factor: bool) -> Heavy:
    """From medians over a shift (`rows` buckets) of raw and corrected levels: how far they are apart where it is run hard."""
    known = np.isfinite(raw) & np.isfinite(level)
    count = int(known.sum()) // max(1, rows)
    none = Heavy(over=1.0 if factor else 0.0, under=1.0 if factor else 0.0, factor=factor)
    if count < 10 or (factor and float(np.min(level[known])) <= 0.0):
        return none
    parts = [np.median(x[known][-count * rows :].reshape(count, rows), axis=1) for x in (raw, level)]
    apart = parts[0] / parts[1] if factor else parts[0] - parts[1]
    low, high = (float(q) for q in np.quantile(apart, (1.0 - _HARD, _HARD)))
    return Heavy(over=high, under=low, factor=factor) if not factor or low > 0.0 else none


def until_limit(
    t: Floats, y: Floats, left: Left, *, limits: Limits | None, now: float, heavy: Heavy
) -> tuple[TimeToLimit | None, str]:
    """The time from `now` until levels `y` at times `t` (epoch s) reach the limit on their side, or why none is given.

    A limit counts as reached when the asset passes it where it is run hardest (`heavy`), which comes before the usual level does.
    """
    up = left.now > left.before
    limit = None if limits is None else (limits.above(left.now) if up else limits.low)
    if limits is None or limit is None:
        return None, "no limit is known on this side; give one for this point to see how long it takes"
    if (limit > left.before) != up:
        return None, f"its limit of {limit:g} lies on the other side of its usual level"
    usual = heavy.usual_at(limit, up=up)
    if (usual > left.before) != up:
        usual = limit  # where it is run hardest it passes its limit in health: only the usual level tells
    if (left.now >= usual) == up:
        return _told(limits, limit, now, (0.0, 0.0, 0.0), "past"), ""
    step = float(np.median(np.diff(t)))
    found = crossing(
        t, y, onset=float(t[left.k]), error=left.error * step, before=left.before, limit=usual, level=LEVEL
    )
    if found is None:
        return None, "it has grown too little yet to say how fast"
    seen = now - float(t[left.k])
    if found.middle > _FARTHEST * seen:
        return (
            None,
            f"the limit is farther away than {_FARTHEST:g} times the {seen / 86_400:.3g} days that the trend has been seen",
        )
    late = now - float(t[-1])
    middle = _SOONER * found.middle
    ends = (middle, min(found.low, middle / _UNFORESEEN), max(found.high, middle * _UNFORESEEN))
    hours = tuple(max(0.0, (h - late) / _HOUR_S) for h in ends)
    return _told(limits, limit, now, hours, found.shape), ""


def _told(limits: Limits, limit: float, now: float, hours: tuple[float, ...], shape: str) -> TimeToLimit:
    middle, low, high = hours
    ends = bool(np.isfinite(high))
    return TimeToLimit(
        limit=limit, origin=limits.origin, clause=limits.clause,
        hours=round(middle, 2), low=round(low, 2), high=round(high, 2) if ends else None,
        at=_date(now, middle), earliest=_date(now, low), latest=_date(now, high) if ends else None, shape=shape,
    )  # fmt: skip


def _date(now: float, hours: float) -> datetime:
    return from_epoch(now + min(hours, _LONGEST_H) * _HOUR_S)
