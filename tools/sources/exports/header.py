"""What stands above the data of a sheet: names, units, descriptions, and lines about the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.sources.exports.above import ENVIRONMENTS, SAYS
from aitia.tools.sources.exports.columns import Column, Role
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.turning import full_time
from aitia.tools.sources.exports.words import called, data, folded, key_of
from aitia.tools.tags.equipment_words import is_channel
from aitia.tools.tags.names import parts_of

_MARK: Final = re.compile(r"[#\[*]+\s?[A-Z][A-Za-z ]*[\]:]?")
_SECTION: Final = re.compile(r"\[[A-Z]{3,}\]")  # `[LOGGING],CPU_1,2`
_WORD: Final = re.compile(r"(?i)data|values?|daten|werte|datos|donn[eé]es|time|valori|dati")
_UNITS: Final = 0.5  # of a row's cells, below another row
_TYPED: Final = 0.8  # of a row's cells that are types, beside the names of what counts rows
_SHORT: Final = re.compile(r"[^\W\d_]{1,8}\.?")  # a word of a name in two lines
_LEAST_NAMES: Final = 2  # columns of values, more than these
_NUMBERS: Final = 0.4  # of the cells of a line about the file
_ROWS: Final = 20  # of names, units and the like, at most
_LABEL: Final = re.compile(
    r"(?i)[(,;]\s*(?:lbl|label|beschriftung|etiqueta|libelle)\s*[:=]\s*([^,;()]{1,80})"
)
_CODED: Final = re.compile(r"\d{1,4}[a-z]")  # a type and its width: `14n`, `5s`
_COUNTED: Final = re.compile(r"[\d,.' ]+ ([^\W\d_]+)")
_GROUPING: Final = 0.75  # of the cells of the fullest row of names: with fewer a row names groups of columns


def header_rows(rows: Sequence[Sequence[str]], first: int, width: int) -> list[int]:
    """The rows of names, units and the like right above the data."""
    found: list[int] = []
    at = first - 1
    while at >= 0 and not any(rows[at]) and at > first - 4:
        at -= 1
    while at >= 0 and len(found) < _ROWS:
        row = [c for c in rows[at] if c]
        if not row and found and _unnamed(rows[found[0]]) and at and len(rows[at - 1]) == len(rows[found[0]]):
            at -= 1  # `Date,Time,Value,Value` apart from the tags above it
            continue
        if not found and len(row) == 1 and width > 1 and SAYS.fullmatch(row[0]):
            at -= 1  # `T0: 09.03.2026 18:00:00` between names and data
            continue
        if (
            not found
            and len(row) == 1 < width
            and (_WORD.fullmatch(row[0]) or called(row[0], "time"))
            and at
            and len(rows[at - 1]) > width / 2
        ):
            at -= 1  # `DATA` between names and data
            continue
        if row and ((_MARK.fullmatch(row[0]) and len(row) <= 2 < width) or _SECTION.fullmatch(row[0])):
            at -= 1  # `#ROWS,480`
            continue
        if not found and _holds_numbers(row, width):
            break
        if found and len(rows[at]) > width:
            break  # more cells than the data have columns: a line about the file
        merged = bool(found) and len(row) == 1 and not rows[at][0]
        if len(row) < 2 and not merged and not (width == 1 or (len(row) == 1 and width <= 2 and not found)):
            break
        if found and width == 2 and len(rows[at]) <= 2:
            break  # of two columns: a word and what it says
        if found and len(rows[at]) <= 2 < width and not merged and (width > 3 or _is_said(rows[at][0])):
            break
        if found and re.match(
            r"\W*(?:start|end|von|bis|period|zeitraum|date range|from)\b", folded(rows[at][0])
        ):
            break
        if any(full_time(c) for c in row) and found:
            break
        if found and len(row) > 2 and _about_file(rows[at], rows[found[0]]):
            break
        if found and any(c.endswith(":") and b for c, b in pairwise(row)):
            break  # a word and what it says, wherever they stand
        found.insert(0, at)
        at -= 1
    return found


def _holds_numbers(row: Sequence[str], width: int) -> bool:
    """Whether a line has another number of cells than the data, many of them numbers, and no title of a time."""
    many = sum(map(looks_numeric, row)) >= _NUMBERS * len(row) > _NUMBERS
    return (
        many
        and len(row) != width
        and not any(called(c, "time") and folded(c) not in data()["zones"] for c in row)
    )


def _unnamed(row: Sequence[str]) -> bool:
    """Whether a line names nothing but times, values and their qualities."""
    titles = ("time", "clock", "value", "quality", "ignore")
    cells = [split_unit(c)[0] for c in row if c]
    return sum(called(c, "value") for c in cells) > 1 and all(
        any(called(c, r) for r in titles) for c in cells
    )


def _about_file(row: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a line above names that begin with the time holds words about the file: full cells, fewer, and all different."""
    return row[0] in ENVIRONMENTS or (
        len(row) < len(names)
        and all(row)
        and len(set(row)) == len(row)
        and called(split_unit(names[0])[0], "time")
        and not any(called(row[0], role) for role in ("time", "tag", "asset", "unit", "description"))
    )


def _is_said(head: str) -> bool:
    """Whether the first cell of a line is a word with what it says beside it: `Machine Name,P-101`."""
    return any(called(head, role, "preamble") for role in data()["preamble"])


def _kind(row: Sequence[str], skip: set[int], *, below: bool) -> str:
    """What a row above the data holds: units (more of them where it is the first one), types, or names."""
    cells = [c for n, c in enumerate(row) if c and n not in skip] or [c for c in row if c]
    lead = next((n for n, c in enumerate(row) if c), 0)
    head = row[lead] if row else ""
    if head.startswith("#") and len(head) > 1 and key_of(head) in ("group", "datatype", "default"):
        return "types"
    if not cells:
        return "empty"
    for role in ("unit", "description", "low", "high"):
        if skip and lead <= max(skip) and called(head, role):
            return role
    if sum(unit_named(c) is not None or c in ("-", "--") for c in cells) >= (_UNITS if below else 0.6) * len(
        cells
    ) and any(unit_named(c) and not looks_numeric(c) for c in cells):
        return "unit"
    typed = [re.sub(r"[\[(].*", "", folded(c)) in _types() or bool(_CODED.fullmatch(c)) for c in cells]
    if all(typed) or (len(cells) > 1 and sum(typed) >= _TYPED * len(cells)):
        return "types"
    if all(looks_numeric(c) for c in cells):
        return "numbers"
    return "names"


def _is_counts(row: Sequence[str], times: dict[int, Role]) -> bool:
    """Whether a row below the names counts one thing in each column: `176 events,180 events`."""
    told = [_COUNTED.fullmatch(c) for n, c in enumerate(row) if c and n not in times]
    return len(told) > 1 and all(told) and len({m[1] for m in told if m}) == 1


@cache
def _types() -> frozenset[str]:
    return frozenset(str(w) for w in data()["types"])


def columns_from(header: Sequence[Sequence[str]], width: int, times: dict[int, Role]) -> list[Column]:
    """The columns by the rows above them."""
    width = max([width, *(len(r) for r in header)])
    padded = [[*r, *[""] * (width - len(r))] for r in header]
    kinds = [_kind(r, set(times), below=n > 0) for n, r in enumerate(padded)]
    kinds = [
        "numbers" if kind == "names" in kinds[:n] and _is_counts(row, times) else kind
        for n, (row, kind) in enumerate(zip(padded, kinds, strict=True))
    ]
    if "names" not in kinds:
        kinds = ["names" if kind in ("types", "unit") else kind for kind in kinds]
    names = [r for r, kind in zip(padded, kinds, strict=True) if kind == "names"]
    chosen = _names_row(names, times)
    made = []
    for at in range(width):
        title = names[chosen][at] if names else ""
        label = _LABEL.search(title)
        alone = title if unit_named(title) and not title.isdecimal() else ""  # `MW`, and nothing else
        parts = [p.strip() for p in title.splitlines() if p.strip()]
        name, unit = split_unit(parts[0]) if parts else ("", "")
        if (
            unit
            and parts[0].endswith(f" {unit}")
            and any(k == "unit" and r[at] for k, r in zip(kinds, padded, strict=True))
        ):
            name = parts[0]  # `ME RPM` above `[rpm]`
        head, cut, tail = name.partition(" - ")
        name = head if cut and " " not in head and parts_of(head).loop else name
        column = Column(
            at=at,
            name=name,
            unit=unit or alone,
            description=tail if tail and name == head else label[1] if label else "",
        )
        for part in parts[1:]:
            column.unit = column.unit or (part.strip("[]()") if unit_named(part) else "")
            column.description = column.description or ("" if unit_named(part) else part)
        for row, kind in zip(padded, kinds, strict=True):
            if kind == "unit" and row[at]:
                column.unit = "" if row[at] in ("-", "--") else row[at].strip("[]()")
            elif kind == "description" and row[at]:
                column.description = row[at]
        if at in times and unit_named(column.unit) is None:  # `SampleTime[ms]` above a count
            column.unit = next(
                (u for r in padded if (u := split_unit(r[at])[1]) in ("ms", "s", "us", "µs", "min")),
                column.unit,
            )
        made.append(column)
    if names:
        _named_by_units(made, _filled(names[chosen]), times)
    further = [row for place, row in enumerate(names) if place != chosen]
    for column in made:  # a cell over several rows of names: `Operator` beside machines with their quantities
        column.name = column.name or next(
            (
                row[column.at]
                for row in further
                if row[column.at] and not _spans(row, column.at, names[chosen])
            ),
            "",
        )
    for row in _groups_last(made, further, times):
        _second_names(made, row, times)
    return made


def _groups_last(
    made: Sequence[Column], rows: Sequence[list[str]], times: dict[int, Role]
) -> list[list[str]]:
    """Further rows of names; last the one that keeps columns of one name apart by words: machines above types."""
    if len(rows) < 2 or len(times) > 1:
        return list(rows)
    values = [c for c in made if c.at not in times and c.name]

    def kept(row: Sequence[str]) -> int:
        filled = _filled(row)
        return len({(filled[c.at], c.name) for c in values})

    words = [row for row in rows if not all(looks_numeric(c) for c in row if c)] or rows
    best = max(words, key=lambda row: (kept(row), -words.index(row)))
    if kept(best) == len({c.name for c in values}):
        return list(rows)
    return [*(row for row in rows if row is not best), best]


def _names_row(names: Sequence[Sequence[str]], times: dict[int, Role]) -> int:
    """Which row of names holds the tags: the one that is called so, else with most different names that look like tags."""
    for n, row in enumerate(names):  # `Timestamp, Value, Timestamp, Value` below a row of tags
        cells = [split_unit(c)[0] for c in row if c]
        if (
            len(names) > 1
            and len(cells) > 2
            and all(any(called(c, r) for r in ("time", "value", "quality")) for c in cells)
        ):
            return n

    most = max((len([c for c in row if c]) for row in names), default=0)

    def worth(row: Sequence[str]) -> tuple[bool, bool, bool, bool, float]:
        cells = [c for n, c in enumerate(row) if c and (n not in times or len(times) > 1)]
        tags = sum(bool(re.search(r"[\d_./]", c)) and " " not in c for c in cells)
        timed = any(called(split_unit(row[n])[0], "time") for n in times if n < len(row) and row[n])
        grouping = len([c for c in row if c]) <= _GROUPING * most or _over_names(row, names)
        return (
            called(row[0] if row else "", "tag"),
            not grouping,
            not _in_runs(cells),
            timed,
            len(set(cells)) + 0.5 * tags,
        )

    return max(range(len(names)), key=lambda n: (worth(names[n]), n), default=0) if names else 0


def _over_names(row: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether two cells of a row or more, machines, stand over names that come again below each, beside cells over one column."""
    for names in (r for r in rows if r is not row):
        over = [n for n, c in enumerate(row) if c and _spans(row, n, names)]
        below = [c for n, c in enumerate(names) if c and n >= min(over, default=0)]
        if len(over) > 1 and len({row[n] for n in over}) == len(over) and len(set(below)) < len(below):
            return True
    return False


def _spans(row: Sequence[str], at: int, names: Sequence[str]) -> bool:
    """Whether a cell of groups stands over several names: the next columns have none of their own there, and names below."""
    return at + 1 < len(row) and not row[at + 1] and bool(names[at + 1])


def _named_by_units(made: Sequence[Column], groups: Sequence[str], times: dict[int, Role]) -> None:
    """Name columns by their units where names stand over several of them: `Building A,` above `kWh,kW`."""
    values = [c for c in made if c.at not in times]
    for first in [c for c in values if c.name]:
        below = [
            c
            for c in values
            if c.at > first.at and not c.name and c.unit and groups[c.at] == groups[first.at]
        ]
        if first.unit and below and len({c.unit for c in (first, *below)}) > len(below):
            group = first.name
            for column in (first, *below):
                column.group, column.name = group, column.unit


def _in_runs(cells: Sequence[str]) -> bool:
    """Whether cells name groups of columns side by side: each stands in one run, and some more than once."""
    runs = [cell for n, cell in enumerate(cells) if not n or cells[n - 1] != cell]
    return len(cells) > len(runs) > 1 and len(set(runs)) == len(runs)


def _second_names(made: list[Column], row: Sequence[str], times: dict[int, Role]) -> None:
    """A further row of names: groups over several columns, else descriptions."""
    cells = [row[c.at] for c in made if c.at not in times and row[c.at]]
    if cells and (
        all(called(c, "value") for c in cells) or (len(set(cells)) == 1 < len(cells) and len(times) > 1)
    ):
        return
    if not cells and len(times) > 1 and len({c for c in row if c}) == 1:
        return  # the title of a row that says nothing
    filled = _filled(row)
    values = [c for c in made if c.at not in times and c.name]
    names = [c.name for c in values]
    groups = {filled[c.at] for c in values} - {""}
    if _is_first_line(row, values):  # `Out Temp` in two lines
        for column in values:
            column.name = f"{row[column.at]} {column.name}".strip()
        return
    grouped = len(groups) < len(values) or len(set(names)) < len(names)
    for column in made:
        if grouped and column.at not in times:
            group, text = filled[column.at], ""
            if (
                column.group and len(times) > 1
            ):  # above pairs of time and value: a row of tags, one of descriptions
                group, text = sorted((column.group, group), key=_is_text)
            column.group, column.description = group, column.description or text
        elif row[column.at] and not (is_channel(row[column.at]) and column.name):
            column.description = column.description or row[column.at]


def _is_first_line(row: Sequence[str], values: Sequence[Column]) -> bool:
    """Whether a row holds the first words of names: one short word over nearly every column, a quantity among them."""
    cells = [row[c.at] for c in values]
    own = [c for c in cells if c]
    words = [c for c in own if len(c) > 1 and quantity_in(c)]
    return (
        len(own) >= _TYPED * len(cells) > _LEAST_NAMES
        and bool(words)
        and len(set(zip(cells, (c.name for c in values), strict=True))) == len(values)
        and all(_SHORT.fullmatch(c) for c in (*own, *(c.name for c in values)))
    )


def _filled(row: Sequence[str]) -> list[str]:
    """A row whose empty cells have what stands left of them."""
    filled, last = [], ""
    for cell in row:
        last = cell or last
        filled.append(last)
    return filled


def _is_text(cell: str) -> bool:
    """Whether a cell is words, as a description is, and no tag."""
    return not re.search(r"\d", cell) or " " in cell
