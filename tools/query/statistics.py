"""Numbers of a measurement: at a moment, over a span, beside another span; counters by their rate, histograms by quantiles."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np

from aitia.core.words import SourceRef, Window, from_epoch
from aitia.tools.meaning.names import Meaning
from aitia.tools.query.found import Found, Point, unknown
from aitia.tools.query.lines import span_told
from aitia.tools.query.measured import meaning_of, measured, series_of
from aitia.tools.query.site import Site
from aitia.tools.query.words import Curve, Function, Stat
from aitia.tools.series.aspects import bundled
from aitia.tools.series.kinds import is_counter, never_falls, upper_bound
from aitia.tools.series.rates import grid_of, quantile, step_of, summed
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

MOST_POINTS: Final = 120  # of a curve that is returned
STALE: Final = timedelta(hours=1)  # a sample older than this before the moment asked for does not tell of it
_MIB: Final = 2.0**20
SEVERAL: Final = 8  # series whose last values are told one by one
_FRACTIONS: Final = (
    ("_mm_s", "mm/s"), ("_mm_per_s", "mm/s"), ("_m3h", "m³/h"), ("_m3_h", "m³/h"), ("_m3_per_hour", "m³/h"), ("_m3_s", "m³/s"),
    ("_1_min", "1/min"), ("_l_min", "l/min"), ("_kg_s", "kg/s"), ("_kg_h", "kg/h"), ("_m_s", "m/s"),
)  # fmt: skip
_PHYSICAL: Final = frozenset(
    {
        "temperature",
        "vibration",
        "pressure",
        "flow",
        "current",
        "speed",
        "level",
        "power",
        "voltage",
        "position",
    }
)
SUMMED: Final = frozenset({"connections", "queue", "locks", "threads"})
"""Quantities of which a component has what all its series hold together."""
_CLASS: Final = re.compile(r"[1-5]xx")
_COUNTER: Final = re.compile(r"_(?:total|count|sum|bucket)$")
_TOLD: Final = {
    "last": "was", "first": "was at first", "max": "was at most", "min": "was at least", "mean": "was on average",
    "p50": "had a median of", "p90": "had a 90th percentile of", "p95": "had a 95th percentile of",
    "p99": "had a 99th percentile of", "sum": "rose in all by", "rate": "rose per second by", "range": "ranged over",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Values:
    """Samples as one may take statistics of them: a gauge's own, a counter's rate, a histogram's mean or quantile."""

    t: Floats
    v: Floats
    unit: str
    total: float | None = None  # a counter's increase
    rate: bool = False
    each: tuple[tuple[str, float, float], ...] = ()  # of several series: labels, last time, last value
    summed: bool = False  # the values are what all series have together
    low: bool = False  # trouble lies downwards
    refs: tuple[SourceRef, ...] = ()


def stat(query: Stat, site: Site) -> Found:
    """One number, and the moment that it is of."""
    window = site.window(query.since, query.until)
    back = window if query.since or query.function != "last" else replace_start(window, STALE)
    held = _values(site, query.component, query.metric, query.labels, back, query.function)
    if isinstance(held, Found):
        return held
    value, at = reduced(held, query.function)
    if query.function == "last" and len(held.each) > 1 and not held.summed:
        value, at = _worst(held)
    if value is None:
        return _nothing(query, site, window)
    moment = from_epoch(at) if at is not None else None
    unit = _unit(held, query.function)
    told = f"{query.metric} of {query.component} {_TOLD[query.function]} {shown(value)}{unit}{bytes_told(value, unit)}"
    when = f" at {moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""
    span = span_told(query.since, query.until) if query.function not in ("last",) else ""
    each = held.each[:SEVERAL] if query.function == "last" and len({v for _, _, v in held.each}) > 1 else ()
    several = f" ({'; '.join(f'{k} {shown(v)}' for k, _, v in each)})" if each else ""
    return Found(
        status="found",
        kind="time" if query.wanted == "time" else "number",
        value=value,
        unit=unit.strip(),
        at=moment,
        values={k: shown(v) for k, _, v in each},
        curve=_points(held),
        window=window,
        said=f"{told}{when}{span}{several}.",
        sources=held.refs,
    )


def _worst(held: _Values) -> tuple[float | None, float | None]:
    """Of the last values of several series the one nearest to trouble."""
    known = [(v, t) for _, t, v in held.each if math.isfinite(v)]
    if not known:
        return None, None
    return min(known) if held.low else max(known)


def replace_start(window: Window, back: timedelta) -> Window:
    """The window's end with no more than `back` before it."""
    return Window(start=max(window.start, window.end - back), end=window.end)


def curve(query: Curve, site: Site) -> Found:
    """A measurement over time."""
    window = site.window(query.since, query.until)
    held = _values(site, query.component, query.metric, query.labels, window, "mean")
    if isinstance(held, Found):
        return held
    points = _points(held)
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


def _values(
    site: Site, component: str, metric: str, labels: str, window: Window, function: Function
) -> _Values | Found:
    raw = series_of(site, component, metric, window)
    if not raw:
        return unknown(
            f"{metric!r} of {component or 'any component'} is not measured.", "a metrics source that holds it"
        )
    picked = [(name, s) for name, s in raw if has_labels(s.labels, labels)]
    if not picked:
        return unknown(f"{metric!r} of {component} has no series with {labels!r}.", "")
    start, end = window.epoch
    cut = [(name, _cut(s, start, end)) for name, s in picked]
    refs = tuple(SourceRef(source=name, query=s.query) for name, s in picked[:4])
    series = [s for _, s in cut]
    meaning = meaning_of(series[0].metric, series[0].metadata.unit, series[0].metadata.help)
    meaning = replace(meaning, unit=unit_of(metric, meaning))
    return replace(_shaped(series, metric, meaning, function), refs=refs)


def has_labels(labels: object, wanted: str) -> bool:
    """Whether labels hold `key=value`, a key or a value; an empty wish is met by all. Several are joined by commas."""
    held = {str(k).casefold(): str(v).casefold() for k, v in dict(labels).items()}  # type: ignore[call-overload]
    for part in filter(None, (p.strip().casefold() for p in wanted.split(","))):
        key, sign, value = part.partition("=")
        if sign and held.get(key) != value and not _of_class(held.get(key, ""), value):
            return False
        if not sign and part not in held and part not in held.values():
            return False
    return True


def _cut(one: Series, start: float, end: float) -> Series:
    """The samples within, and for a counter the one before, from which its first increase counts."""
    low, high = (int(i) for i in np.searchsorted(one.t, (start, end), side="left"))
    low = max(0, low - 1) if _COUNTER.search(one.metric) else low
    return replace(one, t=one.t[low:high], v=one.v[low:high])


def _shaped(series: Sequence[Series], family: str, meaning: Meaning, function: Function) -> _Values:
    by_name: dict[str, list[Series]] = {}
    for one in series:
        if one.t.size:
            by_name.setdefault(one.metric, []).append(one)
    sums, counts, buckets = (by_name.get(f"{family}_{end}", []) for end in ("sum", "count", "bucket"))
    if sums and counts:
        return _histogram(sums, counts, buckets, meaning.unit, function)
    own = by_name.get(family, [s for held in by_name.values() for s in held])
    if own and _counts(own) and function != "first":
        grid = grid_of(own)
        steps = np.diff(grid, prepend=np.nan)
        increase = summed(own, grid)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = increase / steps
        unit = f"{meaning.unit}/s" if meaning.unit else "/s"
        return _Values(t=grid[1:], v=rate[1:], unit=unit, total=float(np.nansum(increase[1:])), rate=True)
    each = tuple((_labels_told(s, own), float(s.t[-1]), float(s.v[-1])) for s in own)
    if not own:
        return _Values(t=np.empty(0), v=np.empty(0), unit=meaning.unit)
    if len(own) > 1 and meaning.quantity in SUMMED:
        t, v = _together(own)
        return _Values(t=t, v=v, unit=meaning.unit, each=each, summed=True)
    t = np.concatenate([s.t for s in own])
    v = np.concatenate([s.v for s in own])
    order = np.argsort(t, kind="stable")
    return _Values(t=t[order], v=v[order], unit=meaning.unit, each=each, low=meaning.direction == "down")


def _counts(series: Sequence[Series]) -> bool:
    """Whether series only ever grow: by what is said of them, by their name, or where the name leaves it open by their values."""
    first = series[0]
    if first.metadata.kind in ("counter", "gauge"):
        return first.metadata.kind == "counter"
    if first.metric.endswith(("_total", "_bucket")):
        return True
    names = {(s.component, s.metric) for s in series}
    rising = any(is_counter(s, names, bundled().of(s.metric, s.labels, s.metadata)) for s in series)
    return rising and all(never_falls(s) for s in series)


def _together(series: Sequence[Series]) -> tuple[Floats, Floats]:
    """Several gauges added at each time; one without a sample within the usual step is gone, or was not there yet."""
    grid = grid_of(series)
    total = np.zeros(grid.size)
    for one in series:
        place = np.searchsorted(one.t, grid, side="right") - 1
        fresh = (place >= 0) & (grid - one.t[np.maximum(place, 0)] < 0.9 * max(step_of(grid), 1e-9))
        total += np.where(fresh, np.nan_to_num(one.v[np.maximum(place, 0)]), 0.0)
    return grid, total


def _histogram(
    sums: Sequence[Series], counts: Sequence[Series], buckets: Sequence[Series], unit: str, function: Function
) -> _Values:
    grid = grid_of([*sums, *counts])
    total, number = summed(sums, grid), summed(counts, grid)
    if function == "sum" or function == "rate":
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = number / np.diff(grid, prepend=np.nan)
        return _Values(t=grid[1:], v=rate[1:], unit="/s", total=float(np.nansum(number[1:])), rate=True)
    if function.startswith("p") and buckets:
        bounds, cumulative = _buckets(buckets, grid)
        whole = np.nansum(cumulative[1:], axis=0)[None, :]
        value = float(quantile(bounds, whole, int(function[1:]) / 100)[0]) if whole[0, -1] > 0 else math.nan
        return _Values(t=grid[-1:], v=np.array([value]), unit=unit, total=None)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(number > 0, total / number, np.nan)
    if function == "mean":
        count = float(np.nansum(number[1:]))
        value = float(np.nansum(total[1:])) / count if count else math.nan
        return _Values(t=grid[1:], v=np.full(max(0, grid.size - 1), value), unit=unit)
    return _Values(t=grid[1:], v=mean[1:], unit=unit)


def _buckets(buckets: Sequence[Series], grid: Floats) -> tuple[Floats, Floats]:
    by_bound: dict[float, list[Series]] = {}
    for one in buckets:
        by_bound.setdefault(upper_bound(one.labels.get("le", "")), []).append(one)
    bounds = np.array(sorted(b for b in by_bound if not math.isnan(b)))
    return bounds, np.stack([np.nan_to_num(summed(by_bound[b], grid)) for b in bounds], axis=1)


def _of_class(held: str, wanted: str) -> bool:
    """Whether a code (503) is of the class that is wanted (5xx)."""
    return _CLASS.fullmatch(wanted) is not None and held[:1] == wanted[0] and len(held) == len(wanted)


def reduced(values: _Values, function: Function) -> tuple[float | None, float | None]:
    """The statistic and the moment it is of (epoch s), None where it has none; (None, None) where no sample is a number."""
    known = np.isfinite(values.v)
    t, v = values.t[known], values.v[known]
    if not v.size:
        return None, None
    if function in ("max", "min"):
        place = int(np.argmax(v) if function == "max" else np.argmin(v))
        return float(v[place]), float(t[place])
    if function == "last":
        return float(v[-1]), float(t[-1])
    if function == "first":
        return float(v[0]), float(t[0])
    if function == "sum":
        return (values.total if values.rate else float(v.sum())), None
    if function == "rate":
        span = float(t[-1] - t[0])
        return (float(v.mean()) if values.rate else (float(v[-1] - v[0]) / span if span else 0.0)), None
    if function == "range":
        return float(v.max() - v.min()), None
    if function == "mean":
        return float(v.mean()), None
    return float(np.quantile(v, int(function[1:]) / 100)), None


def _points(values: _Values) -> tuple[Point, ...]:
    known = np.isfinite(values.v)
    t, v = values.t[known], values.v[known]
    step = max(1, math.ceil(t.size / MOST_POINTS))
    chosen = sorted({*range(0, t.size, step), *([t.size - 1] if t.size else [])})
    return tuple(Point(at=from_epoch(float(t[i])), value=float(v[i])) for i in chosen)


def _labels_told(one: Series, beside: Sequence[Series]) -> str:
    """The labels in which a series differs from the others."""
    differing = [k for k in one.labels if len({s.labels.get(k) for s in beside}) > 1]
    return ",".join(f"{k}={one.labels[k]}" for k in differing) or one.metric


def unit_of(metric: str, meaning: Meaning) -> str:
    """The unit that a name ends in, also where it spells a fraction (`_mm_s`); else what its meaning says, where that can be."""
    low = re.sub(r"[^0-9a-z]+", "_", metric.casefold())
    told = next((unit for ending, unit in _FRACTIONS if low.endswith(ending)), "")
    doubtful = meaning.unit in ("s", "h", "min", "m") and meaning.quantity in _PHYSICAL
    return told or ("" if doubtful else meaning.unit)


def _unit(values: _Values, function: Function) -> str:
    if function == "sum" and values.rate:
        return ""
    if values.rate and function in ("rate",):
        return ""
    unit = values.unit.replace("By", "bytes")
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
