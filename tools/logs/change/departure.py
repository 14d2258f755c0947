"""When do one or several streams, taken together, leave their own normal, without any baseline given?

Each template of each stream tells two bits per cell: whether it occurs, and whether it occurs more often than in half
of its occupied cells. Cells are joined to segments in which these bits keep their probabilities: the exact partition of
least description length (Beta-Bernoulli marginal likelihoods; dynamic programming after Jackson et al., 2005; the
prior's mean is each bit's own share of the whole stream). Volumes that vary by themselves move no bit often.
While a process starts, hardly any segment lasts. Normal is the first one that does, once all streams have begun.
The departure is the run of later segments that most speaks against being normal's (a scan statistic); it ends with the
longest of them, the regime that the stream moved to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.logs.change.events import Events, Floats, Ints

CELLS: Final = 60
LASTING: Final = 1 / 20  # of the cells, and at least three of them
_SCALES: Final = (2 / 3, 5 / 6, 1.0, 5 / 4, 3 / 2)  # of the number of cells: no width is the right one
_LEVEL: Final = 0.05
_ORDERS: Final = 39
_CLOCK: Final = 1e-6  # s, what an epoch in a float can tell


@dataclass(frozen=True, kw_only=True)
class Departure:
    """The interval (epoch s) in which the streams are not as they were: medians over cells of several widths.

    Either end's range is that of the widths that found one. `normal` is the span it was compared with. `open`: it lasts
    to the end of what was read. `bits` are saved by the partition over one in which normal goes on: a size, not a
    probability, since templates go together.
    """

    start: float
    end: float
    start_between: tuple[float, float]
    end_between: tuple[float, float]
    normal: tuple[float, float]
    bits: float
    open: bool
    cell_s: float  # the middle width

    @property
    def onset(self) -> tuple[float, float, float]:
        """Earliest, likeliest and latest beginning: over all widths, and within the cell that it was found in.

        It is when the change began as told from its end, not when an alarm could have been held: for that, `watching`.
        """
        return self.start_between[0], self.start, self.start_between[1] + self.cell_s


@dataclass(frozen=True, kw_only=True)
class _Found:
    start: float
    end: float
    normal: tuple[float, float]
    bits: float


def departure(streams: Sequence[Events], *, cells: int = CELLS) -> Departure | None:
    """The departure of streams (files, nodes, components) from their joint normal; None where most widths find none.

    Streams that are too short to hold 20 cells of time have none.
    """
    if cells < 20:
        raise BadInput("Use at least 20 cells: the normal period must cover several of them.")
    streams = [s for s in streams if s.times.size]
    if not streams:
        return None
    start, end = extent(streams)
    if not (np.isfinite(start) and np.isfinite(end) and (end - start) / cells > _CLOCK):
        return None
    middle_one = _at(streams, start, end, cells, test=True)
    if middle_one is None:
        return None
    tried = [_at(streams, start, end, round(cells * scale), test=False) for scale in _SCALES if scale != 1]
    tried.append(middle_one)
    found = sorted((f for f in tried if f is not None), key=lambda f: (f.start, f.end))
    if 2 * len(found) <= len(_SCALES):
        return None
    middle, ends = found[(len(found) - 1) // 2], sorted(f.end for f in found)
    over = max(ends[len(ends) // 2], middle.end if ends[len(ends) // 2] <= middle.start else 0.0)
    return Departure(
        start=middle.start,
        end=over,
        start_between=(found[0].start, found[-1].start),
        end_between=(ends[0], ends[-1]),
        normal=middle.normal,
        bits=middle.bits,
        open=end - over < 1e-3 * (end - start) / cells,
        cell_s=(end - start) / cells,
    )


def _at(streams: Sequence[Events], start: float, end: float, cells: int, *, test: bool) -> _Found | None:
    """The departure by cells of one width; with `test` only one that chance does not explain."""
    width = (end - start) / cells
    bits = [found for s in streams for found in bits_of(s, start, width, cells)]
    cost = sum((b.costs() for b in bits), np.zeros((cells + 1, cells + 1)))
    cuts = partition(cost)
    parts = list(pairwise(cuts))
    lasting = max(3, round(LASTING * cells))
    begun = _all_begun(streams, start, width, cells)
    normal = next((i for i, (a, b) in enumerate(parts) if b - max(a, begun) >= lasting), None)
    if normal is None:
        return None
    run = _least_normal(bits, cost, parts, normal)
    if run is None or parts[run[1]][1] - parts[run[0]][0] < lasting:
        return None
    last = max(range(run[0], run[1] + 1), key=lambda i: (parts[i][1] - parts[i][0], i))
    first, final = parts[run[0]][0], parts[last][1]
    going_on = sum(b.joint(parts[normal], (first, final)) for b in bits)
    best = cost[parts[normal]] + sum(cost[parts[i]] + np.log(cells) for i in range(run[0], last + 1))
    if test and _chance(bits, np.arange(max(begun, parts[normal][0]), cells), lasting) > _LEVEL:
        return None
    return _Found(
        start=start + first * width,
        end=end if final == cells else start + final * width,
        normal=(start + max(begun, parts[normal][0]) * width, start + parts[normal][1] * width),
        bits=float((going_on - best) / np.log(2)),
    )


def _chance(bits: Sequence[Bits], cells: Ints, block: int) -> float:
    """p-value of the nats that the best window saves as a regime of its own, against orders of the cells at random.

    Moving whole blocks keeps which templates go together and how long a burst lasts (a Monte-Carlo scan test).
    """
    chance = np.random.default_rng(0)
    blocks = [cells[i : i + block] for i in range(0, cells.size, block)]
    saved = _saving(bits, cells, block)
    beaten = 0
    for _ in range(_ORDERS):
        order = np.concatenate([blocks[i] for i in chance.permutation(len(blocks))])
        beaten += _saving(bits, order, block) >= saved
        if (1 + beaten) / (1 + _ORDERS) > _LEVEL:
            break
    return (1 + beaten) / (1 + _ORDERS)


def _saving(bits: Sequence[Bits], order: Ints, least: int) -> float:
    """The most nats that a window saves, where it and the rest have at least `least` cells."""
    n = order.size
    taken = [b.taken(order) for b in bits]
    inside = sum((b.costs() for b in taken), np.zeros((n + 1, n + 1)))
    cost = sum((b.costs(rest=True) for b in taken), inside)
    a, b = np.triu_indices(n + 1, least)
    kept = b - a <= n - least
    if not kept.any():
        return 0.0
    return float(inside[0, n] - cost[a[kept], b[kept]].min())


def _least_normal(
    bits: Sequence[Bits], cost: Floats, parts: Sequence[tuple[int, int]], normal: int
) -> tuple[int, int] | None:
    """First and last of the run of segments after normal that most nats speak against being normal's."""
    price = float(np.log(cost.shape[0] - 1))
    best, told, run, begin = 0.0, None, 0.0, normal + 1
    for i in range(normal + 1, len(parts)):
        joint = sum(bit.joint(parts[normal], parts[i]) for bit in bits)
        if run <= 0:
            run, begin = 0.0, i
        run += joint - cost[parts[normal]] - cost[parts[i]] - price
        if run > best:
            best, told = run, (begin, i)
    return told


def extent(streams: Sequence[Events]) -> tuple[float, float]:
    """From the first line to the last; of several streams one may outlast the others, by at most their own span."""
    start = min(float(s.times[0]) for s in streams)
    ends = sorted(float(s.times[-1]) for s in streams)
    typical = ends[(len(ends) - 1) // 2]
    return start, float(np.nextafter(max(e for e in ends if e <= typical + (typical - start)), np.inf))


def partition(cost: Floats) -> list[int]:
    """The cuts, 0 and the number of cells among them, of the partition of least cost: `cost[a, b]` of cells a to b - 1."""
    n = cost.shape[0] - 1
    best, back = np.zeros(n + 1), np.zeros(n + 1, dtype=np.int64)
    for b in range(1, n + 1):
        through = best[:b] + cost[:b, b] + np.log(n)
        back[b] = int(np.argmin(through))
        best[b] = through[back[b]]
    cuts = [n]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    return cuts[::-1]


def _all_begun(streams: Sequence[Events], start: float, width: float, cells: int) -> int:
    """The cell in which the last of the streams begins that begin in the first half."""
    begins = [int((float(s.times[0]) - start) / width) for s in streams]
    return max(b for b in begins if b < cells / 2)


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
