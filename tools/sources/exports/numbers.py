"""Numbers as exports write them: decimal comma or point, separators of thousands, a unit behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.tools.meaning.unit_table import unit_named

_BLANKS: Final = re.compile(r"[\u00a0\u202f\u2007\u2009 '\u2019]")
_NUMBER: Final = re.compile(
    r"[+\-\u2212]?\s*(?:\d[\d.,'\u2019\u00a0\u202f\u2007\u2009 ]*|[.,]\d+)(?:[eE][+-]?\d+)?"
)
_WITH_UNIT: Final = re.compile(rf"({_NUMBER.pattern})\s*([^\d\s+\-.,][^\d]{{0,9}}[^\s]{{0,3}})")
_AFTER: Final = re.compile(r"(\d[\d.,]*)\s*-")  # SAP writes the sign of a negative number behind it
_MARKED: Final = re.compile(rf"({_NUMBER.pattern})\s*[*?!]")
_COMMA: Final = re.compile(
    r"[+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2}|\d+,\d{4,}|0,\d+|\d{4,},\d+|,\d+)(?:[eE].*)?"
)
_POINT: Final = re.compile(
    r"[+-]?(?:\d{1,3}(?:,\d{3})+\.\d+|\d+\.\d{1,2}|\d+\.\d{4,}|0\.\d+|\d{4,}\.\d+|\.\d+)(?:[eE].*)?"
)
_APART: Final = re.compile(r"[+-]?\d{1,3}(?:['\u2019\u00a0\u202f\u2009 ]\d{3})+(?:[.,]\d+)?")
_MEASURED: Final = re.compile(
    rf"({_NUMBER.pattern})\s*([^\W\d_%°]?[^\d;,]{{1,14}}|[^\W\d_]{{1,3}}[23](?:/[^\W\d_]{{1,4}})?)"
)
_EITHER: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}")
_GROUPS_OF_POINTS: Final = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")


@dataclass(frozen=True)
class Notation:
    """How numbers are written: whether a comma stands before the decimals, and whether that was told by cells."""

    comma: bool = False
    thousands: bool = False


def notation_of(cells: Iterable[str], *, commas_part: bool) -> Notation:
    """The notation of most cells. `commas_part`: commas part the columns, so that a cell with one has it for its thousands."""
    comma = point = either_comma = groups = 0
    for cell in cells:
        text = _BLANKS.sub("", cell)
        groups += text != cell and bool(_APART.fullmatch(cell.strip()))
        if "," in text or "." in text:
            comma += bool(_COMMA.fullmatch(text) or _GROUPS_OF_POINTS.fullmatch(text))
            point += bool(_POINT.fullmatch(text) or _GROUPS.fullmatch(text))
            either_comma += bool(_EITHER.fullmatch(text) and "," in text)
            groups += bool(
                ("," in text and "." in text) or _GROUPS.fullmatch(text) or _GROUPS_OF_POINTS.fullmatch(text)
            )
    if comma != point:
        return Notation(comma > point, bool(groups))
    return Notation(bool(either_comma) and not commas_part, bool(groups or (either_comma and commas_part)))


def number(cell: str, notation: Notation) -> float | None:
    """The number in a cell; None where it is none."""
    try:
        if not notation.comma or "," not in cell:
            value = float(cell)
            if not notation.comma or not _EITHER.fullmatch(cell.strip()) or "." not in cell:
                return value if "_" not in cell else None
    except ValueError:
        pass
    if found := _AFTER.fullmatch(cell.strip()):
        cell = f"-{found[1]}"
    if not _NUMBER.fullmatch(cell.strip()):
        return None
    text = _BLANKS.sub("", re.sub(r"\s", "", cell)).replace("\u2212", "-")
    if notation.comma:
        if "," in text or _EITHER.fullmatch(text) or _GROUPS_OF_POINTS.fullmatch(text):
            text = (
                text.replace(".", "")
                if text.count(".") != 1 or "," in text or _EITHER.fullmatch(text)
                else text
            )
        text = text.replace(",", ".")
    elif "," in text:
        grouped = bool(re.fullmatch(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?(?:[eE].*)?", text))
        if not grouped and (text.count(",") > 1 or "." in text):
            return None
        text = text.replace(",", "" if grouped else ".")  # `8,1` typed by hand among points
    try:
        return float(text)
    except ValueError:
        return None


def number_and_unit(cell: str, notation: Notation) -> tuple[float | None, str, bool]:
    """Number, unit behind it, and whether the number is marked as doubtful (`12.3?`, as PI writes it)."""
    value = number(cell, notation)
    if value is not None:
        return value, "", False
    text = cell.strip()
    if found := _MARKED.fullmatch(text):
        return number(found[1], notation), "", True
    found = _WITH_UNIT.fullmatch(text)
    if found and unit_named(found[2]) is not None:
        return number(found[1].strip(), notation), found[2].strip(), False
    return None, "", False


def number_and_word(cell: str, notation: Notation) -> tuple[float | None, str]:
    """Number and what stands behind it, which is no known unit: `34.9 %H`."""
    found = _WITH_UNIT.fullmatch(cell.strip())
    return (number(found[1].strip(), notation), found[2].strip()) if found else (None, "")


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number in any notation."""
    return bool(
        _NUMBER.fullmatch(cell.strip()) or _AFTER.fullmatch(cell.strip())
    ) or cell.strip().lower() in ("nan", "inf", "-inf")


def are_measured(cells: Sequence[str]) -> bool:
    """Whether most cells are numbers, with a unit behind them (`56.8 deg F`) or not; `01 DE`, `02 NDE` are names."""
    if 2 * sum(map(looks_numeric, cells)) >= len(cells):
        return True
    parts = [found.groups() for c in cells if (found := _MEASURED.fullmatch(c.strip()))]
    if 2 * sum(unit_named(unit) is not None and len(unit) > 1 for _, unit in parts) >= len(cells):
        return True
    units, numbers = len({unit for _, unit in parts}), len({number for number, _ in parts})
    return 2 * len(parts) >= len(cells) and numbers >= min(3, len(cells)) * units
