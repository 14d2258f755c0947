"""When a measurement was above or below a value: whether at all, first, last, how often and how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from aitia.core.words import from_epoch
from aitia.tools.query.found import Found, unknown
from aitia.tools.query.lines import span_told
from aitia.tools.query.samples import values_of
from aitia.tools.query.site import Site
from aitia.tools.query.statistics import points_of, shown
from aitia.tools.query.words import Beyond
from aitia.tools.series.rates import step_of
from aitia.tools.sources.rows import Floats


def beyond(query: Beyond, site: Site) -> Found:
    """Yes or no, with the first and last moment, the number of spells and their length together."""
    window = site.window(query.since, query.until)
    held = values_of(site, query.component, query.metric, query.labels, window, query.function, stepwise=True)
    if isinstance(held, Found):
        return held
    known = np.isfinite(held.v)
    t, v = held.t[known], held.v[known]
    side = f"{'above' if query.above is not None else 'below'} {shown(_bound(query))}"
    unit = f" {held.unit}" if held.unit else ""
    percentile = f"the {query.function[1:]}th percentile of " if query.function.startswith("p") else ""
    what = f"{percentile}{query.metric} of {query.component}"
    span = span_told(query.since, query.until)
    if not v.size:
        return unknown(f"{what} has no sample{span}.")
    over = v > _bound(query) if query.above is not None else v < _bound(query)
    most, at = (
        (float(v.max()), int(v.argmax())) if query.above is not None else (float(v.min()), int(v.argmin()))
    )
    limit = "at most" if query.above is not None else "at least"
    extreme = f"{limit} {shown(most)}{unit} at {from_epoch(float(t[at])):%Y-%m-%d %H:%M:%S} UTC"
    if not over.any():
        return Found(
            status="found",
            kind="number",
            value={"times": 0.0, "duration": 0.0}.get(query.wanted, most),
            unit={"times": "times", "duration": "s"}.get(query.wanted, held.unit),
            curve=points_of(held),
            window=window,
            said=f"No: {what} was never {side}{unit}{span}; it was {extreme}.",
            sources=held.refs,
        )
    spells, length = _spells(t, over)
    first, last = (
        from_epoch(float(t[i])) for i in (int(over.argmax()), int(over.size - 1 - over[::-1].argmax()))
    )
    began = from_epoch(float(t[_last_spell(over)]))
    value = {"times": float(spells), "duration": length}.get(query.wanted, most)
    return Found(
        status="found",
        kind="time" if query.wanted in ("first", "last", "since") else "number",
        value=value,
        unit={"times": "times", "duration": "s"}.get(query.wanted, held.unit),
        at={"last": last, "since": began}.get(query.wanted, first),
        curve=points_of(held),
        window=window,
        said=f"{_since(query, began, last, lasts=bool(over[-1]))}Yes: {what} was {side}{unit}{span}, "
        f"first at {first:%Y-%m-%d %H:%M:%S} UTC, last at {last:%Y-%m-%d %H:%M:%S} UTC, "
        f"{spells} {'time' if spells == 1 else 'times'}, {_told(length)} in all; it was {extreme}.",
        sources=held.refs,
    )


def _last_spell(over: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Where the last spell began."""
    end = int(over.size - 1 - over[::-1].argmax())
    before = np.flatnonzero(~over[:end])
    return int(before[-1]) + 1 if before.size else 0


def _since(query: Beyond, began: datetime, last: datetime, *, lasts: bool) -> str:
    if query.wanted != "since":
        return ""
    until = "" if lasts else f" until {last:%Y-%m-%d %H:%M:%S} UTC, no longer"
    return f"Since {began:%Y-%m-%d %H:%M:%S} UTC{until}. "


def _bound(query: Beyond) -> float:
    return float(query.above if query.above is not None else query.below or 0.0)


def _spells(
    t: Floats, over: Sequence[bool] | np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[int, float]:
    """How often a series went beyond, and for how many seconds in all: each sample stands for the step before the next."""
    flags = np.asarray(over)
    starts = int(flags[0]) + int(np.sum(flags[1:] & ~flags[:-1]))
    steps = np.append(np.diff(t), step_of(t))
    return starts, float(np.minimum(steps, 5 * step_of(t) or 0.0)[flags].sum())


def _told(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return (
        f"{seconds / 60:.0f} min ({seconds:.0f} s)"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h ({seconds:.0f} s)"
    )
