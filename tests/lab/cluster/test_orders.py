"""What the systems offer, what they refuse, and that an order says all."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario
from aitia.lab.cluster import SYSTEMS
from aitia.lab.words import LAB, Made, Order
from tests.lab.cluster.conftest import ByName, Maker

FAMILIES = {
    "none", "cpu", "memory", "disk", "network", "dns", "configuration", "credential", "certificate", "overload", "bad_release",
    "operator_error", "crash", "slow_dependency", "dependency_down", "probe", "image", "scheduling", "quota", "rbac", "storage",
    "ingress", "service", "admission", "autoscaling", "eviction", "node",
}  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != LAB
    }


def test_five_systems_offer_every_family_between_them() -> None:
    assert [s.name for s in SYSTEMS] == [
        "k8s-deployments",
        "k8s-bare",
        "k8s-stateful",
        "k8s-mesh",
        "k8s-platform",
    ]
    assert {f.family for s in SYSTEMS for f in s.failures} == FAMILIES
    for system in SYSTEMS:
        assert system.kind == "cluster"
        assert system.missing() == ()
        assert len({f.id for f in system.failures}) == len(system.failures)
        assert all(f.victims for f in system.failures if f.id != "none")
        assert len({f.family for f in system.failures}) >= 15


def test_the_same_order_makes_the_same_folder(incident: Maker, tmp_path: Path) -> None:
    first = incident("k8s-bare", "entrypoint-missing", decoys=("old-restarts", "finished-job"))
    again = ByName["k8s-bare"].make(first.made.order, tmp_path / "again", lambda _: None)
    assert files(first.folder) == files(tmp_path / "again")
    assert again.model_copy(update={"seconds": 0}) == first.made.model_copy(update={"seconds": 0})


def test_another_seed_makes_another_hour(incident: Maker) -> None:
    one, other = incident("k8s-bare", "none"), incident("k8s-bare", "none", seed=4)
    assert files(one.folder) != files(other.folder)
    assert {p["metadata"]["uid"] for p in one.of("Pod")}.isdisjoint(
        p["metadata"]["uid"] for p in other.of("Pod")
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"system": "k8s-mesh"}, "Order system"),
        ({"fault": "flood"}, "no 'flood'"),
        ({"victim": "nobody"}, "not 'nobody'"),
        ({"fault": "none", "victim": "cart"}, "Leave out the victim"),
        ({"decoys": ("eclipse",)}, "no 'eclipse'"),
        ({"strength": "medium"}, "Choose a strength of weak, strong"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    order = Order(system="k8s-deployments", fault="tag-not-pushed", seed=1, strength="strong").model_copy(
        update=change
    )
    with pytest.raises(BadInput, match=says):
        ByName["k8s-deployments"].make(order, tmp_path / "out", lambda _: None)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="no scenario"):
        ByName["k8s-bare"].make(Order(system="k8s-bare", fault="none", seed=1), tmp_path, lambda _: None)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_folder_is_a_scenario_with_its_answer_and_times_in_order(incident: Maker) -> None:
    one = incident("k8s-deployments", "selector-matches-none", victim="cart")
    scenario = load_scenario(one.folder)
    made = Made.model_validate_json((one.folder / LAB).read_text())
    assert made == one.made
    assert made.family == "service"
    assert (scenario.expected.component, scenario.expected.fault) == (
        "cart",
        "software.configuration.k8s.service_selector",
    )
    assert made.onset is not None
    assert (
        scenario.baselines[0].window.start
        < scenario.window.start
        < made.onset
        < scenario.incident.started_at
        < scenario.now
    )
    assert sum(p.stat().st_size for p in one.folder.rglob("*") if p.is_file()) < 200_000


def test_a_twin_is_the_same_hour_without_its_failure(incident: Maker) -> None:
    sick = incident("k8s-deployments", "selector-matches-none", victim="cart")
    twin = incident("k8s-deployments", "selector-matches-none", victim="cart", twin=True)
    assert twin.made.family == "none"
    assert twin.made.onset is None
    assert load_scenario(twin.folder).expected.verdict == "healthy"
    assert sorted(p["metadata"]["uid"] for p in twin.of("Pod")) == sorted(
        p["metadata"]["uid"] for p in sick.of("Pod")
    )
    picked = {s["metadata"]["name"]: s["spec"]["selector"] for s in twin.of("Service")}
    assert picked["cart"]["app.kubernetes.io/name"] == "cart"
    assert {s["metadata"]["name"]: s["spec"]["selector"] for s in sick.of("Service")}["cart"] != picked[
        "cart"
    ]
