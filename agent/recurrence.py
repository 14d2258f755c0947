"""The same cause again: how often, in how many days, by which runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aitia.agent.learned import Learned, Lesson
from aitia.core.words import Evidence, Sentence

DAYS: Final = 90  # what lies further back is no recurrence
MAX_NAMED: Final = 3
_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip


def told_again(
    sentence: Sentence, known: Learned, cause: tuple[str, str], now: datetime, evidence: Sequence[Evidence]
) -> Sentence:
    """The verdict's sentence with `It is the third time in 20 days (runs A, B).` where confirmed runs had the same cause.

    It cites the facts of memory that tell of those runs.
    """
    earlier = [x for x in known.earlier(*cause) if x.fault and (now - x.at).days < DAYS]
    if not earlier:
        return sentence
    runs = {x.run for x in earlier}
    cites = [e.id for e in evidence if e.kind == "incident.similar" and e.values.get("incident") in runs]
    return sentence.model_copy(
        update={
            "text": f"{sentence.text} {_again(earlier, now)}",
            "cites": tuple(dict.fromkeys((*sentence.cites, *cites))),
        }
    )


def _again(earlier: Sequence[Lesson], now: datetime) -> str:
    span = max(1, math.ceil((now - earlier[-1].at).total_seconds() / 86400))
    named = ", ".join(x.run for x in reversed(earlier[:MAX_NAMED]))
    more = ", and earlier ones" if len(earlier) > MAX_NAMED else ""
    plural = "s" if len(earlier) > 1 else ""
    days = f"{span} days" if span > 1 else "a day"
    return (
        f"This is the {ordinal(len(earlier) + 1)} time in {days} (confirmed before: run{plural} "
        f"{named}{more})."
    )


def ordinal(number: int) -> str:
    """`third` for 3; in figures from 11 on."""
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
