"""Numbers of a measurement: at a moment, over a span, beside another span; counters by their rate, histograms by quantiles."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

import numpy as np

from aitia.core.words import Window, from_epoch
from aitia.tools.query.found import Found, Point, unknown
from aitia.tools.query.lines import span_told
from aitia.tools.query.measured import measured
from aitia.tools.query.samples import Values, reduced, values_of
from aitia.tools.query.site import Site
from aitia.tools.query.units import converted
from aitia.tools.query.words import Curve, Function, Stat

MOST_POINTS: Final = 120  # of a curve that is returned
STALE: Final = timedelta(hours=1)  # a sample older than this before the moment asked for does not tell of it
_MIB: Final = 2.0**20
SEVERAL: Final = 8  # series whose last values are told one by one
_TOLD: Final = {
    "last": "was", "first": "was at first", "max": "was at most", "min": "was at least", "mean": "was on average",
    "p50": "had a median of", "p90": "had a 90th percentile of", "p95": "had a 95th percentile of",
    "p75": "had a 75th percentile of", "p98": "had a 98th percentile of",
    "p99": "had a 99th percentile of", "sum": "rose in all by", "rate": "rose per second by", "range": "ranged over",
}  # fmt: skip


def stat(query: Stat, site: Site) -> Found:
    """One number, and the moment that it is of."""
    window = site.window(query.since, query.until)
    back = window if query.since or query.function != "last" else replace_start(window, STALE)
    held = values_of(site, query.component, query.metric, query.labels, back, query.function)
    if isinstance(held, Found):
        return held
    value, at = reduced(held, query.function)
    if query.function == "last" and len(held.each) > 1 and not held.summed:
        value, at = _worst(held)
    if value is None:
        return _nothing(query, site, window)
    rises = held.t[held.v > 0] if query.wanted == "time" and query.function == "sum" and held.rate else ()
    if len(rises):
        at = float(rises[-1 if query.end == "last" else 0])
    moment = from_epoch(at) if at is not None else None
    unit = _unit(held, query.function)
    value, unit = converted(value, unit, query.unit)
    told = f"{query.metric} of {query.component} {_TOLD[query.function]} {shown(value)}{unit}{bytes_told(value, unit)}"
    when = f" at {moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""
    span = span_told(query.since, query.until) if query.function not in ("last",) else ""
    each = held.each[:SEVERAL] if query.function == "last" and len({v for _, _, v in held.each}) > 1 else ()
    several = f" ({'; '.join(f'{k} {shown(v)}' for k, _, v in each)})" if each else ""
    ends = held.ends if query.function == "sum" and query.since is None else None
    if ends and all(map(math.isfinite, ends)) and ends[0] > 0:  # it had counted before it was recorded
        several = f", from {shown(ends[0])} to {shown(ends[1])}"
    if len(rises) and moment is not None:
        when = ""
        several += f"; it {query.end} rose at {moment:%Y-%m-%d %H:%M:%S} UTC"
    return Found(
        status="found",
        kind="time" if query.wanted == "time" else "number",
        value=value,
        unit=unit.strip(),
        at=moment,
        values={"at first": shown(ends[0]), "at last": shown(ends[1])}
        if ends
        else {k: shown(v) for k, _, v in each},
        curve=points_of(held),
        window=window,
        said=f"{told}{when}{span}{several}.",
        sources=held.refs,
    )


def _worst(held: Values) -> tuple[float | None, float | None]:
    """Of the last values of several series the one nearest to trouble."""
    known = [(v, t) for _, t, v in held.each if math.isfinite(v)]
    if not known:
        return None, None
    return min(known) if held.low else max(known)


def replace_start(window: Window, back: timedelta) -> Window:
    """The window's end with no more than `back` before it."""
    return Window(start=max(window.start, window.end - back), end=window.end)


def curve(query: Curve, site: Site) -> Found:
    """A measurement over time; of a histogram the mean of each step."""
    window = site.window(query.since, query.until)
    held = values_of(site, query.component, query.metric, query.labels, window, "mean", stepwise=True)
    if isinstance(held, Found):
        return held
    points = points_of(held)
    if not points:
        return _nothing(query, site, window)
    low, high = (reduced(held, f)[0] or 0.0 for f in ("min", "max"))
    unit = _unit(held, "mean")
    return Found(
        status="found",
        kind="curve",
        value=points[-1].value,
        unit=unit.strip(),
        at=points[-1].at,
        curve=points,
        window=window,
        said=f"{query.metric} of {query.component} ranged from {shown(low)} to {shown(high)}{unit}, last "
        f"{shown(points[-1].value)} at {points[-1].at:%Y-%m-%d %H:%M:%S} UTC.",
        sources=held.refs,
    )


def points_of(values: Values) -> tuple[Point, ...]:
    """A curve of at most `MOST_POINTS` samples."""
    known = np.isfinite(values.v)
    t, v = values.t[known], values.v[known]
    step = max(1, math.ceil(t.size / MOST_POINTS))
    chosen = sorted({*range(0, t.size, step), *([t.size - 1] if t.size else [])})
    return tuple(Point(at=from_epoch(float(t[i])), value=float(v[i])) for i in chosen)


def _unit(values: Values, function: Function) -> str:
    if function == "sum" and values.rate:
        return ""
    unit = {"Cel": "°C", "celsius": "°C", "1": ""}.get(values.unit, values.unit.replace("By", "bytes"))
    return f" {unit}" if unit else ""


def _nothing(query: Stat | Curve, site: Site, window: Window) -> Found:
    extent = site.extent
    held = (
        f" What there is lies between {extent[0]:%Y-%m-%d %H:%M} and {extent[1]:%Y-%m-%d %H:%M} UTC."
        if extent
        else ""
    )
    if any(m.component == query.component and query.metric in (m.metric, m.family) for m in measured(site)):
        return Found(
            status="unknown",
            window=window,
            said=f"{query.metric} of {query.component} has no sample{span_told(query.since, query.until)}.{held}",
        )
    return unknown(f"{query.metric!r} of {query.component} is not measured.")


def bytes_told(value: float, unit: str) -> str:
    """` (141 MiB)` behind many bytes."""
    if not unit.strip().startswith("bytes") or abs(value) < _MIB:
        return ""
    return f" ({value / _MIB:.4g} MiB)" if abs(value) < 1024 * _MIB else f" ({value / _MIB / 1024:.4g} GiB)"


def shown(value: float) -> str:
    """A number with four significant digits; whole ones in full."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e6 else f"{value:.6g}"
