"""Whether words of the catalogue fit an asset: a water main has no filter element, an expansion valve no diaphragm.

Only words of parts that some machines have and others have not are looked for; a text without one fits any asset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_HAVE: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = tuple(
    (re.compile(rf"(?i)\b(?:{words})\b"), frozenset(have.split(", ")))
    for words, have in (
        ("second filter|filter elements?|the element|(?:its|the) cover|the bypass", "filter, strainer"),
        ("strainers?", "filter, strainer, pump, exchanger"),
        ("filter mats?", "fan, cooler, air conditioner, transformer, container, motor, cabinet, rack, chiller"),
        ("(?:air|intake) filters?|filter drier", "fan, compressor, air conditioner, heat pump, chiller, refrigerant circuit"),
        ("filters?", "filter, strainer, fan, compressor, air conditioner, heat pump, chiller, exchanger, pump, gearbox, cooler"),
        ("the machine before it", "filter, strainer, pipe, district, exchanger, valve, module, fan"),
        ("impellers?|wear rings?|shut-off head|suction (?:strainer|valve)", "pump"),
        ("rotor", "turbine, wind turbine, compressor, motor, fan"),
        ("packing|diaphragm|stroke|stroked|stem", "valve, damper, pipe, district"),
        ("clamp meter", "motor, pump, fan, compressor, conveyor, battery, module, string, cabinet, rack, heat pump, chiller"),
    )
)  # fmt: skip
"""Words, and the classes (machine_classes.yaml) whose machines have what they name. By hand; the first that is found decides."""
_WITHOUT: Final = (
    (
        re.compile(r"(?i)expansion valve|\bEXV"),
        re.compile(r"(?i)\b(?:packing|diaphragm|positioner|stroke|stem)\b"),
    ),
    (re.compile(r"(?i)solar|photovolt|\bPV\d"), re.compile(r"(?i)\b(?:rotor|wind)\b")),
)
"""What some machines of a class, by their names, have not."""


_ACROSS: Final = re.compile(r"across (\{component\}|(?!the )[\w.-]+)")
_BLOCKED: Final = re.compile(r"what blocks (\{component\}|[\w.-]+): strainer, filter or line")


def fits(text: str, kinds: Sequence[str]) -> bool:
    """Whether an asset, by what it may be called (`asset_class.kinds_of`), can have what a text names; an unknown one can."""
    if not kinds:
        return True
    named = " ".join(kinds)
    if any(whose.search(named) and words.search(text) for whose, words in _WITHOUT):
        return False
    found = next((have for words, have in _HAVE if words.search(text)), None)
    return found is None or bool(found & set(kinds))


def fitting(texts: Iterable[str], kinds: Sequence[str]) -> tuple[str, ...]:
    """Those of several texts that fit."""
    return tuple(t for t in texts if fits(t, kinds))


def worded(text: str, kinds: Sequence[str]) -> str:
    """A text in the words of an asset: what is blocked of a pump is the strainer before it, not the pump."""
    if "pump" not in kinds[:1]:
        return text
    return _ACROSS.sub(
        r"across the suction strainer of \g<1>", _BLOCKED.sub(r"the suction strainer of \g<1>", text)
    )
