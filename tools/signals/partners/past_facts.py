"""Facts about signals that left all that they ever were: whose they are, a machine's that feeds others, or its instrument's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from aitia.core.words import Evidence
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import scale, sig3, text, with_unit
from aitia.tools.signals.partners.culprit import APART
from aitia.tools.signals.partners.own_past import Left
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.quantities import aspect_of, unit_of

TRANSPORT: Final = frozenset({"flow", "current"})
"""What carries heat, matter or charge to the next machine: it moves what is fed, whose temperatures do not move it."""
_THROTTLED: Final = 0.4
"""Of the share of flow that is lost: the share of power that a throttled radial pump saves at least (its power falls with its
flow to about half at none; by hand, from the usual power curve)."""
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


def common_whole(plant: Plant, left: Mapping[int, Left], component: str, times: float) -> str:
    """The machine that a component is part of, where its other parts left their past more plainly (`times` the limit) than the
    component left its law: the fault is not that part's.
    """
    whole = plant.whole_of(component)
    plainer = {plant.owners[k] for k, one in left.items() if abs(one.times) >= abs(times)}
    others = plainer & plant.parts_of(whole) - plant.parts_of(component)
    return whole if whole and others else ""


def past_facts(
    plant: Plant, component: str, left: Sequence[Left], gathered: Gathered, *, instrument: bool = False
) -> list[Evidence]:
    """That a machine's signals are where they never were, and which of its quantities, which way; of a lone instrument that it is
    wrong.
    """
    lead = max(left, key=lambda one: (abs(one.times), -one.signal))
    rest = "; nothing else of the plant follows it" if instrument else ""
    apart = _fact(
        plant,
        lead,
        gathered,
        component,
        "signal.apart",
        "pattern.offset" if instrument else "pattern.apart",
        rest,
    )
    if instrument:
        return [apart]
    return [apart, *quantities_left(plant, left, gathered), *_yield_lost(plant, component, lead, gathered)]


def _yield_lost(plant: Plant, component: str, flow: Left, gathered: Gathered) -> list[Evidence]:
    """That a machine moves less for nearly the same power: throttled it would need less, worn it does not."""
    power = next((k for k in plant.members[component] if aspect_of(plant.channels[k]) == "power"), None)
    if power is None or aspect_of(plant.channels[flow.signal]) not in TRANSPORT or flow.size > 0:
        return []
    now, n = plant.grid.x[flow.since :, :], plant.grid.reference
    usual = [float(np.median(plant.grid.x[:n, k])) for k in (flow.signal, power)]
    if min(usual) <= 0.0:  # it stood for most of its past: no share of that can be told
        return []
    kept = [float(np.median(now[:, k])) / u for k, u in zip((flow.signal, power), usual, strict=True)]
    if 1.0 - kept[1] > _THROTTLED * (1.0 - kept[0]):
        return []
    drawn, moved = plant.channels[power], plant.channels[flow.signal]
    said = (
        f"{subject(moved)} is {text(sig3(100 * kept[0]))} % of its usual value, and {subject(drawn)} still"
        f" {text(sig3(100 * kept[1]))} %: more energy for the same work."
    )
    return [
        plant_fact(
            plant, power, gathered, component=component, kind="signal.quantity", aspect="efficiency", said=said,
            since=flow.since, direction="down", strength=0.95 * (1.0 - 0.5 ** (abs(flow.times) / APART)),
            values={"channel": drawn.metric, "flow_kept": sig3(kept[0]), "power_kept": sig3(kept[1])},
        )
    ]  # fmt: skip


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
    factor, unit = scale(unit_of(channel), abs(left.size))
    usual = float(np.median(plant.grid.x[: plant.grid.reference, left.signal]))
    was, now = (with_unit(sig3(v * factor), unit) for v in (usual, float(plant.grid.x[-1, left.signal])))
    way = "higher" if left.size > 0 else "lower"
    at = moment(plant, left.since)
    said = (
        f"{subject(channel)} is {with_unit(sig3(abs(left.size) * factor), unit)} {way} than its usual value ({was}) since {at},"
        f" {text(times)} times as far from it as it ever was; now {now}{rest}."
    )
    return plant_fact(
        plant, left.signal, gathered, component=component, kind=kind, aspect=aspect, said=said, since=left.since,
        direction="up" if left.size > 0 else "down", strength=0.95 * (1.0 - 0.5 ** (abs(left.times) / APART)),
        values={"channel": channel.metric, "times_limit": times, "off_by": sig3(abs(left.size)), "usual": sig3(usual),
                "by": "own past"},
    )  # fmt: skip
