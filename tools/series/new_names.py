"""Metric names that nobody understands yet, those first that a diagnosis needs most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from aitia.core.errors import SourceError
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import aspects_of, series_of, within
from aitia.tools.series.kinds import SKIPPED
from aitia.tools.series.large import near_alarm
from aitia.tools.sources.base import MetricSource, Series

LEAST: Final = 10.0  # of a series' own spread (the median distance from its median): what moved less makes no strong fact


def new_names(ctx: ToolContext) -> list[str]:
    """The names that no word and no dictionary explains: nearest the alarm first, of these what moved most.

    How far a series moved is how far its outermost tenth in the window is from its median before, in units of its own spread.
    A series that did not move plainly says nothing whatever it is called, and is not among them: a model is not loaded for it.
    """
    near = near_alarm(ctx.incident, ctx.resolver.resolve, ctx.resolver.components)
    place = {component: n for n, component in enumerate(near)}
    found: dict[str, tuple[int, float]] = {}
    for series in _all(ctx):
        about = aspects_of(ctx).of(series.metric, series.labels, series.metadata)
        if SKIPPED.search(series.metric) or about.understood:
            continue
        moved = _moved(series, ctx)
        if moved >= LEAST:
            component = ctx.resolver.resolve(series.component) or series.component
            here = place.get(component, len(near)), -moved
            found[series.metric] = min(here, found.get(series.metric, here))
    return sorted(found, key=lambda name: (*found[name], name))


def _all(ctx: ToolContext) -> Sequence[Series]:
    read: list[Series] = []
    for source in (*ctx.sources.of("metrics"), *ctx.sources.of("signals")):
        if isinstance(source, MetricSource):
            try:
                read += series_of(ctx, source)[0]
            except SourceError:
                continue  # the tools that need it say so
    return read


def _moved(series: Series, ctx: ToolContext) -> float:
    """How far a series (a counter: its increase) is from what it was before the window; 0 where it did not move."""
    v, t = series.v, series.t
    if v.size > 2 and bool(np.all(np.diff(v[np.isfinite(v)]) >= 0)):
        v, t = np.diff(v), t[1:]
    part = within(t, ctx.incident.window)
    before, now = v[: part.start], v[part]
    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    if not before.size or not now.size:
        return 0.0
    middle = float(np.median(before))
    spread = float(np.median(np.abs(before - middle))) + 1e-3 * abs(middle) + 1e-9
    return float(np.quantile(np.abs(now - middle), 0.9)) / spread
