"""The records of one component out of lines of several: JSON lines that name it in a field, and what goes on from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aitia.tools.text.reading.blocks import Line
from aitia.tools.text.reading.conversion import Convert, by_line
from aitia.tools.text.reading.skipped import Skipped

_REACH: Final = 200  # bytes before an object: `web_1  | {…}`
NAME: Final = 200  # characters of a component's name


@dataclass(frozen=True, kw_only=True)
class Only:
    """Lines whose field (`kubernetes.labels.app`) has this value; "" stands for those that have none.

    `sharing`: how many components the file holds, this one with them.
    """

    field: str
    value: str
    sharing: int = 1

    @property
    def convert(self) -> Convert:
        """The conversion that leaves these lines."""
        return by_line(self._kept)

    def _kept(self, lines: Iterable[Line], skipped: Skipped) -> Iterator[Line]:
        # Most lines are another component's: those without the value's bytes need not be parsed.
        plain = self.value if self.value.isascii() and self.value.isprintable() else ""
        needle = b"" if '"' in plain or "\\" in plain or "/" in plain else plain.encode()
        own = False
        for place, raw in lines:
            if needle and needle not in raw and raw.startswith(b"{"):
                own = False
                continue
            if (fields := fields_of(raw)) is not None:
                own = value_at(fields, self.field) == self.value
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
    return found.strip()[:NAME] if isinstance(found, str) else ""


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
