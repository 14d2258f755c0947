"""The weigher on facts of a shop: the right pair, and the same verdict whatever things are called."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Component, Evidence, Inventory, Link

from . import evidence as shop

CASES = {
    "connection_leak": ("cause", "orders", "resource.connections"),
    "slow_path": ("cause", "redis", "network.delay"),
    "nothing": ("healthy", "", ""),
    "undecidable": ("unknown", "", ""),
}


def weighed(evidence: list[Evidence], inventory: Inventory | None = None) -> Weighed:
    return weigh(evidence, inventory or shop.inventory(), bundled())


@pytest.mark.parametrize(("case", "answer"), CASES.items())
def test_verdict(case: str, answer: tuple[str, str, str]) -> None:
    found = weighed(getattr(shop, case)())
    assert (found.verdict, found.component, found.fault) == answer
    assert sum(s.probability for s in found.suspects) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("case", CASES)
def test_names_times_and_order_do_not_matter(case: str) -> None:
    facts = getattr(shop, case)()
    before = weighed(facts)
    new = {name: f"x{i}-{name[::-1]}" for i, name in enumerate(sorted(shop.CALLS, reverse=True))}
    calls = {new[a]: tuple(new[b] for b in targets) for a, targets in shop.CALLS.items()}
    moved = [
        e.model_copy(
            update={
                "component": new[e.component],
                "peer": new.get(e.peer, ""),
                "onset": e.onset + timedelta(days=37) if e.onset else None,
            }
        )
        for e in facts
    ]
    random.Random(3).shuffle(moved)
    after = weighed(moved, shop.inventory(calls))
    assert (after.verdict, after.component, after.fault) == (
        before.verdict,
        new.get(before.component, ""),
        before.fault,
    )
    assert after.probability == pytest.approx(before.probability, abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_twenty_quiet_components_change_nothing(case: str) -> None:
    facts = getattr(shop, case)()
    before = weighed(facts)
    extra = {f"quiet{i}": () for i in range(20)}
    more = shop.numbered(
        [*facts, *[q for name in extra for q in shop.quiet(name, "latency", "cpu", "errors")]]
    )
    after = weighed(more, shop.inventory(shop.CALLS | extra))
    assert (after.verdict, after.component, after.fault) == (before.verdict, before.component, before.fault)


@pytest.mark.parametrize("case", ["connection_leak", "slow_path"])
def test_without_its_telemetry_the_culprit_is_not_convicted(case: str) -> None:
    facts = getattr(shop, case)()
    culprit = weighed(facts).component
    left = [e for e in facts if e.component != culprit]
    after = weighed(left)
    of_culprit = sum(s.probability for s in after.suspects if s.component == culprit)
    assert after.verdict == "unknown" or of_culprit < 0.5


def test_every_summand_is_in_the_ledger() -> None:
    for suspect in weighed(shop.connection_leak()).suspects:
        assert suspect.score == pytest.approx(sum(c.log_odds for c in suspect.ledger), abs=0.002)


def test_a_part_and_its_machine_are_one_suspect() -> None:
    machine = Component(id="pump-2", type="machine")
    bearing = Component(id="pump-2-de", type="part", links=(Link(relation="part_of", to="pump-2"),))
    facts = shop.numbered(
        [
            shop.fact(
                "pump-2-de",
                "vibration.bpfo",
                "pump-2-de: line at BPFO.",
                kind="vibration.line",
                direction="new",
            ),
            shop.fact("pump-2", "temperature", "pump-2: temperature rose from 51 °C to 58 °C.", strength=0.7),
        ]
    )
    found = weighed(facts, Inventory(components=(bearing, machine)))
    assert (found.component, found.fault) == ("pump-2-de", "machine.bearing.outer_race")
    assert len([s for s in found.suspects if s.fault == "machine.bearing.outer_race"]) == 1


def test_nothing_at_all_is_not_healthy() -> None:
    assert weighed([]).verdict == "unknown"


def two_faults() -> list[Evidence]:
    """A leak in orders and, independent of it, a slow path to redis."""
    leak = [e for e in shop.connection_leak() if e.direction != "steady"]
    slow = [e for e in shop.slow_path() if e.component == "catalog" or e.direction == "steady"]
    held = {"orders", "payment", "postgres"}
    return shop.numbered([*leak, *(e for e in slow if e.component not in held)])


def test_two_independent_faults_are_both_named() -> None:
    """Neither reaches the other: orders does not call redis, and catalog has nothing to do with postgres."""
    calls = {
        "gateway": ("orders",),
        "orders": ("payment", "postgres"),
        "payment": ("postgres",),
        "portal": ("catalog",),
        "catalog": ("redis",),
        "postgres": (),
        "redis": (),
    }
    found = weighed(two_faults(), shop.inventory(calls))
    assert found.verdict == "cause"
    named = {found.component: found.fault} | {s.component: s.fault for s in found.further}
    assert named == {"orders": "resource.connections", "redis": "network.delay"}


@pytest.mark.parametrize("case", ["connection_leak", "slow_path"])
def test_one_fault_has_no_further_cause(case: str) -> None:
    assert weighed(getattr(shop, case)()).further == ()


def ranked(component: str) -> Evidence:
    return shop.fact(
        component,
        "rank.metrics",
        f"{component} ranks first.",
        kind="rank.suspect",
        direction="none",
        strength=1.0,
    )


def changed_gateway() -> list[Evidence]:
    return [
        shop.fact(
            "gateway",
            "change.config",
            "gateway: configuration change.",
            kind="change.config",
            direction="none",
        ),
        shop.fact("gateway", "errors", "gateway: failed requests rose from 0 to 4 /s.", strength=0.9),
    ]


def test_what_speaks_for_an_unwatched_component_speaks_for_not_knowing() -> None:
    unwatched = shop.fact("orders", "errors", "orders: calls to catalog fail.", peer="catalog", strength=0.95)
    refused = shop.fact(
        "gateway",
        "log.connection_refused",
        "gateway: connect() to catalog failed.",
        peer="catalog",
        direction="new",
    )
    found = weighed(shop.numbered([*changed_gateway(), unwatched, refused, ranked("catalog")]))
    assert found.verdict == "unknown"
    doubt = next(s for s in found.suspects if s.fault == "unknown")
    assert "unknown.unseen" in {c.term for c in doubt.ledger}


@pytest.mark.parametrize("direction", ["down", "steady"])
def test_a_ranking_by_metrics_says_nothing_of_the_caller_of_what_stopped_answering(direction: str) -> None:
    """Where all callees answer the ranking counts; where one is gone it cannot tell whose the failures are."""
    watched = [q for name in shop.CALLS for q in shop.quiet(name, "latency")]
    state = shop.fact("orders", "availability", "orders: up.", direction=direction, strength=0.7)
    found = weighed(shop.numbered([*changed_gateway(), *watched, state, ranked("gateway")]))
    of_gateway = next(s for s in found.suspects if s.component == "gateway")
    assert ("ranking" in {c.term for c in of_gateway.ledger}) == (direction == "steady")


def test_not_healthy_where_what_the_alarm_names_is_not_watched() -> None:
    facts = shop.numbered([q for name in shop.CALLS if name != "redis" for q in shop.quiet(name, "latency")])
    plain = weigh(facts, shop.inventory(), bundled())
    assert plain.verdict == "healthy"
    assert weigh(facts, shop.inventory(), bundled(), alarmed=("redis",)).verdict == "unknown"
