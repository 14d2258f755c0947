"""Counting the records of a block at once: sorted by form, so that each form is looked at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aitia.tools.logs.count import Count, Sample, Seen
from aitia.tools.logs.lines import Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aitia.tools.logs.lines import Rows
    from aitia.tools.logs.moments import Moment


@dataclass(frozen=True, kw_only=True)
class Records:
    """Records in the order of their file: moments (epoch s), numbers of their counts, first lines, and how many lines follow.

    `file` is the file's index.
    """

    at: Moment
    counts: NDArray[np.int32]
    rows: Rows
    more: NDArray[np.int32]
    lines: Lines
    file: int

    def __len__(self) -> int:
        return len(self.rows)

    def seen(self, i: int) -> Seen:
        """Where one of them lies."""
        return self.lines.seen(int(self.rows[i]), int(self.more[i]), float(self.at[i]), self.file)

    def kept(self, mask: NDArray[np.bool_]) -> Records:
        """Those of them for which the mask is true."""
        if mask.all():
            return self
        return Records(
            at=self.at[mask],
            counts=self.counts[mask],
            rows=self.rows[mask],
            more=self.more[mask],
            lines=self.lines,
            file=self.file,
        )


def count_records(found: Records, counts: Sequence[Count], index: int, origin: float, width: float) -> None:
    """Add records to the counts that their numbers name; `index` is -1 for the window, else the baseline's."""
    if not len(found):
        return
    sort, numbers, begins = _sorted(found.counts)
    at = found.at[sort]
    cells = ((at - origin) // width).astype(np.int64)
    rows = zip(
        numbers,
        begins.tolist(),
        [*begins[1:].tolist(), len(at)],
        np.minimum.reduceat(at, begins).tolist(),
        np.maximum.reduceat(at, begins).tolist(),
        (np.minimum.reduceat(cells, begins) == np.maximum.reduceat(cells, begins)).tolist(),
        cells[begins].tolist(),
        strict=True,
    )
    for number, begin, end, first, last, together, cell in rows:
        count, own = counts[number], sort[begin:end]
        by_cell = ((cell, end - begin, first),) if together else _by_cell(cells[begin:end], at[begin:end])
        if index < 0:
            sample, before = count.new, count.window
            if count.record is None or first < count.record.at:
                count.record = found.seen(int(own[at[begin:end].argmin()]))
            count.window += end - begin
            for key, n, earliest in by_cell:
                count.cells[key] = count.cells.get(key, 0) + n
                count.firsts[key] = min(count.firsts.get(key, earliest), earliest)
        else:
            sample, before = count.old, count.baseline[index]
            count.baseline[index] += end - begin
            count.old_last = max(count.old_last, last)
            for key, n, _ in by_cell:
                count.old_cells[key] = count.old_cells.get(key, 0) + n
        for j in _turns(sample, before, end - begin):
            sample.keep(float(at[begin + j]), found.file, found.lines.raw(int(found.rows[own[j]])))


def _sorted(numbers: NDArray[np.int32]) -> tuple[Rows, list[int], Rows]:
    """The order by number, stable; the distinct numbers, ascending, and where each begins in that order."""
    occurs = np.bincount(numbers)
    present = np.flatnonzero(occurs)
    small: Any = np.uint16 if len(occurs) <= 1 << 16 else np.uint32  # two bytes: radix sort
    sort = np.argsort(numbers.astype(small), kind="stable")
    ends = np.cumsum(occurs[present])
    return sort, present.tolist(), np.concatenate(([0], ends[:-1]))


def _by_cell(cells: NDArray[np.int64], at: Moment) -> Iterator[tuple[int, int, float]]:
    """Each cell, how many moments it holds, and the first of them."""
    sort = np.argsort(cells, kind="stable")
    cells = cells[sort]
    begins = np.concatenate(([0], np.flatnonzero(cells[1:] != cells[:-1]) + 1))
    sizes = np.diff(begins, append=len(cells))
    earliest = np.minimum.reduceat(at[sort], begins)
    yield from zip(cells[begins].tolist(), sizes.tolist(), earliest.tolist(), strict=True)


def _turns(sample: Sample, before: int, n: int) -> Iterator[int]:
    """Which of `n` further records are to be kept, `before` having been counted; the step may grow in between."""
    j = -(before + 1) % sample.step
    while j < n:
        yield j
        j += 1 + -(before + j + 2) % sample.step
