"""Tools over process signals: several channels of one machine taken together, and changes of level in each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aitia.core.words import Evidence, Result, SourceRef, Window, from_epoch
from aitia.tools.metrics.derive import Derived
from aitia.tools.metrics.gather import Gathered, gather, within
from aitia.tools.metrics.numbers import clock, scale, sig3, text, with_unit
from aitia.tools.metrics.rates import step_of
from aitia.tools.metrics.say import subject
from aitia.tools.registry import ToolContext, tool
from aitia.tools.signals.blame import onset_order, shares
from aitia.tools.signals.changepoints import Changepoint, changepoints
from aitia.tools.signals.detectors import Blaming, Ensemble, PcaT2Spe
from aitia.tools.signals.detectors.thresholds import hysteresis, smoothed
from aitia.tools.signals.plots import SERIES, series_artifact
from aitia.tools.signals.single import single_evidence
from aitia.tools.signals.strength import calibrate
from aitia.tools.signals.tables import LEAST_CHANNELS, LEAST_ROWS, Table, alone, tables
from aitia.tools.sources.rows import Floats

PERSIST = 5
ENOUGH_ROWS, ROWS_A_CHANNEL = 200, 20  # what windows, neighbours and an autoregression need of a reference
LEAD = 20  # rows before the window that a window of features and an autoregression look back on
FALL = 0.82  # an alarm begins and ends at this share of its limit
_LEAST = 0.12


@tool(needs=("metrics",), produces=("anomalies",))
def signals_detect(ctx: ToolContext) -> Result:
    """Which machine left the normal pattern of its process signals, taken together, and which channel is to blame."""
    result = calibrate(found_together(ctx))
    rows = [
        {"component": e.component, "channel": e.values["channel"], "strength": e.strength}
        for e in result.evidence
    ]
    return result.model_copy(update={"data": {"anomalies": rows}}) if rows else result


def found_together(ctx: ToolContext) -> Result:
    """What `signals_detect` finds, its strengths as the formulas make them."""
    gathered = gather(ctx, kinds=("metrics", "signals"))
    facts: list[Evidence] = []
    looked = 0
    for table in tables(gathered):
        looked += 1
        facts += _detect(ctx, table, gathered)
    single = alone(gathered)
    looked += len({d.component for d in single})
    facts += single_evidence(single, gathered)
    facts.sort(key=lambda e: (-e.strength, e.component, e.statement))
    query = f"detectors over all signals of {looked} components together"
    if not facts:
        why = "Nothing left its normal pattern." if looked else _too_little(gathered)
        return Result(status="no_data", message=why, query=query)
    return Result(status="ok", query=query, evidence=tuple(facts))


def _too_little(gathered: Gathered) -> str:
    if gathered.problems:
        return " ".join(gathered.problems)
    return (
        f"Add process signals or a longer baseline: {LEAST_CHANNELS} signals of one component with {LEAST_ROWS}"
        " samples are needed."
    )


def _detect(ctx: ToolContext, table: Table, gathered: Gathered) -> Iterator[Evidence]:
    baseline = max(
        gathered.baselines, key=lambda b: within(table.t, b.window).stop - within(table.t, b.window).start
    )
    reference = table.x[within(table.t, baseline.window)]
    part = within(table.t, gathered.window)
    now = table.x[part]
    if reference.shape[0] < max(LEAST_ROWS, 3 * len(table.channels)) or now.shape[0] < PERSIST:
        return
    model, why = detector_for(reference)
    lead = min(LEAD, part.start)
    seen = table.x[part.start - lead : part.stop]
    score = smoothed(model.decision_function(seen), PERSIST, ahead=True)[lead:]
    usual = float(np.max(smoothed(model.decision_function(reference), PERSIST, ahead=True)))
    limit = max(model.threshold_, 1.1 * usual)
    over = score > limit
    first = _lasting(over)
    if first is None:
        return
    usual_rows = np.flatnonzero(~hysteresis(score, limit, FALL * limit, back=True)[:first])
    began = max(int(usual_rows[-1]) + 1 if usual_rows.size else 0, first - LEAD)
    blame = shares(model.contributions(seen)[lead:], over & (np.arange(over.size) >= first))
    channel = table.channels[int(np.argmax(blame))]
    t = table.t[part]
    fact = _anomaly(table, channel, gathered.window, t, (began, first), float(np.median(score[over])), limit,
                    float(np.mean(over)), float(np.max(blame)), baseline.name)  # fmt: skip
    order = [table.channels[o.channel].metric for o in onset_order(now, reference)]
    values = {"detector": type(model).__name__, "because": why, "order": ", ".join(order[:5])}
    by_channel = {c.metric: float(100.0 * p) for c, p in zip(table.channels, blame, strict=True)}
    drawn = series_artifact(t, score, limit=limit, shares=by_channel)
    yield fact.model_copy(
        update={"artifact": ctx.put_artifact(drawn, SERIES), "values": fact.values | values}
    )


def detector_for(reference: Floats) -> tuple[Blaming, str]:
    """The fitted detector for a clean reference (samples, channels), and the rule that chose it."""
    rows, channels = reference.shape
    needed = max(ENOUGH_ROWS, ROWS_A_CHANNEL * channels)
    if rows >= needed:
        return Ensemble().fit(reference), f"{rows} rows of reference, {needed} are enough for the ensemble"
    return PcaT2Spe().fit(reference), f"{rows} rows of reference, fewer than the {needed} of the ensemble"


def _lasting(over: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    """The first sample from which on at least five in a row are over the limit."""
    runs = np.convolve(over.astype(int), np.ones(PERSIST, dtype=int), mode="valid")
    found = np.flatnonzero(runs == PERSIST)
    return int(found[0]) if found.size else None


def _anomaly(
    table: Table, channel: Derived, window: Window, t: Floats, began: tuple[int, int], score: float, limit: float,
    share_over: float, blame: float, baseline: str,
) -> Evidence:  # fmt: skip
    """A `signal.anomaly` fact; `began` holds the rows where the score left its usual range and where it passed the limit."""
    at = from_epoch(float(t[began[0]]))
    error = max(2.0 * step_of(table.t), float(t[began[1]] - t[began[0]]))
    times = sig3(score / limit)
    strength = min(0.85, (1.0 - 0.5 ** (score / limit)) * min(1.0, 0.5 + share_over))
    percent = sig3(100.0 * blame)
    return Evidence(
        component=table.component,
        kind="signal.anomaly",
        aspect=channel.about.aspect,
        statement=f"{table.component}: its {len(table.channels)} signals taken together left their normal pattern at"
        f" {clock(at)}, {text(times)} times the limit; {subject(channel)} contributes most ({text(percent)} %).",
        values={"channel": channel.metric, "times_limit": times, "contribution_percent": percent,
                "channels": len(table.channels), "baseline": baseline},
        window=window,
        onset=at,
        onset_error_s=sig3(error),
        direction="changed",
        strength=round(strength, 3),
        source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


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
            else f"Check the name {component!r}: it has no signals."
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
