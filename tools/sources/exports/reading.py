"""Sheets to series: one for each tag, with its times, its values, and what was said and guessed about it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.sources.exports.above import says
from aitia.tools.sources.exports.asked import Asked, Reading, Tag
from aitia.tools.sources.exports.clock import Clock
from aitia.tools.sources.exports.columns import Column, Shape, cell_at, value_at
from aitia.tools.sources.exports.numbers import Notation
from aitia.tools.sources.exports.shape import shape_of
from aitia.tools.sources.exports.sheets import Sheet, stem_of
from aitia.tools.sources.exports.times import stamp_of
from aitia.tools.sources.exports.turning import by_stems, joined_parts, matrix, repeated_clocks, transposed
from aitia.tools.sources.exports.values import notation_in, qualities_of, samples_of
from aitia.tools.sources.exports.whole_times import absolute, joined_times, keyed
from aitia.tools.sources.exports.words import called, folded, is_said
from aitia.tools.sources.exports.yearless import with_years
from aitia.tools.tags.equipment_words import is_channel, mention_in
from aitia.tools.tags.names import machine_in

_PAGE: Final = re.compile(
    r"(?i)\b(?:page|seite|p[aá]gina|pagina|blad|strona|sida|лист|стр)\W{0,3}\d+(?:\s*(?:/|of|von|de|di|av|z)\s*\d+)?"
)
_AHEAD: Final = 60  # rows by which it is told whether a column of times holds numbers
_LISTED: Final = 2_000  # lines above a table that may list its tags
_NAME: Final = 4  # letters of a machine's name, at least
_MARK: Final = re.compile(r"\$[A-Z_]+\$")  # WinCC's rows on the recording itself: `$RT_OFF$`


def read_sheet(sheet: Sheet, asked: Asked) -> Reading:
    """The series of a sheet; none, with a word on why, where no column holds times."""
    if tables := repeated_clocks(sheet.rows):
        return _together([read_sheet(replace(sheet, rows=rows), asked) for rows in tables])
    rows = keyed(sheet.rows) or sheet.rows
    read = Reading(said=list(sheet.said))
    if (dated := with_years(rows, sheet.path)) is not None:
        rows = dated[0]
        read.said.append(dated[1])
    if (turned := transposed(rows)) is not None:
        rows = turned
        read.said.append("tags in rows, times in columns")
    elif (stems := by_stems(rows)) is not None:
        rows = stems
        read.said.append("a time and a value of each tag, by the ends of column names")
    elif (joined := joined_parts(rows)) is not None:
        rows = joined
        read.said.append("times from columns of year, month, day")
    elif (slots := matrix(rows, sheet.path)) is not None:
        rows = slots
        read.said.append("the clock in columns")
    elif (whole := joined_times(rows, sheet.path)) is not None:
        rows = whole[0]
        read.said += [whole[1]] if whole[1] else []
    if (since := absolute(rows)) is not None:
        rows = since
        read.said.append("times by the epoch beside the local time")
    begun = 0
    while begun < len(rows):
        shape = shape_of(rows[begun:])
        if shape is None:
            if not read.series:
                read.said.append("no times in it")
            break
        read.above = read.above or [list(r) for r in rows[: shape.first][-_LISTED:]]
        body, left, more = _body(rows, begun + shape.first, shape)
        if more > begun and (own := shape_of(rows[begun:more])) is not None and own.first == shape.first:
            shape = own  # by the rows of this table alone
        _block(sheet, shape, body, asked, read)
        if left:
            read.said.append(f"{len(left)} rows without a time left out, e.g. {' '.join(left[0])[:60]!r}")
        if more <= begun:
            break
        begun = more
    return read


def _together(parts: Sequence[Reading]) -> Reading:
    """What was read of the tables of a sheet."""
    made = Reading(zoned=all(p.zoned for p in parts), above=parts[0].above)
    for part in parts:
        made.series += part.series
        made.said += [s for s in part.said if s not in made.said]
    return made


def _body(
    rows: Sequence[list[str]], first: int, shape: Shape
) -> tuple[list[list[str]], list[list[str]], int]:
    """The rows of data, those among them without a time, and where another table begins; -1 for nowhere."""
    header = {tuple(r) for r in rows[max(0, first - 8) : first]}
    held: list[list[str]] = []
    left: list[list[str]] = []
    at = first
    times = [c.at for c in shape.columns if c.role == "time"]
    ahead = rows[first : first + _AHEAD]
    clocks = {n: next((stamp_of(c) is None for r in ahead if (c := cell_at(r, n))), False) for n in times}
    while at < len(rows):
        row = rows[at]
        if any(_is_time(cell_at(row, n), numeric=numeric) for n, numeric in clocks.items()):
            held.append(row)
        elif any(row) and tuple(row) not in header:
            if _another(rows, at, clocks, header) or (shape.titled and _is_title(rows, at)):
                while (
                    at > first + 1
                    and (0 < len(rows[at - 1]) <= 2 or is_said(rows[at - 1]))
                    and tuple(rows[at - 1]) in header
                ):
                    at -= 1  # lines above the table that say the same again: `Machine Name,P-101`
                return held, left, at
            left.append(row)
        at += 1
    return held, left, -1


def _is_title(rows: Sequence[list[str]], at: int) -> bool:
    """Whether a line alone has rows with a time right below it."""
    below = next((r for r in rows[at + 1 : at + 3] if any(r)), [])
    return len([c for c in rows[at] if c]) == 1 and any(stamp_of(c) is not None for c in below)


def _another(
    rows: Sequence[list[str]], at: int, clocks: Mapping[int, bool], header: set[tuple[str, ...]]
) -> bool:
    """Whether a row without a time begins another table: a line that names a tag or columns, with rows of data below.

    clocks   the columns of times, and whether they hold numbers
    """
    for ahead in range(at, min(at + 12, len(rows))):
        row = [c for c in rows[ahead] if c]
        head = re.split(r"[:=]", row[0])[0].strip("# ") if row else ""
        names = (
            called(head, "tag", "preamble")
            or called(head, "asset", "preamble")
            or called(head, "time")
            or sum(called(c, "time") or called(c, "value") for c in row) >= 2
            or (len(row) > 1 and any(called(cell_at(rows[ahead], n), "time") for n in clocks))
            or (
                ahead > at and len(row) > 1 and tuple(rows[ahead]) in header and bool(mention_in(rows[at][0]))
            )
        )
        if names and ahead > at and _same_page(rows[at:ahead], header) and tuple(rows[ahead]) in header:
            return False  # the head of a further page
        if names:
            below = rows[ahead + 1 : ahead + 14]
            return any(stamp_of(c) is not None for r in below for c in r) or any(
                numeric and _is_time(cell_at(r, n), numeric=True)
                for r in below
                for n, numeric in clocks.items()
            )
        if any(_is_time(cell_at(rows[ahead], n), numeric=numeric) for n, numeric in clocks.items()):
            return False
    return False


def _same_page(lines: Sequence[list[str]], header: set[tuple[str, ...]]) -> bool:
    """Whether lines stand above the table too, but for the number of a page and times."""
    above = {_timeless(r) for r in header}
    return all(not (told := _timeless(r)) or told in above for r in lines)


def _timeless(row: Sequence[str]) -> tuple[str, ...]:
    """What a line says beside times and the number of a page, which stands apart at its end or beside its word."""
    parts = [p for c in row for p in re.split(r"\s{2,}|\t", _PAGE.sub("", c)) if p]
    return tuple(p for p in parts if stamp_of(p) is None and not (p.isdecimal() and len(parts) > 1))


def _is_time(cell: str, *, numeric: bool) -> bool:
    return (
        bool(re.fullmatch(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", cell))
        if numeric
        else stamp_of(cell) is not None
    )


def _block(sheet: Sheet, shape: Shape, body: Sequence[list[str]], asked: Asked, read: Reading) -> None:
    """The series of one table of a sheet."""
    values = shape.of_role("value")
    notation = notation_in(sheet, values, body, asked)
    if notation.comma:
        read.said.append("decimal comma")
    if notation.thousands:
        read.said.append("separators of thousands taken out")
    if shape.passed and not read.series:
        lines = f"{shape.passed} line{'s' * (shape.passed > 1)}"
        read.said.append(f"the first {lines} passed over: column names follow")
    if shape.said:
        read.said += shape.said
    clock = Clock(sheet, shape, body, asked, read)
    if shape.long:
        _long(sheet, shape, body, notation, clock, read)
        return
    _tell_unused(shape, read)
    assets = shape.of_role("asset")
    owners = [cell_at(r, assets[0].at) for r in body] if assets else []
    if len(told := set(owners) - {""}) == 1 and owners.count("") > len(owners) / 2:
        owners = [*told] * len(body)  # told in the first row alone
    keys = [" ".join(filter(None, (cell_at(r, c.at) for c in shape.of_role("label")))) for r in body]
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, key in enumerate(zip(owners, keys, strict=True) if owners else [("", "")] * len(body)):
        rows[key].append(n)
    for column in values:
        cells = [cell_at(r, column.at) for r in body]
        if not any(cells):
            if column.name:
                read.said.append(f"{column.name!r} is empty")
            continue
        times = clock.of(column, owners)
        codes = qualities_of(shape, body, column)
        for (owner, part), of in rows.items():
            tag = _tag(sheet, shape, column, owner)
            tag.name = f"{part} {tag.name}".strip()
            if not tag.unit and len(values) == 1:
                tag.unit = _unit_beside(shape, body)
            if column.unit and sum(c.name == column.name and c.group == column.group for c in values) > 1:
                tag.name = f"{tag.name} [{column.unit}]"
            chosen = np.array([n for n in of if np.isfinite(times.t[n])], dtype=np.int64)
            series = samples_of(tag, times.t, cells, codes, chosen, notation, read)
            if series is not None:
                read.series.append(series)


def _unit_beside(shape: Shape, body: Sequence[list[str]]) -> str:
    """The unit that a column of units tells most often."""
    units = Counter(c for u in shape.of_role("unit")[:1] for r in body if (c := cell_at(r, u.at)))
    return units.most_common(1)[0][0] if units else ""


def _tag(sheet: Sheet, shape: Shape, column: Column, owner: str) -> Tag:
    """The tag of a column of a wide table."""
    labels = shape.labels
    generic = not column.name or called(column.name, "value")
    alone = len(shape.of_role("value")) == 1
    above = labels.get("asset", "")
    name, asset, unnamed = column.name, owner or mention_in(above) or above, False
    if column.group:
        numbered = is_channel(column.group) and not generic  # of a recorder, above what is measured there
        tagged = numbered or generic or column.of >= 0 or folded(column.name) == folded(column.group)
        name = column.name if numbered else column.group if tagged else f"{column.group}.{column.name}"
        asset = asset or ("" if tagged else column.group)
    elif generic and alone:
        name = labels.get("tag", "") or sheet.name
        unnamed = not labels.get("tag")
        lines = [
            split_unit(r[0]) for r in shape.above if len(r) == 1
        ]  # `Chlorine (mg/l)` above the sheet of that name
        labels = {"unit": next((u for n, u in lines if u and folded(n) == folded(name)), "")} | labels
    elif generic:
        name = column.name or f"column {column.at + 1}"
    return Tag(
        name=_bare_tag(name), asset=asset, unit=column.unit or (labels.get("unit", "") if alone else ""), place=sheet.path,
        description=column.description or (labels.get("description", "") if alone else ""), generic=unnamed,
        title=_titled(sheet, shape), section=shape.labels.get("tag", "") if not generic else "",
        headline=next((of[0] for row in reversed(shape.above) if len(of := [c for c in row if c]) == 1), ""),
    )  # fmt: skip


def _titled(sheet: Sheet, shape: Shape) -> str:
    """The machine that a line alone above the table names, else what a cell above it and the file's name both begin with."""
    lines = (of[0] for row in shape.above if len(of := [c for c in row if c and not says(c)]) == 1)
    alone = (m for line in lines if (m := mention_in(line) or machine_in(line)))
    stem = stem_of(sheet.path)
    both = (
        c
        for row in shape.above
        for c in row
        if len(c) >= _NAME
        and stem.startswith(c)
        and stem[len(c) : len(c) + 1] in ("_", "-", " ", ".")
        and _may_name(c)
    )
    return (
        shape.labels.get("place", "") or next(alone, "") or next(both, "") or shape.labels.get("device", "")
    )


def _may_name(cell: str) -> bool:
    """Whether a cell may be a machine's name: it has a letter, and is neither a time nor the name of a quantity."""
    return bool(re.search(r"[^\W\d_]", cell)) and stamp_of(cell) is None and not quantity_in(cell)


def _bare_tag(name: str) -> str:
    """A tag without what its system hangs on: `System1:Pump1.flow:_online.._value` is `Pump1.flow`."""
    name = re.sub(r":_(?:online|offline|original)\.\.?_?\w*$", "", name.strip())
    name = re.sub(r"^\d+ <(.+)>$", r"\1", name)  # the number of a channel before its name
    name = re.sub(r"^\[\d+[:.]\d+\]\s*(?=\S)", "", name)  # of a module and a signal
    name = re.sub(r"^(?:System\d+:|ns=\d+;[sig]=)", "", name)
    return name.replace("\x1f", " ")


def _long(
    sheet: Sheet, shape: Shape, body: Sequence[list[str]], notation: Notation, clock: Clock, read: Reading
) -> None:
    """The series of a long table: rows of one machine and tag are one."""
    tag, value, parts = shape.of_role("tag")[0], shape.of_role("value")[0], shape.of_role("label")
    assets, units, texts = (shape.of_role(role) for role in ("asset", "unit", "description"))
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, row in enumerate(body):
        name = " ".join(filter(None, (*(cell_at(row, c.at) for c in parts), cell_at(row, tag.at))))
        if name and not _MARK.fullmatch(name):
            rows[cell_at(row, assets[0].at) if assets else "", name].append(n)
    rows = _by_unit(shape, body, rows) if units else rows
    keys = ["\x1f".join(cell_at(r, c.at) for c in (*assets[:1], *parts, tag)) for r in body]
    times = clock.of(value, keys)
    cells = [value_at(r, value) for r in body]
    codes = qualities_of(shape, body, value)
    for (asset, name), of in rows.items():
        told = Counter(u for n in of if units and (u := cell_at(body[n], units[0].at)))
        said = next((d for n in of if texts and (d := cell_at(body[n], texts[0].at))), "")
        made = Tag(
            name=_bare_tag(name),
            asset=asset or shape.labels.get("asset", ""),
            description=said,
            place=sheet.path,
            title=_titled(sheet, shape),
            unit=told.most_common(1)[0][0] if told else value.unit,
        )
        chosen = np.array([n for n in of if np.isfinite(times.t[n])], dtype=np.int64)
        series = samples_of(made, times.t, cells, codes, chosen, notation, read)
        if series is not None:
            series.other_unit = (
                ", ".join(sorted(told))
                if len({known.symbol for k in told if (known := unit_named(k))}) > 1
                else ""
            )
            read.series.append(series)
    _tell_unused(shape, read)


def _tell_unused(shape: Shape, read: Reading) -> None:
    unused = dict.fromkeys(c.name for c in shape.columns if c.role == "ignore" and c.name)
    if unused:
        read.said.append(f"not used: {', '.join(list(unused)[:5])}")


def _by_unit(
    shape: Shape, body: Sequence[list[str]], rows: dict[tuple[str, str], list[int]]
) -> dict[tuple[str, str], list[int]]:
    """Rows of one tag apart by unit, where most of its times stand once for each unit: a meter's energies."""
    time, unit = shape.of_role("time")[0].at, shape.of_role("unit")[0].at
    apart: dict[tuple[str, str], list[int]] = {}
    for (asset, name), of in rows.items():
        units = Counter(cell_at(body[n], unit) for n in of)
        moments = {cell_at(body[n], time) for n in of}
        each = len(units) > 1 and "" not in units and min(units.values()) >= 0.5 * len(moments)
        if each or len({u.dimension for k in units if (u := unit_named(k))}) > 1:
            for told in units:
                apart[asset, f"{name} [{told}]"] = [n for n in of if cell_at(body[n], unit) == told]
        else:
            apart[asset, name] = of
    return apart
