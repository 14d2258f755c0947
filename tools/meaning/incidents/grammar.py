"""The patterns of times in five languages, each with what makes an atom of its match. Data in times.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from aitia.tools.meaning.incidents.words import meaning_of, one_of, table

LONGEST_AGO: Final = timedelta(days=31)  # what lies further back is history, not this incident's start
Kind = Literal["clock", "day", "part", "relative"]


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A piece of a time: what of it is told, and where."""

    begin: int
    end: int
    kind: Kind
    hour: int = 0
    minute: int = 0
    second: int = 0
    sure: bool = True  # of the half of the day
    zone: tzinfo | None = None
    day: date | None = None
    period: int = (
        0  # days after which the same words are said again: 7 for a weekday, 365 for a date without year
    )
    part: str = ""
    seconds: float = 0.0
    weak: bool = False  # a bare number, which is a time only beside a day or a part of it


Make = Callable[[re.Match[str], datetime], "Atom | None"]
Rule = tuple[re.Pattern[str], Make]
_EDGE: Final = r"(?<![\d.:/\w-])"
_H24: Final = r"(?P<h>[01]?\d|2[0-3])"
_AM: Final = r"(?P<am>a\.?m\.?|p\.?m\.?)(?![a-z])"
_CUES: Final = (
    "at", "around", "about", "since", "from", "by", "until", "till", "before", "after", "~", r"approx\.?", "circa", r"ca\.?",
    "um", "gegen", "seit", "ab", "bis", "vor", "nach", "à", "vers", "dès", "depuis", "jusqu'à", "de", "las", "la", "entre",
    "between", "sobre", "hasta", "desde",
)  # fmt: skip
_NEAR: Final = rf"(?<!\w)(?:{'|'.join(_CUES)})"
_HOUR_CUE: Final = (
    r"(?<!\w)(?:since|at|around|about|~|seit|um|gegen|ab|vers)\s+(?:(?:about|around|etwa|ca\.?)\s+)?"
)
_DAY_CUE: Final = r"(?<!\w)(?:at|um|gegen|à|vers|a las|sobre las|kurz nach|around|about)\s+"
_FOR: Final = r"(?:for|since|been (?:\w+ )?|vor|seit|il y a|depuis|ça fait|hace|desde hace|lleva\w*|desde|durante|pendant)\s+"
_STOP: Final = r"(?=\s*(?:[,.;!?)\n]|$|o'?clock|this|today|yesterday|in the|heute|last|gestern|and|but|hoy|ayer|utc|cet|hrs))"

_SPOKEN: Final = {
    "half past": 30, "quarter past": 15, "quarter to": -15, "viertel nach": 15, "viertel vor": -15, "dreiviertel": -15,
    "halb": -30,
}  # fmt: skip

_PARTS_OF_HOUR: Final = {"media": 30, "半": 30, "demie": 30, "cuarto": 15, "quart": 15}


@cache
def rules() -> tuple[Rule, ...]:
    """Every pattern with its maker."""
    return (*_durations(), *_days(), *_clocks())


def _unit() -> str:
    """Any unit. It may follow its number directly ("20m"), so that there is no word boundary before it."""
    units = sorted(map(re.escape, meaning_of(table("times")["units"])), key=len, reverse=True)
    return rf"(?:{'|'.join(units)})(?![a-zà-ÿ])"


def _durations() -> Iterator[Rule]:
    words = table("times")
    num = rf"(?P<n>(?<![\d.,:])\d+(?:[.,]\d+)?|{one_of(meaning_of(words['numbers']))})"
    about = rf"(?:{one_of(words['about'])}\s*)*"
    rest = rf"(?:(?P<n2>\d+)\s*(?P<unit2>{_unit()})|(?P<half>a half|半|media|demie?))"
    tail = rf"(?:ish)?[\s-]*(?P<unit>{_unit()})\.?(?:\s*(?:and|und|et|y|,)?\s*{rest})?"
    span = num + tail
    yield re.compile(rf"{about}{span}\s*(?:ago|back(?!\w)|now(?!\w)|in a row|and counting)"), _relative
    yield re.compile(rf"{_FOR}{about}{span}(?:\s*ago)?"), _relative
    yield (
        re.compile(
            rf"(?:last|past|letzten?|dernières?|últim[oa]s?)\s+(?:{num}|(?=hour|stunde|heure|hora)){tail}"
        ),
        _relative,
    )
    already = r"(?:already|schon|jetzt|inzwischen|etwa|déjà|maintenant|ya)(?!\w)"
    yield re.compile(rf"{about}{span}\s*{already}"), _relative
    alone = r"(?:(?<=[,.;!?]\s)|(?<=\n)|^)"  # a clause of nothing but a duration
    end = r"(?:\s+(?:about|etwa|oder so|or so|environ))?(?=\s*(?:[,;!?\n]|\.(?:\s|$)|$))"
    yield re.compile(rf"{alone}{about}{span}{end}"), _relative
    japanese = r"(?:ほど|くらい|ぐらい|程度|ちょっと|弱|強)?(?:以上)?(?:前|続|経)"
    yield re.compile(rf"{about}{span}\s*{japanese}"), _relative


def _days() -> Iterator[Rule]:
    words = table("times")
    month = rf"(?P<month>{one_of(meaning_of(words['months']))})"
    yield re.compile(r"(?<!\d)(?P<y>\d{4})[-/](?P<mo>\d{1,2})[-/](?P<d>\d{1,2})(?!\d)"), _date
    dotted = r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<mo>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d\d(?!\d|:)))?(?!\d)"
    yield re.compile(dotted), _date
    yield re.compile(r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>\d{4}|\d\d))?(?![\d/])"), _slashed
    day_first = rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er)?\s*(?:of|de|du)?\s*{month}\.?"
    yield re.compile(rf"{day_first}(?:\s*(?:de\s*)?(?P<y>\d{{4}}))?"), _date
    month_first = rf"{month}\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"
    yield re.compile(rf"{month_first}(?:,?\s*(?P<y>\d{{4}}))?"), _date
    yield re.compile(r"(?:(?P<y>\d{4})年)?(?P<mo>\d{1,2})月(?P<d>\d{1,2})日"), _date
    weekday = one_of(meaning_of(words["weekdays"]))
    before = r"(?P<last>last\s+|letzten\s+|先週の?)?"
    yield re.compile(rf"{before}(?P<weekday>{weekday})(?:\s+(?:dernier|pasado))?"), _weekday
    yield re.compile(rf"(?P<word>{one_of(meaning_of(words['days']))})"), _day
    for part, told in words["parts"].items():
        for days, said in told["words"].items():
            yield re.compile(one_of(said)), _part_maker(part, days)


def _clocks() -> Iterator[Rule]:
    words = table("times")
    spelled = [
        w for w, v in meaning_of(words["numbers"]).items() if v in range(1, 13) and w.isalpha() and len(w) > 2
    ]
    hour = rf"(?P<h>\d{{1,2}}|{one_of(spelled)})"
    unit = _unit()
    for at, said in words["clocks"].items():
        yield re.compile(one_of(said)), _fixed_maker(at)
    iso_zone = r"(?P<iso>z(?!\w)|[+-]\d{2}:?\d{2})?"
    yield (
        re.compile(rf"(?<=\dt)(?P<h>\d{{2}}):(?P<m>\d{{2}})(?::(?P<s>\d{{2}})(?:[.,]\d+)?)?{iso_zone}"),
        _clock,
    )
    minutes = r"(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:[.,]\d+)?)?(?![\d:])"
    yield re.compile(rf"{_EDGE}{minutes}\s*(?:{_AM})?\s*{iso_zone}(?:\s*(?:uhr|hrs|h)(?!\w))?"), _clock
    yield re.compile(rf"{_EDGE}{_H24}[.:](?P<m>[0-5]\d)\s*(?:uhr|h(?:rs|eures)?(?!\w)|{_AM})"), _clock
    yield re.compile(rf"(?<=um ){_H24}\.(?P<m>[0-5]\d)(?!\d)"), _clock
    yield re.compile(rf"{_EDGE}{hour}\s*uhr(?:\s*(?P<m>[0-5]\d)(?!\s*(?:{unit})))?(?P<sure>)"), _clock
    yield re.compile(rf"{_EDGE}{_H24}\s?h\s?(?P<m>[0-5]\d)(?!\d|m)(?P<sure>)"), _clock
    yield re.compile(rf"{_NEAR}\s*{_H24}\s?h(?:eures?)?(?!\w)(?P<sure>)"), _french_hour
    yield re.compile(rf"{_EDGE}{hour}\s*(?:o'?clock\s*)?{_AM}"), _clock
    yield re.compile(rf"{_EDGE}{hour}\s*o'?clock"), _clock
    spanish = r"(?::(?P<m>[0-5]\d)|\s+y\s+(?P<said>media|cuarto|\d{1,2}))?"
    yield (
        re.compile(
            rf"(?:las|la(?=\s+(?:una|1)(?!\w)))\s+{hour}{spanish}(?!\d|[.,:]\d|\s*(?:{unit}))(?:\s*h(?:oras)?(?!\w))?"
        ),
        _clock,
    )
    yield re.compile(rf"(?P<past>{'|'.join(_SPOKEN)})\s+{hour}(?!\d)"), _spoken
    numbers = meaning_of(words["numbers"])
    few = rf"(?P<few>[1-9]|[12]\d|{one_of([w for w, v in numbers.items() if v in range(3, 31) and w.isalpha()])})"
    beside = rf"\s+(?:las?\s+)?{hour}(?!\d|\s*(?:{unit}))"
    cue = r"(?<!\w)(?:since|at|around|about|seit|um|gegen|ab|kurz|desde|a)\s+"
    yield re.compile(rf"{cue}{few}\s+(?P<side>past|to|till|after|vor|nach|para){beside}"), _minutes_beside
    yield re.compile(rf"(?<![\d:.]){few}\s+(?P<side>past|para){beside}"), _minutes_beside
    half = r"(?:\s+et\s+(?P<said>demie|quart))?"
    yield re.compile(rf"(?<!\w)(?:à|vers|dès|avant|après|jusqu'à)\s+{hour}\s+heures?{half}"), _clock
    alone = r"(?:(?<=[,.;!?]\s)|(?<=\n)|^)"
    yield re.compile(rf"{alone}{_H24}\.(?P<m>[0-5]\d)(?=\s*(?:[,;\n]|\.?$|\.\s))"), _clock
    japanese = r"(?<!\d)(?P<h>[01]?\d|2[0-4])時(?!間)(?:(?P<m>[0-5]?\d)分|(?P<said>半))?頃?"
    yield re.compile(rf"{japanese}(?P<sure>)"), _clock
    joined = r"(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)(?P<sure>)"
    yield re.compile(rf"{_NEAR}\s+{joined}(?:\s*(?:hrs|h|z|zulu)(?!\w)|{_STOP})"), _clock
    yield re.compile(rf"{_HOUR_CUE}{_H24}{_STOP}"), _clock
    yield re.compile(rf"{_DAY_CUE}{_H24}(?P<weak>)(?!\d|[:.,/%-]\d|\s*(?:%|{unit}))"), _clock
    yield re.compile(rf"{_EDGE}{_H24}\s?h(?P<weak>)(?P<sure>)(?!\w)"), _clock


def zone_of(name: str) -> tzinfo:
    """The zone of a name of times.yaml: an offset or an IANA name."""
    if name[0] in "+-":
        hours, minutes = int(name[1:3]), int(name[4:6])
        return timezone((1 if name[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
    return UTC if name == "UTC" else ZoneInfo(name)


def _number(raw: str) -> float:
    found = meaning_of(table("times")["numbers"]).get(" ".join(raw.split()))
    return float(found) if found is not None else float(raw.replace(",", "."))


def _relative(m: re.Match[str], now: datetime) -> Atom | None:
    if re.fullmatch(r"depuis\s+(?:[7-9]|1\d|2\d)h", m.group()):
        return None  # a clock time; "depuis 2h" is a duration
    units = meaning_of(table("times")["units"])
    size = float(units[m["unit"]])
    seconds = (_number(m["n"]) if m["n"] else 1.0) * size
    if m["n2"]:
        seconds += float(m["n2"]) * float(units[m["unit2"]])
    elif m["half"]:
        seconds += size / 2
    if seconds > LONGEST_AGO.total_seconds():
        return None
    end = m.end() - m.group().endswith(".")  # the clause's, not the unit's
    return Atom(begin=m.start(), end=end, kind="relative", seconds=seconds)


def _clock(m: re.Match[str], now: datetime) -> Atom | None:
    given = m.groupdict()
    begin = m.start("h")
    hour = int(_number(m["h"]))
    minute = int(given.get("m") or 0)
    said = given.get("said")
    if said:
        minute = _PARTS_OF_HOUR[said] if said in _PARTS_OF_HOUR else int(said)
    half = (given.get("am") or "").replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    second = int(given.get("s") or 0)
    if hour > 24 or minute > 59 or second > 59:
        return None
    # "02:15" is of 24 hours, "2:15" may be of either half of the day.
    sure = (
        bool(half) or "sure" in given or m["h"].startswith("0") or hour > 12 or given.get("iso") is not None
    )
    sure = sure or "uhr" in m.group() or (hour >= 10 and given.get("m") is not None)
    zone: tzinfo | None = None
    if iso := given.get("iso"):
        zone = UTC if iso == "z" else zone_of(iso if ":" in iso else f"{iso[:3]}:{iso[3:]}")
    return Atom(
        begin=begin,
        end=m.end(),
        kind="clock",
        hour=hour % 24,
        minute=minute,
        second=second,
        sure=sure,
        zone=zone,
        weak="weak" in given,
    )


def _french_hour(m: re.Match[str], now: datetime) -> Atom | None:
    """A clock time in "depuis 13h", a duration in "depuis 2h"."""
    if m.group().startswith(("depuis", "seit", "since", "desde", "for")) and int(m["h"]) < 7:
        return None
    return _clock(m, now)


def _spoken(m: re.Match[str], now: datetime) -> Atom | None:
    """Both "half past two" and "halb drei" are 2:30."""
    words, hour = m["past"], int(_number(m["h"]))
    minutes = _SPOKEN[" ".join(words.split())]
    total = (hour * 60 + minutes) % (24 * 60)
    return Atom(
        begin=m.start(), end=m.end(), kind="clock", hour=total // 60, minute=total % 60, sure=hour > 12
    )


def _minutes_beside(m: re.Match[str], now: datetime) -> Atom | None:
    """`ten past four`, `10 vor 5`, `diez para las tres`."""
    minutes, hour = int(_number(m["few"])), int(_number(m["h"]))
    if hour > 24:
        return None
    total = (hour * 60 + (minutes if m["side"] in ("past", "after", "nach") else -minutes)) % (24 * 60)
    begin = m.start("few")
    return Atom(begin=begin, end=m.end(), kind="clock", hour=total // 60, minute=total % 60, sure=hour > 12)


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


def _part_maker(part: str, days: Any) -> Make:
    def make(m: re.Match[str], now: datetime) -> Atom:
        day = now.date() + timedelta(days=int(days)) if str(days) else None
        return Atom(begin=m.start(), end=m.end(), kind="part", part=part, day=day)

    return make


def _fixed_maker(at: str) -> Make:
    hour, minute = map(int, at.split(":"))

    def make(m: re.Match[str], now: datetime) -> Atom:
        return Atom(begin=m.start(), end=m.end(), kind="clock", hour=hour, minute=minute)

    return make
