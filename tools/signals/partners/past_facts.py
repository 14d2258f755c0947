"""Facts about signals that left all that they ever were: whose they are, a machine's that feeds others, or its instrument's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aitia.core.words import Evidence, from_epoch
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, scale, sig3, text, with_unit
from aitia.tools.signals.partners.culprit import APART
from aitia.tools.signals.partners.own_past import Left
from aitia.tools.signals.partners.plant import Plant, plant_fact
from aitia.tools.signals.quantities import aspect_of

TRANSPORT: Final = frozenset({"flow", "current"})
"""What carries heat, matter or charge to the next machine: it moves what is fed, and what is warm or cold there does not move it."""
_ORDERED: Final = frozenset({"speed", "position", ""})
"""Quantities that a controller or a person sets, and signals that are no quantity (set-points, states)."""


def driver_of(plant: Plant, left: Mapping[int, Left], ordered: Collection[int] = ()) -> str:
    """The one machine that feeds others less than it ever did, first of those that feed each other; "" where there is none.

    One whose own speed, position or set-point left its past as well (or is among the `ordered`) did what it was told.
    """
    moved = {plant.owners[k] for k in (*left, *ordered) if aspect_of(plant.channels[k]) in _ORDERED}
    less = {
        plant.owners[k]
        for k, one in left.items()
        if one.size < 0 and aspect_of(plant.channels[k]) in TRANSPORT and plant.fed_by(plant.owners[k])
    }
    first = {c for c in less if not plant.feeders(c) & less}
    return next(iter(first)) if len(first) == 1 and not first & moved else ""


def common_whole(plant: Plant, left: Mapping[int, Left], component: str) -> str:
    """The machine that a component is part of, where signals of its other parts left their past: the fault is not the part's."""
    whole = plant.whole_of(component)
    others = {plant.owners[k] for k in left} & plant.parts_of(whole) - plant.parts_of(component)
    return whole if whole and others else ""


def past_facts(
    plant: Plant, component: str, left: Sequence[Left], gathered: Gathered, *, instrument: bool = False
) -> list[Evidence]:
    """That a machine's signals are where they never were, and which of its quantities, which way; of a lone instrument that it is
    wrong.
    """
    lead = max(left, key=lambda one: (abs(one.times), -one.signal))
    rest = "; nothing else of the plant follows it" if instrument else ""
    apart = _fact(plant, lead, gathered, component, "signal.apart", "pattern.offset" if instrument else "pattern.apart", rest)
    if instrument:
        return [apart]
    return [apart, *quantities_left(plant, left, gathered)]


def quantities_left(plant: Plant, left: Sequence[Left], gathered: Gathered) -> list[Evidence]:
    """A `signal.quantity` fact for each signal that left its past and of which it is known what it measures."""
    return [
        _fact(plant, one, gathered, plant.owners[one.signal], "signal.quantity", aspect)
        for one in left
        if (aspect := aspect_of(plant.channels[one.signal]))
    ]


def _fact(
    plant: Plant, left: Left, gathered: Gathered, component: str, kind: str, aspect: str, rest: str = ""
) -> Evidence:
    channel, times = plant.channels[left.signal], sig3(abs(left.times))
    factor, unit = scale("" if channel.about.assumed else channel.about.unit, abs(left.size))
    way = "higher" if left.size > 0 else "lower"
    at = clock(from_epoch(float(plant.grid.t[left.since])))
    said = (
        f"{subject(channel)} is {with_unit(sig3(abs(left.size) * factor), unit)} {way} than its usual value since {at},"
        f" {text(times)} times as far from it as it ever was{rest}."
    )
    return plant_fact(
        plant, left.signal, gathered, component=component, kind=kind, aspect=aspect, said=said, since=left.since,
        direction="up" if left.size > 0 else "down", strength=0.95 * (1.0 - 0.5 ** (abs(left.times) / APART)),
        values={"channel": channel.metric, "times_limit": times, "off_by": sig3(abs(left.size)), "by": "own past"},
    )  # fmt: skip
