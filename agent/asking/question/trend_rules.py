"""Questions since when a measurement rises or falls, where no bound is named: "since when does the bearing get hotter?"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.bounds_rules import SINCE
from aitia.agent.asking.question.measure import best
from aitia.agent.asking.question.measures_rules import MOST_QUERIES, fitting
from aitia.agent.asking.question.outcome import Reading, span_fields, unclear
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import keys, patterns_of
from aitia.tools.query.words import Curve

_BEGAN: Final = re.compile(
    r"(?<!\w)(?:start\w*|beg[ai]n\w*|anfing|begann|begonnen|angefangen|commenc\w+|empez\w+|comenz\w+|iniziat\w|cominciat\w)(?!\w)"
)


def of_trends(p: Pieces) -> Reading | None:
    """The turn of a measurement from a level to a slope, of each that fits best."""
    ways = keys("trend", p.low)
    since = SINCE.search(p.low) or (p.has("verbs", "when") and _BEGAN.search(p.low))
    if len(ways) != 1 or not since or bound(p.words) is not None or p.level or p.keys("rank"):
        return None
    way: Any = ways[0]
    rest = replace(p, asked=_without(p.asked), own=p.as_put)
    found = [f for f in best(fitting(rest, rest.component)) if not f.left]
    owners = list(dict.fromkeys(f.of.component for f in found))
    if not found:
        return None
    if len(found) > MOST_QUERIES:
        names = owners if len(owners) > 1 else [f.of.family for f in found]
        asked = "Of which component" if len(owners) > 1 else "Which one"
        return unclear(f"{asked}: {', '.join(names[:8])}{' …' if len(names) > 8 else ''}?")
    queries = tuple(
        Curve(component=f.of.component, metric=f.of.family, labels=f.labels, way=way, **span_fields(p))
        for f in found
    )
    return Reading(status="query", queries=queries, live=True)


def _without(text: str) -> str:
    """A text without its words of rising and falling, and of beginning to."""
    for _, pattern in patterns_of("trend"):
        text = re.sub(rf"(?:{pattern.pattern})[\w-]*", " ", text, flags=re.IGNORECASE)
    return " ".join(re.sub(_BEGAN.pattern, " ", text, flags=re.IGNORECASE).split())
