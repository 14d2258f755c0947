"""InfluxDB's line protocol as rows of a table: `pump,asset=P-101 flow=12.3,temp=44 1773079200000000000`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.tools.sources.exports.words import called

_LINE: Final = re.compile(
    r"^((?:\\.|[^\\\s,])+)((?:,(?:\\.|[^\\\s,=])+=(?:\\.|[^\\\s,])+)*) +(.+?) +(\d{10,19})$"
)
_PAIR: Final = re.compile(r'((?:\\.|[^\\,= ])+)=("(?:\\.|[^"\\])*"|(?:\\.|[^\\,])+)')
_LOOKED: Final = 20  # lines that must all be of the form


def line_protocol(text: str) -> list[list[str]] | None:
    """Rows of time, machine, field and value, with names above; None for a text of another form."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines or not all(_LINE.match(line) for line in lines[:_LOOKED]):
        return None
    rows = [row for line in lines if (found := _LINE.match(line)) for row in _rows(found)]
    return [["time", "asset", "field", "value"], *rows]


def _rows(found: re.Match[str]) -> Iterator[list[str]]:
    """A row for each field; the machine is the tag that is called like one, else all tags, else the measurement."""
    tags = {_plain(k): _plain(v) for k, v in _PAIR.findall(found[2])}
    asset = next(
        (v for k, v in tags.items() if called(k, "asset")), "/".join(tags.values()) or _plain(found[1])
    )
    for field, value in _PAIR.findall(found[3]):
        yield [found[4], asset, _plain(field), value.strip('"').removesuffix("i")]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
