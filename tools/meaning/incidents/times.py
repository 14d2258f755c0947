"""The times that a text tells: clock times, days, parts of the day and durations, in five languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from aitia.tools.meaning.incidents.words import meaning_of, one_of, plain, table

LONGEST_AGO: Final = timedelta(days=31)  # what lies further back is history, not this incident's start
_AHEAD: Final = timedelta(minutes=5)  # by how much the clock of who writes may be ahead
_BETWEEN: Final = re.compile(
    r"[\s,(~]*(?:(?:at|around|about|on|in|the|of|um|gegen|am|ab|kurz|nach|à|a|vers|les|las|la|el|le|del|de|en|sobre|the|früh|approx\.?|ca\.?|circa|shortly|just|after|before|のお?|に|は|,)[\s,(~]*){0,3}"
)
Kind = Literal["clock", "day", "part", "relative"]


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A piece of a time: what of it is told, and where."""

    begin: int
    end: int
    kind: Kind
    hour: int = 0
    minute: int = 0
    sure: bool = True  # of the half of the day
    zone: tzinfo | None = None
    day: date | None = None
    period: int = (
        0  # days after which the same words are said again: 7 for a weekday, 365 for a date without year
    )
    part: str = ""
    seconds: float = 0.0
    weak: bool = False  # a bare number, which is a time only beside a day or a part of it


@dataclass(frozen=True, kw_only=True)
class Told:
    """A time that a text tells, with its span."""

    at: datetime
    begin: int
    end: int
    kind: Kind


def times_of(text: str, now: datetime) -> list[Told]:
    """All times before `now` that the text tells, in order. A time without a zone is in that of `now`."""
    low = plain(text)
    atoms = _apart(sorted(_atoms(low, text, now), key=lambda a: (a.begin, -a.end)))
    found: list[Told] = []
    for group in _joined(atoms, low):
        if all(a.weak for a in group):
            continue
        at = _resolve(group, now)
        if at is not None and now - LONGEST_AGO <= at <= now + _AHEAD:
            kind: Kind = next(
                (k for k in ("relative", "clock", "day") if any(a.kind == k for a in group)), "part"
            )  # type: ignore[assignment]
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
        return then if clock is None else datetime.combine(then, time(clock.hour, clock.minute), now.tzinfo)
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
        at = datetime.combine(told or here.date(), time(hour, clock.minute), zone)
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
    for pattern, make in _grammar():
        for found in pattern.finditer(low):
            atom = make(found, now)
            if atom is not None:
                yield _zoned(atom, text) if atom.kind == "clock" else atom


def _zoned(atom: Atom, text: str) -> Atom:
    """With the zone that is written behind a clock time; abbreviations count in capitals only ("est", "et", "ist" are words)."""
    found = _zone_pattern().match(text, atom.end)
    if not found:
        return atom
    name, offset = found.group("zone"), found.group("offset")
    zone = _zone(_zone_names()[name])
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


def _zone(name: str) -> tzinfo:
    if name[0] in "+-":
        hours, minutes = int(name[1:3]), int(name[4:6])
        return timezone((1 if name[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
    return UTC if name == "UTC" else ZoneInfo(name)


Made = Any


@cache
def _grammar() -> list[tuple[re.Pattern[str], Made]]:
    """Each pattern with what makes an atom of its match."""
    words = table("times")
    numbers = meaning_of(words["numbers"])
    num = rf"(?P<n>(?<![\d.,:])\d+(?:[.,]\d+)?|{one_of(numbers)})"
    hour_words = one_of([w for w, v in numbers.items() if v in range(1, 13) and " " not in w and len(w) > 2])
    hour = rf"(?:\d{{1,2}}|{hour_words})"
    about = rf"(?:{one_of(words['about'])}\s*)*"
    # No word boundary before a unit: it may follow its number directly ("20m").
    unit = (
        "(?:"
        + "|".join(sorted(map(re.escape, meaning_of(words["units"])), key=len, reverse=True))
        + ")(?![a-zà-ÿ])"
    )
    span = rf"{num}[\s-]*(?P<unit>{unit})\.?(?:\s*(?:and|und|et|y|,)?\s*(?:(?P<n2>\d+)\s*(?P<unit2>{unit})|(?P<half>a half|半|media|demie?)))?"
    am = r"(?P<am>a\.?m\.?|p\.?m\.?)(?![a-z])"
    edge = r"(?<![\d.:/\w-])"
    near = r"(?:at|around|about|since|from|by|until|till|before|after|~|approx\.?|circa|ca\.?|um|gegen|seit|ab|bis|vor|nach|à|vers|dès|depuis|jusqu'à|de|las|la|entre|between|sobre|hasta|desde)"
    stop = r"(?=\s*(?:[,.;!?)\n]|$|o'?clock|this|today|yesterday|in the|heute|last|gestern|and|but|hoy|ayer|utc|cet|hrs))"
    r = re.compile
    return [
        (r(rf"{about}{span}\s*(?:ago|back(?!\w)|now(?!\w)|in a row|and counting)"), _relative),
        (r(rf"(?:for|since|been (?:\w+ )?|vor|seit|il y a|depuis|ça fait|hace|desde hace|lleva\w*|desde|durante|pendant)\s+{about}{span}(?:\s*ago)?"), _relative),
        (r(rf"(?:last|past|letzten|dernières|últimos)\s+{span}"), _relative),
        (r(rf"{about}{span}\s*(?:ほど|くらい|ぐらい|程度|ちょっと|弱|強)?(?:前|以上|続|経)"), _relative),
        (r(r"(?<!\d)(?P<y>\d{4})[-/](?P<mo>\d{1,2})[-/](?P<d>\d{1,2})(?!\d)(?:(?=t\d))?"), _date),
        (r(r"(?<=\dt)(?P<h>\d{2}):(?P<m>\d{2})(?::\d{2}(?:[.,]\d+)?)?(?P<iso>z|[+-]\d{2}:?\d{2})?"), _clock),
        (r(r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<mo>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d\d(?!\d|:)))?(?!\d)"), _date),
        (r(r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>\d{4}|\d\d))?(?![\d/])"), _slashed),
        (r(rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er)?\s*(?:of|de|du)?\s*(?P<month>{one_of(meaning_of(words['months']))})\.?(?:\s*(?:de\s*)?(?P<y>\d{{4}}))?"), _date),
        (r(rf"(?P<month>{one_of(meaning_of(words['months']))})\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,?\s*(?P<y>\d{{4}}))?"), _date),
        (r(r"(?:(?P<y>\d{4})年)?(?P<mo>\d{1,2})月(?P<d>\d{1,2})日"), _date),
        (r(rf"(?P<last>last\s+|letzten\s+|先週の?)?(?P<weekday>{one_of(meaning_of(words['weekdays']))})(?:\s+(?:dernier|pasado))?"), _weekday),
        (r(rf"(?P<word>{one_of(meaning_of(words['days']))})"), _day),
        *((r(one_of(said)), _part_maker(part, days)) for part, told in words["parts"].items() for days, said in told["words"].items()),
        *((r(one_of(said)), _fixed_maker(at)) for at, said in words["clocks"].items()),
        (r(rf"{edge}(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d(?:[.,]\d+)?)?(?![\d:])\s*(?:{am})?\s*(?P<iso>z(?!\w)|[+-]\d{{2}}:\d{{2}})?(?:\s*(?:uhr|hrs|h)(?!\w))?"), _clock),
        (r(rf"{edge}(?P<h>[01]?\d|2[0-3])[.:](?P<m>[0-5]\d)\s*(?:uhr|h(?:rs|eures)?(?!\w)|{am})"), _clock),
        (r(rf"(?<={'um '})(?P<h>[01]?\d|2[0-3])\.(?P<m>[0-5]\d)(?!\d)"), _clock),
        (r(rf"{edge}(?P<h>{hour})\s*uhr(?:\s*(?P<m>[0-5]\d)(?!\s*(?:{unit})))?(?P<sure>)"), _clock),
        (r(rf"{edge}(?P<h>[01]?\d|2[0-3])\s?h\s?(?P<m>[0-5]\d)(?!\d|m)(?P<sure>)"), _clock),
        (r(rf"(?<!\w){near}\s*(?P<h>[01]?\d|2[0-3])\s?h(?:eures?)?(?![\w])(?P<sure>)"), _french_hour),
        (r(rf"{edge}(?P<h>{hour})\s*(?:o'?clock\s*)?{am}"), _clock),
        (r(rf"{edge}(?P<h>{hour})\s*o'?clock"), _clock),
        (r(rf"(?:las|la)\s+(?P<h>{hour})(?::(?P<m>[0-5]\d)|\s+y\s+(?P<said>media|cuarto|\d{{1,2}}))?(?!\d|[.,:]\d|\s*(?:{unit}))(?:\s*h(?:oras)?(?!\w))?"), _clock),
        (r(rf"(?P<past>half past|quarter past|quarter to|viertel nach|viertel vor|dreiviertel|halb)\s+(?P<h>{hour})(?!\d)"), _spoken),
        (r(r"(?<!\d)(?P<h>[01]?\d|2[0-4])時(?!間)(?:(?P<m>[0-5]?\d)分|(?P<said>半))?頃?(?P<sure>)"), _clock),
        (r(rf"(?<!\w){near}\s+(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)(?P<sure>)(?:\s*(?:hrs|h|z|zulu)(?!\w)|{stop})"), _clock),
        (r(rf"(?<!\w)(?:since|at|around|about|~|seit|um|gegen|ab|vers)\s+(?:about\s+|around\s+|etwa\s+|ca\.?\s+)?(?P<h>[01]?\d|2[0-3]){stop}"), _clock),
        (r(rf"(?<!\w)(?:at|um|gegen|à|vers|a las|sobre las|kurz nach|around|about)\s+(?P<h>[01]?\d|2[0-3])(?P<weak>)(?!\d|[:.,/%-]\d|\s*(?:%|{unit}))"), _clock),
        (r(rf"{edge}(?P<h>[01]?\d|2[0-3])\s?h(?P<weak>)(?P<sure>)(?![\w])"), _clock),
    ]  # fmt: skip


def _number(raw: str) -> float:
    found = meaning_of(table("times")["numbers"]).get(" ".join(raw.split()))
    return float(found) if found is not None else float(raw.replace(",", "."))


def _relative(m: re.Match[str], now: datetime) -> Atom | None:
    if (
        m.group().startswith("depuis")
        and re.fullmatch(r"\d+h", m.group().split()[-1])
        and _number(m["n"]) >= 7
    ):
        return None  # "depuis 13h" is a clock time, "depuis 2h" a duration
    units = meaning_of(table("times")["units"])
    size = float(units[m["unit"]])
    seconds = _number(m["n"]) * size
    if m["n2"]:
        seconds += float(m["n2"]) * float(units[m["unit2"]])
    elif m["half"]:
        seconds += size / 2
    if seconds > LONGEST_AGO.total_seconds():
        return None
    return Atom(begin=m.start(), end=m.end(), kind="relative", seconds=seconds)


def _clock(m: re.Match[str], now: datetime) -> Atom | None:
    given = m.groupdict()
    begin = m.start("h")
    hour = int(_number(m["h"]))
    minute = int(given.get("m") or 0)
    said = given.get("said")
    if said:
        minute = (
            {"media": 30, "半": 30, "cuarto": 15}.get(said) or int(said) if not said.isdigit() else int(said)
        )
    half = (given.get("am") or "").replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 24 or minute > 59:
        return None
    # "02:15" is of 24 hours, "2:15" may be of either half of the day.
    sure = (
        bool(half) or "sure" in given or m["h"].startswith("0") or hour > 12 or given.get("iso") is not None
    )
    sure = sure or "uhr" in m.group() or (hour >= 10 and given.get("m") is not None)
    zone: tzinfo | None = None
    if iso := given.get("iso"):
        zone = UTC if iso == "z" else _zone(iso if ":" in iso else f"{iso[:3]}:{iso[3:]}")
    return Atom(
        begin=begin,
        end=m.end(),
        kind="clock",
        hour=hour % 24,
        minute=minute,
        sure=sure,
        zone=zone,
        weak="weak" in given,
    )


def _french_hour(m: re.Match[str], now: datetime) -> Atom | None:
    """ "depuis 13h" is a clock time, "depuis 2h" a duration."""
    if m.group().startswith(("depuis", "seit", "since", "desde", "for")) and int(m["h"]) < 7:
        return None
    return _clock(m, now)


def _spoken(m: re.Match[str], now: datetime) -> Atom | None:
    """ "half past two" and "halb drei" are both 2:30."""
    words, hour = m["past"], int(_number(m["h"]))
    minutes = {"half past": 30, "quarter past": 15, "quarter to": -15, "viertel nach": 15, "viertel vor": -15,
               "dreiviertel": -15, "halb": -30}[" ".join(words.split())]  # fmt: skip
    total = (hour * 60 + minutes) % (24 * 60)
    return Atom(
        begin=m.start(), end=m.end(), kind="clock", hour=total // 60, minute=total % 60, sure=hour > 12
    )


def _date(m: re.Match[str], now: datetime) -> Atom | None:
    given = m.groupdict()
    month = int(given["mo"]) if given.get("mo") else int(meaning_of(table("times")["months"])[given["month"]])
    return _dated(m, now, int(m["d"]), month, given.get("y"))


def _slashed(m: re.Match[str], now: datetime) -> Atom | None:
    """Day and month in the order that lies nearer before now."""
    a, b = int(m["a"]), int(m["b"])
    options = [_dated(m, now, d, mo, m["y"]) for d, mo in ((a, b), (b, a))]
    known = [o for o in options if o is not None and o.day is not None and o.day <= now.date()]
    return max(known, key=lambda o: o.day or date.min, default=None)


def _dated(m: re.Match[str], now: datetime, day: int, month: int, year: str | None) -> Atom | None:
    full = now.year if not year else int(year) + (2000 if len(year) == 2 else 0)
    try:
        found = date(full, month, day)
    except ValueError:
        return None
    return Atom(begin=m.start(), end=m.end(), kind="day", day=found, period=0 if year else 365)


def _weekday(m: re.Match[str], now: datetime) -> Atom | None:
    if len(m["weekday"]) < 3 and not m["weekday"].isascii():
        return None
    if m["weekday"] in ("so", "mo", "di", "mi", "fr", "sa", "sun", "sat", "wed", "mon"):
        rest = m.string[m.end() : m.end() + 12]
        if not re.match(r"\.?,?\s*(?:um\s|at\s)?\d?\d[:.]\d", rest):  # "so", "di", "sat" are words too
            return None
    back = (now.weekday() - int(meaning_of(table("times")["weekdays"])[m["weekday"]])) % 7
    back = 7 if m["last"] and not back else back
    return Atom(begin=m.start(), end=m.end(), kind="day", day=now.date() - timedelta(days=back), period=7)


def _day(m: re.Match[str], now: datetime) -> Atom:
    back = int(meaning_of(table("times")["days"])[" ".join(m["word"].split())])
    return Atom(begin=m.start(), end=m.end(), kind="day", day=now.date() + timedelta(days=back))


def _part_maker(part: str, days: Any) -> Made:
    def make(m: re.Match[str], now: datetime) -> Atom:
        day = now.date() + timedelta(days=int(days)) if str(days) else None
        return Atom(begin=m.start(), end=m.end(), kind="part", part=part, day=day)

    return make


def _fixed_maker(at: str) -> Made:
    hour, minute = map(int, at.split(":"))

    def make(m: re.Match[str], now: datetime) -> Atom:
        return Atom(begin=m.start(), end=m.end(), kind="clock", hour=hour, minute=minute)

    return make
