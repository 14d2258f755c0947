"""What a report on a cluster tells between the cause and who feels it: the object, its pods, its service."""

from __future__ import annotations

import pytest

from aitia.agent.facts import Facts
from aitia.agent.sentences.chain import build_chain
from aitia.agent.sentences.template import verdict_sentence
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Incident, Inventory, Link, Window
from tests.agent import evidence as shop

INCIDENT = Incident(
    id="i", title="down", started_at=shop.T0, window=Window(start=shop.T0, end=shop.T0.replace(hour=11))
)
INVENTORY = Inventory(
    components=(
        Component(id="acme", type="namespace"),
        Component(id="n1", type="node"),
        Component(id="cart", type="app", links=(Link(relation="runs_on", to="acme"),)),
        Component(id="orders", type="app", links=(Link(relation="runs_on", to="acme"),)),
    )
)


def seen(component: str, aspect: str, statement: str, **values: float | str) -> Evidence:
    kind = "cluster.quiet" if aspect == "k8s.ready" else "cluster.symptom"
    direction, strength = ("steady", 0.8) if kind == "cluster.quiet" else ("new", 0.35)
    return shop.fact(
        component, aspect, statement, kind=kind, direction=direction, strength=strength, at=None, **values
    )


def finding(component: str, aspect: str, statement: str) -> Evidence:
    return shop.fact(
        component, aspect, statement, kind="cluster.finding", direction="new", strength=0.96, at=None
    )


def told(*facts: Evidence, inventory: Inventory = INVENTORY) -> tuple[list[str], str, tuple[str, ...]]:
    """Aspects of the chain in its order, the verdict's sentence and what it cites."""
    numbered = shop.numbered(list(facts))
    weighed = weigh(numbered, inventory, bundled())
    assert weighed.verdict == "cause"
    known = Facts(numbered, Topology(inventory.components))
    suspect = next(s for s in weighed.suspects if s.component == weighed.component)
    edges = build_chain(suspect, bundled().get(suspect.fault), known, INCIDENT)
    by_id = {e.id: e for e in numbered}
    steps = [by_id[e.cause].aspect for e in edges[:1]] + [by_id[e.effect].aspect for e in edges]
    first = verdict_sentence(weighed, bundled(), known)
    return steps, first.text, first.cites


TAINT = finding("cart", "k8s.taint", "cart: cart-1 fits on no node: 3 nodes have a taint.")
PENDING = seen("cart", "k8s.pending", "cart: pod cart-1 is pending and runs on no node.")
EMPTY = seen("cart", "k8s.no_endpoints", "cart: service cart has no ready endpoints.")
READY = seen("cart", "k8s.ready", "cart: 1 of 1 pods are ready, 1 services with endpoints.", pods=1)


@pytest.mark.parametrize("facts", [(TAINT, PENDING, EMPTY), (EMPTY, PENDING, TAINT)])
def test_from_the_cause_through_its_pods_to_its_service(facts: tuple[Evidence, ...]) -> None:
    steps, text, _ = told(*facts)
    assert steps == ["k8s.taint", "k8s.pending", "k8s.no_endpoints"]
    assert "Its pods run" not in text


def test_a_namespaces_fault_goes_through_the_objects_of_who_feels_it() -> None:
    quota = finding(
        "acme", "k8s.quota_cpu", "acme: quota q rejects pods of cart: 1 used and 1 asked, 1 allowed."
    )
    missing = seen("cart", "k8s.missing_pods", "cart: 0 of 1 pods exist.")
    steps, _, _ = told(quota, missing, EMPTY)
    assert steps == ["k8s.quota_cpu", "k8s.missing_pods", "k8s.no_endpoints"]
    parts = tuple(
        c.model_copy(update={"links": (Link(relation="part_of", to="acme"),)})
        for c in INVENTORY.components[1:]
    )
    steps, _, _ = told(
        quota, missing, EMPTY, inventory=Inventory(components=(INVENTORY.components[0], *parts))
    )
    assert steps == ["k8s.quota_cpu", "k8s.missing_pods", "k8s.no_endpoints"]


def test_pods_that_run_are_told_where_the_trouble_lies_around_them() -> None:
    port = finding(
        "cart", "k8s.service_port", "cart: service cart sends port 80 to 81, its containers listen on 80."
    )
    node = seen("n1", "k8s.ready", "n1: the node is ready.")
    _, text, cites = told(port, READY, node)
    assert text.endswith("Its pods run: 1 of 1 pods are ready, 1 services with endpoints.")
    assert cites == ("E1", "E2")


def test_pods_that_wait_follow_a_scheduler_that_is_down_though_they_are_linked_to_no_node() -> None:
    down = finding("n1", "k8s.scheduler", "n1: kube-scheduler is not running.")
    steps, _, _ = told(down, PENDING, EMPTY)
    assert steps == ["k8s.scheduler", "k8s.pending", "k8s.no_endpoints"]
    kubelet = finding("n1", "k8s.kubelet", "n1: kubelet is not running.")
    assert told(kubelet, PENDING, EMPTY)[0] == []  # it keeps no pod from being placed


def test_other_telemetry_is_told_as_before() -> None:
    rose = shop.fact("cart", "errors", "cart: failed requests rose from 0 to 3/s.", kind="metric.shift")
    assert told(TAINT, PENDING, EMPTY, rose)[0][:3] == ["k8s.taint", "k8s.pending", "k8s.no_endpoints"]
