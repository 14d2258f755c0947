"""Records from lines: those without a header, and the frames of a stack trace, are joined to the record above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from aitia.tools.text.headers import Header, Parsed
from aitia.tools.text.headers.levels import Level, fold
from aitia.tools.text.reading.blocks import Block, Place, lines_of
from aitia.tools.text.reading.cut import text_of
from aitia.tools.text.reading.joining import exception_in, frame
from aitia.tools.text.reading.marks import LineMarks
from aitia.tools.text.reading.skipped import Skipped

JOINED_LINES: Final = 80
_LEVEL_FIRST: Final = re.compile(r"(\w{2,16}): ")
# All that the first line of Microsoft.Extensions.Logging's console holds: who logs and the event's number.
_CATEGORY: Final = re.compile(r"[A-Za-z_][\w.+`]*\[\d+\]")


@dataclass(slots=True)
class Record:
    """One log record. `offset` and `size` are bytes in the unpacked file."""

    at: float
    level: Level
    message: str
    offset: int
    size: int
    number: int  # of its first line, 0 where it has not been counted yet
    lines: int = 1
    exception: str = ""
    marks: LineMarks | None = field(default=None, repr=False, compare=False)

    @property
    def line(self) -> int:
        """The number of its first line, from 1, counted when it is asked for; -1 where that would take too long."""
        if not self.number:
            self.number = self.marks.line(self.offset) if self.marks else -1
        return self.number


@dataclass(kw_only=True)
class Extract:
    """How much of one span of one file was read."""

    bytes_read: int = 0
    share: float = 1.0  # of the span's bytes that were read
    orphans: int = 0  # lines before the first header


def assembled(
    found: Iterable[Block],
    header: Header,
    until: float,
    extract: Extract,
    skipped: Skipped,
    marks: LineMarks | None,
) -> Iterator[Record]:
    """Records in the order of the file, up to the first one at or after `until` (epoch s).

    With `marks` lines are numbered when they are asked for, without by the blocks.
    """
    current: Record | None = None
    latest, beginning = float("-inf"), None
    for place, raw in (line for block in found for line in lines_of(block)):
        extract.bytes_read += place.size
        if beginning is None:
            beginning = place.offset <= 3  # a byte order mark
        text = text_of(raw)
        parsed = header(text)
        if parsed is None or (current is not None and _goes_on(current, parsed)):
            if current is None:
                extract.orphans += 1
                skipped.undated += beginning
            else:
                _join(current, parsed[2] if parsed else text, place)
            continue
        if current is not None:
            yield current
        at, level, message = parsed
        if at < latest - 1.0:
            skipped.step(latest - at)
        latest = at
        number = 0 if marks else place.line
        current = Record(at, level, message, place.offset, place.size, number, place.lines, marks=marks)
        if at >= until:
            return
    if current is not None:
        yield current


def _goes_on(record: Record, parsed: Parsed) -> bool:
    return 0.0 <= parsed[0] - record.at <= 1.0 and frame(parsed[2])


def _join(record: Record, text: str, place: Place) -> None:
    """Add a line to the record above it; the exception named last is kept."""
    if place.size and record.lines >= JOINED_LINES:
        return
    record.lines += place.lines
    record.size = max(record.size, place.offset + place.size - record.offset)
    if record.lines <= place.lines + 1:
        record.level, record.message = headed(record.message, record.level, text)
    if found := exception_in(text):
        record.exception = found


def headed(message: str, level: Level, below: str) -> tuple[Level, str]:
    """Level and message of a record by its first line and the one below it, where the first is all header or names its logger."""
    if not message.strip():
        return begun(below, level)
    named = _CATEGORY.fullmatch(message.strip())
    return level, f"{named[0]} {below.strip()}" if named else message


def begun(text: str, level: Level) -> tuple[Level, str]:
    """Level and message of a record whose first line is all header, by the line below (java.util.logging: `SEVERE: no route`)."""
    found = _LEVEL_FIRST.match(text)
    if found and (named := fold(found[1])):
        return level or named, text[found.end() :]
    return level, text
