"""What the headers of records say. Those that are equal but for their time are taken apart once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from aitia.tools.logs.count import Lines
from aitia.tools.logs.meanings import Entry
from aitia.tools.logs.search.spool import items
from aitia.tools.text.headers import Fields, Header, Level, Parsed, Place
from aitia.tools.text.reading.cut import LINE_BYTES, text_of

if TYPE_CHECKING:
    from aitia.tools.logs.count import Rows
    from aitia.tools.logs.meanings import Numbers

_KNOWN: Final = 50_000  # distinct headers that are remembered
_FIELDS: Final = 64
_VALUE: Final = 1000
_DIGITS: Final = str.maketrans("123456789", "000000000")
Parts = tuple[Level, str, str]
"""Level, message and fields of a record's first line."""


class Heads:
    """The headers of one file. In lines of one shape the message begins after equally many blanks."""

    def __init__(self, header: Header | None) -> None:
        self._header = header
        self._fields = _FieldsOf(header) if header is not None else None
        self._places: dict[Entry, _Place] = {}
        self._known: dict[str, tuple[Level, str]] = {}  # by the text between time and message

    def parts(self, lines: Lines, rows: Rows, entries: Sequence[Entry], which: Numbers) -> list[Parts]:
        """Level, message and fields of the lines in these rows."""
        places = [self._places.get(entry) for entry in entries]
        own = which[rows]
        blanks = np.array([place.blanks if place else 0 for place in places], dtype=np.intp)
        times = np.array([place.at if place else 0 for place in places], dtype=np.intp)
        begins = lines.after_blanks(rows, blanks[own])
        starts, ends = lines.starts[rows], lines.ends[rows]
        columns = (begins, starts + times[own], np.minimum(ends, starts + LINE_BYTES), rows, own)
        text, known, out = lines.text, self._known, []
        for begin, at, end, i, k in zip(*(column.tolist() for column in columns), strict=True):
            found = known.get(text[at:begin]) if begin else None
            if found is None:
                out.append(self._read(lines.raw(i), entries[k]))
                continue
            message = text[begin:end]
            if not message.isascii():
                message = message.encode("latin-1").decode("utf-8", "replace")
            out.append((found[0], message.rstrip("\r"), found[1]))
        return out

    def _read(self, raw: bytes, entry: Entry) -> Parts:
        header = self._header
        text = text_of(raw)
        if header is None:
            return "", text, ""
        parsed = header(text)
        if parsed is None:  # a time that is no date after all
            return entry.level, text, ""
        message = parsed[2]
        assert self._fields is not None
        fields = self._fields(text, message)
        if entry.how == 1 and entry.time.end and message and text.endswith(message):
            self._keep(entry, text[: len(text) - len(message)], parsed[1], fields)
        return parsed[1], message, fields

    def _keep(self, entry: Entry, prefix: str, level: Level, fields: str) -> None:
        """Remember a header, if a blank ends it."""
        if not prefix.endswith(" ") or not prefix.isascii():
            return
        if len(self._known) + len(self._places) >= _KNOWN:
            self._known.clear()
            self._places.clear()
        at = entry.time.frac_end or entry.time.end
        self._places.setdefault(entry, _Place(prefix.count(" "), at))
        self._known[prefix[at:]] = level, fields


class _Place(NamedTuple):
    """How many blanks precede the message in lines of one shape, and where their time ends."""

    blanks: int
    at: int


class Once(Header):
    """A header that need not read the lines of a block twice: the pass reads some lines, and then so do we."""

    def __init__(self, header: Header) -> None:
        self.name, self.fixed, self.zone_text = header.name, header.fixed, header.zone_text
        self.headers = getattr(header, "headers", (header,))
        self._read = header
        self._parsed: dict[str, Parsed | None] = {}

    def forget(self) -> None:
        """Forget the lines that were read."""
        self._parsed.clear()

    def __call__(self, line: str) -> Parsed | None:
        """Epoch seconds, level and message; None without a header."""
        if line not in self._parsed:
            self._parsed[line] = self._read(line)
        return self._parsed[line]

    def fields(self, line: str) -> Fields | None:
        """As the header says."""
        return self._read.fields(line)

    def locate(self, line: str) -> Place | None:
        """As the header says."""
        return self._read.locate(line)

    def epoch(self, text: str, fraction: str = "", zone: str = "") -> float | None:
        """As the header says."""
        return self._read.epoch(text, fraction, zone)


class _FieldsOf:
    """The fields of a line's header. Headers that differ in time alone have the same: these are remembered."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._known: dict[str, str] = {}
        self._cut, self._time = 0, ""  # where the time ends that lines begin with, and its shape

    def __call__(self, text: str, message: str) -> str:
        if not message or not text.endswith(message):
            return self._read(text)
        prefix = text[: len(text) - len(message)]
        if not self._cut or prefix[: self._cut].translate(_DIGITS) != self._time:
            place = self._header.locate(text)
            end = max(place.end, place.frac_end) if place is not None else 0
            if place is None or place.start or end > len(prefix):
                return self._read(text)
            self._cut, self._time = end, prefix[:end].translate(_DIGITS)
        key = prefix[self._cut :]
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            found = self._known[key] = self._read(text)
        return found

    def _read(self, text: str) -> str:
        found = self._header.fields(text)
        if found is None:
            return ""
        ids = (("trace_id", found.trace_id), ("span_id", found.span_id))
        pairs = [*found.resource.items(), *((k, v) for k, v in ids if v), *found.attributes.items()]
        return items((key, str(value)[:_VALUE]) for key, value in pairs[:_FIELDS])
