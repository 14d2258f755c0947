"""The signals that a model of a plant knows, of each component that has them all, on a common grid of times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aitia.tools.series.gather import Gathered, within
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One component's signals: `x` (times, channels) in the model's order, NaN before a signal's first and after its last."""

    component: str
    source: str
    channels: tuple[str, ...]
    queries: tuple[str, ...]
    t: Floats
    x: Floats
    part: slice  # the rows of the window
    usual: slice  # the rows of the longest baseline

    def at(self, channel: str) -> int:
        """The number of a channel."""
        return self.channels.index(channel)


def plants_of(gathered: Gathered, source: str, channels: Sequence[str]) -> tuple[list[Plant], str]:
    """The components of a source that have every channel once, or what the nearest one lacks.

    A channel is a series' metric, or `component_metric` as a wide table writes it.
    """
    held: dict[str, dict[str, list[Series]]] = defaultdict(lambda: defaultdict(list))
    for name, series in gathered.raw:
        if name == source:
            for known in {series.metric, f"{series.component}_{series.metric}"}:
                held[series.component][known].append(series)
    made, lacking = [], {}
    for component, by_name in sorted(held.items()):
        missing = [c for c in channels if not any(np.isfinite(s.v).any() for s in by_name.get(c, ()))]
        twice = [c for c in channels if len(by_name.get(c, ())) > 1]
        if missing or twice:
            why = f"{component} lacks {missing[0]!r}" if missing else f"{component} has {twice[0]!r} twice"
            lacking[len(missing) + len(twice), component] = (
                f"{why} ({len(missing or twice)} of {len(channels)} signals)"
            )
        else:
            made.append(_plant(gathered, source, component, [by_name[c][0] for c in channels], channels))
    if made:
        return made, ""
    return [], lacking[min(lacking)] if lacking else f"source {source!r} has no signals in the window"


def _plant(
    gathered: Gathered, source: str, component: str, series: Sequence[Series], channels: Sequence[str]
) -> Plant:
    t = max(series, key=lambda s: s.t.size).t
    usual = max((within(t, b.window) for b in gathered.baselines), key=lambda s: s.stop - s.start)
    return Plant(
        component=component, source=source, channels=tuple(channels), queries=tuple(s.query for s in series),
        t=t,
        x=np.stack([_on(s, t) for s in series], axis=1), part=within(t, gathered.window), usual=usual,
    )  # fmt: skip


def _on(series: Series, t: Floats) -> Floats:
    known = np.isfinite(series.v)
    at = np.interp(t, series.t[known], series.v[known], left=np.nan, right=np.nan)
    return np.asarray(at, dtype=np.float64)
