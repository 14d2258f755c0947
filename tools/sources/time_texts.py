"""Times in columns and fields, read by the formats and rules of log lines (docs/log-formats.md), also without a clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.tools.text.headers.epoch import Timekeeper
from aitia.tools.text.headers.timestamps import FORMATS, readings_that_fit

_FORMS: Final = tuple((f, re.compile(f.pattern)) for f in FORMATS if f.year and f.date and not f.weak)
_SECONDS: Final = re.compile(r"\d:\d\d:\d\d|\.\d\d\.\d\d$")
_MINUTES: Final = re.compile(r"(?<=[ T,])(\d{1,2}:\d\d)(?![\d:])")
DATE: Final = re.compile(r"\d{1,4}([./-])(?:\d{1,2}|[A-Z][a-z]{2,8})\1\d{1,4}")
CLOCK: Final = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?")
_CLOCK: Final = re.compile(r"\d{1,2}:\d\d:\d\d")
_ZONE: Final = re.compile(r" ?(?:Z|[+-]\d\d:?\d\d)$")
_EARLIEST, _LATEST = 9.4e8, 4.2e9  # epoch seconds from 1999 to 2103: what a number is that can only be a time
_LONGEST: Final = 100  # characters of a time
_TRIED: Final = 300  # texts that may be no times before a notation is given up
_ORDERS: Final = ("dmy", "mdy", "ymd")
_ISO: Final = "ISO 8601"


def whole(text: str) -> str:
    """A time with a clock to the second, also where it has none or one without seconds."""
    text = text.strip()[:_LONGEST]
    if DATE.fullmatch(text):
        return f"{text} 00:00:00"
    return text if _SECONDS.search(text) else _MINUTES.sub(r"\1:00", text, count=1)


def epoch_of(number: float) -> float | None:
    """Epoch seconds of a number that can only be seconds, milli-, micro- or nanoseconds since 1970."""
    for scale in (1.0, 1e3, 1e6, 1e9):
        if _EARLIEST < number / scale < _LATEST:
            return number / scale
    return None


@dataclass(frozen=True)
class TimeTexts:
    """One notation of times, told from some of its texts."""

    keeper: Timekeeper
    pattern: re.Pattern[str]
    example: str

    @property
    def name(self) -> str:
        """`ISO 8601`, `D.M.Y (dmy)`."""
        order = f" ({self.keeper.order})" if self.keeper.order else ""
        return self.keeper.form.name + order

    @property
    def plain(self) -> bool:
        """Whether it is ISO 8601."""
        return self.keeper.form.name == _ISO

    def epoch(self, text: str) -> float | None:
        """Epoch seconds, or None where the text is no such time."""
        found = self.pattern.fullmatch(whole(text))
        if found is None:
            return None
        groups = found.groupdict()
        return self.keeper.epoch(groups["ts"], groups.get("frac") or "", groups.get("tz") or "")

    @property
    def zoned(self) -> bool:
        """Whether the texts name their zone."""
        return bool(self.pattern.fullmatch(whole(self.example)).groupdict().get("tz"))  # type: ignore[union-attr]

    @property
    def sql_formats(self) -> list[str]:
        """DuckDB's formats of such texts: with and without fraction, seconds and clock."""
        text = self.example
        clock = _CLOCK.search(text)
        if clock is None:
            return []
        date, tail = _sql_date(text[: clock.start()], self.keeper.order), text[clock.end() :]
        half = re.search(r"( ?)[AaPp]\.?[Mm]", tail)
        zone = "%z" if _ZONE.search(tail) else ""
        end = (f"{half[1]}%p" if half else "") + ((" " if tail[-6:-5] == " " else "") + zone if zone else "")
        hours = "%I" if half else "%H"
        clocks = [f"{hours}:%M:%S", f"{hours}:%M", *(f"{hours}:%M:%S{mark}%n" for mark in ".,:")]
        return [date + c + end for c in clocks] + [date.rstrip(" ,T")]


def _sql_date(text: str, order: str) -> str:
    """`26.11.2026 ` in the order dmy as `%d.%m.%Y `; a month by its name as `%b` or `%B`."""
    order = order or "ymd"
    named = re.search(r"[A-Z][a-z]{2,}", text)
    if named:
        text = text.replace(named[0], "%b" if len(named[0]) == 3 else "%B", 1)
        order = "yd" if re.match(r"\d{4}", text) else "dy"
    codes = iter(order)

    def code(found: re.Match[str]) -> str:
        letter = next(codes, "")
        return "%" + ("Y" if letter == "y" and len(found[0]) == 4 else letter)

    return re.sub(r"\d+", code, text)


def time_texts(
    texts: Sequence[str], *, zone: tzinfo, near: datetime, order: str = "", extremes: Sequence[str] = ()
) -> TimeTexts | None:
    """The notation that all texts share, None where there is none.

    `order` (dmy, mdy, ymd) is not guessed where it is given. `extremes` are further texts, out of order, that the
    order must allow as well.
    """
    told = [whole(text) for text in texts]
    for form, pattern in _FORMS:
        found = [m for text in told if (m := pattern.fullmatch(text))]
        if not told or len(found) < len(told):
            continue
        stamps = [m["ts"] for m in found]
        orders = [o for _, o, _ in readings_that_fit(form, stamps)]
        far = [m["ts"] for text in extremes if (m := pattern.fullmatch(whole(text)))]
        if order in form.readings:
            orders = [order]
        elif far and len(orders) > 1:
            fit = [o for _, o, _ in readings_that_fit(form, far) if o in orders]
            orders = fit or orders
        if not orders:
            continue
        keeper = Timekeeper(form, zone=zone, near=near, texts=stamps)
        if keeper.order not in orders:
            keeper = Timekeeper(form, zone=zone, near=near, texts=far or stamps, order=orders[0])
        example = max(told, key=len)
        return TimeTexts(keeper, pattern, example)
    return None


def usual_texts(texts: Sequence[str], *, zone: tzinfo, near: datetime, order: str = "") -> TimeTexts | None:
    """The notation of the first text that has one, its order told by all that share it; None where no text has one."""
    for text in texts[:_TRIED]:
        if alone := time_texts([text], zone=zone, near=near):
            if len(alone.keeper.form.readings) == 1:
                return alone
            alike = [t for t in texts if alone.pattern.fullmatch(whole(t))]
            return time_texts(alike, zone=zone, near=near, order=order)
    return None


def ambiguous(found: TimeTexts, texts: Sequence[str]) -> bool:
    """Whether the texts alone allow more than one order of day, month and year."""
    stamps = [m["ts"] for t in texts if (m := found.pattern.fullmatch(whole(t)))]
    return len(readings_that_fit(found.keeper.form, stamps)) > 1


def moment(value: object, texts: TimeTexts | None, zone: tzinfo) -> datetime | None:
    """The moment that a field tells: epoch, ISO 8601, or in the notation of its column; None where it is no time."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = epoch_of(float(value))
            return datetime.fromtimestamp(float(value) if seconds is None else seconds, tz=UTC)
        text = str(value).strip()
        if re.fullmatch(r"\d{9,19}(\.\d+)?", text) and (seconds := epoch_of(float(text))) is not None:
            return datetime.fromtimestamp(seconds, tz=UTC)
        if texts is not None and not texts.plain and (seconds := texts.epoch(text)) is not None:
            return datetime.fromtimestamp(seconds, tz=UTC)
        if re.match(r"[A-Z][a-z]{2},? ", text):  # as git log and RFC 2822 write it
            at = parsedate_to_datetime(text[:_LONGEST])
        else:
            at = datetime.fromisoformat(text.replace(",", "."))
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None
    return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)


def configured_zone(config: SourceConfig) -> tzinfo:
    """The zone of a source's zone-less times. Raises BadInput for a name that is no zone."""
    name = str(config.options.get("timezone", "UTC"))
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(
            f"Set options.timezone of source {config.name!r} to an IANA zone such as 'Europe/Berlin', not {name!r}."
        ) from None


def configured_order(config: SourceConfig) -> str:
    """`options.date_order`, "" where it is to be guessed. Raises BadInput for another word."""
    order = str(config.options.get("date_order", ""))
    if order not in ("", *_ORDERS):
        raise BadInput(
            f"Set options.date_order of source {config.name!r} to {', '.join(_ORDERS)}, not {order[:20]!r}."
        )
    return order
