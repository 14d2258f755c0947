"""The tool: which alarm of the plant came first, what followed, and what of it operators could not have followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from aitia.core.resolve import Resolver
from aitia.core.words import Evidence, Result, Scalar, SourceRef, Window
from aitia.tools.alarms.isa18 import (
    STALE_S,
    AlarmReport,
    Chattering,
    Flood,
    Key,
    Standing,
    chatters,
    report,
    returns_seen,
)
from aitia.tools.registry import ToolContext, tool
from aitia.tools.series.aspects import meant
from aitia.tools.sources.alarms.events import LIMITS, AlarmEvent
from aitia.tools.sources.base import AlarmSource

PAST: Final = timedelta(days=30)  # before the window: what comes as often then is a nuisance, not a sign
MOST_FACTS: Final = 25
APART_S: Final = 600.0  # without an alarm, after which another group begins: the span of a flood
_QUOTED: Final = 100  # characters of a message
_USUAL: Final = 1.0  # times in a window's length of the past from which an alarm is usual; by hand
# Strengths, by hand: an alarm is a limit that a person set for the operator to act on.
_FIRST, _LATER, _USUAL_SHARE = 0.8, 0.6, 0.25
_CONTEXT: Final = 0.5


@tool(needs=("alarms",), produces=("alarms",))
def alarms_first(ctx: ToolContext) -> Result:
    """Which plant alarm came first in the incident window and what followed; chattering alarms and floods are told apart."""
    window = ctx.incident.window
    wide = Window(start=window.start - PAST, end=window.end)
    sources = [s for s in ctx.sources.of("alarms") if isinstance(s, AlarmSource)]
    events = sorted((e for s in sources for e in s.events(wide)), key=lambda e: e.at)
    query = f"alarms of {', '.join(s.name for s in sources)} since {wide.start:%Y-%m-%d %H:%M} UTC"
    told = report(events, min(window.end, ctx.clock.now()))
    if told is None:
        return Result(status="no_data", message="No alarm came before the window's end.", query=query)
    facts = [*_came(events, window, ctx.resolver, query), *_system(told, events, window, ctx.resolver, query)]
    if not facts:
        return Result(status="no_data", message="No alarm came in the window.", query=query)
    came = [e for e in facts if e.kind in ("alarm.first", "alarm.active")]
    order = [{"component": e.component, "alarm": e.values["alarm"]} for e in came]
    return Result(status="ok", query=query, evidence=tuple(facts), data={"alarms": order})


def _came(events: Sequence[AlarmEvent], window: Window, resolver: Resolver, query: str) -> list[Evidence]:
    """A fact for each alarm that came in the window and does not chatter, in the order of their first coming."""
    came = [e for e in events if e.change == "active"]
    noisy = chatters(came)
    inside = [e for e in came if window.contains(e.at) and e.key not in noisy]
    past = Counter(e.key for e in came if e.at < window.start)
    seen_s = (window.start - events[0].at).total_seconds()
    first: dict[Key, AlarmEvent] = {}
    for event in inside:
        first.setdefault(event.key, event)
    times = Counter(e.key for e in inside)
    share = window.seconds / max(seen_s, window.seconds)
    usual = {k for k in first if past[k] * share >= _USUAL}
    unusual = [e for k, e in first.items() if k not in usual]
    group = _group(unusual)
    lead = group[0].key if group else None
    return [
        _fact(
            e, times[k], resolver, query, first=k == lead, usual=past[k] if k in usual else 0, follows=group
        )
        for k, e in list(first.items())[:MOST_FACTS]
    ]


def _group(came: Sequence[AlarmEvent]) -> Sequence[AlarmEvent]:
    """The largest run of alarms with no more than APART_S between two of them, the earliest of equals: what tripped together."""
    groups: list[list[AlarmEvent]] = []
    for event in came:
        if groups and (event.at - groups[-1][-1].at).total_seconds() <= APART_S:
            groups[-1].append(event)
        else:
            groups.append([event])
    return max(groups, key=len, default=[])


def _fact(
    event: AlarmEvent,
    times: int,
    resolver: Resolver,
    query: str,
    *,
    first: bool,
    usual: int,
    follows: Sequence[AlarmEvent],
) -> Evidence:
    component = owner_of(event, resolver)
    aspect = "availability" if event.kind == "trip" else meant(f"{event.tag} {event.text}").aspect
    strength = (_FIRST if first else _LATER) * (_USUAL_SHARE if usual else 1.0)
    often = f", {times} times in the window" if times > 1 else ""
    said = f': "{event.text[:_QUOTED]}"' if event.text and event.text not in event.name else ""
    behind = f", the first of {len(follows)} alarms that came together" if first and len(follows) > 1 else ""
    nuisance = f"; it came {usual} times in the time before, so it is usual" if usual else ""
    return Evidence(
        component=component,
        kind="alarm.first" if first else "alarm.active",
        aspect=aspect,
        statement=f"{component}: alarm {event.name} came at {event.at:%H:%M:%S} UTC{behind}{often}{nuisance}{said}.",
        values={
            "alarm": event.name,
            "times": times,
            "priority": event.priority,
            "limit": event.limit,
            "value": event.value,
        },
        onset=event.at,
        direction=LIMITS.get(event.kind, "new"),
        strength=round(strength, 3),
        source=event.ref or SourceRef(source="alarms", query=query),
        taint=True,
        provenance="infrastructure",
    )


def _system(
    told: AlarmReport, events: Sequence[AlarmEvent], window: Window, resolver: Resolver, query: str
) -> Iterator[Evidence]:
    """What the log says of the alarm system in the window: context for a reader, neither symptom nor cause."""
    owners = {e.name: owner_of(e, resolver) for e in events}
    ref = SourceRef(source="alarms", query=query)
    for flood in told.floods:
        if flood.start < window.end and (flood.end or told.end) > window.start:
            yield _flood(flood, window, ref)
    for noisy in told.chattering:
        if noisy.last >= window.start and noisy.first < window.end:
            yield _chattering(noisy, owners.get(noisy.alarm, noisy.component), window, ref)
    for alarm in told.standing if returns_seen(events) else ():
        if not alarm.acknowledged or alarm.stale:
            yield _standing(alarm, owners.get(alarm.alarm, alarm.component), told.end, window, ref)


def _flood(flood: Flood, window: Window, ref: SourceRef) -> Evidence:
    who = f" at {flood.console}" if flood.console else ""
    until = f"until {flood.end:%H:%M:%S} UTC" if flood.end else "and is not over"
    said = (
        f"An alarm flood{who} began at {flood.start:%H:%M:%S} UTC {until}: {flood.alarms} alarms, at most"
        f" {flood.most_in_10_min} in 10 min; {flood.first_alarm} came first."
    )
    values: dict[str, Scalar] = {
        "alarms": flood.alarms,
        "most_in_10_min": flood.most_in_10_min,
        "first": flood.first_alarm,
    }
    return _context("alarm.flood", "", said, flood.start, values, window, ref)


def _chattering(noisy: Chattering, owner: str, window: Window, ref: SourceRef) -> Evidence:
    said = (
        f"{owner}: alarm {noisy.alarm} chatters ({noisy.most_in_a_minute} times within a minute, {noisy.times} times in"
        " all): not counted as a sign of the cause."
    )
    values: dict[str, Scalar] = {
        "alarm": noisy.alarm,
        "times": noisy.times,
        "most_in_a_minute": noisy.most_in_a_minute,
    }
    return _context("alarm.chattering", owner, said, noisy.first, values, window, ref)


def _standing(alarm: Standing, owner: str, end: datetime, window: Window, ref: SourceRef) -> Evidence:
    hours = round((end - alarm.since).total_seconds() / 3600.0, 1)
    how = f"for more than {STALE_S / 3600:.0f} h" if alarm.acknowledged else "unacknowledged"
    said = f"{owner}: alarm {alarm.alarm} stands {how} since {alarm.since:%Y-%m-%d %H:%M:%S} UTC ({hours} h)."
    return _context(
        "alarm.standing", owner, said, alarm.since, {"alarm": alarm.alarm, "hours": hours}, window, ref
    )


def _context(
    kind: str,
    component: str,
    said: str,
    onset: datetime,
    values: dict[str, Scalar],
    window: Window,
    ref: SourceRef,
) -> Evidence:
    return Evidence(
        component=component,
        kind=kind,
        aspect="condition.alarms",
        statement=said,
        values=values,
        window=window,
        onset=onset,
        strength=_CONTEXT,
        source=ref,
        taint=True,
        provenance="infrastructure",
    )


def owner_of(event: AlarmEvent, resolver: Resolver) -> str:
    """The component of an alarm: as the site knows its tag or asset, else as the log names it."""
    for name in (event.tag, event.component):
        if name and (known := resolver.resolve(name)):
            return known
    return event.component or event.tag
