"""Sheets with a row for each sample, or with rows of several machines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.cells import all_states, is_passed, repeats, share
from aitia.tools.sources.exports.columns import Column, Shape, cell_at
from aitia.tools.sources.exports.numbers import are_measured, looks_numeric
from aitia.tools.sources.exports.words import (
    called,
    code_of,
    data,
    is_machines_own,
    is_missing,
    key_of,
    quality_word,
    state_of,
)
from aitia.tools.tags.equipment_words import mention_in
from aitia.tools.tags.equipment_words import numbered as numbered_name
from aitia.tools.tags.names import parts_of


def find_long_rows(shape: Shape, held: dict[int, list[str]], body: Sequence[Sequence[str]]) -> None:
    """Find tags with values beside them (a row for each sample), or machines (a row for each time of each)."""
    free = [c for c in shape.columns if c.role == "value" and held.get(c.at)]
    if any(c.of >= 0 for c in shape.columns):
        return  # each value has times of its own
    texts = [c for c in free if not are_measured(held[c.at]) or _names_mixed(c, held[c.at])]
    if texts or any(called(c.name, "value") for c in free):
        texts += [c for c in free if c not in texts and _is_number_of_one(c, held[c.at])]
    for column in [c for c in texts if _is_running(c, shape, body)]:
        column.role = "ignore"
        texts.remove(column)
        free.remove(column)
    numbers = [c for c in free if c not in texts]
    tags = [c for c in texts if called(c.name, "tag") and not all_states(held[c.at])]
    repeated = [c for c in texts if repeats(held[c.at]) and not _is_status(c, held[c.at])]
    if not texts or not (tags or repeated):
        tags = [c for c in numbers if key_of(c.name) in (*INDEX, *_NUMBERED_TAGS) and repeats(held[c.at])]
        if not any(called(c.name, "value") for c in numbers if c not in tags):
            tags = [c for c in tags if key_of(c.name) in INDEX]
    value = _value(free, numbers, texts, tags or repeated, held, units=bool(shape.of_role("unit")))
    if value is None and tags and not numbers:  # a list of changes of state
        value = next((c for c in texts if c not in tags and all_states(held[c.at])), None)
    if value is not None:
        value.also = _kinds_of(value, numbers, body)
    tags, repeated = ([c for c in of if c is not value] for of in (tags, repeated))
    if value is None or not (tags or repeated):
        _by_row(shape, texts, numbers, held)
        if shape.of_role("asset") and shape.of_role("value"):
            _parted(
                shape,
                [*repeated, *(c for c in texts if c not in repeated and _are_axes(c, held[c.at]))],
                body,
            )
        return
    if not tags and shape.of_role("unit") and sum(called(c.name, "asset") for c in repeated) < _TWO:
        tags = [c for c in texts if called(c.name, "description") and repeats(held[c.at])]
    tag = _best_tag(tags or repeated, held)
    if tag is None:
        return
    tag = next((c for c in repeated if c is not tag and _is_described(c, tag, body)), tag)
    shape.long = True
    for column in shape.of_role("value"):
        coded = column in free and called(column.name, "quality") and _is_quality(held[column.at])
        column.role = "quality" if coded else "ignore"
    tag.role, value.role = "tag", "value"
    _beside(shape, [c for c in texts if c not in (tag, value) and c.role != "quality"], held, tag)
    _parted(shape, repeated, body)


def _names_mixed(column: Column, cells: Sequence[str]) -> bool:
    """Whether a column of machines or tags holds names, some of which are numbers: `10003456`, `TP-2200-P07`."""
    named = called(column.name, "asset") or called(column.name, "tag")
    return (
        named and not all(map(looks_numeric, cells)) and repeats(cells) and not called(column.name, "value")
    )


def _is_number_of_one(column: Column, cells: Sequence[str]) -> bool:
    """Whether long whole numbers that come again and again name machines or points: `10004711` below `Equipment`."""
    named = (called(column.name, "asset") or called(column.name, "tag")) and not called(column.name, "value")
    return (
        named
        and share(cells, lambda c: bool(_NUMBER_OF_ONE.fullmatch(c)))
        > _NUMBERS  # names stand again on each page
        and len(set(cells)) <= max(1, len(cells) // _ROWS_OF_ONE)
    )


def _is_running(column: Column, shape: Shape, body: Sequence[Sequence[str]]) -> bool:
    """Whether a text is the number of a record (a sample, a round): each stands at one time alone, so that none is a series."""
    times = [c.at for c in shape.columns if c.role == "time"]
    at: dict[str, set[tuple[str, ...]]] = {}
    for row in body:
        if cell := cell_at(row, column.at):
            at.setdefault(cell, set()).add(tuple(cell_at(row, n) for n in times))
    moments = set().union(*at.values())
    if len(body) < 2 * len(at):  # of each there are several rows: what changes from row to row is a value
        return False
    return bool(times) and min(len(at), len(moments)) >= FEW_RECORDS and all(len(m) == 1 for m in at.values())


def _value(
    free: Sequence[Column],
    numbers: Sequence[Column],
    texts: Sequence[Column],
    tags: Sequence[Column],
    held: Mapping[int, list[str]],
    *,
    units: bool,
) -> Column | None:
    """The column of the values of a long table; None where there is none, or several columns are values of their own."""
    order = list(data()["columns"]["value"])
    numbers = [c for c in numbers if not is_passed(c) and not _is_copy(c, numbers, held)]
    values = [c for c in free if called(c.name, "value") and (c in numbers or not called(c.name, "tag"))]
    if not values and len(numbers) > 1 and all(key_of(c.name) in _AGGREGATES for c in numbers):
        values = [min(numbers, key=lambda c: _AGGREGATES.index(key_of(c.name)))]
    if not values and len(numbers) == 1 and tags and not _tagged(numbers[0].name):
        values = list(numbers)
    several = len(numbers) > 1 + len(values)
    named = units or any(called(c.name, "tag") for c in texts) or any(c in numbers for c in tags)
    if several and not named and not all(key_of(c.name) in _AGGREGATES for c in numbers):
        return None
    place = {c.at: order.index(k) if (k := key_of(c.name)) in order else 99 for c in values}
    return min(values, key=lambda c: (c not in numbers, place[c.at]), default=None)


def _is_copy(column: Column, numbers: Sequence[Column], held: Mapping[int, list[str]]) -> bool:
    """Whether a column says the numbers of one before it once more, with their units: `391.6 kPa` beside `391.6`."""
    cells = [c.split() for c in held[column.at]]
    if not cells or len(cells[0]) < 2:
        return False
    said = [c[0] for c in cells if c]
    return any(c is not column and held[c.at] == said for c in numbers)


def _kinds_of(value: Column, numbers: Sequence[Column], body: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Columns of values of other types, one of which alone each row fills: `intvalue`, `floatvalue`."""
    others = [c.at for c in numbers if c is not value and key_of(c.name).endswith(_VALUES)]
    whole = (value.at, *others)
    filled = [sum(bool(cell_at(r, at)) for at in whole) for r in body]
    return tuple(others) if others and max(filled, default=0) == 1 else ()


def _is_quality(cells: Sequence[str]) -> bool:
    """Whether cells are words or codes of quality."""
    return all(bool(quality_word(c)) or code_of(c) is not None or state_of(c) is not None for c in set(cells))


def _is_status(column: Column, cells: Sequence[str]) -> bool:
    """Whether a column called so holds words for how a value stands, which name no series: `OK` and `Alert`."""
    told = any(quality_word(c) or state_of(c) is not None or code_of(c) is not None for c in set(cells))
    return called(column.name, "quality") and not called(column.name, "tag") and told


def _are_axes(column: Column, cells: Sequence[str]) -> bool:
    """Whether a column holds two or three letters that come again and again, as directions do: `H`, `V`, which are no units."""
    kinds = set(cells)
    few = 1 < len(kinds) <= _AXES and 2 * len(kinds) <= len(cells)
    return few and all(len(c) == 1 and c.isalpha() for c in kinds) and not called(column.name, "unit")


def _parted(shape: Shape, texts: Sequence[Column], body: Sequence[Sequence[str]]) -> None:
    """Further names of a series, where one tag has several rows at a time: a measuring point beside a parameter."""
    times = [c.at for c in shape.columns if c.role == "time"]
    keys = [*times, *(c.at for c in shape.columns if c.role in ("tag", "asset"))]
    value = shape.of_role("value")[0].at

    def doubled(at: Sequence[int]) -> int:
        """Rows that have another value than one with the same names before it."""
        rows = {(tuple(cell_at(r, n) for n in at), cell_at(r, value)) for r in body}
        return len(rows) - len({key for key, _ in rows})

    worst = doubled(keys)
    free = [c for c in texts if c.role == "ignore" and not called(c.name, "ignore")]
    for column in free:
        if worst > _DOUBLED * len(body) and (left := doubled([*keys, column.at])) < worst / 2:
            column.role, worst = "label", left
            keys.append(column.at)
    if worst > _DOUBLED * len(body) and doubled([*keys, *(c.at for c in free)]) < worst / 2:
        for column in free:  # each halves what is doubled, or less: a point and a direction
            if (left := doubled([*keys, column.at])) < worst:
                column.role, worst = "label", left
                keys.append(column.at)


_NUMBER_OF_ONE: Final = re.compile(r"\d{3,}")
_NUMBERED: Final = ("id", "unit", "_no", "_nr", "number", "nummer", "serial")
_VALUES: Final = ("value", "val", "wert", "_v")  # how columns of values of one type are called
_NUMBERED_TAGS: Final = (
    "tag",
    "tag_no",
    "tag_nr",
    "channel",
    "ch",
    "kanal",
    "canal",
    "voie",
    "point_no",
    "signal",
    "sensor",
    "parameter",
)
"""Titles of such numbers beside a column of values."""
_AXES: Final = 3  # directions
_FLAGS: Final = 6  # different words of one column of flags, at most; by hand
_RARE: Final = 0.3  # of the cells that a word is which says bad; by hand
_TWO: Final = 2  # columns called as machines are: one of them is what is measured there
_NUMBERS: Final = 0.9  # of a column's cells
_ROWS_OF_ONE: Final = 4  # rows that a machine or point has at least, on average
FEW_RECORDS: Final = 6  # different ones, from which on a text may be a record's number; by hand
_DOUBLED: Final = 0.1  # of the rows: fewer are rows that a logger wrote twice
INDEX: Final = ("tagindex", "tag_index", "tagid", "tag_id", "pointid", "point_id", "itemid", "item_id", "sensor_id",
                "sensorid", "channel_id", "signal_id", "idx", "handle")  # fmt: skip
"""Numbers that stand for tags, which another file names."""
_AGGREGATES: Final = ("avg", "average", "mean", "mittelwert", "media", "last", "value", "median", "first", "min",
                      "minimum", "max", "maximum",
                      "count", "n", "sum", "std", "stddev", "samples")  # fmt: skip


def _best_tag(columns: Sequence[Column], held: dict[int, list[str]]) -> Column | None:
    """Of several columns that could hold tags the one whose cells differ most, unless it never repeats."""
    order = list(data()["columns"]["tag"])
    usable = [c for c in columns if not called(c.name, "unit") and not called(c.name, "ignore")]
    return max(
        usable,
        key=lambda c: (
            called(c.name, "tag"),
            len(set(held[c.at])),
            -(order.index(key_of(c.name)) if key_of(c.name) in order else 99),
        ),
        default=None,
    )


def _is_described(column: Column, text: Column, body: Sequence[Sequence[str]]) -> bool:
    """Whether each name of a column has one text of its own in another, called a description: the names are the tags."""
    if not called(text.name, "description") or called(column.name, "description"):
        return False
    pairs = {(a, b) for r in body if (a := cell_at(r, column.at)) and (b := cell_at(r, text.at))}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) > 1


def _beside(shape: Shape, texts: Sequence[Column], held: dict[int, list[str]], tag: Column) -> None:
    """Further texts of a long table: the machine, the unit, the quality, what is said of the tag."""
    tags = list(dict.fromkeys(held[tag.at]))
    machines = sum(bool(parts_of(t).asset) for t in tags) > 0.5 * len(tags)
    for column in texts:
        cells = held[column.at]
        if share(cells, lambda c: unit_named(c) is not None) > 0.6 and called(column.name, "unit"):
            column.role = "unit"
        elif called(column.name, "description"):
            column.role = "description"
        elif _marks_bad(column, cells):
            column.role = "quality"
        elif (
            called(column.name, "asset")
            or (called(column.name, "tag") and len(set(cells)) < len(set(held[tag.at])))
            or (not machines and _names_machines(column, cells, len(set(held[tag.at]))))
        ):
            column.role = "asset"
        else:
            column.role = "ignore"
    assets = shape.of_role("asset")
    order = list(data()["columns"]["asset"])
    main = max(
        [c for c in assets if is_machines_own(c.name)] or assets,
        key=lambda c: (
            called(c.name, "asset"),
            len(set(held[c.at])),
            -(order.index(key_of(c.name)) if key_of(c.name) in order else 99),
        ),
        default=None,
    )
    for column in assets:
        column.role = "asset" if column is main else "ignore"


def _marks_bad(column: Column, cells: Sequence[str]) -> bool:
    """Whether a column called so holds a few words, most of them one, of which a rare one says bad: `SPONT`, `INVALID`."""
    kinds = Counter(cells)
    rare = [c for c, n in kinds.items() if n <= _RARE * kinds.total() and quality_word(c) == "bad"]
    return called(column.name, "quality") and len(kinds) <= _FLAGS and bool(rare)


def _names_machines(column: Column, cells: Sequence[str], tags: int) -> bool:
    """Whether a text comes again and again, and could name machines."""
    usual = any(called(column.name, r) for r in ("quality", "ignore")) or key_of(column.name).endswith(
        ("_id", "type")
    )
    several = len(set(cells)) > 1 or bool(mention_in(cells[0]))
    return not usual and repeats(cells) and several and not all(is_missing(c) for c in cells)


def _by_row(
    shape: Shape, texts: Sequence[Column], numbers: Sequence[Column], held: dict[int, list[str]]
) -> None:
    """Rows of several machines, with a column for each quantity."""
    named = [c for c in texts if called(c.name, "asset") and repeats(held[c.at])]
    numbered = [
        c
        for c in numbers
        if called(c.name, "asset") and key_of(c.name).endswith(_NUMBERED) and len(numbers) > 1
    ]
    candidates = named or [
        c
        for c in texts
        if (called(c.name, "unit") or called(c.name, "tag") or key_of(c.name) in ("unit", "pump", "id"))
        and repeats(held[c.at])
        and not all_states(held[c.at])
    ]
    if all(
        len(set(held[c.at])) == 1 for c in candidates
    ):  # one word for all rows, beside names of machines: `R01`, `R02`
        candidates += [c for c in texts if c not in candidates and _names_of_one(c, held[c.at])]
    chosen = max(
        candidates or numbered,
        key=lambda c: (len(set(held[c.at])), share(held[c.at], numbered_name), -c.at),
        default=None,
    )
    if chosen is not None and len([c for c in numbers if c is not chosen]) >= 1:
        chosen.role = "asset"
        for column in texts:
            if column is not chosen and not all_states(held[column.at]):
                column.role = "ignore"


def _names_of_one(column: Column, cells: Sequence[str]) -> bool:
    """Whether a text without a known title holds names with numbers, which come again and again: `R01`, `PCS1`."""
    return (
        not called(column.name, "ignore")
        and not called(column.name, "quality")
        and repeats(cells)
        and share(cells, numbered_name) > _NUMBERS
    )


def _tagged(name: str) -> bool:
    """Whether a column's name is itself a tag or a quantity of its own."""
    return bool(re.search(r"\d", name)) or ("." in name.strip(".")) or ("/" in name)
