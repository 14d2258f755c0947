"""When a whole plant is disturbed: gaps of the recording, and starts, stops and changeovers of any of its machines.

What one signal shows there is no fault of its instrument: it has company, or nobody saw how it came there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats, ordered

# By hand.
_GAP: Final = 3.0  # usual intervals of all samples together
_GAP_RARE: Final = (
    2.0  # times what few of these intervals exceed: of a point that is stored when it moves they differ
)
_FEW: Final = 0.99
_LEAST: Final = 60  # samples of a point whose jumps are looked at
_JUMP: Final = 4.0  # times what nine of ten moves of a point stay below
_OUTLYING: Final = 0.998  # of a point's moves: one that jumps often tells no start
_STATES: Final = 3  # whole values at most of a running flag or a mode
_SELDOM: Final = 0.1  # of the time, within reach of its changes: a flag that changes more often tells nothing
_TOGETHER: Final = 3  # points that jump at once
REACH: Final = 6  # samples on each side that such a time explains


def upsets(series: Iterable[tuple[Floats, Floats]]) -> Floats:
    """Times (epoch s, in order) of all signals of a plant; each series is its times and values, of which NaN are left out."""
    usable = [one for t, v in series if (one := _known(t, v))[0].size >= _LEAST]
    if not usable:
        return np.empty(0)
    found = [gaps(t for t, _ in usable), *(_changed(t, v) for t, v in usable)]
    jumps = [(_jumps(t, v), float(np.median(np.diff(t)))) for t, v in usable]
    places = np.concatenate([at for at, _ in jumps])
    points = np.concatenate([np.full(at.size, k) for k, (at, _) in enumerate(jumps)])
    order = np.argsort(places, kind="stable")
    places, points = places[order], points[order]
    reach = 2.0 * float(np.median([native for _, native in jumps]))
    ends = np.searchsorted(places, places + reach, side="right")
    together = [k for k, end in enumerate(ends) if len(set(points[k : min(end, k + 64)])) >= _TOGETHER]
    found += [places[k : ends[k]] for k in together]
    return np.unique(np.concatenate(found))


def gaps(times: Iterable[Floats]) -> Floats:
    """Both ends of each stretch in which no series has a sample, though together they usually have (epoch s)."""
    at = np.unique(np.concatenate([*times, np.empty(0)]))
    if at.size < _LEAST:
        return np.empty(0)
    apart = np.diff(at)
    least = max(_GAP * float(np.median(apart)), _GAP_RARE * float(np.quantile(apart, _FEW)))
    rows = np.flatnonzero(apart > least)
    return np.sort(np.concatenate([at[rows], at[rows + 1]]))


def disturbed(at: float, native: float, times: Floats) -> bool:
    """Whether a sample at this time is within reach of an upset; `native` is its point's usual interval, s."""
    k = int(np.searchsorted(times, at))
    near = times[max(0, k - 1) : k + 1]
    return bool(near.size and np.min(np.abs(near - at)) <= REACH * native)


def _known(t: Floats, v: Floats) -> tuple[Floats, Floats]:
    t, v = np.asarray(t, dtype=np.float64), np.asarray(v, dtype=np.float64)
    known = np.isfinite(t) & np.isfinite(v)
    return ordered(t[known], v[known])


def is_flag(values: Floats) -> bool:
    """Whether a point is in one of a few states (whole numbers, near one another), as a running flag or a mode is."""
    levels: Floats = np.unique(np.asarray(values, dtype=np.float64))
    return bool(1 < levels.size <= _STATES and np.all(levels == np.round(levels)) and np.ptp(levels) < 10)


def _changed(t: Floats, v: Floats) -> Floats:
    """When a flag changes, of one that seldom does."""
    if not is_flag(v):
        return np.empty(0)
    at = t[1:][np.diff(v) != 0.0]
    reach = 2.0 * REACH * float(np.median(np.diff(t)))
    return at if at.size * reach <= _SELDOM * float(t[-1] - t[0]) else np.empty(0)


def _jumps(t: Floats, v: Floats) -> Floats:
    """When a point moved within a sample as it seldom does."""
    moves = np.abs(np.diff(v))
    least = max(_JUMP * float(np.quantile(moves, 0.9)), float(np.quantile(moves, _OUTLYING)), 1e-12)
    return t[1:][moves >= least]
