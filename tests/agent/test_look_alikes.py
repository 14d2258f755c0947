"""What looks like a cause and is none, and what several kinds of faults look like alike."""

from __future__ import annotations

import pytest

from aitia.agent.anything_wrong import alarm
from aitia.agent.facts import Facts, is_harm
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.core.words import Evidence
from tests.agent import evidence as shop
from tests.agent.test_lock_wait import connections

GRAPH = Topology(shop.inventory().components)


def strengths(*facts: Evidence) -> list[float]:
    found = Facts(shop.numbered(list(facts)), GRAPH)
    return [found.strength(e) for e in found.all]


def held(at: float) -> Evidence:
    return shop.fact(
        "postgres", "connections", "postgres: connections from orders rose from 3 to 9 (3×).",
        peer="orders", at=at, before=3.0, after=9.0, ratio=3.0,
    )  # fmt: skip


def slow(at: float) -> Evidence:
    return shop.fact(
        "orders", "latency", "orders: mean latency rose from 10 to 40 ms (4×).", at=at, ratio=4.0
    )


def test_who_answers_slowly_holds_more_connections_but_a_leak_comes_first() -> None:
    assert strengths(held(0), slow(0))[0] == pytest.approx(0.3)
    assert strengths(held(0), slow(90))[0] == pytest.approx(0.9)
    assert strengths(held(0))[0] == pytest.approx(0.9)


def test_rows_without_an_index_and_a_copy_that_lags_are_no_leak_of_the_client() -> None:
    facts = connections()
    alone = weigh(shop.numbered(facts), shop.inventory(), bundled())
    assert (alone.component, alone.fault) == ("orders", "resource.connections")
    for aspect in ("scans", "lag"):
        more = [*facts, shop.fact("postgres", aspect, f"postgres: {aspect} rose from 0 to 900.")]
        found = weigh(shop.numbered(more), shop.inventory(), bundled())
        of = {(s.component, s.fault): s.probability for s in found.suspects}
        assert of["orders", "resource.connections"] < alone.probability / 2


@pytest.mark.parametrize(
    ("aspect", "direction", "harm"),
    [
        ("latency", "down", False), ("errors", "down", False), ("availability", "up", False),
        ("latency", "up", True), ("availability", "down", True), ("temperature", "down", True),
    ],
)  # fmt: skip
def test_nobody_suffers_of_faster_answers(aspect: str, direction: str, harm: bool) -> None:
    fact = shop.fact("orders", aspect, f"orders: {aspect} changed.", direction=direction)
    assert is_harm(fact) is harm
    # but nothing is as usual either
    assert alarm(Facts(shop.numbered([fact]), GRAPH)) > 0.4


@pytest.mark.parametrize(
    ("unit", "before", "after", "counts"),
    [("", 0.0, 17_632.0, False), ("MiB", 20.8, 102.0, True), ("KiB", 4.0, 900.0, False), ("percent", 10.0, 95.0, True)],
)  # fmt: skip
def test_a_few_kilobytes_exhaust_nothing(unit: str, before: float, after: float, counts: bool) -> None:
    fact = shop.fact("redis", "memory", "redis: memory in use rose.", before=before, after=after)
    (strength,) = strengths(fact.model_copy(update={"unit": unit}))
    assert strength == pytest.approx(0.9 if counts else 0.3)


@pytest.mark.parametrize(
    ("level", "p_value", "count", "counts"),
    [
        ("warning", 1.0, 1, False),
        ("error", 1.0, 1, True),
        ("warning", 0.01, 1, True),
        ("warning", 1.0, 40, True),
    ],
)
def test_what_a_log_begins_with_may_be_old(level: str, p_value: float, count: int, counts: bool) -> None:
    line = shop.fact(
        "redis", "log.oom", "redis logged once: 'overcommit must be enabled'.", kind="log.new", direction="new",
        strength=0.45, level=level, p_value=p_value, count_window=count,
    )  # fmt: skip
    assert strengths(line)[0] == pytest.approx(0.45 if counts else 0.15)


def test_refusals_alone_do_not_tell_a_dependency_from_a_wrong_address() -> None:
    facts = [
        shop.fact(
            "orders", "log.connection_refused", "orders logged 700 times: 'connect failed (111: Connection refused)'.",
            kind="log.new", direction="new", reported_by="orders",
        ),
        shop.fact("orders", "errors", "orders: errors rose from 0 to 8.", at=1),
        shop.fact("orders", "rank.metrics", "orders ranks first.", kind="rank.suspect", direction="none", at=None),
    ]  # fmt: skip
    found = weigh(shop.numbered(facts), shop.inventory({"orders": ()}), bundled())
    assert (found.verdict, found.component) == ("cause", "orders")
    told = next(s.probability for s in found.suspects if s.fault == "software.dependency")
    assert 0.3 < told < 0.7  # and what is left is open
    assert sum(s.probability for s in found.suspects) == pytest.approx(1, abs=0.01)


def test_a_fainter_leak_that_began_before_is_not_late() -> None:
    facts = [
        shop.fact("payment", "memory", "payment: memory grew from 20 to 900 MiB.", kind="metric.trend", strength=0.6, at=-60),
        shop.fact("payment", "availability", "payment is down.", direction="gone", at=40),
        shop.fact("orders", "errors", "orders: errors rose from 0 to 8.", at=0),
    ]  # fmt: skip
    found = weigh(shop.numbered(facts), shop.inventory(), bundled())
    ledgers = {s.fault: s.ledger for s in found.suspects if s.component == "payment"}
    assert not any(c.term == "order.late" for c in ledgers["resource.memory"])
    assert any(c.term == "order.late" for c in ledgers["software.crash"])


def test_who_fails_by_itself_and_stands_in_no_known_call_may_be_behind_it() -> None:
    calls = {"edge": ("web",), "web": (), "catalog": ()}
    facts = [
        shop.fact("web", "log.error", "web logged 107 times: 'GET /a -> 500'.", kind="log.new", direction="new", reported_by="web"),
        shop.fact("web", "rank.metrics", "web ranks first.", kind="rank.suspect", direction="none", at=None, strength=0.9),
        shop.fact("edge", "errors", "edge: failed requests rose from 0 to 2 /s."),
    ]  # fmt: skip
    own = [
        shop.fact("catalog", "errors", "catalog: failed requests rose from 0 to 2 /s."),
        shop.fact(
            "catalog", "log.exception", "catalog logged 189 times: 'TypeError'.", kind="log.new", direction="new",
            reported_by="catalog",
        ),
    ]  # fmt: skip

    def ranked(found: list[Evidence]) -> bool:
        weighed = weigh(shop.numbered(found), shop.inventory(calls), bundled())
        return any(c.term == "ranking" for s in weighed.suspects if s.component == "web" for c in s.ledger)

    assert ranked(facts)
    assert not ranked([*facts, *own])
    assert ranked([*facts, own[1]])  # by its log alone: whoever writes it could shift the blame
