"""Facts about metrics as evidence: the sentence, its values at the same three digits, and where to read it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.aspects import MACHINE
from aitia.core.words import Direction, Evidence, Moment, Scalar, SourceRef, Window, from_epoch
from aitia.tools.change.levels import Shift
from aitia.tools.change.spells import Spells, spells
from aitia.tools.change.trends import Trend
from aitia.tools.meaning.names import lexicon
from aitia.tools.series.derive import Derived
from aitia.tools.series.numbers import clock, scale, sig3, text, with_unit

_SPELLED: Final = 0.9  # how sure a name's unit must be to be told; by hand


def subject(d: Derived) -> str:
    """What a series is called in a sentence: `mean latency of calls to payment`, `pool_in_use{pool=main}`, `state=open (cb)`."""
    prefix = {"mean": "mean ", "p95": "p95 "}.get(d.stat, "")
    named = prefix + d.about.say if d.about.say else d.metric
    if d.state:
        named = f"{', '.join(f'{k}={v}' for k, v in d.state)} ({d.metric})"
    dims = ", ".join(f"{k}={v}" for k, v in d.labels)
    of_requests = d.about.aspect in ("errors", "traffic") and "request" in d.metric
    plain_words = of_requests or d.about.aspect in ("latency", "availability")
    if d.about.say and not plain_words:
        named += f" ({d.metric})"
    named += f" {{{dims}}}" if dims else ""
    other = f" from {d.peer}" if d.client else f" of calls to {d.peer}"
    return named + (other if d.peer else "")


def told_unit(d: Derived) -> str:
    """The unit of a series, else of a machine's quantity the one that its name spells: `cell_voltage_spread_mv`."""
    if d.about.unit:
        return d.about.unit
    read = lexicon().read(d.metric, "")
    return read.unit if read.quantity in MACHINE and read.confidence >= _SPELLED else ""


def meaning(d: Derived) -> dict[str, Scalar]:
    """That nobody knows what is measured, or who says it where the name's own words do not."""
    if not d.about.understood:
        return {"meaning": "unknown"}
    return {"meaning": f"by {d.about.by}"} if d.about.by else {}


def ref(d: Derived) -> SourceRef:
    """The query that reads the raw series again."""
    return SourceRef(source=d.source, query=d.query)


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When a change began, and how uncertain that is."""

    at: Moment
    error_s: float


def shift_evidence(d: Derived, shift: Shift, onset: Onset, *, window: Window, baseline: str) -> Evidence:
    """A `metric.shift` fact."""
    factor, unit = scale(told_unit(d), max(abs(shift.before), abs(shift.after)))
    before, after = sig3(shift.before * factor), sig3(shift.after * factor)
    values: dict[str, Scalar] = {"metric": d.metric, "stat": d.stat, "before": before, "after": after}
    times = ""
    if before > 0 and after > 0:
        values["ratio"] = sig3(after / before)
        if after > before:
            times = f" ({text(after / before)}×)"
    values |= {"z": sig3(shift.z), "samples": shift.samples, "baseline": baseline, **meaning(d)}
    stood = _spells(d, shift, onset.at.timestamp(), window)
    values |= stood.values()
    verb = "rose" if shift.direction == "up" else "fell"
    over = "" if stood.over is None else f", over since {clock(from_epoch(stood.over))}"
    statement = (
        f"{d.component}: {subject(d)} {verb} from {text(before)} to {with_unit(after, unit)}{times}"
        f" at {clock(onset.at)}{over}."
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


def _spells(d: Derived, shift: Shift, onset: float, window: Window) -> Spells:
    """The spells since its onset in which it was nearer to where it went than to where it had been."""
    seen = (d.t >= onset) & (d.t <= window.epoch[1]) & np.isfinite(d.v)
    t, v = d.t[seen], d.v[seen]
    if t.size < 2:
        return Spells()
    beyond = np.abs(v - shift.after) < np.abs(v - shift.before)
    step = float(np.median(np.diff(t)))
    return spells(t[beyond].tolist(), float(t[-1]), error=step / 2)


def trend_evidence(d: Derived, trend: Trend, *, window: Window, baseline: str) -> Evidence:
    """A `metric.trend` fact."""
    factor, unit = scale(told_unit(d), max(abs(trend.start), abs(trend.end)))
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
