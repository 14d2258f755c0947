"""What a prompt holds of the evidence where not all of it fits: the facts that add most, within a budget of tokens."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from aitia.core.aspects import CONTEXT, WEIGHT
from aitia.core.words import Evidence

AGAIN: Final = 0.4  # what a second fact of the same component and aspect is worth of a first one


def digest(
    evidence: Sequence[Evidence], *, tokens: int, count: Callable[[str], int], chars: int = 160
) -> list[str]:
    """Statements of at most `tokens` tokens together, in the evidence's order, each cut at `chars` characters.

    Chosen one by one by value a token: strength times weight of the aspect, less by AGAIN for each fact of the same
    component and aspect, and of the same component, that is held already (greedy, as for a submodular gain under a
    knapsack: Sviridenko 2004). What was recalled and ranked is left out: it is no observation.
    """
    left = {
        n: e.strength * WEIGHT.get(e.aspect, 1.0)
        for n, e in enumerate(evidence)
        if e.aspect not in CONTEXT or e.kind.startswith("change.")
    }
    costs = {n: max(1, count(_line(evidence[n], chars))) for n in left}
    held: Counter[tuple[str, ...]] = Counter()
    chosen: list[int] = []
    while left:
        best = max(left, key=lambda n: (_gain(evidence[n], left[n], held) / costs[n], -n))
        worth = left.pop(best)
        if worth <= 0 or costs[best] > tokens:
            continue
        tokens -= costs[best]
        chosen.append(best)
        held.update([(evidence[best].component,), (evidence[best].component, evidence[best].aspect)])
    return [_line(evidence[n], chars) for n in sorted(chosen)]


def _line(fact: Evidence, chars: int) -> str:
    return fact.statement if len(fact.statement) <= chars else fact.statement[: chars - 1] + "…"


def _gain(fact: Evidence, worth: float, held: Counter[tuple[str, ...]]) -> float:
    same, near = held[fact.component, fact.aspect], held[(fact.component,)]
    return worth * float(AGAIN**same) / math.sqrt(1 + near)
