"""Epoch seconds of timestamp texts under the rules for what a text leaves open: zone, year, date, order, boot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from aitia.tools.text.headers.dates import NO_DATE, Parse
from aitia.tools.text.headers.timestamps import (
    ABBREVIATIONS,
    FORMATS,
    FRACTION,
    ZONE,
    Format,
    readings_that_fit,
)

_CACHE: Final = 50_000
_NEARBY: Final = 400.0  # days
_TAI: Final = (1 << 62) + 10  # the label of 1970-01-01 as daemontools writes it
_SCALE: Final = tuple(10.0**digits for digits in range(12))


class Timekeeper:
    """Epoch seconds of one stream's timestamps.

    Texts without a zone are in `zone`, or in `zone_text` where every sampled line has that one; those without a year
    are nearest `near`, those without a date within 12 h of it. `12/11/26` is read in the order that every sampled
    line allows, then the one under which time goes backwards least, then (two-digit years) the one that lies within
    400 days of `near`, then the format's default, unless `order` names one of the format's readings. Of an uptime clock
    the last sampled line lies at `near`.
    """

    def __init__(
        self,
        form: Format,
        *,
        zone: tzinfo,
        near: datetime,
        texts: Sequence[str] = (),
        zone_text: str = "",
        order: str = "",
    ) -> None:
        self.form = form
        self.zone_text = zone_text
        self._zone = zone
        self.near = near
        self.order, self._parse = (order, form.readings[order]) if order else _reading(form, texts, near)
        self._boot = near.timestamp() - (int(texts[-1]) if texts else 0) if form.uptime else 0.0
        self._kin: Format | None = None
        self.memo: dict[str, float] = {}

    def epoch(self, text: str, fraction: str = "", zone: str = "") -> float | None:
        """Epoch seconds, or None where the text is no date after all (`2026-13-45`). Memoised without its fraction."""
        key = text + zone if zone else text
        seconds = self.memo.get(key)
        if seconds is None:
            try:
                seconds = self._seconds(text, zone or self.zone_text)
            except (ValueError, KeyError, OverflowError):
                return None
            if len(self.memo) >= _CACHE:
                self.memo.clear()
            self.memo[key] = seconds
        return seconds + int(fraction) / _SCALE[len(fraction)] if fraction else seconds

    def other(self, text: str) -> float | None:
        """Epoch seconds of a text in any format that is no bare number; the format found last is tried first."""
        for kin in (self._kin, *(form for form in FORMATS if not form.weak)):
            if kin is None or (match := re.fullmatch(kin.pattern, text)) is None:
                continue
            groups = match.groupdict()
            keeper = self if kin is self.form else Timekeeper(kin, zone=self._zone, near=self.near)
            self._kin = kin
            return keeper.epoch(groups["ts"], groups.get("frac") or "", groups.get("tz") or "")
        return None

    def _seconds(self, text: str, zone: str) -> float:
        if self.form.seconds:
            return int(text) + self._boot
        if self.form.name == "TAI64N":
            return int(text[:16], 16) - _TAI + int(text[16:], 16) / 1e9
        naive = self._parse(text)
        if naive.tzinfo is not None:
            return naive.timestamp()
        where = offset(zone.strip()) if zone else self._zone
        if naive.year == NO_DATE:
            return self._nearest_day(naive, where).timestamp()
        if self.form.year:
            return naive.replace(tzinfo=where).timestamp()
        years = (self.near.year - 1, self.near.year, self.near.year + 1)
        placed = [p for y in years if (p := _in_year(naive, y, where)) is not None]
        if not placed:
            raise ValueError("29 February in none of the years around")
        return min(placed, key=lambda moment: abs(moment - self.near)).timestamp()

    def _nearest_day(self, clock: datetime, zone: tzinfo) -> datetime:
        today = self.near.astimezone(zone).replace(tzinfo=None).date()
        days = [
            datetime.combine(today + timedelta(days=n), clock.time()).replace(tzinfo=zone) for n in (-1, 0, 1)
        ]
        return min(days, key=lambda moment: abs(moment - self.near))


def _reading(form: Format, texts: Sequence[str], near: datetime) -> tuple[str, Parse]:
    if len(form.readings) == 1 or not texts:
        return next(iter(form.readings.items()))
    fit = readings_that_fit(form, texts)
    if not fit:
        return next(iter(form.readings.items()))
    least = min(back for back, _, _ in fit)
    left = [(order, parse) for back, order, parse in fit if back == least]
    if len(left) > 1 and "y" in left[0][0] and form.name.startswith("two-digit"):
        days = [
            abs((parse(texts[-1]) - near.replace(tzinfo=None)).total_seconds()) / 86400 for _, parse in left
        ]
        if min(days) <= _NEARBY:
            return left[days.index(min(days))]
    return left[0]


def _in_year(naive: datetime, year: int, zone: tzinfo) -> datetime | None:
    try:
        return naive.replace(year=year, tzinfo=zone)
    except ValueError:
        return None


def offset(text: str) -> tzinfo:
    """The zone of `Z`, `+01:00`, `-0800`, `+01` or a known abbreviation. Raises KeyError for another word."""
    if text == "Z":
        return UTC
    if len(text) > 3 and text[:3] in ("UTC", "GMT"):
        text = text[3:].strip()
    if text[0].isalpha():
        return timezone(timedelta(minutes=ABBREVIATIONS[text]))
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    digits = f"{digits:0>2}".ljust(4, "0") if len(digits) < 3 else digits.zfill(4)
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


_ANY: Final = re.compile(r"^\s*(?P<ts>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)" + FRACTION + ZONE + r"\s*$")


def field_epoch(value: object, keeper: Timekeeper) -> float | None:
    """A timestamp field of a structured line: ISO text, or epoch seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        if match := _ANY.match(value):
            return keeper.epoch(match["ts"], match["frac"] or "", match["tz"] or "")
        try:
            value = float(value)
        except ValueError:
            return keeper.other(str(value).strip())
    if isinstance(value, dict):  # MongoDB: {"$date": …}; zerolog and others never nest
        return field_epoch(value["$date"], keeper) if set(value) == {"$date"} else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = float(value) if abs(value) < 1e30 else 0.0
    for _ in range(3):
        if seconds > 1e11:
            seconds /= 1000.0
    return seconds if 0 < seconds < 1e11 else None
