"""Copies that only their names tell."""

from __future__ import annotations

import pytest

from aitia.core.words import Component, Link
from aitia.tools.identity.replicas import is_copy, with_replicas


def linked(*components: Component) -> list[tuple[str, str]]:
    return [(c.id, k.to) for c in with_replicas(components) for k in c.links if k.relation == "feeds"]


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("orders", "orders-replica-1"),
        ("orders", "orders-read-replica"),
        ("pg-primary", "pg-standby"),
        ("Ledger", "ledger-replica-02"),
    ],
)
def test_a_source_feeds_its_copy(source: str, copy: str) -> None:
    assert linked(Component(id=copy), Component(id=source)) == [(source, copy)]
    assert is_copy(copy)
    assert not is_copy(source)


def test_no_name_is_asked_where_a_relation_is_known() -> None:
    drawn = Component(id="orders-replica-1", links=(Link(relation="feeds", to="reports"),))
    assert linked(Component(id="orders"), drawn) == [("orders-replica-1", "reports")]


def test_a_copy_of_one_that_is_not_there_has_no_source() -> None:
    assert (
        linked(Component(id="cart"), Component(id="orders-replica-1"), Component(id="orders-service")) == []
    )
