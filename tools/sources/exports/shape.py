"""How a sheet is laid out: where its data begin, what stands above them, which column holds what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.sources.exports.columns import Role, Shape
from aitia.tools.sources.exports.header import align_units, columns_from, header_rows, labels_above
from aitia.tools.sources.exports.roles import give_roles
from aitia.tools.sources.exports.times import clock_of, stamp_of
from aitia.tools.sources.exports.turning import PARTS_OF_DATE, full_time
from aitia.tools.sources.exports.words import called, key_of

_SAMPLE: Final = 400  # rows by which columns are told
_ABOVE: Final = 60  # lines above the data that are looked at
_MOST: Final = 0.6  # of a column's cells that must be times
_ALONE: Final = frozenset({"timestamp_seconds", "time_sec", "epoch_s", "unixtime_s"})


def shape_of(rows: Sequence[Sequence[str]]) -> Shape | None:
    """The layout of a sheet; None where no column holds times."""
    first, times = _times(rows)
    if first < 0:
        return None
    width = max((len(r) for r in rows[first : first + _SAMPLE]), default=0)
    names_at = header_rows(rows, first, width)
    above = [
        list(r)
        for r in rows[
            max(0, (names_at[0] if names_at else first) - _ABOVE) : names_at[0] if names_at else first
        ]
        if any(r)
    ]
    body = [r for r in rows[first : first + _SAMPLE] if any(r)]
    columns = columns_from([rows[n] for n in names_at], width, times)
    shape = Shape(first=first, columns=columns, above=above, labels=labels_above(above))
    shape.passed = names_at[0] if names_at else first
    align_units(shape)
    give_roles(shape, body, times)
    _title(shape)
    return shape


def _title(shape: Shape) -> None:
    """Take a line that stands alone above times and values without names for the tag: `P-101 FLOW M3/H`."""
    values = shape.of_role("value")
    if len(values) != 1 or values[0].name:
        return
    first = shape.columns[0]
    above = shape.above[-1] if shape.above and len(shape.above[-1]) == 1 else [""]
    title = above[0]
    if first.role == "time" and first.name and not called(first.name, "time"):
        title, first.name = f"{first.name} {first.unit}".strip(), ""
    if title and "tag" not in shape.labels and not full_time(title) and ":" not in title.partition("\\")[0]:
        shape.labels["tag"], shape.titled = title.lstrip("# "), True


def _times(rows: Sequence[Sequence[str]]) -> tuple[int, dict[int, Role]]:
    """The first row of data, and the columns that hold times, dates or clocks; -1 for none."""
    sample = rows[: _SAMPLE + _ABOVE]
    width = min(max((len(r) for r in sample), default=0), 4000)
    kinds: dict[int, Role] = {}
    starts: dict[int, int] = {}
    for at in range(width):
        cells = [(n, r[at]) for n, r in enumerate(sample) if at < len(r) and r[at]]
        stamps = [(n, stamp_of(c)) for n, c in cells]
        found = [n for n, s in stamps if s]
        clocks = [
            n
            for n, c in cells
            if (clock_of(c) is not None and ":" in c) or re.fullmatch(r"\d{1,2}[.h]\d\d(?:\.\d\d)?h?", c)
        ]
        held, role = (found, "time") if len(found) >= len(clocks) else (clocks, "clock")
        held = _run(held, cells)
        if held and len(held) >= _MOST * sum(n >= held[0] for n, _ in cells):
            if role == "time" and not any(s and s.clock for n, s in stamps if n in set(held)):
                role = "date"
            kinds[at], starts[at] = role, held[0]  # type: ignore[assignment]
    whole = [at for at, role in kinds.items() if role == "time"]
    if whole:
        first = min(starts[at] for at in whole)
        return first, dict.fromkeys(whole, "time")
    if kinds:
        dates = [at for at, role in kinds.items() if role == "date"]
        clocks = [at for at, role in kinds.items() if role == "clock"]
        if dates and not clocks:
            clocks = [n for n in range(width) if _hours(sample, n)]
        if dates:
            pair = {dates[0]: "date"} | ({_near(clocks, dates[0]): "clock"} if clocks else {})
            first = max(starts.get(at, 0) for at in pair)
            return first, pair if clocks else {dates[0]: "time"}  # type: ignore[return-value]
    return _numeric(sample, width)


def _hours(sample: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a column is called hour and counts hours."""
    cells = [r[at] for r in sample if at < len(r) and r[at]]
    named = any(key_of(c) in PARTS_OF_DATE[3] or key_of(c) in ("he", "hour_ending", "std") for c in cells[:6])
    numbers = [c for c in cells if re.fullmatch(r"\d{1,2}(?:\.0)?", c)]
    return named and len(numbers) > 0.8 * len(cells) and all(float(c) <= 24 for c in numbers)


def _run(found: list[int], cells: list[tuple[int, str]]) -> list[int]:
    """Found rows without a lone one far above the others: a date in a remark is no first row."""
    order = [n for n, _ in cells]
    for start, row in enumerate(found):
        place = order.index(row)
        ahead = order[place : place + 4]
        if sum(n in found for n in ahead) >= min(len(ahead), 3) or len(found) - start <= 1:
            return found[start:]
    return found


def _near(clocks: Sequence[int], date: int) -> int:
    return min(clocks, key=lambda at: (at < date, abs(at - date)))


def _numeric(sample: Sequence[Sequence[str]], width: int) -> tuple[int, dict[int, Role]]:
    """A column of numbers that are times: since an epoch whatever it is called, else one that is called time and rises."""
    import numpy as np

    from aitia.tools.sources.exports.times import numeric_times

    for at in range(width):
        cells = [(n, r[at]) for n, r in enumerate(sample) if at < len(r) and r[at]]
        numbers = [
            (n, float(c.replace(",", ".")))
            for n, c in cells
            if re.fullmatch(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", c)
        ]
        if len(numbers) < max(2, _MOST * len(cells)) and not (numbers and len(cells) <= 2):
            continue
        values = np.array([v for _, v in numbers])
        first = numbers[0][0]
        title = next((c for n, c in reversed(cells) if n < first), "")
        named = (
            called(title, "time")
            or key_of(title) in _ALONE
            or key_of(title).startswith(("time", "x_value", "zeit", "t_"))
        )
        if numeric_times(values, named=named) is not None:
            return first, {at: "time"}
        if named and at == 0 and values.size > 2 and np.all(np.diff(values) > 0):
            return first, {at: "time"}
    return -1, {}
