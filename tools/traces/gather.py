"""The spans of the window and of its baselines, folded into visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aitia.core.errors import SourceError
from aitia.core.words import SourceRef, Window
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import Span, TraceSource
from aitia.tools.text.streams import spans as windows_of
from aitia.tools.traces.behind import name_who_is_behind
from aitia.tools.traces.visits import Visit, fold


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Visits of the window and of the baselines; exposures are the seconds of each that the spans cover.

    Where a source kept a sample of the traces, the exposure is as much smaller, so that rates stay true.
    """

    window: Window
    now: list[Visit]
    before: list[Visit]
    exposure: float
    old_exposure: float
    source: SourceRef
    notes: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()
    old_windows: tuple[Window, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether both spans hold visits."""
        return bool(self.now and self.before)


def compared(ctx: ToolContext) -> Compared:
    """Read all trace sources. Raises SourceError where none can be read."""
    window, baselines = windows_of(ctx)
    start = window.epoch[0]
    new: list[Span] = []
    old: list[Span] = []
    notes: list[str] = []
    failed: list[str] = []
    names: list[str] = []
    kept, old_kept = 1.0, 1.0  # shares of the traces
    for source in ctx.sources.of("traces"):
        if not isinstance(source, TraceSource):
            continue
        try:
            new += source.spans(window)
            notes += _note(source, "the window")
            kept = min(kept, getattr(source, "share", 1.0))
            for baseline in baselines:
                old += [s for s in source.spans(baseline.window) if s.start < start]
                notes += _note(source, baseline.name)
                old_kept = min(old_kept, getattr(source, "share", 1.0))
            names.append(source.name)
        except SourceError as error:
            failed.append(str(error))
    if failed and not names:
        raise SourceError(failed[0])
    first = min((s.start for s in (*new, *old)), default=start)
    name = naming(ctx)
    seen = {(s.trace, s.id) for s in new}
    now, before = fold(new, name), fold((s for s in old if (s.trace, s.id) not in seen), name)
    name_who_is_behind(now, before)
    return Compared(
        window=window,
        now=now,
        before=before,
        exposure=kept * max(0.0, window.epoch[1] - max(start, first)),
        old_exposure=old_kept
        * sum(max(0.0, min(b.window.epoch[1], start) - max(b.window.epoch[0], first)) for b in baselines),
        source=SourceRef(
            source=names[0] if names else "",
            query=f"spans of {', '.join(names)} in [{window.start.isoformat()}, {window.end.isoformat()})",
        ),
        notes=tuple(dict.fromkeys([*failed, *notes])),
        baselines=tuple(b.name for b in baselines),
        old_windows=tuple(
            Window(start=b.window.start, end=min(b.window.end, window.start)) for b in baselines
        ),
    )


def _note(source: object, span: str) -> list[str]:
    note = getattr(source, "note", "")
    return [f"{span}: {note}"] if note else []


def naming(ctx: ToolContext) -> Callable[[str], str]:
    """Raw names to canonical ones, memoised; a name that is not known stays as it is."""
    memo: dict[str, str] = {}

    def name(raw: str) -> str:
        found = memo.get(raw)
        if found is None:
            found = memo[raw] = ctx.resolver.resolve(raw) or raw
        return found

    return name
