"""A protection that operated is suspected before what lies dead behind it."""

from __future__ import annotations

from datetime import timedelta

from aitia.agent.tripped import behind_trips
from aitia.core.words import Component, Evidence, Link

from . import evidence as shop


def feeds(name: str, *to: str) -> Component:
    return Component(id=name, type="machine", links=tuple(Link(relation="feeds", to=t) for t in to))


NETWORK = [feeds("Q1", "L1"), feeds("L1", "N2"), feeds("N2", "L2"), feeds("L2", "N3"), feeds("N3")]


def idle(component: str) -> Evidence:
    made = shop.fact(
        component, "pattern.idle", f"{component}: nothing flows through it since 10:00:00 UTC, earlier never.",
        kind="signal.idle", direction="down", strength=0.85,
    )  # fmt: skip
    return made.model_copy(update={"onset": shop.T0, "onset_error_s": 60.0})


def entry(component: str, minutes: float, acted: str = "yes") -> Evidence:
    made = shop.fact(
        component, "condition.alarms", "told", kind="journal.entry", direction="changed", strength=0.3
    )
    return made.model_copy(
        update={
            "onset": shop.T0 + timedelta(minutes=minutes),
            "values": {"text": "PTOC1.Op operated", "acted": acted},
        }
    )


def metered(component: str) -> Evidence:
    return shop.fact(component, "current", "told", kind="metric.quiet", direction="steady", at=None)


def test_the_one_that_acted_and_has_no_meter_is_told_of_in_place_of_what_is_dead_behind_it() -> None:
    moved, _ = behind_trips([idle("L2"), entry("Q1", -2)], NETWORK)
    assert moved.component == "Q1"
    assert moved.kind == "signal.idle"
    assert "PTOC1.Op operated" in moved.statement
    assert "behind it nothing flows through L2" in moved.statement
    assert moved.taint  # it quotes the journal


def test_one_with_a_meter_is_accused_by_its_own_signals_and_named_beside() -> None:
    kept, *_ = behind_trips([idle("L2"), entry("L1", -2), metered("L1")], NETWORK)
    assert kept.component == "L2"
    assert "L1, which feeds it" in kept.statement


def test_the_nearest_that_acted_at_that_time_counts_and_announcements_do_not() -> None:
    moved, *_ = behind_trips([idle("L2"), entry("Q1", -5), entry("L1", -2)], NETWORK)
    assert moved.component == "L1"
    for other in (entry("Q1", -90), entry("Q1", 30), entry("Q1", -2, acted="no"), entry("N3", -2)):
        assert behind_trips([idle("L2"), other], NETWORK)[0] == idle("L2")


def test_what_is_dead_keeps_its_place_where_it_acted_itself() -> None:
    own, _ = behind_trips([idle("L2"), entry("L2", -2)], NETWORK)
    assert own.component == "L2"
    assert own.statement.endswith('the journal says at 09:58:00 UTC: "PTOC1.Op operated".')
