"""Digests: within the budget, the strongest and the most various facts, in the evidence's order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from aitia.agent.planning.digest import digest
from aitia.core.words import Evidence, SourceRef


def fact(
    component: str, aspect: str, strength: float, text: str = "rose", kind: str = "metric.shift"
) -> Evidence:
    return Evidence(
        component=component,
        kind=kind,
        aspect=aspect,
        statement=f"{component}: {aspect} {text}.",
        strength=strength,
        source=SourceRef(source="m", query="q"),
    )


def words(text: str) -> int:
    return len(text.split())


def test_another_component_adds_more_than_the_same_again() -> None:
    facts = [fact("web", "latency", 0.9), fact("web", "latency", 0.89, "rose too"), fact("db", "errors", 0.6)]
    assert digest(facts, tokens=6, count=words) == ["web: latency rose.", "db: errors rose."]


def test_the_order_is_that_of_the_evidence_and_nothing_is_left_out_that_fits() -> None:
    facts = [fact("a", "cpu", 0.3), fact("b", "latency", 0.9), fact("c", "errors", 0.5)]
    assert digest(facts, tokens=100, count=words) == [f.statement for f in facts]


def test_what_was_recalled_or_ranked_is_no_observation_but_a_deploy_is() -> None:
    facts = [
        fact("web", "incident.similar", 0.9, kind="incident.similar"),
        fact("web", "rank.metrics", 0.9, kind="rank.suspect"),
        fact("web", "change.deploy", 0.7, kind="change.deploy"),
        fact("web", "latency", 0.0),
    ]
    assert digest(facts, tokens=100, count=words) == ["web: change.deploy rose."]


def test_a_fact_that_does_not_fit_gives_way_to_one_that_does() -> None:
    facts = [fact("web", "latency", 1.0, "rose " * 40), fact("db", "errors", 0.2)]
    assert digest(facts, tokens=8, count=words) == ["db: errors rose."]
    assert digest(facts, tokens=500, count=words, chars=30)[0].endswith("…")


@given(
    st.lists(st.builds(fact, st.sampled_from("abc"), st.sampled_from(["cpu", "latency"]), st.floats(0, 1))),
    st.integers(0, 40),
)
def test_never_over_budget(facts: Sequence[Evidence], tokens: int) -> None:
    lines = digest(facts, tokens=tokens, count=words)
    assert sum(map(words, lines)) <= tokens
    assert all(any(f.statement == line for f in facts) for line in lines)
