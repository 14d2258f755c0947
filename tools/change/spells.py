"""In how many spells something stood: a trouble that ended and came back is two, and the first of them is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

LEAST_S: Final = 30.0  # without it, after which a spell is over; by hand
SPACINGS: Final = 6.0  # and so many times the usual spacing within it; by hand


@dataclass(frozen=True, kw_only=True)
class Spells:
    """Epoch seconds: where the last spell begins if there was one before (`again`), and where it ended if it did (`over`)."""

    again: float | None = None
    over: float | None = None

    def values(self) -> dict[str, float]:
        """As values of a fact: `again_since` and `over_since` in epoch seconds."""
        told = {"again_since": self.again, "over_since": self.over}
        return {name: round(at, 1) for name, at in told.items() if at is not None}


def spells(times: Sequence[float], end: float, *, error: float = 0.0) -> Spells:
    """The spells of what was seen at `times` (epoch s, ascending, each within `error` s) and was looked for until `end`."""
    if not times:
        return Spells()
    gaps = [b - a for a, b in pairwise(times)]
    quiet = max(LEAST_S, SPACINGS * median(gaps) if gaps else 0.0) + 2 * error
    last = next((i for i in range(len(gaps) - 1, -1, -1) if gaps[i] > quiet), None)
    return Spells(
        again=None if last is None else times[last + 1],
        over=times[-1] + error if end - times[-1] > quiet else None,
    )
