"""Pods that a finished rollout takes away: told beside those that stay, and no trouble of theirs."""

from __future__ import annotations

import pytest

from aitia.tools.cluster.analyse import quiet
from aitia.tools.cluster.objects import Container, Pod, Spec, Workload
from aitia.tools.cluster.state import State


def pod(name: str, status: str = "Running", restarts: int = 0) -> Pod:
    up = status == "Running"
    spec = Spec(containers=(Container(name="shop"),))
    return Pod(
        name=name,
        namespace="acme",
        app="shop",
        status=status,
        ready=(int(up), 1),
        restarts=restarts,
        spec=spec,
    )


def said(*pods: Pod, kind: str = "Deployment") -> str:
    shop = Workload(kind=kind, name="shop", namespace="acme", desired=2)
    found = quiet(State(namespace="acme", workloads=(shop,), pods=pods))
    return next((f.statement for f in found if f.component == "shop"), "")


NEW = (pod("shop-5f6d-aaaaa"), pod("shop-5f6d-bbbbb"))


def test_the_older_replica_set_is_named() -> None:
    told = said(*NEW, pod("shop-7c8b-ccccc", "Terminating", restarts=3))
    assert "the rollout to ReplicaSet shop-5f6d is complete" in told
    assert (
        "pod shop-7c8b-ccccc of the older ReplicaSet shop-7c8b, restarted 3 times, is being removed" in told
    )


@pytest.mark.parametrize(
    ("pods", "kind"),
    [
        (NEW, "Deployment"),
        ((*NEW, pod("shop-5f6d-ccccc", "Terminating")), "Deployment"),  # one too many of the same version
        ((pod("shop-0"), pod("shop-1"), pod("shop-2", "Terminating")), "StatefulSet"),
    ],
)
def test_without_an_older_one_nothing_is_said_of_it(pods: tuple[Pod, ...], kind: str) -> None:
    told = said(*pods, kind=kind)
    assert told
    assert "ReplicaSet" not in told


def test_a_rollout_that_is_not_complete_is_not_called_so() -> None:
    assert said(NEW[0], pod("shop-7c8b-ccccc", "Terminating")) == ""
