"""Records of a log file in given spans: seeks by binary search on timestamps, joins multi-line records.

Memory stays flat: a file is read in blocks, a record keeps at most a few kilobytes, and a span that is larger
than its byte budget is read in evenly spaced blocks whose covered time is its exposure.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, cast

from aitia.core.errors import SourceError
from aitia.tools.logs.header import Header, detect
from aitia.tools.logs.levels import Level

BLOCK = 1 << 20
SAMPLE = 48 * 1024
LINE_BYTES = 8192  # longer lines are cut for mining, not for hashing
JOINED_LINES = 80
_PROBE = 256 * 1024
_EXCEPTION = re.compile(
    r"^(?:Caused by: )?[A-Za-z_][\w.$]*(?:Error|Exception|Exit|Interrupt|Timeout|Warning|Fault|panic)\b"
)


@dataclass(slots=True)
class Record:
    """One log record. `offset` and `size` are bytes in the (uncompressed) file, `line` counts from the span's start."""

    at: float
    level: Level
    message: str
    offset: int
    size: int
    line: int
    lines: int = 1
    exception: str = ""


@dataclass(kw_only=True)
class Extract:
    """How much of one span of one file was read."""

    bytes_read: int = 0
    share: float = 1.0  # of the span's bytes that were read
    orphans: int = 0  # lines before the first header


class LogFile:
    """One file of a stream."""

    def __init__(self, path: Path, *, zone: tzinfo, near: datetime, component: str = "") -> None:
        self.path = path
        self.packed = path.suffix == ".gz"
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise SourceError(f"Make {str(path)!r} readable ({error.strerror}).") from None
        self.header: Header | None = detect(self._sample(), zone=zone, near=near, component=component)

    def open(self) -> BinaryIO:
        """The uncompressed bytes. Raises SourceError where the file cannot be opened."""
        try:
            return cast(BinaryIO, gzip.open(self.path, "rb")) if self.packed else self.path.open("rb")
        except OSError as error:
            raise SourceError(f"Make {str(self.path)!r} readable ({error.strerror}).") from None

    def records(self, start: float, end: float, *, budget: int, extract: Extract) -> Iterator[Record]:
        """Records with start <= at < end, in file order."""
        if self.header is None or not self.size:
            return
        with self.open() as handle:
            try:
                for a, b, line in self._ranges(handle, start, end, budget, extract):
                    yield from self._between(handle, a, b, line, start, end, extract)
            except (OSError, EOFError, zlib.error) as error:
                raise SourceError(f"Replace the damaged file {str(self.path)!r}: {error}") from None

    def _ranges(
        self, handle: BinaryIO, start: float, end: float, budget: int, extract: Extract
    ) -> Iterator[tuple[int, int, int]]:
        """Byte ranges to read, each with the number of lines before it (-1: not known)."""
        if self.packed:
            yield 0, 8 * budget, 0  # what lies beyond is not unpacked
            return
        a, b = self._seek(handle, start), self._seek(handle, end)
        b = min(self.size, b + BLOCK // 4) if b < self.size else self.size  # slightly unordered lines
        a = max(0, a - BLOCK // 4)
        if b - a <= budget:
            yield a, b, self._lines_before(handle, a)
            return
        extract.share = budget / (b - a)
        blocks = max(1, budget // (4 * BLOCK))
        step = (b - a) // blocks
        for i in range(blocks):
            yield a + i * step, a + i * step + min(budget // blocks, step), -1

    def _seek(self, handle: BinaryIO, at: float) -> int:
        """The offset of the first line at or after a moment, in a file ordered by time."""
        low, high = 0, self.size
        while high - low > SAMPLE:
            middle = (low + high) // 2
            found = self._moment(handle, middle)
            if found is None or found >= at:
                high = middle
            else:
                low = middle
        return low

    def _moment(self, handle: BinaryIO, offset: int) -> float | None:
        handle.seek(offset)
        handle.readline(_PROBE)
        seen = 0
        while seen < _PROBE and (raw := handle.readline(_PROBE)):
            seen += len(raw)
            assert self.header is not None
            if parsed := self.header(_text(raw)):
                return parsed[0]
        return None

    def _lines_before(self, handle: BinaryIO, offset: int) -> int:
        if offset > 1 << 30:
            return -1
        handle.seek(0)
        count, left = 0, offset
        while left > 0 and (chunk := handle.read(min(BLOCK, left))):
            count += chunk.count(b"\n")
            left -= len(chunk)
        return count

    def _between(
        self, handle: BinaryIO, a: int, b: int, line: int, start: float, end: float, extract: Extract
    ) -> Iterator[Record]:
        assert self.header is not None
        header, current, known = self.header, None, line >= 0
        for offset, number, raw in _lines(handle, a, b, line):
            extract.bytes_read += len(raw) + 1
            text = _text(raw)
            parsed = header(text)
            if parsed is None:
                if current is None:
                    extract.orphans += 1
                else:
                    _join(current, text, len(raw) + 1)
                continue
            if current is not None and start <= current.at < end:
                yield current
            at, level, message = parsed
            current = Record(at, level, message, offset, len(raw) + 1, number if known else -1)
            if at >= end + 60.0:
                break  # a minute of slack for unordered lines
        if current is not None and start <= current.at < end:
            yield current

    def read_at(self, offset: int, size: int) -> bytes:
        """The raw bytes of a record, for its hash."""
        with self.open() as handle:
            handle.seek(offset)
            return handle.read(size).rstrip(b"\r\n")

    def extent(self) -> tuple[float, float] | None:
        """The times of its first and last dated line, as far as a block at each end tells; None where none is dated."""
        if self.header is None or not self.size or self.packed:
            return None
        with self.open() as handle:
            head = handle.read(SAMPLE)
            handle.seek(max(0, self.size - SAMPLE))
            tail = handle.read(SAMPLE)
        times = [
            at[0] for part in (head, tail) for raw in part.split(b"\n") if (at := self.header(_text(raw)))
        ]
        return (min(times), max(times)) if times else None

    def _sample(self) -> list[str]:
        """Lines from the file's beginning, middle and end (of a .gz: from its beginning)."""
        with self.open() as handle:
            try:
                spots = (
                    [0] if self.packed else sorted({0, max(0, self.size // 2), max(0, self.size - SAMPLE)})
                )
                lines: list[str] = []
                for spot in spots:
                    if spot:
                        handle.seek(spot)
                        handle.readline(_PROBE)
                    chunk = handle.read(SAMPLE)
                    lines += [_text(raw) for raw in chunk.split(b"\n")[:-1] or [chunk]][:200]
                return lines
            except (OSError, EOFError, zlib.error) as error:
                raise SourceError(f"Replace the damaged file {str(self.path)!r}: {error}") from None


def _lines(handle: BinaryIO, a: int, b: int, line: int) -> Iterator[tuple[int, int, bytes]]:
    """Complete lines that begin in [a, b): offset, 1-based number, bytes without the newline."""
    if a:
        handle.seek(a - 1)
        skipped = handle.readline()
        a = a - 1 + len(skipped)
        line += len(skipped) > 1  # the byte before `a` was no newline: a line was cut
    else:
        handle.seek(0)
    offset, number, rest = a, line, b""
    while offset < b and (chunk := handle.read(BLOCK)):
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        for raw in parts:
            number += 1
            yield offset, number, raw
            offset += len(raw) + 1
            if offset >= b:
                return
        if len(rest) > 64 * BLOCK:
            raise SourceError("Give log files with line ends: a line is longer than 64 MiB.")
    if rest and offset < b:
        yield offset, number + 1, rest


def _text(raw: bytes) -> str:
    if len(raw) > LINE_BYTES:
        raw = raw[:LINE_BYTES]
    return raw.decode("utf-8", "replace").rstrip("\r\n")


def _join(record: Record, text: str, size: int) -> None:
    """Add a line without a header to the record above it; the exception named last is kept."""
    if record.lines >= JOINED_LINES:
        return
    record.lines += 1
    record.size += size
    if _EXCEPTION.match(text):
        record.exception = text[:400]
