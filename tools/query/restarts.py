"""How often a component was started again: by the cluster's count, by its process's start time, else by starts in logs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import numpy as np

from aitia.core.words import SourceRef, Window
from aitia.tools.query.found import Found, Row, unknown
from aitia.tools.query.lines import lines, loggers
from aitia.tools.query.measured import measured, series_of
from aitia.tools.query.objects import get_part
from aitia.tools.query.site import Site
from aitia.tools.query.words import MOST, Count, Get, Lines

_STARTED: Final = re.compile(r"(?:^|_)(?:start|boot)_time_seconds$")
_TOLD: Final = re.compile(r"restarts?_total$|(?:^|_)restarts?(?:_count)?$")
_APART_S: Final = 1.5  # two start times nearer than that are one start, told with another rounding
_KEPT: Final = re.compile(
    r"(?<![a-z])(?:spawned|started|entered running state|booted|launched)(?![a-z])"
)  # by what a keeper of processes tells a start
_OWN: Final = re.compile(
    r"(?<![a-z])(?:starting|started|booting|launched|gestartet|démarr\w+|arrancando|iniciad\w)(?![a-z])"
)
_NAMED: Final = re.compile(r"(?<![a-z])(?:version|server|pid|v?\d+\.\d+)")


def restarts(query: Count, site: Site) -> Found:
    """The number of restarts of a component in the span; rows are its starts, where logs or start times tell them."""
    if not query.component:
        return unknown("Of which component?", "")
    window = site.window(query.since, query.until)
    whole = query.since is None and query.until is None
    if site.readers() and whole:
        found = get_part(Get(component=query.component, part="restarts"), site)
        if found.status == "found":
            return found.model_copy(update={"unit": "restarts"})
    if (told := _counted(query, site, window)) or (told := _by_start_times(query, site, window)):
        return told
    return _by_logs(query, site, window) or unknown(
        f"No source tells when {query.component} was started.",
        "a log of its keeper, or process_start_time_seconds",
    )


def _counted(query: Count, site: Site, window: Window) -> Found | None:
    """By a counter of restarts."""
    for m in measured(site):
        if m.component != query.component or not _TOLD.search(m.metric):
            continue
        held = [s for _, s in series_of(site, m.component, m.metric, window) if s.v.size]
        if held:
            grown = sum(float(np.clip(np.diff(s.v), 0, None).sum()) for s in held)
            return _found(query, round(grown), (), (SourceRef(source=m.source, query=m.metric),), m.metric)
    return None


def _by_start_times(query: Count, site: Site, window: Window) -> Found | None:
    for m in measured(site):
        if m.component != query.component or not _STARTED.search(m.metric):
            continue
        times = sorted(
            float(v)
            for _, s in series_of(site, m.component, m.metric, window)
            for v in np.unique(s.v)
            if np.isfinite(v)
        )
        starts = [t for i, t in enumerate(times) if not i or t - times[i - 1] > _APART_S]
        if not starts:
            continue
        ref = SourceRef(source=m.source, query=m.metric)
        again = [t for t in starts[1:] if t >= window.start.timestamp()]
        rows = tuple(
            Row(
                at=datetime.fromtimestamp(t, tz=UTC), component=query.component, text="started again", ref=ref
            )
            for t in again
        )
        return _found(query, len(again), rows, (ref,), m.metric)
    return None


def _by_logs(query: Count, site: Site, window: Window) -> Found | None:
    """By the starts that a keeper (its host's log) tells, else its own log. The first that is told at all is no restart."""
    held = site.held(query.component)
    hosts = [k.to for k in held.links if k.relation == "runs_on"] if held else []
    for place, form in [*((h, _KEPT) for h in hosts), (query.component, _OWN)]:
        if place not in loggers(site):
            continue
        name = query.component.casefold()
        own = place == query.component
        words = (
            "start|boot|launch|gestartet|démarr|arranc|inici"
            if own
            else f"{name} spawn|start|running|boot|launch"
        )
        every = lines(
            Lines(component=place, words=words, limit=MOST, order="oldest", until=query.until), site
        )
        starts = [
            r
            for r in every.rows
            if form.search(low := r.text.casefold()) and (_names(low, name) or (own and _NAMED.search(low)))
        ]
        again = tuple(r for r in starts[1:] if r.at is None or r.at >= window.start)
        if starts:
            return _found(query, len(again), again, tuple(r.ref for r in starts[:1]), f"the log of {place}")
    return None


def _names(low: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", low) is not None


def _found(query: Count, number: int, rows: tuple[Row, ...], refs: tuple[SourceRef, ...], by: str) -> Found:
    when = ", ".join(f"{r.at:%H:%M:%S}" for r in rows[:5] if r.at)
    times = f"{number} time{'' if number == 1 else 's'}{f' (at {when} UTC)' if when else ''}"
    return Found(
        status="found",
        kind="number",
        value=float(number),
        unit="restarts",
        rows=rows[-10:],
        said=f"{query.component} was restarted {times}, by {by}.",
        sources=refs,
    )
