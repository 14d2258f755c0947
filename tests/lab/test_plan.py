"""Orders drawn by a seed, and folders whose names say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aitia.core.errors import BadInput
from aitia.lab import plan
from aitia.lab.catalog import system_of, systems
from aitia.lab.servers.record import check_order
from aitia.lab.servers.system import ServerSystem
from aitia.lab.words import Order


@pytest.fixture
def files(small: str, tmp_path: Path) -> ServerSystem:
    (tmp_path / "small.yaml").write_text(small)
    return ServerSystem(tmp_path / "small.yaml")


def test_the_same_seed_draws_the_same_orders_and_another_one_others() -> None:
    system = systems()["redis-sentinel"]
    first = plan.orders(system, fault="all", n=14, seed=5)
    assert first == plan.orders(system, fault="all", n=14, seed=5)
    assert {order.fault for order in first} == {failure.id for failure in system.failures}
    victims = {order.victim for order in plan.orders(system, fault="slow-way", n=20, seed=1)}
    assert victims == {"redis-a", "session-api"}
    assert len({order.decoys for order in plan.orders(system, fault="none", n=20, seed=1)}) > 3
    assert all(order.decoys for order in plan.orders(system, fault="none", n=20, seed=1))


def test_a_longer_batch_begins_with_the_shorter_one(files: ServerSystem) -> None:
    assert plan.orders(files, fault="all", n=3, seed=1) == plan.orders(files, fault="all", n=9, seed=1)[:3]


def test_a_folders_name_tells_the_system_alone() -> None:
    system = systems()["pg-pair"]
    names = [plan.name_of(order) for order in plan.orders(system, fault="all", n=26, seed=1)]
    assert len(set(names)) == 26
    for failure in system.failures:
        words = {failure.id, failure.family.replace("_", "-"), *failure.victims}
        assert not any(word in name for name in names for word in words)


def test_one_twin_for_every_so_many_of_a_system(files: ServerSystem) -> None:
    planned = plan.orders(files, fault="web-stopped", n=11, seed=3)
    twins = plan.twins(planned, 5)
    assert [twin.seed for twin in twins] == [3, 8, 13]
    assert all(
        twin.twin and twin.decoys == order.decoys for twin, order in zip(twins, planned[::5], strict=True)
    )
    assert plan.twins(planned, 0) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fault": "meltdown"}, "has no fault 'meltdown'"),
        ({"victim": "db"}, "may hit web, not 'db'"),
        ({"strength": "weak"}, "is made medium, not weak"),
        ({"decoys": ("party",)}, "has no decoy 'party'"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(
    wrong: dict[str, Any], says: str, files: ServerSystem, tmp_path: Path
) -> None:
    order = Order(system="files", fault="web-stopped", seed=1, victim="web").model_copy(update=wrong)
    with pytest.raises(BadInput, match=says):
        check_order(files.spec, order)
    with pytest.raises(BadInput):
        files.make(order, tmp_path / "out", print)
    assert not (tmp_path / "out").exists()


def test_unknown_names_are_refused_with_those_there_are(files: ServerSystem, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Unknown system 'files'.*pg-pair"):
        system_of("files", systems())
    assert "files" in systems(tmp_path)
    with pytest.raises(BadInput, match="has no fault 'x'"):
        plan.orders(files, fault="x", n=1, seed=1)
    with pytest.raises(BadInput, match="No fault of files fits"):
        plan.orders(files, fault="all", n=1, seed=1, victim="db")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no system files"):
        systems(tmp_path / "empty")


def test_what_is_missing_is_told_with_its_package(small: str, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(small.replace("needs: {", "needs: {no-such-server: its-package, "))
    system = ServerSystem(tmp_path / "small.yaml")
    assert "no-such-server (apt install its-package)" in system.missing()
    order = Order(system="files", fault="web-stopped", seed=1, victim="web")
    with pytest.raises(BadInput, match="its-package"):
        system.make(order, tmp_path / "out", print)
