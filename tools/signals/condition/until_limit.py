"""How long a trend takes to its limit, or why nobody can say."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np

from aitia.core.words import from_epoch
from aitia.tools.signals.condition.words import Limits, TimeToLimit
from aitia.tools.signals.life.trend import LEAST_POINTS, trend_life
from aitia.tools.sources.rows import Floats

LEVEL: Final = 0.8
_FARTHEST: Final = 10.0  # times as long as the trend has been seen: beyond that nothing is said
_HOUR_S: Final = 3600.0


def until_limit(
    t: Floats, y: Floats, onset: float, *, up: bool, limits: Limits | None, now: float
) -> tuple[TimeToLimit | None, str]:
    """The time from `now` until levels `y` at times `t` (epoch s) reach the limit on their side, or why none is given."""
    limit = None if limits is None else (limits.high if up else limits.low)
    if limits is None or limit is None:
        return None, "no limit is known on this side; give one for this point to see how long it takes"
    if t.size < LEAST_POINTS:
        return None, f"{t.size} levels are too few for a trend"
    told = trend_life((t - now) / _HOUR_S, y, limit=limit, level=LEVEL)
    if told.life is None:
        return None, told.why
    seen = (now - onset) / _HOUR_S
    if told.life > _FARTHEST * max(seen, 1e-9):
        return None, f"the limit is farther away than {_FARTHEST:g} times the {seen / 24:.3g} days that the trend has been seen"
    last = float((now - t[-1]) / _HOUR_S)
    hours, low, high = (max(0.0, h - last) for h in (told.life, told.low, told.high))
    ends = np.isfinite(high)
    return TimeToLimit(
        limit=limit, origin=limits.origin, hours=round(hours, 2), low=round(low, 2), high=round(high, 2) if ends else None,
        at=_date(now, hours), earliest=_date(now, low), latest=_date(now, high) if ends else None, shape=told.shape or "past",
    ), ""  # fmt: skip


def _date(now: float, hours: float) -> datetime:
    return from_epoch(now + min(hours, 24 * 36_500.0) * _HOUR_S)
