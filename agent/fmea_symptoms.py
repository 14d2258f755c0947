"""The symptoms that a person wrote, "Vibration steigt, low flow", as patterns of facts."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.taxonomy_words import Pattern
from aitia.core.aspects import AGAINST
from aitia.core.words import Direction
from aitia.tools.signals.quantities import machine_aspect

_KINDS: Final = (*sorted(AGAINST), "metric.limit", "metric.shift", "metric.trend")
_CLAUSE: Final = re.compile(r"[;,.\n/]+|\b(?:and|with|or|und|mit|oder|bei|y|con)\b")
_UP: Final = re.compile(
    r"(?i)\b(ris\w*|rose|increas\w*|high\w*|too hot|hot\w*|excess\w*|more|up"
    r"|steig\w*|erhöh\w*|hoh\w*|hoch|zunehm\w*|mehr|sube\w*|alt[oa]\w*)\b|↑"
)
_DOWN: Final = re.compile(
    r"(?i)\b(fall\w*|fell|drops?|decreas\w*|low\w*|less|loss|reduc\w*|insufficient|no|down|sink\w*|fäll\w*|niedrig\w*|gering\w*|abnehm\w*"
    r"|weniger|kein\w*|verlust|abfall|baja\w*|bajo\w*)\b|↓"
)
# Words that a sensor's name has not, but a person's text does. By hand.
_SAID: Final[dict[str, str]] = {
    "vibrat": "vibration", "schwing": "vibration", "unruh": "vibration", "nois": "vibration", "geräusch": "vibration",
    "durchfluss": "flow", "förderstrom": "flow", "fördermenge": "flow", "volumenstrom": "flow", "flow": "flow", "caudal": "flow",
    "förderhöhe": "pressure", "pressure": "pressure", "druck": "pressure", "presión": "pressure",
    "overheat": "temperature", "überhitz": "temperature", "temperat": "temperature", "heiß": "temperature", "warm": "temperature",
    "hot": "temperature", "strom": "current", "current": "current", "ampere": "current", "leistung": "power", "power": "power",
    "füllstand": "level", "level": "level", "pegel": "level", "drehzahl": "speed", "speed": "speed", "spannung": "voltage",
    "voltage": "voltage", "stellung": "position", "position": "position", "leak": "level", "leckage": "level",
}  # fmt: skip


def symptoms_of(text: str) -> list[Pattern]:
    """The patterns of a text, each quantity once: with its direction, both where none is told. A clause says one thing."""
    found: dict[str, Pattern] = {}
    for clause in _CLAUSE.split(text):
        aspect = _aspect(clause)
        if aspect and aspect not in found:
            found[aspect] = Pattern(of="self", aspect=aspect, direction=_way(clause, aspect), kinds=_KINDS)
    return list(found.values())


def _aspect(clause: str) -> str:
    told = machine_aspect(clause.strip())
    if told in ("pressure_drop", "efficiency"):
        return told
    words = clause.casefold()
    return next((aspect for word, aspect in _SAID.items() if word in words), told)


def _way(clause: str, aspect: str) -> tuple[Direction, ...]:
    bare = re.sub(r"(?i)pressure[ _-]*(drop|loss)|druck(verlust|abfall)", "", clause)
    up, down = _UP.search(bare), _DOWN.search(bare)
    if up and not down:
        return ("up",)
    if down and not up:
        return ("down",)
    if "leak" in clause.casefold() and aspect == "level":
        return ("down",)
    if aspect in ("vibration", "temperature", "pressure_drop"):  # only more of it is ever a complaint
        return ("up",)
    return ("up", "down")
