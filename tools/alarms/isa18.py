"""Figures of an alarm log after ANSI/ISA-18.2-2016 and IEC 62682 (monitoring and assessment)."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from aitia.core.words import Moment, Unit01, Word
from aitia.tools.sources.alarms.events import AlarmEvent

CHATTER_COUNT: Final = 3  # times in CHATTER_S: "chattering" (ISA-18.2)
CHATTER_S: Final = 60.0
FLOOD_BEGINS: Final = 10  # more than so many alarms an operator in FLOOD_S: a flood begins
FLOOD_ENDS: Final = 5  # fewer than so many in FLOOD_S: it is over
FLOOD_S: Final = 600.0
STALE_S: Final = 86_400.0  # an alarm that stands longer is stale
MOST_BAD_ACTORS: Final = 10
Key = tuple[str, str, str]


class Chattering(Word):
    """An alarm that came CHATTER_COUNT times or more in a minute."""

    alarm: str
    component: str = ""
    times: int = Field(description="that it came, in all")
    most_in_a_minute: int
    first: Moment
    last: Moment


class Flood(Word):
    """A span with more alarms than an operator can follow; `end` null where it was not over."""

    console: str = ""
    start: Moment
    end: Moment | None = None
    alarms: int
    most_in_10_min: int
    first_alarm: str


class Standing(Word):
    """An alarm that had not returned at the end."""

    alarm: str
    component: str = ""
    since: Moment
    acknowledged: bool
    stale: bool


class BadActor(Word):
    """One of the alarms that came most often."""

    alarm: str
    component: str = ""
    times: int
    share: Unit01


class AlarmReport(Word):
    """What a log says of its alarm system. Rates are alarms an operator console in 10 minutes."""

    start: Moment
    end: Moment
    alarms: int
    consoles: tuple[str, ...]
    mean_in_10_min: float
    most_in_10_min: int
    in_flood: Unit01 = Field(description="share of the time of consoles that was in flood")
    floods: tuple[Flood, ...]
    chattering: tuple[Chattering, ...]
    standing: tuple[Standing, ...]
    bad_actors: tuple[BadActor, ...]
    priorities: dict[str, int]


def report(events: Sequence[AlarmEvent], end: datetime) -> AlarmReport | None:
    """The figures of events in time order, up to `end`; None where no alarm came."""
    came = [e for e in events if e.change == "active" and e.at <= end]
    if not came:
        return None
    by_console: dict[str, list[AlarmEvent]] = defaultdict(list)
    for event in came:
        by_console[event.console].append(event)
    start, span = events[0].at, max(1.0, (end - events[0].at).total_seconds())
    found = [flood for name, some in sorted(by_console.items()) for flood in floods(some, name, end)]
    inside = sum(((f.end or end) - f.start).total_seconds() for f in found)
    return AlarmReport(
        start=start,
        end=end,
        alarms=len(came),
        consoles=tuple(sorted(by_console)),
        mean_in_10_min=round(len(came) / len(by_console) * FLOOD_S / max(span, FLOOD_S), 3),
        most_in_10_min=max(_most(some, FLOOD_S) for some in by_console.values()),
        in_flood=round(min(1.0, inside / (span * len(by_console))), 4),
        floods=tuple(found),
        chattering=tuple(chattering(came)),
        standing=tuple(standing(events, end)),
        bad_actors=tuple(_bad_actors(came)),
        priorities=dict(sorted(Counter(e.priority for e in came if e.priority).items())),
    )


def floods(came: Sequence[AlarmEvent], console: str, end: datetime) -> Iterator[Flood]:
    """The floods of one console: from the first alarm of the first ten minutes with more than FLOOD_BEGINS, until a ten minutes
    with fewer than FLOOD_ENDS.
    """
    recent: deque[AlarmEvent] = deque()
    inside: list[AlarmEvent] = []
    most = 0
    for event in [*came, None]:
        at = event.at if event else end
        if inside and (over := _over(recent, at)) is not None:
            yield _flood(inside, console, over, most)
            inside, most = [], 0
        while recent and (at - recent[0].at).total_seconds() >= FLOOD_S:
            recent.popleft()
        if event is None:
            break
        recent.append(event)
        if inside:
            inside.append(event)
        elif len(recent) > FLOOD_BEGINS:
            inside = list(recent)
        most = max(most, len(recent)) if inside else 0
    if inside:
        yield _flood(inside, console, None, most)


def _over(recent: Iterable[AlarmEvent], at: datetime) -> datetime | None:
    """When, before `at`, the last ten minutes held fewer than FLOOD_ENDS alarms; None where they never did."""
    newest = list(recent)[-FLOOD_ENDS:]
    if len(newest) < FLOOD_ENDS:
        return newest[-1].at if newest else at
    over = newest[0].at + timedelta(seconds=FLOOD_S)
    return over if over <= at else None


def _flood(inside: Sequence[AlarmEvent], console: str, end: datetime | None, most: int) -> Flood:
    return Flood(
        console=console,
        start=inside[0].at,
        end=end,
        alarms=len(inside),
        most_in_10_min=most,
        first_alarm=inside[0].name,
    )


def chattering(came: Iterable[AlarmEvent]) -> list[Chattering]:
    """The alarms that chatter, the worst first."""
    found = []
    for (name, component), some in _by_alarm(came):
        if (most := _most(some, CHATTER_S)) >= CHATTER_COUNT:
            found.append(
                Chattering(
                    alarm=name,
                    component=component,
                    times=len(some),
                    most_in_a_minute=most,
                    first=some[0].at,
                    last=some[-1].at,
                )
            )
    return sorted(found, key=lambda c: (-c.times, c.alarm))


def chatters(came: Iterable[AlarmEvent]) -> set[Key]:
    """The keys of the alarms that chatter."""
    by_key: dict[Key, list[AlarmEvent]] = defaultdict(list)
    for event in came:
        by_key[event.key].append(event)
    return {key for key, some in by_key.items() if _most(some, CHATTER_S) >= CHATTER_COUNT}


def standing(events: Iterable[AlarmEvent], end: datetime) -> list[Standing]:
    """The alarms that have not returned at `end`, the oldest first."""
    open_since: dict[Key, tuple[AlarmEvent, bool]] = {}
    for event in events:
        if event.at > end:
            break
        before = open_since.get(event.key)
        if event.change == "returned":
            open_since.pop(event.key, None)
        elif event.change == "acknowledged" and before is not None:
            open_since[event.key] = before[0], True
        elif event.change == "active":
            open_since[event.key] = (before[0] if before else event), False
    return [
        Standing(
            alarm=e.name,
            component=e.component,
            since=e.at,
            acknowledged=acked,
            stale=(end - e.at).total_seconds() > STALE_S,
        )
        for e, acked in sorted(open_since.values(), key=lambda pair: (pair[0].at, pair[0].name))
    ]


def _bad_actors(came: Sequence[AlarmEvent]) -> Iterator[BadActor]:
    counted = [(len(some), name, component) for (name, component), some in _by_alarm(came)]
    for times, name, component in sorted(counted, key=lambda c: (-c[0], c[1]))[:MOST_BAD_ACTORS]:
        yield BadActor(alarm=name, component=component, times=times, share=round(times / len(came), 4))


def _by_alarm(came: Iterable[AlarmEvent]) -> list[tuple[tuple[str, str], list[AlarmEvent]]]:
    by_key: dict[Key, list[AlarmEvent]] = defaultdict(list)
    for event in came:
        by_key[event.key].append(event)
    return [((some[0].name, some[0].component), some) for some in by_key.values()]


def _most(came: Sequence[AlarmEvent], seconds: float) -> int:
    """The most that came within a span."""
    recent: deque[datetime] = deque()
    most = 0
    for event in came:
        recent.append(event.at)
        while (event.at - recent[0]).total_seconds() >= seconds:
            recent.popleft()
        most = max(most, len(recent))
    return most


def returns_seen(events: Sequence[AlarmEvent]) -> bool:
    """Whether a log writes when alarms return: without it nothing can be said to stand."""
    return any(e.change == "returned" for e in events)
