"""Times with a named month and no year (`14 May 06:00`), where a line above or the file's name tells the year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.sources.exports.words import folded, months

_SAMPLE: Final = 400  # rows by which a column is told
_MOST: Final = 0.8  # of its cells below the first one
_LEAST: Final = 3
_TIME: Final = re.compile(
    r"(?:(?P<day>\d{1,2})[ .-]{1,2}(?P<month>[^\W\d_]{3,10})|(?P<named>[^\W\d_]{3,10})\.? (?P<of>\d{1,2}))\.?,? "
    r"(?P<clock>\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)"
)
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)(?:19|20)\d\d(?=[01]\d[0-3]\d(?!\d))")
_LINE: Final = 400  # characters of a line above
_HALF: Final = 6  # months that a month falls by from row to row where a year ends


def with_years(rows: Sequence[Sequence[str]], name: str) -> tuple[list[list[str]], str] | None:
    """The rows with the year in their times, and what is said of it; None where none hold such times or no year is told."""
    for at in range(min(max((len(r) for r in rows[:_SAMPLE]), default=0), 4)):
        held = [
            (n, m) for n, r in enumerate(rows[:_SAMPLE]) if at < len(r) and (m := _parts(r[at])) is not None
        ]
        if len(held) < _LEAST:
            continue
        first = held[0][0]
        if len(held) < _MOST * sum(at < len(r) and bool(r[at]) for r in rows[first:_SAMPLE]):
            continue
        above = dict.fromkeys(y for r in rows[:first] for c in r for y in _YEAR.findall(c[:_LINE]))
        told = list(above) or list(dict.fromkeys(_YEAR.findall(name)))
        if len(told) != 1:
            return None
        year, before, made = int(told[0]), held[0][1][0], [list(r) for r in rows[:first]]
        falling = len(held) > 1 and held[-1][1][0] < before and before - held[-1][1][0] < _HALF
        for row in rows[first:]:
            cells = list(row)
            if at < len(cells) and (found := _parts(cells[at])) is not None:
                month, day, clock = found
                year += 0 if falling else month < before - _HALF
                before = month
                cells[at] = f"{year}-{month:02}-{int(day):02} {clock.zfill(5)}"
            made.append(cells)
        where = "a line above" if above else "the name of the file"
        return made, f"the year {told[0]} is told by {where}"
    return None


def _parts(cell: str) -> tuple[int, str, str] | None:
    """Month, day and clock of a time without a year; None for any other cell."""
    found = _TIME.fullmatch(cell) if len(cell) < 40 else None
    month = months().get(folded(found["month"] or found["named"])) if found else None
    if found is None or not month:
        return None
    return month, found["day"] or found["of"], found["clock"].replace(",", ".")
