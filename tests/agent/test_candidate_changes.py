"""An unknown cause names the changes that came first, as looks: how to check them and how to take them back."""

from __future__ import annotations

from datetime import timedelta

from aitia.agent.candidate_changes import changes_to_check
from aitia.agent.checks import next_checks
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed
from aitia.core.words import Evidence, Suspect

from .evidence import T0, fact, inventory, numbered


def change(component: str, kind: str, at: float, text: str = "v2") -> Evidence:
    told = f'{component} was changed: "{text}".'
    return fact(
        component, f"change.{kind}", told, kind=f"change.{kind}", direction="changed", strength=0.7, at=at
    )


def open_verdict(*components: str) -> Weighed:
    suspects = tuple(
        Suspect(component=c, fault="software.latency", score=1.0 - n, probability=0.2, ledger=())
        for n, c in enumerate(components)
    )
    return Weighed(verdict="unknown", probability=0.6, suspects=suspects)


SLOW = fact("gateway", "latency", "gateway: latency rose from 20 to 900 ms.", at=0)


def texts(weighed: Weighed, *facts: Evidence) -> list[str]:
    return [c.text for c in changes_to_check(weighed, numbered([SLOW, *facts]), ())]


def test_changes_before_the_first_onset_are_named_with_check_and_way_back() -> None:
    (told,) = texts(open_verdict("orders"), change("orders", "deploy", -120))
    assert told.startswith("Check a change that came first: orders was changed")
    assert "under both versions" in told
    assert "roll it back" in told


def test_each_kind_has_its_own_way_back() -> None:
    for kind, way in {"config": "restore", "flag": "switch it back", "scale": "scale it back"}.items():
        (told,) = texts(open_verdict("orders"), change("orders", kind, -60))
        assert way in told


def test_what_came_after_the_onset_or_days_before_is_not_named() -> None:
    late, old = change("orders", "deploy", 90), change("orders", "deploy", -timedelta(days=2).total_seconds())
    assert texts(open_verdict("orders"), late, old) == []


def test_the_latest_at_likely_suspects_goes_first_and_two_are_enough() -> None:
    told = texts(
        open_verdict("orders", "payment"),
        change("catalog", "deploy", -10),
        change("payment", "deploy", -500),
        change("orders", "config", -900),
    )
    assert [t.split(": ")[1].split()[0] for t in told] == ["payment", "orders"]


def test_the_change_nearest_before_the_present_trouble_is_told_not_the_oldest() -> None:
    again = fact(
        "gateway",
        "errors",
        "gateway: errors rose.",
        at=-1500,
        again_since=(T0 + timedelta(seconds=600)).timestamp(),
    )
    facts = numbered([again, change("orders", "deploy", -1600), change("orders", "config", 570)])
    told = changes_to_check(open_verdict("orders"), facts, (), ("gateway",))
    assert "restore the setting" in told[0].text


def test_a_named_cause_or_no_onset_names_none() -> None:
    named = open_verdict("orders").model_copy(update={"verdict": "cause", "component": "orders"})
    assert changes_to_check(named, numbered([SLOW, change("orders", "deploy", -60)]), ()) == []
    assert changes_to_check(open_verdict("orders"), numbered([change("orders", "deploy", -60)]), ()) == []


def test_an_unknown_verdict_tells_them_among_what_to_check_next() -> None:
    evidence = numbered([SLOW, change("orders", "flag", -60)])
    told = [c.text for c in next_checks(open_verdict("orders"), evidence, inventory(), bundled())]
    assert any("switch it back" in t for t in told)
