"""Conformal p-values (Vovk et al. 2005): where a score stands among those of held-out normal sessions."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any


class Ranks:
    """The scores of n normal sessions, of which only those above 0 are kept. 0 stands for "nothing wrong"."""

    def __init__(self, scores: Iterable[float] = ()) -> None:
        counted = Counter(scores)
        self.n = counted.total()
        self._scores = sorted(s for s in counted if s > 0)
        self._above: list[int] = []
        total = 0
        for score in reversed(self._scores):
            total += counted[score]
            self._above.append(total)
        self._above.reverse()

    @property
    def positive(self) -> int:
        """How many normal sessions have anything wrong."""
        return self._above[0] if self._above else 0

    def at_least(self, score: float) -> int:
        """How many normal sessions score as high or higher."""
        if score <= 0:
            return self.n
        i = bisect_left(self._scores, score)
        return self._above[i] if i < len(self._above) else 0

    def p(self, score: float) -> float:
        """The share of normal sessions that score so high, the session itself counted as one of them."""
        return (1 + self.at_least(score)) / (self.n + 1)

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"n": self.n, "scores": self._scores, "above": self._above}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Ranks:
        """From a `state()`."""
        made = cls()
        made.n = int(state["n"])
        made._scores = [float(s) for s in state["scores"]]
        made._above = [int(k) for k in state["above"]]
        return made
