"""A sequential test of whether what comes is still exchangeable with what came before.

The conformal p-value of each new cell is bet on; the Shiryaev-Roberts sum of the bets' products, an e-detector (Shin,
Ramdas and Rinaldo, 2024), passes a limit of A at most once in A cells on average as long as nothing changes.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.logs.change.events import Floats

TOP: Final = 4  # a cell among the top 2^-4 speaks for a change, any other against it
_KEPT: Final = 2048  # bets that are remembered to date the change
_LEVEL: Final = 0.95


@dataclass(frozen=True, kw_only=True)
class Begun:
    """How many cells before the end the change began: likeliest, and the ends of the 95 % credible interval."""

    likeliest: int
    earliest: int
    latest: int


class Detector:
    """The evidence (a plain factor) for a change of one statistic, cell by cell."""

    def __init__(self) -> None:
        self.value = 0.0
        self._bets: deque[float] = deque(maxlen=_KEPT)

    def take(self, p: float, cells: int) -> float:
        """Bet on a cell's p-value among `cells` cells, it included; the evidence after it."""
        won = bet(p, cells)
        self.value = min((self.value + 1.0) * won, 1e300)
        self._bets.append(math.log(won))
        return self.value

    def begun(self) -> Begun:
        """When the change began: the products of the bets since each cell are its posterior weights."""
        since = np.cumsum(np.array(self._bets)[::-1])
        weight = np.exp(since - since.max())
        share = np.cumsum(weight) / weight.sum()  # from the latest backwards
        tail = (1 - _LEVEL) / 2
        back = int(np.argmax(weight)) + 1
        late, early = (int(np.searchsorted(share, q)) + 1 for q in (tail, 1 - tail))
        return Begun(likeliest=back, earliest=max(early, back), latest=min(late, back))


def rank_p(scores: Floats) -> float:
    """p-value of the last score: the share of all that are at least as large."""
    return float((scores >= scores[-1]).mean())


def excess(scores: Floats) -> float:
    """By which factor the evidence in cells that pass for normal, taken in their order, exceeds what chance would give.

    Cells that go on alike for a while (bursts, hours of the day) are not exchangeable; this is what that costs.
    """
    n = scores.size
    ranks = (n - np.searchsorted(np.sort(scores), scores, side="left")) / n
    detector = Detector()
    return max(1.0, max((detector.take(float(p), n) for p in ranks), default=0.0) / n)


def bet(p: float, cells: int) -> float:
    """What a p-value that is one of 1/cells, 2/cells, … wins; at most 1 on average where it is uniform.

    A mixture of bets that all is well and that p is below 2^-4, 2^-5 and so on.
    """
    deepest = int(math.log2(cells)) if cells >= 2**TOP else 0
    depths = [0, *range(TOP, deepest + 1)]
    return float(sum(2.0**d for d in depths if p <= 2.0**-d)) / len(depths)


def reachable(cells: int) -> float:
    """The most evidence that a change can give after `cells` cells of normal: every cell since then is the most unusual."""
    value = best = 0.0
    for j in range(1, cells + 1):
        value = (value + 1.0) * bet(j / (cells + j), cells + j)
        if value <= best:
            break
        best = value
    return best


def least_cells(limit: float) -> int:
    """The fewest cells of normal after which the evidence can pass a limit."""
    low, high = 1, 2
    while reachable(high) <= limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reachable(middle) > limit else (middle, high)
    return high
