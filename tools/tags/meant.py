"""What a tag measures, and in which unit: by its words, its letters after ISA-5.1 or KKS, and its unit."""

from __future__ import annotations

import re
from typing import Final

from aitia.tools.meaning.electrical_names import electrical_quantity
from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.meaning.plant_words import quantity_in, quantity_of_word
from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.tags.point import Point

PLANT: Final = frozenset(
    {"temperature", "pressure", "flow", "level", "vibration", "speed", "current", "voltage", "power", "power_factor", "energy",
     "position",
     "humidity", "concentration", "force", "frequency", "setting", "state", "age", "count"}
)  # fmt: skip
_KKS: Final = {"CP": "pressure", "CT": "temperature", "CF": "flow", "CL": "level", "CS": "speed",
                "CY": "vibration", "CE": "current", "CG": "position", "CQ": "concentration"}  # fmt: skip
_IED: Final = re.compile(r"^[\w-]+/[A-Z]{3,9}\d*[.$](\w+)")
_IEC_61850: Final = {
    "Pos": "state", "Op": "state", "Str": "state", "Pres": "pressure", "Flw": "flow", "Lev": "level", "Hum": "humidity",
    "Spd": "speed", "RotSpd": "speed", "Vbr": "vibration",
}  # fmt: skip
"""Data objects of IEC 61850-7-4 by what they measure, beside the electrical ones."""
_LETTERS: Final = re.compile(r"[TPFLIWVSA][IRTC]")  # of an instrument, apart from its number
_LEFT: Final = ("setting", "state")  # told by words, never by a unit
_ALIKE: Final = frozenset({("frequency", "speed"), ("age", "time")})


def meaning_of(point: Point, name: str) -> tuple[str, str]:
    """Quantity and unit: words and unit must agree, a unit that tells one quantity decides, a set point or state stays one."""
    unit = point.unit or split_unit(point.tag)[1]
    said, told = quantity_in(point.description), quantity_in(name)
    if said and told not in _LEFT:
        told = said
    if not unit:
        unit = _from_name(point.tag, told)
    known = unit_named(unit) if unit else None
    if (
        told == "state" and known is not None
    ):  # `State of charge` in %, `Weight on bit` in kN: no state has a unit
        told = known.quantity or quantity_of_word(name) or quantity_of_word(point.description)
    if told in _LEFT:
        return told, unit
    code = _coded(point)
    letters = (
        point.tag.isupper()
        and not lexicon()._tag(point.tag)
        and re.search(r"_[TPFLSV][TIE]\d?(?=$|[._])", point.tag)
    )
    told = code if code and (_IED.match(point.tag) or letters) else told
    if known is not None and known.quantity:
        fits = told if (told, known.quantity) in _ALIKE else ""
        return fits or known.quantity, unit
    told = told or code
    if not told:
        meaning = lexicon().read(point.tag, unit, point.description)
        told = meaning.quantity if meaning.quantity in PLANT and meaning.quantity != UNKNOWN else ""
    if not told and point.states:
        told = "state"
    if not told and known is not None and known.dimension == "level":
        told = "level" if known.symbol in ("m", "mm", "cm") else ""
    return told, unit


def _coded(point: Point) -> str:
    """The quantity by the letters of ISA-5.1 or KKS."""
    if found := re.search(r"\d{2}(C[PTFLSYEGQ])\d{3}", point.tag):
        return _KKS[found[1]]
    if ied := _IED.match(point.tag):
        return _IEC_61850.get(ied[1], "") or electrical_quantity(re.sub(r"^[\w-]+/", "", point.tag))
    for level in re.split(r"[\\/|:]", point.tag):
        if (told := lexicon()._tag(re.sub(r"\.(?:PV\.)?CV$", ".PV", level))) in PLANT:
            return told
    shares = lexicon()._tag(re.sub(r"^.*[\\/\]:]", "", point.tag))
    if shares in PLANT:
        return shares
    words = re.split(r"[\W_]+", re.sub(r"(?<=[TEI])\d(?![\dA-Z])", "", point.tag))
    inner = [w for n, w in enumerate(words) if n and _LETTERS.fullmatch(w) and not quantity_of_word(w)]
    if inner and inner[-1] == words[-1] and unit_named(inner[-1]):  # `HL_FT`: feet
        return ""
    told = lexicon()._tag(f"{inner[0]}-100") if len(inner) == 1 else ""  # `R301_TI_JKT`
    return told if told in PLANT else ""


def _from_name(tag: str, told: str) -> str:
    """The unit that a name ends with, where the words before it tell a quantity that is measured in it."""
    words = [w for w in re.split(r"[\s_.\-]+", tag) if w]
    if len(words) < 2 or words[-1].strip("()[]").isdecimal():
        return ""
    unit = unit_named(words[-1])
    if unit is None:
        return ""
    before = quantity_in("_".join(words[:-1])) or told
    if words[-1].casefold() == "ms" and before == "speed":  # `wind_ms`
        return "m/s"
    long = len(words[-1]) > 1 and quantity_of_word(words[-1]) not in (
        "level",
        "position",
        "state",
        "setting",
        "flow",
        "pressure",
    )
    if unit.quantity and unit.quantity == before:
        return words[-1]
    if unit.dimension in ("share",) or (
        not unit.quantity
        and long
        and unit.dimension in ("level", "time")
        and before in ("level", "age", "position", "vibration")
    ):
        return words[-1]
    return (
        words[-1] if long and unit.quantity and before in ("", unit.quantity) and len(words[-1]) > 2 else ""
    )
