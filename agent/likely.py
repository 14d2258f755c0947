"""The kinds of fault that a person who corrects a report most likely means: few to choose from, before all the others."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from aitia.agent.taxonomy import Taxonomy
from aitia.core.words import Report

FEW: Final = 12
"""Kinds offered first: what fits on a screen without scrolling."""


def likely_faults(report: Report, taxonomy: Taxonomy) -> list[str]:
    """Kinds by id, at most `FEW`: those of the suspects, those that were ruled out, then those that the facts speak for most.

    A fact speaks for a kind by the weight of its pattern (log-odds at strength 1) times the fact's strength, each pattern once;
    whose fact it is does not count, since the component may be what was wrong.
    """
    held = [(s.probability, s.fault) for s in (*report.suspects, *report.further)]
    held += [(x.probability, x.fault) for x in report.ruled_out]
    named = [fault for _, fault in sorted(held, key=lambda pair: -pair[0])]
    scores: defaultdict[str, float] = defaultdict(float)
    for fault in taxonomy:
        for pattern in (p for p in fault.patterns if p.primary and p.weight > 0):
            spoken = max((e.strength for e in report.evidence if pattern.matches(e)), default=0.0)
            scores[fault.id] += pattern.weight * spoken
    by_facts = sorted((f for f, score in scores.items() if score > 0), key=lambda f: -scores[f])
    return list(dict.fromkeys(f for f in (*named, *by_facts) if f in taxonomy))[:FEW]
