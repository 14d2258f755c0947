"""A place that more flows into and that holds less: a leak, or a load that nobody measures.

What one leak takes is less than what demand does from hour to hour, so that no single signal proves it. It shows over hours, on
both sides of the balance: in the place a pressure, a level or a voltage is lower than all other signals tell, and what goes into
it is more (or what feeds it empties), up to the end: what others take in passing ends.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.expect import SPAN, Expectations

HOURS: Final = 3 * SPAN  # rows over which residuals are averaged
# Times the limit, by hand, on the lab's water network: healthy days reach 0.8 on the lower side.
_EACH: Final = 1.0  # of both sides
_TOGETHER: Final = 2.4  # of their sum
_FURTHER: Final = 1.3  # times as plainly as in any other place


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place: the signals that say how much it holds, those of what flows into it, those of the stores that feed it."""

    component: str
    held: tuple[int, ...]
    inflow: tuple[int, ...]
    stores: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Losing:
    """A place that loses: the signal that says that it holds less, and the one that says that more goes in, in limits.

    stored  the second one is of a store that feeds it and that empties
    """

    place: Place
    held: int
    supply: int
    stored: bool
    less: float
    more: float
    sizes: tuple[float, float]
    since: int


def loses(told: Expectations, places: Sequence[Place], left_out: Collection[int] = ()) -> Losing | None:
    """The one place that loses; None where there is none. `told` averages over `HOURS`."""
    n = told.grid.reference
    if len(told.grid.t) - n < told.span:
        return None
    now = {
        k: told.residual(k, left_out)
        for k in {s for p in places for s in (*p.held, *p.inflow, *p.stores)} - set(left_out)
        if told.moves[k]
    }
    last = {k: float(r[-1]) for k, r in now.items()}
    found = [one for p in places if (one := _of(told, p, last))]
    found.sort(key=lambda one: (-(one.less + one.more), one.place.component))
    if not found or found[0].less + found[0].more < _TOGETHER:
        return None
    second = found[1].less + found[1].more if len(found) > 1 else 0.0
    return found[0] if found[0].less + found[0].more >= _FURTHER * second else None


def _of(told: Expectations, place: Place, last: dict[int, float]) -> Losing | None:
    """Both sides of the balance at the end; None where one of them says nothing."""
    held = min((k for k in place.held if k in last), key=lambda k: (last[k], k), default=None)
    ways = [(last[k], k, False) for k in place.inflow if k in last]
    ways += [(-last[k], k, True) for k in place.stores if k in last]
    if held is None or not ways:
        return None
    more, supply, stored = max(ways, key=lambda way: (way[0], -way[1]))
    if -last[held] < _EACH or more < _EACH:
        return None
    end = len(told.grid.t) - told.grid.reference - 1
    sizes = tuple(abs(told.size(k, last[k], end)) for k in (held, supply))
    inside = np.flatnonzero(told.residual(held) > -_EACH)
    since = told.grid.reference + max(0, (int(inside[-1]) if inside.size else 0) - told.span // 2)
    return Losing(
        place=place, held=held, supply=supply, stored=stored, less=-last[held], more=more, sizes=(sizes[0], sizes[1]), since=since
    )  # fmt: skip
