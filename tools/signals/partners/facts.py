"""Facts about a plant's signals held against one another, over all data at hand and not the window alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from aitia.core.words import Direction, Evidence, SourceRef, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.partners.culprit import APART, Departure, departure, first_beyond
from aitia.tools.signals.partners.expect import LEAST_REFERENCE, SPAN, Expectations, Grid, gridded
from aitia.tools.signals.partners.own_curve import OwnDeparture, own_departure
from aitia.tools.signals.partners.standstill import Standstill, idle, stuck
from aitia.tools.signals.quantities import aspect_of
from aitia.tools.signals.tables import machine_signals, machines_of

REFERENCE: Final = 0.8
"""The share of the baseline that teaches: a fault may have begun before anybody reported it."""
_MOST: Final = 96  # signals; of more a tool that has seconds tells nothing
_PLAINLY: Final = 1.2  # times the limit from which on a quantity is said to be off, once it is known whose fault it is; by hand
_LEAST: Final = 4  # signals: with fewer there is no telling which one is wrong


@dataclass(frozen=True)
class Plant:
    """The signals of all machines together."""

    channels: tuple[Derived, ...]
    grid: Grid
    wholes: Mapping[str, Sequence[str]]

    @cached_property
    def owners(self) -> list[str]:
        """Whose each signal is."""
        return [c.component for c in self.channels]

    @cached_property
    def members(self) -> dict[str, list[int]]:
        """The signals of each component."""
        found: dict[str, list[int]] = {}
        for signal, owner in enumerate(self.owners):
            found.setdefault(owner, []).append(signal)
        return found

    def whole_of(self, component: str) -> str:
        """What a component is part of; "" where nothing is known."""
        return next(iter(self.wholes.get(component, ())), "")

    def parts_of(self, component: str) -> frozenset[str]:
        """The component and all its parts."""
        found = {component}
        while more := {c for c, wholes in self.wholes.items() if found & set(wholes)} - found:
            found |= more
        return frozenset(found)


def plant_of(ctx: ToolContext, gathered: Gathered) -> Plant | None:
    """The plant of an incident; None where its signals are too few or too many, or its past too short."""
    channels = machine_signals(gathered, machines_of(ctx.resolver.components))
    if not _LEAST <= len(channels) <= _MOST or not gathered.baselines:
        return None
    if len({c.component for c in channels}) < 2:  # one machine alone is taken together by its own table
        return None
    start, end = max((b.window for b in gathered.baselines), key=lambda w: w.seconds).epoch
    split = start + REFERENCE * (end - start)
    now = min(gathered.window.epoch[1], ctx.clock.now().timestamp())
    if now <= end:  # the baseline is of another day: what lies between is not known
        return None
    grid = gridded([(c.t, c.v) for c in channels], start, split, now)
    if grid.reference < LEAST_REFERENCE or len(grid.t) <= grid.reference:
        return None
    wholes = {c.id: [k.to for k in c.links if k.relation == "part_of"] for c in ctx.resolver.components}
    return Plant(tuple(channels), grid, wholes)


def partner_facts(ctx: ToolContext, gathered: Gathered) -> list[Evidence]:
    """What stands still though it should move, and the plainest departure from what partners tell."""
    plant = plant_of(ctx, gathered)
    if plant is None:
        return []
    stopped = idle(plant.grid, plant.members)
    still = {k: v for k, v in stuck(plant.grid, plant.owners).items() if plant.owners[k] not in stopped}
    facts = [_stuck(plant, signal, stood, gathered) for signal, stood in still.items()]
    facts += [_idle(plant, component, stood, gathered) for component, stood in stopped.items()]
    resting = {k for component in stopped for k in plant.members[component]}
    told, known = Expectations(plant.grid), frozenset({*still, *resting})
    own = own_departure(plant.grid, plant.members, known)
    if own is not None and not facts:
        return [*facts, *_own_facts(plant, own, gathered)]
    left = departure(told, plant.owners, plant.parts_of, plant.whole_of, known)
    if left is not None:
        facts.append(_apart(plant, left, gathered, explained=bool(facts)))
        facts += quantity_facts(plant, told, left, known, gathered)
    return facts


def _own_facts(plant: Plant, own: OwnDeparture, gathered: Gathered) -> list[Evidence]:
    """A machine that left its own curve: that it did, and which of its quantities are off and which way."""
    channel, times = plant.channels[own.signal], sig3(abs(own.times))
    way, at = ("higher" if own.times > 0 else "lower"), clock(from_epoch(float(plant.grid.t[own.since])))
    said = (
        f"{subject(channel)} is {way} than its own other signals tell since {at}, by {text(times)} times the limit; every other"
        " machine keeps its own relation."
    )
    apart = _fact(
        plant, own.signal, gathered, component=own.component, kind="signal.apart", aspect="pattern.apart", said=said,
        since=own.since, direction="up" if own.times > 0 else "down", strength=0.95 * (1.0 - 0.5 ** (abs(own.times) / APART)),
        values={"channel": channel.metric, "times_limit": times, "by": "own curve"},
    )  # fmt: skip
    off = [k for k, peak in own.peaks.items() if abs(peak) >= _PLAINLY and aspect_of(plant.channels[k])]
    return [
        apart,
        *(
            _quantity(
                plant, k, gathered, aspect=aspect_of(plant.channels[k]), times=own.peaks[k], since=own.since
            )
            for k in off
        ),
    ]


def quantity_facts(
    plant: Plant, told: Expectations, left: Departure, known: frozenset[int], gathered: Gathered
) -> list[Evidence]:
    """`signal.quantity` facts: which quantities of the machine that left the others did so, and which way.

    Each of its signals is held against what all others tell of it, without any of its own: by how much flow, power or pressure
    is off tells the kind of its fault. An instrument that left alone has no such quantity: it shows what is not.
    """
    if not left.component or not left.plain or left.alone:
        return []
    whose = plant.parts_of(left.component)
    group = frozenset(k for k, owner in enumerate(plant.owners) if owner in whose)
    facts = []
    for signal in sorted(group - known):
        aspect = aspect_of(plant.channels[signal])
        if not aspect or not told.moves[signal]:
            continue
        residual = told.residual(signal, known | group)
        peak = int(np.argmax(np.abs(residual)))
        since = plant.grid.reference + max(0, first_beyond(residual, peak) - SPAN // 2)
        if abs(residual[peak]) >= _PLAINLY:
            facts.append(
                _quantity(plant, signal, gathered, aspect=aspect, times=float(residual[peak]), since=since)
            )
    return facts


def _quantity(
    plant: Plant, signal: int, gathered: Gathered, *, aspect: str, times: float, since: int
) -> Evidence:
    channel = plant.channels[signal]
    way: Direction = "up" if times > 0 else "down"
    said = (
        f"{subject(channel)} is {'higher' if times > 0 else 'lower'} than how the plant runs explains, since"
        f" {clock(from_epoch(float(plant.grid.t[since])))}, by {text(sig3(abs(times)))} times the limit."
    )
    return _fact(plant, signal, gathered, component=channel.component, kind="signal.quantity", aspect=aspect, said=said, since=since,
                 direction=way, strength=1.0 - 0.5 ** abs(times), values={"channel": channel.metric, "times_limit": sig3(abs(times))})  # fmt: skip


def _apart(plant: Plant, left: Departure, gathered: Gathered, *, explained: bool) -> Evidence:
    """A `signal.apart` fact: of an instrument, of a component, or of nobody who could be told."""
    channel, times = plant.channels[left.signal], sig3(abs(left.times))
    instrument = left.alone and _is_instrument(plant, left)
    named = bool(left.component) and left.plain and not explained
    aspect = "pattern.unlike"
    if named:
        aspect = ("pattern.drift" if left.drifts else "pattern.offset") if instrument else "pattern.apart"
    whose = left.component or channel.component
    way = "above" if left.times > 0 else "below"
    at = clock(from_epoch(float(plant.grid.t[left.since])))
    left_at = f"{subject(channel)} left what the other signals of the plant tell of it at {at}"
    how = f"{left_at}, {way} by {text(times)} times the limit"
    rest = {
        "pattern.unlike": "; no part of the plant explains it alone" if left.plain else
        "; the plant runs in a way that its past does not show",
    }.get(aspect, f"; without {'it' if left.alone else 'the signals of ' + whose} all others agree")  # fmt: skip
    return _fact(
        plant, left.signal, gathered, component=whose if named else channel.component, kind="signal.apart", aspect=aspect,
        said=f"{how}{rest}.", since=left.since, direction="up" if left.times > 0 else "down",
        strength=0.95 * (1.0 - 0.5 ** (abs(left.times) / (APART * (left.strange if named else 1.0)))),
        values={"channel": channel.metric, "times_limit": times, "strange": sig3(left.strange)},
    )  # fmt: skip


def _is_instrument(plant: Plant, left: Departure) -> bool:
    """Whether a component measures one thing of something else: a machine's own signals may show the machine alone."""
    owner = plant.owners[left.signal]
    return len(plant.members[owner]) == 1 and bool(plant.whole_of(owner))


def _stuck(plant: Plant, signal: int, stood: Standstill, gathered: Gathered) -> Evidence:
    channel = plant.channels[signal]
    at = clock(from_epoch(float(plant.grid.t[stood.since])))
    said = f"{subject(channel)} has not changed since {at}, {_longer(plant, stood)}, while the rest of the plant moved."
    return _fact(plant, signal, gathered, component=channel.component, kind="signal.stuck", aspect="pattern.stuck", said=said,
                 since=stood.since, direction="changed", strength=0.9, values={"channel": channel.metric})  # fmt: skip


def _idle(plant: Plant, component: str, stood: Standstill, gathered: Gathered) -> Evidence:
    at = clock(from_epoch(float(plant.grid.t[stood.since])))
    said = f"all of its {len(plant.members[component])} signals have been at rest since {at}, {_longer(plant, stood)}."
    return _fact(plant, plant.members[component][0], gathered, component=component, kind="signal.idle", aspect="pattern.idle",
                 said=said, since=stood.since, direction="down", strength=0.85, values={})  # fmt: skip


def _longer(plant: Plant, stood: Standstill) -> str:
    step = float(np.median(np.diff(plant.grid.t)))
    now = (len(plant.grid.t) - stood.since) * step / 60.0
    return f"for {text(sig3(now))} min, earlier for at most {text(sig3(stood.usual * step / 60.0))} min"


def _fact(
    plant: Plant, signal: int, gathered: Gathered, *, component: str, kind: str, aspect: str, said: str, since: int,
    direction: Direction, strength: float, values: dict[str, str | float],
) -> Evidence:  # fmt: skip
    channel = plant.channels[signal]
    prefix = component if component == channel.component else f"{component} ({channel.component})"
    step = float(np.median(np.diff(plant.grid.t)))
    return Evidence(
        component=component, kind=kind, aspect=aspect, statement=f"{prefix}: {said}",
        values={**values, "signals": len(plant.channels), "reference_rows": plant.grid.reference},
        window=gathered.window, onset=from_epoch(float(plant.grid.t[since])), onset_error_s=sig3(6.0 * step),
        direction=direction, strength=round(strength, 3), source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip
