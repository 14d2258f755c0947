"""What lines above a table say of it: words and what they tell, legends of its columns, units and descriptions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.sources.exports.columns import Shape
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.words import called, data, folded
from aitia.tools.tags.equipment_words import mention_in
from aitia.tools.tags.names import machine_in

SAYS: Final = re.compile(
    r"[#\s]*([^\W\d_][^:=]{0,40}?)\s*(?:=|(?<!\d):|:(?!\d\d))\s*(\S.*)", re.S
)  # `Units: mm/s`
_START: Final = re.compile(
    r"(?:start|begin|trigger|recording start)\w*(?:[ _]of[ _]\w+|[ _]?(?:time|zeit|date))"
    r"|.{0,30}\b(?:start|started|begun|began|begin|beginn|debut|inicio)(?: (?:on|at|am))?$"
)
_LINE: Final = 400  # characters of a line above the table that are looked at
_TABLE: Final = (
    3  # cells of a line of names above the table that has a line of what they say below it, more than this
)
ENVIRONMENTS: Final = (
    "TOA5",
    "TOACI1",
)  # Campbell's ASCII formats: a line with the station, the logger, its program
_PLACE_AT: Final = 1  # the station in it
_TAG: Final = re.compile(r"(?=[^_.\\/]*[_.\\/])(?=.*[^\W\d_])[^\s,;:]{3,80}")
_WORDED: Final = re.compile(
    r"[A-Z][A-Z0-9]*\d[A-Z0-9]*\.[A-Z0-9_]+(?: [A-Z0-9_]+){1,2}"
)  # `AHU1.SUPPLY TEMP`
_APART: Final = re.compile(r"\t+| {2,}")  # a line above may be parted otherwise than the table
_UNIT_BELOW: Final = re.compile(r"(?i)(?:unit|einheit|unidad|unite)s?\s*[:=]\s*(\S.{0,20})")


def says(cell: str) -> bool:
    """Whether a cell is a word and what it says: `Time Source: IRIG-B`, `FID=R410`."""
    return SAYS.fullmatch(cell) is not None


def labels_above(above: Sequence[Sequence[str]]) -> dict[str, str]:
    """What lines above the table say: `Tag: FIC101`, `Einheit;m³/h`, several in one line."""
    told: dict[str, str] = {}
    for n, row in enumerate(above):
        if len(row) > _PLACE_AT and row[0] in ENVIRONMENTS:
            told["place"] = row[_PLACE_AT]
        cells = [c for c in row if c]
        pairs = [(m[1], [m[2], *cells[k + 1 :]]) for k, c in enumerate(cells) if (m := SAYS.fullmatch(c))]
        if not pairs and len(cells) > 1:
            pairs = [(cells[0].lstrip("# ").rstrip(" :="), cells[1:])]
            pairs += [
                (c, cells[k + 1 :])
                for k, c in enumerate(cells[:-1])
                if k > 1 and called(c, "unit", "preamble")
            ]
        below = list(above[n + 1]) if n + 1 < len(above) else []
        if len(cells) == 1 and cells[0].rstrip().endswith(":") and len(below) == 1 and not says(below[0]):
            pairs = [(cells[0].lstrip("# ").rstrip(" :"), below)]  # `Location:`, and what it says below
        if len(below) == len(row) > _TABLE and not any(
            map(looks_numeric, cells)
        ):  # names, and below each what it says
            pairs += [(c, [b]) for c, b in zip(row, below, strict=True) if c and b]
        for head, tail in pairs:
            tail = [re.split(r"\s{3,}|\t", tail[0])[0], *tail[1:]]  # another word and what it says may follow
            for role in data()["preamble"]:
                if (
                    role == "unit"
                    and called(head, role, "preamble")
                    and unit_named(tail[0]) is None
                    and (mention_in(tail[0]) or machine_in(tail[0]))
                ):
                    told.setdefault("asset", tail[0])  # `Unit: Reactor R-7`
                elif called(head, role, "preamble") or (role == "start" and _START.match(folded(head))):
                    told.setdefault(role, " ".join(tail) if role in ("start", "zone") else tail[0])
    return told


def align_units(shape: Shape) -> None:
    """Units and descriptions in a line further above, a cell for each column (`Y_Unit_Label` of LabVIEW)."""
    for row in (r for r in shape.above if len(r) > 2):
        for role in ("unit", "description"):
            if called(row[0], role):
                for column, cell in zip(shape.columns[1:], row[1:], strict=False):
                    setattr(column, role, getattr(column, role) or cell)
    _legend(shape)
    named = {_channel(c.name): c for c in shape.columns if c.role not in ("time", "ignore")}
    for row in shape.above:  # `Channel 1: Temperature (°C)` above a column `Ch 1`
        matches = [(c, SAYS.fullmatch(c)) for c in row if c]
        head, *rest = [part for c, found in matches for part in (found.groups() if found else (c,))]
        told = named.get(_channel(head))
        if told and rest and not told.description and not looks_numeric(rest[0]):
            told.description, unit = split_unit(rest[0])
            told.unit = told.unit or unit


def _legend(shape: Shape) -> None:
    """Lines above that begin with the name of a column and say what it is: `# 121837 00060 Discharge, cubic feet per second`."""
    columns = {folded(c.name): c for c in shape.columns if re.search(r"\d", c.name) and not c.description}
    for row, below in pairwise([*shape.above, []]):
        cells = [p for c in row for p in _APART.split(c) if p]
        if len(cells) == 1 == len(below) and (told := _UNIT_BELOW.fullmatch(below[0])):
            for column in shape.columns:  # `LEVEL`, and `UNIT: m` below it
                column.unit = column.unit or (told[1] if folded(column.name) == folded(cells[0]) else "")
        keyed = columns.get(folded(cells[0]).rstrip(": ")) if len(cells) > 1 else None
        if keyed is not None and (
            _TAG.fullmatch(cells[1]) or (keyed.role == "value" and _WORDED.fullmatch(cells[1]))
        ):
            keyed.name, keyed.description = cells[1], keyed.name  # `Point_1:,AH03.SAT`
            continue
        words = " ".join(cells)[:_LINE].lstrip("#; ").split()
        for most in (1, 2):
            named = columns.get(folded("_".join(words[:most]).rstrip(":=")))
            rest = " ".join(words[most:]).lstrip(":=- ")
            if named is not None and re.search(r"[^\W\d_]{3}", rest):
                named.description, unit = split_unit(rest)
                named.unit = named.unit or unit


def _channel(name: str) -> str:
    return re.sub(r"^(?:channel|kanal|canal|canale|sensor|ch)\W*(?=\d)", "ch", folded(name).rstrip(": "))
