"""Comparisons: two components, or one measurement in two spans of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any, Final

from aitia.agent.asking.question.measure import Fit, best
from aitia.agent.asking.question.outcome import Reading, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.spans import Span, ranges_of, span_of, without_range
from aitia.agent.asking.question.told import telling
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.happened import changes
from aitia.tools.query.words import Changes, Compare, Query, Stat

_WITH: Final = re.compile(
    r"\b(?:with|to the|compared to|compared with|versus|vs\.?|against|than|mit|gegenüber|verglichen"
    r" mit|als|avec|par rapport (?:à|aux?)|que|con|rispetto (?:a[dil]?|all[aeo])|frente al?|respecto (?:al?|del?)|contre"
    r"|comparée?s? (?:à|aux?)|di)(?!\w)"
)
_NOW: Final = re.compile(
    r"(?<!\w)(?:(?:right |just )?now|currently|at the moment|jetzt|aktuell|gerade|derzeit|maintenant|actuellement|ahora"
    r"|actualmente|adesso|ora)(?!\w)"
)
_DAY_ALONE: Final = re.compile(
    r"\s*(?:the |dem |den |le |el |il )?(\d{1,2})(?:st|nd|rd|th|\.)?(?![\w:]|\.\d)"
)
_DAY: Final = timedelta(days=1)


def compared(p: Pieces, fitting: Sequence[Fit]) -> Reading | None:
    """Two sides of a comparison; what is not told twice is the same on both."""
    top = [f for f in best(fitting) if not f.left]
    lines = (bool(p.level or p.code) and not p.keys("functions")) or (not top and p.has("verbs", "lines"))
    top = [] if lines else top
    names = p.about.components
    if not lines and len(names) < 2 and (pair := _two_measures(p, fitting)) is not None:
        return pair
    if not top and not lines:
        return None
    now = "last" in p.keys("functions") and not p.span.told and len(names) > 1  # "right now"
    function: Any = next((f for f in p.keys("functions") if f != "last"), "last" if now else "mean")
    measure: dict[str, Any] = (
        {"metric": top[0].of.family, "labels": top[0].labels, "function": function}
        if top
        else {"level": "" if p.code else p.level, "code": p.code}
    )
    if len(names) > 1:
        span = {k: v for k, v in (("since", p.span.since), ("until", p.span.until)) if v is not None}
        each = [measure | {"metric": f.of.family, "labels": f.labels} for f in top[:3]] or [measure]
        queries = tuple(Compare(component=names[0], other=names[1], **m, **span) for m in each)
        return Reading(status="query", queries=queries, live=True)
    component = top[0].of.component if top else p.component
    if top and (moments := moments_of(p)):
        of = {"component": component, "metric": top[0].of.family, "labels": top[0].labels}
        return Reading(status="query", queries=tuple(Stat(**of, until=at) for at in moments), live=True)
    spans = _two_spans(p) or _around_change(p)
    if spans is None and p.compares and not p.has("verbs", "compare"):
        return None
    if spans is None:
        return Reading(status="unclear", said="Compare with which time or component?", live=True)
    (since, until), (before, end) = spans
    return _made(
        Compare(
            component=component, since=since, until=until, against_since=before, against_until=end, **measure
        )
    )


def compared_before(p: Pieces, before: Query) -> Reading | None:
    """The measurement of the question before in two spans: "the same, yesterday compared to today?"."""
    if not isinstance(before, Stat) or any(t.concepts and not t.soft for t in p.terms):
        return None
    if p.component not in ("", before.component) or (spans := _two_spans(p)) is None:
        return None
    asked = [f for f in p.keys("functions") if f != "last"]
    function: Any = asked[0] if asked else before.function if before.function != "last" else "mean"
    (since, until), (other_since, other_until) = spans
    kept = {"component": before.component, "metric": before.metric, "labels": before.labels}
    return _made(
        Compare(
            **kept,
            function=function,
            since=since,
            until=until,
            against_since=other_since,
            against_until=other_until,
        )
    )


def _two_measures(p: Pieces, fitting: Sequence[Fit]) -> Reading | None:
    """The difference of two measurements of one component: leaving and entering water temperature."""
    owner = fitting[0].of.component if fitting else ""
    own = {f.of.family: f for f in fitting if f.of.component == owner}
    left = {w for f in own.values() for w in f.left}
    pairs = [
        (a, b)
        for a in own.values()
        for b in own.values()
        if a.of.family < b.of.family
        and a.left
        and b.left
        and not set(a.left) & set(b.left)
        and set(a.left) | set(b.left) == left
    ]
    if len(pairs) != 1:
        return None
    a, b = pairs[0]
    function: Any = next((f for f in p.keys("functions") if f != "last"), "mean" if p.span.told else "last")
    return _made(
        Compare(
            component=owner, metric=a.of.family, other_metric=b.of.family, function=function, **span_fields(p)
        )
    )


def _made(query: Compare) -> Reading:
    return Reading(status="query", queries=(query,), live=True)


def _around_change(
    p: Pieces,
) -> tuple[tuple[datetime | None, datetime | None], tuple[datetime | None, datetime | None]] | None:
    """After and before the last change that is named: "before and after the deploy of catalog 5.3.0"."""
    if not p.has("verbs", "changes"):
        return None
    found = changes(Changes(component=p.component, text=telling(p), limit=1), p.site).rows
    at = found[-1].at if found else None
    return ((at, None), (None, at)) if at else None


def _behind(text: str, now: datetime, other: Span) -> Span:
    """The time behind "with", where a month may stand alone, or the number of a day of the month that is told before."""
    told = span_of(text, now)
    if not told.told and other.since and (m := _DAY_ALONE.match(text)):
        with suppress(ValueError):  # the 31st of a month that has 30 days
            begin = other.since.replace(day=int(m[1]))
            return Span(since=begin, until=begin + ((other.until or begin + _DAY) - other.since))
    return told if told.told else span_of(f"in {text.lstrip()}", now)


def _daily(since: datetime | None, until: datetime | None) -> bool:
    """Whether a span is of one day as a whole, or of what of it has passed."""
    return since is not None and since.time() == time() and until is not None and until - since <= _DAY


def moments_of(p: Pieces) -> tuple[datetime, datetime] | None:
    """Two moments that are set beside each other: "at 06:00 against now"; None where one side is a span."""
    now = p.site.now.astimezone(p.site.zone)
    for m in _WITH.finditer(p.low):
        sides = [span_of(t, now) for t in (p.text[: m.start()], p.text[m.end() :])]
        told = [
            s.at or (p.site.now if not s.told and _NOW.search(t) else None)
            for s, t in zip(sides, (p.low[: m.start()], p.low[m.end() :]), strict=True)
        ]
        if told[0] and told[1]:
            return told[0], told[1]
    return None


def _at_hours(day: Span, clock: Span | None) -> tuple[datetime, datetime]:
    """The hours of a range on a day."""
    if clock is None or not (day.since and clock.since and clock.until):
        raise ValueError("a span has two ends")
    begin = datetime.combine(day.since.date(), clock.since.time(), clock.since.tzinfo)
    return begin, begin + (clock.until - clock.since)


def _two_spans(
    p: Pieces,
) -> tuple[tuple[datetime | None, datetime | None], tuple[datetime | None, datetime | None]] | None:
    """The spans on both sides of "with"; of "last hour" alone the hour before it, of a moment before and after it."""
    now = p.site.now.astimezone(p.site.zone)
    ranges = ranges_of(p.text, now)
    if len(ranges) == 2:
        return (ranges[0].since, ranges[0].until), (ranges[1].since, ranges[1].until)
    bare, clock = without_range(p.text, now)
    for m in _WITH.finditer(plain(bare)) if clock else ():
        one = span_of(bare[: m.start()], now)
        two = _behind(bare[m.end() :], now, one)
        if _daily(one.since, one.until) and _daily(two.since, two.until):  # the same hours of two days
            return _at_hours(one, clock), _at_hours(two, clock)
    for m in _WITH.finditer(p.low):
        one = span_of(p.text[: m.start()], now)
        two = _behind(p.text[m.end() :], now, one)
        if one.told and two.told:
            return (one.since or one.at, one.until), (two.since or two.at, two.until)
        if two.told and not one.told and two.since and two.until:
            length = two.until - two.since
            return (now - min(length, _DAY), now), (two.since, two.until)
    span = p.span
    if span.at is not None:
        return (span.at, None), (None, span.at)
    if span.since and not span.until:
        return (span.since, now), (span.since - (now - span.since), span.since)
    if span.since and span.until:
        return (span.since, span.until), (span.since - (span.until - span.since), span.since)
    return None
