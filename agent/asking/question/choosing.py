"""Choices as a person reads and makes them: a query in plain words, and "2", or "yes" where there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from aitia.tools.query.notation import written
from aitia.tools.query.words import (
    Beyond,
    Changes,
    Compare,
    Count,
    Curve,
    Get,
    Lines,
    Query,
    Share,
    Stat,
    Who,
)

_NUMBER: Final = re.compile(
    r"\W*(?:(?:n[or°º]?|number|nummer|numéro|número|numero|option|opción|opzione)\W*)?(\d)\W*", re.IGNORECASE
)
_YES: Final = re.compile(
    r"\W*(?:yes|yep|yeah|y|ok|okay|exactly|correct|ja|genau|jo|oui|exactement|sí|si|exacto|eso|sì|esatto|sim|isso|是|对)\W*",
    re.IGNORECASE,
)
_FUNCTIONS: Final = {
    "last": "the latest", "first": "the first", "max": "the highest", "min": "the lowest", "mean": "the average",
    "sum": "the total", "rate": "the rate of", "range": "the range of", "p50": "the median", "p95": "the 95th percentile of",
    "p99": "the 99th percentile of",
}  # fmt: skip
_BEYOND: Final = {
    "whether": "whether", "first": "when first", "last": "when last", "since": "since when", "times": "how often",
    "duration": "for how long",
}  # fmt: skip
ASKED: Final = "Did you mean one of these? Answer with its number."
NOTHING: Final = "There is nothing to choose from: the turn before offered none of that number. Ask in words."
ASKED_ONE: Final = "Did you mean this? Answer yes."


def pick(text: str, offered: Sequence[str]) -> str | None:
    """The query that a person chooses of those that were offered; None where the text chooses none."""
    if (m := _NUMBER.fullmatch(text)) is not None and 0 < int(m[1]) <= len(offered):
        return offered[int(m[1]) - 1]
    return offered[0] if len(offered) == 1 and _YES.fullmatch(text) else None


def chooses(text: str) -> bool:
    """Whether a text is nothing but a number."""
    return _NUMBER.fullmatch(text) is not None


def in_words(query: Query, zone: tzinfo = UTC) -> str:
    """A query in plain words, with its time; as it is written where there are none."""
    told = _told(query)
    return f"{told}{_when(query, zone)}" if told else written(query)


def _told(query: Query) -> str:
    of = f" of {c}" if (c := str(getattr(query, "component", ""))) else ""
    labels = f" ({told})" if (told := str(getattr(query, "labels", ""))) else ""
    match query:
        case Stat():
            when = "when it was " if query.wanted == "time" else ""
            return f"{when}{_FUNCTIONS.get(query.function, query.function)} {query.metric}{labels}{of}"
        case Curve():
            return f"{query.metric}{labels}{of} over time"
        case Beyond():
            side = f"above {query.above:g}" if query.above is not None else f"below {query.below:g}"
            return f"{_BEYOND[query.wanted]} {query.metric}{labels}{of} was {side}"
        case Share():
            return f"{query.metric} as a share of {query.whole}{labels}{of}"
        case Compare() if query.metric and query.other:
            function = _FUNCTIONS.get(query.function, query.function)
            return f"{function} {query.metric} of {query.component} beside {query.other}"
        case Who() if query.metric:
            return f"which has the {'least' if query.least else 'most'} {query.metric}"
        case Lines():
            return f"the {_order(query)} {query.limit} log lines{_filters(query)}{of}"
        case Count() if query.of in ("lines", "changes", "events"):
            by = f" by {query.by}" if query.by else ""
            return f"how many {'log lines' if query.of == 'lines' else query.of}{_filters(query)}{of}{by}"
        case Changes():
            return f"{query.what or 'change'}s{_filters(query)}{of}"
        case Get():
            return f"the {query.part.replace('_', ' ')}{of}"
    return ""


def _order(query: Lines) -> str:
    return {"newest": "last", "oldest": "first", "largest": "largest"}[query.order]


def _filters(query: Lines | Count | Changes) -> str:
    level, words = str(getattr(query, "level", "")), query.text or query.words
    code = str(getattr(query, "code", ""))
    return (
        (f" of level {level}" if level else "")
        + (f" with status {code}" if code else "")
        + (f" with “{words}”" if words else "")
    )


def _when(query: Query, zone: tzinfo) -> str:
    since, until = (_time(getattr(query, k, None), zone) for k in ("since", "until"))
    if since and until:
        return f", {since} to {until.removeprefix(since[:11])}"
    return f", since {since}" if since else f", up to {until}" if until else ""


def _time(at: datetime | None, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at is not None else ""
