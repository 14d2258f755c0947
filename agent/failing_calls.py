"""Whose logs say that calls to a component fail."""

from __future__ import annotations

from collections.abc import Collection

from aitia.agent.began import MIN_PRIMARY
from aitia.agent.facts import Facts
from aitia.agent.topology import CALLS_FAIL
from aitia.core.words import Evidence


def failing_calls(facts: Facts, family: Collection[str]) -> list[Evidence]:
    """Of each component beside the family whose log says that calls to it fail, the strongest fact; the strongest first.

    What a client wrote is none.
    """
    told = {
        e.component: e
        for e in sorted(facts.anomalies, key=lambda e: e.strength)
        if e.peer in family and e.component not in family and e.aspect in CALLS_FAIL
        and e.provenance != "client" and facts.strength(e) >= MIN_PRIMARY
    }  # fmt: skip
    return sorted(told.values(), key=lambda e: (-e.strength, e.component))
