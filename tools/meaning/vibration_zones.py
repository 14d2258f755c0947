"""Boundaries of the zones of vibration severity, by a machine's class: RMS velocity in mm/s.

ISO 10816-3:2009, Tables A.1 and A.2 (kept as Tables A.1 and A.2 of ISO 20816-3:2022) by group and support; the older classes I to
IV of ISO 10816-1:1995, Table B.1 (withdrawn, still on many data sheets).
"""

from __future__ import annotations

import re
from typing import Final

Boundaries = tuple[float, float, float]
"""A/B, B/C, C/D in mm/s RMS."""
BY_GROUP: Final[dict[tuple[str, str], Boundaries]] = {
    ("1", "rigid"): (2.3, 4.5, 7.1),
    ("1", "flexible"): (3.5, 7.1, 11.0),
    ("2", "rigid"): (1.4, 2.8, 4.5),
    ("2", "flexible"): (2.3, 4.5, 7.1),
}
BY_CLASS: Final[dict[str, Boundaries]] = {
    "I": (0.71, 1.8, 4.5),
    "II": (1.12, 2.8, 7.1),
    "III": (1.8, 4.5, 11.2),
    "IV": (2.8, 7.1, 18.0),
}
GROUP_CLAUSE: Final = "ISO 10816-3:2009, Table A.{group}"
CLASS_CLAUSE: Final = "ISO 10816-1:1995, Table B.1, class {name}"
CLASSES: Final = (
    "I, II, III or IV (ISO 10816-1), or to group and support, such as '1 rigid' or '2 flexible' (ISO 20816-3)"
)
_CLASS: Final = re.compile(r"(?i)(?:class\s*)?(iv|i{1,3})")
_GROUP: Final = re.compile(r"(?i)(?:group\s*)?([12])[\s,/-]+(rigid|flexible)")


def boundaries_of(zone: str) -> tuple[Boundaries, str] | None:
    """The boundaries and the clause of a class as a person writes it; None where it is none."""
    if found := _CLASS.fullmatch(zone.strip()):
        name = found[1].upper()
        return BY_CLASS[name], CLASS_CLAUSE.format(name=name)
    if found := _GROUP.fullmatch(zone.strip()):
        return BY_GROUP[found[1], found[2].lower()], GROUP_CLAUSE.format(group=found[1])
    return None
