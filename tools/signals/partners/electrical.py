"""Facts of an electrical network: what opened, what is out, what stands, what is too warm (where more is taken: `new_load`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from aitia.core.words import Direction, Evidence
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import sig3, text
from aitia.tools.signals.partners.culprit import APART
from aitia.tools.signals.partners.flow_facts import in_unit, named
from aitia.tools.signals.partners.heated import Heated, heated
from aitia.tools.signals.partners.network import Network, network_of
from aitia.tools.signals.partners.new_load import new_load
from aitia.tools.signals.partners.plant import Plant, moment, signal_fact
from aitia.tools.signals.partners.standstill import Standstill, halted
from aitia.tools.signals.partners.stepping import Standing, standing
from aitia.tools.signals.quantities import aspect_of

_TOGETHER: Final = 3  # rows within which a switch moved and a flow ended, if the one ended the other
_CARRIED: Final = frozenset({"flow", "current", "power"})
_ALIVE: Final = 0.02  # of its usual load: nothing (as of any machine: `standstill`)
_MISSED: Final = (
    0.5  # of what a branch carried that the balance beside it must miss, if its meter alone is dead
)
_SURE: Final = 0.95
_DOWN: Final[Direction] = "down"
_CHANGED: Final[Direction] = "changed"


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
    return [*facts, *new_load(plant, network, gathered)] if not still else facts


def _out(plant: Plant, network: Network) -> dict[str, Standstill]:
    """The branches that carry nothing any more, first of those that feed each other; no meter that died: with that the load
    behind it would be missed.
    """
    carrying = {k for k, c in enumerate(plant.channels) if aspect_of(c) in _CARRIED}
    out = halted(plant.grid, plant.members, carrying) | _tripped(plant, network)
    first = {c: stood for c, stood in out.items() if not plant.upstream(c) & set(out)}
    return {c: stood for c, stood in first.items() if not _misses(network, c)}


def _tripped(plant: Plant, network: Network) -> dict[str, Standstill]:
    """Sources that ran all through the reference and now give nothing."""
    sources = {b: network.signals(b) for b in network.sources}
    return halted(plant.grid, sources, set(range(len(plant.channels))))


def _misses(network: Network, branch: str) -> bool:
    """Whether an area beside a branch that shows nothing misses what the branch carried, by half at least: its meter is dead."""
    x = network.plant.grid
    for place in range(len(network.loads)):
        area = network.area(place)
        if branch not in area.inward or not any(_alive(network, b) for b in area.outward):
            continue  # behind a dead line nothing is alive; what others take changes with it
        beside = frozenset(network.neighbours(place))
        residual = network.told.residual(place, beside)
        off = network.told.size(place, float(residual[-1]), len(residual) - 1, beside)
        carried = float(np.median(network.carried(branch, place)[: x.reference]))
        if abs(float(residual[-1])) >= APART and -off >= _MISSED * carried:
            return True
    return False


def _alive(network: Network, branch: str) -> bool:
    """Whether a branch carries anything now."""
    x, signals = network.plant.grid.x, network.signals(branch)
    usual = float(np.median(np.abs(x[: network.plant.grid.reference, signals])))
    return bool(np.max(np.abs(x[-1, signals])) > _ALIVE * usual)


def _out_facts(plant: Plant, component: str, stood: Standstill, gathered: Gathered) -> Iterator[Evidence]:
    """That nothing flows through a branch, or that the switch which feeds it opened then."""
    at = moment(plant, stood.since)
    for name in (component, *sorted(plant.upstream(component))):
        for k in plant.members.get(name, ()):
            if (moved := _switched(plant, k, stood.since)) is not None:
                now, before = (text(sig3(v)) for v in (plant.grid.x[-1, k], plant.grid.x[moved - 1, k]))
                when = moment(plant, moved)
                went = f"its {subject(plant.channels[k])} went from {before} to {now} at {when}"
                idle = f"nothing flows through {component} since {at}, earlier never: {went}."
                for kind, aspect, said, way, more in (
                    ("signal.idle", "pattern.idle", idle, _DOWN, {"through": component}),
                    ("signal.quantity", "position", f"{went}.", _CHANGED, {}),
                ):
                    yield signal_fact(plant, k, gathered, name, kind, aspect, said, moved, way, 0.9, **more)
                return
    lead = plant.members[component][0]
    rest = (
        "; the loads of all parts beside it keep their balance, so that its meter is not to blame"
        if aspect_of(plant.channels[lead]) == "power"
        else ""
    )
    said = f"nothing flows through it since {at}, earlier never{rest}."
    yield signal_fact(
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
    at = moment(plant, one.since)
    bound, now = (in_unit(held, v) for v in (one.bound, one.now))
    beyond = "above" if one.now > one.bound else "below"
    said = (
        f"{subject(channel)} has stood at {text(sig3(float(plant.grid.x[-1, one.signal])))} since {at}, though {named(held)} is"
        f" {now}, {beyond} the {bound} beyond which it never stayed for an hour without a step."
    )
    return signal_fact(
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
    at = moment(plant, one.since)
    said = f"{subject(channel)} reads {shows}, {expected} expected at its load and the air's temperature, since {at} and still so"
    strength = _SURE * (1.0 - 0.5 ** (2.0 * one.times / APART))
    for kind, aspect, rest in (
        ("signal.apart", "pattern.apart", "; no other machine is warmer than that"),
        ("signal.quantity", "temperature", ""),
    ):
        yield signal_fact(
            plant, one.signal, gathered, channel.component, kind, aspect, f"{said}{rest}.", one.since, "up", strength,
            times_limit=sig3(one.times), reads=sig3(one.shows), expected=sig3(one.expected), by="load and air",
        )  # fmt: skip
