"""What a log held in cells of time that pass for normal, and how unusual each of them is among the others.

Every statistic is symmetric in the cells: which of them came last does not matter. So the rank of a new cell among them
is a p-value wherever cells are exchangeable, whatever the distribution of their counts (conformal prediction; Vovk et
al., 2005).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import numpy as np

from aitia.tools.logs.change.events import Floats, Ints

Statistic = Literal["rare", "surge", "fall"]
STATISTICS: Final[tuple[Statistic, ...]] = ("rare", "surge", "fall")
_HALF: Final = 0.5  # line added to both sides of a ratio of counts

Counts = Mapping[int, int]  # lines by number of a kind


class Cells:
    """Cells, the oldest first, at most `most` of them. A cell maps the kinds that it holds to their numbers of lines.

    `merged` maps kinds onto those that they turned out to be one with (a template's forms); others stand for themselves.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: deque[int] = deque()  # kinds of each cell
        self._kind, self._lines = (
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.int64),
        )  # of all cells, in a row
        self._merged = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, counts: Counts) -> None:
        """Take a cell; the oldest leaves where there are too many."""
        lines = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
        kind, lines = _together(self.of(counts), lines)
        self._sizes.append(kind.size)
        self._kind, self._lines = np.concatenate([self._kind, kind]), np.concatenate([self._lines, lines])
        if len(self) > self._most:
            self.keep_last(self._most)

    def drop_last(self, count: int) -> None:
        """Forget the newest cells."""
        gone = sum(self._sizes.pop() for _ in range(min(count, len(self))))
        self._kind, self._lines = (x[: x.size - gone] for x in (self._kind, self._lines))

    def keep_last(self, count: int) -> None:
        """Forget all but the newest cells."""
        gone = sum(self._sizes.popleft() for _ in range(len(self) - count))
        self._kind, self._lines = self._kind[gone:], self._lines[gone:]

    def merge(self, into: Ints) -> None:
        """Say which kind each kind (by its number) is one with."""
        before = np.arange(into.size)
        before[: self._merged.size] = self._merged
        self._merged = into
        if (into != before).any():
            self._rewrite(self.of(self._kind))

    def renumber(self, new: Ints) -> None:
        """Give every kind the number that stands at its old one; what is one with what has to be said anew."""
        self._merged = np.zeros(0, dtype=np.int64)
        self._rewrite(new[self._kind])

    def _rewrite(self, kind: Ints) -> None:
        """Put other kinds in place of those that are held, each once a cell."""
        rows = int(kind.max(initial=0)) + 1
        pairs, self._lines = _together(self._cell() * rows + kind, self._lines)
        cell, self._kind = np.divmod(pairs, rows)
        self._sizes = deque(np.bincount(cell, minlength=len(self)).tolist())

    def _cell(self) -> Ints:
        """The cell of each kind that is held."""
        return np.repeat(np.arange(len(self)), np.fromiter(self._sizes, dtype=np.int64, count=len(self)))

    def of(self, kinds: Ints | Iterable[int]) -> Ints:
        """What kinds turned out to be one with."""
        found = kinds if isinstance(kinds, np.ndarray) else np.fromiter(kinds, dtype=np.int64)
        known = found < self._merged.size
        return np.where(known, self._merged[np.where(known, found, 0)], found) if self._merged.size else found

    def scores(self) -> dict[Statistic, Floats]:
        """Each cell's statistics (cells,), larger where it is more unusual among all.

        rare   bits of the kinds that it holds, each by the share of cells that hold it; kinds of no other cell weigh
               most, and how many a new cell brings is what Good and Turing estimate by those of the cells before
        surge  log2 of the largest ratio of a kind's lines to its mean
        fall   log2 of the largest ratio of a kind's mean to its lines
        """
        n, kind, (mean, held) = len(self), self._kind, self.means()
        sizes = np.fromiter(self._sizes, dtype=np.int64, count=n)
        some = np.flatnonzero(sizes)
        begin = (np.cumsum(sizes) - sizes)[some]
        rare, rise, drop = np.zeros(n), np.ones(n), np.ones(n)
        if some.size:
            ratio = (self._lines + _HALF) / (mean + _HALF)[kind]
            rare[some] = np.add.reduceat(np.log2((n + 1) / np.maximum(held, 1))[kind], begin)
            rise[some] = np.maximum.reduceat(ratio, begin)
            drop[some] = np.minimum.reduceat(ratio, begin)
        surge, fall = np.log2(np.maximum(rise, 1.0)), -np.log2(np.minimum(drop, 1.0))
        cell = np.repeat(np.arange(n), sizes)
        for row in np.argsort(
            -mean, kind="stable"
        ):  # of the kinds that a cell lacks only the most frequent one matters
            missing = np.log2((mean[row] + _HALF) / _HALF)
            if not (fall < missing).any():
                break
            if held[row] < n:
                lacks = np.ones(n, dtype=bool)
                lacks[cell[kind == row]] = False
                fall[lacks] = np.maximum(fall[lacks], missing)
        return {"rare": rare, "surge": surge, "fall": fall}

    def means(self) -> tuple[Floats, Ints]:
        """Mean lines a cell of each kind, and the number of cells that hold it, by number."""
        kind, lines = self._kind, self._lines
        rows = int(kind.max()) + 1 if kind.size else 0
        return (
            np.bincount(kind, weights=lines, minlength=rows) / max(len(self), 1),
            np.bincount(kind, minlength=rows),
        )


def _together(kinds: Ints, lines: Ints) -> tuple[Ints, Ints]:
    """Each kind once, with all its lines."""
    found, place = np.unique(kinds, return_inverse=True)
    if found.size == kinds.size:
        return kinds, lines
    return found, np.bincount(place, weights=lines).astype(np.int64)
