"""How a sheet is laid out: where its data begin, what stands above them, which column holds what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.times import clock_of, stamp_of
from aitia.tools.sources.exports.words import called, data, folded, is_missing, key_of, quality_word, state_of
from aitia.tools.tags.names import parts_of

_SAMPLE: Final = 400  # rows by which columns are told
_ABOVE: Final = 60  # lines above the data that are looked at
_MOST: Final = 0.6  # of a column's cells that must be times
_ALONE: Final = frozenset({"timestamp_seconds", "time_sec", "epoch_s", "unixtime_s"})
Role = Literal["time", "date", "clock", "nanos", "tag", "value", "quality", "unit", "description", "asset", "label", "ignore"]


@dataclass
class Column:
    """A column: its name as written, without its unit, and what stands above it."""

    at: int
    name: str
    unit: str = ""
    description: str = ""
    group: str = ""
    role: Role = "value"
    of: int = -1  # of a quality or a time: the value column that it belongs to


@dataclass
class Shape:
    """Where the data begin and what the columns are; `above` are the lines over the names, `labels` what they say by role."""

    first: int
    columns: list[Column]
    long: bool = False
    above: list[list[str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def of_role(self, role: Role) -> list[Column]:
        """The columns of a role."""
        return [c for c in self.columns if c.role == role]


def transposed(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """The rows as columns where times stand side by side in one row; None where they stand below one another."""
    for place, row in enumerate(rows[:30]):
        times = [n for n, cell in enumerate(row) if _full_time(cell)]
        if len({row[n] for n in times}) >= 3 and len(times) >= 0.5 * len([c for c in row if c]) and times[-1] - times[0] < 2 * len(times):
            below = [r for r in rows[place + 1 :] if any(r)]
            if sum(any(_full_time(c) for c in r) for r in below) > 0.3 * len(below):
                return None
            width = max(len(r) for r in (row, *below))
            held = [r for r in below if len(r) > times[0]]
            turned = [[(r[n] if n < len(r) else "") for r in (row, *held)] for n in range(width)]
            return turned
    return None


_SLOT: Final = re.compile(r"(?:[hH]?\s?)(\d{1,2})(?:[:.h](\d\d))?(?:[:.]00)?(?:\s*[-\u2013].*)?")
_LEAST_SLOTS: Final = 12  # clocks side by side: hours or quarters of an hour of a day


def matrix(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table with a day in each row and the clock in its columns as one with a row for each time; None for any other."""
    for place, row in enumerate(rows[:30]):
        slots = {n: f"{int(m[1]):02}:{m[2] or '00'}" for n, c in enumerate(row) if (m := _SLOT.fullmatch(c)) and int(m[1]) <= 24}
        if len(slots) < _LEAST_SLOTS or len(set(slots.values())) < len(slots) or not any(":" in row[n] or "h" in row[n].lower() for n in slots):
            continue
        below = [r for r in rows[place + 1 :] if any(r)]
        others = [n for n in range(len(row)) if n not in slots]
        days = [n for n in others if sum(n < len(r) and stamp_of(r[n]) is not None for r in below) > 0.6 * len(below)]
        if not days:
            return None
        kept = [n for n in others if n != days[0]]
        made = [list(r) for r in rows[:place]] + [[*(row[n] for n in kept), "timestamp", "value"]]
        for r in below:
            cell = lambda n, r=r: r[n] if n < len(r) else ""  # noqa: E731
            made += [[*(cell(n) for n in kept), f"{cell(days[0])} {slot}", cell(n)] for n, slot in slots.items() if cell(days[0])]
        return made
    return None


_PARTS: Final = (
    {"year", "jahr", "ano", "annee", "yyyy", "anno"}, {"month", "monat", "mes", "mois", "mm", "mese"},
    {"day", "tag", "dia", "jour", "dd", "giorno"}, {"hour", "stunde", "hora", "heure", "hh", "ora"},
    {"minute", "minuto", "min", "minuten"}, {"second", "sekunde", "segundo", "seconde", "sec", "ss"},
)  # fmt: skip


def joined_parts(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table with year, month and day in columns of their own as one with a time in front; None for any other."""
    for place, row in enumerate(rows[:30]):
        names = [key_of(c) for c in row]
        at = [next((n for n, name in enumerate(names) if name in words), -1) for words in _PARTS]
        if min(at[:3]) < 0:
            continue
        kept = [n for n in range(len(row)) if n not in at]
        made = [list(r) for r in rows[:place]] + [["timestamp", *(row[n] for n in kept)]]
        for r in rows[place + 1 :]:
            parts = [r[n] if 0 <= n < len(r) else "" for n in at]
            date = f"{parts[0]}-{parts[1]}-{parts[2]}" if all(parts[:3]) else ""
            clock = ":".join(p.partition(".")[0].zfill(2) or "00" for p in (parts[3] or "0", parts[4] or "0", parts[5] or "0"))
            made.append([f"{date} {clock}" if date else "", *(r[n] if n < len(r) else "" for n in kept)])
        return made
    return None


def _full_time(cell: str) -> bool:
    stamp = stamp_of(cell)
    return stamp is not None and (stamp.clock or len(cell) >= 8)


def shape_of(rows: Sequence[Sequence[str]]) -> Shape | None:
    """The layout of a sheet; None where no column holds times."""
    first, times = _times(rows)
    if first < 0:
        return None
    width = max((len(r) for r in rows[first : first + _SAMPLE]), default=0)
    names_at = _header(rows, first, width)
    above = [list(r) for r in rows[max(0, (names_at[0] if names_at else first) - _ABOVE) : names_at[0] if names_at else first] if any(r)]
    body = [r for r in rows[first : first + _SAMPLE] if any(r)]
    columns = _columns([rows[n] for n in names_at], width, times)
    shape = Shape(first=first, columns=columns, above=above, labels=_labels(above))
    _aligned(shape)
    _roles(shape, body, times)
    return shape


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
        clocks = [n for n, c in cells if clock_of(c) is not None and ":" in c or re.fullmatch(r"\d{1,2}[.h]\d\d(?:\.\d\d)?h?", c)]
        held, role = (found, "time") if len(found) >= len(clocks) else (clocks, "clock")
        held = _run(held, cells)
        if held and len(held) >= _MOST * sum(n >= held[0] for n, _ in cells):
            if role == "time" and not any(s and s.clock for n, s in stamps if n in set(held)):
                role = "date"
            kinds[at], starts[at] = role, held[0]  # type: ignore[assignment]
    whole = [at for at, role in kinds.items() if role == "time"]
    if whole:
        first = min(starts[at] for at in whole)
        return first, {at: "time" for at in whole}
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
    named = any(key_of(c) in _PARTS[3] or key_of(c) in ("he", "hour_ending", "std") for c in cells[:6])
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
    from aitia.tools.sources.exports.times import numeric_times
    import numpy as np

    for at in range(width):
        cells = [(n, r[at]) for n, r in enumerate(sample) if at < len(r) and r[at]]
        numbers = [(n, float(c.replace(",", "."))) for n, c in cells if re.fullmatch(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", c)]
        if len(numbers) < max(2, _MOST * len(cells)) and not (numbers and len(cells) <= 2):
            continue
        values = np.array([v for _, v in numbers])
        first = numbers[0][0]
        title = next((c for n, c in reversed(cells) if n < first), "")
        named = called(title, "time") or key_of(title) in _ALONE or key_of(title).startswith(("time", "x_value", "zeit", "t_"))
        if numeric_times(values, named=named) is not None:
            return first, {at: "time"}
        if named and at == 0 and values.size > 2 and np.all(np.diff(values) > 0):
            return first, {at: "time"}
    return -1, {}


def _header(rows: Sequence[Sequence[str]], first: int, width: int) -> list[int]:
    """The rows of names, units and the like right above the data."""
    found: list[int] = []
    at = first - 1
    while at >= 0 and not any(rows[at]) and at > first - 4:
        at -= 1
    while at >= 0 and len(found) < 8:
        row = [c for c in rows[at] if c]
        if found and len(rows[at]) > width:
            break  # more cells than the data have columns: a line about the file
        merged = bool(found) and len(row) == 1 and not rows[at][0]
        if len(row) < 2 and not merged and not (width == 1 or (len(row) == 1 and width <= 2 and not found)):
            break
        if found and width == 2 and len(rows[at]) <= 2:
            break  # of two columns: a word and what it says
        if found and len(rows[at]) <= 2 and width > 3 and not merged:
            break
        if found and re.match(r"\W*(?:start|end|von|bis|period|zeitraum|date range|from)\b", folded(rows[at][0])):
            break
        if any(_full_time(c) for c in row) and found:
            break
        found.insert(0, at)
        at -= 1
    return found


def _kind(row: Sequence[str], skip: set[int]) -> str:
    """What a row above the data holds: units, types, or names."""
    cells = [c for n, c in enumerate(row) if c and n not in skip] or [c for c in row if c]
    head = row[0] if row else ""
    if head.startswith("#") and len(head) > 1 and key_of(head) in ("group", "datatype", "default"):
        return "types"
    if not cells:
        return "empty"
    for role in ("unit", "description", "low", "high"):
        if 0 in skip and head and called(head, role):
            return role
    if sum(unit_named(c) is not None or c in ("-", "--") for c in cells) >= 0.6 * len(cells) and any(
        unit_named(c) for c in cells
    ):
        return "unit"
    if all(folded(c) in set(data()["types"]) for c in cells):
        return "types"
    return "names"


def _columns(header: Sequence[Sequence[str]], width: int, times: dict[int, Role]) -> list[Column]:
    """The columns by the rows above them."""
    width = max([width, *(len(r) for r in header)])
    padded = [[*r, *[""] * (width - len(r))] for r in header]
    kinds = [_kind(r, set(times)) for r in padded]
    if "names" not in kinds:
        kinds = ["names" if kind == "types" else kind for kind in kinds]
    names = [r for r, kind in zip(padded, kinds, strict=True) if kind == "names"]
    chosen = _names_row(names, times)
    made = []
    for at in range(width):
        title = names[chosen][at] if names else ""
        parts = [p.strip() for p in title.splitlines() if p.strip()]
        name, unit = split_unit(parts[0]) if parts else ("", "")
        head, cut, tail = name.partition(" - ")
        name = head if cut and " " not in head and parts_of(head).loop else name
        column = Column(at=at, name=name, unit=unit, description=tail if name == head else "")
        for part in parts[1:]:
            column.unit = column.unit or (part.strip("[]()") if unit_named(part) else "")
            column.description = column.description or ("" if unit_named(part) else part)
        for row, kind in zip(padded, kinds, strict=True):
            if kind == "unit" and row[at]:
                column.unit = "" if row[at] in ("-", "--") else row[at].strip("[]()")
            elif kind == "description" and row[at]:
                column.description = row[at]
        made.append(column)
    for place, row in enumerate(names):
        if place != chosen:
            _second_names(made, row, times)
    return made


def _names_row(names: Sequence[Sequence[str]], times: dict[int, Role]) -> int:
    """Which row of names holds the tags: the one that is called so, else with most different names that look like tags."""
    for n, row in enumerate(names):  # `Timestamp, Value, Timestamp, Value` below a row of tags
        cells = [split_unit(c)[0] for c in row if c]
        if len(names) > 1 and len(cells) > 2 and all(any(called(c, r) for r in ("time", "value", "quality")) for c in cells):
            return n

    def worth(row: Sequence[str]) -> tuple[bool, bool, float]:
        cells = [c for n, c in enumerate(row) if c and n not in times]
        tags = sum(bool(re.search(r"[\d_./]", c)) and " " not in c for c in cells)
        timed = any(called(split_unit(row[n])[0], "time") for n in times if n < len(row) and row[n])
        return called(row[0] if row else "", "tag"), timed, len(set(cells)) + 0.5 * tags
    return max(range(len(names)), key=lambda n: (worth(names[n]), n), default=0) if names else 0


def _second_names(made: list[Column], row: Sequence[str], times: dict[int, Role]) -> None:
    """A further row of names: groups over several columns, else descriptions."""
    filled, last = [], ""
    for cell in row:
        last = cell or last
        filled.append(last)
    values = [c for c in made if c.at not in times and c.name]
    names = [c.name for c in values]
    groups = {filled[c.at] for c in values} - {""}
    grouped = len(groups) < len(values) or len(set(names)) < len(names)
    for column in made:
        if grouped and column.at not in times:
            column.group = filled[column.at]
        elif row[column.at]:
            column.description = column.description or row[column.at]


def _labels(above: Sequence[Sequence[str]]) -> dict[str, str]:
    """What lines above the table say: `Tag: FIC101`, `Einheit;m³/h`."""
    told: dict[str, str] = {}
    for row in above:
        cells = [c for c in row if c]
        if len(cells) == 1:
            head, cut, tail = cells[0].lstrip("# ").partition(":") if ":" in cells[0] else cells[0].lstrip("# ").partition("=")
            cells = [head, tail.strip()] if cut and tail.strip() else cells
        if len(cells) >= 2:
            for role in data()["preamble"]:
                if called(cells[0].rstrip(" :="), role, "preamble"):
                    told.setdefault(role, " ".join(cells[1:]) if role in ("start", "zone") else cells[1])
    return told


def _aligned(shape: Shape) -> None:
    """Units and descriptions in a line further above, a cell for each column (`Y_Unit_Label` of LabVIEW)."""
    for row in (r for r in shape.above if len(r) > 3 or (len(r) == len(shape.columns) and len(r) > 2)):
        for role in ("unit", "description"):
            if called(row[0], role):
                for column, cell in zip(shape.columns[1:], row[1:], strict=False):
                    setattr(column, role, getattr(column, role) or cell)


def _roles(shape: Shape, body: Sequence[Sequence[str]], times: dict[int, Role]) -> None:
    """Give each column its role."""
    for column in shape.columns:
        column.role = times.get(column.at, column.role)
    if len([r for r in times.values() if r == "time"]) > 1:
        _several_times(shape)
    others = [c for c in shape.columns if c.at not in times]
    held = {c.at: [r[c.at] for r in body if c.at < len(r) and r[c.at]] for c in others}
    for column in others:
        _by_name(column, held[column.at])
    _long(shape, held)
    _qualities(shape, held)


def _several_times(shape: Shape) -> None:
    """Pairs of time and value, each with its own times; else one column of times, the others are passed over."""
    whole = shape.of_role("time")
    pairs = [b.at - a.at for a, b in zip(whole, whole[1:], strict=False)]
    if min(pairs) > 1 and not any(called(c.name, "other_time") for c in whole) and not shape_tag(shape):
        ends = [c.at for c in whole[1:]] + [len(shape.columns)]
        for time, end in zip(whole, ends, strict=True):
            for column in shape.columns[time.at + 1 : end]:
                column.of = time.at
            following = shape.columns[time.at + 1 : time.at + 2]
            for column in following:
                pick = time.group or time.name if not called(time.name, "time") else time.group
                if pick and (called(column.name, "value") or not column.name or not column.group):
                    column.group = column.group or pick
                column.unit = column.unit or (time.unit if unit_named(time.unit) else "")
        shape.said.append("pairs of time and value")
        return
    named = [c for c in whole if called(c.name, "time")] or whole
    usual = list(data()["columns"]["time"])
    main = min(named, key=lambda c: (called(c.name, "other_time"), usual.index(key_of(c.name)) if key_of(c.name) in usual else 99))
    for column in whole:
        if column is not main:
            column.role = "ignore"


def shape_tag(shape: Shape) -> bool:
    """Whether a column is called like one of tags."""
    return any(called(c.name, "tag") for c in shape.columns)


def _by_name(column: Column, cells: Sequence[str]) -> None:
    numeric = _share(cells, looks_numeric)
    words = _share(cells, lambda c: bool(quality_word(c)))
    if called(column.name, "unit") and numeric < 0.5 and _share(cells, lambda c: unit_named(c) is not None) > 0.3:
        column.role = "unit"
    elif words > 0.6 and (numeric < 0.5 or called(column.name, "quality")):
        column.role = "quality"
    elif called(column.name, "other_time") or key_of(column.name).endswith(("_nano_offset", "_nanos", "nanoseconds")):
        column.role = "nanos" if "nano" in key_of(column.name) else "ignore"
    elif called(column.name, "ignore") or (not column.name and (_is_index(cells) or column.unit in ("s", "sec", "ms"))):
        column.role = "ignore"


def _is_index(cells: Sequence[str]) -> bool:
    """Whether cells without a name count the rows."""
    return len(cells) > 2 and all(c.isdecimal() for c in cells) and all(
        int(b) - int(a) == 1 for a, b in zip(cells, cells[1:], strict=False)
    )  # fmt: skip


def _share(cells: Sequence[str], test: object) -> float:
    return sum(map(test, cells)) / len(cells) if cells else 0.0  # type: ignore[arg-type]


def _long(shape: Shape, held: dict[int, list[str]]) -> None:
    """A column of tags with one of values beside it makes the sheet long; one that names machines makes each row one of theirs."""
    free = [c for c in shape.columns if c.role == "value" and c.at in held]
    texts = [c for c in free if held[c.at] and _share(held[c.at], looks_numeric) < 0.5]
    numbers = [c for c in free if held[c.at] and c not in texts]
    values = [c for c in free if called(c.name, "value") and (c in numbers or not called(c.name, "tag"))]
    tags = [c for c in texts if called(c.name, "tag") and not _all_states(held[c.at])]
    repeated = [c for c in texts if _repeats(held[c.at])]
    if not values and len(numbers) > 1 and all(key_of(c.name) in _AGGREGATES for c in numbers):
        values = [min(numbers, key=lambda c: _AGGREGATES.index(key_of(c.name)))]
    several_times = any(c.of >= 0 for c in shape.columns)
    if several_times:
        return
    if not values and len(numbers) == 1 and (tags or repeated) and not _tagged(numbers[0].name):
        values = numbers[:1]
    if values and not all(key_of(c.name) in _AGGREGATES for c in numbers) and len([c for c in numbers if not _passed(c)]) > 1 + len(values) and not any(called(c.name, "tag") for c in texts):
        values = []
    if values and (tags or repeated):
        order = list(data()["columns"]["tag"])
        value = min(values, key=lambda c: (c not in numbers, list(data()["columns"]["value"]).index(key_of(c.name)) if key_of(c.name) in data()["columns"]["value"] else 99))
        tag = _best_tag([c for c in tags if c is not value] or [c for c in repeated if c is not value], held, order)
        if tag is None:
            return
        shape.long = True
        for column in free:
            column.role = "ignore"
        tag.role, value.role = "tag", "value"
        _beside(shape, [c for c in texts if c not in (tag, value)], held, tag)
        return
    _by_row(shape, texts, numbers, held)


_AGGREGATES: Final = ("avg", "average", "mean", "mittelwert", "media", "last", "value", "median", "first", "min", "minimum", "max", "maximum",
                      "count", "n", "sum", "std", "stddev", "samples")  # fmt: skip


def _best_tag(columns: Sequence[Column], held: dict[int, list[str]], order: list[str]) -> Column | None:
    """Of several columns that could hold tags the one whose cells differ most, unless it never repeats."""
    usable = [c for c in columns if not called(c.name, "unit")]
    return max(
        usable,
        key=lambda c: (called(c.name, "tag"), len(set(held[c.at])), -(order.index(key_of(c.name)) if key_of(c.name) in order else 99)),
        default=None,
    )


def _beside(shape: Shape, texts: Sequence[Column], held: dict[int, list[str]], tag: Column) -> None:
    """Further texts of a long table: the machine, the unit, the quality, what is said of the tag."""
    tags = list(dict.fromkeys(held[tag.at]))
    machines = sum(bool(parts_of(t).asset) for t in tags) > 0.5 * len(tags)
    for column in texts:
        cells = held[column.at]
        if _share(cells, lambda c: unit_named(c) is not None) > 0.6 and called(column.name, "unit"):
            column.role = "unit"
        elif called(column.name, "description"):
            column.role = "description"
        elif called(column.name, "asset") or (called(column.name, "tag") and len(set(cells)) < len(set(held[tag.at]))):
            column.role = "asset"
        elif not machines and _names_machines(column, cells, len(set(held[tag.at]))):
            column.role = "asset"
        else:
            column.role = "ignore"
    assets = shape.of_role("asset")
    order = list(data()["columns"]["asset"])
    main = max(assets, key=lambda c: (called(c.name, "asset"), len(set(held[c.at])), -(order.index(key_of(c.name)) if key_of(c.name) in order else 99)), default=None)
    for column in assets:
        column.role = "asset" if column is main else "ignore"


def _names_machines(column: Column, cells: Sequence[str], tags: int) -> bool:
    """Whether a text comes again and again, and could name machines."""
    usual = any(called(column.name, r) for r in ("quality", "ignore")) or key_of(column.name).endswith(("_id", "type"))
    return not usual and _repeats(cells) and len(set(cells)) > 1 and not all(is_missing(c) for c in cells)


def _by_row(shape: Shape, texts: Sequence[Column], numbers: Sequence[Column], held: dict[int, list[str]]) -> None:
    """Rows of several machines, with a column for each quantity."""
    named = [c for c in texts if called(c.name, "asset") and _repeats(held[c.at])]
    numbered = [c for c in numbers if called(c.name, "asset") and key_of(c.name).endswith(("id", "unit")) and len(numbers) > 1]
    candidates = named or [c for c in texts if (called(c.name, "unit") or called(c.name, "tag") or key_of(c.name) in ("unit", "pump", "id")) and _repeats(held[c.at]) and not _all_states(held[c.at])]
    chosen = max(candidates or numbered, key=lambda c: (len(set(held[c.at])), -c.at), default=None)
    if chosen is not None and len([c for c in numbers if c is not chosen]) >= 1:
        chosen.role = "asset"
        for column in texts:
            if column is not chosen and not _all_states(held[column.at]):
                column.role = "ignore"


def _repeats(cells: Sequence[str]) -> bool:
    """Whether names come again and again; states and qualities are none."""
    kinds = set(cells)
    return len(cells) > 1 and len(kinds) <= max(2, 0.7 * len(cells)) and not _all_states(cells) and not all(unit_named(c) for c in kinds)


def _all_states(cells: Sequence[str]) -> bool:
    return bool(cells) and all(state_of(c) is not None or is_missing(c) or bool(quality_word(c)) for c in set(cells))


def _tagged(name: str) -> bool:
    """Whether a column's name is itself a tag or a quantity of its own."""
    return bool(re.search(r"\d", name)) or ("." in name.strip(".")) or ("/" in name)


def _passed(column: Column) -> bool:
    return called(column.name, "ignore") or called(column.name, "quality") or called(column.name, "asset")


def _qualities(shape: Shape, held: dict[int, list[str]]) -> None:
    """Columns of codes of quality by their names, and the value that each belongs to."""
    values = shape.of_role("value")
    stems = {_stem(c.name): c for c in values}
    for column in list(values):
        bare = _QUALITY_END.sub("", column.name)
        codes = [c for c in held.get(column.at, ()) if re.fullmatch(r"\d{1,5}(?:[.,]0+)?|0x[0-9a-fA-F]+", c)]
        coded = len(codes) == len(held.get(column.at, ())) and len(set(codes)) <= 12
        flags = held.get(column.at, []) and _all_states(held[column.at])
        if bare != column.name and _stem(bare) in stems and stems[_stem(bare)] is not column and (coded or flags):
            column.role, column.of = "quality", stems[_stem(bare)].at
        elif called(column.name, "quality") and (coded or flags) and (shape.long or column.at > 0):
            column.role = "quality"
    left = shape.of_role("value")
    for column in shape.of_role("quality"):
        if column.of < 0 or shape.columns[column.of].role != "value":
            same = [c for c in left if _stem(c.name) == _stem(_QUALITY_END.sub("", column.name)) and c.name]
            before = [c for c in left if c.at < column.at]
            column.of = same[0].at if same else before[-1].at if before else -1
    several = shape.of_role("quality")
    for column in several:
        twin = [c for c in several if c.of == column.of and c is not column]
        if twin and "opc" not in key_of(column.name) and any("opc" in key_of(c.name) for c in twin):
            column.role = "ignore"


_QUALITY_END: Final = re.compile(r"(?i)[\s._/:#-]*[(\[]?(?:quality|qual|status|state|qc|q|qualit[aä]t|calidad|estado|sts|stat|valid|validity|flag|dq|ok)[)\]]?$")


def _stem(name: str) -> str:
    return re.sub(r"[\W_]+", "", folded(re.sub(r"(?i)[\s._/:-]*(?:value|val|pv|wert|valor)$", "", name)))
