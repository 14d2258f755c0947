"""A component without telemetry of its own, such as a provider, that is seen through its clients alone."""

from __future__ import annotations

from aitia.agent.facts import Facts, is_harm
from aitia.agent.told_alike import COMPLAINTS, MOVED
from aitia.agent.topology import CALLS_FAIL


def told_of(facts: Facts, component: str) -> bool:
    """Whether those who call it tell in their logs that it fails them, and are in trouble by what is measured.

    Two of them, or the only one that there is.
    """
    family = facts.topology.family(component)
    callers = {c for member in family for c in facts.topology.callers(member)} - family
    told = {
        str(e.values.get("reported_by", e.component))
        for e in facts.anomalies
        if e.kind.startswith("log.") and e.provenance != "client" and e.aspect in COMPLAINTS | CALLS_FAIL
        and family & {e.component, e.peer} and e.strength >= MOVED
    } & callers  # fmt: skip
    troubled = {
        c
        for c in told
        if any(
            e.kind.startswith("metric.") and is_harm(e) and e.component in facts.topology.reached(c, ())
            for e in facts.anomalies
        )
    }
    return len(troubled) > 1 or (bool(troubled) and troubled == callers)
