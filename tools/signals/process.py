"""Tools over process signals: several channels of one machine taken together, and changes of level in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aitia.core.words import Evidence, Result, SourceRef, Window, from_epoch
from aitia.tools.metrics.derive import Derived
from aitia.tools.metrics.gather import Gathered, gather, within
from aitia.tools.metrics.numbers import clock, scale, sig3, text, with_unit
from aitia.tools.metrics.rates import step_of
from aitia.tools.metrics.say import subject
from aitia.tools.registry import ToolContext, tool
from aitia.tools.signals.changepoints import Changepoint, changepoints
from aitia.tools.signals.detectors import PcaT2Spe
from aitia.tools.sources.rows import Floats

LEAST_CHANNELS, LEAST_ROWS, MOST_CHANNELS = 3, 40, 24
PERSIST = 5
_LEAST = 0.12
PROCESS = frozenset({"temperature", "vibration", "pressure", "flow", "current", "speed", "level"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """The channels of one component on a common grid of times."""

    component: str
    channels: tuple[Derived, ...]
    t: Floats
    x: Floats  # (times, channels), no NaN


@tool(needs=("metrics",), produces=("anomalies",))
def signals_detect(ctx: ToolContext) -> Result:
    """Which machine left the normal pattern of all its process signals taken together, and which channel is to blame."""
    gathered = gather(ctx, kinds=("metrics", "signals"))
    facts: list[Evidence] = []
    looked = 0
    for table in tables(gathered):
        looked += 1
        facts += _detect(table, gathered)
    facts.sort(key=lambda e: (-e.strength, e.component, e.statement))
    query = f"PCA over the signals of {looked} components"
    if not facts:
        why = "Nothing left its normal pattern." if looked else _too_little(gathered)
        return Result(status="no_data", message=why, query=query)
    rows = [{"component": e.component, "channel": e.values["channel"], "strength": e.strength} for e in facts]
    return Result(status="ok", query=query, evidence=tuple(facts), data={"anomalies": rows})


def _too_little(gathered: Gathered) -> str:
    if gathered.problems:
        return " ".join(gathered.problems)
    return (
        f"Add process signals or a longer baseline: {LEAST_CHANNELS} signals of one component with {LEAST_ROWS}"
        " samples are needed."
    )


def tables(gathered: Gathered) -> Iterator[Table]:
    """One table per component with enough varying process signals, on the times of the one with most samples."""
    members: dict[str, list[Derived]] = defaultdict(list)
    for d in gathered.derived:
        known = d.v[np.isfinite(d.v)]
        usable = known.size >= LEAST_ROWS and float(np.ptp(known)) > 0 and not d.peer
        if usable and d.about.aspect in PROCESS:
            members[d.component].append(d)
    for component in sorted(members):
        channels = members[component][:MOST_CHANNELS]
        if len(channels) >= LEAST_CHANNELS:
            base = max(channels, key=lambda d: d.t.size)
            t = base.t
            x = np.stack([_on(d, t) for d in channels], axis=1)
            yield Table(component=component, channels=tuple(channels), t=t, x=x)


def _on(d: Derived, t: Floats) -> Floats:
    known = np.isfinite(d.v)
    return np.asarray(np.interp(t, d.t[known], d.v[known]), dtype=np.float64)


def _detect(table: Table, gathered: Gathered) -> Iterator[Evidence]:
    baseline = max(
        gathered.baselines, key=lambda b: within(table.t, b.window).stop - within(table.t, b.window).start
    )
    reference = table.x[within(table.t, baseline.window)]
    part = within(table.t, gathered.window)
    now = table.x[part]
    if reference.shape[0] < max(LEAST_ROWS, 3 * len(table.channels)) or now.shape[0] < PERSIST:
        return
    model = PcaT2Spe().fit(reference)
    score = _smooth(model.decision_function(now))
    usual = float(np.max(_smooth(model.decision_function(reference))))
    limit = max(model.threshold_, 1.1 * usual)
    first = _lasting(score > limit)
    if first is None:
        return
    over = score > limit
    blame = np.median(model.contributions(now)[over], axis=0)
    channel = table.channels[int(np.argmax(blame))]
    share = float(np.max(blame)) / max(float(np.sum(blame)), 1e-12)
    yield _anomaly(table, channel, gathered.window, float(table.t[part][first]), float(np.median(score[over])), limit,
                   float(np.mean(over)), share, baseline.name)  # fmt: skip


def _smooth(score: Floats) -> Floats:
    """The running median of five samples: single spikes do not count."""
    if score.size < PERSIST:
        return score
    padded = np.pad(score, 2, mode="edge")
    return np.asarray(
        np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1), dtype=np.float64
    )


def _lasting(over: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    """The first sample from which on at least five in a row are over the limit."""
    runs = np.convolve(over.astype(int), np.ones(PERSIST, dtype=int), mode="valid")
    found = np.flatnonzero(runs == PERSIST)
    return int(found[0]) if found.size else None


def _anomaly(
    table: Table, channel: Derived, window: Window, onset: float, score: float, limit: float, share_over: float,
    blame: float, baseline: str,
) -> Evidence:  # fmt: skip
    at = from_epoch(onset)
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
        onset_error_s=sig3(2.0 * step_of(table.t)),
        direction="changed",
        strength=round(strength, 3),
        source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


@tool(needs=("metrics",), target="component")
def signals_changepoints(ctx: ToolContext, *, component: str) -> Result:
    """When the signals of one component changed their level, before and in the incident window, in time order."""
    gathered = gather(ctx, component=component, kinds=("metrics", "signals"))
    facts: list[Evidence] = []
    for d in gathered.derived:
        if d.t.size and not d.peer:
            found = changepoints(d.t, d.v)
            near = [c for c in found if _near(c, gathered.window)]
            earlier = [abs(c.after - c.before) for c in found if c.at < gathered.window.epoch[0]]
            usual = max(earlier, default=0.0)
            facts += [_change(d, c, gathered.window, usual=usual) for c in near]
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
