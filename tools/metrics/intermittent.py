"""What runs a part of the time: its level while it runs, and how much of the time it did; a median over stops says neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.series.derive import Derived
from aitia.tools.sources.rows import Floats

_CARRIED: Final = frozenset({"flow", "power", "electric current", "speed"})
"""Quantities that are near nothing at rest, as the meaning layer says them."""
_REST: Final = 0.1  # of the 99th percentile of a size: below it nothing runs; by hand
_SOME: Final = (
    0.05  # share of the time for which it must have stood, and run, to be one that runs at times; by hand
)
_LEAST: Final = 3  # samples while running that make a level


@dataclass(frozen=True, kw_only=True)
class Runs:
    """Medians while running, in the series' unit (`after` is None where it did not run in the window), and shares of the time."""

    before: float
    after: float | None
    share_before: float
    share_after: float


def runs_of(series: Derived, before: Floats, now: Floats) -> Runs | None:
    """How a series ran before and in the window; None where it is no quantity that rests at nothing, or (almost) never rested."""
    if series.about.say not in _CARRIED or series.peer:
        return None
    past, seen = before[np.isfinite(before)], now[np.isfinite(now)]
    if not past.size or not seen.size:
        return None
    rest = _REST * float(np.percentile(np.abs(past), 99.0))
    ran, runs = np.abs(past) > rest, np.abs(seen) > rest
    share = float(np.mean(ran))
    if not _SOME < share < 1.0 - _SOME or ran.sum() < _LEAST:
        return None
    after = float(np.median(seen[runs])) if runs.sum() >= _LEAST else None
    return Runs(
        before=float(np.median(past[ran])), after=after, share_before=share, share_after=float(np.mean(runs))
    )
