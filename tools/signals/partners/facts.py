"""Facts about a plant's signals held against one another, over all data at hand and not the window alone."""

from __future__ import annotations

from typing import Final

import numpy as np

from aitia.core.words import Evidence, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, sig3, text
from aitia.tools.signals.partners.culprit import APART, Departure, departure
from aitia.tools.signals.partners.expect import LEAST_REFERENCE, Expectations, gridded
from aitia.tools.signals.partners.own_curve import own_departure
from aitia.tools.signals.partners.plant import Plant, plant_fact
from aitia.tools.signals.partners.quantity_facts import own_facts, quantity_facts
from aitia.tools.signals.partners.standstill import Standstill, idle, stuck
from aitia.tools.signals.plots import SERIES, series_artifact
from aitia.tools.signals.tables import machine_signals, machines_of

REFERENCE: Final = 0.8
"""The share of the baseline that teaches: a fault may have begun before anybody reported it."""
_MOST: Final = 96  # signals; of more a tool that has seconds tells nothing
_LEAST: Final = 4  # signals: with fewer there is no telling which one is wrong


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
    """What stands still though it should move, a machine that left its own curve, or the plainest departure from what partners
    tell; each with its signal, to be drawn.
    """
    plant = plant_of(ctx, gathered)
    if plant is None:
        return []
    place = {(c.component, c.metric): k for k, c in enumerate(plant.channels)}
    facts = []
    for fact in _found(plant, gathered):
        signal = place.get((fact.component, str(fact.values.get("channel", ""))))
        if signal is not None:
            drawn = ctx.put_artifact(series_artifact(plant.grid.t, plant.grid.x[:, signal]), SERIES)
            fact = fact.model_copy(update={"artifact": drawn})
        facts.append(fact)
    return facts


def _found(plant: Plant, gathered: Gathered) -> list[Evidence]:
    stopped = idle(plant.grid, plant.members)
    still = {k: v for k, v in stuck(plant.grid, plant.owners).items() if plant.owners[k] not in stopped}
    facts = [_stuck(plant, signal, stood, gathered) for signal, stood in still.items()]
    facts += [_idle(plant, component, stood, gathered) for component, stood in stopped.items()]
    known = frozenset({*still, *(k for component in stopped for k in plant.members[component])})
    own = own_departure(plant.grid, plant.members, known)
    if own is not None and not facts:
        return own_facts(plant, own, gathered)
    told = Expectations(plant.grid)
    left = departure(told, plant.owners, plant.parts_of, plant.whole_of, known)
    if left is not None:
        facts.append(_apart(plant, left, gathered, explained=bool(facts)))
        facts += quantity_facts(plant, told, left, known, gathered)
    return facts


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
    return plant_fact(
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
    return plant_fact(
        plant, signal, gathered, component=channel.component, kind="signal.stuck", aspect="pattern.stuck", said=said,
        since=stood.since, direction="changed", strength=0.9, values={"channel": channel.metric},
    )  # fmt: skip


def _idle(plant: Plant, component: str, stood: Standstill, gathered: Gathered) -> Evidence:
    at = clock(from_epoch(float(plant.grid.t[stood.since])))
    said = f"all of its {len(plant.members[component])} signals have been at rest since {at}, {_longer(plant, stood)}."
    return plant_fact(
        plant, plant.members[component][0], gathered, component=component, kind="signal.idle", aspect="pattern.idle", said=said,
        since=stood.since, direction="down", strength=0.85, values={},
    )  # fmt: skip


def _longer(plant: Plant, stood: Standstill) -> str:
    step = float(np.median(np.diff(plant.grid.t)))
    now = (len(plant.grid.t) - stood.since) * step / 60.0
    return f"for {text(sig3(now))} min, earlier for at most {text(sig3(stood.usual * step / 60.0))} min"
