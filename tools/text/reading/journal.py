"""The systemd journal as `journalctl -o export` and `-o json` write it, as lines with a header.

An entry becomes a line as `entry` shows it; further lines of its message follow it.
The format: https://systemd.io/JOURNAL_EXPORT_FORMATS/. A field whose value is not plain text is written as its name, a
newline, its length (64 bit, little-endian), the bytes, a newline.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import BinaryIO, Final

from aitia.tools.text.reading.binary import undecodable
from aitia.tools.text.reading.blocks import LINE_MAX, Block, Line, Place
from aitia.tools.text.reading.conversion import Convert, by_line, gathered, spread
from aitia.tools.text.reading.entry import WANTED, fields_in, shown
from aitia.tools.text.reading.skipped import Skipped

_READ: Final = 1 << 18
_WANTED: Final = frozenset(WANTED)
# Lines of a name, an equals sign and a value, up to an empty one.
_PLAIN: Final = re.compile(rb"(?:[^=\n]*+=[^\n]*+\n)++(?=\n)")


def export(
    handle: BinaryIO, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
) -> Iterator[Block]:
    """Blocks of an export, from its beginning; entries that begin in [start, end)."""
    pairs = _entries(handle, skipped)
    if end is not None:
        pairs = takewhile(lambda pair: pair[0].offset < end, pairs)
    if start:
        pairs = (pair for pair in pairs if pair[0].offset >= start)
    yield from gathered(pairs, size)
    if damage := getattr(handle, "damage", ""):
        skipped.files[str(handle.name)] = damage


def json_lines() -> Convert:
    """Blocks of an entry a line as JSON."""
    return by_line(_json_entries)


def _json_entries(lines: Iterable[Line], skipped: Skipped) -> Iterator[Line]:
    for place, raw in lines:
        try:
            fields = json.loads(raw.lstrip(b"\x1e"))
            entry = {key.encode(): _bytes(value) for key, value in fields.items()}
        except (ValueError, AttributeError, RecursionError):
            yield place, raw
            continue
        yield from _lines(entry, place, skipped) or [(place, raw)]


def _bytes(value: object) -> bytes:
    """A field's value: text, or the numbers of its bytes, or several of either (the first counts)."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, list) and value:
        if all(isinstance(n, int) and 0 <= n < 256 for n in value):
            return bytes(value)
        return _bytes(value[0])
    return b""


def _entries(handle: BinaryIO, skipped: Skipped) -> Iterator[Line]:
    source = _Source(handle)
    while True:
        begin, first = source.at, source.number
        fields = source.plain_entry()
        if fields is None:
            fields = _slow_entry(source, skipped)
        if not fields and source.at == begin:
            return
        yield from _lines(fields, Place(begin, source.at - begin, first, source.number - first), skipped)


def _slow_entry(source: _Source, skipped: Skipped) -> dict[bytes, bytes]:
    """The next entry, field by field."""
    fields: dict[bytes, bytes] = {}
    while raw := source.line(skipped):
        name, equals, value = raw.partition(b"=")
        if not equals:
            value = source.sized(skipped, wanted=name in _WANTED)
        if name in _WANTED:
            fields.setdefault(name, value)
    return fields


def _lines(fields: Mapping[bytes, bytes], place: Place, skipped: Skipped) -> list[Line]:
    text = shown(fields)
    if text.isascii() and b"\n" not in text and 0 < len(text) <= LINE_MAX:
        return [(place, text)]
    if text:
        skipped.undecodable += undecodable(text)
        return spread(place, text, skipped)
    skipped.undated += bool(fields)
    return []


class _Source:
    """Bytes read in order: lines and sized values, both kept to their first 64 KiB. `number` is the next line's."""

    def __init__(self, handle: BinaryIO) -> None:
        handle.seek(0)
        self._handle, self._rest, self._pos = handle, b"", 0
        self.at, self.number = 0, 1

    def _more(self) -> bool:
        chunk = self._handle.read(_READ)
        self._rest, self._pos = self._rest[self._pos :] + chunk, 0
        return bool(chunk)

    def plain_entry(self) -> dict[bytes, bytes] | None:
        """The next entry where it lies whole in what has been read and has no sized value; else None, nothing is taken."""
        match = _PLAIN.match(self._rest, self._pos)
        if match is None or match.end() - self._pos > LINE_MAX:
            return None
        raw = b"\n" + match[0]
        self._pos, self.at = match.end() + 1, self.at + len(raw)
        self.number += raw.count(b"\n")
        return fields_in(raw)

    def line(self, skipped: Skipped) -> bytes | None:
        """The next line without its newline; None at the end."""
        kept, long = b"", False
        while (cut := self._rest.find(b"\n", self._pos)) < 0:
            have = len(self._rest) - self._pos
            if have > LINE_MAX:
                kept, long = kept or self._rest[self._pos : self._pos + LINE_MAX], True
                self.at += have
                self._pos = len(self._rest)
            if not self._more():
                cut = len(self._rest)
                if not (kept or self._rest):
                    return None
                break
        raw = self._rest[self._pos : cut]
        self.at += min(cut + 1, len(self._rest)) - self._pos
        self._pos = min(cut + 1, len(self._rest))
        self.number += 1
        skipped.cut += long
        return kept or raw

    def sized(self, skipped: Skipped, *, wanted: bool) -> bytes:
        """A value that its length precedes and a newline follows."""
        head = self._take(8, 8)
        if len(head) < 8:
            return b""
        (length,) = struct.unpack("<Q", head)
        value = self._take(length, LINE_MAX if wanted else 0)
        skipped.cut += wanted and length > LINE_MAX
        self._take(1, 1)
        return value

    def _take(self, size: int, keep: int) -> bytes:
        kept, left = b"", size
        while left > 0:
            have = self._rest[self._pos : self._pos + left]
            if not have:
                if not self._more():
                    break
                continue
            self._pos += len(have)
            self.at += len(have)
            self.number += have.count(b"\n")
            left -= len(have)
            if len(kept) < keep:
                kept += have[: keep - len(kept)]
        return kept
