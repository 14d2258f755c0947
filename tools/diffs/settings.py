"""Settings in a line of code or of configuration: a name and its value, with durations in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aitia.tools.diffs.identifiers import snake

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "millisecond": 1e-3,
                 "milliseconds": 1e-3, "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0,
                 "hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0, "k": 1e3, "ki": 1024.0, "kb": 1e3,
                 "mi": 2.0**20, "mb": 1e6, "gi": 2.0**30, "gb": 1e9, "g": 1e9}  # fmt: skip
_TIMES_OF: Final = frozenset(_UNITS) - {"m", "k", "ki", "kb", "mi", "mb", "gi", "gb", "g"}
_NUMBER: Final = r"-?\d[\d_]{0,15}(?:\.\d{1,9})?"
# name: 15m, name = 40, "name": "2", NAME = 'x'; and, of numbers and switches alone, name(ctx, 15 * time.Second), name 1024;
_RELEASE: Final = r"v\d{1,5}\.\d[\w.+-]{0,40}|\d{1,5}\.\d{1,6}\.\d[\w.+-]{0,40}"
_TIMES: Final = rf"\*\s{{0,2}}(?:[A-Za-z]\w{{0,12}}\.)?(?:[A-Za-z]{{1,12}}|{_NUMBER})"
_AMOUNT: Final = rf"{_RELEASE}|{_NUMBER}\s{{0,2}}(?:{_TIMES}|[A-Za-z]{{1,7}}\b)?|\b(?:true|false|on|off)\b"
_PAIR: Final = re.compile(
    rf"""(?P<name>[A-Za-z][\w.-]{{1,60}})["'`]?(?:
    \s{{0,3}}(?::=|=>|==|[:=@])(?!=)\s{{0,3}}["'`^~]{{0,2}}(?P<value>{_AMOUNT}|[A-Za-z][\w./:-]{{0,60}})
    |(?:\(\s{{0,2}}(?:[a-z]\w{{0,12}},\s{{0,2}})?|\s{{1,3}})(?P<amount>{_AMOUNT}))""",
    re.VERBOSE | re.IGNORECASE,
)
_VALUE: Final = re.compile(
    rf"(?P<n>{_NUMBER})\s*(?:\*\s*(?:\w+\.)?)?(?P<u>[A-Za-z]*|{_NUMBER})", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A name in snake case, its value as written, and as a number where it is one."""

    name: str
    value: str
    number: float | None

    @property
    def is_time(self) -> bool:
        """Whether the value is a number with a unit of time."""
        match = _VALUE.fullmatch(self.value)
        return match is not None and match["u"].lower() in _TIMES_OF

    @property
    def version(self) -> tuple[int, int] | None:
        """Major and minor where the value is a version: of three numbers, or with a `v`."""
        match = re.match(r"v(\d+)\.(\d+)|(\d+)\.(\d+)\.\d", self.value)
        return (int(match[1] or match[3]), int(match[2] or match[4])) if match else None


def settings_of(line: str) -> Iterator[Setting]:
    """Each pair of a name and a value in a line."""
    at = 0
    while match := _PAIR.search(line, at):
        at = match.end("name")  # a value may be the name of the next pair
        value = (match["value"] or match["amount"]).strip()
        if name := snake(match["name"]):
            yield Setting(name=name, value=value, number=_number(value))


def _number(value: str) -> float | None:
    if value.lower() in ("true", "on", "false", "off"):
        return float(value.lower() in ("true", "on"))
    match = _VALUE.fullmatch(value)
    if match is None:
        return None
    number, unit = float(match["n"].replace("_", "")), match["u"].lower()
    if unit[:1].isdigit():
        return number * float(unit.replace("_", ""))
    return number * _UNITS[unit] if unit in _UNITS else number if not unit else None
