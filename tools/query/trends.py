"""Since when a measurement rises or falls: a level that turns into a slope, found by a robust fit of two pieces."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from aitia.core.words import Window, from_epoch
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.lines import span_told
from aitia.tools.query.machine_state import running_tag
from aitia.tools.query.measured import series_of
from aitia.tools.query.samples import values_of
from aitia.tools.query.site import Site
from aitia.tools.query.statistics import points_of, shown
from aitia.tools.query.words import Curve
from aitia.tools.sources.rows import Floats

Bools = npt.NDArray[np.bool_]
LEAST: Final = 12  # samples below which no course is told
_BINS: Final = 240
_HALF: Final = 0.5  # between 0, at rest, and 1, running
_PIECES: Final = 8  # of a record, over each of which its course is told from its scatter
_TAIL: Final = 5  # bins of a slope at least
_CUT: Final = 9.0  # squared deviations, in those of the noise, from which on a bin counts no more: a stop, a gap, a spike
_ROUNDS: Final = 4
_SEEN: Final = 3.0  # by how much the change exceeds the scatter around the fit (docs/fitted.md)
_SHARE: Final = 0.5  # of what lies off the level since then that the slope must take away
_LOOSE: Final = 3.0  # squared deviations a bin, in those of the noise, up to which two pieces tell the course
_MAD: Final = 1.4826
_DAY: Final = 86400.0


class Turn(NamedTuple):
    """Where a level turned into a slope: epoch s, the level before, the value at the end, change per second.

    `misfit`: squared deviations a bin, in those of the noise.
    """

    at: float
    level: float
    last: float
    slope: float
    misfit: float


def trend(query: Curve, site: Site) -> Found:
    """Whether it rises (or falls) up to the end of its span, and since when."""
    window = site.window(query.since, query.until)
    held = values_of(site, query.component, query.metric, query.labels, window, "mean", stepwise=True)
    if isinstance(held, Found):
        return held
    what, span = f"{query.metric} of {query.component}", span_told(query.since, query.until)
    known = np.isfinite(held.v) & _runs(site, query, window, held.t)
    t, v = held.t[known], held.v[known]
    if t.size < LEAST:
        return unknown(f"{what} has too few samples{span} to tell a course ({t.size}, {LEAST} at least).")
    unit = {"Cel": "°C", "celsius": "°C", "By": "bytes"}.get(held.unit, held.unit)
    told = f" {unit}" if unit else ""
    turn = course(t, v, rising=query.way == "rise")
    points = points_of(held)
    if turn is None:
        way = "rise" if query.way == "rise" else "fall"
        return Found(
            status="found",
            kind="curve",
            value=points[-1].value,
            unit=unit,
            curve=points,
            window=window,
            said=f"No: {what} does not {way} steadily{span}: it ranged from {shown(float(v.min()))} to "
            f"{shown(float(v.max()))}{told}, last {shown(points[-1].value)}.",
            sources=held.refs,
        )
    at = from_epoch(turn.at)
    seconds, per = (_DAY, "day") if t[-1] - turn.at > 2 * _DAY else (3600.0, "hour")
    return Found(
        status="found",
        kind="time",
        value=turn.last,
        unit=unit,
        at=at,
        curve=points,
        window=window,
        said=f"Since about {at:%Y-%m-%d %H:%M} UTC {what} {'rises' if query.way == 'rise' else 'falls'}: from about "
        f"{shown(_short(turn.level))} to {shown(_short(turn.last))}{told}, "
        f"{shown(_short(abs(turn.slope) * seconds))}{told} a {per}.",
        sources=held.refs,
    )


def _runs(site: Site, query: Curve, window: Window, t: Floats) -> Bools:
    """At which times the component ran, by a tag of its own that is 1 then; at all where there is none."""
    tag = running_tag(site, query.component)
    held = series_of(site, query.component, tag.metric, window) if tag else []
    if tag is None or not held or tag.metric == query.metric:
        return np.ones(t.size, dtype=bool)
    series = held[0][1]
    known = np.isfinite(series.v)
    place = np.searchsorted(series.t[known], t, side="right") - 1
    return np.asarray((place >= 0) & (series.v[known][np.maximum(place, 0)] > _HALF), dtype=bool)


def course(t: Floats, v: Floats, *, rising: bool) -> Turn | None:
    """The turn of a series, or, of one that is above 0, of its logarithm: what grows by the same share a day bends upwards."""
    found = turned(t, v, rising=rising)
    grown = turned(t, np.log(v), rising=rising) if v.min() > 0.0 else None
    if grown is None or (found is not None and found.misfit <= grown.misfit):
        return found
    level, last = math.exp(grown.level), math.exp(grown.last)
    slope = (last - level) / max(1.0, float(t[-1]) - grown.at)
    return grown._replace(level=level, last=last, slope=slope)


def turned(t: Floats, v: Floats, *, rising: bool) -> Turn | None:
    """The turn of a series of epoch seconds, shape (n,); None where it does not rise (fall) up to its end."""
    at, mid = _binned(t, v)
    noise = _scatter(mid) or 1e-9 * (1 + float(np.abs(mid).max()))
    best: tuple[float, int, float, float] | None = None
    for start in range(at.size - _TAIL):
        x = np.maximum(0.0, at - at[start])
        level, slope = _fitted(x, mid, noise)
        if (slope > 0) == rising and slope != 0.0:
            cost = _cost(mid - level - slope * x, noise)
            if best is None or cost < best[0]:
                best = cost, start, level, slope
    if best is None:
        return None
    cost, start, level, slope = best
    run = float(at[-1] - at[start])
    rest = mid - level - slope * np.maximum(0.0, at - at[start])
    scatter = max(noise, _MAD * float(np.median(np.abs(rest))))
    tail = at > at[start]
    flat = _cost(mid[tail] - level, noise)  # had the level stayed
    if (
        abs(slope) * run < _SEEN * scatter
        or _cost(rest[tail], noise) > _SHARE * flat
        or cost > _LOOSE * at.size
    ):
        return None
    return Turn(float(at[start]), level, level + slope * run, slope, cost / at.size)


def _binned(t: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Medians of equal numbers of samples."""
    parts = np.array_split(np.arange(t.size), min(_BINS, t.size))
    return np.array([t[i].mean() for i in parts]), np.array([np.median(v[i]) for i in parts])


def _scatter(mid: Floats) -> float:
    """How much a series scatters around its own course, daily cycles with it."""
    wide = max(3, mid.size // _PIECES)
    ends = np.pad(mid, wide // 2, mode="edge")
    course = np.median(np.lib.stride_tricks.sliding_window_view(ends, 2 * (wide // 2) + 1), axis=1)
    return _MAD * float(np.median(np.abs(mid - course)))


def _fitted(x: Floats, y: Floats, noise: float) -> tuple[float, float]:
    """Level and slope of least squares, what lies far from them left out round by round."""
    weights = np.ones_like(y)
    level = slope = 0.0
    for number in range(_ROUNDS):
        total = weights.sum()
        mx, my = float((weights * x).sum() / total), float((weights * y).sum() / total)
        spread = float((weights * (x - mx) ** 2).sum())
        slope = float((weights * (x - mx) * (y - my)).sum() / spread) if spread > 0 else 0.0
        level = my - slope * mx
        off = np.abs(y - level - slope * x)
        limit = max(3.0 * noise, (3.0 - 0.5 * number) * _MAD * float(np.median(off)))
        weights = (off <= limit).astype(float)
        if weights.sum() < 0.5 * y.size:
            break
    return level, slope


def _cost(rest: Floats, noise: float) -> float:
    return float(np.minimum((rest / noise) ** 2, _CUT).sum())


def _short(value: float) -> float:
    return float(f"{value:.3g}")
