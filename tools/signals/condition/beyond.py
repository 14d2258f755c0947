"""A departure that only an unusual way of running makes: what is taken away for it was never seen, the reading shows none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from aitia.tools.signals.condition.departing import Left
from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.running import Mask

# By hand.
_BEYOND: Final = 0.1  # of a driver's range in the reference, by which it now lies outside
_SHOWS: Final = 0.25  # of a departure that the reading itself shows, or it is the correction's
_RECENT: Final = 0.25  # of the time since the onset: now
_LEAST: Final = 12  # buckets of each


class Moved(NamedTuple):
    """Flows that left, and what may only have followed them along the machine's curve."""

    flows: tuple[str, ...]
    along: tuple[str, ...]


def curve_moved(gone: Mapping[str, Left], quantities: Mapping[str, str]) -> Moved | None:
    """Where a flow left with a pressure the other way, or with current or power the same way, as along a pump's or fan's curve.

    Whether they only followed it their relation to the flow tells.
    """
    flows = sorted((n for n in gone if quantities[n] == "flow"), key=lambda n: (-gone[n].times, n))
    if not flows:
        return None
    up = gone[flows[0]].now > gone[flows[0]].before
    along = [
        n
        for n, one in gone.items()
        if quantities[n] in (_AGAINST if (one.now > one.before) != up else _WITH) and n not in flows
    ]
    return Moved(tuple(flows[:1]), tuple(sorted(along))) if along else None


_AGAINST: Final = frozenset({"pressure"})
_WITH: Final = frozenset({"current", "power", "torque"})


def extrapolated(
    grid: Buckets,
    drivers: Sequence[str],
    settled: Mask,
    name: str,
    left: Left,
    *,
    since: float,
    reference: tuple[float, float],
) -> bool:
    """Whether a point's corrected level left while its reading did not, in a way of running outside the reference's.

    `since` and `reference` in epoch s. Of a driver the others say how it is run.
    """
    before = settled & (grid.t >= reference[0]) & (grid.t < reference[1])
    now = settled & (grid.t >= grid.t[-1] - _RECENT * (grid.t[-1] - since)) & (grid.t >= reference[1])
    v = grid.column(name)
    was, reads = v[before & np.isfinite(v)], v[now & np.isfinite(v)]
    if was.size < _LEAST or reads.size < _LEAST:
        return False
    moved, told = float(np.median(reads) - np.median(was)), left.now - left.before
    if moved * np.sign(told) > _SHOWS * abs(told):
        return False
    return any(_outside(grid, d, before, now) for d in drivers if d != name)


def _outside(grid: Buckets, driver: str, before: Mask, now: Mask) -> bool:
    v = grid.column(driver)
    was, reads = v[before & np.isfinite(v)], v[now & np.isfinite(v)]
    if was.size < _LEAST or reads.size < _LEAST:
        return False
    low, high = np.quantile(was, (0.01, 0.99))
    margin, level = _BEYOND * float(high - low), float(np.median(reads))
    return bool(level > high + margin or level < low - margin)
