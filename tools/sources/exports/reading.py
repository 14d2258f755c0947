"""Sheets to series: one for each tag, with its times, its cells as they stand, and what was said and guessed about it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

import numpy as np

from aitia.tools.meaning.unit_table import unit_named
from aitia.tools.sources.exports.numbers import Notation, notation_of, number, number_and_unit
from aitia.tools.sources.exports.shape import Column, Shape, joined_parts, matrix, shape_of, transposed
from aitia.tools.sources.exports.sheets import Sheet
from aitia.tools.sources.exports.times import Times, clock_of, numeric_times, stamp_of, text_times, zone_told
from aitia.tools.sources.exports.words import (
    called,
    code_of,
    code_quality,
    data,
    folded,
    is_missing,
    key_of,
    quality_word,
    state_of,
)
from aitia.tools.sources.rows import Floats
from aitia.tools.tags.names import mention_in

MOST_STATES: Final = 12  # different words of a column that is read as states
_VOTED: Final = 20_000  # cells by which the notation of numbers is told
_EUROPEAN: Final = re.compile(r"zeit|datum|wert|einheit|fecha|hora\b|valor|heure|unidad|czas|tid\b|data\b|ora\b|beschreibung")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the options say: zone and order of day and month of times without them, the mark before decimals."""

    zone: tzinfo = UTC
    zone_given: bool = False
    order: str = ""
    decimal: str = ""
    near: datetime


@dataclass(kw_only=True)
class Tag:
    """A tag as the file names it, with what the file says of it."""

    name: str
    asset: str = ""
    unit: str = ""
    description: str = ""
    place: str = ""  # the file, and sheet, that it stands in
    generic: bool = False  # the file names no tag: it is called after the file


@dataclass(kw_only=True)
class Samples:
    """Samples of a tag in the order of the file: epoch seconds, values (NaN where there is none), and the words that stand for none."""

    tag: Tag
    t: Floats
    v: Floats
    words: Counter[str] = field(default_factory=Counter)
    twice: int = 0  # rows that repeat a sample, left out
    bad: int = 0  # samples whose quality is bad
    doubtful: int = 0
    states: dict[str, float] = field(default_factory=dict)
    other_unit: str = ""


@dataclass
class Reading:
    """What was read of a sheet."""

    series: list[Samples] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    zoned: bool = True


def read_sheet(sheet: Sheet, asked: Asked) -> Reading:
    """The series of a sheet; none, with a word on why, where no column holds times."""
    rows = sheet.rows
    read = Reading(said=list(sheet.said))
    if (turned := transposed(rows)) is not None:
        rows = turned
        read.said.append("tags in rows, times in columns")
    elif (joined := joined_parts(rows)) is not None:
        rows = joined
        read.said.append("times from columns of year, month, day")
    elif (slots := matrix(rows)) is not None:
        rows = slots
        read.said.append("days in rows, the clock in columns")
    begun = 0
    while begun < len(rows):
        shape = shape_of(rows[begun:])
        if shape is None:
            if not read.series:
                read.said.append("no times in it")
            break
        body, left, more = _body(rows, begun + shape.first, shape)
        _block(sheet, shape, body, asked, read)
        if left:
            read.said.append(f"{len(left)} rows without a time left out, e.g. {' '.join(left[0])[:60]!r}")
        if more <= begun:
            break
        begun = more
    return read


def _body(
    rows: Sequence[list[str]], first: int, shape: Shape
) -> tuple[list[list[str]], list[list[str]], int]:
    """The rows of data, those among them without a time, and where another table begins; -1 for nowhere."""
    header = {tuple(r) for r in rows[max(0, first - 8) : first]}
    held: list[list[str]] = []
    left: list[list[str]] = []
    at = first
    times = [c.at for c in shape.columns if c.role in ("time", "date")]
    numeric = stamp_of(_cell(rows[first], times[0])) is None
    while at < len(rows):
        row = rows[at]
        if any(_is_time(_cell(row, n), numeric=numeric) for n in times):
            held.append(row)
        elif any(row) and tuple(row) not in header:
            if _another(rows, at, times, numeric=numeric):
                return held, left, at
            left.append(row)
        at += 1
    return held, left, -1


def _another(rows: Sequence[list[str]], at: int, times: Sequence[int], *, numeric: bool) -> bool:
    """Whether a row without a time begins another table: a line that names a tag or columns, with rows of data below."""
    for ahead in range(at, min(at + 12, len(rows))):
        row = [c for c in rows[ahead] if c]
        head = re.split(r"[:=]", row[0])[0].strip("# ") if row else ""
        names = called(head, "tag", "preamble") or called(head, "time") or sum(called(c, "time") or called(c, "value") for c in row) >= 2
        if names:
            below = rows[ahead + 1 : ahead + 14]
            return any(stamp_of(c) is not None for r in below for c in r)
        if any(_is_time(_cell(rows[ahead], n), numeric=numeric) for n in times):
            return False
    return False


def _is_time(cell: str, *, numeric: bool) -> bool:
    return bool(re.fullmatch(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", cell)) if numeric else stamp_of(cell) is not None


def _cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _block(sheet: Sheet, shape: Shape, body: Sequence[list[str]], asked: Asked, read: Reading) -> None:
    """The series of one table of a sheet."""
    values = shape.of_role("value")
    notation = _notation(sheet, values, body, asked)
    if notation.comma:
        read.said.append("decimal comma")
    if notation.thousands:
        read.said.append("separators of thousands taken out")
    if shape.said:
        read.said += shape.said
    clock = _Clock(sheet, shape, body, asked, read)
    if shape.long:
        _long(sheet, shape, body, notation, clock, read)
        return
    assets = shape.of_role("asset")
    owners = [_cell(r, assets[0].at) for r in body] if assets else []
    for column in values:
        cells = [_cell(r, column.at) for r in body]
        if not any(cells):
            if column.name:
                read.said.append(f"{column.name!r} is empty")
            continue
        times = clock.of(column, owners)
        codes = _codes(shape, body, column)
        for owner in dict.fromkeys(owners) if owners else [""]:
            pick = np.array([o == owner for o in owners]) if owners else np.ones(len(body), dtype=bool)
            tag = _tag(sheet, shape, column, owner)
            if column.unit and sum(c.name == column.name and c.group == column.group for c in values) > 1:
                tag.name = f"{tag.name} [{column.unit}]"
            chosen = np.flatnonzero(pick & np.isfinite(times.t))
            series = _samples(tag, times.t, cells, codes, chosen, notation, read)
            if series is not None:
                read.series.append(series)


def _notation(sheet: Sheet, values: Sequence[Column], body: Sequence[list[str]], asked: Asked) -> Notation:
    if asked.decimal:
        return Notation(asked.decimal == ",")
    per = max(1, _VOTED // max(len(values), 1))
    step = max(1, len(body) // per)
    cells = (_cell(row, c.at) for c in values for row in body[::step])
    return notation_of((c for c in cells if c), commas_part=sheet.commas_part)


class _Clock:
    """The times of a table, those of each pair of columns where they differ."""

    def __init__(self, sheet: Sheet, shape: Shape, body: Sequence[list[str]], asked: Asked, read: Reading) -> None:
        self._shape, self._body, self._asked, self._read = shape, body, asked, read
        self._known: dict[int, Times] = {}
        names = " ".join(c.name for c in shape.columns) + " " + " ".join(" ".join(r) for r in shape.above[-12:])
        self._european = bool(_EUROPEAN.search(folded(names))) or (not sheet.commas_part and sheet.path.lower().endswith((".csv", ".txt")))
        self._zone = asked.zone if asked.zone_given else self._told() or asked.zone
        self._told_zone = asked.zone_given or self._told() is not None

    def _told(self) -> tzinfo | None:
        """The zone that a line above or the name of the time column tells."""
        texts = [self._shape.labels.get("zone", "")]
        texts += [f"{c.name} {c.unit} {c.description}" for c in self._shape.columns if c.role in ("time", "date", "clock")]
        texts += [" ".join(r) for r in self._shape.above if re.search(r"(?i)time ?zone|zeitzone|zona horaria|\butc\b|\bgmt\b|fuseau|standard time|\([A-Z]{3,4}\)|hora local", " ".join(r))]
        return next((zone for text in texts if text.strip() and (zone := zone_told(text)) is not None), None)

    def of(self, column: Column, groups: Sequence[str] = ()) -> Times:
        """The times of a value column."""
        at = column.of if column.of >= 0 and column.role == "value" else -1
        if at not in self._known:
            self._known[at] = self._read_column(at, groups)
        return self._known[at]

    def _read_column(self, at: int, groups: Sequence[str]) -> Times:
        shape = self._shape
        dates, clocks = shape.of_role("date"), shape.of_role("clock")
        column = shape.columns[at] if at >= 0 else (shape.of_role("time") or dates)[0]
        cells = [_cell(r, column.at) for r in self._body]
        if dates and clocks:
            cells = [f"{d} {_clock_text(c)}" for d, c in zip(cells, (_cell(r, clocks[0].at) for r in self._body), strict=True)]
        stamps = [stamp_of(c) for c in cells]
        if sum(s is not None for s in stamps) >= 0.5 * max(1, sum(bool(c) for c in cells)):
            numbered = dict((g, n) for n, g in enumerate(dict.fromkeys(groups)))
            found = text_times(stamps, zone=self._zone, order=self._asked.order, near=self._asked.near, european=self._european,
                               groups=[numbered[g] for g in groups])  # fmt: skip
            found.zoned = found.zoned or self._told_zone
        else:
            found = self._numbers(column, cells)
        for nanos in shape.of_role("nanos"):
            found.t = found.t + np.array([float(_cell(r, nanos.at) or 0) * 1e-9 for r in self._body])
        self._say(column, found)
        return found

    def _numbers(self, column: Column, cells: Sequence[str]) -> Times:
        values = np.array([_plain(c) for c in cells], dtype=np.float64)
        named = called(column.name, "time") or not column.name or called(column.name, "clock")
        told = numeric_times(values, named=named)
        if told is not None:
            t, said = told
            if said.startswith("days"):
                shift = text_times([stamp_of("1970-01-01 00:00:00")], zone=self._zone, near=self._asked.near, european=False)
                t = t - (0.0 - float(shift.t[0])) * -1.0 if self._told_zone else t
            return Times(t=t, said=said, zoned=not said.startswith("days") or self._told_zone)
        begun = self._start()
        scale = {"ms": 1e-3, "min": 60.0, "h": 3600.0, "us": 1e-6, "µs": 1e-6}.get(folded(column.unit), 1.0)
        if begun is None:
            self._read.said.append(f"{column.name or 'the time'} counts from a start that the file does not tell")
            return Times(t=np.full(len(cells), np.nan), said="")
        return Times(t=begun + values * scale, said=f"{column.name!r} counts from the start told above", zoned=self._told_zone)

    def _start(self) -> float | None:
        labels = {key_of(r[0]): r[1] for r in self._shape.above if len(r) > 1}
        texts = [self._shape.labels.get("start", ""), f"{labels.get('date', '')} {labels.get('time', '')}"]
        for text in (*texts, texts[0].split("  ")[0], " ".join(texts[0].split()[:2])):
            stamp = stamp_of(text.strip())
            if stamp is not None and stamp.clock:
                return float(text_times([stamp], zone=self._zone, near=self._asked.near, european=self._european).t[0])
        return None

    def _say(self, column: Column, found: Times) -> None:
        read = self._read
        read.zoned = read.zoned and found.zoned
        if found.said:
            read.said.append(f"times from {column.name or f'column {column.at + 1}'!r} as {found.said}" + (", a guess (else set options.date_order)" if found.doubtful else ""))
        if self._told_zone and not self._asked.zone_given:
            read.said.append(f"time zone {self._zone} as the file tells")
        lost = int(np.sum(~np.isfinite(found.t)))
        if lost and len(found.t) > lost:
            read.said.append(f"{lost} rows without a readable time left out")


def _clock_text(cell: str) -> str:
    if re.fullmatch(r"\d{1,2}(?:\.0)?", cell):
        return f"{int(float(cell)):02}:00:00"
    seconds = clock_of(re.sub(r"^(\d{1,2})\.(\d\d)(?:\.(\d\d))?$", lambda m: f"{m[1]}:{m[2]}:{m[3] or '00'}", cell))
    if seconds is None:
        return cell
    return f"{int(seconds) // 3600:02}:{int(seconds) % 3600 // 60:02}:{seconds % 60:09.6f}"


def _plain(cell: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return float("nan")


def _tag(sheet: Sheet, shape: Shape, column: Column, owner: str) -> Tag:
    """The tag of a column of a wide table."""
    labels = shape.labels
    generic = not column.name or called(column.name, "value")
    alone = len(shape.of_role("value")) == 1
    above = labels.get("asset", "")
    name, asset, unnamed = column.name, owner or mention_in(above) or above, False
    if column.group:
        tagged = generic or column.of >= 0 or folded(column.name) == folded(column.group)
        name = column.group if tagged else f"{column.group}.{column.name}"
        asset = asset or ("" if tagged else column.group)
    elif generic and alone:
        name = labels.get("tag", "") or sheet.name
        unnamed = not labels.get("tag")
    elif generic:
        name = column.name or f"column {column.at + 1}"
    return Tag(
        name=_bare_tag(name), asset=asset, unit=column.unit or (labels.get("unit", "") if alone else ""), place=sheet.path,
        description=column.description or (labels.get("description", "") if alone else ""), generic=unnamed,
    )  # fmt: skip


def _bare_tag(name: str) -> str:
    """A tag without what its system hangs on: `System1:Pump1.flow:_online.._value` is `Pump1.flow`."""
    name = re.sub(r":_(?:online|offline|original)\.\.?_?\w*$", "", name.strip())
    name = re.sub(r"^(?:System\d+:|ns=\d+;[sig]=)", "", name)
    return name.replace("\x1f", " ")


def _codes(shape: Shape, body: Sequence[list[str]], column: Column) -> list[str]:
    """What each cell's quality is; empty where the table tells none."""
    of = [c for c in shape.of_role("quality") if c.of == column.at or shape.long]
    if not of:
        return []
    cells = [_cell(r, of[0].at) for r in body]
    words = {c: quality_word(c) for c in set(cells)}
    numbers = {c: code_of(c) for c in set(cells) if not re.search(r"[a-zA-Z]{2}", c) or c.lower().startswith("0x")}
    if numbers and sum(n is not None for n in numbers.values()) >= 0.5 * len([c for c in words if c]):
        known = [n for n in numbers.values() if n is not None]
        counted = Counter(c for c in cells if c)
        usual = numbers.get(counted.most_common(1)[0][0]) if counted else None
        if max(known) >= 64 and max(known) != 100:
            words |= {c: code_quality(n, opc=True) for c, n in numbers.items() if n is not None}  # type: ignore[misc]
        elif max(known) == 100:  # a confidence in per cent (PHD)
            words |= {c: "good" if n and n >= 50 else "bad" for c, n in numbers.items() if n is not None}
        else:
            words |= {c: "good" if n == usual else "bad" for c, n in numbers.items() if n is not None}
    flags = {folded(c) for c in cells if c}
    if flags <= {"true", "false", "wahr", "falsch", "yes", "no"}:
        good = "true" if not re.search(r"(?i)bad|quest|substit|invalid", of[0].name) else "false"
        words = {c: "good" if (folded(c) in ("true", "wahr", "yes")) == (good == "true") else "bad" for c in set(cells)}
    return [words[c] for c in cells]


def _samples(
    tag: Tag, t: Floats, cells: Sequence[str], codes: Sequence[str], chosen: np.ndarray, notation: Notation, read: Reading
) -> Samples | None:
    """The samples of a tag; None where its cells are texts that say nothing."""
    made = Samples(tag=tag, t=t[chosen], v=np.full(chosen.size, np.nan))
    parsed: dict[str, tuple[float | None, str, bool]] = {}
    units: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    numbers = 0
    for place, row in enumerate(chosen):
        cell = cells[row]
        if not cell:
            continue
        if cell not in parsed:
            parsed[cell] = number_and_unit(cell, notation)
        value, unit, doubt = parsed[cell]
        if value is None or not np.isfinite(value):
            (made.words if is_missing(cell) or quality_word(cell) == "bad" else texts)[cell] += 1
            continue
        numbers += 1
        code = codes[row] if codes else ""
        made.bad += code == "bad"
        made.doubtful += doubt or code == "uncertain"
        made.v[place] = np.nan if code == "bad" else value
        units[unit] += bool(unit)
    if texts and texts.total() > numbers:
        if not _as_states(made, cells, codes, chosen, texts, read):
            return None
    else:
        made.words += texts
    if units and not tag.unit:
        tag.unit = units.most_common(1)[0][0]
    _sentinels(made, read)
    _once(made)
    return made


def _once(made: Samples) -> None:
    """Leave out rows that repeat time and value of another one."""
    pairs = np.stack([made.t, np.where(np.isfinite(made.v), made.v, np.inf)], axis=1)
    kept = np.sort(np.unique(pairs, axis=0, return_index=True)[1]) if len(pairs) else np.array([], dtype=np.int64)
    made.twice = made.t.size - kept.size
    made.t, made.v = made.t[kept], made.v[kept]


def _as_states(
    made: Samples, cells: Sequence[str], codes: Sequence[str], chosen: np.ndarray, texts: Counter[str], read: Reading
) -> bool:
    """Words as states with numbers: the usual 0 and 1 of both words, else in the order of their first appearance."""
    kinds = list(dict.fromkeys(cells[row] for row in chosen if cells[row] in texts))
    if len(kinds) > MOST_STATES or len(kinds) < 2:
        first = kinds[0] if kinds else ""
        read.said.append(f"left out, as more than half of its cells are no numbers: {made.tag.name} ({len(kinds)} words, e.g. {first[:30]!r})")
        return False
    usual = {k: state_of(k) for k in kinds}
    if None in usual.values() or len(set(usual.values())) < len(kinds):
        usual = {k: float(n) for n, k in enumerate(sorted(kinds, key=folded))}
    made.states = {k: float(v) for k, v in usual.items() if v is not None}
    for place, row in enumerate(chosen):
        if cells[row] in made.states and not (codes and codes[row] == "bad"):
            made.v[place] = made.states[cells[row]]
    return True


def _sentinels(made: Samples, read: Reading) -> None:
    """Numbers that stand for nothing, such as -9999, where they lie far outside of all others."""
    for mark in data()["sentinels"]:
        hit = made.v == float(mark)
        rest = made.v[np.isfinite(made.v) & ~hit]
        if hit.any() and rest.size and hit.sum() < rest.size and abs(float(mark)) > 3 * max(float(np.abs(rest).max()), 1.0):
            made.v[hit] = np.nan
            made.words[f"{mark:g}"] += int(hit.sum())


def _long(
    sheet: Sheet, shape: Shape, body: Sequence[list[str]], notation: Notation, clock: _Clock, read: Reading
) -> None:
    """The series of a long table: rows of one machine and tag are one."""
    tag, value = shape.of_role("tag")[0], shape.of_role("value")[0]
    assets, units, texts = (shape.of_role(role) for role in ("asset", "unit", "description"))
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, row in enumerate(body):
        name = _cell(row, tag.at)
        if name:
            rows[_cell(row, assets[0].at) if assets else "", name].append(n)
    keys = [f"{_cell(r, assets[0].at) if assets else ''}\x1f{_cell(r, tag.at)}" for r in body]
    times = clock.of(value, keys)
    cells = [_cell(r, value.at) for r in body]
    codes = _codes(shape, body, value)
    for (asset, name), of in rows.items():
        told = Counter(u for n in of if units and (u := _cell(body[n], units[0].at)))
        said = next((d for n in of if texts and (d := _cell(body[n], texts[0].at))), "")
        made = Tag(name=_bare_tag(name), asset=asset or shape.labels.get("asset", ""), description=said, place=sheet.path,
                   unit=told.most_common(1)[0][0] if told else value.unit)  # fmt: skip
        chosen = np.array([n for n in of if np.isfinite(times.t[n])], dtype=np.int64)
        series = _samples(made, times.t, cells, codes, chosen, notation, read)
        if series is not None:
            series.other_unit = ", ".join(sorted(told)) if len({u.symbol for k in told if (u := unit_named(k))}) > 1 else ""
            read.series.append(series)
    unused = [c.name for c in shape.columns if c.role == "ignore" and c.name]
    if unused:
        read.said.append(f"not used: {', '.join(unused[:5])}")
