"""What a few words ask anew of a figure or of lines: how it is now, when it rose, how often, how many there should be."""

from __future__ import annotations

import pytest

from tests.query.conftest import Sitting


@pytest.mark.parametrize(
    "now", ["and how is it now?", "und wie hoch ist sie jetzt?", "e adesso a quanto sta?", "et maintenant ?"]
)
def test_a_peak_is_followed_by_what_it_is_now(shop: Sitting, now: str) -> None:
    shop.ask("max pg_stat_activity_count of postgres since 01:08")
    assert 'function="max"' in shop.query
    shop.ask(now)
    assert shop.answer.status == "answered"
    assert "function=" not in shop.query
    assert "since=" not in shop.query
    assert "pg_stat_activity_count" in shop.query


def test_a_counter_tells_when_it_first_and_last_rose(shop: Sitting) -> None:
    shop.ask('stat(component="gateway", metric="http_requests_total", labels="code=5xx", function="sum")')
    if shop.answer.status != "answered":
        pytest.skip("no such counter is recorded")
    first = shop.ask("since when?").found.at
    shop.ask('stat(component="gateway", metric="http_requests_total", labels="code=5xx", function="sum")')
    last = shop.ask("and when was the last one?").found.at
    assert first is not None
    assert last is not None
    assert first < last


def test_lines_are_counted_where_it_is_asked_how_often_that_happened(shop: Sitting) -> None:
    shown = shop.ask("show the error lines of orders").found.value
    shop.ask("how often did that happen?")
    assert shop.query.startswith('count(component="orders"')
    assert shop.found.value == shown


def test_pods_are_followed_by_how_many_there_should_be(cluster: Sitting) -> None:
    cluster.ask("how many pods of ingest-api are ready?")
    cluster.ask("and how many should there be?")
    assert cluster.query == 'get(component="ingest-api", part="replicas")'
