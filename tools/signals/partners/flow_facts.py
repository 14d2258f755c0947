"""Facts about what a flow goes through: that it needs more to drive it, or that it stands between what rose and what fell."""

from __future__ import annotations

from typing import Final

from aitia.core.words import Direction, Evidence
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import scale, sig3, text, with_unit
from aitia.tools.signals.partners.between import Between
from aitia.tools.signals.partners.culprit import APART
from aitia.tools.signals.partners.losing import Losing
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.partners.resistance import Resistance
from aitia.tools.signals.quantities import aspect_of, unit_of

_VALUES: Final = frozenset({"PV", "VALUE"})  # what a tag calls the one thing that its instrument measures
_OTHERS: Final = "whatever else flow goes through keeps its own relation"
_ACROSS: Final = {"voltage": "voltage"}  # what a difference of it is called; of all others a pressure drop


def named(channel: Derived) -> str:
    """A signal by whose it is, and what of it where that is not plain: "PT-131", "P-101 flow (FI)"."""
    return (
        channel.component if channel.metric.upper() in _VALUES else f"{channel.component} {subject(channel)}"
    )


def resistance_facts(plant: Plant, changed: Resistance, gathered: Gathered) -> list[Evidence]:
    """A conductor that left its law: that it did, and that the difference across it is larger (or smaller) at its flow."""
    behind, before = (plant.channels[k] for k in (changed.behind, changed.before))
    more = "larger" if changed.times > 0 else "smaller"
    pair = f"the difference between {named(before)} and {named(behind)}"
    off = f"{in_unit(behind, changed.size)} {more} than its flow explains"
    said = f"{pair} is {off}{_since(plant, changed.since, changed.times, in_unit(behind, changed.size / changed.times))}"
    strength = 0.95 * (1.0 - 0.5 ** (2.0 * abs(changed.times) / APART))
    across = _ACROSS.get(aspect_of(behind), "pressure_drop")
    told = _Told(
        plant, gathered, changed.conductor.component, changed.conductor.flow, changed.since, changed.times
    )
    return [
        told.fact("signal.apart", "pattern.apart", f"{said}; {_OTHERS}.", strength, by="own resistance"),
        told.fact("signal.quantity", across, f"{said}.", strength, off_by=sig3(changed.size)),
    ]


def between_facts(plant: Plant, found: Between, gathered: Gathered) -> list[Evidence]:
    """A conductor that stands between what rose and what fell: that it does, by how much its flow is off, and what that takes."""
    behind, elsewhere = (named(plant.channels[k]) for k in (found.behind, found.elsewhere))
    flow = plant.channels[found.conductor.flow]
    less, fell, rose = ("lower", "fell", "rose") if found.times < 0 else ("higher", "rose", "fell")
    off = f"{in_unit(flow, abs(found.size))} {less} than the other signals of the plant tell"
    said = f"{named(flow)} is {off}{_since(plant, found.since, found.times, in_unit(flow, abs(found.size / found.times)))}"
    sides = f"behind it {behind} {fell}, elsewhere {elsewhere} {rose}"
    told = _Told(plant, gathered, found.conductor.component, found.conductor.flow, found.since, found.times)
    plainly = 0.95 * (1.0 - 0.5 ** (min(abs(found.times), 2.0 * found.plainly) / APART))
    facts = [
        told.fact("signal.apart", "pattern.apart", f"{said}; {sides}.", plainly, by="both sides"),
        told.fact("signal.quantity", aspect_of(flow), f"{said}.", 1.0 - 0.5 ** abs(found.times), off_by=sig3(abs(found.size))),
    ]  # fmt: skip
    if found.times < 0:  # less flows, and yet more is lost on the way
        more = f"the difference across it is larger than the other signals of the plant tell: {sides}."
        opposite = _Told(
            plant, gathered, found.conductor.component, found.conductor.flow, found.since, found.plainly
        )
        facts.append(opposite.fact("signal.quantity", "pressure_drop", more, plainly))
    return facts


def losing_facts(plant: Plant, found: Losing, gathered: Gathered) -> list[Evidence]:
    """A place that loses: that more goes in and less is held, and by how much each."""
    held, supply = (plant.channels[k] for k in (found.held, found.supply))
    way = "lower" if found.stored else "higher"
    tell = "than the other signals of the plant tell"
    less = f"{named(held)} is {in_unit(held, found.sizes[0])} lower {tell}"
    more = f"{named(supply)} is {in_unit(supply, found.sizes[1])} {way}"
    strength = 0.95 * (1.0 - 0.5 ** ((found.less + found.more) / APART))
    component = found.place.component
    falls = _Told(plant, gathered, component, found.held, found.since, -found.less)
    since, off = _since(plant, found.since, found.less), sig3(found.sizes[0])
    facts = [
        falls.fact(
            "signal.apart", "pattern.apart", f"{more}, and yet {less}{since}.", strength, by="balance"
        ),
        falls.fact("signal.quantity", aspect_of(held), f"{less}{since}.", strength, off_by=off),
    ]
    if not found.stored:
        rises = _Told(plant, gathered, component, found.supply, found.since, found.more)
        said = f"{more} {tell}{_since(plant, found.since, found.more)}."
        facts.append(
            rises.fact("signal.quantity", aspect_of(supply), said, strength, off_by=sig3(found.sizes[1]))
        )
    return facts


class _Told:
    """Facts of one component by one signal, since one row of the grid, which way by the sign of `times`."""

    def __init__(
        self, plant: Plant, gathered: Gathered, component: str, signal: int, since: int, times: float
    ) -> None:
        self._plant, self._gathered, self._component, self._signal = plant, gathered, component, signal
        self._since, self._times = since, times

    def fact(self, kind: str, aspect: str, said: str, strength: float, **values: str | float) -> Evidence:
        """One fact with its words, its strength and what it holds beside the times of the limit."""
        channel = self._plant.channels[self._signal]
        direction: Direction = "up" if self._times > 0 else "down"
        return plant_fact(
            self._plant, self._signal, self._gathered, component=self._component, kind=kind, aspect=aspect,
            said=said, since=self._since, direction=direction, strength=strength,
            values={"channel": channel.metric, "times_limit": sig3(abs(self._times)), **values},
        )  # fmt: skip


def in_unit(channel: Derived, size: float) -> str:
    """A value of a signal with its unit, where that is known."""
    factor, unit = scale(unit_of(channel), size)
    return with_unit(sig3(size * factor), unit)


def _since(plant: Plant, row: int, times: float, limit: str = "") -> str:
    """Since when, and how many times the limit, which is told in the signal's unit where it is known."""
    at = moment(plant, row)
    return f" since {at}, {text(sig3(abs(times)))} times the limit{f' ({limit})' if limit else ''}"
