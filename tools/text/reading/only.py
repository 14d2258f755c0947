"""The records of one component out of lines of several: JSON lines that name it in a field, and what goes on from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from aitia.tools.text.reading.blocks import Block, Line, Place, blocks, lines_of
from aitia.tools.text.reading.conversion import Convert, gathered
from aitia.tools.text.reading.skipped import Skipped

if TYPE_CHECKING:
    from aitia.tools.sources.base import Only

_REACH: Final = 200  # bytes before an object: `web_1  | {…}`
NAME: Final = 200  # characters of a component's name


def kept(only: Only) -> Convert:
    """The conversion that leaves the lines of one component."""
    # Most lines are another component's: those without the value's bytes need not be parsed.
    plain = only.value.isascii() and only.value.isprintable() and not set(only.value) & set('"\\/')
    needle = only.value.encode() if plain else b""

    def convert(
        handle: BinaryIO, start: int, end: int | None, *, size: int, line: int, skipped: Skipped
    ) -> Iterator[Block]:
        original = blocks(handle, start, end, size=size, line=line, skipped=skipped)
        yield from gathered(_kept(only, needle, original), size)

    return convert


def _kept(only: Only, needle: bytes, original: Iterable[Block]) -> Iterator[Line]:
    own = False
    for block in original:
        for place, raw in lines_of(block) if block.places or not needle else _near(block, needle):
            if (fields := fields_of(raw)) is not None:
                own = value_at(fields, only.field) == only.value
            if own:
                yield place, raw


def _near(block: Block, needle: bytes) -> Iterator[Line]:
    """The lines of a block that may be the component's, with what goes on from them; `{}` stands for those of others."""
    data, at, number = block.data, 0, block.line
    while at < len(data):
        stop = data.find(b"\n", at)
        stop = len(data) if stop < 0 else stop
        raw = data[at:stop]
        if raw.startswith(b"{") and needle not in raw:
            yield Place(block.offset + at, 0, number), b"{}"
            found = data.find(needle, stop)
            begin = data.rfind(b"\n", stop, found) + 1 if found >= 0 else len(data)
            number, at = number + data.count(b"\n", at, begin), begin
            continue
        end = block.offset + stop + 1 if stop + 1 < len(data) else block.end
        yield Place(block.offset + at, end - block.offset - at, number), raw
        at, number = stop + 1, number + 1


def fields_of(raw: bytes) -> Mapping[str, Any] | None:
    """The object of a line, a short prefix passed over; None where it holds none."""
    begin = raw.find(b"{", 0, _REACH)
    if begin < 0:
        return None
    try:
        found = json.loads(raw[begin:])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def value_at(fields: Mapping[str, Any], path: str) -> str:
    """The text under a path of names, whose dots may be dots of a name; "" where there is none."""
    found = _at(fields, path.split("."))
    if isinstance(found, dict):  # OTLP's AnyValue
        found = found.get("stringValue")
    return found.strip()[:NAME] if isinstance(found, str) and found.isprintable() else ""


def last_key(fields: Mapping[str, Any], path: str) -> str:
    """How an object spells the last name of a path: `service.name` or `name`; "" where the path leads nowhere."""
    parts = path.split(".")
    for n in range(len(parts)):
        held = _at(fields, parts[:n])
        if isinstance(held, dict) and (key := ".".join(parts[n:])) in held:
            return key
    return ""


def _at(fields: object, parts: list[str]) -> object:
    if not parts:
        return fields
    if not isinstance(fields, dict):
        return None
    for n in range(len(parts), 0, -1):
        key = ".".join(parts[:n])
        if key in fields and (found := _at(fields[key], parts[n:])) is not None:
            return found
    return None
