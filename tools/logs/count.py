"""How often a template occurs: counting the records of a block at once, an even sample of them, and where each lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from aitia.tools.meaning.dictionary import Message
from aitia.tools.text.classes import Meaning, meaning
from aitia.tools.text.headers.levels import Level
from aitia.tools.text.reading.blocks import Block
from aitia.tools.text.reading.blocks import Place as Line
from aitia.tools.text.templates import Form, Template

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aitia.tools.logs.meanings import Moment

    Rows = NDArray[np.intp]
    Texts = NDArray[np.bytes_]


KEPT: Final = 48  # records of a template and side that are kept as samples, at most
_BYTES: Final = 1200
_UNSET: Final = Template((), "", "")


@dataclass(slots=True, kw_only=True, eq=False)
class Seen:
    """One record: its moment (epoch s), the file's index, its bytes, first line (-1: not known) and number of lines there."""

    at: float
    file: int
    offset: int
    size: int
    line: int
    lines: int


@dataclass(slots=True, kw_only=True, eq=False)
class Sample:
    """Every `step`-th of a sequence of raw records: moment, index of the file, first line."""

    most: int = KEPT
    step: int = 1
    kept: list[tuple[float, int, bytes]] = field(default_factory=list)

    def keep(self, at: float, file: int, raw: bytes) -> None:
        """Keep a record whose turn has come; twice as seldom from when there are too many."""
        self.kept.append((at, file, raw[:_BYTES]))
        if len(self.kept) > self.most:
            del self.kept[1::2]
            self.step *= 2

    def blend(self, other: Sample) -> None:
        """Add another's, both at the coarser step, so that each record stands for as many others."""
        step = max(self.step, other.step)
        kept = self.kept[:: step // self.step] + other.kept[:: step // other.step]
        while len(kept) > self.most:
            kept, step = kept[::2], 2 * step
        self.kept, self.step = kept, step


@dataclass(slots=True, kw_only=True, eq=False)
class Count:
    """Occurrences of a form, and in the end of its template.

    `cells` count the window, `old_cells` the baselines, in the same cell width. `text` is the first message seen in
    the window, else in a baseline; `record` is the first one in the window.
    """

    form: Form
    level: Level
    text: str
    heard: Message | None = None  # what the site's dictionary or a model says of the template
    number: int = 0
    template: Template = _UNSET
    record: Seen | None = None
    window: int = 0
    baseline: list[int]
    cells: dict[int, int] = field(default_factory=dict)
    firsts: dict[int, float] = field(default_factory=dict)
    old_cells: dict[int, int] = field(default_factory=dict)
    old_last: float = 0.0
    new: Sample = field(default_factory=Sample)  # of the window
    old: Sample = field(default_factory=Sample)  # of the baselines

    @property
    def before(self) -> int:
        """Occurrences in all baselines together."""
        return sum(self.baseline)

    @property
    def meaning(self) -> Meaning:
        """What it tells a diagnosis."""
        return meaning(self.template.text, self.level, self.text, self.heard)

    def absorb(self, other: Count) -> None:
        """Add the occurrences of another form of the same template."""
        if other.record and (self.record is None or other.record.at < self.record.at):
            self.record, self.text = other.record, other.text
        self.window += other.window
        self.baseline = [a + b for a, b in zip(self.baseline, other.baseline, strict=True)]
        for cell, n in other.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + n
        for cell, at in other.firsts.items():
            self.firsts[cell] = min(self.firsts.get(cell, at), at)
        for cell, n in other.old_cells.items():
            self.old_cells[cell] = self.old_cells.get(cell, 0) + n
        self.old_last = max(self.old_last, other.old_last)
        self.new.blend(other.new)
        self.old.blend(other.old)


MAX_WIDTH: Final = 64  # of a column of bytes


class Lines:
    """The raw lines of a block after those that were held back, and where each lies."""

    def __init__(self, held: Sequence[tuple[bytes, Line]], block: Block | None) -> None:
        self._held, self._block = held, block
        own = block.data if block else b""
        if own and not own.endswith(b"\n"):
            own += b"\n"
        self.data = b"".join((*(raw + b"\n" for raw, _ in held), own))
        self._shift = len(self.data) - len(own)
        self.ends: Rows = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 10)
        self.starts: Rows = np.concatenate((np.zeros(1, dtype=np.intp), self.ends[:-1] + 1))[: len(self.ends)]

    def __len__(self) -> int:
        return len(self.ends)

    def raw(self, i: int) -> bytes:
        """The bytes of a line, without its newline."""
        return self.data[self.starts[i] : self.ends[i]]

    @cached_property
    def text(self) -> str:
        """All of it with a character for each byte (ISO 8859-1), so that places are the same; what is ASCII is text."""
        return self.data.decode("latin-1")

    def after_blanks(self, rows: Rows, blanks: Rows) -> Rows:
        """Where in the text so many blanks of each line have passed; 0 where it has fewer, or none are asked for."""
        every = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 0x20)
        last = np.searchsorted(every, self.starts[rows]) + blanks - 1
        known = (blanks > 0) & (last < len(every))
        out: Rows = (
            np.where(known, every[np.minimum(last, len(every) - 1)] + 1, 0) if len(every) else blanks * 0
        )
        return np.where(out <= self.ends[rows], out, 0)

    def spans(self, rows: Rows, more: NDArray[np.int32]) -> tuple[Rows, Rows, Rows, Rows]:
        """Of records that begin in some lines and go on for `more`: offset, bytes, number of the first line, and lines."""
        offsets, ends, first, after = self._places
        last = rows + more
        return offsets[rows], ends[last] - offsets[rows], first[rows], after[last] - first[rows]

    @cached_property
    def _places(self) -> tuple[Rows, Rows, Rows, Rows]:
        """Of each line: where it begins and ends in the original, its number, and that of the line after it."""
        block, own = self._block, len(self) - len(self._held)
        places = np.array([place for _, place in self._held], dtype=np.intp).reshape(-1, 4)
        if block is not None and block.places:
            places = np.concatenate((places, np.array(block.places, dtype=np.intp)))
        elif block is not None and own:
            offsets = self.starts[-own:] - self._shift + block.offset
            ends = np.append(offsets[1:], block.end)
            numbers = np.arange(block.line, block.line + own)
            plain = np.column_stack((offsets, ends - offsets, numbers, np.ones_like(numbers)))
            places = np.concatenate((places, plain))
        offset, size, line, lines = places.T
        return offset, offset + size, line, line + lines

    def column(self, rows: Rows, start: int, end: int) -> Texts:
        """The bytes of some lines from one place to another, at most 64."""
        width = end - start
        padded = self.data + b"\n" * (end + MAX_WIDTH)
        every = np.ndarray((len(padded) - width + 1,), dtype=f"S{width}", buffer=padded, strides=(1,))
        return every[self.starts[rows] + start]

    def place(self, i: int) -> Line:
        """Where a line lies in the original: offset, bytes, number, lines."""
        if i < len(self._held):
            return self._held[i][1]
        assert self._block is not None
        own = i - len(self._held)
        if self._block.places:
            return self._block.places[own]
        offset = int(self.starts[i]) - self._shift + self._block.offset
        last = i == len(self) - 1
        end = self._block.end if last else int(self.ends[i]) + 1 - self._shift + self._block.offset
        return Line(offset, end - offset, self._block.line + own)

    def seen(self, i: int, more: int, at: float, file: int) -> Seen:
        """The record of a line and those that it goes on for."""
        first, last = self.place(i), self.place(i + more)
        return Seen(
            at=at,
            file=file,
            offset=first.offset,
            size=last.offset + last.size - first.offset,
            line=first.line,
            lines=last.line + last.lines - first.line,
        )


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
