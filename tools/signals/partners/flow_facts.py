"""Facts about what a flow goes through: that it needs more to drive it, or that it stands between what rose and what fell."""

from __future__ import annotations

from typing import Final

from aitia.core.words import Direction, Evidence, from_epoch
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, scale, sig3, text, with_unit
from aitia.tools.signals.partners.between import Between
from aitia.tools.signals.partners.culprit import APART
from aitia.tools.signals.partners.plant import Plant, plant_fact
from aitia.tools.signals.partners.resistance import Resistance
from aitia.tools.signals.quantities import aspect_of

_VALUES: Final = frozenset({"PV", "VALUE"})  # what a tag calls the one thing that its instrument measures
_ACROSS: Final = {"voltage": "voltage"}  # what a difference of it is called; of all others a pressure drop


def named(channel: Derived) -> str:
    """A signal by whose it is, and what of it where that is not plain: "PT-131", "P-101 flow (FI)"."""
    return (
        channel.component if channel.metric.upper() in _VALUES else f"{channel.component} {subject(channel)}"
    )


def resistance_facts(plant: Plant, changed: Resistance, gathered: Gathered) -> list[Evidence]:
    """A conductor that left its law: that it did, and that the difference across it is larger (or smaller) at its flow."""
    behind, before = (plant.channels[k] for k in (changed.behind, changed.before))
    factor, unit = scale("" if behind.about.assumed else behind.about.unit, changed.size)
    more = "larger" if changed.times > 0 else "smaller"
    off = with_unit(sig3(changed.size * factor), unit)
    at = clock(from_epoch(float(plant.grid.t[changed.since])))
    what = (
        f"the difference between {named(before)} and {named(behind)} is {off} {more} than its flow explains"
    )
    times = text(sig3(abs(changed.times)))
    said = f"{what} since {at}, {times} times the limit"
    direction: Direction = "up" if changed.times > 0 else "down"
    strength = 0.95 * (1.0 - 0.5 ** (2.0 * abs(changed.times) / APART))
    values: dict[str, str | float] = {"channel": plant.channels[changed.conductor.flow].metric, "times_limit": sig3(abs(changed.times))}  # fmt: skip
    return [
        plant_fact(
            plant, changed.conductor.flow, gathered, component=changed.conductor.component, kind=kind, aspect=aspect,
            said=said + more_said, since=changed.since, direction=direction, strength=strength, values=values | extra,
        )
        for kind, aspect, more_said, extra in (
            ("signal.apart", "pattern.apart", "; whatever else flow goes through keeps its own relation.", {"by": "own resistance"}),
            ("signal.quantity", _ACROSS.get(aspect_of(behind), "pressure_drop"), ".", {"off_by": sig3(changed.size)}),
        )
    ]  # fmt: skip


def between_facts(plant: Plant, found: Between, gathered: Gathered) -> list[Evidence]:
    """A conductor that stands between what rose and what fell: that it does, and by how much its flow is off."""
    behind, elsewhere = (named(plant.channels[k]) for k in (found.behind, found.elsewhere))
    flow = plant.channels[found.conductor.flow]
    factor, unit = scale("" if flow.about.assumed else flow.about.unit, found.size)
    less, fell, rose = ("lower", "fell", "rose") if found.times < 0 else ("higher", "rose", "fell")
    at = clock(from_epoch(float(plant.grid.t[found.since])))
    off = with_unit(sig3(abs(found.size) * factor), unit)
    said = f"{named(flow)} is {off} {less} than the other signals of the plant tell since {at}, {text(sig3(abs(found.times)))} times the limit"
    direction: Direction = "up" if found.times > 0 else "down"
    values: dict[str, str | float] = {"channel": flow.metric, "times_limit": sig3(abs(found.times))}
    return [
        plant_fact(
            plant, found.conductor.flow, gathered, component=found.conductor.component, kind=kind, aspect=aspect,
            said=said + more, since=found.since, direction=direction, strength=0.95 * (1.0 - 0.5 ** (times / APART)),
            values=values | extra,
        )
        for kind, aspect, more, times, extra in (
            ("signal.apart", "pattern.apart", f"; behind it {behind} {fell}, elsewhere {elsewhere} {rose}.", found.plainly, {"by": "both sides"}),
            ("signal.quantity", aspect_of(flow), ".", abs(found.times), {"off_by": sig3(abs(found.size))}),
        )
    ]  # fmt: skip
