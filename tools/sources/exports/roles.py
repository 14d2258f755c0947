"""What each column of a sheet holds: times, values, qualities, units, or nothing that is used."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence, Set
from typing import Final, Literal

from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.cells import all_states, share
from aitia.tools.sources.exports.columns import Column, Role, Shape
from aitia.tools.sources.exports.long_rows import find_long_rows
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.whole_times import BARE, is_milli
from aitia.tools.sources.exports.words import called, data, folded, key_of, quality_word, state_of
from aitia.tools.tags.names import machine_in

_MOST: Final = 0.5  # of a column's cells
_UTC: Final = re.compile(r"(?i)(?<![a-z])(?:utc|gmt)(?![a-z])|utc$")
_TWO_TIMES: Final = 2  # columns of times, called differently
_UNITS: Final = 0.6  # of a column's cells, where its name only ends as one of units does
_PARTED: Final = 20_000  # rows by which it is told what keeps the rows of a long table apart
_CODES: Final = 4  # different codes in a column without a name, at most
_NEARLY: Final = 0.9  # of the cells of a column of faults
_OF_NUMBER: Final = re.compile(r"(status|quality|qualitat|qual|sts|flag|alarm|alarme|alm)[\s_]*0*(\d{1,4})")
_BOOLEANS: Final = frozenset({"true", "false", "wahr", "falsch", "yes", "no", "0", "1"})
_OPC_GOOD: Final = "192"
_FLAGS: Final = 12  # different flags of one column, at most
_FLAG: Final = 12  # characters of one
_FURTHER: Final = 400  # cells of a column that the first rows leave empty


def give_roles(
    shape: Shape, body: Sequence[Sequence[str]], times: dict[int, Role], further: Sequence[Sequence[str]] = ()
) -> None:
    """Give each column its role. `further` rows tell of columns that are empty in `body`, as flags of rare faults are."""
    for column in shape.columns:
        column.role = times.get(column.at, column.role)
    if len([r for r in times.values() if r == "time"]) > 1:
        _several_times(shape)
    others = [c for c in shape.columns if c.at not in times]
    held = {c.at: [r[c.at] for r in body if c.at < len(r) and r[c.at]] for c in others}
    first = shape.columns[0] if shape.columns else None
    if first in others and first.name and _counts_rows(first, held[first.at]):
        shape.labels.setdefault("place", first.name)  # a logger's name above the numbers of its rows
        first.role = "ignore"
    for column in others:
        if not held[column.at]:
            held[column.at] = [r[column.at] for r in further if column.at < len(r) and r[column.at]][
                :_FURTHER
            ]
        _by_name(column, held[column.at])
    _units_of_objects(shape, held)
    find_long_rows(shape, held, [*body, *further[:_PARTED]])
    _qualities(shape, held)


def _units_of_objects(shape: Shape, held: dict[int, list[str]]) -> None:
    """Give values the unit that a column beside them tells: `flow.value`, `flow.unit`."""
    named = {c.name: c for c in shape.columns}
    for column in shape.columns:
        stem, _, last = column.name.rpartition(".")
        value = named.get(f"{stem}.value") or named.get(stem)
        units = set(held.get(column.at, ()))
        if stem and value and value is not column and called(last, "unit") and len(units) == 1:
            value.unit, column.role = value.unit or units.pop(), "ignore"
            value.name = stem


def _several_times(shape: Shape) -> None:
    """Pairs of time and value, each with its own times; else one column of times, the others are passed over."""
    whole = shape.of_role("time")
    pairs = [b.at - a.at for a, b in itertools.pairwise(whole)]
    titles = {re.sub(r"[\d_]+$", "", key_of(c.name)) for c in whole if called(c.name, "time")}
    one = len(titles) > 1 and len(whole) == _TWO_TIMES  # sent and received, each of the whole row
    if (
        min(pairs) > 1
        and not one
        and not any(called(c.name, "other_time") for c in whole)
        and not shape_tag(shape)
    ):
        ends = [c.at for c in whole[1:]] + [len(shape.columns)]
        known = [told for c in whole if (told := unit_named(c.unit)) and told.dimension != "time"]
        titled = len({c.name for c in whole}) < len(whole)  # `Tag` above each time is no name of one
        for time, end in zip(whole, ends, strict=True):
            for column in shape.columns[time.at + 1 : end]:
                column.of = time.at
            following = shape.columns[time.at + 1 : time.at + 2]
            for column in following:
                pick = time.group or ("" if titled or called(time.name, "time") else time.name)
                if pick and (called(column.name, "value") or not column.name or not column.group):
                    column.group = column.group or pick
                told = unit_named(time.unit)
                stands = (
                    told.dimension != "time" if told else bool(known)
                )  # a unit above the pair, known or not
                column.unit = column.unit or (time.unit if stands else "")
        shape.said.append("pairs of time and value")
        return
    named = [c for c in whole if called(c.name, "time")] or whole
    usual = list(data()["columns"]["time"])
    main = min(
        named,
        key=lambda c: (
            not _UTC.search(f"{c.name} {c.unit}"),  # beside a local time
            called(c.name, "other_time"),
            usual.index(key_of(c.name)) if key_of(c.name) in usual else 99,
        ),
    )
    for column in whole:
        if column is not main:
            column.role = "ignore"


def shape_tag(shape: Shape) -> bool:
    """Whether a column is called like one of tags."""
    return any(called(c.name, "tag") for c in shape.columns if c.role != "time")


def _by_name(column: Column, cells: Sequence[str]) -> None:
    numeric = share(cells, looks_numeric)
    words = share(cells, lambda c: bool(quality_word(c)))
    units = share(cells, lambda c: unit_named(c) is not None)
    ends = re.search(r"(?:units?|unitid|uom)$", key_of(column.name)) is not None
    if numeric < 0.5 and (
        (called(column.name, "unit") and units > 0.3) or (ends and units > _UNITS and not all_states(cells))
    ):
        column.role = "unit"
    elif key_of(column.name) in data()["zone_columns"] or (
        cells and all(folded(c) in data()["zones"] for c in set(cells))
    ):
        column.role = "ignore"
    elif (not cells and called(column.name, "quality")) or (
        words > 0.6
        and (numeric < 0.5 or called(column.name, "quality"))
        and not called(column.name, "ignore")
    ):  # flags may follow further below
        column.role = "quality"
    elif not column.name and (coded := _coded(cells)):
        column.role = coded
    elif called(column.name, "other_time") or key_of(column.name).endswith(
        ("_nano_offset", "_nanos", "nanoseconds", "innanos")
    ):
        column.role = "nanos" if "nano" in key_of(column.name) else "ignore"
    elif (
        (called(column.name, "time") and numeric > _MOST and not _falls(cells))
        or (
            called(column.name, "ignore")
            and not (called(column.name, "value") and numeric > _MOST)
            and not _is_measured(column, numeric)
            and not _is_duration(column.name, cells)
        )
        or (not column.name and (_is_index(cells) or column.unit in ("s", "sec", "ms")))
        or (column.at == 0 and cells[:1] in (["0"], ["1"]) and _is_index(cells))
    ):  # the time since the start, beside the time itself
        column.role = "ignore"


def _falls(cells: Sequence[str]) -> bool:
    """Whether numbers rise and fall, as no time does: `T` may be a temperature."""
    numbers = [float(c.replace(",", ".")) for c in cells if re.fullmatch(r"-?\d+(?:[.,]\d+)?", c)]
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    return any(s > 0 for s in steps) and any(s < 0 for s in steps)


def _is_duration(name: str, cells: Sequence[str]) -> bool:
    """Whether numbers below a unit of time are durations, and no part of a clock: that has whole ones below 1000."""
    return key_of(name) in BARE and not all(map(is_milli, cells)) and share(cells, looks_numeric) > _MOST


def _coded(cells: Sequence[str]) -> Literal["quality", "ignore", ""]:
    """What a column without a name is whose cells are a few whole numbers: qualities, where most are OPC's good, or codes."""
    kinds = Counter(cells)
    if len(cells) <= _FLAGS or len(kinds) > _CODES or not all(c.isdecimal() for c in kinds):
        return ""
    return "quality" if kinds.most_common(1)[0][0] == _OPC_GOOD else "ignore"


def _are_rare_codes(kinds: Counter[str]) -> bool:
    """Whether numbers are codes of faults: nearly always the same one, and not those of a state that is on and off."""
    usual = kinds.most_common(1)[0][1] if kinds else 0
    coded = len(kinds) <= _FLAGS and all(c.isdecimal() for c in kinds) and not kinds.keys() <= {"0", "1"}
    return coded and usual >= _NEARLY * kinds.total()


def _are_machines(kinds: Set[str]) -> bool:
    """Whether words are states of machines, `Running` and `Stopped`, and say nothing of a quality."""
    told = [
        k for k in kinds if state_of(k) is not None and not quality_word(k) and folded(k) not in _BOOLEANS
    ]
    return len(told) > len(kinds) / 2


def _are_codes(kinds: Set[str]) -> bool:
    """Whether different cells are a few short words, as flags beside a value are: `P`, `P:e`."""
    return len(kinds) <= _FLAGS and all(len(c) <= _FLAG and not looks_numeric(c) for c in kinds)


def _counts_rows(column: Column, cells: Sequence[str]) -> bool:
    """Whether a column counts the rows below a name that is no title: two words or more, with a number or letter."""
    return (
        cells[:1] in (["0"], ["1"])
        and _is_index(cells)
        and bool(machine_in(column.name))
        and not quantity_in(column.name)
    )


def _is_measured(column: Column, numeric: float) -> bool:
    """Whether numbers have a unit that tells a quantity: `N` in rpm counts no rows."""
    unit = unit_named(column.unit) if column.unit else None
    return numeric > _MOST and unit is not None and bool(unit.quantity)


def _is_index(cells: Sequence[str]) -> bool:
    """Whether cells without a name count the rows."""
    return len(cells) > 2 and all(c.isdecimal() for c in cells) and all(
        int(b) - int(a) == 1 for a, b in itertools.pairwise(cells)
    )  # fmt: skip


def _qualities(shape: Shape, held: dict[int, list[str]]) -> None:
    """Columns of codes of quality by their names, and the value that each belongs to."""
    values = shape.of_role("value")
    stems = {_stem(c.name): c for c in values}
    for column in list(values):
        bare = _QUALITY_END.sub("", column.name)
        codes = [c for c in held.get(column.at, ()) if re.fullmatch(r"\d{1,5}(?:[.,]0+)?|0x[0-9a-fA-F]+", c)]
        coded = len(codes) == len(held.get(column.at, ())) and len(set(codes)) <= 12
        kinds = set(held.get(column.at, ()))
        flags = (
            bool(kinds) and (all_states(held[column.at]) or _are_codes(kinds)) and not _are_machines(kinds)
        )
        if (
            bare != column.name
            and _stem(bare) in stems
            and stems[_stem(bare)] is not column
            and (coded or flags)
        ):
            column.role, column.of = "quality", stems[_stem(bare)].at
        elif called(column.name, "quality") and (coded or flags) and (shape.long or column.at > 0):
            column.role = "quality"
    for left, column in itertools.pairwise(shape.columns):
        found = _OF_NUMBER.fullmatch(folded(column.name))
        if found and left.role == column.role == "value" and found[2] in re.findall(r"\d+", left.name):
            marks = Counter(held.get(column.at, ()))  # `101 <Oven top>`, `Alarm 101`
            if found[1].startswith("al"):
                column.role = "ignore" if len(marks) < _TWO_TIMES else column.role
            elif _are_rare_codes(marks):
                column.role, column.of = "quality", left.at
    others = shape.of_role("value")
    for column in shape.of_role("quality"):
        if column.of < 0 or shape.columns[column.of].role != "value":
            bare = _stem(_QUALITY_END.sub("", column.name))
            same = [c for c in others if bare and _stem(c.name) == bare]
            before = [c for c in others if c.at < column.at]
            beside = before[-1:] or others[:1]
            near = min(same or beside, key=lambda c: abs(c.at - column.at), default=None)
            column.of = near.at if near else -1
    several = shape.of_role("quality")
    for column in several:
        twin = [c for c in several if c.of == column.of and c is not column]
        if twin and "opc" not in key_of(column.name) and any("opc" in key_of(c.name) for c in twin):
            column.role = "ignore"


_QUALITY_END: Final = re.compile(
    r"(?i)[\s._/:#-]*[(\[]?(?:quality|qual|status|state|qc|q|qualit[aä]t|calidad|estado|sts|stat|valid|validity|flag|dq|ok|cd)[)\]]?$"
)


def _stem(name: str) -> str:
    return re.sub(r"[\W_]+", "", folded(re.sub(r"(?i)[\s._/:-]*(?:value|val|pv|wert|valor)$", "", name)))
