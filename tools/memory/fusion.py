"""How alike a past incident is: five parts of 0..1, fused by plain weights, and the floor below which it is no match.

words      how much of what the query says the incident's words hold (`words_index.shares`)
meaning    cosine of the two embeddings, `UNRELATED` and less as 0, 1 as 1
evidence   likeness of what moved, and of what moved at the past cause (`evidence_index.likeness`)
component  1 at the component that was asked for, `NAMED` where only its evidence names it
recent     1 today, half after each `HALF_LIFE_DAYS`: nine of ten recurring incidents recur within 20 days

An alarm's words name the system and the rule, which all incidents of that rule share: evidence weighs most, in proportion
where fewer than `FACTS` facts are asked by. A part that cannot be compared (no vector, no fingerprint on one side, no
component or time) is left out, and the weights of the others make up the whole. Words, meaning and evidence say whether
two incidents are alike; component and time only order those that are. The weights are by hand, that of evidence with a
look at clusters of the lab (docs/fitted.md): learned ones order the incidents of systems that were left out no better
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
    {"words": 0.4, "meaning": 0.2, "evidence": 2.0, "component": 0.1, "recent": 0.1}
)
CONTENT: Final[tuple[Why, ...]] = ("words", "meaning", "evidence")
FLOOR: Final = 0.22  # of the content: less is no similar incident
FACTS: Final = 10  # asked by, from which on evidence has its whole weight
# Of the evidence, where so many are asked by: less is another incident, however alike its alarm reads. On clusters of the lab
# that may be looked at all right ones that came first have more, of wrong ones a fifth have less.
EVIDENCE_FLOOR: Final = 0.45
UNRELATED: Final = 0.2  # cosine of two texts that have nothing to do with each other
HALF_LIFE_DAYS: Final = 20.0
NAMED: Final = 0.5


def fused(why: Mapping[Why, float], facts: int = FACTS) -> float:
    """The weighted mean of the parts that could be compared, asked by so many facts; 0 for what is no match."""
    if facts >= FACTS and why.get("evidence", 1.0) < EVIDENCE_FLOOR:
        return 0.0
    return _mean(why, tuple(why), facts) if content(why, facts) >= FLOOR else 0.0


def content(why: Mapping[Why, float], facts: int = FACTS) -> float:
    """How alike by words, meaning and evidence alone."""
    return _mean(why, CONTENT, facts)


def full(facts: int) -> float:
    """The share of its weight that evidence has, asked by so many facts."""
    return min(1.0, facts / FACTS)


def _mean(why: Mapping[Why, float], parts: tuple[Why, ...], facts: int) -> float:
    weights = {p: WEIGHTS[p] * (full(facts) if p == "evidence" else 1.0) for p in parts if p in why}
    whole = sum(weights.values())
    return sum(weight * why[part] for part, weight in weights.items()) / whole if whole else 0.0


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
