"""What the reading of a question came to: queries, a question back, or why there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import table
from aitia.core.words import Word
from aitia.tools.query.words import Query

Status = Literal["query", "unclear", "unknown", "refused", "none"]


_EDGE: Final = timedelta(milliseconds=1)  # the next minute's first line is not of this one
AROUND: Final = timedelta(seconds=60)  # of lines and events at a moment that is told to the minute
KUBERNETES: Final = frozenset(table("resources")) - {"components", "machines", "measurements", "sources"}


class Reading(Word):
    """How a question was read: queries that answer it, or why there are none."""

    status: Status
    queries: tuple[Query, ...] = ()
    said: str = ""
    needs: str = ""
    live: bool = False  # the question is about a state, so that no document may answer it
    offers: tuple[Query, ...] = ()  # what it would be read as, where it is not answered


def one(query: Query) -> Reading:
    """A reading of one query."""
    return Reading(status="query", queries=(query,), live=True)


def unknown(said: str, needs: str = "") -> Reading:
    """Nothing here holds it; `needs` would."""
    return Reading(status="unknown", said=said, needs=needs, live=True)


def unclear(said: str, offers: tuple[Query, ...] = ()) -> Reading:
    """A question back, with queries that may be meant."""
    return Reading(status="unclear", said=said, live=True, offers=offers)


def span_fields(p: Pieces, *, around: timedelta = AROUND) -> dict[str, Any]:
    """`since` and `until` of a question; a moment with some time around it."""
    if p.span.at is not None:
        return {"since": p.span.at, "until": p.span.at + around - _EDGE}
    return {k: v for k, v in (("since", p.span.since), ("until", p.span.until)) if v is not None}


def asks_for_components(p: Pieces) -> bool:
    """Whether components or machines are asked for."""
    return bool({"components", "machines"} & set(p.keys("resources")))
