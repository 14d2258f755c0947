"""What a source tells of a tag, and the row of the map that is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.meaning.unit_table import split_unit, unit_named
from aitia.tools.tags.equipment_words import is_channel

TAIL: Final = re.compile(r"^(.*?[^\W])[\s_.]+([^\s_.]+)$")


@dataclass(frozen=True, kw_only=True)
class Point:
    """A tag as a source tells it. `asset` and `unit` where it has columns of their own; `place` the file that holds it."""

    tag: str
    asset: str = ""
    unit: str = ""
    description: str = ""
    place: str = ""
    generic: bool = False
    title: str = ""  # the machine that the file's own title names
    states: bool = False  # its cells are words for states
    said: str = ""  # the machine that descriptions of several tags begin with


@dataclass(frozen=True, kw_only=True)
class TagEntry:
    """A row of the map. `low` and `high` in `unit`, None where nobody tells them; `by` the rule, `person` where one wrote it.

    `formula` calculates the tag from others; `zone` is the machine's class whose zones of vibration are its limits.
    """

    tag: str
    asset: str = ""
    point: str = ""
    quantity: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    description: str = ""
    formula: str = ""
    zone: str = ""
    by: str = ""


def bare_of(point: Point) -> str:
    """A tag without the unit behind it: `Pumpe A Leistung W`."""
    name = split_unit(point.tag)[0]
    if is_channel(name) and point.description:
        return split_unit(point.description)[0]
    found = TAIL.match(name)
    if (
        found
        and " " in name[found.end(1) :]
        and (unit := unit_named(found[2]))
        and unit.quantity
        and unit.quantity == quantity_in(found[1])
    ):
        return found[1]
    cubic = re.fullmatch(
        r"(.*[^\W\d])_(N?m3h|m3_h|m3s|mm_s|m_s|kg_h|t_h|l_min|l_h|m2s)", name
    )  # an exponent is no number of a machine
    return cubic[1] if cubic else name


def whole_of(point: Point) -> str:
    """A tag with its last word, which is no unit where the file tells that elsewhere: `ME RPM`, [rpm]."""
    return point.tag.strip() if point.unit else bare_of(point)
