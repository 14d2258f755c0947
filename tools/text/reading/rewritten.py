"""UTF-16 and UTF-32 as UTF-8, and JSON objects printed over many lines as one line each."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import BinaryIO, Final

from aitia.tools.text.reading.blocks import LINE_MAX, Block, Line, Place, size_now
from aitia.tools.text.reading.conversion import Convert, by_line, gathered
from aitia.tools.text.reading.skipped import Skipped

_OBJECT_LINES: Final = 1000
_READ: Final = 1 << 18


def utf8_of(encoding: str) -> Convert:
    """UTF-8 of a file in another encoding; lines that begin in [start, end) of the original."""

    def convert(
        handle: BinaryIO, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
    ) -> Iterator[Block]:
        lines = _decoded(handle, encoding, skipped)
        inside = takewhile(lambda pair: end is None or pair[0].offset < end, lines)
        yield from gathered((pair for pair in inside if pair[0].offset >= start), size)
        if damage := getattr(handle, "damage", ""):
            skipped.files[str(handle.name)] = damage

    return convert


def _decoded(handle: BinaryIO, encoding: str, skipped: Skipped) -> Iterator[Line]:
    """Lines with places. A line is kept to its first 64 KiB of UTF-8."""
    handle.seek(0)
    limit, read = size_now(handle), 0
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    unit = 4 if encoding.startswith("utf-32") else 2
    at, number = 0, 1
    kept, size, begun = "", 0, False  # of the line that is not complete
    while True:
        chunk = handle.read(_READ if limit is None else max(0, min(_READ, limit - read)))
        read += len(chunk)
        text = decoder.decode(chunk, final=not chunk)
        skipped.undecodable += unit * text.count("\ufffd")
        *whole, rest = text.split("\n")
        for piece in whole:
            size += _bytes(piece, unit) + unit
            yield _line(kept + piece, at, size, number, skipped)
            at, number = at + size, number + 1
            kept, size, begun = "", 0, False
        size += _bytes(rest, unit)
        begun = begun or bool(rest)
        kept += rest[: max(0, LINE_MAX + 1 - len(kept))]
        if not chunk:
            break
    if begun:
        yield _line(kept, at, size, number, skipped)


def _line(text: str, at: int, size: int, number: int, skipped: Skipped) -> Line:
    raw = text.removeprefix("\ufeff" if at == 0 else "").rstrip("\r").encode("utf-8", "replace")
    skipped.cut += len(raw) > LINE_MAX
    return Place(at, size, number), raw[:LINE_MAX]


def _bytes(text: str, unit: int) -> int:
    if unit == 4 or text.isascii():
        return unit * len(text)
    return 2 * len(text) + 2 * sum(c > "\uffff" for c in text)


def json_objects() -> Convert:
    """Objects over many lines as one line each; what is none stays as it is."""
    return by_line(_objects)


def _objects(lines: Iterable[Line], skipped: Skipped) -> Iterator[Line]:
    held: list[Line] = []
    indent = b""
    size = 0
    for place, raw in lines:
        text = raw.rstrip()
        if not held:
            if text.lstrip() not in (b"{", b"[{"):
                if text not in (b"[", b"]", b"", b","):
                    yield place, raw
                continue
            indent = text[: len(text) - len(text.lstrip())]
        held.append((place, raw))
        size += len(raw)
        if text.rstrip(b",]") == indent + b"}":
            yield from _one(held)
        elif len(held) < _OBJECT_LINES and size <= 4 * LINE_MAX:
            continue
        else:
            yield from held
        held, size = [], 0
    yield from held


def _one(held: list[Line]) -> Iterator[Line]:
    text = b"\n".join(raw for _, raw in held).strip().strip(b"[],")
    try:
        shown = json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        yield from held
        return
    (first, _), (last, _) = held[0], held[-1]
    size = last.offset + last.size - first.offset
    yield Place(first.offset, size, first.line, last.line - first.line + 1), shown[:LINE_MAX]
