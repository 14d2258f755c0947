"""Tools over process signals: several channels of one machine taken together, lone ones by themselves, changes of level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from aitia.core.words import NOT_SEEN, Evidence, Result, SourceRef, Status, Window, from_epoch
from aitia.tools.change.changepoints import Changepoint, changepoints
from aitia.tools.registry import ToolContext, tool
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered, gather, within
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import clock, scale, sig3, text, usual_range, with_unit
from aitia.tools.series.rates import step_of
from aitia.tools.signals.alarmed import alarm_signals
from aitia.tools.signals.channel_blame import leaders
from aitia.tools.signals.condition.facts import condition_facts
from aitia.tools.signals.further_back import (
    against_it,
    departs,
    further_back,
    holds_a_change,
    nor_against,
    told_of_reference,
)
from aitia.tools.signals.grid import LEAST
from aitia.tools.signals.life.evidence import life_facts
from aitia.tools.signals.measures import measures_of, with_measures
from aitia.tools.signals.multivariate import PERSIST, ROWS_A_CHANNEL, Departure, departure_from
from aitia.tools.signals.partners.facts import partner_facts
from aitia.tools.signals.partners.started import STARTED
from aitia.tools.signals.plots import SERIES, series_artifact
from aitia.tools.signals.quantities import unit_of
from aitia.tools.signals.series import Finding, Findings, detect_series
from aitia.tools.signals.stopped import stopped
from aitia.tools.signals.strength import calibrate
from aitia.tools.signals.tables import (
    LEAST_CHANNELS,
    LEAST_ROWS,
    MOST_CHANNELS,
    Table,
    alone,
    machines_of,
    tables,
)
from aitia.tools.sources.rows import Floats

_LEAST = 0.12
_ROWS_OF_A_CHANNEL = 3  # of a past that bears a pattern of several signals


@tool(needs=("metrics",), produces=("anomalies",))
def signals_detect(ctx: ToolContext) -> Result:
    """Which machine left the normal pattern of its process signals, taken together, and which channel is to blame."""
    result = calibrate(found_together(ctx))
    rows = [
        {"component": e.component, "channel": e.values["channel"], "strength": e.strength}
        for e in result.evidence
        if e.kind == "signal.anomaly"
    ]
    result = _with_more(_with_more(result, *life_facts(ctx)), *condition_facts(ctx))
    gathered = gather(ctx, kinds=("metrics", "signals"))
    measured = measures_of(gathered.derived, machines_of(ctx.resolver.components))
    result = _with_more(result, list(alarm_signals(ctx, gathered)), ())
    result = result.model_copy(update={"evidence": with_measures(result.evidence, measured)})
    return result.model_copy(update={"data": {"anomalies": rows}}) if rows else result


def _with_more(result: Result, facts: Sequence[Evidence], notes: Sequence[str]) -> Result:
    """The result with how long machines have left, where a source says how that is told, or with their condition."""
    if not facts and not notes:
        return result
    evidence = (*result.evidence, *facts)
    message = " ".join(filter(None, [result.message, _untold(notes, after=result.message)]))
    return result.model_copy(
        update={"evidence": evidence, "message": message, "status": "ok" if evidence else result.status}
    )


def found_together(ctx: ToolContext) -> Result:
    """What `signals_detect` finds, its strengths as the formulas make them."""
    gathered = gather(ctx, kinds=("metrics", "signals"))
    facts, looked, untold = _together(ctx, gathered)
    notes = [_untold(untold)] if untold else []
    # Nothing is called well against a baseline that may hold the fault.
    if not departs(facts) and (older := further_back(ctx, gathered)) is not None:
        again, _, untold = _together(ctx, older)
        if holds_a_change(again, older):
            facts, notes = against_it(again), [_untold([told_of_reference(again, older), *untold])]
        else:
            facts = [*facts, *against_it([e for e in again if e.kind == STARTED])]
            notes = [nor_against(older), *notes] if looked else notes
    query = f"detectors over all signals of {looked} components together"
    if all(e.kind == "signal.quiet" for e in facts):
        notes = ["No signal left its normal pattern." if looked else _too_little(gathered), *notes]
    status: Status = "ok" if facts else "no_data"
    return Result(status=status, message=" ".join(notes), query=query, evidence=tuple(facts))


def _together(ctx: ToolContext, gathered: Gathered) -> tuple[list[Evidence], int, Sequence[str]]:
    """The facts of all signals against these baselines, at how many components was looked, and what cannot be told."""
    from aitia.tools.signals.learned.pattern import pattern_facts  # its features build on the vibration tool

    facts: list[Evidence] = []
    looked = 0
    machines = machines_of(ctx.resolver.components)
    for table in tables(gathered, machines):
        found = _detect(ctx, table, gathered)
        looked += bool(found)
        facts += found
    single = [d for d in alone(gathered, machines) if has_past(d, gathered)]
    looked += len({d.component for d in single})
    facts += single_evidence(single, gathered)
    facts += partner_facts(ctx, gathered)
    named, untold = pattern_facts(ctx, gathered, facts)
    facts += named
    return sorted(facts, key=lambda e: (-e.strength, e.component, e.statement)), looked, untold


def _untold(notes: Sequence[str], *, after: str = "") -> str:
    """What cannot be told, in the part of a message that the report repeats; a message has one such part."""
    mark = NOT_SEEN if notes and NOT_SEEN not in after else ""
    return mark + " ".join(notes)


def _too_little(gathered: Gathered) -> str:
    if gathered.problems:
        return " ".join(gathered.problems)
    return (
        f"Add process signals or a longer baseline: {LEAST_CHANNELS} signals of one component with {LEAST_ROWS}"
        " samples are needed."
    )


def _detect(ctx: ToolContext, table: Table, gathered: Gathered) -> list[Evidence]:
    """The departures of a component's signals, or that they stayed; nothing where there are too few rows.

    So many are taken together as the past bears; of more of them each part is looked at.
    """
    baseline = max(
        gathered.baselines, key=lambda b: within(table.t, b.window).stop - within(table.t, b.window).start
    )
    past, part = within(table.t, baseline.window), within(table.t, gathered.window)
    rows = past.stop - past.start
    if rows < LEAST_ROWS or part.stop - part.start < PERSIST:
        return []
    silent = stopped(table, past, part, gathered.window, ctx.clock.now().timestamp())
    facts = [silent] if silent else []
    parts = table.parts(min(MOST_CHANNELS, rows // _ROWS_OF_A_CHANNEL))
    for some in parts:
        left = departure_from(some.x[past], some.x[: part.stop], part.start)
        if left is not None:
            fact = _anomaly(some, left, gathered.window, part, baseline.name)
            by_channel = {c.metric: float(100.0 * p) for c, p in zip(some.channels, left.blame, strict=True)}
            drawn = series_artifact(table.t[part], left.score, limit=left.limit, shares=by_channel)
            facts.append(fact.model_copy(update={"artifact": ctx.put_artifact(drawn, SERIES)}))
    return facts or [_usual(table, gathered.window, rows, baseline.name, most=len(parts[-1].channels))]


def _usual(table: Table, window: Window, rows: int, baseline: str, *, most: int) -> Evidence:
    """A `signal.quiet` fact: the signals together, `most` at a time, stayed in their normal pattern."""
    lead, at_a_time = table.channels[0], f", {most} at a time," if most < table.of else ""
    return Evidence(
        component=table.component,
        kind="signal.quiet",
        aspect="pattern.usual",
        statement=f"{table.component}: its {table.of} signals taken together{at_a_time} stayed in their normal pattern.",
        values={"channels": len(table.channels), "baseline": baseline, "baseline_rows": rows},
        window=window,
        direction="steady",
        strength=round(0.7 * min(1.0, rows / (ROWS_A_CHANNEL * most)), 3),
        source=SourceRef(source=lead.source, query=lead.query),
    )


def _several(table: Table) -> str:
    some = len(table.channels)
    return f"its {some} signals" if some == table.of else f"{some} of its {table.of} signals"


def _anomaly(table: Table, left: Departure, window: Window, part: slice, baseline: str) -> Evidence:
    """A `signal.anomaly` fact; the channel that contributes most gives it its aspect. `part` are the window's rows."""
    channel, t = table.channels[int(np.argmax(left.blame))], table.t[part]
    at = from_epoch(float(t[left.began]))
    error = max(2.0 * step_of(table.t), float(t[left.passed] - t[left.began]))
    score = float(np.median(left.score[left.over]))
    times, percent = sig3(score / left.limit), sig3(100.0 * float(np.max(left.blame)))
    share_over = float(np.mean(left.over))
    strength = min(0.85, (1.0 - 0.5 ** (score / left.limit)) * min(1.0, 0.5 + share_over))
    order = [table.channels[o.channel].metric for o in left.order]
    first = [table.channels[o.channel].metric for o in leaders(left.order)]
    return Evidence(
        component=table.component,
        kind="signal.anomaly",
        aspect=channel.about.aspect,
        statement=f"{table.component}: {_several(table)} taken together left their normal pattern at"
        f" {clock(at)}, {text(times)} times the limit; {subject(channel)} contributes most ({text(percent)} %)"
        f"{_moved_first(table, left, part.start)}.",
        values={"channel": channel.metric, "times_limit": times, "contribution_percent": percent,
                "channels": len(table.channels), "baseline": baseline, "detector": left.detector,
                "because": left.because, "order": ", ".join(order[:5]),
                "first": ", ".join(first) if len(first) <= 3 else ""},
        window=window,
        onset=at,
        onset_error_s=sig3(error),
        direction="changed",
        strength=round(strength, 3),
        source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


def _moved_first(table: Table, left: Departure, start: int) -> str:
    """Which channel moved first and when, where it did so by more than its own and every other one's error."""
    first = leaders(left.order)
    if len(first) != 1 or len(left.order) < 2:
        return ""
    at = from_epoch(float(table.t[start + first[0].row]))
    error = sig3(step_of(table.t) * first[0].error)
    return (
        f"; {subject(table.channels[first[0].channel])} changed first, at {clock(at)} within {text(error)} s"
    )


@tool(needs=("metrics",), target="component")
def signals_changepoints(ctx: ToolContext, *, component: str) -> Result:
    """When the signals of one component changed their level, before and in the incident window, in time order."""
    return calibrate(found_changes(ctx, component))


def found_changes(ctx: ToolContext, component: str) -> Result:
    """What `signals_changepoints` finds, its strengths as the formula makes them."""
    gathered = gather(ctx, component=component, kinds=("metrics", "signals"))
    facts: list[Evidence] = []
    for d in gathered.derived:
        if d.t.size and not d.peer:
            found = changepoints(d.t, d.v)
            near = [c for c in found if _near(c, gathered.window)]
            earlier = [abs(c.after - c.before) for c in found if c.at < gathered.window.epoch[0]]
            usual = max(earlier, default=0.0)
            drawn = ctx.put_artifact(series_artifact(d.t, d.v), SERIES) if near else ""
            changes = [_change(d, c, gathered.window, usual=usual) for c in near]
            facts += [e.model_copy(update={"artifact": drawn}) for e in changes]
    facts = [e for e in facts if e.strength >= _LEAST]
    facts = sorted(facts, key=lambda e: (-e.strength, str(e.onset), e.statement))[:20]
    if not facts:
        why = (
            "No signal changed its level."
            if gathered.derived
            else f"{component!r} has no signals. Check the name."
        )
        return Result(status="no_data", message=why)
    return Result(
        status="ok", evidence=tuple(facts), query=f"PELT over {len(gathered.derived)} signals of {component}"
    )


def _near(change: Changepoint, window: Window) -> bool:
    """In the window, or before it by at most half its length: what came earlier is not this incident's."""
    start, end = window.epoch
    return start - 0.5 * window.seconds <= change.at < end


def _change(d: Derived, change: Changepoint, window: Window, *, usual: float) -> Evidence:
    """A `signal.changepoint` fact; a step no larger than the signal's usual ones is weak."""
    factor, unit = scale(d.about.unit, max(abs(change.before), abs(change.after)))
    before, after = sig3(change.before * factor), sig3(change.after * factor)
    at, up = from_epoch(change.at), change.after > change.before
    size = abs(change.after - change.before)
    weight = size / (size + d.about.floor) if d.about.floor else 1.0
    inside = 1.0 if change.at >= window.epoch[0] else 0.4
    weight *= 1.0 if size > 1.3 * usual else 0.25
    return Evidence(
        component=d.component,
        kind="signal.changepoint",
        aspect=d.about.aspect,
        statement=f"{d.component}: {subject(d)} {'rose' if up else 'fell'} from {text(before)} to {with_unit(after, unit)}"
        f" at {clock(at)}, within {text(change.error_s)} s.",
        values={"metric": d.metric, "before": before, "after": after, "z": sig3(change.z), "error_s": sig3(change.error_s)},
        unit=unit,
        window=window,
        onset=at,
        onset_error_s=sig3(change.error_s),
        direction="up" if up else "down",
        strength=round(min(0.6, 0.6 * weight * inside * (1.0 - float(np.exp(-abs(change.z) / 6.0)))), 3),
        source=SourceRef(source=d.source, query=d.query),
    )  # fmt: skip


def single_evidence(channels: Iterable[Derived], gathered: Gathered) -> Iterator[Evidence]:
    """A `signal.anomaly` fact for each channel whose window is unlike the longest baseline before it."""
    for d in channels:
        part = within(d.t, gathered.window)
        if has_past(d, gathered):
            told = detect_series(d.t[part], d.v[part], _past(d, gathered), adjoining=True)
            if told.found:
                yield _fact(d, max(told.found, key=lambda f: f.surprise), told, gathered)


def has_past(channel: Derived, gathered: Gathered) -> bool:
    """Whether a channel has a baseline that it can be held against."""
    return int(np.isfinite(_past(channel, gathered)).sum()) >= LEAST


def _went(d: Derived, found: Finding, gathered: Gathered) -> tuple[float, float, float]:
    """The value of the finding that is furthest from the middle of the past, and the range of that past."""
    past = _past(d, gathered)
    past = past[np.isfinite(past)]
    seen = d.v[(d.t >= found.onset) & (d.t <= max(found.end, found.onset)) & np.isfinite(d.v)]
    seen = seen if seen.size else d.v[np.isfinite(d.v)][-1:]
    low, high = usual_range(past)
    return float(seen[int(np.argmax(np.abs(seen - float(np.median(past)))))]), low, high


def _past(d: Derived, gathered: Gathered) -> Floats:
    return max((d.v[within(d.t, b.window)] for b in gathered.baselines), key=len, default=np.array([]))


def _fact(d: Derived, found: Finding, told: Findings, gathered: Gathered) -> Evidence:
    """That a series left its usual pattern: with what it went to, and between which values it usually lies."""
    at = from_epoch(found.onset)
    went, low, high = _went(d, found, gathered)
    factor, unit = scale(unit_of(d), went)
    share = sum(f.end - f.onset for f in told.found) / gathered.window.seconds
    times = found.surprise / told.threshold
    return Evidence(
        component=d.component,
        kind="signal.anomaly",
        aspect=d.about.aspect,
        statement=f"{d.component}: {subject(d)} left its usual pattern at {clock(at)}, {text(sig3(times))} times the limit: at"
        f" its furthest {with_unit(sig3(went * factor), unit)}, usually {text(low * factor)} to"
        f" {with_unit(sig3(high * factor), unit)}.",
        values={"channel": d.metric, "times_limit": sig3(times), "channels": 1, "furthest": sig3(went), "low": sig3(low),
                "high": sig3(high),
                "detector": " + ".join(told.choice.detectors) if told.choice else "", "because": told.message},
        window=gathered.window,
        onset=at,
        onset_error_s=sig3(found.error_s),
        direction="changed",
        strength=round(min(0.6, (1.0 - 0.5**times) * min(1.0, 0.5 + share)), 3),
        source=SourceRef(source=d.source, query=d.query),
    )  # fmt: skip
