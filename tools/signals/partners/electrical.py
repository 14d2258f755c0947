"""Facts of an electrical network: what opened, what is out, what stands, what is too warm, and where more goes in than comes out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from aitia.core.words import Evidence, SourceRef, from_epoch
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.partners.culprit import APART, first_beyond
from aitia.tools.signals.partners.expect import SPAN, Expectations
from aitia.tools.signals.partners.flow_facts import in_unit, named
from aitia.tools.signals.partners.heated import Heated, heated
from aitia.tools.signals.partners.network import Network, network_of
from aitia.tools.signals.partners.plant import Plant, plant_fact
from aitia.tools.signals.partners.standstill import Standstill, halted
from aitia.tools.signals.partners.stepping import Standing, standing
from aitia.tools.signals.quantities import aspect_of

BY: Final = "balance of the network"
"""How a fact of a load says that it was found: a load that was announced is no fault (`aitia.agent.announced`)."""
_TOGETHER: Final = 3  # rows within which a switch moved and a flow ended, if the one ended the other
_CARRIED: Final = frozenset({"flow", "current", "power"})
_FURTHER: Final = (
    2.0  # times as plainly as any other load; by hand: one new load moves others through their voltage
)
_OWN: Final = (
    0.2  # of what goes into a section: with less load of its own in the reference it carries on what it gets
)
_QUIET: Final = (
    1.6  # times the limit below which a load is as it should be (as of any other signal: `quiet_facts`)
)
_WARM: Final = 1.2  # times the limit from which on a temperature may be too high
_SURE: Final = 0.95


def electrical_facts(plant: Plant, gathered: Gathered, still: Collection[int]) -> list[Evidence]:
    """The facts of a plant that is an electrical network; none where it is none, or all of it is as usual."""
    network = network_of(plant)
    if network is None:
        return []
    if out := _out(plant, network):
        return [
            fact for component, stood in out.items() for fact in _out_facts(plant, component, stood, gathered)
        ]
    facts = [_standing(plant, one, gathered) for one in standing(plant) if one.signal not in still]
    for one in heated(plant):
        facts += _heated(plant, one, gathered)
    return [*facts, *_new_load(plant, network, gathered)] if not still else facts


def _out(plant: Plant, network: Network) -> dict[str, Standstill]:
    """The branches that carry nothing any more, first of those that feed each other; no meter that died: with that the load
    behind it would be missed.
    """
    carrying = {k for k, c in enumerate(plant.channels) if aspect_of(c) in _CARRIED}
    out = halted(plant.grid, plant.members, carrying) | _tripped(plant, network)
    first = {c: stood for c, stood in out.items() if not plant.upstream(c) & set(out)}
    return {c: stood for c, stood in first.items() if not _misses(network, c)}


def _tripped(plant: Plant, network: Network) -> dict[str, Standstill]:
    """Sources of a single power that ran all through the reference and now give nothing."""
    return {
        c: stood
        for c, stood in halted(plant.grid, {b: network.signals(b) for b in network.sources}, set(range(len(plant.channels)))).items()
    }  # fmt: skip


def _misses(network: Network, branch: str) -> bool:
    """Whether an area beside a branch that shows nothing takes as much less (or more) as the branch carried: its meter is dead."""
    for place in range(len(network.loads)):
        area = network.area(place)
        if branch in (*area.inward, *area.outward):
            beside = frozenset(network.neighbours(place))
            last = network.told.residual(place, beside)[-1]
            if abs(last) >= APART and any(
                _alive(network, b) for b in (*area.inward, *area.outward) if b != branch
            ):
                return True
    return False


def _alive(network: Network, branch: str) -> bool:
    x = network.plant.grid.x[-1, network.signals(branch)]
    return bool(np.any(np.abs(x) > 1e-3 * np.max(np.abs(network.plant.grid.x[:, network.signals(branch)]))))


def _out_facts(plant: Plant, component: str, stood: Standstill, gathered: Gathered) -> Iterator[Evidence]:
    """That nothing flows through a branch, or that the switch which feeds it opened then."""
    at = clock(from_epoch(float(plant.grid.t[stood.since])))
    for name in (component, *sorted(plant.upstream(component))):
        for k in plant.members.get(name, ()):
            if (moved := _switched(plant, k, stood.since)) is not None:
                now, before = (text(sig3(v)) for v in (plant.grid.x[-1, k], plant.grid.x[moved - 1, k]))
                when = clock(from_epoch(float(plant.grid.t[moved])))
                said = f"its {subject(plant.channels[k])} went from {before} to {now} at {when}, and nothing flows through {component} since {at}, earlier never."
                yield _fact(
                    plant,
                    k,
                    gathered,
                    name,
                    "signal.idle",
                    "pattern.idle",
                    said,
                    moved,
                    "down",
                    0.9,
                    through=component,
                )
                yield _fact(
                    plant, k, gathered, name, "signal.quantity", "position", said, moved, "changed", 0.9
                )
                return
    lead = plant.members[component][0]
    rest = (
        "; the loads of all parts beside it keep their balance, so that its meter is not to blame"
        if aspect_of(plant.channels[lead]) == "power"
        else ""
    )
    said = f"nothing flows through it since {at}, earlier never{rest}."
    yield _fact(
        plant, lead, gathered, component, "signal.idle", "pattern.idle", said, stood.since, "down", 0.85
    )


def _switched(plant: Plant, signal: int, since: int) -> int | None:
    """The row in which a switch that never moved in the reference did so, about when a flow ended; None where it did not."""
    x, n = plant.grid.x[:, signal], plant.grid.reference
    if aspect_of(plant.channels[signal]) not in ("position", "") or np.ptp(x[:n]) > 0:
        return None
    moves = np.flatnonzero(np.abs(x - x[0]) > 0)
    return int(moves[0]) if moves.size and abs(int(moves[0]) - since) <= _TOGETHER and x[-1] != x[0] else None


def _standing(plant: Plant, one: Standing, gathered: Gathered) -> Evidence:
    channel, held = plant.channels[one.signal], plant.channels[one.held]
    at = clock(from_epoch(float(plant.grid.t[one.since])))
    bound, now = (in_unit(held, v) for v in (one.bound, one.now))
    beyond = "above" if one.now > one.bound else "below"
    said = (
        f"{subject(channel)} has stood at {text(sig3(float(plant.grid.x[-1, one.signal])))} since {at}, though {named(held)} is"
        f" {now}, {beyond} the {bound} beyond which it never stayed for an hour without a step."
    )
    return _fact(
        plant,
        one.signal,
        gathered,
        channel.component,
        "signal.stuck",
        "pattern.stuck",
        said,
        one.since,
        "changed",
        0.9,
    )


def _heated(plant: Plant, one: Heated, gathered: Gathered) -> Iterator[Evidence]:
    channel = plant.channels[one.signal]
    shows, expected = (in_unit(channel, v) for v in (one.shows, one.expected))
    at = clock(from_epoch(float(plant.grid.t[one.since])))
    said = f"{subject(channel)} reads {shows}, {expected} expected at its load and the air's temperature, since {at} and still so"
    strength = _SURE * (1.0 - 0.5 ** (2.0 * one.times / APART))
    for kind, aspect, rest in (
        ("signal.apart", "pattern.apart", "; no other machine is warmer than that"),
        ("signal.quantity", "temperature", ""),
    ):
        yield _fact(
            plant, one.signal, gathered, channel.component, kind, aspect, f"{said}{rest}.", one.since, "up", strength,
            times_limit=sig3(one.times), reads=sig3(one.shows), expected=sig3(one.expected), by="load and air",
        )  # fmt: skip


def _new_load(plant: Plant, network: Network, gathered: Gathered) -> list[Evidence]:
    """The facts of the one part of the network that takes more than its hour and the other loads tell; none where there are more."""
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
    others = max((abs(float(r[-1])) for k, r in ends.items() if k != place), default=0.0)
    if times < APART * strange**2 or times < _FURTHER * others:
        return []
    since = n + max(0, first_beyond(ends[place], len(ends[place]) - 1) - SPAN // 2)
    quiet = [
        _usual(network, k, gathered) for k, r in ends.items() if k != place and abs(float(r[-1])) < _QUIET
    ]
    return [*_load_facts(plant, network, place, times, since, gathered), *quiet]


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
        statement=f"{area.lead}: {where} takes what it should by the hour and the other loads; {text(sig3(abs(least)))} A more would show.",
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
        f"{where}, fed by {', '.join(area.inward)}, takes {text(sig3(takes))}{unit}, {text(sig3(usual))}{unit} expected at this hour"
        f" and from the other loads, since {at} and still so{behind}"
    )
    strength = _SURE * (1.0 - 0.5 ** (times / APART))
    values = {
        "times_limit": sig3(times),
        "reads": sig3(takes),
        "expected": sig3(usual),
        "by": BY,
        "area": ", ".join(sorted(area.components)),
    }
    yield _fact(
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
    yield _fact(
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
        lost = f"more goes into {lead} than comes out behind it, by {text(sig3(takes - usual))}{unit}, though hardly anything is connected between: {said}."
        yield _fact(
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


def _fact(
    plant: Plant, signal: int, gathered: Gathered, component: str, kind: str, aspect: str, said: str, since: int,
    direction: str, strength: float, **values: str | float,
) -> Evidence:  # fmt: skip
    return plant_fact(
        plant, signal, gathered, component=component, kind=kind, aspect=aspect, said=said, since=since,
        direction=direction, strength=strength, values={"channel": plant.channels[signal].metric, **values},
    )  # fmt: skip
