"""Whose pool it is, where the server that ran out of connections counts what each caller holds."""

from __future__ import annotations

import pytest

from aitia.agent.staged.features import Staged
from aitia.agent.staged.resources import holds_most
from aitia.core.words import Evidence
from tests.agent import evidence as shop
from tests.agent.test_staged import fails, scene

KIND = "resource.connections"


def full(used: float = 40.0) -> Evidence:
    return shop.fact(
        "db", "connections", "db: connections reached 95 % of its limit.", kind="metric.limit", used=used
    )


def held(after: float, peer: str = "left") -> Evidence:
    return shop.fact(
        "db", "connections", f"db: connections from {peer} rose.", peer=peer, before=1.0, after=after
    )


@pytest.mark.parametrize(("after", "most"), [(34.0, True), (20.0, True), (12.0, False)])
def test_half_of_what_is_used_is_most(after: float, most: bool) -> None:
    assert holds_most(scene(fails("left"), full(), held(after)), "left") is most


def test_it_is_nobodys_where_the_server_has_more_or_another_holds_them() -> None:
    assert not holds_most(scene(fails("left"), held(34.0)), "left")
    assert not holds_most(scene(fails("left"), full(), held(34.0)), "right")
    assert not holds_most(scene(fails("left"), full(0.0), held(0.0)), "left")


def test_its_own_idle_pool_clears_it_no_longer() -> None:
    quiet = shop.quiet("left", "connections")
    cleared = Staged(scene(fails("left"), full(), *quiet)).kind("left", KIND)
    assert cleared["quiet_veto"] == 1
    assert cleared["of_wall"] == 0
    counted = Staged(scene(fails("left"), full(), held(34.0), *quiet)).kind("left", KIND)
    assert counted["quiet_veto"] == 0
    assert counted["of_wall"] == 1
    assert counted["no_wall"] == 0
