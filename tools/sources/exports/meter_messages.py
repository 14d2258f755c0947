"""Messages of meters with standards of their own, as rows of time, meter, register, value, unit and quality.

EDIFACT MSCONS (UN/CEFACT; load profiles of German networks), NEM12 (AEMO's Meter Data File Format), and Green Button
(ESPI of NAESB REQ.21). A value stands at the start of its interval, as the message tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aitia.tools.sources.exports.limits import check_cells

HEAD: Final = ("time", "meter", "tag", "value", "unit", "quality")
_UNIT: Final = {
    "38": "m3",
    "42": "ft3",
    "61": "VA",
    "63": "var",
    "71": "VAh",
    "72": "Wh",
    "73": "varh",
    "29": "V",
    "5": "A",
    "33": "Hz",
    "23": "°C",
}
_MINUTES: Final = 1440
_BAD: Final = {"20": "bad", "67": "uncertain", "201": "uncertain"}  # of QTY: not usable, substituted
_LONGEST: Final = 200  # characters of a segment that is read
Rows = list[list[str]]


def is_edifact(text: str) -> bool:
    """Whether a text is an EDIFACT message of metered values."""
    return re.match(r"\ufeff?\s*(?:UNA.{6}\s*)?UNB\+", text) is not None and "MSCONS" in text[:4000]


def edifact_rows(text: str) -> Rows:
    """The quantities of an MSCONS message. Raises ValueError where it holds none."""
    una = re.match(r"\ufeff?\s*UNA(.)(.).(.).(.)", text, re.S)
    part, plus, escape, end = una.groups() if una else (":", "+", "?", "'")
    rows: Rows = []
    meter = register = ""
    value: list[str] = []
    for segment in _split(text[una.end() if una else 0 :], end, escape):
        if len(segment) > _LONGEST:
            continue
        fields = [_split(f, part, escape) for f in _split(segment.strip(), plus, escape)]
        kind = fields[0][0]
        if kind == "LOC" and len(fields) > 2:
            meter, register = _plain(fields[2][0], escape), ""
        elif kind == "LIN":
            register = ""
        elif kind == "PIA" and len(fields) > 2:
            register = _plain(fields[2][0], escape)
        elif kind == "QTY" and len(fields) > 1 and len(fields[1]) > 1:
            value = fields[1]
        elif kind == "DTM" and value and len(fields) > 1 and fields[1][0] in ("163", "7", "9"):
            if stamp := _stamp(_plain(fields[1][1] if len(fields[1]) > 1 else "", escape)):
                unit = value[2] if len(value) > 2 else ""
                rows.append([stamp, meter, register or "value", value[1], unit, _BAD.get(value[0], "good")])
                check_cells(len(rows), len(HEAD))
            value = []
    if not rows:
        raise ValueError("it holds no quantity with a time")
    return [list(HEAD), *rows]


def _split(text: str, mark: str, escape: str) -> list[str]:
    return re.split(rf"(?<!{re.escape(escape)}){re.escape(mark)}", text) if mark != escape else [text]


def _plain(text: str, escape: str) -> str:
    return text.replace(escape, "")


def _stamp(text: str) -> str:
    """`202401302300+00` of format 303 as ISO 8601."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:\d\d)?(?:([+-]\d\d)(\d\d)?|UTC|ZZZ)?", text)
    if found is None:
        return ""
    zone = f"{found[6]}:{found[7] or '00'}" if found[6] else ""
    return f"{found[1]}-{found[2]}-{found[3]}T{found[4]}:{found[5]}:00{zone}"


def is_nem(text: str) -> bool:
    """Whether a text is a file of interval data of Australia's market."""
    return re.match(r"\ufeff?\s*100,NEM1[23],", text) is not None


def nem_rows(text: str) -> Rows:
    """The intervals of a NEM12 file, times without a zone. Raises ValueError for intervals that divide no day."""
    rows: Rows = []
    meter = register = unit = ""
    step, day, begun = 0, None, 0
    for line in text.splitlines():
        cells = [c.strip() for c in line.split(",")]
        if cells[0] == "200" and len(cells) > 8:
            meter, register, unit = cells[1], cells[4] or cells[3], cells[7]
            step = int(cells[8]) if cells[8].isdecimal() and len(cells[8]) < 5 else 0
            if not step or _MINUTES % step:
                raise ValueError(f"an interval of {cells[8][:20]!r} minutes divides no day")
        elif cells[0] == "300" and step and len(cells) > 1:
            day, begun = datetime.strptime(cells[1], "%Y%m%d"), len(rows)
            count = _MINUTES // step
            quality = cells[2 + count] if len(cells) > 2 + count else ""
            for n, value in enumerate(cells[2 : 2 + count]):
                time = (day + timedelta(minutes=step * n)).isoformat()
                rows.append([time, meter, f"{meter} {register}", value, unit, _nem_quality(quality)])
            check_cells(len(rows), len(HEAD))
        elif cells[0] == "400" and day and len(cells) > 3 and cells[1].isdecimal() and cells[2].isdecimal():
            for n in range(max(1, int(cells[1][:4])), min(int(cells[2][:4]), _MINUTES // step) + 1):
                if begun + n <= len(rows):
                    rows[begun + n - 1][5] = _nem_quality(cells[3])
    if not rows:
        raise ValueError("it holds no intervals")
    return [list(HEAD), *rows]


def _nem_quality(flag: str) -> str:
    return {"N": "bad", "E": "uncertain", "S": "uncertain", "F": "uncertain"}.get(flag[:1], "good")


def is_espi(text: str) -> bool:
    """Whether an XML text is of Green Button."""
    return "naesb.org/espi" in text[:20_000]


def espi_rows(held: Mapping[str, Any]) -> Rows:
    """The readings of a feed, from its elements as objects. Raises ValueError where it holds none."""
    feed = held.get("feed", held)
    entries = [
        e for e in _each(feed.get("entry") if isinstance(feed, Mapping) else None) if isinstance(e, Mapping)
    ]
    owner, types, meters = "", dict[str, Mapping[str, Any]](), dict[str, tuple[str, str]]()
    rows: Rows = []
    for entry in entries:
        content = entry.get("content")
        links = [
            (str(x.get("rel", "")), str(x.get("href", "")))
            for x in _each(entry.get("link"))
            if isinstance(x, Mapping)
        ]
        own = next((href for rel, href in links if rel == "self"), "")
        if not isinstance(content, Mapping):
            continue
        if "UsagePoint" in content:
            owner = owner or str(entry.get("title", ""))
        elif isinstance(kind := content.get("ReadingType"), Mapping):
            types[own] = kind
        elif "MeterReading" in content:
            kind_at = next((href for rel, href in links if rel == "related" and "/ReadingType/" in href), "")
            meters[own] = (str(entry.get("title", "")), kind_at)
    for entry in entries:
        content = entry.get("content")
        hrefs = [str(x.get("href", "")) for x in _each(entry.get("link")) if isinstance(x, Mapping)]
        blocks = content.get("IntervalBlock") if isinstance(content, Mapping) else None
        own = next((m for m in meters if any(h.startswith(f"{m}/") for h in hrefs)), next(iter(meters), ""))
        title, kind_at = meters.get(own, ("", ""))
        kind = types.get(kind_at) or next(iter(types.values()), {})
        scale = _power(kind.get("powerOfTenMultiplier"))
        for block in _each(blocks):
            for reading in _each(block.get("IntervalReading") if isinstance(block, Mapping) else None):
                rows += _reading(reading, owner, title or "value", scale, _UNIT.get(str(kind.get("uom")), ""))
    if not rows:
        raise ValueError("it holds no readings")
    return [list(HEAD), *rows]


def _reading(reading: Any, owner: str, title: str, scale: int, unit: str) -> Iterator[list[str]]:
    period = reading.get("timePeriod") if isinstance(reading, Mapping) else None
    start, value = (
        (str(x) for x in (period.get("start", ""), reading.get("value", "")))
        if isinstance(period, Mapping)
        else ("", "")
    )
    if re.fullmatch(r"\d{1,11}", start) and re.fullmatch(r"-?\d{1,18}", value):
        time = datetime.fromtimestamp(int(start), UTC).isoformat()
        yield [time, owner, title, f"{value}e{scale}" if scale else value, unit, "good"]


def _power(text: Any) -> int:
    return int(text) if isinstance(text, str) and re.fullmatch(r"-?\d{1,2}", text) else 0


def _each(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [] if held is None else [held]
