"""The records of one component out of lines of several: JSON lines that name it in a field, and what goes on from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aitia.tools.text.reading.blocks import Line
from aitia.tools.text.reading.conversion import Convert, by_line
from aitia.tools.text.reading.skipped import Skipped

if TYPE_CHECKING:
    from aitia.tools.sources.base import Only

_REACH: Final = 200  # bytes before an object: `web_1  | {…}`
NAME: Final = 200  # characters of a component's name


def kept(only: Only) -> Convert:
    """The conversion that leaves the lines of one component."""
    return by_line(partial(_kept, only))


def _kept(only: Only, lines: Iterable[Line], skipped: Skipped) -> Iterator[Line]:
    # Most lines are another component's: those without the value's bytes need not be parsed.
    plain = only.value.isascii() and only.value.isprintable() and not set(only.value) & set('"\\/')
    needle = only.value.encode() if plain else b""
    own = False
    for place, raw in lines:
        if needle and needle not in raw and raw.startswith(b"{"):
            own = False
            continue
        if (fields := fields_of(raw)) is not None:
            own = value_at(fields, only.field) == only.value
        if own:
            yield place, raw


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
