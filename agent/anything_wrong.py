"""How surely anything is wrong at all, whoever it is: what speaks against `healthy` and for `unknown`."""

from __future__ import annotations

from typing import Final

from aitia.agent.fact_values import not_read
from aitia.agent.facts import PLANT, Facts
from aitia.core.aspects import CONTEXT, RELIEF


def alarm(facts: Facts) -> float:
    """In [0, 1]: the weightiest harm, half the weightiest sign, or a machine's departure."""
    signs = max((facts.weight(e) for e in facts.anomalies), default=0.0)
    departed = max((facts.departed(e) for e in facts.anomalies), default=0.0)
    # Answers that became faster hurt nobody, but nothing is as usual either.
    eased = (facts.weight(e) for e in facts.anomalies if (e.aspect, e.direction) in RELIEF)
    # What piles up without end is work that nobody does, felt or not yet.
    piling = (
        facts.weight(e)
        for e in facts.anomalies
        if e.kind == "metric.trend" and e.aspect in PILES and e.direction == "up"
    )
    return max(facts.harm({e.component for e in facts.anomalies}), signs / 2, departed, *eased, *piling)


PILES: Final = ("queue", "lag")
PLAIN: Final = ("metric.missing", "metric.limit", "metric.level", "log.", "trace.", "cluster.")
"""Kinds of facts that say by themselves what they are of, whatever a series is called."""


def not_understood(
    facts: Facts, *, by_model: bool = False, beside_the_rest: bool = False
) -> tuple[float, str]:
    """The share of what moved among metrics, by strength, of which no name says what is measured; the strongest of these.

    by_model         what only a model says is not known either: good enough to suspect, not to call something well
    beside_the_rest  of all that moved: who is down, or logs what fails, is known in spite of series with odd names
    """
    held = {
        e.component for e in facts.anomalies if e.kind in PLANT
    }  # by what goes with it, whatever it is called
    moved = [
        e
        for e in facts.anomalies
        if e.kind in ("metric.shift", "metric.trend")
        and not (held and e.component in facts.topology.machines)
    ]
    dark = [
        ((1.0 if by_model and "read_by" in e.values else not_read(e)) * facts.strength(e), e.statement, e.id)
        for e in moved
    ]
    doubt = sum(weight for weight, _, _ in dark)
    if not doubt:
        return 0.0, ""
    rest = [
        e
        for e in facts.anomalies
        if beside_the_rest and e.kind.startswith(PLAIN) and e.aspect not in CONTEXT | {"log.other"}
    ]
    return doubt / sum(facts.strength(e) for e in [*moved, *rest]), max(dark)[2]
