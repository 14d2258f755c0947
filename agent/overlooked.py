"""Whom a ranking by metrics cannot place, so that who passes its failure on is blamed in its stead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from aitia.agent.began import MIN_PRIMARY
from aitia.agent.facts import Facts, is_harm
from aitia.agent.told_alike import COMPLAINTS

GONE: Final = 0.5  # strength from which on it is plain that something no longer answers: silence where nobody calls is weaker
SUSPECTED: Final = 0.1  # share of a ranking from which on it has seen what is wrong with a component
OWN_FAILURES: Final = frozenset({"errors", "log.exception", "log.data"})


def overlooked(facts: Facts, component: str) -> str:
    """The first callee that fails and that a ranking by metrics cannot place: it stopped answering, or none suspects it as it has
    no telemetry and others tell of failing calls to it. Of a component whose callees nobody knows: one that fails by itself,
    and of which nobody knows who calls it. "" where there is none.
    """
    callees = facts.topology.callees(component)
    return (
        _failing(facts, callees)
        or ("" if callees else _stray(facts, component))
        or _told(facts, component, {*callees, *facts.topology.partners(component)})
    )


def _failing(facts: Facts, components: Sequence[str]) -> str:
    gone = {
        e.peer or e.component
        for e in facts.anomalies
        if e.aspect == "availability" and e.direction in ("gone", "down") and facts.strength(e) >= GONE
    }
    told = {e.peer for e in facts.anomalies if is_harm(e) and facts.strength(e) >= MIN_PRIMARY}
    unwatched = {c for c in components if not facts.topology.family(c) & facts.seen}
    suspected = {e.component for e in facts.all if e.aspect == "rank.metrics" and e.strength >= SUSPECTED}
    return next((c for c in components if c in gone | ((told & unwatched) - suspected)), "")


def _told(facts: Facts, component: str, near: Collection[str]) -> str:
    """One beside it, or behind the same broker, of which several clients tell alike and that no ranking suspects."""
    topology = facts.topology
    below = {
        *near,
        *(c for p in topology.partners(component) for c in topology.callees(p)),
    } - topology.family(component)
    told: dict[str, set[str]] = {}
    for e in facts.anomalies:
        if e.aspect in COMPLAINTS and e.component in below and facts.strength(e) >= GONE:
            told.setdefault(e.component, set()).add(str(e.values.get("reported_by", e.component)))
    ranked = {e.component for e in facts.all if e.aspect == "rank.metrics" and e.strength >= SUSPECTED}
    return next((c for c in sorted(told) if len(told[c] - {c}) > 1 and c not in ranked), "")


def _stray(facts: Facts, component: str) -> str:
    """One that measures failures of its own and stands in no call that is known, beside a component that is called."""
    topology = facts.topology
    if not topology.callers(component):
        return ""
    own = [
        e for e in facts.anomalies if e.aspect in OWN_FAILURES and not e.peer and facts.strength(e) >= GONE
    ]
    measured = {e.component for e in own if e.aspect == "errors"}
    logged = {e.component for e in own if e.aspect != "errors"}
    return next(
        (
            c
            for c in sorted(measured & logged)
            if not topology.family(c) & topology.family(component)
            and not topology.callers(c)
            and not topology.callees(c)
        ),
        "",
    )
