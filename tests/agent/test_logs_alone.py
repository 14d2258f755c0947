"""Where nothing but logs is at hand: who counts as a witness, and what is told of a component whose kind is open."""

from __future__ import annotations

import pytest

from aitia.agent.facts import of_logs_alone
from aitia.agent.taxonomy import bundled
from aitia.agent.unshown import left_open
from aitia.agent.weigher import OPEN, Weighed, weigh
from aitia.core.words import Evidence
from tests.agent import evidence as shop


def failing(*callers: str) -> list[Evidence]:
    """orders logs errors that no kind explains, and these log that it fails them."""
    own = shop.fact(
        "orders", "log.error", "orders: it gave up.", kind="log.new", direction="new", strength=0.95
    )
    told = [
        shop.fact(
            c,
            "log.unavailable",
            f"{c}: orders answers 503.",
            kind="log.new",
            direction="new",
            peer="orders",
            strength=0.95,
        )
        for c in callers
    ]
    return shop.numbered([own, *told])


def judged(evidence: list[Evidence]) -> Weighed:
    return weigh(evidence, shop.inventory(), bundled(), alarmed=["gateway"])


def witnesses(weighed: Weighed) -> list[float]:
    suspect = next(s for s in weighed.suspects if (s.component, s.fault) == ("orders", "software.failure"))
    return sorted(c.log_odds for c in suspect.ledger if c.term == "witness" and c.evidence)


def test_a_replica_of_a_witness_is_half_a_witness() -> None:
    of_two_services = witnesses(judged(failing("web-1", "mail-1")))
    of_one = witnesses(judged(failing("web-1", "web-2")))
    assert 0 < sum(of_one) < sum(of_two_services)


def test_a_component_that_others_tell_of_is_told_with_its_kind_open() -> None:
    evidence = failing("web-1", "mail-1")
    assert of_logs_alone(evidence)
    before = judged(evidence)
    assert (before.verdict, before.component, before.fault) == ("cause", "orders", "software.failure")
    after = left_open(before, evidence, shop.inventory(), bundled())
    assert (after.verdict, after.component) == ("cause", "orders")
    assert {s.fault for s in after.suspects if s.component == "orders"} >= {"software.failure", OPEN}


@pytest.mark.parametrize("kind", ["metric.shift", "trace.change"])
def test_it_is_no_such_case_where_something_is_measured(kind: str) -> None:
    measured = shop.fact("orders", "errors", "orders: errors 1 → 9.", kind=kind)
    assert not of_logs_alone(shop.numbered([*failing("web-1"), measured]))
