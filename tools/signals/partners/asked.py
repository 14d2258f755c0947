"""Machines that rest though what starts them has long gone where it always started them: a level below its start, a pressure.

Nobody states the control. It shows in the reference: a signal of another component that was nearly the same at every start, and
that never went further while the machine rested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.partners.standstill import resting

# By hand, on the lab's water network; shares of the range that the signal has in the reference.
_STARTS: Final = 4  # in the reference: of fewer, many signals are alike by chance
_SAME: Final = 0.15  # over which the signal is spread at the starts
_EDGE: Final = 0.08  # by which it went further while the machine rested
_BEYOND: Final = 0.15  # by which it is further now
_LEAST: Final = 6  # rows for which it is


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A machine that should run: by which signal, since which row that is beyond, and how far it is now.

    started  the signal's usual value at a start;  now  its value at the end
    """

    component: str
    signal: int
    since: int
    started: float
    now: float


def asked(
    grid: Grid, members: Mapping[str, Sequence[int]], left_out: frozenset[int] = frozenset()
) -> list[Asked]:
    """Every machine that rests though it is asked to run, by the signal that is furthest beyond."""
    found = []
    for component, signals in members.items():
        rests = resting(grid, [k for k in signals if k not in left_out])
        if rests is None or not rests[-1]:
            continue
        starts = np.flatnonzero(rests[: grid.reference - 1] & ~rests[1 : grid.reference])
        if starts.size < _STARTS:
            continue
        others = (k for k in range(grid.x.shape[1]) if k not in signals and k not in left_out)
        ways = [one for k in others if (one := _beyond(grid, component, k, starts, rests))]
        if ways:
            found.append(
                max(ways, key=lambda a: (abs(a.now - a.started) / _range(grid, a.signal), -a.signal))
            )
    return found


def _range(grid: Grid, signal: int) -> float:
    return max(float(np.ptp(grid.x[: grid.reference, signal])), 1e-12)


def _beyond(
    grid: Grid, component: str, signal: int, starts: NDArray[np.intp], rests: NDArray[np.bool_]
) -> Asked | None:
    """Whether this signal starts the machine and now is further than it ever was while the machine rested."""
    n, s = grid.reference, grid.x[:, signal] / _range(grid, signal)
    at, during = s[starts], s[:n][rests[:n]]
    started = float(np.median(at))
    if np.ptp(at) > _SAME:
        return None
    way = -1.0 if started - np.min(during) < np.max(during) - started else 1.0
    edge = float(np.max(way * during))
    if edge - way * started > _EDGE:
        return None
    inside = np.flatnonzero((way * s <= edge + _BEYOND) | ~rests)
    since = int(inside[-1]) + 1 if inside.size else 0
    if since < n or len(s) - since < _LEAST:
        return None
    size = _range(grid, signal)
    return Asked(
        component=component, signal=signal, since=since, started=started * size, now=float(s[-1]) * size
    )
