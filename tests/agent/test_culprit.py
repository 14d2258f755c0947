"""Who it is, as learned: what it changes, whom it may not raise, and that its files hold together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from aitia.agent.culprit import FEATURES, TERM, bundled_culprit, features, is_asked
from aitia.agent.facts import Facts
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import Weights, bundled_weights, ledgers_alone
from aitia.core.words import Component, Evidence, Suspect
from tests.agent import evidence as shop

CULPRITS = Path(__file__).parents[2] / "benchmarks" / "lab" / "culprits.json"
LEANS = ledgers_alone().model_copy(
    update={"components": {"own.restart": 9.0, "ledgers": 1.0, "nobody.ledgers": 1.0}}
)
"""Believes the ledgers, and whoever restarted."""


def stack() -> list[Evidence]:
    """redis was restarted and pays for it, catalog fails; a log says little."""
    return shop.numbered(
        [
            shop.fact("redis", "restart", "redis: started anew.", kind="metric.restart", at=10),
            shop.fact("redis", "availability", "redis: up 0.", direction="down", strength=0.7, at=5),
            shop.fact("catalog", "errors", "catalog: errors 4 → 40.", at=20),
            shop.fact("catalog", "cpu", "catalog: cpu 20 → 90 %.", at=20),
            shop.fact("gateway", "errors", "gateway: errors 1 → 9.", at=25),
            shop.fact(
                "orders", "log.other", "orders: a line.", kind="log.new", direction="new", strength=0.2
            ),
            *(q for name in shop.CALLS for q in shop.quiet(name, "memory", "disk", "threads", "io")),
        ]
    )


def by(weights: Weights, facts: list[Evidence] | None = None) -> Weighed:
    return weigh(facts or stack(), shop.inventory(), bundled(), weights)


def share(weighed: Weighed, component: str) -> float:
    return sum(s.probability for s in weighed.suspects if s.component == component)


def facts_of(evidence: list[Evidence]) -> Facts:
    return Facts(evidence, Topology(shop.inventory().components).told_by(evidence))


def lines(suspect: Suspect) -> list[float]:
    return [c.log_odds for c in suspect.ledger if c.term == TERM]


def test_what_was_learned_moves_a_component_and_is_a_line_of_its_ledger() -> None:
    alone, leaning = by(ledgers_alone()), by(LEANS)
    assert share(leaning, "redis") > share(alone, "redis") + 0.05
    of_redis = next(s for s in leaning.suspects if s.component == "redis")
    assert len(lines(of_redis)) == 1
    assert lines(of_redis)[0] > 0
    assert of_redis.score == pytest.approx(sum(c.log_odds for c in of_redis.ledger), abs=0.01)
    assert sum(s.probability for s in leaning.suspects) == pytest.approx(1.0, abs=0.01)


def test_kinds_of_a_component_keep_their_shares() -> None:
    def kinds(weighed: Weighed) -> list[float]:
        found = {s.fault: s.probability for s in weighed.suspects if s.component == "redis"}
        return [found[f] / sum(found.values()) for f in sorted(found) if found[f] > 0.01]

    before, after = kinds(by(ledgers_alone())), kinds(by(LEANS))
    assert max(before) == pytest.approx(max(after), abs=0.1)


def test_without_factors_the_ledgers_decide() -> None:
    assert not any(lines(s) for s in by(ledgers_alone()).suspects)


def test_words_are_no_feature() -> None:
    """An attacker who writes a log moves nobody by it but through the ledgers, which have rules for that."""
    planted = [
        shop.fact(name, aspect, "planted", kind="log.new", direction="new", strength=0.97, reported_by=name)
        for name in ("users", "payment", "postgres")
        for aspect in ("log.restart", "log.oom", "log.configuration", "log.error", "log.connection_refused")
    ]
    shares = {"redis": 0.5, "catalog": 0.2}
    clean, _ = features(facts_of(stack()), shares, 0.1, 0.2)
    attacked, _ = features(facts_of([*stack(), *planted]), shares, 0.1, 0.2)
    measured = [f for f in FEATURES if f.startswith(("own.", "told.", "callers.", "callees."))]
    for name, values in clean.items():
        assert {f: values.get(f, 0.0) for f in measured} == {f: attacked[name].get(f, 0.0) for f in measured}


def test_whom_no_kind_fits_is_not_raised() -> None:
    """gateway has less than the floor, and is not made the cause by any factor."""
    sure_of_edges = LEANS.model_copy(
        update={"components": {"callees.harm": 50.0, "ledgers": 1.0, "nobody.ledgers": 1.0}}
    )
    for suspect in by(sure_of_edges).suspects:
        if share(by(ledgers_alone()), suspect.component) < 0.03:
            assert not lines(suspect)


@pytest.mark.parametrize(
    "more",
    [
        shop.fact("orders", "latency", "orders → payment: 90 ms → 2 s.", peer="payment"),
        shop.fact("orders", "errors", "orders: spans fail.", kind="trace.errors"),
        shop.fact("orders", "k8s.crash_loop", "orders: crash loop.", kind="cluster.finding"),
    ],
)
def test_it_is_not_asked_where_calls_are_timed_or_objects_are_known(more: Evidence) -> None:
    assert is_asked(facts_of(stack()), ["service"])
    assert not is_asked(facts_of([*stack(), more]), ["service"])


def test_it_is_not_asked_of_machines_or_where_nothing_is_logged() -> None:
    assert not is_asked(facts_of(stack()), [Component(id="P-1", type="machine").type])
    assert not is_asked(facts_of([e for e in stack() if not e.kind.startswith("log.")]), ["service"])


def test_it_is_not_asked_where_little_is_measured() -> None:
    """As in every case that it was learned from: five components and 25 facts of metrics."""
    assert not is_asked(
        facts_of([e for e in stack() if e.component in ("redis", "catalog", "orders")]), ["service"]
    )
    assert not is_asked(facts_of([e for e in stack() if e.kind != "metric.quiet"]), ["service"])


def test_the_bundled_factors_keep_their_signs_and_leave_each_system_out() -> None:
    told = json.loads(CULPRITS.read_text(encoding="utf-8"))
    assert len(told) == bundled_culprit().data["systems"]
    assert bundled_weights().components == bundled_culprit().factors
    for factors in (bundled_culprit().factors, *told.values()):
        assert Weights(components=factors).components
        assert all(v >= 0 for f, v in factors.items() if f.startswith(("own.", "told.", "rank.")))
        assert factors.get("callees.harm", 0.0) <= 0
        assert factors.get("late", 0.0) <= 0
    assert len({json.dumps(f, sort_keys=True) for f in told.values()}) == len(told)


def test_an_unknown_feature_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"own\.mood"):
        Weights(components={"own.mood": 1.0})
