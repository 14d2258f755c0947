"""What `detect` gives: a reader of the headers of one stream's lines."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from aitia.tools.text.headers.compact_pattern import whole
from aitia.tools.text.headers.epoch import Timekeeper
from aitia.tools.text.headers.fields import Fields, of_groups
from aitia.tools.text.headers.levels import Level, fold, fold_column

Parsed = tuple[float, Level, str]  # epoch seconds, level, message
_MARKS: Final[dict[str, Level]] = {"#": "warning", "*": "info", "-": "info", ".": "debug"}
PUNCTUATION: Final = "[](){}<>,:;"  # around a level word
_SCALE: Final = tuple(10.0**digits for digits in range(12))


class Place(NamedTuple):
    """Character offsets in a line: of the time to the second, of its fraction's digits, of the message.

    The fraction's two offsets are equal where there is none, or where the time's text holds it.
    """

    start: int
    end: int
    frac_start: int
    frac_end: int
    msg_start: int


class Header(ABC):
    """Reads a line's header. `name` says for people which layout was detected.

    `fixed`: every sampled line's time has the same width. `zone_text`: the zone that every sampled line names, and
    which `epoch` takes where it is given none ("": none, or not always the same).
    """

    name: str = ""
    fixed: bool = False
    zone_text: str = ""

    @abstractmethod
    def __call__(self, line: str) -> Parsed | None:
        """Epoch seconds, level and message; None where the line has no header of its own."""
        ...

    @abstractmethod
    def fields(self, line: str) -> Fields | None:
        """The line as a record of OpenTelemetry's log data model; None where it has no header."""
        ...

    def locate(self, line: str) -> Place | None:
        """Where time and message stand; None without a header, in structured lines, with another zone than `zone_text`."""
        return None

    def epoch(self, text: str, fraction: str = "", zone: str = "") -> float | None:
        """Epoch seconds of a time that `locate` found; None where it is no date."""
        return None


class TextHeader(Header):
    """One layout of plain text: a regular expression with the groups ts, frac, tz, level and msg."""

    def __init__(self, name: str, pattern: str, keeper: Timekeeper, lines: Sequence[str]) -> None:
        self.name = name
        self.keeper = keeper
        self.regex = whole(pattern)
        index = self.regex.groupindex
        none = index["none"]
        word = "level" if "level" in index else "mark" if "mark" in index else "pri"
        names = ("ts", "frac", "tz", word, "msg")
        self._groups = tuple(index.get(group, none) for group in names)
        self._match = self.regex.match
        self._memo = keeper.memo
        self._levels: dict[str, Level] = {"": "", **(_MARKS if word == "mark" else {})}
        self._pri = word == "pri"
        found = [m for line in lines if (m := self._match(line))]
        zones = {m[self._groups[2]] or "" for m in found}
        self.zone_text = zones.pop() if len(zones) == 1 else ""
        keeper.zone_text = self.zone_text
        self._zones_vary = bool(zones)
        self.fixed = len({m.end("ts") - m.start("ts") for m in found}) == 1

    def __call__(self, line: str) -> Parsed | None:
        """Epoch seconds, level and message; None without a header."""
        match = self._match(line)
        return self._parsed(match) if match is not None else None

    def _parsed(self, match: re.Match[str]) -> Parsed | None:
        text, fraction, zone, word, message = match.group(*self._groups)
        at = self._memo.get(text + zone if zone else text)
        if at is None:
            at = self.keeper.epoch(text, "", zone or "")
            if at is None:
                return None
        if fraction:
            at += int(fraction) / _SCALE[len(fraction)]
        level = self._levels.get(word or "")
        return at, self._fold(word) if level is None else level, message

    def _fold(self, word: str) -> Level:
        level = fold(str(int(word) & 7)) if self._pri else fold_column(word.strip(PUNCTUATION))
        if len(self._levels) < 1000:
            self._levels[word] = level
        return level

    def fields(self, line: str) -> Fields | None:
        """The line as a log record; None without a header."""
        match = self._match(line)
        parsed = self._parsed(match) if match is not None else None
        if parsed is None or match is None:
            return None
        return of_groups(parsed, match[self._groups[3]] or "", match.groupdict())

    def locate(self, line: str) -> Place | None:
        """Where time and message stand."""
        match = self._match(line)
        ts, frac, tz, _, msg = self._groups
        if match is None or self._zones_vary or (match[tz] or "") != self.zone_text:
            return None
        start, end = match.span(ts)
        a, b = match.span(frac)
        if not match[frac]:
            a = b = end
        return Place(start, end, a, b, match.start(msg))

    def epoch(self, text: str, fraction: str = "", zone: str = "") -> float | None:
        """Epoch seconds of a time that `locate` found."""
        return self.keeper.epoch(text, fraction, zone)


class StructuredHeader(Header):
    """Lines that are read by key or column: JSON, logfmt, CSV."""

    def __init__(
        self,
        name: str,
        read: Callable[[str], Parsed | None],
        fields: Callable[[str, Parsed], Fields],
    ) -> None:
        self.name = name
        self._read = read
        self._fields = fields

    def __call__(self, line: str) -> Parsed | None:
        """Epoch seconds, level and message; None without a header."""
        return self._read(line)

    def fields(self, line: str) -> Fields | None:
        """The line as a log record; None without a header."""
        parsed = self._read(line)
        return self._fields(line, parsed) if parsed is not None else None


class MixedHeader(Header):
    """Several layouts in one stream, tried in order. Places are those of the first one."""

    def __init__(self, headers: Sequence[Header]) -> None:
        self.headers = tuple(headers)
        self.name = " or ".join(header.name for header in headers)
        self.fixed = headers[0].fixed
        self.zone_text = headers[0].zone_text

    def __call__(self, line: str) -> Parsed | None:
        """Epoch seconds, level and message; None without a header."""
        for header in self.headers:
            if (parsed := header(line)) is not None:
                return parsed
        return None

    def fields(self, line: str) -> Fields | None:
        """The line as a log record; None without a header."""
        return next((f for header in self.headers if (f := header.fields(line)) is not None), None)

    def locate(self, line: str) -> Place | None:
        """Where time and message stand."""
        return self.headers[0].locate(line)

    def epoch(self, text: str, fraction: str = "", zone: str = "") -> float | None:
        """Epoch seconds of a time that `locate` found."""
        return self.headers[0].epoch(text, fraction, zone)
