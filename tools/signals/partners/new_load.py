"""Where an electrical network takes more than it should, and that it takes what it should everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from aitia.core.words import Evidence, SourceRef, from_epoch
from aitia.tools.series.gather import Gathered
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.partners.culprit import APART, first_beyond
from aitia.tools.signals.partners.expect import SPAN, Expectations
from aitia.tools.signals.partners.heated import heated
from aitia.tools.signals.partners.network import Network, network_of
from aitia.tools.signals.partners.plant import Plant, signal_fact
from aitia.tools.signals.quantities import aspect_of

BY: Final = "balance of the network"
"""How a fact of a load says that it was found: a load that was announced is no fault (`aitia.agent.announced`)."""
# By hand: one new load moves others through their voltage; a section with hardly any load of its own carries on what it gets.
_FURTHER: Final = 2.0  # times as plainly as any other load
_OWN: Final = 0.2  # of what goes into a section in the reference
_QUIET: Final = (
    1.6  # times the limit below which a load is as it should be, as of any other signal (`quiet_facts`)
)
_WARM: Final = 1.6  # times the limit from which on a temperature may be too high
_SURE: Final = 0.95


def new_load(plant: Plant, network: Network, gathered: Gathered) -> list[Evidence]:
    """The facts of the one part of the network that takes more than the hour and the other loads tell; none of several."""
    told, n = network.told, plant.grid.reference
    ends = {
        k: told.residual(k, frozenset(network.neighbours(k)))
        for k in range(len(network.loads))
        if told.moves[k]
    }
    place = max(ends, key=lambda k: (float(ends[k][-1]), -k), default=None)
    if place is None:
        return []
    times = float(ends[place][-1])
    beside = frozenset(network.neighbours(place))
    strange = float(told.strangeness(place, beside)[-1])
    others = max((_without(network, k, place) for k in ends if k != place), default=0.0)
    if times < APART * strange**2 or times < _FURTHER * others:
        return []
    since = n + max(0, first_beyond(ends[place], len(ends[place]) - 1) - SPAN // 2)
    quiet = [
        _usual(network, k, gathered) for k, r in ends.items() if k != place and abs(float(r[-1])) < _QUIET
    ]
    return [*_load_facts(plant, network, place, times, since, gathered), *quiet]


def _without(network: Network, other: int, place: int) -> float:
    """How far another load is off to the end, where neither its neighbours nor the one in question tell of it."""
    return abs(float(network.told.residual(other, frozenset({place, *network.neighbours(other)}))[-1]))


def usual_network(plant: Plant, gathered: Gathered) -> list[Evidence]:
    """That each part of the network takes what it should; none where one of them, or a signal that others tell, does not."""
    network = network_of(plant)
    if network is None:
        return []
    ends = [
        float(network.told.residual(k, frozenset(network.neighbours(k)))[-1])
        for k in range(len(network.loads))
    ]
    if max(map(abs, ends)) >= _QUIET or any(heated(plant, _WARM)):
        return []
    told = Expectations(plant.grid)
    if any(abs(float(told.residual(int(k))[-1])) >= APART for k in np.flatnonzero(told.moves)):
        return []
    return [_usual(network, k, gathered) for k in range(len(network.loads))]


def _usual(network: Network, place: int, gathered: Gathered) -> Evidence:
    """A `signal.quiet` fact of the branch that feeds a part of the network, with what would have shown."""
    plant, area = network.plant, network.area(place)
    channel = plant.channels[network.signals(area.lead)[0]]
    least = network.told.size(place, APART, 0, frozenset(network.neighbours(place)))
    where = " and ".join(sorted(area.components)) or f"what {area.lead} feeds"
    return Evidence(
        component=area.lead, kind="signal.quiet", aspect="pattern.usual",
        statement=f"{area.lead}: {where} takes what it should by the hour and the other loads;"
        f" {text(sig3(abs(least)))} A more would show.",
        values={"channel": channel.metric, "signals": len(plant.channels), "reference_rows": plant.grid.reference},
        window=gathered.window, direction="steady", strength=0.7, source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


def _load_facts(
    plant: Plant, network: Network, place: int, times: float, since: int, gathered: Gathered
) -> Iterator[Evidence]:
    area, grid = network.area(place), plant.grid
    lead = area.lead
    signal = network.signals(lead)[0]
    end = len(grid.t) - grid.reference - 1
    takes, usual = network.told.reading(place, end, frozenset(network.neighbours(place)))
    where = " and ".join(sorted(area.components)) or f"what {lead} feeds"
    behind = f" ({', '.join(area.outward)} behind it carries no more)" if area.outward else ""
    unit = " A" if aspect_of(plant.channels[signal]) == "current" or network.in_amperes else ""
    at = clock(from_epoch(float(grid.t[since])))
    said = (
        f"{where}, fed by {', '.join(area.inward)}, takes {text(sig3(takes))}{unit}, {text(sig3(usual))}{unit} expected at this"
        f" hour and from the other loads, since {at} and still so{behind}"
    )
    strength = _SURE * (1.0 - 0.5 ** (times / APART))
    values: dict[str, str | float] = {
        "times_limit": sig3(times),
        "reads": sig3(takes),
        "expected": sig3(usual),
        "by": BY,
        "area": ", ".join(sorted(area.components)),
    }
    yield signal_fact(
        plant,
        signal,
        gathered,
        lead,
        "signal.apart",
        "pattern.apart",
        f"{said}; all other parts of the network take what they should.",
        since,
        "up",
        strength,
        **values,
    )
    yield signal_fact(
        plant,
        signal,
        gathered,
        lead,
        "signal.quantity",
        aspect_of(plant.channels[signal]),
        f"{said}.",
        since,
        "up",
        strength,
        **values,
    )
    own, into = (
        float(np.median(v[: grid.reference]))
        for v in (list(network.loads.values())[place], network.into(place))
    )
    if own < _OWN * into:
        lost = (
            f"more goes into {lead} than comes out behind it, by {text(sig3(takes - usual))}{unit}, though hardly anything is"
            f" connected between: {said}."
        )
        yield signal_fact(
            plant,
            signal,
            gathered,
            lead,
            "signal.quantity",
            "efficiency",
            lost,
            since,
            "down",
            strength,
            **values,
        )
