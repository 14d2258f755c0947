"""What a scan looks at: the incident window, its baselines, and every derived series over both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np

from aitia.core.errors import SourceError
from aitia.core.words import Baseline, Incident, SourceKind, Window
from aitia.tools.meaning.dictionary import Entry
from aitia.tools.registry import ToolContext
from aitia.tools.series.aspects import Aspects, bundled
from aitia.tools.series.derive import Derived, Deriver
from aitia.tools.series.large import is_large, look, near_alarm
from aitia.tools.sources.base import DictionarySource, LargeMetricSource, MetricSource, Series
from aitia.tools.sources.rows import Floats, label_key, ordered

T = TypeVar("T")
_SPAN = 6.0  # the preceding baseline is six times as long as the window
BEGINNING: Final = "start_of_data"
"""The baseline that is the beginning of a short history: the trouble may have begun in it."""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Raw and derived series of all readable sources, and what could not be read."""

    raw: tuple[tuple[str, Series], ...]
    derived: tuple[Derived, ...]
    baselines: tuple[Baseline, ...]
    window: Window
    problems: tuple[str, ...]


def baselines_of(incident: Incident) -> tuple[Baseline, ...]:
    """The incident's baselines, else the six-fold span before its window."""
    if incident.baselines:
        return incident.baselines
    before = Window(start=incident.window.start - _SPAN * (incident.window.end - incident.window.start),
                    end=incident.window.start)  # fmt: skip
    return (Baseline(name="preceding", window=before),)


def remembered(ctx: ToolContext, what: object, make: Callable[[], T]) -> T:
    """What `make` returns, made once per run: several tools look at the same series of the same span."""
    key = (what, ctx.incident.window, ctx.incident.baselines, id(ctx.resolver))
    found: T = ctx.sources.once(key, make)
    return found


def aspects_of(ctx: ToolContext) -> Aspects:
    """What names mean: the bundled reading, before it a model's, before both the site's dictionaries.

    A dictionary that cannot be read is unread.
    """

    def made() -> Aspects:
        names = {**ctx.names, **site_names(ctx)}
        return bundled().with_site(names) if names else bundled()

    found: Aspects = ctx.sources.once(("aspects", *ctx.names), made)
    return found


def site_names(ctx: ToolContext) -> dict[str, Entry]:
    """What the site's dictionaries say; of two that hold a name, the first."""
    names: dict[str, Entry] = {}
    for source in ctx.sources.of("dictionary"):
        if isinstance(source, DictionarySource):
            with suppress(SourceError):  # its holding says so: it is read when the run is opened
                names = source.entries().names | names
    return names


def gather(ctx: ToolContext, *, component: str = "", kinds: Sequence[SourceKind] = ("metrics",)) -> Gathered:
    """Read and derive. An unreadable source becomes a problem; raises SourceError only where none can be read."""
    if component:
        return _gather(ctx, component, kinds)
    return remembered(ctx, ("gathered", *kinds), lambda: _gather(ctx, "", kinds))


def held(ctx: ToolContext) -> list[Gathered]:
    """What `gather` has made for all components so far in this run: nothing is read for it."""
    here = (ctx.incident.window, ctx.incident.baselines, id(ctx.resolver))
    return [
        made
        for key, made in list(ctx.sources.memo.items())
        if isinstance(made, Gathered) and isinstance(key, tuple) and key[1:] == here
    ]


def _gather(ctx: ToolContext, component: str, kinds: Sequence[SourceKind]) -> Gathered:
    raw: list[tuple[str, Series]] = []
    derived: list[Derived] = []
    problems: list[str] = []
    unread = 0
    sources = [s for kind in kinds for s in ctx.sources.of(kind) if isinstance(s, MetricSource)]
    for source in sources:
        deriver = Deriver(
            aspects=aspects_of(ctx),
            resolve=ctx.resolver.resolve,
            called=ctx.resolver.called,
            source=source.name,
        )
        try:
            series, note = series_of(ctx, source, component)
            problems += [note] if note else []
        except SourceError as error:
            problems.append(str(error))
            unread += 1
            continue
        if component:
            wanted = ctx.resolver.resolve(component) or component
            series = [s for s in series if deriver.component(s.component) == wanted]
        raw += [(source.name, replace(s, component=deriver.component(s.component))) for s in series]
        derived += deriver.derive(series)
    if unread and not raw and unread == len(sources):
        raise SourceError(problems[0])
    derived.sort(key=lambda d: (d.key, d.source))
    return Gathered(
        raw=tuple(raw),
        derived=tuple(derived),
        baselines=baselines_of(ctx.incident),
        window=ctx.incident.window,
        problems=tuple(problems),
    )


def series_of(ctx: ToolContext, source: MetricSource, component: str = "") -> tuple[list[Series], str]:
    """The series of a source over the window and its baselines, read once per run, and what was not read of a large one.

    Raises SourceError.
    """
    if component:
        return _read(ctx, source, component)
    return remembered(ctx, ("read", source.name), lambda: _read(ctx, source, ""))


def _read(ctx: ToolContext, source: MetricSource, component: str) -> tuple[list[Series], str]:
    windows = (*(b.window for b in baselines_of(ctx.incident)), ctx.incident.window)
    spans = joined(windows)
    if not isinstance(source, LargeMetricSource) or not is_large(source, ctx.incident.window):
        return read_spans(source, windows), ""
    resolve = ctx.resolver.resolve
    near = [resolve(component) or component] if component else []
    near = near or near_alarm(ctx.incident, resolve, ctx.resolver.components)
    found = look(source, spans, ctx.incident.window, near=near, resolve=resolve)
    return _joined_parts([found.series]), found.note


def read_spans(source: MetricSource, windows: Iterable[Window]) -> list[Series]:
    """The series of several windows, those that (almost) touch read as one, joined by component, metric, labels."""
    return _joined_parts(source.read(span) for span in joined(windows))


def _joined_parts(reads: Iterable[Iterable[Series]]) -> list[Series]:
    parts: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Series]] = defaultdict(list)
    for read in reads:
        for series in read:
            parts[series.component, series.metric, label_key(series.labels)].append(series)
    return [_concatenated(parts[key]) for key in sorted(parts)]


def joined(windows: Iterable[Window]) -> list[Window]:
    """The windows in order, those with a gap no longer than the longer neighbour (at least 10 minutes) as one."""
    out: list[Window] = []
    for window in sorted(windows, key=lambda w: w.start):
        if out:
            gap = (window.start - out[-1].end).total_seconds()
            if gap <= max(600.0, window.seconds, out[-1].seconds):
                out[-1] = Window(start=out[-1].start, end=max(out[-1].end, window.end))
                continue
        out.append(window)
    return out


def _concatenated(parts: list[Series]) -> Series:
    if len(parts) == 1:
        return parts[0]
    t, v = ordered(np.concatenate([p.t for p in parts]), np.concatenate([p.v for p in parts]))
    return replace(parts[0], t=t, v=v)


def within(t: Floats, window: Window) -> slice:
    """The samples in [start, end)."""
    start, end = window.epoch
    low, high = np.searchsorted(t, (start, end), side="left")
    return slice(int(low), int(high))
