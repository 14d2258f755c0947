"""Ready pods are no proof that requests succeed: where objects alone were read, nothing is found, not nothing is wrong."""

from __future__ import annotations

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.aspects import objects_alone
from aitia.core.words import Evidence
from tests.agent import evidence as shop


def ready(component: str) -> Evidence:
    fact = shop.fact(
        component, "availability", f"{component}: 1 of 1 pods are ready.", direction="steady", strength=0.8
    )
    return fact.model_copy(update={"kind": "cluster.quiet", "aspect": "k8s.ready"})


def test_ready_pods_alone_are_not_healthy() -> None:
    found = weigh(shop.numbered([ready(c) for c in shop.CALLS]), shop.inventory(), bundled())
    assert found.verdict == "unknown"
    healthy = next(s for s in found.suspects if s.fault == "healthy")
    assert healthy.probability < 0.5
    assert "says nothing about requests" in healthy.ledger[0].why


def test_ready_pods_whose_requests_are_measured_are_healthy() -> None:
    measured = [q for name in shop.CALLS for q in shop.quiet(name, "latency")]
    found = weigh(shop.numbered([*(ready(c) for c in shop.CALLS), *measured]), shop.inventory(), bundled())
    assert found.verdict == "healthy"


def test_each_component_of_which_objects_alone_are_known_lowers_what_may_be_said() -> None:
    names = sorted(shop.CALLS)
    told = []
    for measured in (names, names[1:], names[2:]):
        facts = [*(ready(c) for c in names), *(q for name in measured for q in shop.quiet(name, "latency"))]
        found = weigh(shop.numbered(facts), shop.inventory(), bundled())
        told.append(next(s.probability for s in found.suspects if s.fault == "healthy"))
    assert told == sorted(told, reverse=True)
    assert told[0] > told[-1]


def test_objects_alone() -> None:
    assert objects_alone(["k8s.ready", "change.deploy"])
    assert not objects_alone(["k8s.ready", "latency"])
    assert not objects_alone(["change.deploy"])
    assert not objects_alone([])
