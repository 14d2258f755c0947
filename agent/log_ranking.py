"""Who stands out where nothing but logs is at hand: the counterpart of a ranking by metrics or spans.

Without measurements no tool ranks components, and whoever is accused lacks what a ranking adds elsewhere. Here the messages
rank: what is new or more frequent in a component's own log by how plain it is, how often it came, and whether it names a
kind of trouble. Where anything was measured, or a cluster's state is at hand, messages rank nobody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from aitia.agent.facts import Facts, is_harm
from aitia.agent.weights import family_of
from aitia.core.aspects import CHANGE, MEMORY
from aitia.core.words import Evidence

TEMPERATURE: Final = 0.4  # of the softmax over scores; by hand
FEW: Final = 3  # of what was said less often nobody is singled out: a start, a single failed call
NONE: Final = 1.0  # the score of nobody: what a single message of middling plainness has
OFTEN: Final = 0.5  # of a tenfold count
NAMED: Final = 0.3  # of a message of a class of trouble
_ONCE: Final = frozenset(
    {"log.oom", "log.disk_full", "log.certificate", "log.restarts"}
)  # said once is enough
_UNNAMED: Final = frozenset({"log.error", "log.other"})


class Share(NamedTuple):
    """The probability by which the messages single a component out, and the plainest of them."""

    share: float
    fact: Evidence


_KNOWN: WeakKeyDictionary[Facts, dict[str, Share]] = WeakKeyDictionary()


def log_shares(facts: Facts) -> dict[str, Share]:
    """The share of each component of which messages tell trouble; empty where anything but logs is at hand."""
    if facts not in _KNOWN:
        _KNOWN[facts] = _shares(facts.all)
    return _KNOWN[facts]


def _shares(evidence: Sequence[Evidence]) -> dict[str, Share]:
    told = [e for e in evidence if e.aspect not in CHANGE | MEMORY and e.component]
    if not told or any(family_of(e) != "log" for e in told):
        return {}
    best: dict[str, tuple[float, Evidence]] = {}
    for e in told:
        if e.direction not in ("new", "up") or not is_harm(e) or (_count(e) < FEW and e.aspect not in _ONCE):
            continue
        score = e.strength * (1.0 + OFTEN * math.log10(max(1.0, _count(e)))) + NAMED * (
            e.aspect not in _UNNAMED
        )
        whom = e.component
        if whom not in best or score > best[whom][0]:
            best[whom] = (score, e)
    total = math.exp(NONE / TEMPERATURE) + sum(math.exp(score / TEMPERATURE) for score, _ in best.values())
    return {c: Share(math.exp(score / TEMPERATURE) / total, e) for c, (score, e) in best.items()}


def _count(fact: Evidence) -> float:
    found = fact.values.get("count_window", 1)
    return float(found) if isinstance(found, int | float) else 1.0
