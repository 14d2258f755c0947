"""How alike a past incident is: five parts of 0..1, fused by plain weights, and the floor below which it is no match.

words      how much of what the query says the incident's words hold (`words_index.shares`)
meaning    cosine of the two embeddings, `UNRELATED` and less as 0, 1 as 1
evidence   likeness of what moved, and of what moved at the past cause (`evidence_index.likeness`)
component  1 at the component that was asked for, `NAMED` where only its evidence names it
recent     1 today, half after each `HALF_LIFE_DAYS`: nine of ten recurring incidents recur within 20 days

A part that cannot be compared (no vector, no fingerprint on one side, no component or time) is left out, and the weights of
the others make up the whole. Words, meaning and evidence say whether two incidents are alike; component and time only
order those that are. The weights are by hand: learned ones order the incidents of systems that were left out no better
(benchmarks/memory/fit_store.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from aitia.tools.memory.words import Why

WEIGHTS: Final[Mapping[Why, float]] = MappingProxyType(
    {"words": 0.4, "meaning": 0.2, "evidence": 0.5, "component": 0.1, "recent": 0.1}
)
CONTENT: Final[tuple[Why, ...]] = ("words", "meaning", "evidence")
FLOOR: Final = 0.22  # of the content: less is no similar incident
UNRELATED: Final = 0.2  # cosine of two texts that have nothing to do with each other
HALF_LIFE_DAYS: Final = 20.0
NAMED: Final = 0.5


def fused(why: Mapping[Why, float]) -> float:
    """The weighted mean of the parts that could be compared; 0 below the floor."""
    return _mean(why, tuple(why)) if content(why) >= FLOOR else 0.0


def content(why: Mapping[Why, float]) -> float:
    """How alike by words, meaning and evidence alone."""
    return _mean(why, CONTENT)


def _mean(why: Mapping[Why, float], parts: tuple[Why, ...]) -> float:
    whole = sum(WEIGHTS[part] for part in parts if part in why)
    return sum(WEIGHTS[part] * why[part] for part in parts if part in why) / whole if whole else 0.0


def meaning(cosine: float) -> float:
    """A cosine as a part."""
    return min(1.0, max(0.0, (cosine - UNRELATED) / (1.0 - UNRELATED)))


def component(asked: str, held: str, moved: Iterable[str]) -> float:
    """Whether an incident at component `held`, with this fingerprint, was about the component that is asked for."""
    if asked.casefold() == held.casefold():
        return 1.0
    return NAMED if asked.casefold() in {token.rpartition("|")[2].casefold() for token in moved} else 0.0


def recent(at: datetime, now: datetime) -> float:
    """1 now, half after each half-life."""
    return math.exp2(-max(0.0, (now - at).total_seconds()) / 86400.0 / HALF_LIFE_DAYS)
