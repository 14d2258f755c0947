"""Facts about a plant's signals held against one another, over all data at hand and not the window alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from aitia.core.words import Evidence
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import Gathered
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import sig3, text
from aitia.tools.signals.partners.asked import Asked, asked
from aitia.tools.signals.partners.balance import reads_right
from aitia.tools.signals.partners.between import stands_between
from aitia.tools.signals.partners.conductors import conductors, places
from aitia.tools.signals.partners.culprit import APART, WRONG, Departure, departure
from aitia.tools.signals.partners.electrical import electrical_facts
from aitia.tools.signals.partners.expect import LEAST_REFERENCE, Expectations, gridded
from aitia.tools.signals.partners.flow_facts import (
    between_facts,
    in_unit,
    losing_facts,
    named,
    resistance_facts,
)
from aitia.tools.signals.partners.losing import HOURS, loses
from aitia.tools.signals.partners.new_load import usual_network
from aitia.tools.signals.partners.own_curve import LEAST_SIGNALS, own_departure
from aitia.tools.signals.partners.own_past import Left, left_their_past
from aitia.tools.signals.partners.past_facts import common_whole, driver_of, past_facts, quantities_left
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.partners.quantity_facts import (
    PLAINLY,
    inert,
    instrument_aspect,
    jumped,
    leapt,
    own_facts,
    quantity_facts,
    sibling_facts,
)
from aitia.tools.signals.partners.quiet_facts import quiet_facts
from aitia.tools.signals.partners.resistance import changed_resistance
from aitia.tools.signals.partners.shared import shared_facts, shared_source
from aitia.tools.signals.partners.siblings import odd_one
from aitia.tools.signals.partners.standstill import LOW, Standstill, halted, idle, stuck
from aitia.tools.signals.partners.started import as_started, started, until
from aitia.tools.signals.plots import SERIES, series_artifact
from aitia.tools.signals.quantities import aspect_of
from aitia.tools.signals.tables import machine_signals, machines_of

REFERENCE: Final = 0.8
"""The share of the baseline that teaches: a fault may have begun before anybody reported it."""
_MOST: Final = 96  # signals; of more a tool that has seconds tells nothing
_TIGHT: Final = 0.25  # standard deviations of a limit: other signals tell it; by hand, on the lab's heat pump
_CARRIED: Final = frozenset({"flow", "current", "power", "speed"})
_SHOWN: Final = 3  # signals of a machine at rest that are told with their values
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
    feeds = {c.id: [k.to for k in c.links if k.relation == "feeds"] for c in ctx.resolver.components}
    bodies = frozenset(c.id for c in ctx.resolver.components if c.type in ("machine", "part"))
    return Plant(tuple(channels), grid, wholes, feeds, bodies)


def partner_facts(ctx: ToolContext, gathered: Gathered) -> list[Evidence]:
    """What stands still though it should move, a machine that left its own curve, or the plainest departure from what partners
    tell; each with its signal, to be drawn.
    """
    plant = plant_of(ctx, gathered)
    if plant is None:
        return []
    place = {(c.component, c.metric): k for k, c in enumerate(plant.channels)}
    facts = []
    for fact in plant_told(plant, gathered):
        signal = place.get((fact.component, str(fact.values.get("channel", ""))))
        if signal is not None:
            drawn = ctx.put_artifact(series_artifact(plant.grid.t, plant.grid.x[:, signal]), SERIES)
            fact = fact.model_copy(update={"artifact": drawn})
        facts.append(fact)
    return facts


def plant_told(plant: Plant, gathered: Gathered) -> list[Evidence]:
    """The facts of a plant: what its network tells, what stands still or rests, else the law that an asset left, else whose
    departure it is. A network whose parts all take what they should knows better than a departure that nobody explains.
    """
    facts = _plant_told(plant, gathered)
    if (start := started(plant)) is not None:
        earlier = until(plant, start)
        return as_started(plant, start, facts, _plant_told(earlier, gathered) if earlier else (), gathered)
    if all(e.aspect == "pattern.unlike" for e in facts) and (usual := usual_network(plant, gathered)):
        return usual
    return facts


def _plant_told(plant: Plant, gathered: Gathered) -> list[Evidence]:
    standing_still = stuck(plant.grid, plant.owners)
    if network := electrical_facts(plant, gathered, standing_still):
        return [*(_stuck(plant, k, stood, gathered) for k, stood in standing_still.items()), *network]
    wanted = asked(plant.grid, plant.members)
    stopped = _stopped(plant, {a.component for a in wanted})
    at_rest = {*stopped, *(a.component for a in wanted)}
    still = {k: v for k, v in standing_still.items() if plant.owners[k] not in at_rest}
    left = left_their_past(plant.grid, still)
    if not at_rest and (driven := _by_driver(plant, left, still, gathered)):
        return driven
    if not at_rest and (common := shared_source(plant, left)) is not None:
        return shared_facts(plant, common, gathered)
    odd = None if at_rest else odd_one(plant.grid, plant.alike, plant.members, frozenset(still))
    if odd is not None:
        return [
            *(_stuck(plant, k, stood, gathered) for k, stood in still.items()),
            *sibling_facts(plant, odd, gathered),
        ]
    if not at_rest and (lawless := _own_laws(plant, still, left, gathered)):
        return lawless
    if not at_rest and not still and (held := _by_past(plant, left, gathered)):
        return held
    facts = [_stuck(plant, signal, stood, gathered) for signal, stood in still.items()]
    facts += [_idle(plant, component, stood, gathered) for component, stood in stopped.items()]
    facts += [_asked(plant, one, gathered) for one in wanted]
    known = frozenset({*still, *(k for component in at_rest for k in plant.members[component])})
    told = Expectations(plant.grid)
    apart = departure(told, plant.owners, plant.parts_of, plant.whole_of, known)
    named = apart is not None and bool(apart.component) and apart.plain
    if not facts and not named and (flows := _by_flows(plant, told, apart, gathered)):
        return flows
    if not facts and apart is None:
        return quiet_facts(plant, told, gathered)
    if apart is not None:
        facts.append(_apart(plant, apart, gathered, explained=bool(facts)))
        facts += quantity_facts(plant, told, apart, known, gathered)
    return facts


def _by_driver(
    plant: Plant, left: Mapping[int, Left], still: Collection[int], gathered: Gathered
) -> list[Evidence]:
    """The facts of a machine that feeds others less than ever; of its meter alone where neither it nor what it feeds shows it."""
    driver = driver_of(plant, left, still)
    mine = [one for one in left.values() if plant.owners[one.signal] == driver]
    if not driver:
        return []
    alone = len(mine) == 1 and not _felt(plant, driver, mine[0].signal) and not _shows_what_is(plant, mine[0])
    return past_facts(plant, driver, mine, gathered, instrument=alone)


def _by_past(plant: Plant, left: Mapping[int, Left], gathered: Gathered) -> list[Evidence]:
    """The facts of the one component whose signals are where they never were; of a lone one that no other signal follows its
    instrument.
    """
    owners = {plant.owners[k] for k in left}
    if len(owners) != 1 or any(aspect_of(plant.channels[k]) == "vibration" for k in left):
        return []  # of what shakes its spectrum says more
    if len(left) == 1 and not plant.may_err(next(iter(left))):
        return []  # its only signal: the machine, its load or the instrument
    rest = Expectations(plant.grid).without(set(left))
    lone = next(iter(left.values()))
    alone = len(left) == 1 and float(np.max(np.abs(rest))) < APART and not _shows_what_is(plant, lone)
    return past_facts(plant, owners.pop(), list(left.values()), gathered, instrument=alone)


def _shows_what_is(plant: Plant, one: Left) -> bool:
    """Whether a flow that left its past is so: other flows balance with it, or its valve is told to be closed."""
    return reads_right(plant, one.signal, one.since, one.size)


def _felt(plant: Plant, driver: str, flow: int) -> bool:
    """Whether what a machine feeds left what the plant tells of it, without its flow."""
    fed = {part for c in plant.fed_by(driver) for part in plant.parts_of(c)}
    departs = Expectations(plant.grid).without({flow})
    return any(abs(departs[k]) >= APART for k, owner in enumerate(plant.owners) if owner in fed)


def _stopped(plant: Plant, wanted: Collection[str]) -> dict[str, Standstill]:
    """What carries nothing any more (what it feeds is no cause) or rests for longer than ever; none that is `wanted`."""
    carrying = {k for k, c in enumerate(plant.channels) if aspect_of(c) in _CARRIED}
    out = halted(plant.grid, plant.members, carrying)
    first = {c: stood for c, stood in out.items() if not plant.upstream(c) & set(out)}
    first = {
        c: stood
        for c, stood in first.items()
        if _missed(plant, [k for k in plant.members[c] if k in carrying])
    }
    found = first | idle(plant.grid, plant.members)
    return {c: stood for c, stood in found.items() if c not in wanted}


def _missed(plant: Plant, carried: Sequence[int]) -> bool:
    """Whether a component that carries nothing is missed elsewhere, where a single meter says so: it may be dead itself."""
    if len(carried) > 1:
        return True
    return bool(np.max(np.abs(Expectations(plant.grid).without(set(carried)))) >= WRONG)


def _by_flows(plant: Plant, told: Expectations, left: Departure | None, gathered: Gathered) -> list[Evidence]:
    """The facts of what stands between what rose and what fell, else of a place that loses; none where there is neither."""
    between = stands_between(told, conductors(plant, near=False)) if left is not None else None
    if between is not None:
        return between_facts(plant, between, gathered)
    losing = loses(Expectations(plant.grid, HOURS), places(plant))
    return losing_facts(plant, losing, gathered) if losing is not None else []


def _own_laws(
    plant: Plant, still: Mapping[int, Standstill], left: Mapping[int, Left], gathered: Gathered
) -> list[Evidence]:
    """The facts of the one machine that left its own curve, else of the one conductor that left its own resistance.

    Where signals stand still, only of one that left before: behind a closed valve a pressure may well stand.
    """
    first = min((stood.since for stood in still.values()), default=len(plant.grid.t))
    own = own_departure(plant.grid, plant.members, frozenset(still))
    if own is not None and own.since < first:
        wrong = _instrument_of(plant, own.component, frozenset(still))
        if wrong:
            return [_apart(plant, wrong, gathered, explained=False)]
        whole = common_whole(plant, left, own.component, own.times)
        others = [one for one in left.values() if plant.owners[one.signal] != own.component]
        beside = quantities_left(plant, others, gathered) if whole else []
        return [*own_facts(plant, own, gathered, whose=whole), *beside]
    for near in (True, False):
        changed = changed_resistance(plant.grid, conductors(plant, near=near))
        if changed is not None and changed.since < first:
            return resistance_facts(plant, changed, gathered)
    return []


def _instrument_of(plant: Plant, component: str, left_out: frozenset[int]) -> Departure | None:
    """The one instrument of a machine without which the whole plant agrees: the machine itself would have moved more."""
    left = departure(Expectations(plant.grid), plant.owners, plant.parts_of, plant.whole_of, left_out)
    if left is None or plant.owners[left.signal] != component or not (left.alone and left.plain):
        return None
    return left if _is_instrument(plant, left) else None


def _apart(plant: Plant, left: Departure, gathered: Gathered, *, explained: bool) -> Evidence:
    """A `signal.apart` fact: of an instrument, of a component, or of nobody who could be told."""
    channel, times = plant.channels[left.signal], sig3(abs(left.times))
    instrument = (left.alone and _is_instrument(plant, left)) or leapt(plant, left)
    named = bool(left.component) and left.plain and not explained
    aspect = "pattern.unlike"
    if named:
        aspect = instrument_aspect(drifts=left.drifts) if instrument else "pattern.apart"
    whose = left.component or channel.component
    way = "above" if left.times > 0 else "below"
    how = _reads(plant, left, f"{way} by {text(times)} times the limit")
    rest = {
        "pattern.unlike": "; more than one part of the plant would explain it alone" if left.rivalled and left.plain else
        "; no part of the plant explains it alone" if left.plain else "; the plant runs in a way that its past does not show",
    }.get(aspect, f"; without {'it' if left.alone else 'the signals of ' + whose} all others agree")  # fmt: skip
    return plant_fact(
        plant, left.signal, gathered, component=whose if named else channel.component, kind="signal.apart", aspect=aspect,
        said=f"{how}{rest}.", since=left.since, direction="up" if left.times > 0 else "down",
        strength=0.95 * (1.0 - 0.5 ** (abs(left.times) / (APART * (left.strange if named or explained else 1.0)))),
        values={
            "channel": channel.metric, "times_limit": times, "strange": sig3(left.strange),
            "reads": sig3(left.shows), "expected": sig3(left.expected), "now": sig3(left.ends[0]), "due": sig3(left.ends[1]),
        },
    )  # fmt: skip


def _reads(plant: Plant, left: Departure, far: str) -> str:
    """What the signal of a departure shows now, or showed at its worst where it is over, beside what was expected there."""
    channel, t = plant.channels[left.signal], plant.grid.t
    since, peak = (moment(plant, row) for row in (left.since, left.peak))
    worst, expected, now, due = (in_unit(channel, v) for v in (left.shows, left.expected, *left.ends))
    others = "expected from the other signals of the plant"
    if not left.lasts:
        furthest = f"at its furthest {worst} for {expected} at {peak} ({far})"
        return f"{subject(channel)} left what was {others} at {since}, {furthest}, and is back at {now}"
    told = f"{subject(channel)} reads {now}, {due} {others}, since {since} and still so"
    return f"{told if left.peak == len(t) - 1 else f'{told}, at its worst {worst} for {expected} at {peak}'}, {far}"


def _is_instrument(plant: Plant, left: Departure) -> bool:
    """Whether a component measures one thing of something else that another does as well, or its signal jumped as what it
    measures cannot: a machine's own signals may show the machine alone.
    """
    owner = plant.owners[left.signal]
    if reads_right(plant, left.signal, left.since, left.ends[0] - left.ends[1]):
        return False
    lone = len(plant.members[owner]) == 1 and plant.may_err(left.signal)
    many = len(plant.members[owner]) >= LEAST_SIGNALS  # which a fault of its own would move as well
    slow = inert(plant, left.signal)
    tight = (
        left.limit < _TIGHT and left.rest < PLAINLY
    )  # several others say what it should be, and all of them agree
    return lone or (many and (not slow or tight)) or jumped(plant, left.signal, left.since)


def _stuck(plant: Plant, signal: int, stood: Standstill, gathered: Gathered) -> Evidence:
    channel = plant.channels[signal]
    at = moment(plant, stood.since)
    said = f"{subject(channel)} has not changed since {at}, {_longer(plant, stood)}, while the rest of the plant moved."
    return plant_fact(
        plant, signal, gathered, component=channel.component, kind="signal.stuck", aspect="pattern.stuck", said=said,
        since=stood.since, direction="changed", strength=0.9, values={"channel": channel.metric},
    )  # fmt: skip


def _idle(plant: Plant, component: str, stood: Standstill, gathered: Gathered) -> Evidence:
    lead = plant.members[component][0]
    at = moment(plant, stood.since)
    shown = _at_rest(plant, component)
    said = f"all of its {len(plant.members[component])} signals have been at rest since {at}, {_longer(plant, stood)}: {shown}."
    if not stood.usual:
        said = f"nothing flows through it since {at}, {_longer(plant, stood, never=True)}: {shown}."
    return plant_fact(
        plant, lead, gathered, component=component, kind="signal.idle", aspect="pattern.idle", said=said,
        since=stood.since, direction="down", strength=0.85, values={"measured": plant.channels[lead].metric},
    )  # fmt: skip


def _at_rest(plant: Plant, component: str) -> str:
    """What its signals show now beside what is usual while it runs: nothing (it stands), or values that do not move any more."""
    told = []
    for k in plant.members[component][:_SHOWN]:
        past, now = plant.grid.x[: plant.grid.reference, k], float(plant.grid.x[-1, k])
        running = past[past > np.min(past) + LOW * np.ptp(past)]
        usual = float(np.median(running)) if running.size else float(np.median(past))
        told.append(
            f"{subject(plant.channels[k])} {in_unit(plant.channels[k], now)} (running {in_unit(plant.channels[k], usual)})"
        )
    return f"{', '.join(told)}; it stands, and its values are those of a stop"


def _asked(plant: Plant, one: Asked, gathered: Gathered) -> Evidence:
    """A `signal.idle` fact: a machine that rests though what starts it is beyond where it always did."""
    channel = plant.channels[one.signal]
    now, started = (in_unit(channel, v) for v in (one.now, one.started))
    at = moment(plant, one.since)
    said = (
        f"it rests though {named(channel)} is at {now}, beyond where it rested before since {at}; it always started at about"
        f" {started}."
    )
    return plant_fact(
        plant, plant.members[one.component][0], gathered, component=one.component, kind="signal.idle", aspect="pattern.idle",
        said=said, since=one.since, direction="down", strength=0.85,
        values={"asked_by": channel.component, "now": sig3(one.now), "starts_at": sig3(one.started)},
    )  # fmt: skip


def _longer(plant: Plant, stood: Standstill, *, never: bool = False) -> str:
    step = float(np.median(np.diff(plant.grid.t)))
    now = (len(plant.grid.t) - stood.since) * step / 60.0
    if never:
        return f"for {text(sig3(now))} min, earlier never"
    return f"for {text(sig3(now))} min, earlier for at most {text(sig3(stood.usual * step / 60.0))} min"
