"""Alert events as facts: what each component raised itself, and what callers raised about their calls."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from aitia.core.words import Evidence, SourceRef
from aitia.tools.registry import ToolContext
from aitia.tools.series.aspects import bundled
from benchmarks.adapters.tvdiag.events import AlertEvent, Case

STRENGTH: Final = 0.6  # an alert rule fired: something moved; how far it does not say
MOST: Final = 50  # facts
MOVED: Final = ("up", "down", "new", "gone", "changed")
_QUOTE: Final = 80
_SLOW: Final = ("slow", "latency", "delay", "pd")


def raised(ctx: ToolContext, case: Case, source: SourceRef) -> list[Evidence]:
    """One fact for each component (or call) and aspect, those with most events first."""
    found: defaultdict[tuple[str, str, str, str], list[AlertEvent]] = defaultdict(list)
    for event in case.events:
        told = _told(event)
        if told[0]:
            found[told].append(event)
    order = sorted(found, key=lambda k: (-len(found[k]), k))
    return [_fact(ctx, key, found[key], source) for key in order[:MOST]]


def _told(event: AlertEvent) -> tuple[str, str, str, str]:
    """(component, peer, aspect, direction): a call is told by its client, all else by the component itself."""
    if event.source == "log":
        return event.component, "", "log.other", "new"
    if event.source == "trace":
        aspect = "latency" if event.direction.lower().startswith(_SLOW) else "errors"
        within = event.peer in ("", event.component)
        return (event.component, "", aspect, "up") if within else (event.peer, event.component, aspect, "up")
    way = event.direction.lower() if event.direction.lower() in MOVED else "changed"
    return event.component, "", bundled().of(event.signal).aspect, way


def _plain(text: str) -> str:
    """Outside text on one line, with its quotation marks tamed: it stays inside its quotation."""
    return " ".join(text.replace('"', "'").split())


def _fact(
    ctx: ToolContext, key: tuple[str, str, str, str], events: list[AlertEvent], source: SourceRef
) -> Evidence:
    name, peer, aspect, way = key
    component = ctx.resolver.resolve(name) or _plain(name)
    other = (ctx.resolver.resolve(peer) or _plain(peer)) if peer else ""
    first = events[0]
    said = _plain(f"{first.signal} {first.direction}")[:_QUOTE]
    whose = f"calls from {component} to {other}" if other else component
    times = "1 alert" if len(events) == 1 else f"{len(events)} alerts"
    return Evidence(
        component=component,
        peer=other,
        kind="alert.raised",
        aspect=aspect,
        statement=f'{whose}: {times}, first "{said}".',
        values={"alerts": len(events)},
        window=ctx.incident.window,
        direction=way,
        strength=STRENGTH,
        taint=True,
        source=source,
    )
