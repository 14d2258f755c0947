"""The condition of an incident's machines as facts, over all that their sources hold and not the window alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aitia.core.aspects import MACHINE, METRIC
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import HEALTHY, Evidence, Scalar, SourceRef, Window, from_epoch
from aitia.tools.registry import ToolContext
from aitia.tools.series.spoken import statement_spoken
from aitia.tools.signals.alarm_target import is_alarmed
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.exchangers import Signal
from aitia.tools.signals.condition.limits import limits_of
from aitia.tools.signals.condition.physical import Neighbours, physical
from aitia.tools.signals.condition.upsets import upsets
from aitia.tools.signals.condition.words import AssetSignals, Condition, Finding, Limits, Point
from aitia.tools.signals.quantities import machine_aspect
from aitia.tools.signals.tables import machines_of
from aitia.tools.sources.base import Series
from aitia.tools.sources.signals.life_options import Life, LifeSource

LEAST_S: Final = 3 * 86_400.0
"""A shorter history has no slow faults: hours are what `signals_detect` itself looks at."""
MOST_ASSETS: Final = 12
_MOST_POINTS: Final = 64
_PATTERN: Final = {
    "stuck": "pattern.stuck",
    "drift": "pattern.drift",
}  # of an instrument; others are an offset
_MOST_SAID: Final = 80  # letters of a description
_OVER_S: Final = 86_400.0  # ago at least; by hand: within a day it may come back
_STRENGTH: Final = 0.9  # at most: a departure over weeks, at a stated rate of false alarms


def condition_facts(ctx: ToolContext) -> tuple[list[Evidence], list[str]]:
    """Facts about machines whose sources hold days, and notes on what cannot be told."""
    facts: list[Evidence] = []
    notes: list[str] = []
    for source in (*ctx.sources.of("metrics"), *ctx.sources.of("signals")):
        try:  # to ask whether a source has a life reads its options
            found, said = _of_source(ctx, source) if isinstance(source, LifeSource) else ([], [])
        except (BadInput, SourceError) as error:
            found, said = [], [str(error)]
        facts += found
        notes += said
    return facts, list(dict.fromkeys(notes))


def _of_source(ctx: ToolContext, source: LifeSource) -> tuple[list[Evidence], list[str]]:
    window = ctx.incident.window
    until = min(window.end, ctx.clock.now())
    extent = source.extent(until)
    if extent is None or until.timestamp() - extent[0] < LEAST_S:
        return [], []
    machines = machines_of(ctx.resolver.components)
    series: dict[str, list[Series]] = defaultdict(list)
    for one in source.read(Window(start=from_epoch(extent[0]), end=until)):
        name = ctx.resolver.resolve(one.component) or one.component
        if name in machines:
            series[name].append(one)
    names = sorted(series, key=lambda n: (not is_alarmed(ctx, n), n))
    notes = (
        [f"The condition of {MOST_ASSETS} of {len(names)} machines was looked at."]
        if len(names) > MOST_ASSETS
        else []
    )
    healthy = next((b.window.epoch for b in ctx.incident.baselines if b.name == HEALTHY), None)
    facts: list[Evidence] = []
    disturbances = upsets((p.t, p.v) for of in series.values() for p in _points(of).values())
    made: dict[str, list[tuple[Finding, list[Evidence]]]] = {}
    for name in names[:MOST_ASSETS]:
        made[name] = []
        asset = AssetSignals(name=name, points=_points(series[name]))
        told = assess(
            asset,
            healthy=healthy,
            limits=_limits(series[name], source.life),
            now=until.timestamp(),
            disturbances=disturbances,
        )
        for f in told.findings:
            if is_over(f, window):
                notes.append(f"Past and not counted: {f.statement}")
            else:
                of_it = [_fact(told, f, source.name, window), *_beside(told, f, source.name, window)]
                made[name].append((f, [_described(e, series[name]) for e in of_it]))
    departed = frozenset((n, p) for n, of in made.items() for f, _ in of for p in f.channels)
    wrong: set[tuple[str, str]] = set()
    for name in names[:MOST_ASSETS]:
        seen = _neighbours(ctx, name, series)
        by_physics = physical(
            seen, departed, healthy=healthy, window=window, until=until.timestamp(), source=source.name
        )
        facts += [
            e if "described" in e.values else _described(e, series[e.component]) for e in by_physics.facts
        ]
        wrong |= by_physics.wrong
    for name, of in made.items():
        facts += [e for f, es in of if not {(name, p) for p in f.channels} <= wrong for e in es]
    return facts, notes


def _neighbours(ctx: ToolContext, name: str, series: Mapping[str, list[Series]]) -> Neighbours:
    """The signals of a machine, and those of the machines that feed it or that it feeds."""
    links = {c.id: {k.to for k in c.links if k.relation == "feeds"} for c in ctx.resolver.components}
    beside = links.get(name, set()) | {c for c, fed in links.items() if name in fed}
    called = {c.id: " ".join(c.aliases) for c in ctx.resolver.components}
    linked = {
        f"{n}: {point}": replace(one, said=f"{one.said} {called.get(n, '')}".strip())
        for n in sorted(beside & set(series))
        for point, one in _signals(series[n]).items()
    }
    return Neighbours(asset=name, own=_signals(series[name]), linked=linked, called=called.get(name, ""))


def _signals(series: list[Series]) -> dict[str, Signal]:
    return {
        n: Signal(name=n, t=p.t, v=p.v, unit=p.unit, said=said)
        for n, (p, said) in _points_said(series).items()
    }


def _described(fact: Evidence, series: list[Series]) -> Evidence:
    """The fact with what a list of tags says of its signal: a tag such as `TT-101A` does not tell that it is of a bearing."""
    name = str(fact.values["channel"])
    said = next((one.metadata.help for one in series if one.metric == name), "")[:_MOST_SAID]
    quantity = next((one.metadata.quantity for one in series if one.metric == name), "") or fact.aspect
    told = fact.model_copy(update={"statement": statement_spoken(fact.statement, name, quantity, said)})
    return told.model_copy(update={"values": told.values | {"described": said}}) if said else told


def is_over(finding: Finding, window: Window) -> bool:
    """Whether what an instrument showed ended before the window, longer ago than it lasted: no cause of what stands now."""
    if finding.until is None or finding.until >= window.start:
        return False
    ago = (window.start - finding.until).total_seconds()
    return ago > max(_OVER_S, (finding.until - finding.onset).total_seconds())


def _points(series: list[Series]) -> dict[str, Point]:
    """Points by metric; of several with one name the first."""
    found: dict[str, Point] = {}
    for one in series[:_MOST_POINTS]:
        found.setdefault(
            one.metric, Point(t=one.t, v=one.v, quantity=one.metadata.quantity, unit=one.metadata.unit)
        )
    return found


def _points_said(series: list[Series]) -> dict[str, tuple[Point, str]]:
    """Points with what a list of tags says of them."""
    said: dict[str, str] = {}
    for one in series[:_MOST_POINTS]:
        said.setdefault(one.metric, one.metadata.help[:_MOST_SAID])
    return {n: (p, said[n]) for n, p in _points(series).items()}


def _limits(series: list[Series], life: Life | None) -> Mapping[str, Limits]:
    """The limits of the tag map, and over them the one that the source's options name, on whichever side of its level it lies."""
    found = {one.metric: said for one in series if (said := limits_of(one.metadata, one.metric)) is not None}
    if life is not None and life.limit is not None:
        found[life.indicator] = Limits(low=life.limit, high=life.limit, origin="user")
    return found


def _fact(told: Condition, finding: Finding, source: str, window: Window) -> Evidence:
    reference = told.reference
    values: dict[str, Scalar] = {
        "channel": finding.point, "channels": ", ".join(finding.channels[:8]), "severity": finding.severity,
        "times_threshold": finding.times_threshold, "false_alarms_a_month": round(told.false_alarms_per_month, 3),
        "why": finding.why, "baseline": reference.by if reference else "",
    }  # fmt: skip
    for key, value in (
        ("before", finding.before),
        ("now", finding.now_level),
        ("rate_per_day", finding.rate_per_day),
    ):
        if value is not None:
            values[key] = value
    if finding.limit is not None:
        values |= {"clause": finding.limit.clause} if finding.limit.clause else {}
        values |= {"limit": finding.limit.limit, "days_to_limit": round(finding.limit.hours / 24, 2),
                   "days_low": round(finding.limit.low / 24, 2)}  # fmt: skip
        values |= {} if finding.limit.high is None else {"days_high": round(finding.limit.high / 24, 2)}
    return Evidence(
        component=told.asset, kind=f"condition.{finding.kind}", aspect=_aspect(finding), statement=finding.statement,
        values=values, unit=finding.unit, window=window, onset=finding.onset, onset_error_s=finding.onset_error_s,
        direction=finding.direction, strength=round(_STRENGTH * finding.confidence, 3),
        source=SourceRef(source=source, query=f"condition of {told.asset} since {told.seen.start if told.seen else ''}"),
    )  # fmt: skip


def _on_its_curve(finding: Finding) -> set[str]:
    """`flow` where it left with a pressure the other way: more flow at less pressure is another point of a curve, no leak."""
    ways = {finding.quantity: finding.direction} | {m.quantity: m.direction for m in finding.beside}
    return {"flow"} if {ways.get("flow"), ways.get("pressure")} == {"up", "down"} else set()


def _beside(told: Condition, finding: Finding, source: str, window: Window) -> list[Evidence]:
    """A fact for each other quantity that left with the one that a finding is told by: which do tells the kind of fault."""
    facts: list[Evidence] = []
    known = {_aspect(finding)} | _on_its_curve(finding)
    for moved in finding.beside:
        aspect = machine_aspect(moved.point, moved.unit) or moved.quantity
        if aspect in known or aspect not in METRIC | MACHINE:
            continue
        known.add(aspect)
        before, now = (f"{v:.4g}" for v in (moved.before, moved.now_level))
        said = (
            "stepped" if moved.shape == "step" else "has risen" if moved.direction == "up" else "has fallen"
        )
        facts.append(
            Evidence(
                component=told.asset, kind=f"condition.{moved.shape}", aspect=aspect,
                statement=f"{told.asset}: {moved.point} {said} from {before} to {f'{now} {moved.unit}'.rstrip()} in its"
                f" usual way of running since {moved.onset:%Y-%m-%d %H:%M} UTC, with {finding.point}.",
                values={"channel": moved.point, "before": moved.before, "now": moved.now_level, "with": finding.point,
                        "times_threshold": moved.times_threshold, "severity": finding.severity},
                unit=moved.unit, window=window, onset=moved.onset, onset_error_s=finding.onset_error_s,
                direction=moved.direction, strength=round(_STRENGTH * min(0.99, 1.0 - 0.5**moved.times_threshold), 3),
                source=SourceRef(source=source, query=f"condition of {told.asset} since {told.seen.start if told.seen else ''}"),
            )
        )  # fmt: skip
    return facts


def _aspect(finding: Finding) -> str:
    if finding.kind == "swing":
        return "pattern.unlike"
    if finding.cls == "sensor":
        return _PATTERN.get(finding.kind, "pattern.offset")
    return machine_aspect(finding.point, finding.unit) or (
        finding.quantity if finding.quantity in METRIC else "other"
    )
