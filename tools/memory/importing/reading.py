"""Files as text, line by line in flat memory, whatever their encoding; and times as people and exports write them."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from aitia.core.errors import BadInput
from aitia.tools.memory.words import PastIncident

MAX_BYTES: Final = 1 << 20  # of one record
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SLASHED: Final = re.compile(r"(\d{1,2})([/.])(\d{1,2})[/.](\d{2,4})(?:,?\s+(.+))?$")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?$")
_NAMED: Final = (
    "%d/%b/%y %I:%M %p",
    "%d/%b/%y",
    "%d %b %Y %H:%M",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8 is taken as Windows-1252, byte by byte."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("aitia_cp1252", _as_cp1252)


@dataclass(frozen=True, kw_only=True)
class Read:
    """One record of a file: an incident, or what is wrong with it. `where` names the file and the line."""

    where: str
    incident: PastIncident | None = None
    problem: str = ""


class TextFile:
    """An open file. `done` is how many of its bytes were read."""

    def __init__(self, path: Path, raw: BinaryIO) -> None:
        self.path, self._raw = path, raw
        head = raw.read(4)
        raw.seek(0)
        encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
        self._text = io.TextIOWrapper(raw, encoding=encoding, errors="aitia_cp1252")

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._raw.tell()

    def chunk(self, size: int) -> str:
        """The next characters, "" at the end."""
        return self._text.read(size).replace("\x00", "")

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Each line with its number, without NUL bytes; None for one that is longer than a record may be."""
        number = 0
        while line := self._text.readline(MAX_BYTES + 1):
            number += 1
            whole = line.endswith("\n") or len(line) <= MAX_BYTES
            while not whole and (rest := self._text.readline(MAX_BYTES)):
                whole, line = rest.endswith("\n"), ""
            yield number, line.replace("\x00", "") if line else None


@contextmanager
def opened(path: Path) -> Iterator[TextFile]:
    """The file as text. Raises BadInput where it cannot be read."""
    try:
        with path.open("rb") as raw:
            yield TextFile(path, raw)
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None


def loads(text: str) -> Any:
    """JSON. Raises ValueError, also for what is nested too deep or no finite number."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not valid JSON")


def moment(value: Any) -> datetime | None:
    """A time in UTC, None for an empty value. Where days and months could be either, the month comes first.

    Epoch seconds and milliseconds, ISO 8601, `4/6/16 14:00`, `25.11.2026 10:00`, `01/May/24 10:00 AM`; a time without a
    zone is UTC. Raises ValueError.
    """
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        found = _moment(value)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None:
        raise ValueError(f"its time {str(value)[:40]!r} is not understood")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = str(value).strip().removesuffix(" UTC").removesuffix(" GMT")
    if re.fullmatch(r"\d{9,13}(?:\.\d+)?", text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000.0 if seconds > 1e11 else seconds, tz=UTC)
    if parts := _SLASHED.match(text):
        return _slashed(parts)
    if re.match(r"\d{4}-?\d{2}-?\d{2}", text):
        return datetime.fromisoformat(text)
    for shape in _NAMED:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _slashed(parts: re.Match[str]) -> datetime | None:
    first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
    day_first = parts[2] == "." or first > 12
    day, month = (first, second) if day_first else (second, first)
    made = datetime(year + 2000 if year < 100 else year, month, day, tzinfo=UTC)
    if not parts[5]:
        return made
    clock = _CLOCK.match(parts[5].strip())
    if clock is None:
        return None
    hour = int(clock[1]) % 12 + (12 if clock[4].lower() == "pm" else 0) if clock[4] else int(clock[1])
    return made.replace(hour=hour, minute=int(clock[2]), second=int(clock[3] or 0))


def duration(value: str) -> timedelta:
    """`3:00` (hours and minutes) or a number of hours. Raises ValueError."""
    clock = _CLOCK.match(value.strip())
    if clock and not clock[4]:
        return timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=int(clock[3] or 0))
    return timedelta(hours=float(value))
