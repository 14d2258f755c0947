"""Timestamps of log lines: a table of formats, each a pattern and the readings that its figures allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from aitia.tools.text.headers.dates import Parse, day_clock, figures, iso, klog, no_date, packed, worded

_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
DAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
_CLOCK: Final = r"\d{1,2}:\d\d:\d\d"
_TWELVE: Final = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})? ?[AaPp]\.?[Mm]\b\.?"
FRACTION: Final = r"(?:(?:[.,]|:(?=\d{3}(?!\d)))(?P<frac>\d{1,9})(?!\d))?"
_MINUTES: Final = (
    "UTC 0 GMT 0 WET 0 WEST 60 BST 60 CET 60 CEST 120 EET 120 EEST 180 MSK 180 IST 330 SGT 480 HKT 480 JST 540 "
    "KST 540 AEST 600 AEDT 660 EST -300 EDT -240 CST -360 CDT -300 MST -420 MDT -360 PST -480 PDT -420"
)
ABBREVIATIONS: Final[Mapping[str, int]] = MappingProxyType(
    {name: int(minutes) for name, minutes in re.findall(r"([A-Z]+) (-?\d+)", _MINUTES)}
)  # minutes east of UTC
_ABBREVIATED: Final = "|".join(sorted(ABBREVIATIONS, key=lambda name: -len(name)))
ZONE: Final = rf"(?P<tz> ?(?:Z|(?:UTC|GMT) ?[+-]\d{{1,2}}(?::?\d\d)?|{_ABBREVIATED}|[+-]\d\d:?\d\d|[+-]\d\d(?=[\s\]]))(?!\w))?"


@dataclass(frozen=True, kw_only=True)
class Format:
    """One timestamp format. `pattern` has the groups ts (to the second), and optionally frac, tz and level.

    `readings` are the orders of day, month and year that its figures allow, the default first; each gives a naive
    time, in the year 4 where the text has no year and in the year 1 where it has no date. `weak` formats could be
    other numbers and need more votes. `seconds`: ts counts seconds, from 1970 or from the boot (`uptime`).
    """

    name: str
    pattern: str
    readings: Mapping[str, Parse]
    weak: bool = False
    year: bool = True
    date: bool = True
    absolute: bool = False
    uptime: bool = False
    seconds: bool = False


def _one(name: str, pattern: str, parse: Parse, **more: object) -> Format:
    return Format(name=name, pattern=pattern, readings={"": parse}, **more)  # type: ignore[arg-type]


def _numeric() -> list[Format]:
    """Dates of figures: year first, day or month first, two-digit years, no year."""
    made = []
    join = r"(?:[T _:,;|\t]| - |, | {2,3})"
    for sep, known in (("-", "-"), ("/", "/"), (".", r"\.")):
        ymd = rf"\d{{4}}{known}\d{{1,2}}{known}\d{{1,2}}"
        long = rf"\d{{1,2}}{known}\d{{1,2}}{known}\d{{4}}"
        short = rf"\d{{1,2}}{known}\d{{1,2}}{known}\d\d"
        pair = rf"\d{{1,2}}{known}\d{{1,2}}" + (r"\.?" if sep == "." else "")
        orders = {o: figures(o) for o in (("mdy", "dmy") if sep == "/" else ("dmy", "mdy"))}
        triples = {o: figures(o) for o in (("dmy", "mdy", "ymd") if sep == "." else ("ymd", "mdy", "dmy"))}
        pairs = {o: figures(o) for o in (("dm", "md") if sep == "." else ("md", "dm"))}
        for tail, rest in ((_TWELVE, ""), (_CLOCK, FRACTION)):
            end = ")" + rest + ZONE
            parse = iso if sep == "-" and rest else figures("ymd")
            made += [
                _one(f"Y{sep}M{sep}D", f"(?P<ts>{ymd}{join}{tail}{end}", parse),
                Format(name=f"D{sep}M{sep}Y", pattern=f"(?P<ts>{long}{join}{tail}{end}", readings=orders),
                Format(
                    name=f"two-digit year with {sep}",
                    pattern=f"(?P<ts>{short}{join}{tail}{end}",
                    readings=triples,
                ),
                Format(
                    name=f"M{sep}D without a year",
                    pattern=f"(?P<ts>{pair}[ T]{tail}{end}",
                    readings=pairs,
                    year=False,
                ),
            ]
    return made


_ISO: Final = rf"(?P<ts>\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d){FRACTION}{ZONE}"
FORMATS: Final[tuple[Format, ...]] = (
    _one("ISO 8601", _ISO, iso),
    _one("Y-M-D-h.m.s", r"(?P<ts>\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d)" + FRACTION, figures("ymd")),
    *_numeric(),
    _one("CLF", rf"(?P<ts>\d\d/{_MONTH}/\d{{4}}[: ]{_CLOCK}){FRACTION}{ZONE}", worded),
    _one(
        "asctime",
        rf"{DAY}(?P<ts>{_MONTH} +\d{{1,2}} {_CLOCK}(?:\.\d+)?(?: (?:{_ABBREVIATED}))? (?:19|20)\d\d)(?!\d)",
        worded,
    ),
    *(
        _one(name, rf"{DAY}(?P<ts>{date}(?: at |, |[ :T]){tail}){rest}{ZONE}", worded)
        for tail, rest in ((_TWELVE, ""), (_CLOCK, FRACTION))
        for name, date in (
            ("month D Y", rf"{_MONTH} +\d{{1,2}},? \d{{4}}"),
            ("D month Y", rf"\d{{1,2}}[ ./-]{_MONTH}[ ./-]\d{{2,4}},?"),
            ("Y month D", rf"\d{{4}} {_MONTH} +\d{{1,2}}"),
        )
    ),
    _one("BSD syslog", rf"{DAY}(?P<ts>{_MONTH} +\d{{1,2}} {_CLOCK}){FRACTION}{ZONE}", worded, year=False),
    _one("D month without a year", rf"(?P<ts>\d{{1,2}}[ /-]{_MONTH} {_CLOCK}){FRACTION}", worded, year=False),
    _one("glog", rf"(?P<level>[IWEFDC])(?P<ts>\d{{8}} {_CLOCK}){FRACTION}", klog),
    _one("klog", rf"(?P<level>[IWEFDC])(?P<ts>\d{{4}} {_CLOCK}){FRACTION}", klog, year=False),
    _one(
        "YMD h:m:s",
        r"(?P<ts>\d{8}[-T_ ]\d{1,2}:\d{1,2}:\d{1,2})(?:[.,:](?P<frac>\d{1,9}))?" + ZONE,
        packed,
    ),
    _one("YMDThms", r"(?P<ts>20\d{6}[T_ -]?\d{6})(?:[.,]?(?P<frac>\d{1,9}))?" + ZONE, packed),
    _one("yymmdd h:m:s", rf"(?P<ts>\d{{6}} {{1,2}}{_CLOCK}){FRACTION}", packed),
    _one("yymmdd hhmmss", r"(?P<ts>\d{6} \d{6})(?=\s)", packed, weak=True),
    _one("TAI64N", r"@(?P<ts>4[0-9a-f]{15}[0-9a-f]{8})", no_date, absolute=True),
    *(
        _one(
            f"epoch {unit}",
            rf"(?P<ts>1\d{{9}}){fraction}(?=[\s\]|,:;\")])",
            no_date,
            weak=True,
            absolute=True,
            seconds=True,
        )
        for unit, fraction in (
            ("s", r"(?:\.(?P<frac>\d{1,9}))?"),
            ("ms", r"(?P<frac>\d{3})"),
            ("µs", r"(?P<frac>\d{6})"),
            ("ns", r"(?P<frac>\d{9})"),
        )
    ),
    _one("clock", rf"(?P<ts>{_TWELVE})", day_clock, weak=True, year=False, date=False),
    _one("clock", rf"(?P<ts>{_CLOCK}){FRACTION}", day_clock, weak=True, year=False, date=False),
    _one(
        "uptime",
        r"(?<=\[)(?P<ts> *\d{1,9})\.(?P<frac>\d{3,9})(?=\])",
        no_date,
        weak=True,
        year=False,
        date=False,
        uptime=True,
        seconds=True,
    ),
)


def readings_that_fit(form: Format, texts: Sequence[str]) -> list[tuple[int, str, Parse]]:
    """The readings under which every text is a date, each with how often time goes backwards; the default first."""
    found = []
    for order, parse in form.readings.items():
        try:
            times = [parse(text) for text in texts]
        except (ValueError, KeyError, OverflowError):
            continue
        naive = [t.replace(tzinfo=None) for t in times]
        found.append((sum(b < a for a, b in pairwise(naive)), order, parse))
    return found
