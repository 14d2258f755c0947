"""Several machines that left all that they ever were alike, at about the same time: what they share is suspected, not each.

Instruments of different machines do not go wrong together. Where one machine feeds all of them (or is what they are part of) and
its own signal left its past as well, and nothing that carries load did, the departure is that machine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.words import Evidence
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import sig3, text
from aitia.tools.signals.partners.culprit import APART
from aitia.tools.signals.partners.expect import SPAN
from aitia.tools.signals.partners.flow_facts import in_unit
from aitia.tools.signals.partners.own_past import Left
from aitia.tools.signals.partners.past_facts import quantities_left
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.quantities import aspect_of, is_weather

_ALIKE: Final = 3  # machines beside the one that they share; by hand: two may be chance
_LOADS: Final = frozenset({"flow", "current", "power", "speed"})
"""What explains warmth, pressure and the like by how much is asked for, where it left its past as well."""
_TOLD: Final = 4  # of those that left alike, named one by one


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The machine that others share: its own signal that left its past, and those of the others that did so alike."""

    component: str
    own: Left
    others: tuple[Left, ...]
    aspect: str


def shared_source(plant: Plant, left: Mapping[int, Left]) -> Shared | None:
    """The one machine that is shared by all whose signals of one quantity left their past the same way; None where there is none.

    None too where a load, a speed or a set-point left its past: then the plant is run in another way.
    """
    aspects = {k: aspect_of(plant.channels[k]) for k in left}
    if _LOADS & set(aspects.values()) or "" in aspects.values():
        return None
    for aspect, up in sorted({(aspects[k], one.size > 0) for k, one in left.items()}):
        alike = [
            one for k, one in left.items()
            if aspects[k] == aspect and (one.size > 0) == up and not is_weather(plant.channels[k].metric)
        ]  # fmt: skip
        found = list(_sources(plant, alike, aspect))
        first = [s for s in found if not plant.upstream(s.component) & {o.component for o in found}]
        if len(first) == 1:
            return first[0]
    return None


def _sources(plant: Plant, alike: list[Left], aspect: str) -> Iterator[Shared]:
    """Machines of which all that left alike are fed or a part, and which left with them and not later."""
    for component in sorted({plant.owners[one.signal] for one in alike}):
        reached = _reached(plant, component)
        own = [one for one in alike if plant.owners[one.signal] == component]
        others = [one for one in alike if plant.owners[one.signal] != component]
        if len({plant.owners[o.signal] for o in others}) < _ALIKE or any(
            plant.owners[o.signal] not in reached for o in others
        ):
            continue
        lead = max(own, key=lambda one: (abs(one.times), -one.signal))
        if lead.since <= float(np.median([o.since for o in others])) + SPAN:
            yield Shared(component=component, own=lead, others=tuple(others), aspect=aspect)


def _reached(plant: Plant, component: str) -> frozenset[str]:
    """Its parts, what it feeds, and the parts of that."""
    found: set[str] = set(plant.parts_of(component))
    new = set(found)
    while new:
        fed = {part for c in new for f in plant.fed_by(c) for part in plant.parts_of(f)}
        new = fed - found
        found |= fed
    return frozenset(found)


def shared_facts(plant: Plant, common: Shared, gathered: Gathered) -> list[Evidence]:
    """That what several machines share left its past with them, and each of the quantities that did."""
    own, channel = common.own, plant.channels[common.own.signal]
    usual = float(np.median(plant.grid.x[: plant.grid.reference, own.signal]))
    now = float(plant.grid.x[-1, own.signal])
    at = moment(plant, own.since)
    names = sorted({plant.owners[o.signal] for o in common.others})
    who = ", ".join(names[:_TOLD]) + (f" and {len(names) - _TOLD} more" if len(names) > _TOLD else "")
    way = "rose" if own.size > 0 else "fell"
    said = (
        f"{subject(channel)} reads {in_unit(channel, now)}, usually {in_unit(channel, usual)}, since {at},"
        f" {text(sig3(abs(own.times)))} times as far from it as it ever was; the {common.aspect} of {who} {way} with it, and no"
        f" load did: {len(names) + 1} instruments that agree are not wrong, it is what they share."
    )
    strength = 0.95 * (1.0 - 0.5 ** (abs(own.times) / APART))
    apart = plant_fact(
        plant, own.signal, gathered, component=common.component, kind="signal.apart", aspect="pattern.apart", said=said,
        since=own.since, direction="up" if own.size > 0 else "down", strength=strength,
        values={"channel": channel.metric, "times_limit": sig3(abs(own.times)), "usual": sig3(usual), "by": "what they share",
                "agree": len(names) + 1},
    )  # fmt: skip
    return [apart, *quantities_left(plant, [own], gathered)]
