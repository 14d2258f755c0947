"""What a machine's signal or a person's words about it mean, as one of the aspects that faults of machines are told in."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.aspects import MACHINE
from aitia.tools.meaning.electrical_names import electrical_quantity
from aitia.tools.meaning.names import lexicon
from aitia.tools.series.aspects import bundled
from aitia.tools.series.derive import Derived
from aitia.tools.series.numbers import scale

_ACROSS: Final = re.compile(
    r"(?i)diff(erential)?[ _.-]*(press|druck)|pressure[ _.-]*(drop|difference|loss)|druck(differenz|verlust|abfall)"
    r"|differenzdruck|delta[ _.-]*p\b|(^|[ _.-])dp([ _.-]|$)|\bPD[IT]T?[ _.-]?\d|ca[ií]da de presi[oó]n"
)
_YIELD: Final = re.compile(
    r"(?i)efficien|wirkungsgrad|\b(cop|ua)\b|eficiencia|rendimiento|heat transfer|w[aä]rme[uü]bergang"
)
_HEAD: Final = re.compile(r"(?i)(^|[ _.-])(head|f(oe|ö)rderh(oe|ö)he)([ _.-]|$)")
_STATE: Final = re.compile(
    r"(?i)^(run|running|runs|on|off|betrieb|status|state|mode|cmd|command|start|stop|enabled?|marcha)\b"
)
"""Says whether something runs: a tag's letters before it tell of no quantity."""
_WEATHER: Final = re.compile(
    r"(?i)env_?tmp|ambient|outdoor|outside[ _.-]?(air|temp)|weather|au(ss|ß)en(luft|temp)|wetter|irradian|windgeschw|wind_?speed"
    r"|temperatura (exterior|ambiente)"
)
_CELSIUS: Final = re.compile(
    r"(?i)(?:^|[ _.-])(?:air|room|water|oil|gas|steam|coolant|glycol|brine|refrigerant|supply|return|inlet|outlet|ambient|outside"
    r"|outdoor|winding|stator|hot_?spot|bearing|luft|raum|wasser|(?:ö|oe)l|vorlauf|r(?:ü|ue)cklauf|wicklung|lager|aire|agua|aceite"
    r"|sala)[ _.-](?:deg|°)?c$"
)
"""A name that ends in its unit after what has a temperature: `room_air_c`; of a phase or a cable `c` is no unit."""
COMPUTERS: Final = frozenset({
    "cpu", "memory", "disk", "io", "network", "connections", "locks", "threads", "file_descriptors", "scans", "steal", "retries",
    "redeliveries", "logins", "latency", "errors", "availability", "restart",
})  # fmt: skip
"""Aspects of what only computers have: a throughput, a queue or a clock a plant may have as well."""
_ALIKE: Final = frozenset({"errors", "availability", "restart", "network", "disk", "memory"})
"""Of these a drive's following error, a grid's availability, a clutch's disk or a heat network's supply may be meant."""
_COMPUTING: Final = re.compile(
    r"(?i)_(?:total|bytes)$|^up$|http|request|response"
    r"|(?:^|[ _.-])(?:db|sql|tcp|udp|log|node|container|pod|query|exception|packet|cpu|process|socket|jvm|heap"
    r"|swap|inode|filesystem|fs)(?:s|es)?(?:[ _.-]|$)"
)
_SURE: Final = 0.5  # probability of the likeliest quantity from which on a name is understood


def machine_aspect(name: str, unit: str = "") -> str:
    """The aspect of a signal's name or of a few words; "" where nothing of a machine is understood.

    A difference of pressures is not a pressure, a yield no ratio: both tell faults of their own.
    """
    if _ACROSS.search(name):
        return "pressure_drop"
    if _YIELD.search(name):
        return "efficiency"
    if _HEAD.search(name):
        return "pressure"
    if _CELSIUS.search(name):
        return "temperature"
    read = lexicon().read(name, unit)
    quantity = read.quantity if read.confidence >= _SURE else ""
    return quantity if quantity in MACHINE else ""


def aspect_of(channel: Derived) -> str:
    """The same of a machine's channel: by its name, else as its series is understood, else by the tag that bears it."""
    for name in (channel.metric, f"{channel.component}.{channel.metric}"):
        if _ACROSS.search(name) or _YIELD.search(name) or _HEAD.search(name):
            return machine_aspect(name)
    if _STATE.match(channel.metric):
        return ""
    if (told := electrical_quantity(channel.metric)) in MACHINE:
        return told
    for meant in (
        channel.about.say,
        channel.about.aspect,
    ):  # a position is told as a level, a power as a current
        if meant in MACHINE:
            return meant
    unit = channel.about.unit
    return machine_aspect(channel.metric, unit) or machine_aspect(
        f"{channel.component}.{channel.metric}", unit
    )


def named_aspect(name: str) -> str:
    """The aspect of a signal by its name alone, where nothing else of it is at hand; "" where nothing is understood."""
    return machine_aspect(name)


def is_of_computers(name: str) -> bool:
    """Whether a series is called as only computers' are (`errors_total`, logins, `up`): nothing that a machine is measured by."""
    if named_aspect(name) or (aspect := bundled().of(name).aspect) not in COMPUTERS:
        return False
    return aspect not in _ALIKE or bool(_COMPUTING.search(name))


def unit_of(channel: Derived) -> str:
    """The unit in which a machine's signal is told: that of its source, else the one that its name spells; "" without both."""
    if channel.about.unit and not channel.about.assumed:
        return channel.about.unit
    if _CELSIUS.search(channel.metric):
        return "celsius"
    read = lexicon().read(channel.metric, "")
    return read.unit if read.quantity in MACHINE and read.confidence >= _SURE else ""


def unit_beside(channel: Derived, value: float) -> dict[str, str]:
    """`unit` for a fact's values, as people write it; nothing where it is not known, or people write them at another scale."""
    factor, unit = scale(unit_of(channel), value)
    return {"unit": unit} if unit and factor == 1.0 else {}


def is_weather(name: str) -> bool:
    """Whether a signal is of the weather, by its name: no machine is repaired for that."""
    return bool(_WEATHER.search(name))
