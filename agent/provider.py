"""A component without telemetry of its own, such as a provider, that is seen through its clients alone."""

from __future__ import annotations

from aitia.agent.facts import Facts, is_harm
from aitia.agent.replicas import service
from aitia.agent.told_alike import COMPLAINTS, MOVED, PLAIN
from aitia.agent.topology import CALLS_FAIL
from aitia.core.words import Evidence


def told_of(facts: Facts, component: str) -> bool:
    """Whether those who call it tell in their logs that it fails them, and are in trouble by what is measured.

    Two of them, or the only one that there is. Where logs are all that there is, two of them tell of it, or one of whose own
    trouble another one tells.
    """
    family = facts.topology.family(component)
    if facts.logs_alone:
        return _told_by_logs(facts, family)
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


def _told_by_logs(facts: Facts, family: frozenset[str]) -> bool:
    harm = [e for e in facts.anomalies if is_harm(e) and e.provenance != "client" and e.strength >= PLAIN]
    told = {service(_writer(e)) for e in harm if family & {e.component, e.peer}} - {
        service(c) for c in family
    }
    seconded = any(
        service(e.component) in told or service(e.peer) in told
        for e in harm
        if service(_writer(e)) not in told
    )
    return len(told) > 1 or (bool(told) and seconded)


def _writer(fact: Evidence) -> str:
    return str(fact.values.get("reported_by", fact.component))
