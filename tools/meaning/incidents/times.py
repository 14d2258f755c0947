"""The times that a text tells: clock times, days, parts of the day and durations, in five languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from aitia.tools.meaning.incidents.grammar import LONGEST_AGO, Atom, Kind, rules, zone_of
from aitia.tools.meaning.incidents.words import meaning_of, plain, table

_AHEAD: Final = timedelta(minutes=5)  # by how much the clock of who writes may be ahead
_FINEST: Final[tuple[Kind, ...]] = ("relative", "clock", "day", "part")
_JOINING: Final = (
    "at", "around", "about", "on", "in", "the", "of", "shortly", "just", "after", "before", r"approx\.?", "circa",
    r"ca\.?", "um", "gegen", "am", "ab", "kurz", "nach", "früh", "à", "a", "vers", "les", "las", "la", "el", "le",
    "del", "de", "en", "sobre", "のお?", "に", "は", ",",
)  # fmt: skip
_BETWEEN: Final = re.compile(rf"[\s,(~]*(?:(?:{'|'.join(_JOINING)})[\s,(~]*){{0,3}}")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A time that a text tells, with its span."""

    at: datetime
    begin: int
    end: int
    kind: Kind


def times_of(text: str, now: datetime, *, longest: timedelta = LONGEST_AGO) -> list[Told]:
    """All times before `now` that the text tells, in order, `longest` ago at most. A time without a zone is in that of `now`."""
    low = plain(text)
    atoms = _apart(sorted(_atoms(low, text, now), key=lambda a: (a.begin, -a.end)))
    found: list[Told] = []
    for group in _joined(atoms, low):
        if all(a.weak for a in group):
            continue
        at = _resolve(group, now)
        if at is not None and now - longest <= at <= now + _AHEAD:
            kinds = {a.kind for a in group}
            kind = next(k for k in _FINEST if k in kinds)
            found.append(Told(at=min(at, now), begin=group[0].begin, end=group[-1].end, kind=kind))
    return found


def _apart(atoms: list[Atom]) -> list[Atom]:
    """Without those that lie within a longer one or begin in one before."""
    kept: list[Atom] = []
    for atom in atoms:
        if kept and atom.begin < kept[-1].end:
            if (not atom.weak, atom.end - atom.begin) > (not kept[-1].weak, kept[-1].end - kept[-1].begin):
                kept[-1] = atom
            continue
        kept.append(atom)
    return kept


def _joined(atoms: list[Atom], text: str) -> list[list[Atom]]:
    """Atoms that tell one time together: a day, a part of it and a clock time beside each other."""
    groups: list[list[Atom]] = []
    for atom in atoms:
        last = groups[-1] if groups else []
        near = last and atom.begin - last[-1].end <= 16 and _BETWEEN.fullmatch(text, last[-1].end, atom.begin)
        if near and atom.kind != "relative" and atom.kind not in {a.kind for a in last} | {"relative"}:
            last.append(atom)
        elif near and atom.kind == "clock" and last[-1].kind == "relative" and last[-1].seconds >= 86400:
            last.append(atom)  # "3 days ago at 10:00"
        else:
            groups.append([atom])
    return groups


def _resolve(group: list[Atom], now: datetime) -> datetime | None:
    by_kind = {a.kind: a for a in group}
    clock, day, part = by_kind.get("clock"), by_kind.get("day"), by_kind.get("part")
    if ago := by_kind.get("relative"):
        then = now - timedelta(seconds=ago.seconds)
        return (
            then
            if clock is None
            else datetime.combine(then, time(clock.hour, clock.minute, clock.second), now.tzinfo)
        )
    zone = (clock.zone if clock else None) or (day.zone if day else None) or now.tzinfo or UTC
    here = now.astimezone(zone)
    told = (day.day if day else None) or (part.day if part else None)
    if clock is None:
        if told is None:
            return None
        hour = int(table("times")["parts"][part.part]["hour"]) if part else 0
        return _before(datetime.combine(told, time(hour), zone), here, day.period if day else 0)
    options = []
    for hour in _hours(clock, part):
        at = datetime.combine(told or here.date(), time(hour, clock.minute, clock.second), zone)
        if part and part.part == "night" and told and hour >= 18 and (day is None or day.day == here.date()):
            at -= timedelta(days=1)  # "last night at 23:40"
        period = (day.period if day else 0) if told else 1
        found = _before(at, here, period)
        options += [found] if found else []
    return max(options, default=None)


def _hours(clock: Atom, part: Atom | None) -> list[int]:
    """The hours that may be meant: both halves of the day where nothing tells which."""
    hour = clock.hour
    if part and hour <= 12:
        if part.part == "morning":
            return [hour % 12 if hour == 12 else hour]
        if part.part in ("afternoon", "evening"):
            return [hour if hour == 12 and part.part == "afternoon" else (hour % 12 + 12) % 24]
        return [hour % 12 if hour <= 6 or hour == 12 else hour + 12]
    return [hour] if clock.sure or hour > 12 or hour == 0 else [hour % 24, (hour + 12) % 24]


def _before(at: datetime, now: datetime, period: int) -> datetime | None:
    """The time itself, or the last one of its period, that is not after now."""
    if at <= now + _AHEAD:
        return at
    if not period:
        return None
    if period == 365:
        with_year = at.replace(year=at.year - 1, day=min(at.day, 28) if at.month == 2 else at.day)
        return with_year if with_year <= now else None
    at -= timedelta(days=period)
    return at if at <= now + _AHEAD else None


def _atoms(low: str, text: str, now: datetime) -> Iterator[Atom]:
    for pattern, make in rules():
        for found in pattern.finditer(low):
            atom = make(found, now)
            if atom is not None and atom.kind == "clock":
                atom = _zoned(atom, text)
            if atom is not None:
                yield atom


def _zoned(atom: Atom, text: str) -> Atom | None:
    """With the zone that is written behind a clock time; abbreviations count in capitals only ("est", "et", "ist" are words)."""
    found = _zone_pattern().match(text, atom.end)
    if not found:
        return atom
    name, offset = found.group("zone"), found.group("offset")
    try:
        zone: tzinfo = zone_of(_zone_names()[name])
    except (
        ZoneInfoNotFoundError
    ):  # a machine without the time zone database: no time is better than a wrong one
        return None
    if offset:
        digits = offset[1:].replace(":", "")
        hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
        ahead = timedelta(hours=hours, minutes=minutes)
        if ahead >= timedelta(hours=15):
            return atom
        zone = timezone(ahead if offset[0] == "+" else -ahead)
    return replace(atom, end=found.end(), zone=zone)


@cache
def _zone_names() -> dict[str, str]:
    return meaning_of(table("times")["zones"])


@cache
def _zone_pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(n) for n in sorted(_zone_names(), key=len, reverse=True))
    offset = r"(?P<offset>[+-]\d{1,2}(?::?\d\d)?)"
    return re.compile(rf"(?:\s*(?:Uhr|hrs|h))?\s*\(?(?P<zone>{names})(?![A-Za-z]){offset}?\)?")
