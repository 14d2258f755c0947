"""Words that nothing knows: passed over where they name nothing, a refusal where they may; and what is no slip of the finger."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aitia.agent.asking.question.about import _same_digits
from aitia.agent.asking.question.refusing import asks_for_change
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.spelling import spelled
from aitia.graphs.looking import look
from aitia.tools.meaning.incidents.mentions import Mention
from aitia.tools.query.site import Site


@pytest.mark.parametrize(
    "question",
    [
        "memory in use of redis grumbling at most",
        "mémoire maximale utilisée par redis, forcément",
    ],
)
def test_an_unknown_word_apart_from_all_things_is_passed_over_and_named(
    question: str, shop_site: Site
) -> None:
    found = look(question, shop_site)
    assert found is not None
    assert found[0].status == "answered"
    assert "read the question without" in found[0].text
    assert 'metric="redis_memory_used_bytes"' in found[0].queries[0]


@pytest.mark.parametrize(
    "question",
    [
        "how grumbly is the memory in use of redis",
        "grumble of redis memory in use at most",
        "the grumble and memory in use of redis at most",
        "axial memory in use of redis at most",
        "memory in use at most, frobnicate, grumble, zorble, redis",
    ],
)
def test_an_unknown_word_that_may_name_a_thing_is_not_passed_over(question: str, shop_site: Site) -> None:
    found = look(question, shop_site)
    assert found is None or "read the question without" not in found[0].text


@pytest.mark.parametrize("word", ["storm", "powder", "watts", "token", "chat", "here", "pass"])
def test_words_that_people_write_are_no_slips(word: str) -> None:
    assert spelled(f"the {word} of it", ["web"]) == f"the {word} of it"


def test_slips_are_still_put_right() -> None:
    assert spelled("how many erors", []) == "how many errors"


@pytest.mark.parametrize(
    ("said", "same"), [("etcd-a", True), ("etcd-d", False), ("etcdd", True), ("etcd-2", False)]
)
def test_a_last_letter_and_a_number_tell_components_apart(shop_site: Site, said: str, same: bool) -> None:
    mention = Mention(component="etcd-a", begin=0, end=len(said), sure=0.8)
    assert _same_digits(mention, said, shop_site) is same


@pytest.mark.parametrize(
    ("text", "month"), [("since the start of May", 5), ("en julio de 2026", 7), ("seit Anfang März", 3)]
)
def test_months_in_more_ways(text: str, month: int) -> None:
    span = span_of(f"work orders {text}", datetime(2026, 8, 9, tzinfo=UTC))
    assert span.since is not None
    assert (span.since.month, span.since.day) == (month, 1)


@pytest.mark.parametrize(
    "text", ["bring memcached back up please!!", "remets la pompe en route", "vuelve a levantar el proxy"]
)
def test_to_bring_something_back_is_an_order(text: str) -> None:
    assert asks_for_change(text)


def test_whether_somebody_brought_it_back_is_none() -> None:
    assert not asks_for_change("who brought memcached back up?")
