"""A copy that falls behind: told from its source's writes on, and by the whole departure of a curve."""

from __future__ import annotations

from aitia.agent.fact_values import whole_departure
from aitia.agent.facts import Facts
from aitia.agent.sentences.chain import build_chain
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Incident, Inventory, Window
from aitia.tools.identity.replicas import with_replicas

from . import evidence as shop

SOURCE, COPY = "ledger", "ledger-replica-1"
INCIDENT = Incident(
    id="i",
    title="stale reads",
    started_at=shop.T0,
    window=Window(start=shop.T0, end=shop.T0.replace(hour=11)),
)
COMPONENTS = with_replicas([Component(id=SOURCE), Component(id=COPY)])


def writes(at: float, strength: float, kind: str = "metric.shift") -> Evidence:
    return shop.fact(
        SOURCE,
        "io",
        f"{SOURCE}: writes rose at {at}.",
        kind=kind,
        strength=strength,
        at=at,
        metric="WalBytes",
    )


LAG = shop.fact(COPY, "lag", f"{COPY}: lag grew.", kind="metric.trend", at=0.0, metric="Lag")
FIRST, LATER = writes(60.0, 0.5), writes(300.0, 0.82, kind="signal.changepoint")


def test_the_writes_of_its_source_go_before_its_lag() -> None:
    """Both are sampled once a minute: which of them began first within that nobody can tell."""
    numbered = shop.numbered([LAG, FIRST, LATER])
    weighed = weigh(numbered, Inventory(components=COMPONENTS), bundled())
    suspect = next(s for s in weighed.suspects if s.component)
    assert (suspect.component, suspect.fault) == (COPY, "resource.replication")
    edges = build_chain(
        suspect, bundled().get(suspect.fault), Facts(numbered, Topology(COMPONENTS)), INCIDENT
    )
    by_id = {e.id: e for e in numbered}
    told = [by_id[edges[0].cause].statement, *(by_id[e.effect].statement for e in edges)]
    assert told[:2] == [FIRST.statement, LAG.statement]


def test_without_its_source_s_writes_it_is_no_matter_of_load() -> None:
    weighed = weigh(shop.numbered([LAG]), Inventory(components=COMPONENTS), bundled())
    assert all(s.fault != "resource.replication" for s in weighed.suspects)


def test_a_later_step_stands_where_nothing_tells_of_an_earlier_one() -> None:
    other = shop.fact(SOURCE, "io", "other", at=0.0, metric="OtherBytes")
    assert whole_departure(LATER, [FIRST, LATER, other]) is FIRST
    assert whole_departure(LATER, [LATER, other]) is LATER
    assert whole_departure(LATER, [writes(400.0, 0.9)]) is LATER
    assert whole_departure(FIRST, [LATER]) is FIRST
