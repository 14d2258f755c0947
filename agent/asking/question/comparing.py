"""Comparisons: two components, or one measurement in two spans of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from aitia.agent.asking.question.measure import Fit, best
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.spans import ranges_of, span_of
from aitia.tools.query.words import Compare

_WITH: Final = re.compile(
    r"\b(?:with|to the|compared to|compared with|versus|vs\.?|against|than|mit|gegenüber|verglichen"
    r" mit|als|avec|par rapport à|que|con|rispetto a|frente a|di)\b"
)
_DAY: Final = timedelta(days=1)


def compared(p: Pieces, fitting: Sequence[Fit]) -> Reading | None:
    """Two sides of a comparison; what is not told twice is the same on both."""
    top = [f for f in best(fitting) if not f.left]
    lines = (bool(p.level) and not p.keys("functions")) or (not top and p.has("verbs", "lines"))
    top = [] if lines else top
    if not top and not lines:
        return None
    function: Any = next((f for f in p.keys("functions") if f != "last"), "mean")
    measure: dict[str, Any] = (
        {"metric": top[0].of.family, "labels": top[0].labels, "function": function}
        if top
        else {"level": p.level}
    )
    names = p.about.components
    if len(names) > 1:
        span = {k: v for k, v in (("since", p.span.since), ("until", p.span.until)) if v is not None}
        return _made(Compare(component=names[0], other=names[1], **measure, **span))
    component = top[0].of.component if top else p.component
    spans = _two_spans(p)
    if spans is None:
        return Reading(status="unclear", said="Compare with which time or component?", live=True)
    (since, until), (before, end) = spans
    return _made(
        Compare(
            component=component, since=since, until=until, against_since=before, against_until=end, **measure
        )
    )


def _made(query: Compare) -> Reading:
    return Reading(status="query", queries=(query,), live=True)


def _two_spans(
    p: Pieces,
) -> tuple[tuple[datetime | None, datetime | None], tuple[datetime | None, datetime | None]] | None:
    """The spans on both sides of "with"; of "last hour" alone the hour before it, of a moment before and after it."""
    now = p.site.now.astimezone(p.site.zone)
    ranges = ranges_of(p.text, now)
    if len(ranges) == 2:
        return (ranges[0].since, ranges[0].until), (ranges[1].since, ranges[1].until)
    for m in _WITH.finditer(p.low):
        one, two = span_of(p.text[: m.start()], now), span_of(p.text[m.end() :], now)
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
