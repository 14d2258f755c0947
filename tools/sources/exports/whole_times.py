"""Times that a sheet tells in parts, put together: a date, a clock and milliseconds side by side, or a date above the table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from aitia.tools.sources.exports.times import clock_of, clock_text, date_in, stamp_of, text_times
from aitia.tools.sources.exports.words import called, is_said, key_of
from aitia.tools.sources.time_texts import epoch_of

_SAMPLE: Final = 460  # rows by which the columns are told
_MOST: Final = 0.6  # of a column's cells from its first one on
_DATELESS: Final = re.compile(r"(?:1899-12-3[01]|1900-01-0[01])[ T](\d\d:\d\d.*)")  # a spreadsheet's clock
MILLI: Final = frozenset({"ms", "msec", "millitm", "millisecond", "milliseconds", "millisekunden", "milisegundos",
                           "millisecondes", "milli", "mseccol", "msecs", "time_millisec", "time_ms", "msek", "毫秒"})  # fmt: skip
BARE: Final = frozenset({"ms", "msec", "msecs", "msek", "milli"})  # as a duration may be called too
_RISES: Final = 2  # within a second, by which such a column is told to be the clock's
_HOURS: Final = frozenset(
    {"hour", "stunde", "hora", "heure", "ora", "hh", "he", "hour_ending", "std", "godzina"}
)
_CLOCK_END: Final = re.compile(r"\d:\d\d:\d\d(?![.,:\d])|(?<=[ T])\d{1,2}\.\d\d\.\d\d(?![.,:\d])")
_KEYED: Final = re.compile(r"\d{9,19}:")
_EPOCH: Final = re.compile(r"\d{9,19}(?:\.\d+)?")
_FARTHEST_S: Final = 14 * 3600.0  # of a zone from UTC
_ELAPSED: Final = frozenset(
    {"elapsed", "elapsed_time", "relative_time", "rel_time", "test_time", "time_elapsed", "run_time", "verstrichen",
     "vergangene_zeit", "messdauer", "tiempo_transcurrido", "temps_ecoule", "tempo_trascorso"}
)  # fmt: skip
_SPAN: Final = re.compile(r"(\d{1,5}):(\d\d)(?::(\d\d(?:[.,]\d{1,9})?))?")
_MOMENT: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}[ T]\d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?")
_LINE: Final = 400  # characters of a line above that are looked at
_ROLLED_S: Final = 43_200.0  # a clock that falls by more has passed midnight


@dataclass(frozen=True)
class _Part:
    """A column of dates or clocks: where it stands, its first row, and how far its cells are it."""

    at: int
    first: int


def joined_times(rows: Sequence[Sequence[str]], name: str = "") -> tuple[list[list[str]], str] | None:
    """The rows with date, clock and milliseconds in one cell, and what was joined; None where nothing is apart.

    `name` is that of the file: a clock alone takes the date that stands above the table, else one in that name.
    """
    sample = rows[:_SAMPLE]
    width = min(max(map(len, sample), default=0), 4000)
    columns = [[(n, r[at]) for n, r in enumerate(sample) if at < len(r) and r[at]] for at in range(width)]
    clocks = [p for at, cells in enumerate(columns) if (p := _clocks(at, cells))]
    dates = [p for at, cells in enumerate(columns) if (p := _dates(at, cells, alone=not clocks))]
    days = {d.at for d in dates}
    if any(c.at not in days for c in clocks):  # `14.05.24` beside `08:00:00` is no clock
        clocks = [c for c in clocks if c.at not in days]
    whole = [
        at
        for at, cells in enumerate(columns)
        if _found(cells, lambda c: bool((s := stamp_of(c)) and s.clock)) >= 0
    ]
    if clocks and dates:
        pairs = _pairs(dates, clocks)
        if pairs:
            parts = [d.at for d in dates]
            milli = {d.at: m for d, c in pairs.items() if (m := _milli(columns, c.at, c.first, parts)) >= 0}
            return _together(
                rows, {d.at: c.at for d, c in pairs.items()}, milli, min(d.first for d in pairs)
            ), _said(columns, milli)
    if whole:
        first = next(n for n, c in columns[whole[0]] if (s := stamp_of(c)) and s.clock)
        milli_at = _milli(columns, whole[0], first, whole, sole=True)
        if milli_at >= 0 and not any(
            "." in c or "," in c for n, c in columns[whole[0]] if n >= first and ":" in c
        ):
            milli = dict.fromkeys(whole, milli_at)
            return _together(rows, {}, milli, first), _said(columns, milli)
    if clocks and not whole and not dates:
        return _dated(rows, clocks[0], name)
    return None


def _found(cells: Sequence[tuple[int, str]], test: object) -> int:
    """The first row of the run of cells that pass a test; -1 where most of what follows does not."""
    good = [(n, bool(test(c))) for n, c in cells]  # type: ignore[operator]
    for place, (n, passed) in enumerate(good):
        rest = good[place:]
        if passed and sum(p for _, p in rest) >= _MOST * len(rest) and (len(rest) == 1 or rest[1][1]):
            return n
    return -1


def _clocks(at: int, cells: Sequence[tuple[int, str]]) -> _Part | None:
    named = any(called(c, "clock") or called(c, "time") or key_of(c) in _HOURS for _, c in cells[:12])
    hours = any(key_of(c) in _HOURS for _, c in cells[:12])

    def is_clock(cell: str) -> bool:
        if _DATELESS.fullmatch(cell) or (clock_of(cell) is not None and cell.count(":") > 0):
            return True
        if re.fullmatch(r"\d{1,2}[.h]\d\d[.m]\d\ds?", cell) or (
            named and re.fullmatch(r"\d{1,2}[.hH]\d\d(?:h)?", cell)
        ):
            return clock_of(cell) is not None
        if named and re.fullmatch(r"0[.,]\d{3,}|\d{5,6}", cell):
            return bool(clock_text(cell))
        return hours and bool(re.fullmatch(r"\d{1,2}(?:\.0)?", cell)) and float(cell) <= 24

    first = _found(cells, is_clock)
    return _Part(at, first) if first >= 0 else None


def _dates(at: int, cells: Sequence[tuple[int, str]], *, alone: bool) -> _Part | None:
    if alone:
        return None

    def is_date(cell: str) -> bool:
        stamp = stamp_of(cell)
        return stamp is not None and not stamp.seconds and not _DATELESS.fullmatch(cell)

    first = _found(cells, is_date)
    return _Part(at, first) if first >= 0 else None


def _pairs(dates: Sequence[_Part], clocks: Sequence[_Part]) -> dict[_Part, _Part]:
    """The clock of each date: the next one; of a single date the nearest."""
    if len(dates) == 1:
        return {dates[0]: min(clocks, key=lambda c: (c.at < dates[0].at, abs(c.at - dates[0].at)))}
    found = {}
    for here, after in zip(dates, [*[d.at for d in dates[1:]], 1 << 30], strict=True):
        near = [c for c in clocks if here.at < c.at < after]
        if near:
            found[here] = near[0]
    return found


def _milli(
    columns: Sequence[Sequence[tuple[int, str]]],
    clock: int,
    first: int,
    parts: Sequence[int],
    *,
    sole: bool = False,
) -> int:
    """The column of milliseconds directly right of a clock, other parts of the time between them aside; -1 for none.

    A column called `ms` alone may hold a duration. It must not both rise and fall within the clock's seconds; beside a clock
    that is `sole`, whole without it, it must rise within some.
    """
    at = next((n for n in range(clock + 1, len(columns)) if n not in parts and columns[n]), -1)
    if at < 0:
        return -1
    names = [key_of(c) for n, c in columns[at] if n <= first and not c.isdecimal()]
    numbers = {n: c for n, c in columns[at] if n > first}
    if MILLI.isdisjoint(names) or not numbers or not all(map(is_milli, numbers.values())):
        return -1
    if BARE.isdisjoint(names):
        return at
    body = [(c, int(numbers[n])) for n, c in columns[clock] if n in numbers]
    steps = [b - a for (one, a), (other, b) in pairwise(body) if one == other and a != b]
    steady = all(s > 0 for s in steps) or all(s < 0 for s in steps)  # newest first, they fall
    return at if steady and (len(steps) >= _RISES or not sole) else -1


def is_milli(cell: str) -> bool:
    """Whether a cell may be the milliseconds of a clock: a whole number below 1000."""
    return cell.isdecimal() and len(cell) < 10 and int(cell) < 1000


def _said(columns: Sequence[Sequence[tuple[int, str]]], milli: Mapping[int, int]) -> str:
    """What is said of the columns that went into the clock; "" for none."""
    names = dict.fromkeys(next(c for _, c in columns[m] if key_of(c) in MILLI) for m in milli.values())
    return f"milliseconds of the clock from {', '.join(map(repr, names))}" if names else ""


def _together(
    rows: Sequence[Sequence[str]], clocks: Mapping[int, int], milli: Mapping[int, int], first: int
) -> list[list[str]]:
    """The rows with clocks and milliseconds behind their dates; a date left empty is the one above it."""
    left = {*clocks.values(), *milli.values()}
    begin = first
    while begin and len(rows[begin - 1]) >= len(rows[first]) - 1:
        begin -= 1  # names, units and the like, column by column
    held: dict[int, str] = {}
    made = []
    for n, row in enumerate(rows):
        cells = list(row)
        joined = n >= first and sum(_clocked(cells, at, clock, held) for at, clock in clocks.items()) > 0
        for at, m in milli.items():
            if n >= first and max(at, m) < len(cells) and is_milli(cells[m]):
                cells[at] = _CLOCK_END.sub(rf"\g<0>.{int(cells[m]):03}", cells[at], count=1)
                joined = True
        titled = any(
            at < len(cells) and (called(cells[at], "clock") or called(cells[at], "time")) for at in left
        )
        says = (
            is_said(cells) or sum(map(bool, cells)) <= 2 or n < begin
        )  # a word and what it says, above a table
        says = says and not titled and any(at < len(cells) and cells[at] for at in left)
        made.append(cells if says and not joined else [c for at, c in enumerate(cells) if at not in left])
    return made


def keyed(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """Rows that begin with an epoch and a colon, as RRDtool prints them, without it; None for any other.

    The names above have none for the time and get one.
    """
    held = [n for n, r in enumerate(rows[:_SAMPLE]) if r]
    told = [n for n in held if _KEYED.fullmatch(rows[n][0])]
    if len(told) < max(2.0, _MOST * len(held)):
        return None
    width = len(rows[told[0]])
    return [
        [r[0].rstrip(":"), *r[1:]]
        if r and _KEYED.fullmatch(r[0])
        else ["timestamp", *r]
        if n < told[0] and len(r) == width - 1
        else list(r)
        for n, r in enumerate(rows)
    ]


def absolute(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """The rows with the epoch in place of a local time that stands beside it; None where there is none."""
    sample = rows[:_SAMPLE]
    for at in range(min(max(map(len, sample), default=0), 40)):
        first = _found(
            [(n, r[at]) for n, r in enumerate(sample) if at < len(r) and r[at]],
            lambda c: bool((s := stamp_of(c)) and s.clock and not s.zone),
        )
        if first < 0:
            continue
        for other in range(at + 1, min(at + 4, len(rows[first]))):
            body = [r for r in sample[first:] if len(r) > other and stamp_of(r[at])]
            epochs = [
                e for r in body if _EPOCH.fullmatch(r[other]) and (e := epoch_of(float(r[other]))) is not None
            ]
            if not body or len(epochs) < len(body):
                continue
            naive = text_times(
                [stamp_of(r[at]) for r in body], zone=UTC, near=datetime.now(UTC), european=True
            ).t
            if np.all(np.abs(naive - np.array(epochs)) <= _FARTHEST_S):
                return [[r[other] if n == at and len(r) > other and k >= first else c for n, c in enumerate(r) if n != other]
                        for k, r in enumerate(rows)]  # fmt: skip
    return None


def _clocked(cells: list[str], at: int, clock_at: int, held: dict[int, str]) -> bool:
    clock = cells[clock_at] if clock_at < len(cells) else ""
    text = clock_text(found[1] if (found := _DATELESS.fullmatch(clock)) else clock)
    if not text:
        return False
    day = cells[at] if at < len(cells) else ""
    if stamp_of(day) is not None:
        held[at] = re.sub(r"[ T]00:00:00(?:\.0+)?$", "", day)
    elif day or at not in held:
        return False
    cells += [""] * (at + 1 - len(cells))  # a row that ends before its date
    cells[at] = f"{held[at]} {text}"
    return True


def _since(rows: Sequence[Sequence[str]], clock: _Part) -> tuple[list[list[str]], str] | None:
    """Rows whose clock counts from the one time that a line above tells; None where none or several do."""
    texts = [" ".join(c for c in r if c) for r in rows[: clock.first]]
    stamps = dict.fromkeys(m[0] for text in texts for m in _MOMENT.finditer(text[:_LINE]) if stamp_of(m[0]))
    stamp = stamp_of(next(iter(stamps))) if len(stamps) == 1 else None
    if stamp is None or stamp.kind == "abc":
        return None
    begun = datetime(*stamp.parts) + timedelta(seconds=stamp.seconds)
    made = [list(r) for r in rows[: clock.first]]
    for row in rows[clock.first :]:
        cells = list(row)
        if clock.at < len(cells) and (found := _SPAN.fullmatch(cells[clock.at])):
            span = timedelta(
                hours=int(found[1]), minutes=int(found[2]), seconds=float((found[3] or "0").replace(",", "."))
            )
            cells[clock.at] = (begun + span).isoformat(sep=" ")
        made.append(cells)
    return made, f"times since {begun}, as a line above tells"


def _dated(rows: Sequence[Sequence[str]], clock: _Part, name: str) -> tuple[list[list[str]], str] | None:
    """Rows whose clock stands alone, with the one date that stands above them or in the name of the file.

    A clock that is called elapsed counts from the time that stands above.
    """
    titles = [key_of(r[clock.at]) for r in rows[: clock.first] if clock.at < len(r)]
    if not _ELAPSED.isdisjoint(titles):
        return _since(rows, clock)
    above = dict.fromkeys(d for r in rows[: clock.first] for c in r if (d := date_in(c)))
    told = next(iter(above), "") or date_in(name)
    if not told:
        return None
    made = [list(r) for r in rows[: clock.first]]
    stamp = stamp_of(told)
    plain = date(*stamp.parts) if stamp is not None and stamp.kind != "abc" else None
    days, before = 0, -1.0
    for row in rows[clock.first :]:
        cells = list(row)
        at = clock_of(cells[clock.at]) if clock.at < len(cells) else None
        if at is not None:
            days += before - at > _ROLLED_S
            before = at
            if days and plain is None:
                return None  # the next day is not known where the order of day and month is not
            day = (plain + timedelta(days=days)).isoformat() if plain is not None else told
            cells[clock.at] = f"{day} {clock_text(cells[clock.at])}"
        made.append(cells)
    return (
        made,
        f"the day of the clock is {told}, as {'a line above' if above else 'the name of the file'} tells",
    )
