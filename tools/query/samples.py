"""A measurement's samples as statistics are taken of them: a gauge's own, a counter's rate, a histogram's mean or quantile."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aitia.core.words import SourceRef, Window
from aitia.tools.meaning.names import Meaning
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.measured import meaning_of, series_of
from aitia.tools.query.site import Site
from aitia.tools.query.words import Function
from aitia.tools.series.aspects import bundled
from aitia.tools.series.kinds import is_counter, never_falls, upper_bound
from aitia.tools.series.rates import grid_of, quantile, step_of, summed
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

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
_KEPT: Final = re.compile(
    r"(?i)(?:^|_)(?:keys|uptime|size|offset|clients|connections|sessions|age|start|boot|time|version|replicas|lag|info|rows|load\d*)(?:_|$)"
)
"""Of what there is, which may only have grown while it was watched: a counter says so by its name or its metadata."""
_COUNTER: Final = re.compile(r"_(?:total|count|sum|bucket)$")


@dataclass(frozen=True, kw_only=True)
class Values:
    """Samples as one may take statistics of them: a gauge's own, a counter's rate, a histogram's mean or quantile."""

    t: Floats
    v: Floats
    unit: str
    total: float | None = None  # a counter's increase
    ends: tuple[float, float] | None = None  # a counter's value at first and at last, of all series together
    rate: bool = False
    each: tuple[tuple[str, float, float], ...] = ()  # of several series: labels, last time, last value
    summed: bool = False  # the values are what all series have together
    low: bool = False  # trouble lies downwards
    refs: tuple[SourceRef, ...] = ()


def values_of(
    site: Site,
    component: str,
    metric: str,
    labels: str,
    window: Window,
    function: Function,
    *,
    stepwise: bool = False,
) -> Values | Found:
    """The samples of a component's measurement in a window; what is not known where it is not measured.

    stepwise  a histogram's mean or percentile of each step, rather than of the whole window
    """
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
    return replace(_shaped(series, metric, meaning, function, stepwise), refs=refs)


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


def _of_class(held: str, wanted: str) -> bool:
    """Whether a status is of a class: 503 of `5xx`."""
    return wanted[1:] == "xx" and len(held) == len(wanted) and held[0] == wanted[0]


def _cut(one: Series, start: float, end: float) -> Series:
    """The samples within, and for a counter the one before, from which its first increase counts."""
    low, high = (int(i) for i in np.searchsorted(one.t, (start, end), side="left"))
    low = max(0, low - 1) if _COUNTER.search(one.metric) else low
    return replace(one, t=one.t[low:high], v=one.v[low:high])


def _shaped(
    series: Sequence[Series], family: str, meaning: Meaning, function: Function, stepwise: bool
) -> Values:
    by_name: dict[str, list[Series]] = {}
    for one in series:
        if one.t.size:
            by_name.setdefault(one.metric, []).append(one)
    sums, counts, buckets = (by_name.get(f"{family}_{end}", []) for end in ("sum", "count", "bucket"))
    counts = counts or [b for b in buckets if math.isinf(upper_bound(b.labels.get("le", "")))]
    if sums and counts:
        return _histogram(sums, counts, buckets, meaning.unit, function, stepwise)
    own = by_name.get(family, [s for held in by_name.values() for s in held])
    if own and _counts(own) and function != "first":
        grid = grid_of(own)
        steps = np.diff(grid, prepend=np.nan)
        increase = summed(own, grid)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = increase / steps
        unit = f"{meaning.unit}/s" if meaning.unit else "/s"
        ends = (sum(float(x.v[0]) for x in own), sum(float(x.v[-1]) for x in own))
        total = float(np.nansum(increase[1:]))
        return Values(t=grid[1:], v=rate[1:], unit=unit, total=total, ends=ends, rate=True)
    each = tuple((_labels_told(s, own), float(s.t[-1]), float(s.v[-1])) for s in own)
    if not own:
        return Values(t=np.empty(0), v=np.empty(0), unit=meaning.unit)
    if len(own) > 1 and meaning.quantity in SUMMED:
        t, v = _together(own)
        return Values(t=t, v=v, unit=meaning.unit, each=each, summed=True)
    t = np.concatenate([s.t for s in own])
    v = np.concatenate([s.v for s in own])
    order = np.argsort(t, kind="stable")
    return Values(t=t[order], v=v[order], unit=meaning.unit, each=each, low=meaning.direction == "down")


def _counts(series: Sequence[Series]) -> bool:
    """Whether series only ever grow: by what is said of them, by their name, or where the name leaves it open by their values."""
    first = series[0]
    if first.metadata.kind in ("counter", "gauge"):
        return first.metadata.kind == "counter"
    if first.metric.endswith(("_total", "_bucket")):
        return True
    if _KEPT.search(first.metric):
        return False
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
    sums: Sequence[Series],
    counts: Sequence[Series],
    buckets: Sequence[Series],
    unit: str,
    function: Function,
    stepwise: bool,
) -> Values:
    grid = grid_of([*sums, *counts])
    total, number = summed(sums, grid), summed(counts, grid)
    if function == "sum" or function == "rate":
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = number / np.diff(grid, prepend=np.nan)
        return Values(t=grid[1:], v=rate[1:], unit="/s", total=float(np.nansum(number[1:])), rate=True)
    if function.startswith("p") and buckets:
        bounds, cumulative = _buckets(buckets, grid)
        if stepwise:
            each = quantile(bounds, cumulative[1:], int(function[1:]) / 100)
            return Values(t=grid[1:], v=np.where(cumulative[1:, -1] > 0, each, np.nan), unit=unit)
        whole = np.nansum(cumulative[1:], axis=0)[None, :]
        value = float(quantile(bounds, whole, int(function[1:]) / 100)[0]) if whole[0, -1] > 0 else math.nan
        return Values(t=grid[-1:], v=np.array([value]), unit=unit, total=None)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(number > 0, total / number, np.nan)
    if function == "mean" and not stepwise:
        count = float(np.nansum(number[1:]))
        value = float(np.nansum(total[1:])) / count if count else math.nan
        return Values(t=grid[1:], v=np.full(max(0, grid.size - 1), value), unit=unit)
    return Values(t=grid[1:], v=mean[1:], unit=unit)


def _buckets(buckets: Sequence[Series], grid: Floats) -> tuple[Floats, Floats]:
    by_bound: dict[float, list[Series]] = {}
    for one in buckets:
        by_bound.setdefault(upper_bound(one.labels.get("le", "")), []).append(one)
    bounds = np.array(sorted(b for b in by_bound if not math.isnan(b)))
    return bounds, np.stack([np.nan_to_num(summed(by_bound[b], grid)) for b in bounds], axis=1)


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


def reduced(values: Values, function: Function) -> tuple[float | None, float | None]:
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
