"""What a point is to its asset: how the asset is run (set point, speed, load, surroundings) or how it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.meaning.words import words_of
from aitia.tools.signals.condition.words import Point

Role = Literal["setting", "state", "ambient", "inlet", "load", "speed", "position", "answer"]
# Words of names, by hand (English, German, Spanish); first match wins. None was taken from a data set.
_WORDS: Final[Mapping[Role, frozenset[str]]] = {
    "setting": frozenset(
        {"setpoint", "sp", "setting", "target", "demand", "command", "cmd", "soll", "sollwert", "vorgabe", "consigna",
         "requested", "demanded"}),
    "state": frozenset(
        {"running", "status", "state", "mode", "on", "run", "betrieb", "zustand", "estado", "marcha", "batch", "phase",
         "recipe", "product", "enabled"}),
    "ambient": frozenset(
        {"ambient", "outdoor", "outside", "weather", "room", "wet", "dry", "aussen", "umgebung", "exterior", "ambiente",
         "river", "sea", "well", "irradiance", "solar"}),
    "load": frozenset(
        {"load", "throughput", "production", "duty", "tonnage", "capacity", "last", "durchsatz", "carga", "produccion"}),
    "inlet": frozenset(
        {"inlet", "feed", "supply", "suction", "entering", "in", "return", "upstream", "zulauf", "eintritt", "ansaug",
         "entrada", "aspiracion"}),
}  # fmt: skip
_SPEED: Final = frozenset({"speed", "rpm", "drehzahl", "velocidad"})
_POSITION: Final = frozenset({"position", "opening", "valve", "stellung", "ventil", "valvula", "damper", "vane"})
_OUTSIDE: Final = frozenset({"temperature", "pressure", "humidity", "concentration", "level"})
"""Quantities of an inlet that come from elsewhere; a flow at an inlet may be what the asset itself draws."""
DRIVERS: Final[Sequence[Sequence[str]]] = (("flow",), ("power",), ("current",))
"""Quantities that say how an asset is run where no set point, speed, load or position does, in this order."""


def quantity_of(name: str, point: Point) -> str:
    """What a point measures: as stated, else by its name and unit; "" where nobody can tell."""
    if point.quantity:
        return point.quantity.strip().lower()
    read = lexicon().read(name, point.unit).quantity
    return "" if read == UNKNOWN else read


def role_of(name: str, quantity: str) -> Role:
    """A point's role by its own words."""
    words = words_of(name, lambda w: any(w in of for of in _WORDS.values()))
    low = frozenset((*words, *words_of(name)))
    if ("set" in low and "point" in low) or low & _WORDS["setting"] or quantity == "setting":
        return "setting"
    if quantity == "state" or (low & _WORDS["state"] and quantity not in _OUTSIDE):
        return "state"
    if low & _WORDS["ambient"] and quantity in {"temperature", "humidity", "pressure", ""}:
        return "ambient"
    if low & _WORDS["load"]:
        return "load"
    if quantity == "speed" or (low & _SPEED and quantity != "vibration"):
        return "speed"
    if quantity == "position" or (low & _POSITION and quantity in {"", "position"}):
        return "position"
    if low & _WORDS["inlet"] and quantity in _OUTSIDE:
        return "inlet"
    return "answer"


def drivers_of(roles: Mapping[str, Role], quantities: Mapping[str, str], moving: Iterable[str]) -> list[str]:
    """The points that say how the asset is run, in name order."""
    alive = sorted(moving)
    found = [n for n in alive if roles[n] not in {"answer", "inlet", "ambient"}]
    outer = [n for n in alive if roles[n] in {"inlet", "ambient"}]
    for wanted in DRIVERS:
        if found:
            break
        found = [n for n in alive if roles[n] == "answer" and quantities[n] in wanted]
    return [*found, *outer]
