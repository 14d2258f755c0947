"""Facts that say less than they seem to, and what only the component of a cause is sure of."""

from __future__ import annotations

import pytest

from aitia.agent.facts import Facts
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN, weigh
from aitia.core.words import Evidence

from . import evidence as shop


def strength(fact: Evidence, *others: Evidence) -> float:
    return Facts([fact, *others], Topology(shop.inventory().components)).strength(fact)


def down(name: str) -> Evidence:
    return shop.fact(
        name,
        "availability",
        f"{name} has been down.",
        kind="metric.missing",
        direction="gone",
        strength=0.9,
        still=1,
    )


@pytest.mark.parametrize(("at", "left"), [(-5.0, 0.9), (20.0, 0.3)])
def test_who_goes_on_writing_to_its_log_is_not_down(at: float, left: float) -> None:
    words = shop.fact(
        "redis", "log.error", "redis logged.", kind="log.new", direction="new", at=at, reported_by="redis"
    )
    assert strength(down("redis"), words) == pytest.approx(left)


@pytest.mark.parametrize(("at", "slope", "left"), [(-20.0, 60.0, 0.3), (5.0, 60.0, 0.9), (-20.0, 20.0, 0.9)])
def test_a_copy_of_what_nobody_writes_to_is_not_behind(at: float, slope: float, left: float) -> None:
    lag = shop.fact(
        "payment", "lag", "payment: lag grew.", kind="metric.trend", slope_per_min=slope, **{"from": 3.0}
    ).model_copy(update={"unit": "s"})
    silent = shop.fact("postgres", "traffic", "postgres: writes fell.", direction="down", at=at)
    assert strength(lag, silent) == pytest.approx(left)


@pytest.mark.parametrize(
    ("ratio", "unit", "left"), [(1.3, "MiB", 0.3), (3.0, "MiB", 0.9), (1.3, "percent", 0.9)]
)
def test_somewhat_more_memory_exhausts_nothing(ratio: float, unit: str, left: float) -> None:
    more = shop.fact("orders", "memory", "orders: memory rose.", ratio=ratio).model_copy(
        update={"unit": unit}
    )
    assert strength(more) == pytest.approx(left)


def test_the_memory_of_a_process_that_began_anew_is_no_growth() -> None:
    more = shop.fact("orders", "memory", "orders: memory rose.", ratio=3.0, at=5.0)
    began = shop.fact(
        "orders", "restart", "orders: the process restarted.", kind="metric.restart", direction="new"
    )
    assert strength(more, began) == pytest.approx(0.3)


def test_a_cause_of_which_no_kind_holds_one_half_is_told_as_open() -> None:
    """An error of its own and a changed setting: the component is sure, its kind is not."""
    facts = shop.numbered(
        [
            shop.fact("orders", "errors", "orders: failed requests rose.", strength=0.9),
            shop.fact("gateway", "errors", "gateway: failed requests rose.", strength=0.9),
            shop.fact("gateway", "errors", "gateway: calls to orders fail.", peer="orders", strength=0.9),
            shop.fact("orders", "log.lock", "orders waits.", kind="log.new", direction="new", strength=0.9),
            shop.fact(
                "orders", "connections", "orders: connections rose.", strength=0.9, before=10, after=90
            ),
            *(
                q
                for name in ("catalog", "payment", "postgres", "redis")
                for q in shop.quiet(name, "latency", "errors")
            ),
        ]
    )
    found = weigh(facts, shop.inventory(), bundled())
    kinds = [s for s in found.suspects if s.component == "orders"]
    assert kinds[0].probability < 0.5
    assert (found.verdict, found.component, found.fault) == ("cause", "orders", OPEN)
    assert found.probability == pytest.approx(sum(s.probability for s in kinds), abs=0.001)
