"""Times as exports write them: any usual notation of date and clock, numbers since an epoch, zones, the doubled hour."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from aitia.tools.sources.exports.words import data, folded, months
from aitia.tools.sources.rows import Floats

_DATE: Final = (
    r"(?P<y1>\d{4})(?P<s1>[-/. ])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})"
    r"|(?P<y5>\d{4})(?P<s5>[-/. ])(?P<mon5>[^\W\d_]{3,10})\.?(?P=s5)(?P<d5>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<s2>[-/.])\s?(?P<b>\d{1,2})(?P=s2)\s?(?P<c>\d{4}|\d{2})\.?"
    r"|(?P<d3>\d{1,2})\.?(?:st|nd|rd|th)?[-/. ]*(?:de )?(?P<mon3>[^\W\d_]{3,10})\.?[-/., ]*(?:de )?(?P<y3>\d{4}|\d{2})"
    r"|(?P<mon4>[^\W\d_]{3,10})\.?[-/ ]+(?P<d4>\d{1,2})(?:st|nd|rd|th)?,?[-/ ]+(?P<y4>\d{4})"
    r"|(?P<y6>(?:19|20)\d\d)(?P<m6>[01]\d)(?P<d6>[0-3]\d)"
)
_CLOCK: Final = (
    r"(?P<h>\d{1,2})(?:[:h.](?P<mi>\d{2})(?:[:m.](?P<se>\d{2})(?:s|[.,:;](?P<fr>\d{1,12}))?)?)?"
    r"\s*(?P<half>[aApP](?:\.?\s?[mM]\.?)?(?![A-Za-z]))?(?:\s?(?:Uhr|h|hrs))?"
)
_ZONE: Final = r"(?P<zone>Z|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?|\(?[A-Za-z]{3,5}\)?)"
_DAY: Final = (
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mie|jue|vie|sab|dom)[a-z]*\.?,?\s+)?"
)
_FULL: Final = re.compile(
    rf"{_DAY}(?:{_DATE})(?:[T ,;_@-]+|\s+(?:at|um|a las)\s+)(?:{_CLOCK})\s*{_ZONE}?(?:\[[\w/]+\])?", re.I
)
_BACK: Final = re.compile(rf"(?:{_CLOCK})\s*,?\s+{_DAY}(?:{_DATE})", re.I)
_ALONE: Final = re.compile(rf"{_DAY}(?:{_DATE})", re.I)
_COMPACT: Final = re.compile(
    r"(?P<day>(?:19|20)\d{6})[ T_-]?(?P<clock>\d{4}|\d{6})(?:[.,](?P<fr>\d+))?(?P<zone>Z)?"
)
CLOCK: Final = re.compile(rf"(?=\d{{1,2}}[:h.]\d\d|\d{{1,2}}\s?[ap]\.?m)(?:{_CLOCK})", re.I)
_UNTIL: Final = re.compile(
    r"(.*\d:\d\d.*?)\s+(?:-|\u2013|to|bis|a|al?)\s+(?:[\d./-]{6,10}\s+)?\d{1,2}:\d\d.*", re.I
)  # a span: its beginning counts
_ZONED: Final = re.compile(
    r"(.*\d(?:Z|[+-]\d\d:\d\d))\s+[A-Z][A-Za-z_/]+"
)  # an offset and the name of its zone
_EAST_ASIA: Final = ((r"[年月](?=\s*\d)", "-"), (r"[日号號]\s*", " "), (r"[時时点點](?=\s*\d)", ":"), (r"分(?=\s*\d)", ":"),
                     (r"[時时点點]", ":00"), (r"[分秒]", ""), (r"[（(](?:[月火水木金土日一二三四五六])[)）]", " "),
                     (r"(?:星期|周|週)[一二三四五六日天]", " "), (r"\s*曜\s*", " "), (r"\s+", " "))  # fmt: skip
_UNIX: Final = re.compile(
    r"(?:[A-Z][a-z]{2},? )?([A-Z][a-z]{2} +\d{1,2}) (\d\d:\d\d:\d\d(?:\.\d+)?) (?:([A-Z]{3,5}|[+-]\d{4}) )?(\d{4})"
)
_HALVES: Final = re.compile(r"(?:(上午|午前|오전)|(下午|午後|오후))\s*")
_DAY_S: Final = 86_400.0
_PIVOT: Final = 70  # years of two digits below it are of this century, as POSIX has it at 69


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A time as written: what stands for day, month and year, the seconds of the day, and its zone ("" for none)."""

    kind: str  # ymd, abc (order not said), named
    parts: tuple[int, int, int]
    seconds: float
    zone: str = ""
    clock: bool = True
    short: bool = False  # the year has two digits
    mark: str = ""


@dataclass
class Times:
    """Epoch seconds of cells (NaN for none), how they are written, and whether each names its zone."""

    t: Floats
    said: str
    zoned: bool = True
    doubtful: bool = False  # the order of day and month was not told by the data
    notes: list[str] = field(default_factory=list)


@lru_cache(maxsize=262_144)
def stamp_of(cell: str) -> Stamp | None:
    """A cell as a time; None where it is none."""
    text = cell.strip().strip("'\"")
    if not 6 <= len(text) <= 60 or not any(c.isdigit() for c in text):
        return None
    if not text.isascii():
        text = _of_east_asia(text)
    if found := _UNTIL.fullmatch(text):
        text = found[1]
    if found := _UNIX.fullmatch(text):
        text = f"{found[1]} {found[4]} {found[2]} {found[3] or ''}".strip()
    if found := _ZONED.fullmatch(text):
        text = found[1]
    if found := _COMPACT.fullmatch(text):
        day, clock = found["day"], found["clock"].ljust(6, "0")
        parts = int(day[:4]), int(day[4:6]), int(day[6:])
        s = int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + int(clock[4:]) + float(f"0.{found['fr'] or 0}")
        good = _is_day(*parts) and int(clock[:2]) < 25 and int(clock[2:4]) < 60 and int(clock[4:]) < 61
        return Stamp(kind="ymd", parts=parts, seconds=s, zone=found["zone"] or "") if good else None
    found = _FULL.fullmatch(text) or _BACK.fullmatch(text) or _ALONE.fullmatch(text)
    if not found:
        return None
    groups = found.groupdict()
    kind, parts, short = _day(groups)
    seconds = _seconds(groups) if groups.get("h") else 0.0
    if not kind or seconds is None:
        return None
    zone = (groups.get("zone") or "").strip("() ")
    mark = groups.get("s2") or ""
    if zone and zone[0].isalpha() and not _offset(zone):
        return None
    return Stamp(
        kind=kind,
        parts=parts,
        seconds=seconds,
        zone=zone,
        clock=bool(groups.get("h")),
        short=short,
        mark=mark,
    )


def _of_east_asia(text: str) -> str:
    """A time with the signs of China or Japan as other countries write it: `2026年3月9日 下午 6:05` is `2026-3-9 6:05 PM`."""
    half = _HALVES.search(text)
    text = _HALVES.sub("", text)
    for pattern, put in _EAST_ASIA:
        text = re.sub(pattern, put, text)
    return f"{text.strip()} {'AM' if half[1] else 'PM'}" if half else text.strip()


def _day(g: dict[str, str | None]) -> tuple[str, tuple[int, int, int], bool]:
    none = ("", (0, 0, 0), False)
    for y, m, d in (("y1", "m1", "d1"), ("y6", "m6", "d6")):
        if g.get(y):
            parts = int(g[y] or 0), int(g[m] or 0), int(g[d] or 0)
            return ("ymd", parts, False) if _is_day(*parts) else none
    for y, m, d in (("y3", "mon3", "d3"), ("y4", "mon4", "d4"), ("y5", "mon5", "d5")):
        if g.get(y):
            month = months().get(folded(g[m] or ""), 0)
            year = str(g[y])
            parts = _year(int(year), short=len(year) == 2), month, int(g[d] or 0)
            return ("named", parts, False) if month and _is_day(*parts) else none
    if g.get("a"):
        figures, short = (int(g["a"] or 0), int(g["b"] or 0), int(g["c"] or 0)), len(str(g["c"])) == 2
        orders = ("dmy", "mdy", "ymd") if short else ("dmy", "mdy")
        return ("abc", figures, short) if any(_known_day(figures, o, short) for o in orders) else none
    return none


def _known_day(figures: tuple[int, int, int], order: str, short: bool) -> bool:
    by = dict(zip(order, figures, strict=True))
    return _is_day(_year(by["y"], short=short), by["m"], by["d"])


def _year(value: int, *, short: bool) -> int:
    return value + (2000 if value < _PIVOT else 1900) if short else value


def _is_day(year: int, month: int, day: int) -> bool:
    return 1900 < year < 2200 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _seconds(g: dict[str, str | None]) -> float | None:
    hour, minute, second = int(g["h"] or 0), int(g["mi"] or 0), int(g["se"] or 0)
    half = (g["half"] or "").lower()[:1]
    if half:
        if 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
    elif g["mi"] is None:
        return None
    if hour > 24 or minute > 59 or second > 60:
        return None
    return hour * 3600.0 + minute * 60.0 + second + float(f"0.{g['fr'] or 0}")


def clock_of(cell: str) -> float | None:
    """Seconds of the day in a cell that holds a clock alone."""
    found = CLOCK.fullmatch(cell.strip())
    if found:
        return _seconds(found.groupdict())
    if re.fullmatch(r"\d{6}|\d{4}", cell.strip()):
        text = cell.strip().ljust(6, "0")
        hour, minute, second = int(text[:2]), int(text[2:4]), int(text[4:])
        return hour * 3600.0 + minute * 60.0 + second if hour < 24 and minute < 60 and second < 60 else None
    return None


def clock_text(cell: str) -> str:
    """A clock as `18:05:00`, also of an hour, of `18.05` or of a share of the day; "" where the cell is none."""
    text = cell.strip()
    if re.fullmatch(r"\d{1,2}(?:\.0)?", text):
        return f"{int(float(text)):02}:00:00"
    if re.fullmatch(r"\d{5}", text):
        text = f"0{text}"
    if re.fullmatch(r"0[.,]\d{3,}", text):
        seconds: float | None = round(float(text.replace(",", ".")) * _DAY_S, 3)
    else:
        seconds = clock_of(
            re.sub(r"^(\d{1,2})[.hH](\d\d)(?:[.m](\d\d)s?)?h?$", r"\1:\2:\3", text).rstrip(":")
        )
    if seconds is None:
        return ""
    rest = f"{seconds % 60:09.6f}".rstrip("0").rstrip(".")
    return f"{int(seconds) // 3600:02}:{int(seconds) % 3600 // 60:02}:{rest.zfill(2)}"


_DAY_WITHIN: Final = re.compile(
    r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](?:\d{1,2}|[^\W\d_]{3,9})[-/. ]\d{4}|20\d\d[-_]?[01]\d[-_]?[0-3]\d"
    r"|[^\W\d_]{3,9} \d{1,2},? \d{4}|\d{4}年\d{1,2}月\d{1,2}日)(?!\d)"
)


def date_in(text: str) -> str:
    """The date that stands in a text, as it is written (`2026-03-09` of `log_20260309.csv`); "" where none or several do."""
    found = [d for d in dict.fromkeys(_DAY_WITHIN.findall(text)) if stamp_of(d.replace("_", "-")) is not None]
    return re.sub(r"^(\d{4})[-_]?(\d\d)[-_]?(\d\d)$", r"\1-\2-\3", found[0]) if len(found) == 1 else ""


_MONTH_NAMED: Final = re.compile(r"([^\W\d_]{3,10})[\s./_-]+(?:del? )?((?:19|20)\d\d)(?!\d)")
_MONTH: Final = re.compile(r"(?<![\d./-])(0?[1-9]|1[0-2])[./_-]((?:19|20)\d\d)(?![\d./-])")
_MONTH_BACK: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[./_-]|年)(0?[1-9]|1[0-2])(?!\d|[./_-]\d)")


def month_in(text: str) -> str:
    """The month that a text tells, as `2026-03`: `Mes: Marzo 2026`, `03/2026`, `2026-03`; "" where none or several are told."""
    found = {(y, months().get(folded(m), 0)) for m, y in _MONTH_NAMED.findall(text)}
    found |= {(y, int(m)) for m, y in _MONTH.findall(text)}
    found |= {(y, int(m)) for y, m in _MONTH_BACK.findall(text)}
    told = [f"{y}-{m:02}" for y, m in found if m]
    return told[0] if len(told) == 1 else ""


@lru_cache(maxsize=512)
def _offset(zone: str) -> tzinfo | None:
    """The zone of `+01:00`, `UTC+1`, `CET`, `Z`; None for an unknown word."""
    text = zone.strip("() ").lower()
    bare = re.fullmatch(r"(?:utc|gmt)?\s?([+-])(\d{1,2}):?(\d{2})?", text)
    if bare:
        minutes = int(bare[2]) * 60 + int(bare[3] or 0)
        east = timedelta(minutes=minutes if bare[1] == "+" else -minutes)
        return timezone(east) if minutes < 1440 else None
    hours = data()["zones"].get(text)
    return None if hours is None else timezone(timedelta(hours=hours))


def zone_told(text: str) -> tzinfo | None:
    """The zone that a line above a table or a column's name tells: IANA, Windows, an offset or an abbreviation."""
    for name in re.findall(r"[A-Z][A-Za-z_]+/[A-Z][A-Za-z_/]+", text):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    low = folded(text)
    for name, iana in data()["windows_zones"].items():
        if re.search(rf"(?<![a-z])(?<!us )(?<!sa ){re.escape(name)}", low):
            return UTC if iana == "UTC" else ZoneInfo(iana)
    if found := re.search(r"(?:utc|gmt)\s?[+-]\d{1,2}(?::?\d{2})?", low):
        return _offset(found[0])
    if found := re.search(r"(?<![\d:])[+-]\d{1,2}:\d{2}(?!\d)", low):
        return _offset(found[0])
    words = re.findall(r"[a-z]{3,4}", low)
    # `MEZ/MESZ` is local time, not the first of the two all year
    if both := [z for names, z in data()["zones_with_summer"].items() if set(names.split()) <= set(words)]:
        return ZoneInfo(both[0])
    known = [w for w in words if w in data()["zones"] and w not in ("west", "wet", "art", "est")]
    word = known[0] if known else "est" if re.search(r"\bEST\b", text) else ""
    return UTC if word in ("utc", "gmt") else _offset(word)


def text_times(
    stamps: Sequence[Stamp | None],
    *,
    zone: tzinfo,
    order: str = "",
    near: datetime,
    european: bool,
    groups: Sequence[int] = (),
    days: Set[int] = frozenset(),
) -> Times:
    """Epoch seconds of stamps. `order` of day and month where it is given, else told by the data; `groups` by series.

    days     days since 1970 that the file tells beside the stamps, and without doubt
    """
    chosen, doubtful = (
        (order, False) if order else _order(stamps, near=near, european=european, told_days=days)
    )
    dated = np.array([_ordinal(s, chosen) if s else np.nan for s in stamps], dtype=np.float64)
    naive = dated * _DAY_S + np.array([s.seconds if s else np.nan for s in stamps], dtype=np.float64)
    zones = [s.zone if s else "" for s in stamps]
    t = naive - local_offsets(
        naive, zone, np.asarray(groups) if len(groups) else np.zeros(len(stamps), dtype=np.int64)
    )
    for name in set(zones) - {""}:
        at = np.array([z == name for z in zones])
        told = _offset(name)
        shift = told.utcoffset(None) if told is not None else None
        t[at] = naive[at] - (shift.total_seconds() if shift else 0.0)
    zoned = all(z for z, s in zip(zones, stamps, strict=True) if s)
    kinds = {s.kind for s in stamps if s}
    said = {
        "abc": {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}.get(
            chosen, ""
        )
    }
    return Times(t=t, said=", ".join(filter(None, (said.get(k, "") for k in sorted(kinds)))), zoned=zoned,
                 doubtful=doubtful and "abc" in kinds)  # fmt: skip


@lru_cache(maxsize=65536)
def _ordinal_of(parts: tuple[int, int, int], order: str, short: bool) -> float:
    by = dict(zip(order, parts, strict=True))
    year = _year(by["y"], short=short)
    if not _is_day(year, by["m"], by["d"]):
        return float("nan")
    return float(date(year, by["m"], by["d"]).toordinal() - 719_163)


def _ordinal(stamp: Stamp, order: str) -> float:
    return _ordinal_of(stamp.parts, order if stamp.kind == "abc" else "ymd", stamp.short)


def _order(
    stamps: Sequence[Stamp | None], *, near: datetime, european: bool, told_days: Set[int]
) -> tuple[str, bool]:
    """The order of three figures: the one that all allow, else the shortest span; and whether that is a guess."""
    told = [s for s in stamps if s and s.kind == "abc"]
    if not told:
        return "dmy", False
    fits = {}
    for order in ("dmy", "mdy", *(("ymd",) if all(s.short for s in told) else ())):
        days = np.array([_ordinal(s, order) for s in told])
        if np.isfinite(days).all():
            at = days * _DAY_S + np.array([s.seconds for s in told])
            ahead = float(at.max()) > near.timestamp() + 2 * _DAY_S
            fits[order] = (ahead, round(float(np.ptp(at)) / _DAY_S))
    if not fits:
        votes = {o: sum(np.isfinite(_ordinal(s, o)) for s in told) for o in ("dmy", "mdy")}
        return max(votes, key=lambda o: votes[o]), False
    same = [o for o in fits if any(_ordinal(s, o) in told_days for s in (told[0], told[-1]))]
    if len(same) == 1 and len(fits) > 1:
        return same[0], False
    spans = {o: f[1] for o, f in fits.items()}
    best = [o for o in fits if spans[o] == min(spans.values())]
    now = [o for o in best if not fits[o][0]] or best
    usual = "dmy" if european or told[0].mark in (".", "-") else "mdy"
    return (usual if usual in now else now[0]), len(now) > 1 and told[0].mark != "."


def local_offsets(naive: Floats, zone: tzinfo, groups: np.ndarray) -> Floats:
    """Seconds east of UTC of local times; the hour that comes twice in autumn is told by the order of the rows of each series."""
    if zone is UTC:
        return np.zeros(naive.size)
    halves, back = np.unique(np.where(np.isfinite(naive), np.floor(naive / 1800.0), 0.0), return_inverse=True)
    first, second = (np.array([_east(h * 1800.0, zone, fold) for h in halves])[back] for fold in (0, 1))
    twice = np.isfinite(naive) & (first > second)
    found = first.copy()
    if not twice.any():
        return found
    for group in np.unique(groups[twice]):
        rows = np.flatnonzero((groups == group) & np.isfinite(naive))
        falling = np.sum(np.diff(naive[rows]) < 0) > rows.size / 2
        rows = rows[::-1] if falling else rows
        late = False
        for before, row in itertools.pairwise(rows):
            late = twice[row] and (late or naive[row] <= naive[before])
            if late:
                found[row] = second[row]
    return found


@lru_cache(maxsize=65536)
def _east(seconds: float, zone: tzinfo, fold: int) -> float:
    moment = (datetime(1970, 1, 1) + timedelta(seconds=seconds)).replace(fold=fold)
    shift = moment.replace(tzinfo=zone).utcoffset()
    return shift.total_seconds() if shift else 0.0
