"""Records of a log file in given spans: seeks by binary search on timestamps, joins multi-line records.

Memory stays flat: a file is read in blocks, a record keeps at most a few kilobytes, and a span that is larger
than its byte budget is read in evenly spaced blocks whose covered time is its exposure. What is read, in which
encoding, packing or wrapper, is the business of `reading`; offsets are those of its `opened` module.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

from aitia.core.errors import SourceError
from aitia.tools.sources.base import Only
from aitia.tools.text.headers import Header, detect
from aitia.tools.text.reading.blocks import BLOCK, Block, blocks, hole, lines_of, newlines
from aitia.tools.text.reading.conversion import Conversion
from aitia.tools.text.reading.cut import text_of
from aitia.tools.text.reading.marks import LineMarks
from aitia.tools.text.reading.only import kept
from aitia.tools.text.reading.open_log import converted, open_unpacked, sniff
from aitia.tools.text.reading.record import Extract, Record, assembled
from aitia.tools.text.reading.skipped import Skipped

__all__ = ["Extract", "LogFile", "Record", "open_each", "open_set"]

SAMPLE = 48 * 1024
SLACK_S = 60.0  # of lines that are not in the order of time
_PROBE = 256 * 1024
_PASSING = 16  # lines of others that cost as much as one that is read
_PASSED = 32  # times the budget: bytes before a span that are unpacked without being read line by line


class LogFile:
    """One file of a stream. `packed` files are read in one pass; `until` is the first time of the set's next file.

    `only` picks the lines of one component; layout, seeks and extent are those of all lines.
    """

    def __init__(
        self,
        path: Path,
        *,
        zone: tzinfo,
        near: datetime,
        component: str = "",
        until: float | None = None,
        only: Only | None = None,
    ) -> None:
        self.path, self.until, self.skipped, self._only = path, until, Skipped(), only
        self.form = sniff(path)
        self.packed = not self.form.seekable
        status = path.stat()
        self.size, self._inode = status.st_size, status.st_ino
        self._marks, self._begin = LineMarks(self.open), 0
        sample: list[str] = []
        if self.form.binary:
            self.skipped.files[str(path)] = f"skipped: {self.form.binary}"
        else:
            sample = self._sample()
        self.header: Header | None = detect(sample, zone=zone, near=near, component=component)
        self.first = next((p[0] for text in sample if self.header and (p := self.header(text))), None)

    def open(self) -> BinaryIO:
        """The unpacked bytes. Raises SourceError where the file cannot be opened."""
        return open_unpacked(self.path, self.form)

    def records(self, start: float, end: float, *, budget: int, extract: Extract) -> Iterator[Record]:
        """Records with start <= at < end, in file order."""
        if self.header is None:
            return
        for part in self.parts(start, end, budget=budget, extract=extract):
            yield from self._assembled(part, start, end, extract)

    def parts(
        self,
        start: float,
        end: float,
        *,
        budget: int,
        extract: Extract,
        within: tuple[int, int] | None = None,
    ) -> Iterator[Iterator[Block]]:
        """Blocks that hold the records of a span, in runs without a gap. Read each run before the next is asked for.

        A file without timestamps is read whole. `within` are bytes of an unpacked file that nothing is read beyond.
        """
        if not self.size or self.form.binary or not self._holds(start, end):
            return
        low, high = within or (0, self.size)
        with self.open() as raw:
            self._same()
            handle = converted(raw, self.form)
            own = cast(BinaryIO, Conversion(handle, kept(self._only))) if self._only else handle
            # Others' lines are passed over, which costs far less than reading them: this one's are to fill the budget.
            budget *= min(self._only.sharing, _PASSING) if self._only else 1
            if self.packed:
                yield self._sound(self._pass(own, raw, start, budget, extract), raw)
            else:
                whole = self.header is None or (start == float("-inf") and end == float("inf"))
                ranges = [(0, self.size)] if whole else self._ranges(handle, start, end, budget, extract)
                for a, b in ranges:
                    if max(a, low) < min(b, high):
                        yield self._sound(blocks(own, max(a, low), min(b, high), skipped=self.skipped), raw)

    def following(self, block: Block) -> Iterator[Block]:
        """What follows a block of an unpacked file, a little at a time. What reading leaves out there is not counted."""
        line = block.places[-1].line if block.places else block.line + newlines(block.data) - 1
        with self.open() as raw:
            handle = converted(raw, self.form)
            yield from blocks(handle, block.end, self.size, size=_PROBE // 8, line=line, skipped=Skipped())

    def _sound(self, run: Iterator[Block], raw: BinaryIO) -> Iterator[Block]:
        """The blocks. Raises SourceError where the file is damaged, after what could be read."""
        try:
            yield from run
        except OSError as error:
            raise SourceError(f"Replace the damaged file {str(self.path)!r}: {error}") from None
        if damage := getattr(raw, "damage", ""):
            raise SourceError(f"Replace the damaged file {str(self.path)!r}: {damage}")

    def line(self, offset: int) -> int:
        """The number of the line that begins at an offset, from 1; -1 where counting would take too long."""
        return self._marks.line(offset)

    def _same(self) -> None:
        """Count what a file has lost since it was first looked at."""
        path = str(self.path)
        status = self.path.stat()
        if status.st_ino != self._inode:
            self.skipped.files[path] = "replaced while it was being read: its earlier content is lost"
        elif status.st_size < self.size:
            self.skipped.files[path] = (
                f"truncated while it was being read ({self.size - status.st_size:,} bytes are gone)"
            )
            self.skipped.unread += self.size - status.st_size
        else:
            return
        self.size, self._inode = status.st_size, status.st_ino

    def _holds(self, start: float, end: float) -> bool:
        """Whether the span can be in the file, as far as its first time and the next file's tell."""
        if not self.packed or self.first is None:
            return True
        return self.first < end + SLACK_S and (self.until is None or self.until >= start - SLACK_S)

    def _pass(
        self, handle: BinaryIO, raw: BinaryIO, start: float, budget: int, extract: Extract
    ) -> Iterator[Block]:
        """Blocks from the file's beginning, those wholly before the span passed over."""
        start = start if self.header else float("-inf")
        passed = read = 0
        for block in blocks(handle, skipped=self.skipped):
            if passed < _PASSED * budget and self._before(block, start - SLACK_S):
                passed += len(block.data)
                continue
            yield block
            read += len(block.data)
            if read > 8 * budget:
                at = getattr(raw, "packed_at", block.end)
                extract.share = at / max(at, self.size)
                self.skipped.unread += self.size - at
                return

    def _before(self, block: Block, start: float) -> bool:
        """Whether a block ends before a moment: by its first line that has a header and its last one."""
        head, tail = block.data[:SAMPLE].split(b"\n")[:-1], block.data[-SAMPLE:].split(b"\n")[1:]
        times = self._dated(head), self._dated(tail[::-1])
        return all(at is not None and at < start for at in times)

    def _dated(self, raws: Iterable[bytes]) -> float | None:
        """The first time among some lines."""
        assert self.header is not None
        return next((found[0] for raw in raws if (found := self.header(text_of(raw)))), None)

    def _ranges(
        self, handle: BinaryIO, start: float, end: float, budget: int, extract: Extract
    ) -> Iterator[tuple[int, int]]:
        """Byte ranges to read."""
        a, b = self._seek(handle, start), self._seek(handle, end)
        b = min(self.size, b + BLOCK // 4) if b < self.size else self.size  # slightly unordered lines
        a = a - BLOCK // 4 if a - BLOCK // 4 > self._begin else 0
        if b - max(a, self._begin) <= budget:
            yield a, b
            return
        a = max(a, self._begin)
        extract.share = budget / (b - a)
        self.skipped.unread += b - a - budget
        count = max(1, budget // (4 * BLOCK))
        step = (b - a) // count
        for i in range(count):
            yield a + i * step, a + i * step + min(budget // count, step)

    def _seek(self, handle: BinaryIO, at: float) -> int:
        """The offset of the first line at or after a moment, in a file ordered by time."""
        low, high = self._begin, self.size
        while high - low > SAMPLE:
            middle = (low + high) // 2
            found = self._moment(handle, middle)
            if found is None or found >= at:
                high = middle
            else:
                low = middle
        return low

    def _moment(self, handle: BinaryIO, offset: int) -> float | None:
        found = blocks(handle, offset, offset + _PROBE, size=1 << 14, skipped=Skipped())
        return self._dated(raw for block in found for _, raw in lines_of(block))

    def _assembled(
        self, found: Iterator[Block], start: float, end: float, extract: Extract
    ) -> Iterator[Record]:
        assert self.header is not None
        marks = None if self.packed else self._marks
        for record in assembled(found, self.header, end + SLACK_S, extract, self.skipped, marks):
            if start <= record.at < end:
                yield record

    def read_at(self, offset: int, size: int) -> bytes:
        """The raw bytes of a record, for its hash."""
        with self.open() as handle:
            handle.seek(offset)
            return handle.read(size).rstrip(b"\r\n")

    def shown(self, raw: bytes) -> str:
        """The text of some of its bytes, whole records: in UTF-8, out of a wrapper."""
        handle = converted(io.BytesIO(raw), self.form)
        return handle.read().decode("utf-8", "replace").rstrip("\r\n")

    def text(self, record: Record, raw: bytes) -> str:
        """The text of a record from its bytes, as `shown`; alone where one line of the file holds several records."""
        text = self.shown(raw)
        if self.form.wrapper != "otlp-logs" or self.header is None:
            return text
        parsed = ((line, self.header(line)) for line in text.split("\n"))
        own = (record.at, record.message)
        return next((line for line, found in parsed if found and (found[0], found[2]) == own), "")

    def extent(self) -> tuple[float, float] | None:
        """The times of its first and last dated line, as far as a block at each end tells; None where none is dated."""
        if self.header is None or not self.size or self.packed:
            return None
        with self.open() as raw:
            handle = converted(raw, self.form)
            spots = (0, SAMPLE), (max(0, self.size - SAMPLE), self.size)
            times = [
                at[0]
                for a, b in spots
                for block in blocks(handle, a, b, size=SAMPLE, skipped=Skipped())
                for _, line in lines_of(block)
                if (at := self.header(text_of(line)))
            ]
        return (min(times), max(times)) if times else None

    def _sample(self) -> list[str]:
        """Lines from the file's beginning, middle and end (of a packed one: from its beginning)."""
        lines: list[str] = []
        spots = [0]
        with self.open() as raw:
            if not self.packed:
                self._begin = hole(raw)
                spots = sorted({0, (self._begin + self.size) // 2, max(0, self.size - SAMPLE)})
            handle = converted(raw, self.form)
            try:
                for spot in spots:
                    found = blocks(handle, spot, spot + SAMPLE, size=SAMPLE, skipped=Skipped())
                    lines += [text_of(line) for block in found for _, line in lines_of(block)][:200]
            except OSError as error:
                raise SourceError(f"Replace the damaged file {str(self.path)!r}: {error}") from None
            if damage := getattr(raw, "damage", ""):
                raise SourceError(f"Replace the damaged file {str(self.path)!r}: {damage}")
        return lines


def open_each(
    paths: Sequence[Path],
    *,
    zone: tzinfo,
    near: datetime,
    component: str = "",
    only: Only | None = None,
    refused: Callable[[Path, SourceError], None],
) -> list[LogFile]:
    """The files of a set as `open_set` gives them; where one cannot be opened, `refused` is told and the others are given."""
    try:
        return open_set(paths, zone=zone, near=near, component=component, only=only)
    except SourceError:
        files = []
        for path in paths:
            try:
                files.append(LogFile(path, zone=zone, near=near, component=component, only=only))
            except SourceError as error:
                refused(path, error)
        return files


def open_set(
    paths: Sequence[Path], *, zone: tzinfo, near: datetime, component: str = "", only: Only | None = None
) -> list[LogFile]:
    """The files of a set in time order, each with the first time of the next: what lies outside is not unpacked."""
    files = [LogFile(path, zone=zone, near=near, component=component, only=only) for path in paths]
    for one, after in pairwise(files):
        one.until = after.first
    return files
