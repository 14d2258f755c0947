"""Dates and clocks as texts, read without a zone; a text without a year is in the year 4, one without a date in the year 1."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

Parse = Callable[[str], datetime]
NO_DATE: Final = 1
_NO_YEAR: Final = 4  # a leap year: 29 February survives until the real year is known
_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: i + 1 for i, name in enumerate(_NAMES)}


def iso(text: str) -> datetime:
    """`2026-11-25 01:02:03`; unpadded figures and the leap second 60 too."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # unpadded figures, or the leap second 60
        return figures("ymd")(text)


def clock(text: str) -> tuple[int, int, int, int]:
    """Hour, minute, second, microsecond of `1:02:03`, `01.02.03`, `010203` or `1:02:03.5 PM`; second 60 is 59."""
    digits = re.findall(r"\d+", text)
    if len(digits) == 1:
        digits = [digits[0][i : i + 2] for i in range(0, 6, 2)]
    hour, minute, second = (int(d) for d in digits[:3])
    micro = int(f"{digits[3]:0<6}"[:6]) if len(digits) > 3 else 0
    if half := re.search(r"([AaPp])\.?[Mm]", text):
        hour = hour % 12 + 12 * (half[1] in "Pp")
    return hour, minute, min(second, 59), micro


def _full_year(text: str) -> int:
    """A year of two digits is 1970 to 2069, as POSIX reads it."""
    return int(text) if len(text) == 4 else int(text) + (1900 if int(text) >= 70 else 2000)


def figures(order: str) -> Parse:
    """Three figures in an order such as `dmy` (two: without a year), then the clock."""

    def parse(text: str) -> datetime:
        match = _DATE[len(order)].match(text)
        if match is None:
            raise ValueError(text)
        part = dict(zip(order, match.groups(), strict=True))
        year = _full_year(part["y"]) if "y" in part else _NO_YEAR
        return datetime(year, int(part["m"]), int(part["d"]), *clock(text[match.end() :]))

    return parse


_DATE: Final = {3: re.compile(r"(\d+)\D(\d+)\D(\d+)"), 2: re.compile(r"(\d+)\D(\d+)")}
_WORDED: Final = re.compile(
    r"(?P<y1>\d{4} )?(?:(?P<d1>\d{1,2})[ ./-])?(?P<m>[A-Z][a-z]{2})[a-z]*(?:[ ./-]+(?P<rest>.*))?", re.DOTALL
)
_CLOCK_AT: Final = re.compile(r"(?<!\d)\d{1,2}:\d\d:\d\d(?:[.,:]\d+)?(?: ?[AaPp]\.?[Mm])?")


def worded(text: str) -> datetime:
    """A month by name, with the day before or after it and the year before, after, at the end, or nowhere."""
    found = _CLOCK_AT.search(text)
    if found is None:
        raise ValueError(text)
    month = _MONTHS[re.search(r"[A-Za-z]{3}", text[: found.start()])[0].lower()]  # type: ignore[index]
    before = re.findall(r"\d+", text[: found.start()])
    after = re.findall(r"\b\d{4}\b", text[found.end() :])
    years = [n for n in before if len(n) == 4] + after
    days = [n for n in before if len(n) < 4]
    year = _full_year(years[0]) if years else _full_year(days.pop()) if len(days) > 1 else _NO_YEAR
    return datetime(year, month, int(days[0]), *clock(found[0]))


def klog(text: str) -> datetime:
    """`1125 01:02:03` and `20261125 01:02:03`."""
    *year, month, day = re.findall(r"\d{4}(?=\d{4})|\d\d", text.split()[0])
    return datetime(int(year[0]) if year else _NO_YEAR, int(month), int(day), *clock(text.split()[1]))


def packed(text: str) -> datetime:
    """`20261125 01:02:03`, `261125 010203`, `20261125T010203`, `20261125010203`, `20261125-1:2:3`."""
    match = re.match(r"(\d{4}|\d\d)(\d\d)(\d\d)[ T_-]*(?=\d{6}|\d{1,2}:)", text)
    if match is None:
        raise ValueError(text)
    return datetime(_full_year(match[1]), int(match[2]), int(match[3]), *clock(text[match.end() :]))


def day_clock(text: str) -> datetime:
    """A clock alone."""
    return datetime(NO_DATE, 1, 1, *clock(text))


def no_date(text: str) -> datetime:
    """Of formats that count seconds."""
    raise ValueError(text)
