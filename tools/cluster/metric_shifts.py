"""Metrics of a cluster's apps and nodes that left their level when the incident began."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import numpy as np

from aitia.core.errors import SourceError
from aitia.tools.change.scale import mad
from aitia.tools.cluster.objects import Move
from aitia.tools.cluster.state import State
from aitia.tools.registry import ToolContext
from aitia.tools.series.gather import gather
from aitia.tools.sources.base import Series

Kind = Literal["latency", "errors", "cpu", "memory", "traffic", "loss"]
_KINDS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("loss", re.compile(r"(?i)retran|loss|dropped")),
    ("errors", re.compile(r"(?i)error|success|fail")),
    ("latency", re.compile(r"(?i)latency|duration|response_time|rtt|delay")),
    ("cpu", re.compile(r"(?i)cpu|throttl")),
    ("memory", re.compile(r"(?i)mem(ory)?(_|$)")),
    ("traffic", re.compile(r"(?i)rps|requests?|throughput|network|receive|transmit")),
)
_COUNTER = re.compile(r"_(?:total|count|sum|bucket)$")
_THROTTLED = re.compile(r"(?i)cfs|throttl")
LEAST: Final = 3  # samples before and after
NOISE: Final = 4.0  # robust deviations of the level before, from which a move counts
CHANGE: Final = 0.2  # and the share of the level
THROTTLED: Final = (
    0.1  # seconds of a second in which a container was kept from running, from which it is throttled
)


def moves_of(ctx: ToolContext, state: State) -> tuple[Move, ...]:
    """What moved of the apps and nodes of a state, over the incident's window, by metric."""
    names = {*state.apps, *(n.name for n in state.nodes)}
    start = ctx.incident.started_at.timestamp()
    try:
        series = gather(ctx).raw
    except SourceError:
        return ()  # the tools of those sources say so
    return tuple(
        move
        for source, one in series
        if (own := one.component.rpartition("/")[2]) in names
        for move in _moved(state, own, source, one, start)
    )


def _moved(state: State, own: str, source: str, series: Series, start: float) -> Iterable[Move]:
    kind = next((k for k, words in _KINDS if words.search(series.metric)), None)
    if kind is None or _COUNTER.search(series.metric):
        return
    throttling = bool(_THROTTLED.search(series.metric))
    # A latency or a share of 0 is that of no request at all.
    good = np.isfinite(series.v) & ((series.v > 0) | (kind not in ("latency", "errors")))
    before, now = series.v[good & (series.t < start)], series.v[good & (series.t >= start)]
    if min(len(before), len(now)) < LEAST:
        return
    level = float(np.median(before))
    reached = float(np.median(now))
    if throttling and reached < THROTTLED:
        return
    if abs(reached - level) > max(NOISE * float(mad(before)), CHANGE * abs(level)):
        yield Move(
            component=own,
            kind=kind,
            metric=series.metric,
            before=level,
            now=reached,
            source=source,
            query=series.query,
            node=any(n.name == own for n in state.nodes),
            throttled=throttling and reached > level,
        )
