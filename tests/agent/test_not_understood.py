"""What nobody understands costs certainty; who is down, or logs what fails, is known all the same."""

from __future__ import annotations

import pytest

from aitia.agent.anything_wrong import not_understood
from aitia.agent.facts import Facts
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.agent.weights import ledgers_alone
from aitia.core.words import Evidence
from tests.agent import evidence as shop

ODD = [
    shop.fact(name, "other", f"{name}: xq_{i} rose.", strength=0.9, meaning="unknown", at=10)
    for i, name in enumerate(("redis", "catalog", "orders", "gateway", "users"))
]
DOWN = shop.fact(
    "redis",
    "availability",
    "redis has been down.",
    kind="metric.missing",
    direction="gone",
    strength=0.95,
    at=5,
)
SAYS = shop.fact(
    "redis", "log.error", "redis: fatal: cannot write", kind="log.new", direction="new", strength=0.9, at=6
)
CHATTER = shop.fact(
    "redis", "log.other", "redis: a line", kind="log.new", direction="new", strength=0.9, at=6
)


def shares(*more: Evidence) -> tuple[float, float]:
    evidence = shop.numbered([*ODD, *more])
    facts = Facts(evidence, Topology(shop.inventory().components).told_by(evidence))
    return not_understood(facts)[0], not_understood(facts, beside_the_rest=True)[0]


@pytest.mark.parametrize("plain", [DOWN, SAYS], ids=["down", "says so"])
def test_a_fact_that_says_what_it_is_of_lessens_what_is_not_understood(plain: Evidence) -> None:
    of_metrics, of_all = shares(plain)
    assert of_metrics == pytest.approx(shares()[0])
    assert of_all < of_metrics


def test_a_line_that_means_nothing_does_not() -> None:
    of_metrics, of_all = shares(CHATTER)
    assert of_all == pytest.approx(of_metrics)


def test_who_is_down_beside_odd_names_is_not_drowned_in_unknown() -> None:
    weighed = weigh(shop.numbered([*ODD, DOWN, SAYS]), shop.inventory(), bundled(), ledgers_alone())
    meaning = [
        c.log_odds
        for s in weighed.suspects
        if s.fault == "unknown"
        for c in s.ledger
        if c.term == "unknown.meaning"
    ]
    assert sum(meaning) < 4
