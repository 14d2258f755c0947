"""Whether what a fault is known by was there no later than what it would explain."""

from __future__ import annotations

from typing import Final

from aitia.agent.facts import Facts, onset
from aitia.agent.taxonomy import Fault
from aitia.core.words import Evidence

MIN_PRIMARY: Final = 0.3  # strength below which a primary pattern makes no suspect
TOLERANCE_S: Final = 15.0  # of an order of onsets


def began_before(facts: Facts, component: str, fault: Fault, first: Evidence) -> bool:
    """Whether a fact of the component's own by which the fault is known began no later than another's, though fainter: a leak
    before what it fills up. A change is no such fact.
    """
    own = (
        e
        for p in fault.patterns
        if p.primary and p.of == "self" and not p.aspect.startswith("change.")
        for e in facts.matching(component, p)
        if e.onset and facts.strength(e) >= MIN_PRIMARY
    )
    return any((onset(e) - onset(first)).total_seconds() <= TOLERANCE_S for e in own)
