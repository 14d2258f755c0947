"""Rows of a CSV that is still being written: times and numbers, one row at a time, with what could not be read counted."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats

LONGEST: Final = 65_536  # bytes of a line; the rest of a longer one is dropped
MOST_COLUMNS: Final = 256
_TIMES: Final = ("time", "timestamp", "datetime", "date", "ts")
_LAST: Final = 6.2e10  # seconds from 1970, either way, that still have a date
_LARGEST: Final = 1e100  # squares of larger values overflow
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # epoch ns, us, ms by magnitude
Row = tuple[float, Floats]


class Feed:
    """The rows of lines of CSV in the order they come: (epoch s, values by `channels`), a missing value as NaN.

    The first line may name the columns; without names they are `value 1`, `value 2` … behind the time. `bad` counts the
    rows that are left out by what is wrong with them, with the line of the first; `words` the cells of other rows that are no
    numbers, with the line of the first: they are missing values, the rest of their row is read.
    Raises BadInput where the first line holds no time or no column is left.
    """

    def __init__(
        self, lines: Iterator[str], *, time: str = "", drop: Sequence[str] = (), zone: tzinfo = UTC
    ) -> None:
        self._lines, self._zone, self._line = lines, zone, 0
        self.bad: dict[str, tuple[int, int]] = {}
        self.words = (0, 0)
        self._last = -math.inf
        self._head, self._first = "", ""
        first = next((line for line in self._numbered() if line.strip()), "")
        if not first:
            raise BadInput("There are no CSV rows. Give rows with a time and numbers in each.")
        self._delimiter = max(",;\t", key=first.count)
        cells = self._cells(first)
        names = self._names(cells, first)
        self._width = len(names)
        self._time = _column_of(names, time)
        self._kept = [i for i, n in enumerate(names) if i != self._time and n not in drop]
        unknown = sorted(set(drop) - set(names))
        there = f"there are {', '.join(names)[:300]}"
        if unknown:
            raise BadInput(f"The columns {', '.join(unknown)[:100]!r} cannot be left out (--drop): {there}.")
        if not 1 <= len(self._kept) <= MOST_COLUMNS:
            raise BadInput(f"Drop columns (--drop) until 1 to {MOST_COLUMNS} are left: {there}.")
        self.channels = tuple(names[i] for i in self._kept)

    def _names(self, cells: list[str], line: str) -> list[str]:
        """The columns' names: the first line's, or made up where that is a row already."""
        if all(_is_number(c) for c in cells[1:]) and _moment(cells[0], self._zone) is not None:
            self._first = line
            alone = len(cells) == 2
            return ["time", *("value" if alone else f"value {i}" for i in range(1, len(cells)))]
        names = [c.strip() for c in cells]
        if len(set(names)) < len(names):
            raise BadInput(
                f"Two columns have the same name: {line.strip()[:200]!r}. Give each column its own name."
            )
        self._head = line.strip()
        return names

    def __iter__(self) -> Iterator[Row]:
        """The readable rows; may be gone on with after a `break`."""
        if self._first:
            line, self._first = self._first, ""
            yield from self._row(line)
        for line in self._numbered():
            if line.strip() not in ("", self._head):  # a rotated file names its columns again
                yield from self._row(line)

    def _numbered(self) -> Iterator[str]:
        for line in self._lines:
            self._line += 1
            yield line

    def _row(self, line: str) -> Iterator[Row]:
        cells = self._cells(line)
        if len(cells) != self._width:
            return self._leave_out("a different number of columns")
        at = _moment(cells[self._time], self._zone)
        if at is None:
            return self._leave_out("no readable time")
        values = [_number(cells[i]) for i in self._kept]
        words = values.count(None)
        if 2 * words >= len(values):  # a table of another form, not a cell that failed
            return self._leave_out("a value that is not a number")
        if at <= self._last:
            return self._leave_out("a time not later than that of the previous row")
        self._last = at
        if words:
            self.words = (self.words[0] + words, self.words[1] or self._line)
        yield at, np.array([math.nan if v is None else v for v in values], dtype=np.float64)

    def _leave_out(self, why: str) -> None:
        count, first = self.bad.get(why, (0, self._line))
        self.bad[why] = (count + 1, first)

    def _cells(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            return []


def lines_of(file: BinaryIO) -> Iterator[str]:
    """The lines of an open file, to its end."""
    while raw := file.readline(LONGEST):
        yield _text(raw, file)


def followed(
    path: Path, *, poll_s: float = 0.5, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """The lines of a file that grows, without an end; one that is cut or replaced is read from its start again."""
    held = b""
    file = path.open("rb")
    try:
        while True:
            raw = held + file.readline(LONGEST)
            if raw.endswith(b"\n") or len(raw) >= LONGEST:
                held = b""
                yield _text(raw, file)
            else:  # the line's end is still to come
                held = raw
                sleep(poll_s)
                if _is_other(path, file):
                    file.close()
                    held, file = b"", path.open("rb")
    finally:
        file.close()


def _is_other(path: Path, file: BinaryIO) -> bool:
    """Whether the path holds another file by now, or the same one cut; while it is away the open one is kept."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return now.st_ino != os.fstat(file.fileno()).st_ino or now.st_size < file.tell()


def _text(raw: bytes, file: BinaryIO) -> str:
    """A line as text; what is longer than `LONGEST` bytes is read over."""
    whole = raw
    while len(whole) >= LONGEST and not whole.endswith(b"\n"):
        whole = file.readline(LONGEST)
    return raw.decode("utf-8-sig", errors="replace")


def _column_of(names: Sequence[str], time: str) -> int:
    if time and time not in names:
        raise BadInput(f"Set --time to one of the columns, not {time!r}: {', '.join(names)[:300]}.")
    return next((i for i, n in enumerate(names) if n == time or (not time and n.lower() in _TIMES)), 0)


def _moment(text: str, zone: tzinfo) -> float | None:
    """Epoch seconds of ISO 8601 or of a number of seconds, ms, us or ns; None where it is neither."""
    try:
        value = float(text)
    except ValueError:
        return _iso(text.strip(), zone)
    if not math.isfinite(value):
        return None
    seconds = value / next((scale for least, scale in _UNITS if abs(value) >= least), 1.0)
    return seconds if abs(seconds) < _LAST else None


def _iso(text: str, zone: tzinfo) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    """A number, NaN for a missing one, None for anything else and for what is too large."""
    try:
        value = float(text)
    except ValueError:
        return math.nan if text.strip().lower() in ("", "null", "none", "na") else None
    return None if abs(value) > _LARGEST else value


def _is_number(text: str) -> bool:
    return _number(text) is not None
