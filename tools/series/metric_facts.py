"""Facts about metrics as evidence: the sentence, its values at the same three digits, and where to read it again."""

from __future__ import annotations

from dataclasses import dataclass

from aitia.core.words import Direction, Evidence, Moment, Scalar, SourceRef, Window, from_epoch
from aitia.tools.change.levels import Shift
from aitia.tools.change.trends import Trend
from aitia.tools.series.derive import Derived
from aitia.tools.series.kinds import stated_unit
from aitia.tools.series.numbers import clock, scale, sig3, text, with_unit


def subject(d: Derived) -> str:
    """What a series is called in a sentence: `mean latency of calls to payment`, `pool_in_use{pool=main}`."""
    prefix = {"mean": "mean ", "p95": "p95 "}.get(d.stat, "")
    named = prefix + d.about.say if d.about.say else d.metric
    dims = ", ".join(f"{k}={v}" for k, v in d.labels)
    of_requests = d.about.aspect in ("errors", "traffic") and "request" in d.metric
    plain_words = of_requests or d.about.aspect in ("latency", "availability")
    if d.about.say and not plain_words:
        named += f" ({d.metric})"
    named += f" {{{dims}}}" if dims else ""
    other = f" from {d.peer}" if d.client else f" of calls to {d.peer}"
    return named + (other if d.peer else "")


def meaning(d: Derived) -> dict[str, Scalar]:
    """That nobody knows what is measured, where that is so."""
    return {} if d.about.understood else {"meaning": "unknown"}


def ref(d: Derived) -> SourceRef:
    """The query that reads the raw series again."""
    return SourceRef(source=d.source, query=d.query)


def shown(d: Derived, largest: float) -> tuple[float, str]:
    """The factor and the unit in which a sentence tells a series; none of a latency whose name states none.

    Such a one is weighed as if it were in seconds, but a reader would take that for a fact.
    """
    assumed = d.about.aspect == "latency" and d.about.unit == "s" and not stated_unit(d.metric)
    return scale("" if assumed else d.about.unit, largest)


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When a change began, and how uncertain that is."""

    at: Moment
    error_s: float


def shift_evidence(d: Derived, shift: Shift, onset: Onset, *, window: Window, baseline: str) -> Evidence:
    """A `metric.shift` fact."""
    factor, unit = shown(d, max(abs(shift.before), abs(shift.after)))
    before, after = sig3(shift.before * factor), sig3(shift.after * factor)
    values: dict[str, Scalar] = {"metric": d.metric, "stat": d.stat, "before": before, "after": after}
    times = ""
    if before > 0 and after > 0:
        values["ratio"] = sig3(after / before)
        if after > before:
            times = f" ({text(after / before)}×)"
    values |= {"z": sig3(shift.z), "samples": shift.samples, "baseline": baseline, **meaning(d)}
    verb = "rose" if shift.direction == "up" else "fell"
    statement = (
        f"{d.component}: {subject(d)} {verb} from {text(before)} to {with_unit(after, unit)}{times}"
        f" at {clock(onset.at)}."
    )
    return Evidence(
        component=d.component,
        peer=d.peer,
        kind="metric.shift",
        aspect=d.about.aspect,
        statement=statement,
        values=values,
        unit=unit,
        window=window,
        onset=onset.at,
        onset_error_s=sig3(onset.error_s),
        direction=shift.direction,
        strength=round(shift.strength, 3),
        source=ref(d),
    )


def trend_evidence(d: Derived, trend: Trend, *, window: Window, baseline: str) -> Evidence:
    """A `metric.trend` fact."""
    factor, unit = shown(d, max(abs(trend.start), abs(trend.end)))
    start, end, slope = (
        sig3(trend.start * factor),
        sig3(trend.end * factor),
        sig3(trend.slope_per_min * factor),
    )
    since = from_epoch(trend.since)
    verb = "grew" if trend.slope_per_min > 0 else "shrank"
    steadily = "" if trend.resets else " steadily"
    drops = f", with {trend.resets} {'drop' if trend.resets == 1 else 'drops'} in between" * bool(
        trend.resets
    )
    statement = (
        f"{d.component}: {subject(d)} {verb}{steadily} from {text(start)} to {with_unit(end, unit)} since {clock(since)},"
        f" {text(abs(slope))} {unit} per minute".replace("  per", " per")
        + f"{drops}."
    )
    return Evidence(
        component=d.component,
        peer=d.peer,
        kind="metric.trend",
        aspect=d.about.aspect,
        statement=statement,
        values={"metric": d.metric, "from": start, "to": end, "slope_per_min": slope, "r2": sig3(trend.r2),
                "resets": trend.resets, "baseline": baseline, **meaning(d)},
        unit=unit,
        window=window,
        onset=since,
        onset_error_s=sig3(trend.error_s),
        direction="up" if trend.slope_per_min > 0 else "down",
        strength=round(trend.strength, 3),
        source=ref(d),
    )  # fmt: skip


def plain(
    d: Derived,
    *,
    kind: str,
    aspect: str,
    statement: str,
    values: dict[str, Scalar],
    unit: str = "",
    window: Window,
    onset: Onset | None = None,
    direction: Direction,
    strength: float,
) -> Evidence:
    """Any other fact about a series."""
    return Evidence(
        component=d.component,
        peer=d.peer,
        kind=kind,
        aspect=aspect,
        statement=statement,
        values=values,
        unit=unit,
        window=window,
        onset=onset.at if onset else None,
        onset_error_s=sig3(onset.error_s) if onset else 0.0,
        direction=direction,
        strength=round(strength, 3),
        source=ref(d),
    )
