"""A kind is left open where nothing at hand tells it from others; who it is stays."""

from __future__ import annotations

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.unshown import left_open
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Evidence, Holding, Inventory
from tests.agent import evidence as shop

LOGS = Holding(source="logs", kind="logs", components=("orders", "payment"), count=900)


def overloaded() -> list[Evidence]:
    """Payment is asked for more and fails more; a ranking names it."""
    return shop.numbered(
        [
            shop.fact("payment", "errors", "payment: its failed requests rose from 0 to 4/s.", ratio=9.0),
            shop.fact("payment", "traffic", "payment: requests rose from 10 to 60/s (6×).", ratio=6.0),
            shop.fact("payment", "rank.metrics", "payment ranks first.", kind="rank.suspect", at=None),
        ]
    )


def told(facts: list[Evidence], inventory: Inventory) -> tuple[Weighed, Weighed]:
    weighed = weigh(facts, inventory, bundled())
    return weighed, left_open(weighed, facts, inventory, bundled())


def logged(*, unread: bool = False) -> Inventory:
    made = shop.inventory()
    return made.model_copy(update={"holdings": (*made.holdings, LOGS.model_copy(update={"unread": unread}))})


def total(weighed: Weighed) -> float:
    return sum(s.probability for s in weighed.suspects)


@pytest.mark.parametrize("inventory", [shop.inventory(), logged(unread=True)], ids=["no log", "unread log"])
def test_what_is_only_felt_has_no_kind_without_the_components_log(inventory: Inventory) -> None:
    before, after = told(overloaded(), inventory)
    assert (before.verdict, before.component, before.fault) == ("cause", "payment", "resource.overload")
    assert (after.verdict, after.component, after.fault) == ("cause", "payment", "unspecified")
    assert total(after) == pytest.approx(total(before), abs=1e-3)


def test_with_its_log_at_hand_that_says_nothing_else_the_kind_is_told() -> None:
    before, after = told(overloaded(), logged())
    assert after == before


def test_a_kind_that_is_never_sure_is_not_sure_either_where_nothing_ranked_its_component() -> None:
    texts = (
        ("orders", "log.connection_refused", "orders logged 90 errors: connection refused.", ""),
        ("orders", "log.timeout", "orders logged 40 errors: timed out.", ""),
        ("gateway", "log.unavailable", "gateway logged 30 errors: orders answers 503.", "orders"),
        ("gateway", "log.timeout", "gateway logged 20 errors: orders timed out.", "orders"),
    )
    refused = [
        shop.fact(component, aspect, text, kind="log.new_error", direction="new", peer=peer)
        for component, aspect, text, peer in texts
    ]
    made = shop.inventory()
    alone = made.model_copy(update={"holdings": (LOGS,)})
    before, after = told(shop.numbered(refused), alone)
    assert (before.component, before.fault) == ("orders", "software.dependency")
    known = bundled().get("software.dependency")
    assert known is not None
    share = {(s.component, s.fault): s.probability for s in after.suspects}
    assert share["orders", "software.dependency"] == pytest.approx(known.sure * before.probability, abs=1e-3)
    assert (
        share["", "unknown"] > {(s.component, s.fault): s.probability for s in before.suspects}["", "unknown"]
    )
    assert total(after) == pytest.approx(total(before), abs=1e-3)
    fewer = [f for f in shop.numbered(refused) if f.component == "orders"]
    assert told(fewer, alone)[1].verdict == "unknown"


def test_one_that_is_gone_and_has_no_log_may_hang_as_well() -> None:
    down = shop.fact("postgres", "availability", "postgres is down.", kind="metric.level", direction="gone")
    lost = shop.fact("orders", "errors", "orders: its failed requests rose from 0 to 4/s.", at=10, ratio=9.0)
    before, after = told(shop.numbered([down, lost]), shop.inventory())
    assert (before.component, before.fault) == ("postgres", "software.crash")
    assert after.probability < before.probability
    assert total(after) == pytest.approx(total(before), abs=1e-3)


def test_other_verdicts_stay() -> None:
    calm = shop.numbered(shop.quiet("payment", "latency", "errors"))
    before, after = told(calm, shop.inventory())
    assert before.verdict != "cause"
    assert after == before
