"""What the verifier lets through and what it refuses: each family of error planted in a true sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.agent.taxonomy import bundled
from aitia.agent.template import vocabulary
from aitia.agent.verifier import Grounds, check

from . import evidence as shop

FACTS = {e.id: e for e in shop.connection_leak()}
NAMES = frozenset(shop.CALLS)


def grounds(*ids: str, order: bool = True) -> Grounds:
    fault = bundled()["resource.connections"]
    return Grounds(facts=[FACTS[i] for i in ids], names=NAMES, vocabulary=vocabulary(fault), order=order)


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        (
            ("E1", "E2"),
            "After orders was deployed at 10:00:00 UTC, the connections of orders rose from 3 to 31.",
        ),
        (
            ("E1", "E2"),
            "The deployment of orders led to an increase in connections from 3 to 31 at 10:00:10 UTC.",
        ),
        (
            ("E3", "E6"),
            "As the connections of postgres rose from 8 to 40, the error ratio of gateway rose from 0 % to 22 %.",
        ),
        (
            ("E3", "E6"),
            "The error ratio of gateway rose to 22 % because postgres reached its limit of 40 connections.",
        ),
        (
            ("E2", "E3"),
            "Orders held 31 connections, and after that postgres reached 100 % of its limit of 40 at 10:00:20 UTC.",
        ),
    ],
)
def test_true_sentences_pass(ids: tuple[str, str], sentence: str) -> None:
    assert check(sentence, grounds(*ids)) == []


@pytest.mark.parametrize(
    ("family", "ids", "sentence"),
    [
        ("number", ("E1", "E2"), "After orders was deployed, the connections of orders rose from 3 to 37."),
        (
            "unit",
            ("E3", "E6"),
            "As postgres reached its limit of 40, the error ratio of gateway rose to 22 ms.",
        ),
        (
            "role",
            ("E3", "E6"),
            "As postgres reached its limit of 40, the error ratio of gateway rose by 22 %.",
        ),
        (
            "role",
            ("E2", "E3"),
            "As the connections of orders rose, the connections of postgres rose by 100 %.",
        ),
        (
            "component",
            ("E3", "E6"),
            "As the connections of redis rose from 8 to 40, the error ratio of gateway rose to 22 %.",
        ),
        (
            "swapped",
            ("E2", "E3"),
            "As the connections of postgres rose from 3 to 31, the connections of orders reached 40.",
        ),
        (
            "direction",
            ("E3", "E6"),
            "As the connections of postgres fell from 8 to 40, the error ratio of gateway rose to 22 %.",
        ),
        (
            "order",
            ("E3", "E6"),
            "The error ratio of gateway rose to 22 %, which led to postgres reaching 40 connections.",
        ),
        (
            "order",
            ("E3", "E6"),
            "Postgres reached 40 connections because the error ratio of gateway rose to 22 %.",
        ),
        (
            "time",
            ("E1", "E2"),
            "After orders was deployed at 10:07:00 UTC, the connections of orders rose from 3 to 31.",
        ),
        (
            "citation",
            ("E1", "E2"),
            "After orders was deployed [E9], the connections of orders rose from 3 to 31.",
        ),
        ("entity", ("E3", "E6"), "As kafka lagged, the error ratio of gateway rose to 22 %."),
        (
            "mechanism",
            ("E1", "E2"),
            "A missing index after orders was deployed made the connections of orders rose to 31.",
        ),
        (
            "negation",
            ("E1", "E2"),
            "After orders was deployed, the connections of orders did not rise from 3 to 31.",
        ),
        (
            "certainty",
            ("E1", "E2"),
            "Orders was deployed, which certainly made the connections of orders rise to 31.",
        ),
        ("empty", ("E1", "E2"), "One led to the other."),
        (
            "unfinished",
            ("E1", "E2"),
            "After orders was deployed at 10:00:00 UTC, the connections of orders rose from",
        ),
    ],
)
def test_planted_errors_are_refused(family: str, ids: tuple[str, str], sentence: str) -> None:
    assert check(sentence, grounds(*ids)), family


@given(st.integers(min_value=0, max_value=10**6))
def test_no_other_number_passes(number: int) -> None:
    sentence = f"After orders was deployed, the connections of orders rose from 3 to {number}."
    assert bool(check(sentence, grounds("E1", "E2"))) == (number != 31)


@given(st.text(max_size=300))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert isinstance(check(text, grounds("E1", "E2")), list)
