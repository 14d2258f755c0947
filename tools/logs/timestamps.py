"""Timestamps of log headers: a table of formats, each a pattern and a parser, with a per-second memo."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

_MONTHS: Final = {
    name: i + 1
    for i, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    )
}
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_FRACTION = r"(?:[.,](?P<frac>\d{1,9}))?"
_ZONE = r"(?P<tz> ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_CACHE = 50_000

Parse = Callable[[str], datetime]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One timestamp format. `pattern` has the groups ts (to the second), and optionally frac and tz."""

    name: str
    pattern: str
    parse: Parse  # of the `ts` group; naive; year 1 where the text carries no year


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _slash(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("/", "-"))


def _dotted(text: str) -> datetime:
    return datetime.fromisoformat(text[:10] + "T" + text[11:].replace(".", ":"))


def _clf(text: str) -> datetime:
    return datetime(int(text[7:11]), _MONTHS[text[3:6]], int(text[:2]), *_hms(text[12:]))


def _asctime(text: str) -> datetime:
    month, day, clock, year = text.split()
    return datetime(int(year), _MONTHS[month], int(day), *_hms(clock))


def _syslog(text: str) -> datetime:
    month, day, clock = text.split()
    # Year 4 is a leap year: the 29th of February must survive until the real year is known.
    return datetime(4, _MONTHS[month], int(day), *_hms(clock))


def _day_first(text: str) -> datetime:
    day, month, year, clock = text.split()
    return datetime(int(year), _MONTHS[month], int(day), *_hms(clock))


def _klog(text: str) -> datetime:
    return datetime(4, int(text[:2]), int(text[2:4]), *_hms(text[5:]))


def _compact(text: str) -> datetime:
    return datetime(
        2000 + int(text[:2]), int(text[2:4]), int(text[4:6]), int(text[7:9]), int(text[9:11]), int(text[11:])
    )


def _compact_date(text: str) -> datetime:
    return datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), *_hms(text[9:]))


def _epoch(text: str) -> datetime:
    seconds = int(text[:10])
    return datetime.fromtimestamp(seconds, tz=UTC)


def _hms(text: str) -> tuple[int, int, int]:
    hour, minute, second = text.split(":")
    return int(hour), int(minute), min(int(second), 59)  # a leap second counts as the one before


_CLOCK = r"\d\d:\d\d:\d\d"
FORMATS: Final[tuple[Format, ...]] = (
    Format(name="iso", pattern=rf"(?P<ts>\d{{4}}-\d\d-\d\d[T ]{_CLOCK})" + _FRACTION + _ZONE, parse=_iso),
    Format(name="slash", pattern=rf"(?P<ts>\d{{4}}/\d\d/\d\d {_CLOCK})" + _FRACTION + _ZONE, parse=_slash),
    Format(name="clf", pattern=rf"(?P<ts>\d\d/{_MONTH}/\d{{4}}:{_CLOCK})(?P<tz> [+-]\d{{4}})?", parse=_clf),
    Format(
        name="asctime",
        pattern=rf"(?:\w{{3}} )?(?P<ts>{_MONTH} +\d{{1,2}} {_CLOCK}(?:\.\d+)? \d{{4}})",
        parse=lambda text: _asctime(re.sub(r"\.\d+", "", text)),
    ),
    Format(
        name="day_first", pattern=rf"(?P<ts>\d\d {_MONTH} \d{{4}} {_CLOCK})" + _FRACTION, parse=_day_first
    ),
    Format(name="syslog", pattern=rf"(?P<ts>{_MONTH} +\d{{1,2}} {_CLOCK})" + _FRACTION, parse=_syslog),
    Format(name="klog", pattern=rf"(?P<level>[IWEF])(?P<ts>\d{{4}} {_CLOCK})" + _FRACTION, parse=_klog),
    Format(name="dotted", pattern=r"(?P<ts>\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d)" + _FRACTION, parse=_dotted),
    Format(
        name="compact_date",
        pattern=r"(?P<ts>\d{8}-\d{1,2}:\d{1,2}:\d{1,2})(?::(?P<frac>\d{1,3}))?",
        parse=_compact_date,
    ),
    Format(name="compact", pattern=r"(?P<ts>\d{6} \d{6})(?=\s)", parse=_compact),
    Format(name="epoch", pattern=r"(?P<ts>1\d{9})(?:\.?(?P<frac>\d{1,9}))?(?=[\s\]|,])", parse=_epoch),
)


class Timekeeper:
    """Turns timestamp texts into epoch seconds. Zone-less texts are in `zone`; year-less ones are nearest `near`."""

    def __init__(self, form: Format, *, zone: tzinfo, near: datetime) -> None:
        self._form = form
        self._zone = zone
        self._near = near
        self._memo: dict[tuple[str, str | None], float] = {}

    def epoch(self, text: str, fraction: str | None, zone: str | None) -> float | None:
        """Epoch seconds, or None where the text is no date after all (`2026-13-45`)."""
        seconds = self._memo.get((text, zone))
        if seconds is None:
            try:
                seconds = self._place(self._form.parse(text), zone).timestamp()
            except (ValueError, KeyError, OverflowError):
                return None
            if len(self._memo) > _CACHE:
                self._memo.clear()
            self._memo[text, zone] = seconds
        return seconds + float(f"0.{fraction}") if fraction else seconds

    def _place(self, naive: datetime, zone: str | None) -> datetime:
        if naive.tzinfo is not None:
            return naive
        where = _offset(zone.strip()) if zone else self._zone
        if naive.year > 4:
            return naive.replace(tzinfo=where)
        years = (self._near.year - 1, self._near.year, self._near.year + 1)
        placed = [p for y in years if (p := _in_year(naive, y, where)) is not None]
        if not placed:
            raise ValueError("29 February in none of the years around")
        return min(placed, key=lambda moment: abs(moment - self._near))


def _in_year(naive: datetime, year: int, zone: tzinfo) -> datetime | None:
    try:
        return naive.replace(year=year, tzinfo=zone)
    except ValueError:
        return None


def _offset(text: str) -> tzinfo:
    if text in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


_ANY = re.compile(rf"^\s*(?P<ts>\d{{4}}-\d\d-\d\d[T ]{_CLOCK})" + _FRACTION + _ZONE + r"\s*$")


def field_epoch(value: object, keeper: Timekeeper) -> float | None:
    """A timestamp field of a structured line: ISO text, or epoch seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        if match := _ANY.match(value):
            return keeper.epoch(match["ts"], match["frac"], match["tz"])
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = float(value)
    for _ in range(3):
        if seconds > 1e11:
            seconds /= 1000.0
    return seconds if 0 < seconds < 1e11 else None
