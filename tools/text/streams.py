"""The log streams of a run, and the spans of time that are compared."""

from __future__ import annotations

from dataclasses import replace

from aitia.core.errors import BadInput, NotWatched, SourceError
from aitia.core.protocols import Source
from aitia.core.words import Baseline, Window
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import LogSource, LogStream, RemoteLogSource

BUDGET = 160 << 20  # bytes read per call: what one core mines well within a task's 30 s


def spans(ctx: ToolContext) -> tuple[Window, list[Baseline]]:
    """The window and its baselines; without configured ones the six-fold span before it is taken."""
    window = ctx.incident.window
    baselines = [b for b in ctx.incident.baselines if b.window.start < window.start]
    if not baselines:
        before = Window(start=window.shift(-6 * window.seconds).start, end=window.start)
        baselines = [Baseline(name="preceding", window=before)]
    return window, baselines


def streams(ctx: ToolContext, component: str = "") -> dict[str, list[tuple[str, LogStream]]]:
    """The log streams by canonical component, optionally of one. Raises BadInput for a component without logs."""
    wanted = (ctx.resolver.resolve(component) or component) if component else ""
    found: dict[str, list[tuple[str, LogStream]]] = ctx.sources.once(
        ("log streams", wanted), lambda: _found(ctx, component, wanted)
    )
    return found


def _found(ctx: ToolContext, component: str, wanted: str) -> dict[str, list[tuple[str, LogStream]]]:
    found: dict[str, list[tuple[str, LogStream]]] = {}
    problems: list[SourceError] = []
    for source in ctx.sources.of("logs"):
        try:
            for stream in _streams(ctx, source, wanted):
                name = ctx.resolver.resolve(stream.component) or stream.component
                found.setdefault(name, []).append((source.name, stream))
        except SourceError as error:  # a dead server does not silence the files
            problems.append(error)
    if problems and not found:
        raise problems[0]
    if component and wanted not in found:
        is_known = wanted in {c.id for c in (*ctx.resolver.components, *ctx.inventory.components)}
        kind = NotWatched if is_known else BadInput
        raise kind(f"{component!r} has no logs. Name one of these: {', '.join(sorted(found)) or 'none'}.")
    told = "; ".join(map(str, problems))
    return {
        c: [(name, replace(s, note="; ".join(filter(None, (s.note, told))))) for name, s in each]
        if told
        else each
        for c, each in sorted(found.items())
        if not component or c == wanted
    }


def _streams(ctx: ToolContext, source: Source, wanted: str) -> list[LogStream]:
    """The streams of a source; of a server those of the wanted component only, with their lines of the run's spans."""
    if isinstance(source, RemoteLogSource):
        window, baselines = spans(ctx)
        asked = [*(b.window for b in baselines), window]
        raws = source.components_in(asked)
        raws = [r for r in raws if not wanted or (ctx.resolver.resolve(r) or r) == wanted]
        return source.fetch(asked, raws, budget=BUDGET, seconds=ctx.limits.seconds / 3)
    return source.streams() if isinstance(source, LogSource) else []
