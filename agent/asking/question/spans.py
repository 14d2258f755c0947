"""The span of time that a question is about: between two times, since, until, at, a day, the last minutes; in five languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final

from aitia.agent.asking.question.beside import beside_of
from aitia.agent.asking.question.periods import Period, periods_of
from aitia.agent.asking.question.tables import data
from aitia.core.words import Moment, Word
from aitia.tools.meaning.incidents.times import Told, times_of
from aitia.tools.meaning.incidents.words import meaning_of, plain, table

LONGEST: Final = timedelta(days=3650)
_PART_H: Final = 6  # hours of a part of the day
_CUE: Final = 26  # characters before a time in which a word such as "since" belongs to it
_T: Final = (
    r"(?:(?P<d{n}>\d{{4}}-\d\d-\d\d)[t ]\s*)?(?P<h{n}>[01]?\d|2[0-4])(?:(?::|(?<=\d)h|\.)"
    r"(?P<m{n}>[0-5]\d)(?::(?P<s{n}>[0-5]\d)(?:\.\d+)?)?)?"
    r"(?:\s?(?:uhr|h(?![a-z])|heures?|horas|ore|hrs|o'clock))?(?:\s?(?P<am{n}>am|pm|a\.m\.|p\.m\.)(?!\w))?(?:\s?(?P<z{n}>z"
    r"|utc|gmt)(?!\w))?"
)
_ARTICLE: Final = r"(?:(?:the|le|las|la|les|l'|à|um|a|alle|dalle|at|about)\s*)?"
_RANGE: Final = re.compile(
    r"(?:(?<!\w)(?:between|from|zwischen|von|entre|de|des|desde|tra|fra|dalle|da|ab)\s+" + _ARTICLE + _T.format(n=1)
    + r"\s*(?:-|–|and|to|until|till|bis|und|et|à|y|a|hasta|e|alle|jusqu'à)\s*" + _ARTICLE + _T.format(n=2) + r")(?!\w|:\d)"
)  # fmt: skip
_DASHED: Final = re.compile(
    r"(?<![\d:.-])(?:(?P<ha>[01]?\d|2[0-3])\s*(?:-|–|to|bis)\s*(?P<hb>[01]?\d|2[0-4])\s*(?:h|uhr|hrs|o'clock)(?!\w))"
    r"|(?<![\d:.-])(?P<h1>[01]?\d|2[0-3]):(?P<m1>[0-5]\d)(?::(?P<s1>[0-5]\d))?\s*(?:-|–|to|bis)\s*(?P<h2>[01]?\d"
    r"|2[0-3]):(?P<m2>[0-5]\d)(?::(?P<s2>[0-5]\d))?(?!\d|:\d)"
)
_ISO: Final = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d)(?:[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s?(z|utc|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_GAP: Final = r"[^\w\ue000-\uf8ff]+"  # between two words, with no name of a component there
_NEAR: Final = (
    rf"{_GAP}(?:(?:about|around|circa|ca|etwa|the|le|las|la|les|el|l|den|dem|der|am|um)(?:{_GAP}|$))*$"
)
_SINCE: Final = re.compile(
    rf"(?<!\w)(?:since|after|starting|as of|seit|ab|nach|depuis|après|dès|à partir|desde|después"
    rf"|despues|a partir|dopo){_GAP}(?:\w+{_GAP}){{0,2}}$|(?<!\w)(?:from|von|da|dal|dalle){_NEAR}"
)
_UNTIL: Final = re.compile(
    rf"(?<!\w)(?:until|till|before|up to|bis|vor|jusqu'à|jusqu'|avant|hasta|antes|fino|prima){_GAP}(?:\w+{_GAP}){{0,2}}$"
    rf"|(?<!\w)by{_NEAR}"
)
_LAST: Final = re.compile(r"last|past|letzt|derni|últim|ultim|within|for|durante|pendant|während")


_FRENCH: Final = re.compile(
    r"(?<!\w)(?:le|les|des|du|de|et|au|à|sur|était|avait|quel\w*|combien|est|aujourd'hui|moyenne|entre)(?!\w)|[éèêç]"
)
_GERMAN: Final = re.compile(r"(?<!\w)(?:der|die|das|ist|sind|und|wie|was|läuft|gibt|welche\w*)(?!\w)")


class Span(Word):
    """What a question says of time: `at` a moment, else a span with open sides; `rest` is the text without it."""

    since: Moment | None = None
    until: Moment | None = None
    at: Moment | None = None
    rest: str = ""

    @property
    def told(self) -> bool:
        """Whether it says anything."""
        return bool(self.since or self.until or self.at)


def span_of(text: str, now: datetime) -> Span:
    """The span of a text; a time without a zone is in that of `now`."""
    low = plain(text)
    if _UTC.search(low):  # all its times are
        now = now.astimezone(UTC)
    for pattern, told in _same():
        low = pattern.sub(told, low)
    if _FRENCH.search(low) and not _GERMAN.search(low):
        low = re.sub(r"(?<![\w'])hier(?!\w)", "yesterday", low)
    if (beside := beside_of(low)) is not None:
        alone, length, before = beside
        if (moment := (at := _told(alone, now)).at) is not None:
            sides = (moment - length, moment) if before else (moment, min(moment + length, now))
            if sides[0] < sides[1]:
                return Span(since=sides[0], until=sides[1], rest=at.rest)
    if periods := periods_of(low, now):
        bare = low
        for period in periods:
            bare = bare[: period.begin] + " " * (period.end - period.begin) + bare[period.end :]
        if not (other := _told(bare, now)).told:
            first = _in_period(periods[0], low, other.rest)
            if len(periods) == 1:
                return first
            ends = None if any(p.runs for p in periods) else max(p.until for p in periods)
            return Span(since=min(p.since for p in periods), until=ends, rest=other.rest)
    return _told(low, now)


def _in_period(period: Period, low: str, rest: str) -> Span:
    """A period, or what was since or until it began."""
    side = _side(low, period.begin)
    if side == "until":
        return Span(until=period.since, rest=rest)
    ends = None if side == "since" or period.runs else period.until
    return Span(since=period.since, until=ends, rest=rest)


def _told(low: str, now: datetime) -> Span:
    low, moments = _stamps(_ORDINAL.sub(lambda m: _dated(m, now), low), now)
    if len(moments) >= 2:
        return Span(since=min(moments), until=max(moments), rest=low)
    found = next((m for pattern in (_RANGE, _DASHED) for m in pattern.finditer(low) if _timely(m)), None)
    found = found or _of_a_day(low, now)
    if found:
        return _ranged(found, low, moments, now)
    return _single(low, moments, now)


@cache
def _same() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), told) for pattern, told in data()["same"])


def _stamps(low: str, now: datetime) -> tuple[str, list[datetime]]:
    """ISO times with a clock, which are taken out; a bare date stays."""
    moments: list[datetime] = []

    def take(m: re.Match[str]) -> str:
        if not m[2] or _RANGE.search(low):
            return m[0]
        zone = (m[3] or "").replace("utc", "+00:00").replace("z", "+00:00")
        try:
            at = datetime.fromisoformat(f"{m[1]}T{m[2]}{zone}")
        except ValueError:
            return m[0]
        moments.append(at if at.tzinfo else at.replace(tzinfo=now.tzinfo))
        return f" {_MARK} "

    return _ISO.sub(take, low), moments


_UTC: Final = re.compile(r"(?<!\w)(?:utc|gmt)(?!\w|[+-]\d)")
_MARK: Final = "⌚"


def _of_a_day(low: str, now: datetime) -> re.Match[str] | None:
    """Two bare hours beside a day that is told: "yesterday from 6 to 14"; no bounds in a unit."""
    found = next((m for m in _RANGE.finditer(low) if _ENDS.match(low, m.end())), None)
    if found is None:
        return None
    rest = low[: found.start()] + " " * len(found[0]) + low[found.end() :]
    return found if any(t.kind == "day" for t in times_of(rest, now, longest=LONGEST)) else None


_ENDS: Final = re.compile(
    r"\s*(?:$|[?,.;!)]|(?:yesterday|today|on|last|gestern|heute|am|vorgestern|hier|aujourd'hui|ayer|hoy|ieri|oggi)\b)"
)


def _timely(m: re.Match[str]) -> bool:
    """Whether both sides are clock times: numbers alone are, beside one with minutes or behind "between"."""
    groups = m.groupdict()
    return bool(
        groups.get("ha")
        or groups.get("m1")
        or groups.get("m2")
        or groups.get("z1")
        or groups.get("z2")
        or re.search(
            r"uhr|\dh|heures|horas|\bore\b|am\b|pm\b|las\s|les\s|\ble\s|clock|between|zwischen|entre|tra\s|fra\s|dalle\s|utc|gmt",
            m[0],
        )
    )


def _ranged(m: re.Match[str], low: str, moments: list[datetime], now: datetime) -> Span:
    rest = f"{low[: m.start()]} {low[m.end() :]}"
    groups = m.groupdict()
    if groups.get("ha"):
        groups |= {"h1": groups["ha"], "h2": groups["hb"]}
    days = [t for t in times_of(rest, now, longest=LONGEST) if t.kind in ("day", "part")]
    day = days[0].at.astimezone(now.tzinfo).date() if days else None
    later = groups.get("am2")
    try:
        since = _clock(groups, "1", day, now, later)
        until = _clock(groups, "2", day, now, later)
    except ValueError:
        return _single(rest, moments, now)
    if until < since:
        until += timedelta(days=1)
    while not day and not groups.get("d1") and since > now:
        since, until = since - timedelta(days=1), until - timedelta(days=1)
    return Span(since=since, until=until, rest=_clean(rest, now))


def _clean(rest: str, now: datetime) -> str:
    """Without further ranges and times."""
    bare = _bare(rest)
    return _without(bare, times_of(bare, now, longest=LONGEST))


def _bare(rest: str) -> str:
    """Without further ranges, which belong to the other side of a comparison."""
    for pattern in (_RANGE, _DASHED):
        rest = pattern.sub(lambda m: " " * len(m[0]) if _timely(m) else m[0], rest)
    return rest


def ranges_of(text: str, now: datetime) -> list[Span]:
    """Every range that a text tells, in order."""
    low = plain(text)
    found: list[Span] = []
    for m in _DASHED.finditer(low):
        found.append(
            _ranged(m, low[: m.start()] + low[m.start() : m.end()] + " " * (len(low) - m.end()), [], now)
        )
    return found


def without_range(text: str, now: datetime) -> tuple[str, Span | None]:
    """A text with blanks in the place of the one range of clock times that it tells, and that range; None where none or more."""
    low = plain(text)
    found = [m for pattern in (_RANGE, _DASHED) for m in pattern.finditer(low) if _timely(m)]
    if len({m.span() for m in found}) != 1:
        return text, None
    m = found[0]
    bare = text[: m.start()] + " " * len(m[0]) + text[m.end() :]
    return bare, _ranged(m, " " * m.start() + m[0], [], now)


def _clock(
    groups: dict[str, str | None], n: str, day: date | None, now: datetime, later: str | None
) -> datetime:
    hour = int(groups[f"h{n}"] or 0)
    half = groups.get(f"am{n}") or later or ""
    hour = hour % 12 + 12 if half.startswith("p") and hour <= 12 else hour
    zone = UTC if groups.get(f"z{n}") or groups.get("z2") else now.tzinfo
    on = (
        datetime.fromisoformat(str(groups[f"d{n}"])).date()
        if groups.get(f"d{n}")
        else day or now.astimezone(zone).date()
    )
    return datetime.combine(
        on, time(hour % 24, int(groups.get(f"m{n}") or 0), int(groups.get(f"s{n}") or 0)), zone
    )


def _single(low: str, moments: list[datetime], now: datetime) -> Span:
    told = times_of(low, now, longest=LONGEST)
    if not told and not moments and (month := _month(low, now)) is not None:
        return month
    marked = low.find(_MARK)
    if moments:
        side = _side(low, marked)
        return _of(side, moments[0], moments[0], low.replace(_MARK, " "))
    if not told:
        return Span(rest=low)
    best = min(told, key=lambda t: ("clock", "relative", "part", "day").index(t.kind))
    rest = _without(low, told)
    side, inside = _side(low, best.begin), low[best.begin : best.end]
    start = best.at.astimezone(now.tzinfo)
    days = sorted(t.at.astimezone(now.tzinfo) for t in told if t.kind == "day")
    if best.kind == "day" and len(days) > 1:
        return Span(since=days[0], until=min(days[-1] + timedelta(days=1), now), rest=rest)
    if best.kind == "relative" and not side:
        side = (
            "since" if _LAST.search(low[max(0, best.begin - 12) : best.end]) and "ago" not in inside else "at"
        )
    if best.kind in ("day", "part") and side != "since":
        if side == "until":
            return Span(until=start, rest=rest)
        length = timedelta(hours=_PART_H) if best.kind == "part" else timedelta(days=1)
        until = min(start + length - timedelta(milliseconds=1), now)
        return Span(since=start, until=until, rest=rest) if until > start else Span(at=start, rest=rest)
    return _of(side, start, start, rest)


_ORDINAL: Final = re.compile(
    r"(?<!\w)(?:(?P<en>on|since|from|until|till|before|after|by) the (?P<nth>\d{1,2})(?:st|nd|rd|th)(?!\w)"
    r"|(?P<de>am|seit dem|ab dem|vom|bis zum|vor dem|nach dem) (?P<te>\d{1,2})\.(?=\s*(?:\?|,|$|[a-zà-ÿ])))"
)


_NO_THING: Final = re.compile(r"\s*(?:$|[?,.;!]|(?:at|until|till|to|and|um|bis|und)\b)")


def _dated(m: re.Match[str], now: datetime) -> str:
    """The date of the last such day: of "on the 21st", "since the 4th"; none of "after the 2nd restart"."""
    if (m["en"] or m["de"]) not in ("on", "am") and not _NO_THING.match(m.string, m.end()):
        return m[0]
    day = int(m["nth"] or m["te"])
    for back in range(62):
        then = now - timedelta(days=back)
        if then.day == day:
            return f"{m['en'] or m['de'].removesuffix(' dem').removesuffix(' zum')} {then:%Y-%m-%d} "
    return m[0]


def _month(low: str, now: datetime) -> Span | None:
    """A month alone, the last one of that name: "in december"."""
    found = _MONTH.search(low)
    if found is None:
        return None
    number = int(_months()[found[2]])
    year = int(found[3]) if found[3] else now.year - (number > now.month)
    since = datetime(year, number, 1, tzinfo=now.tzinfo)
    until = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=now.tzinfo) - timedelta(milliseconds=1)
    if found[1] in _FROM:
        return (
            Span(since=since, rest=low[: found.start()] + " " * len(found[0]) + low[found.end() :])
            if since < now
            else None
        )
    rest = _BARE_MONTH.sub(
        lambda m: " " * len(m[0]), low[: found.start()] + " " * len(found[0]) + low[found.end() :]
    )
    return Span(since=since, until=min(until, now), rest=rest) if since < now else None


_ITALIAN: Final = (
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
)


def _months() -> dict[str, int]:
    told = {w: int(n) for w, n in meaning_of(table("times")["months"]).items() if len(w) > 3}
    return told | {w: n for n, w in enumerate(_ITALIAN, 1)}


_FROM: Final = frozenset({"since", "seit", "depuis", "desde", "da"})
_MONTH: Final = re.compile(
    rf"(?<!\w)(in|im|en|a|au mois de|nel mese di|last|letzten|of|de|di|durante"
    rf"|during|since|seit|depuis|desde|da)\s+({'|'.join(sorted(_months(), key=len, reverse=True))})(?!\w)(?:\s+(\d{{4}}))?"
)

_BARE_MONTH: Final = re.compile(  # another one that is set beside it: "october with november"
    rf"(?<!\w)(?:in|im|en|a|au mois de|nel mese di|of|de|di) (?:{'|'.join(_months())})(?!\w)"
    rf"|(?<!\w)(?:{'|'.join(w for w in sorted(_months(), key=len, reverse=True) if len(w) > 5)})(?!\w)"
)


def _side(low: str, begin: int) -> str:
    before = low[max(0, begin - _CUE) : max(0, begin)]
    return "since" if _SINCE.search(before) else "until" if _UNTIL.search(before) else ""


def _of(side: str, start: datetime, end: datetime, rest: str) -> Span:
    if side == "since":
        return Span(since=start, rest=rest)
    return Span(until=end, rest=rest) if side == "until" else Span(at=start, rest=rest)


def _without(low: str, told: list[Told]) -> str:
    """The text without the times in it."""
    kept = list(low)
    for t in told:
        kept[t.begin : t.end] = " " * (t.end - t.begin)
    return "".join(kept)
