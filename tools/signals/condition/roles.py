"""What a point is to its asset: how the asset is run (set point, speed, load, surroundings) or how it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np

from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.meaning.words import words_of
from aitia.tools.signals.condition.words import Point
from aitia.tools.sources.rows import Floats

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
        {"load", "torque", "soc", "throughput", "production", "duty", "tonnage", "capacity", "last", "durchsatz", "carga",
         "produccion"}),
    "inlet": frozenset(
        {"inlet", "intake", "feed", "supply", "suction", "entering", "in", "return", "upstream", "zulauf", "eintritt", "ansaug",
         "entrada", "aspiracion"}),
}  # fmt: skip
_TARGET: Final = frozenset({"setpoint", "sp", "sollwert", "consigna", "consigne"})
_SPEED: Final = frozenset({"speed", "rpm", "drehzahl", "velocidad"})
_POSITION: Final = frozenset(
    {"position", "opening", "valve", "stellung", "ventil", "valvula", "damper", "vane"}
)
_OUTSIDE: Final = frozenset({"temperature", "pressure", "humidity", "concentration", "level"})
"""Quantities of an inlet that come from elsewhere; a flow at an inlet may be what the asset itself draws."""
DRIVERS: Final[Sequence[str]] = ("position", "flow", "power", "current", "torque", "charge")
"""Quantities that say how an asset is run where no set point, speed or load does, in this order."""
_MORE: Final = frozenset({"torque", "charge"})
"""Quantities of machines beside those that `aitia.tools.meaning` has."""
_MOST: Final = (
    2  # points of such a quantity: more are answers of a plant, not the way in which one machine is run
)
_TREMBLES: Final = 0.3  # correlation of neighbours below which a point is noise
_STATES: Final = 4  # whole numbers at most that a point shows which is a state


def quantity_of(name: str, point: Point) -> str:
    """What a point measures: as stated, else by its name and unit; "" where nobody can tell."""
    stated = point.quantity.strip().lower()
    if stated in lexicon().quantities or stated in _MORE:
        return stated
    if stated:
        known = [w for w in words_of(stated) if w in lexicon().quantities or w in _MORE]
        read = known[0] if known else lexicon().read(stated, point.unit).quantity
        return stated if read == UNKNOWN else read
    read = lexicon().read(name, point.unit).quantity
    return "" if read == UNKNOWN else read


def is_setting(name: str) -> bool:
    """Whether a point is a set-point or a command by its own words."""
    return is_target(name) or bool(_words(name) & _WORDS["setting"])


def is_target(name: str) -> bool:
    """Whether its own words call a point a set-point: where a quantity is to be, not what is commanded to bring it there."""
    low = _words(name)
    return bool(low & _TARGET) or {"set", "point"} <= low or any(_is_soll(w, name) for w in low)


def _is_soll(word: str, name: str) -> bool:
    """German: Solldrehzahl, Sollwertvorgabe, Druck_Soll; not sollicitation."""
    if not word.startswith("soll"):
        return False
    rest = word.removeprefix("soll") or name.lower().replace("soll", " ")
    known = any(rest in of for of in _WORDS.values())
    return rest.startswith("wert") or known or lexicon().read(rest, "").quantity != UNKNOWN


def _words(name: str) -> frozenset[str]:
    known = words_of(name, lambda w: any(w in of for of in _WORDS.values()))
    return frozenset((*known, *words_of(name)))


def role_of(name: str, quantity: str, values: Floats) -> Role:
    """A point's role by its own words, and by its values where they are a few whole numbers."""
    if _is_state(values):
        return "state"
    low = _words(name)
    if is_setting(name) or quantity == "setting":
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


def trembles(values: Floats) -> bool:
    """Whether a point only trembles about one level: it says nothing of how the asset is run."""
    off = np.clip(values, *np.quantile(values, (0.02, 0.98)))
    half = off.size // 2
    memories = [_memory(part) for part in (off[:half], off[half:])]
    return min(memories) < _TREMBLES


def _memory(part: Floats) -> float:
    off = part - np.mean(part)
    power = float(off @ off)
    return float(off[1:] @ off[:-1]) / power if power > 0.0 else 1.0


def _is_state(values: Floats) -> bool:
    levels = np.unique(values[:: max(1, values.size // 2000)])
    return bool(1 < levels.size <= _STATES and np.all(levels == np.round(levels)) and np.ptp(levels) < 10)


def loads_of(roles: Mapping[str, Role], quantities: Mapping[str, str]) -> list[str]:
    """Points whose quantity goes with the load: as long as they are usual they tell how the others are run."""
    return sorted(n for n in roles if roles[n] in {"answer", "position"} and quantities[n] in DRIVERS)


def drivers_of(roles: Mapping[str, Role], quantities: Mapping[str, str], moving: Iterable[str]) -> list[str]:
    """The points that say how the asset is run, in name order."""
    alive = sorted(moving)
    found = [n for n in alive if roles[n] in {"setting", "state", "load", "speed"}]
    outer = [n for n in alive if roles[n] in {"inlet", "ambient"}]
    for wanted in DRIVERS:
        if found:
            break
        same = [n for n in alive if wanted in (roles[n], quantities[n])]
        found = same if len(same) <= _MOST else []
    return [*found, *outer]
