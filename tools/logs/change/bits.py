"""What templates do, cell by cell, as bits, and how long the description of a run of cells is (Beta-Bernoulli)."""

from __future__ import annotations

import numpy as np

from aitia.tools.logs.change.events import Events, Floats, Ints


class Bits:
    """One kind of bit of one stream's templates, (rows, cells): equal rows once, with how many templates they stand for.

    `alive` marks the cells in which the stream lives: the others say nothing.
    """

    def __init__(self, rows: Ints, weight: Ints, alive: Ints) -> None:
        from scipy.special import gammaln

        self._rows, self._weight, self._alive = rows, weight, alive
        none = np.zeros((rows.shape[0], 1), dtype=np.int64)
        self._total = np.concatenate([none, np.cumsum(rows, axis=1)], axis=1)
        self._lived = np.concatenate([[0], np.cumsum(alive)])
        share = (self._total[:, -1] + 0.5) / (self._lived[-1] + 1.0)
        steps = np.arange(self._lived[-1] + 1)  # the prior weighs as much as one cell
        self._yes = (gammaln(share[:, None] + steps) - gammaln(share)[:, None]).ravel()
        self._no = (gammaln(1 - share[:, None] + steps) - gammaln(1 - share)[:, None]).ravel()
        self._begin = steps.size * np.arange(rows.shape[0])[:, None]  # of each row in these two
        self._both = weight.sum() * gammaln(1.0 + steps)

    def taken(self, order: Ints) -> Bits:
        """The same bits with their cells in another order, or some of them."""
        return Bits(self._rows[:, order], self._weight, self._alive[order])

    def costs(self, *, rest: bool = False) -> Floats:
        """Description lengths (nats) of every run of cells, or of all other cells."""
        n = self._total.shape[1] - 1
        cost = np.zeros((n + 1, n + 1))
        for b in range(1, n + 1):
            k, lived = self._total[:, b][:, None] - self._total[:, :b], self._lived[b] - self._lived[:b]
            if rest:
                k, lived = self._total[:, -1][:, None] - k, self._lived[-1] - lived
            cost[:b, b] = self._cost(k, lived)
        return cost

    def joint(self, one: tuple[int, int], two: tuple[int, int]) -> float:
        """The description length of two runs of cells that share their probabilities."""
        k = sum(self._total[:, b] - self._total[:, a] for a, b in (one, two))
        lived = sum(self._lived[b] - self._lived[a] for a, b in (one, two))
        return float(self._cost(np.asarray(k)[:, None], np.array([lived]))[0])

    def _cost(self, k: Ints, lived: Ints) -> Floats:
        fit = self._yes[self._begin + k] + self._no[self._begin + (lived - k)]
        return np.asarray(self._both[lived] - self._weight @ fit, dtype=np.float64)


def bits_of(stream: Events, start: float, width: float, cells: int) -> list[Bits]:
    """Whether each template occurs in a cell, and whether more often than in half of its occupied cells."""
    counts = stream.cells(start, start + width * cells, cells).counts
    counts = counts[counts.any(axis=1)]
    if not counts.size:
        return []
    low, high = (int((t - start) / width) for t in (stream.times[0], stream.times[-1]))
    alive = np.zeros(cells, dtype=np.int64)
    alive[max(0, low) : min(cells, high + 1)] = 1
    middle = np.nanmedian(np.where(counts > 0, counts, np.nan), axis=1)
    kinds = (counts > 0, counts > middle[:, None])
    made = []
    for kind in kinds:
        if kind.any():
            rows, weight = np.unique(kind[kind.any(axis=1)], axis=0, return_counts=True)
            made.append(Bits(rows.astype(np.int64), weight, alive))
    return made
