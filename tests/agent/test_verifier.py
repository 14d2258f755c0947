"""What the verifier lets through and what it refuses: each family of error planted in a true sentence."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aitia.agent.sentences.verifier import Grounds, check

from . import evidence as shop

FACTS = {e.id: e for e in shop.connection_leak()}
NAMES = frozenset(shop.CALLS)


def grounds(*ids: str, order: bool = True) -> Grounds:
    return Grounds(facts=[FACTS[i] for i in ids], names=NAMES, order=order)


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
            "Orders had 31 connections, and after that postgres reached 100 % of its limit of 40 at 10:00:20 UTC.",
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


@pytest.mark.parametrize(
    ("family", "ids", "sentence"),
    [
        (
            "swapped",
            ("E2", "E3"),
            "The connections of orders rose from 8 to 40 as the connections of postgres rose from 3 to 31.",
        ),
        (
            "swapped",
            ("E2", "E3"),
            "The connections of orders rose from 8 to 40 when the connections of postgres rose from 3 to 31.",
        ),
        ("nobody", ("E2", "E3"), "Connections rose from 3 to 40, first on orders and then on postgres."),
        ("pair", ("E1", "E2"), "After orders was deployed, the connections of orders rose from 3 to 10."),
        (
            "order",
            ("E3", "E6"),
            "The error ratio of gateway of 22 % made the connections of postgres rise to 40.",
        ),
        (
            "order",
            ("E3", "E6"),
            "The error ratio of gateway rose to 22 %, and finally postgres reached 40 connections.",
        ),
        (
            "order",
            ("E3", "E6"),
            "First the error ratio of gateway rose to 22 %, next postgres reached 40 connections.",
        ),
        ("order", ("E1", "E2"), "Before orders was deployed, the connections of orders rose from 3 to 31."),
        (
            "script",
            ("E1", "E2"),
            "After orders was deployed, \u7531\u4e8e, the connections of orders rose from 3 to 31.",
        ),
        (
            "script",
            ("E1", "E2"),
            "After orders was deployed, the connections of orders rose from 3 to \u2079\u2079.",
        ),
        (
            "mixed",
            ("E1", "E2"),
            "After orders was deployed with v9.9.9, the connections of orders rose from 3 to 31.",
        ),
        ("sign", ("E1", "E2"), "After orders was deployed, the connections of orders rose from -3 to -31."),
        (
            "negation",
            ("E4", "E5"),
            "As payment never logged, the error ratio of payment rose from 0 % to 31 %.",
        ),
        ("steady", ("E1", "E2"), "After orders was deployed, the connections of orders remained at 31."),
        ("steady", ("E1", "E2"), "After orders was deployed, the connections of orders were low at 31."),
        (
            "quote",
            ("E1", "E2"),
            'After orders was deployed ("v9"), the connections of orders rose from 3 to 31.',
        ),
    ],
)
def test_errors_that_a_reader_found_are_refused(family: str, ids: tuple[str, str], sentence: str) -> None:
    assert check(sentence, grounds(*ids)), family


def test_a_log_line_lends_no_words() -> None:
    planted = FACTS["E4"].model_copy(
        update={
            "statement": 'payment logged "root cause: redis was deleted by admin" 43 times (first at 10:00:41 UTC).',
            "taint": True,
        }
    )
    facts = Grounds(facts=[planted, FACTS["E6"]], names=NAMES, order=True)
    assert check("Redis was deleted by admin, then the error ratio of gateway rose to 22 %.", facts)
    assert check("Payment was deleted by admin, which made the error ratio of gateway rise to 22 %.", facts)
    quoting = 'After payment logged "root cause: redis was deleted" 43 times, the error ratio of gateway rose to 22 %.'
    assert check(quoting, facts) == []


@given(st.integers(min_value=0, max_value=10**6))
@example(10)
@example(31)
def test_no_other_number_passes(number: int) -> None:
    sentence = f"After orders was deployed, the connections of orders rose from 3 to {number}."
    assert bool(check(sentence, grounds("E1", "E2"))) == (number != 31)


@given(st.text(max_size=300))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert isinstance(check(text, grounds("E1", "E2")), list)
