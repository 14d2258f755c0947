"""Sheets that lie otherwise than a row for each time: turned, a day in each row, or with the parts of a date apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from aitia.tools.meaning.unit_table import split_unit
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.times import date_in, month_in, stamp_of
from aitia.tools.sources.exports.words import called, folded, key_of


def transposed(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """The rows as columns where times stand side by side in one row; None where they stand below one another."""
    for place, row in enumerate(rows[:30]):
        times = [n for n, cell in enumerate(row) if full_time(cell)]
        if (
            len({row[n] for n in times}) >= 3
            and len(times) >= 0.5 * len([c for c in row if c])
            and times[-1] - times[0] < 2 * len(times)
        ):
            below = [r for r in rows[place + 1 :] if any(r)]
            if sum(any(full_time(c) for c in r) for r in below) > 0.3 * len(below):
                return None
            width = max(len(r) for r in (row, *below))
            held = [r for r in below if len(r) > times[0]]
            turned = [[(r[n] if n < len(r) else "") for r in (row, *held)] for n in range(width)]
            return turned
    return None


_SLOT: Final = re.compile(
    r"(?i:h|he|hr|hour|hour ending|std|stunde|hora|heure|ora)?[\s_]?(\d{1,2})(?:[:.h](\d\d))?(?:[:.]00)?(?:\s*[-\u2013].*)?"
)
_SUMS: Final = frozenset(
    {"sum", "summe", "total", "somme", "suma", "totale", "soma", "tagessumme", "mittel", "mittelwert", "mean", "average",
     "media", "moyenne", "max", "maximum", "min", "minimum", "daily total", "total dia", "tagesmittel"}
)  # fmt: skip
"""Of the clocks beside them, by which no series is made."""
_LEAST_SLOTS: Final = 12  # clocks side by side: hours or quarters of an hour of a day
_LEAST_ALONE: Final = 3  # of them, each written as a clock, with nothing above
_LEAST_SHIFTS: Final = 2  # of them below names of quantities, or of a day that stands above


def matrix(rows: Sequence[Sequence[str]], name: str = "") -> list[list[str]] | None:
    """A table with the clock in its columns as one with a row for each time; None for any other.

    A day in each row, all of one quantity or of those whose names stand over the clocks; or a tag in each row and the day above.
    A day may be its number alone, where a line above or the file's `name` tells the month.
    """
    for place, row in enumerate(rows[:30]):
        slots = {
            n: f"{int(m[1]):02}:{m[2] or '00'}"
            for n, c in enumerate(row)
            if (m := _SLOT.fullmatch(c)) and int(m[1]) <= 24
        }
        clear = [n for n in slots if ":" in row[n] or "h" in row[n].lower()]
        apart = len(set(slots.values())) == len(slots)
        over = any(n < len(rows[place - 1]) and rows[place - 1][n] for n in slots) if place else False
        alone = apart and bool(clear) and (
            len(slots) >= _LEAST_SLOTS or (len(clear) == len(slots) >= _LEAST_ALONE and not over)
        )  # fmt: skip
        if not alone and (len(clear) < _LEAST_SHIFTS or len(clear) < len(slots)):
            continue
        below = [r for r in rows[place + 1 :] if any(r)]
        if any(n < len(r) and _SLOT.fullmatch(r[n]) and ":" in r[n] for r in below[:3] for n in slots):
            continue  # a row of data with two clocks
        others = [n for n in range(max(map(len, (row, *below[:1])))) if n not in slots]
        days = [
            n
            for n in others
            if sum(n < len(r) and stamp_of(r[n]) is not None for r in below) > _DAYS * len(below)
        ]
        if not days and (dated := _days_of_month(rows, place, others, name)) is not None:
            rows, days = dated
        if days:
            return _by_day(rows, place, slots, days[0], alone=alone)
        day = next((d for r in rows[:place] for c in r if (d := date_in(c))), "")
        if day and sum(n < len(r) and looks_numeric(r[n]) for r in below[:20] for n in slots):
            return transposed(
                [*rows[:place], [f"{day} {slots[n]}" if n in slots else c for n, c in enumerate(row)], *below]
            )
        return None
    return None


def repeated_clocks(rows: Sequence[Sequence[str]]) -> list[list[list[str]]]:
    """A sheet with several tables below one another, each with the same clocks in its columns, as one for each; [] for any other.

    The lines above the first one stand above each.
    """
    clocks = [
        n
        for n, row in enumerate(rows)
        if sum(bool(_SLOT.fullmatch(c)) and ":" in c for c in row) >= _LEAST_SLOTS
    ]
    if len(clocks) < _LEAST_DAYS or len({tuple(rows[n]) for n in clocks}) > 1 or len(clocks) > _MOST_TABLES:
        return []
    starts = []
    for at in clocks:
        begin = at
        while begin and 0 < len(rows[begin - 1]) <= len(rows[at]) / 2:
            begin -= 1
        starts.append(begin)
    head = [list(r) for r in rows[: starts[0]]]
    return [[*head, *map(list, rows[a:b])] for a, b in zip(starts, [*starts[1:], len(rows)], strict=True)]


_MOST_TABLES: Final = 200
_DAYS: Final = 0.6  # of the rows that must begin with a day


def _days_of_month(
    rows: Sequence[Sequence[str]], place: int, others: Sequence[int], name: str
) -> tuple[list[list[str]], list[int]] | None:
    """The rows with dates in place of the numbers of days that rise below a row of clocks, and their column; None for none."""
    above = dict.fromkeys(m for r in rows[:place] for c in r if (m := month_in(c)))
    month = next(iter(above)) if len(above) == 1 else "" if above else month_in(name)
    for at in others if month else ():
        told = [
            (n, int(r[at])) for n, r in enumerate(rows) if n > place and at < len(r) and _DAY.fullmatch(r[at])
        ]
        numbers = [d for _, d in told]
        if (
            len(numbers) >= _LEAST_DAYS
            and numbers == sorted(set(numbers))
            and stamp_of(f"{month}-{numbers[-1]:02}")
        ):
            days, last = {n: f"{month}-{d:02}" for n, d in told}, told[-1][0]
            made = [
                [days.get(n, "") if k == at and n > place else c for k, c in enumerate(r)]
                for n, r in enumerate(rows[: last + 1])
            ]
            return made, [at]
    return None


_DAY: Final = re.compile(r"0?[1-9]|[12]\d|3[01]")
_LEAST_DAYS: Final = 2


def _by_day(
    rows: Sequence[Sequence[str]], place: int, slots: Mapping[int, str], day: int, *, alone: bool
) -> list[list[str]] | None:
    row, below = rows[place], [r for r in rows[place + 1 :] if any(r)]
    above, last = rows[place - 1] if place else [], ""
    names: dict[int, str] = {}
    for n in range(max(slots) + 1):
        last = above[n] if n < len(above) and above[n] else last
        names[n] = last
    if not alone and not all(names[n] for n in slots):
        return None
    kept = (
        [n for n in range(len(row)) if n not in slots and n != day and folded(row[n]) not in _SUMS]
        if alone
        else []
    )
    made = [list(r) for r in rows[: place if alone else place - 1]]
    made.append([*(row[n] for n in kept), "timestamp", *([] if alone else ["tag", "unit"]), "value"])
    for r in below:
        cells = [*r, *[""] * (max(len(row), max(slots) + 1) - len(r))]
        if cells[day]:
            date = re.sub(r"[ T]00:00:00$", "", cells[day])
            made += [[*(cells[n] for n in kept), f"{date} {slot}", *([] if alone else split_unit(names[n])), cells[n]]
                     for n, slot in slots.items()]  # fmt: skip
    return made


PARTS_OF_DATE: Final = (
    {"year", "jahr", "ano", "annee", "yyyy", "anno"}, {"month", "monat", "mes", "mois", "mm", "mese"},
    {"day", "tag", "dia", "jour", "dd", "giorno"}, {"hour", "stunde", "hora", "heure", "hh", "ora"},
    {"minute", "minuto", "min", "minuten"}, {"second", "sekunde", "segundo", "seconde", "sec", "ss"},
)  # fmt: skip


DAY_OF_YEAR: Final = frozenset(
    {"doy", "day_of_year", "dayofyear", "julian_day", "julian", "julianday", "jday", "jd", "jour_julien", "yearday",
     "yday", "dia_juliano"}
)  # fmt: skip
CLOCK_NUMBER: Final = frozenset(
    {"hhmm", "hour_minute", "hourminute", "hrmn", "time", "hour_min", "hr_min", "uhrzeit", "hora"}
)
_ARRAY: Final = 8  # rows by which a logger's array without names is told
_LAST_DAY, _LAST_CLOCK, _HOUR = 366, 2400, 60


def by_day_of_year(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table with a year, the day of the year and a clock as a number (`2024,135,0830`) as one with a time in front, or None.

    Names above tell it, or, as loggers write arrays without names, cells that can be nothing else.
    """
    for place, row in enumerate(rows[:30]):
        names = [key_of(c) for c in row]
        year, day, clock = (
            next((n for n, name in enumerate(names) if name in words), -1)
            for words in (PARTS_OF_DATE[0], DAY_OF_YEAR, CLOCK_NUMBER | PARTS_OF_DATE[3])
        )
        if min(year, day) >= 0:
            minute = next((n for n, name in enumerate(names) if name in PARTS_OF_DATE[4]), -1)
            hours = clock >= 0 and names[clock] in PARTS_OF_DATE[3] - CLOCK_NUMBER
            return _by_yearday(rows, place, (year, day, clock, minute), hours=hours)
    sample = [r for r in rows[:_ARRAY] if len(r) > _CELLS]
    for at in (0, 1):
        if len(sample) == min(_ARRAY, len(rows)) > 2 and all(_is_array(r[at : at + 3]) for r in sample):
            kinds = len({r[0] for r in rows if r})
            if at and kinds > 1:
                return None  # several arrays of a logger in one file: each has columns of its own
            return _by_yearday(
                [[""] * len(rows[0]), *rows], 0, (at, at + 1, at + 2, -1), hours=False, passed=at
            )
    return None


_CELLS: Final = 3


def _is_array(cells: Sequence[str]) -> bool:
    """Whether three cells are a year, a day of the year and a clock as a number."""
    if not all(re.fullmatch(r"\d{1,4}", c) for c in cells):
        return False
    year, day, clock = map(int, cells)
    return 1980 <= year < 2100 and 1 <= day <= _LAST_DAY and clock <= _LAST_CLOCK and clock % 100 < _HOUR


def _by_yearday(
    rows: Sequence[Sequence[str]], place: int, at: tuple[int, int, int, int], *, hours: bool, passed: int = 0
) -> list[list[str]] | None:
    """Rows with a time in front. `at` where year, day, clock (an hour where `hours`) and minute stand, -1 for none."""
    kept = [n for n in range(max(map(len, rows[place : place + 20]))) if n not in at and n >= passed]
    head = rows[place]
    made = [list(r) for r in rows[:place]] + [
        ["timestamp", *(head[n] if n < len(head) else "" for n in kept)]
    ]
    for r in rows[place + 1 :]:
        year, day, clock, minute = (r[n] if 0 <= n < len(r) else "" for n in at)
        time = ""
        if (
            re.fullmatch(r"(?:19|20)\d\d", year)
            and re.fullmatch(r"\d{1,3}", day)
            and 1 <= int(day) <= _LAST_DAY
        ):
            number = int(clock) if re.fullmatch(r"\d{1,4}", clock) else 0
            number = number * 100 + (int(minute) if minute.isdecimal() else 0) if hours else number
            moment = datetime(int(year), 1, 1) + timedelta(
                days=int(day) - 1, hours=number // 100, minutes=number % 100
            )
            time = f"{moment:%Y-%m-%d %H:%M}"
        made.append([time, *(r[n] if n < len(r) else "" for n in kept)])
    return made if sum(bool(r[0]) for r in made[place + 1 :]) > len(made[place + 1 :]) / 2 else None


def joined_parts(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table with year, month and day in columns of their own as one with a time in front; None for any other."""
    if (yearly := by_day_of_year(rows)) is not None:
        return yearly
    for place, row in enumerate(rows[:30]):
        names = [key_of(c) for c in row]
        at = [next((n for n, name in enumerate(names) if name in words), -1) for words in PARTS_OF_DATE]
        if min(at[:3]) < 0:
            continue
        kept = [n for n in range(len(row)) if n not in at]
        made = [list(r) for r in rows[:place]] + [["timestamp", *(row[n] for n in kept)]]
        for r in rows[place + 1 :]:
            parts = [r[n] if 0 <= n < len(r) else "" for n in at]
            date = f"{parts[0]}-{parts[1]}-{parts[2]}" if all(parts[:3]) else ""
            clock = ":".join(
                p.partition(".")[0].zfill(2) or "00"
                for p in (parts[3] or "0", parts[4] or "0", parts[5] or "0")
            )
            made.append([f"{date} {clock}" if date else "", *(r[n] if n < len(r) else "" for n in kept)])
        return made
    return None


_END: Final = re.compile(r"[\s_.:/-]([^\W\d_]{1,20})$")
_NAME: Final = 200  # characters of a column's name that may end so


def by_stems(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """A table whose columns say a tag and what they hold of it as one with a row for each sample; None for any other.

    `Oven_VALUE,Oven_TIMESTAMP,Oven_QUALITY,Fan_VALUE,...`: each tag has times of its own.
    """
    for place, row in enumerate(rows[:30]):
        stems: dict[str, dict[str, int]] = {}
        units: dict[str, str] = {}
        for at, cell in enumerate(row):
            name, unit = split_unit(cell) if len(cell) <= _NAME else ("", "")
            found = _END.search(name[-21:])
            stem = name[: -len(found[0])].rstrip(" _.:/-") if found else ""
            role = next((r for r in _OF_STEM if found and stem and called(found[1], r)), "")
            if role:
                stems.setdefault(stem, {}).setdefault(role, at)
                units[stem] = units.get(stem, "") or (unit if role == "value" else "")
        whole = {stem: at for stem, at in stems.items() if {"time", "value"} <= at.keys()}
        if len(whole) < _LEAST_STEMS:
            continue
        made = [*map(list, rows[:place]), ["timestamp", "tag", "value", "quality", "unit"]]
        for r in rows[place + 1 :]:
            for stem, places in whole.items():
                time, value, quality = (
                    r[n] if 0 <= (n := places.get(role, -1)) < len(r) else "" for role in _OF_STEM
                )
                made.append([time, stem, value, quality, units[stem]])
        return made
    return None


_OF_STEM: Final = ("time", "value", "quality")
_LEAST_STEMS: Final = 2


def full_time(cell: str) -> bool:
    """Whether a cell is a date with a clock, or a whole date."""
    stamp = stamp_of(cell)
    return stamp is not None and (stamp.clock or len(cell) >= 8)
