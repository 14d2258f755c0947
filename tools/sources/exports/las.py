"""Log ASCII Standard 1.2 and 2.0 (Canadian Well Logging Society): sections behind `~`, a line for each curve, then columns."""

from __future__ import annotations

import re
from typing import Final

_BEGIN: Final = re.compile(r"\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n){0,200}[ \t]*~V", re.I)
_LINE: Final = re.compile(r"\s*([^.\s:]{1,64})\s*\.(\S{0,32})(?:\s+([^\n]*))?")
_MOST_CURVES: Final = 4_000
_MARKS: Final = {"COMMA": ",", "TAB": "\t"}
_OWNERS: Final = ("WELL", "RIG")
_SECONDS: Final = frozenset({"s", "sec", "secs", "seconds", "second", "ms", "min", "h", "hr"})
_DAYS: Final = ("DATE", "SDAT", "STDT")
_CLOCKS: Final = ("STIM", "TIME", "STME")  # of the first sample


def is_las(text: str) -> bool:
    """Whether a text begins with the version section of such a log."""
    return _BEGIN.match(text) is not None


def las_rows(text: str) -> list[list[str]]:
    """The well, then names, units and descriptions of the curves, then the data; missing values are empty.

    Raises ValueError where the log names no curve or more than a sheet may have columns.
    """
    said: dict[str, str] = {}
    curves: list[tuple[str, str, str]] = []
    data: list[list[str]] = []
    section, wrapped = "", list[str]()
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("~"):
            section = bare[1:2].upper()
        elif not bare or bare.startswith("#"):
            continue
        elif section == "A":
            cells = [c.strip() for c in line.split(_MARKS.get(said.get("DLM", "")))]
            if said.get("WRAP", "").startswith("Y"):
                wrapped += cells
                cells, wrapped = (wrapped, []) if len(wrapped) >= len(curves) else ([], wrapped)
            if cells:
                data.append(["" if c == said.get("NULL") else c for c in cells])
        elif found := _LINE.match(line):
            value, _, description = (found[3] or "").rpartition(":")
            if section == "C":
                curves.append((found[1], found[2].rstrip(":"), description.strip()))
            else:
                said.setdefault(
                    found[1].upper(), value.strip() or (description.strip() if section == "W" else "")
                )
    if not 0 < len(curves) <= _MOST_CURVES:
        raise ValueError(f"it has {len(curves)} curves, not 1 to {_MOST_CURVES:,}")
    names, units, descriptions = zip(*curves, strict=True)
    timed = units[0].casefold() in _SECONDS or re.match(r"e?tim", names[0], re.I) is not None
    owner = next((v for k in _OWNERS if (v := said.get(k, ""))), "")
    day, clock = (next((v for k in of if (v := said.get(k, ""))), "") for of in (_DAYS, _CLOCKS))
    if relative := timed and units[0].casefold() in _SECONDS and bool(day):
        names = (f"Elapsed time [{units[0]}]", *names[1:])
    return [
        *([["Well", owner]] if owner else []),
        *([["Start", f"{day} {clock or '00:00:00'}"]] if relative else []),
        list(names),
        ["" if relative else "Unit", *units[1:]],
        ["" if relative else "Description", *descriptions[1:]],
        *data,
    ]
