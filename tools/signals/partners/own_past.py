"""Signals that left all that they ever were: what nobody else of the plant moves needs no partner to be told.

A flow that a pump keeps, a superheat that a valve keeps: no other signal tells it, so that a regression on partners has wide
limits for it. How far it is from its own past in units of the furthest that an hour or so of that past ever was says it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.expect import SPAN, Grid, averaged

LEFT: Final = 4.0  # times the furthest average of the reference; by hand, on the lab's heat pump
_LAST: Final = 3  # rows at the end, of which most must be beyond
_SAME: Final = 1e-9  # of its level: a signal that never moved is a setting


@dataclass(frozen=True, kw_only=True)
class Left:
    """A signal that is where it never was: how many times as far as ever, by how much in its unit, since which row."""

    signal: int
    times: float
    size: float
    since: int


def left_their_past(grid: Grid, left_out: Collection[int] = ()) -> dict[int, Left]:
    """All signals that are to the end where they never were."""
    found = {}
    for signal in range(grid.x.shape[1]):
        if signal not in left_out and (one := _of(grid, signal)) is not None:
            found[signal] = one
    return found


def _of(grid: Grid, signal: int) -> Left | None:
    n, x = grid.reference, grid.x[:, signal]
    middle = float(np.median(x[:n]))
    if float(np.ptp(x[:n])) <= _SAME * max(1.0, abs(middle)):
        return None
    off = averaged(x - middle)
    furthest = float(np.max(np.abs(off[:n])))
    now = averaged((x - middle)[n:])
    if now.size < SPAN or abs(now[-1]) < LEFT * furthest:
        return None
    beyond = np.sign(now[-1]) * (x - middle)[n:] > furthest
    if not np.median(beyond[-_LAST:]):  # an hour on average, of which the end is as ever: it came back
        return None
    inside = np.flatnonzero(~beyond)
    since = n + (int(inside[-1]) + 1 if inside.size else 0)
    return Left(
        signal=signal, times=float(now[-1] / furthest), size=float(now[-1]), since=min(since, len(x) - 1)
    )
