"""How surely anything is wrong at all, whoever it is: what speaks against `healthy` and for `unknown`."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from aitia.agent.fact_values import not_read, ratio_of
from aitia.agent.facts import PLANT, RELIEF, RESTARTS, Facts, is_harm
from aitia.agent.told_alike import MOVED
from aitia.core.aspects import CHANGE
from aitia.core.words import Evidence

SURGE: Final = 3.0  # times what was asked before, from which on it is no wave of a usual day; by hand
_SERVED: Final = frozenset({"latency", "errors"})


def alarm(facts: Facts) -> float:
    """In [0, 1]: the weightiest harm that is felt, half the weightiest sign, or a machine's departure."""
    signs = max((facts.weight(e) for e in facts.anomalies), default=0.0)
    departed = max((facts.departed(e) for e in facts.anomalies), default=0.0)
    # Answers that became faster hurt nobody, but nothing is as usual either.
    reliefs = (e for e in facts.anomalies if (e.aspect, e.direction) in RELIEF)
    eased = (facts.weight(e) for e in reliefs if not _settled(facts, e))
    surges = (facts.strength(e) / 2 for e in facts.anomalies if _is_surge(e))
    hurt = {e.component for e in facts.anomalies} - unfelt(facts)
    return max(facts.harm(hurt), signs / 2, departed, *eased, *surges)


def unfelt(facts: Facts) -> frozenset[str]:
    """Those whose callers are all measured and as well as before: what hurts of them hurts nobody yet."""
    hurt = {e.component for e in facts.anomalies if is_harm(e) and facts.weight(e) >= MOVED}
    calm = defaultdict[tuple[str, str], set[str]](set)  # of whom, of calls to whom ("": by itself)
    for e in facts.all:
        if e.direction == "steady" and e.kind in ("metric.quiet", "trace.quiet"):
            calm[e.component, e.peer].add(e.aspect)
    named = {name for a in facts.alarmed for name in facts.topology.family(a)}
    found = set[str]()
    for name in hurt - named:
        callers = facts.topology.callers(name)
        well = ((calm[c, ""] | calm[c, name]) >= _SERVED and c not in hurt for c in callers)
        if callers and all(well):
            found.add(name)
    return frozenset(found)


def not_understood(facts: Facts, *, by_model: bool = False) -> tuple[float, str]:
    """The share of what moved among metrics, by strength, of which no name says what is measured; the strongest of these.

    by_model  what only a model says is not known either: good enough to suspect, not to call something well
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
        (
            (1.0 if by_model and "read_by" in e.values else not_read(e)) * facts.strength(e),
            e.statement,
            e.id,
        )
        for e in moved
    ]
    doubt = sum(weight for weight, _, _ in dark)
    if not doubt:
        return 0.0, ""
    return doubt / sum(facts.strength(e) for e in moved), max(dark)[2]


def _settled(facts: Facts, relief: Evidence) -> bool:
    """Whether it became better before the time that is to be explained, in which nothing was changed or began anew."""
    if relief.window is None or relief.onset is None or _within_window(relief):
        return False
    start = relief.window.start
    done = (e.onset for e in facts.all if e.aspect in CHANGE or e.aspect in RESTARTS)
    return not any(at is not None and at >= start for at in done)


def _is_surge(evidence: Evidence) -> bool:
    """Whether far more is asked than before: nobody need suffer for it to be unusual."""
    asked = evidence.aspect == "traffic" and evidence.direction == "up" and evidence.kind == "metric.shift"
    return asked and ratio_of(evidence) >= SURGE


def _within_window(evidence: Evidence) -> bool:
    """Whether it began within the time that is to be explained, as far as both are known."""
    return (
        evidence.onset is not None and evidence.window is not None and evidence.onset >= evidence.window.start
    )
