"""Text measurements of LabVIEW (`.lvm`): segments with a start and a step of their own, as rows with whole times.

Source: National Instruments, "Specification for the LabVIEW Measurement File (.lvm)".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aitia.tools.sources.exports.limits import check_cells

_END: Final = "***End_of_Header***"
_MARKS: Final = {"tab": "\t", "comma": ",", "semicolon": ";"}
_FIRST: Final = "LabVIEW Measurement"
_MOST_CHANNELS: Final = 4_000
_ABOVE: Final = ("Description", "Project", "Operator")


def is_lvm(text: str) -> bool:
    """Whether a text begins as such a file."""
    return text.lstrip("\ufeff \t\r\n").startswith(_FIRST)


def lvm_rows(text: str) -> list[list[str]]:
    """What the header says, names and units of the channels, then a row for each sample: its time, then the channels.

    Times are as the file has them, without a zone. Raises ValueError where a segment has no start or too many channels.
    """
    lines = text.splitlines()
    whole, at = _header(lines, 0, "")
    mark = _MARKS.get((whole.get("Separator") or ["tab"])[0].strip().casefold(), "\t")
    comma = (whole.get("Decimal_Separator") or ["."])[0].strip() == "," and mark != ","
    columns = (whole.get("X_Columns") or ["One"])[0].strip().casefold()
    names: list[str] = []
    units: list[str] = []
    body: list[list[str]] = []
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        told, at = _header(lines, at, mark)
        if at >= len(lines):
            break
        count = int((told.get("Channels") or ["0"])[0] or 0)
        if not 0 < count <= _MOST_CHANNELS:
            raise ValueError(f"it has {count} channels, not 1 to {_MOST_CHANNELS:,}")
        heads = lines[at].split(mark)
        cells = [2 * n + 1 for n in range(count)] if columns == "multi" else list(range(1, count + 1))
        names = names or [heads[c].strip() if c < len(heads) else f"column {c}" for c in cells]
        units = units or [*told.get("Y_Unit_Label", []), *[""] * count][:count]
        begun = _start(told) or _start(whole)
        if begun is None:
            raise ValueError("no day and time of its start are told")
        first, step = (_number((told.get(k) or ["0"])[0], comma=comma) for k in ("X0", "Delta_X"))
        at, n = at + 1, 0
        while at < len(lines) and lines[at].strip() and not lines[at].startswith(("Channels", _END)):
            row = lines[at].split(mark)
            x = first + n * step if columns == "no" or not row[0].strip() else _number(row[0], comma=comma)
            time = (begun + timedelta(seconds=x)).isoformat(sep=" ")
            values = [row[c].strip() if c < len(row) else "" for c in cells]
            body.append([time, *((v.replace(",", ".") if comma else v) for v in values)])
            check_cells(len(body), count + 1)
            at, n = at + 1, n + 1
    if not body:
        raise ValueError("it holds no samples")
    said = [[k, v[0]] for k in _ABOVE if (v := whole.get(k)) and v[0]]
    return [*said, ["time", *(f"{n} [{u}]" if u else n for n, u in zip(names, units, strict=True))], *body]


def _header(lines: Sequence[str], at: int, mark: str) -> tuple[dict[str, list[str]], int]:
    """What a header says, and the line behind it."""
    told: dict[str, list[str]] = {}
    while at < len(lines) and not lines[at].startswith(_END):
        name, *cells = re.split(r"[\t,;]", lines[at], maxsplit=1) if not mark else lines[at].split(mark)
        told.setdefault(name.strip(), [c.strip() for c in cells])
        at += 1
    return told, at + 1


def _start(told: dict[str, list[str]]) -> datetime | None:
    day, clock = ((told.get(k) or [""])[0] for k in ("Date", "Time"))
    found = re.fullmatch(
        r"(\d{4})/(\d{1,2})/(\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,20}))?", f"{day} {clock}"
    )
    if found is None:
        return None
    year, month, date, hour, minute, second = (int(found[n]) for n in range(1, 7))
    return datetime(year, month, date, hour, minute, second) + timedelta(seconds=float(f"0.{found[7] or 0}"))


def _number(text: str, *, comma: bool) -> float:
    value = float(text.replace(",", ".") if comma else text)
    if not abs(value) < 1e10:
        raise ValueError(f"{text[:40]!r} is no number of seconds")
    return value
