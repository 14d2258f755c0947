"""Sheets with a row for each sample, or with rows of several machines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.cells import all_states, is_passed, repeats, share
from aitia.tools.sources.exports.columns import Column, Shape
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.words import called, data, is_missing, key_of
from aitia.tools.tags.equipment_words import mention_in
from aitia.tools.tags.names import parts_of


def find_long_rows(shape: Shape, held: dict[int, list[str]]) -> None:
    """Find tags with values beside them (a row for each sample), or machines (a row for each time of each)."""
    free = [c for c in shape.columns if c.role == "value" and c.at in held]
    texts = [c for c in free if held[c.at] and share(held[c.at], looks_numeric) < 0.5]
    numbers = [c for c in free if held[c.at] and c not in texts]
    values = [c for c in free if called(c.name, "value") and (c in numbers or not called(c.name, "tag"))]
    tags = [c for c in texts if called(c.name, "tag") and not all_states(held[c.at])]
    repeated = [c for c in texts if repeats(held[c.at])]
    if not values and len(numbers) > 1 and all(key_of(c.name) in _AGGREGATES for c in numbers):
        values = [min(numbers, key=lambda c: _AGGREGATES.index(key_of(c.name)))]
    if not texts or not (tags or repeated):
        tags = [c for c in numbers if key_of(c.name) in INDEX and c not in values and repeats(held[c.at])]
    several_times = any(c.of >= 0 for c in shape.columns)
    if several_times:
        return
    if not values and len(numbers) == 1 and (tags or repeated) and not _tagged(numbers[0].name):
        values = numbers[:1]
    if (
        values
        and not all(key_of(c.name) in _AGGREGATES for c in numbers)
        and len([c for c in numbers if not is_passed(c)]) > 1 + len(values)
        and not any(called(c.name, "tag") for c in texts)
        and not any(c in numbers for c in tags)
    ):
        values = []
    if values and (tags or repeated):
        order = list(data()["columns"]["tag"])
        value = min(
            values,
            key=lambda c: (
                c not in numbers,
                list(data()["columns"]["value"]).index(key_of(c.name))
                if key_of(c.name) in data()["columns"]["value"]
                else 99,
            ),
        )
        tag = _best_tag(
            [c for c in tags if c is not value] or [c for c in repeated if c is not value], held, order
        )
        if tag is None:
            return
        shape.long = True
        for column in free:
            column.role = "ignore"
        tag.role, value.role = "tag", "value"
        _beside(shape, [c for c in texts if c not in (tag, value)], held, tag)
        return
    _by_row(shape, texts, numbers, held)


INDEX: Final = ("tagindex", "tag_index", "tagid", "tag_id", "pointid", "point_id", "itemid", "item_id", "sensor_id",
                "sensorid", "channel_id", "signal_id", "idx", "handle")  # fmt: skip
"""Numbers that stand for tags, which another file names."""
_AGGREGATES: Final = ("avg", "average", "mean", "mittelwert", "media", "last", "value", "median", "first", "min",
                      "minimum", "max", "maximum",
                      "count", "n", "sum", "std", "stddev", "samples")  # fmt: skip


def _best_tag(columns: Sequence[Column], held: dict[int, list[str]], order: list[str]) -> Column | None:
    """Of several columns that could hold tags the one whose cells differ most, unless it never repeats."""
    usable = [c for c in columns if not called(c.name, "unit")]
    return max(
        usable,
        key=lambda c: (
            called(c.name, "tag"),
            len(set(held[c.at])),
            -(order.index(key_of(c.name)) if key_of(c.name) in order else 99),
        ),
        default=None,
    )


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
        assets,
        key=lambda c: (
            called(c.name, "asset"),
            len(set(held[c.at])),
            -(order.index(key_of(c.name)) if key_of(c.name) in order else 99),
        ),
        default=None,
    )
    for column in assets:
        column.role = "asset" if column is main else "ignore"


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
        if called(c.name, "asset") and key_of(c.name).endswith(("id", "unit")) and len(numbers) > 1
    ]
    candidates = named or [
        c
        for c in texts
        if (called(c.name, "unit") or called(c.name, "tag") or key_of(c.name) in ("unit", "pump", "id"))
        and repeats(held[c.at])
        and not all_states(held[c.at])
    ]
    chosen = max(candidates or numbered, key=lambda c: (len(set(held[c.at])), -c.at), default=None)
    if chosen is not None and len([c for c in numbers if c is not chosen]) >= 1:
        chosen.role = "asset"
        for column in texts:
            if column is not chosen and not all_states(held[column.at]):
                column.role = "ignore"


def _tagged(name: str) -> bool:
    """Whether a column's name is itself a tag or a quantity of its own."""
    return bool(re.search(r"\d", name)) or ("." in name.strip(".")) or ("/" in name)
