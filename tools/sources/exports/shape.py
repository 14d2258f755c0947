"""How a sheet is laid out: where its data begin, what stands above them, which column holds what."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from aitia.tools.meaning.unit_table import split_unit
from aitia.tools.sources.exports.above import align_units, labels_above
from aitia.tools.sources.exports.columns import Role, Shape, cell_at
from aitia.tools.sources.exports.header import columns_from, header_rows
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.roles import give_roles
from aitia.tools.sources.exports.times import CLOCK, stamp_of
from aitia.tools.sources.exports.turning import full_time
from aitia.tools.sources.exports.words import called, key_of
from aitia.tools.tags.names import TITLE, parts_of

_SAMPLE: Final = 400  # rows by which columns are told
_ABOVE: Final = 60  # lines above the data that are looked at
_MOST: Final = 0.6  # of a column's cells that must be times
_PAIR: Final = 2  # cells of a line that says one thing
_TITLES: Final = 2  # cells above a column of numbers that may call it a time
_EXCEL_0: Final = date(1899, 12, 30).toordinal()
_PLAIN: Final = re.compile(r"\d{5}(?:\.\d+)?")
_PAIRS: Final = 4  # cells of two pairs
_COUNT: Final = re.compile(r"\d{1,12}(?:[.,]\d{1,9})?")
_FEW: Final = 3  # times of a column, more than this
_ALONE: Final = frozenset({"timestamp_seconds", "time_sec", "epoch_s", "unixtime_s"})


def shape_of(rows: Sequence[Sequence[str]]) -> Shape | None:
    """The layout of a sheet; None where no column holds times."""
    first, times = _times(rows)
    if first < 0:
        return None
    sample = rows[first : first + _SAMPLE]
    timed = [r for r in sample if any(n < len(r) and (stamp_of(r[n]) or looks_numeric(r[n])) for n in times)]
    width = max(map(len, (timed or sample)))
    names_at = header_rows(rows, first, width)
    above = [
        list(r)
        for r in rows[
            max(0, (names_at[0] if names_at else first) - _ABOVE) : names_at[0] if names_at else first
        ]
        if any(r)
    ]
    above += [list(r) for r in rows[names_at[-1] + 1 : first] if any(r)] if names_at else []
    body = [r for r in rows[first : first + _SAMPLE] if any(r)]
    columns = columns_from([rows[n] for n in names_at], width, times)
    shape = Shape(first=first, columns=columns, above=above, labels=labels_above(above))
    shape.passed = names_at[0] if names_at else first
    align_units(shape)
    give_roles(shape, body, times, rows[first + _SAMPLE :])
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
    bare, unit = split_unit(title.lstrip("# "))
    if (
        title
        and "tag" not in shape.labels
        and not called(title.partition(":")[0], "unit", "preamble")
        and not full_time(title)
        and (unit or ":" not in title.partition("\\")[0] or parts_of(title).by == TITLE)
    ):
        shape.labels["tag"], shape.titled = bare, True
        shape.labels.setdefault("unit", unit)


def _times(rows: Sequence[Sequence[str]]) -> tuple[int, dict[int, Role]]:
    """The first row of data, and the columns that hold times; -1 for none."""
    sample = rows[: _SAMPLE + _ABOVE]
    width = min(max((len(r) for r in sample), default=0), 4000)
    starts: dict[int, int] = {}
    runs: dict[int, list[int]] = {}
    clocked: set[int] = set()
    said = _said_above(sample)
    for at in range(width):
        cells = [(n, r[at]) for n, r in enumerate(sample) if at < len(r) and r[at] and n not in said]
        stamps = {n: s for n, c in cells if (s := stamp_of(c))}
        held = _run(list(stamps), cells)
        if held and len(held) >= _MOST * sum(n >= held[0] for n, _ in cells):
            starts[at], runs[at] = held[0], held
            if any(stamps[n].clock for n in held):
                clocked.add(at)
    if runs:  # dates beside a title, above a table that has its times elsewhere
        begins = starts[max(runs, key=lambda at: len(runs[at]))]
        starts = {at: first for at, first in starts.items() if runs[at][-1] >= begins}
    whole = [at for at in starts if at in clocked] or list(starts)[:1]
    if whole:
        first = min(starts[at] for at in whole)
        return first, dict.fromkeys(sorted({*whole, *_serials(sample[first:], whole, width)}), "time")
    return _numeric(sample, width)


def _serials(body: Sequence[Sequence[str]], whole: Sequence[int], width: int) -> list[int]:
    """Further columns of times that a spreadsheet shows as numbers: days since 1899 that never fall, within the others'."""
    stamps = [s for r in body for at in whole if at < len(r) and (s := stamp_of(r[at])) and s.kind != "abc"]
    if not stamps:
        return []
    days = [date(*s.parts).toordinal() - _EXCEL_0 for s in (stamps[0], stamps[-1])]
    low, high = min(days) - 1, max(days) + 2
    found = []
    for at in (n for n in range(width) if n not in whole):
        cells = [r[at] for r in body if at < len(r) and r[at]]
        numbers = [float(c) for c in cells if _PLAIN.fullmatch(c)]
        if (
            len(numbers) == len(cells) > _FEW
            and all(low <= v <= high for v in numbers)
            and numbers == sorted(numbers)
        ):
            found.append(at)
    return found


def _said_above(sample: Sequence[Sequence[str]]) -> set[int]:
    """Lines of a word and the time that it tells (`Start;21.07.2025 13:05`) above the first row with a time and more."""
    told = list[int]()
    for n, row in enumerate(sample):
        held = [c for c in row if c]
        if not any(stamp_of(c) for c in held):
            continue
        parted = (
            len(held) == _PAIR + 1 and stamp_of(held[1]) is not None and CLOCK.fullmatch(held[2]) is not None
        )
        if parted and stamp_of(held[0]) is None and not looks_numeric(held[0]) and n < len(sample) - 1:
            told.append(n)  # `Start time,2026-03-09,18:00:00`
            continue
        if len(held) > _PAIR:
            return set(told)
        if len(held) == _PAIR and stamp_of(held[0]) is None and not looks_numeric(held[0]):
            told.append(n)
    return set()


def _run(found: list[int], cells: list[tuple[int, str]]) -> list[int]:
    """Found rows without a lone one far above the others: a date in a remark is no first row."""
    order = [n for n, _ in cells]
    held = dict(cells)
    for start, row in enumerate(found):
        place = order.index(row)
        ahead = order[place : place + 4]
        titles = [
            n for n in (*order[:place], *ahead[1:2]) if called(held[n], "time") or called(held[n], "clock")
        ]
        if titles == ahead[1:2] != found[start + 1 : start + 2]:
            continue  # right above the first title of the times
        if sum(n in found for n in ahead) >= min(len(ahead), 3) or len(found) - start <= 1:
            return found[start:]
    return found


def _numeric(sample: Sequence[Sequence[str]], width: int) -> tuple[int, dict[int, Role]]:
    """A column of numbers that are times: since an epoch whatever it is called, else one that is called time and rises."""
    import numpy as np

    from aitia.tools.sources.exports.numeric_times import numeric_times

    counted = _counted_pairs(sample, width)
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
        titles = [c for n, c in cells if n < first][-_TITLES:]
        named = any(
            called(c, "time")
            or key_of(c) in _ALONE
            or key_of(c).startswith(("time", "x_value", "zeit", "t_"))
            for c in titles
        )
        if counted[0] == first:
            return counted
        title = titles[-1] if titles else ""
        head = sample[first - 1] if first else []
        alike = [n for n, c in enumerate(head) if c and c == title and named]  # pairs, each with its own time
        if numeric_times(values, named=named) is not None or (
            named and at == 0 and values.size > 2 and np.all(np.diff(values) > 0)
        ):
            return first, dict.fromkeys(alike or [at], "time")
    return counted


def _counted_pairs(sample: Sequence[Sequence[str]], width: int) -> tuple[int, dict[int, Role]]:
    """Columns that count a time each, before the value of theirs: all with the same titles, one of which is a time's."""
    first = next((n for n, r in enumerate(sample) if len(r) >= _PAIRS and all(map(looks_numeric, r))), -1)
    if first < 1:
        return -1, {}
    titles = [r for r in sample[:first] if len(r) >= len(sample[first]) - 1 and r.count(r[0]) > 1]
    alike: dict[tuple[str, ...], list[int]] = {}
    for at in range(width):
        alike.setdefault(tuple(cell_at(r, at) for r in titles), []).append(at)
    for heads, columns in alike.items():
        apart = all(b - a > 1 for a, b in itertools.pairwise(columns))
        timed = any(called(split_unit(h)[0], "time") for h in heads)
        if len(columns) > 1 and apart and timed and all(_rises(sample[first:], at) for at in columns):
            return first, dict.fromkeys(columns, "time")
    return -1, {}


def _rises(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Whether the numbers of a column rise from row to row."""
    numbers = [float(c.replace(",", ".")) for r in rows if _COUNT.fullmatch(c := cell_at(r, at))]
    return len(numbers) > _FEW and all(b > a for a, b in itertools.pairwise(numbers))
