"""Series of stations and meters in texts of their own: ZRXP of KISTERS WISKI, and load profiles read out by IEC 62056-21."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from aitia.tools.sources.exports.limits import check_cells
from aitia.tools.sources.exports.meter_messages import HEAD

_KNOWN: Final = ("RINVAL", "LAYOUT", "SNAME", "CNAME", "CUNIT", "SANR", "CNR", "TZ", "TSPATH", "SWATER")
_PROFILE: Final = re.compile(
    r"P\.\d{1,2}\((\d{12,13})\)\([^)]{0,20}\)\((\d{1,3})\)\((\d{1,2})\)((?:\([^)]{0,40}\)){1,80})"
)
_CELLS: Final = re.compile(r"\(([^)]{0,40})\)")
_METER: Final = re.compile(r"(?:\d-\d:)?(?:0\.0\.[01]|96\.1\.0|C\.1\.0)(?:\*255)?\(([^)]{1,60})\)")
Rows = list[list[str]]


def is_zrxp(text: str) -> bool:
    """Whether a text begins with a header of ZRXP: labels parted by `|*|` or `|;*;|`."""
    return (
        re.match(r"\ufeff?\s*(?:##[^\n]*\n)*#[A-Z]", text) is not None
        and re.search(r"\|(?:;?\*;?)\|", text[:2000]) is not None
    )


def zrxp_rows(text: str) -> Rows:
    """The samples of all blocks, each with what its own header says. Raises ValueError where there are none."""
    rows: Rows = []
    told: dict[str, str] = {}
    fresh = False
    for line in text.splitlines():
        if line.startswith("##") or not line.strip():
            continue
        if line.startswith("#"):
            told = told if fresh else {}
            fresh = True
            for label in re.split(r"\|;?\*;?\|", line[1:]):
                if key := next((k for k in _KNOWN if label.startswith(k)), ""):
                    told[key] = label[len(key) :].strip()
            continue
        fresh = False
        columns = [c.strip() for c in told.get("LAYOUT", "(timestamp,value)").strip("() ").split(",")]
        cells = dict(zip(columns, line.split(), strict=False))
        stamp, value = cells.get("timestamp", ""), cells.get("value", "")
        if not re.fullmatch(r"\d{12}(?:\d\d)?", stamp):
            continue
        time = datetime.strptime(stamp.ljust(14, "0"), "%Y%m%d%H%M%S").isoformat()
        zone = re.fullmatch(r"(?:UTC|GMT)([+-]?)(\d{1,2})", told.get("TZ", ""))
        time += f"{zone[1] or '+'}{int(zone[2]):02d}:00" if zone else ""
        missing = value == told.get("RINVAL", "-777")
        name = told.get("CNAME") or told.get("CNR") or "value"
        tag = f"{told['SANR']}.{name}" if told.get("SANR") else name
        station = told.get("SNAME") or told.get("SANR", "")
        rows.append(
            [
                time,
                station,
                tag,
                "" if missing else value,
                told.get("CUNIT", ""),
                "bad" if missing else "good",
            ]
        )
        check_cells(len(rows), len(HEAD))
    if not rows:
        raise ValueError("it holds no samples")
    return [list(HEAD), *rows]


def is_profile(text: str) -> bool:
    """Whether a text is the readout of a meter with a load profile."""
    return re.match(r"\ufeff?[\s\x02]*/[A-Za-z]{3}", text) is not None and _PROFILE.search(text) is not None


def profile_rows(text: str) -> Rows:
    """The values of all load profiles, a row for each register and interval. Raises ValueError where there are none.

    A profile's head tells when its first value stands, minutes from one to the next, and each register with its unit.
    """
    rows: Rows = []
    meter = found[1] if (found := _METER.search(text)) else ""
    begun, step, registers, n = None, 0, list[tuple[str, str]](), 0
    for line in text.splitlines():
        if head := _PROFILE.match(line.strip()):
            cells = _CELLS.findall(head[4])
            begun, n = (
                datetime.strptime(head[1][-12:], "%y%m%d%H%M%S"),
                0,
            )  # a season's digit may stand before
            step, registers = int(head[2]), list(zip(cells[::2], cells[1::2], strict=False))[: int(head[3])]
        elif begun is not None and line.lstrip().startswith("("):
            time = (begun + timedelta(minutes=step * n)).isoformat()
            for (register, unit), value in zip(registers, _CELLS.findall(line), strict=False):
                rows.append([time, meter, register, value, unit, "good"])
            check_cells(len(rows), len(HEAD))
            n += 1
    if not rows:
        raise ValueError("it holds no values of a load profile")
    return [list(HEAD), *rows]
