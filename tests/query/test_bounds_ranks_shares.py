"""Bounds, ranks, shares, roles and units: how questions of them are read, and what the queries answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aitia.agent.asking.question.bounds import bound, each_of
from aitia.agent.asking.question.tables import is_glue
from aitia.core.errors import BadInput
from aitia.tools.query.execute import execute
from aitia.tools.query.notation import parse, written
from aitia.tools.query.site import Site
from aitia.tools.query.units import converted, factor
from aitia.tools.query.words import Beyond, Count, Share, Stat

from .conftest import Sitting

FLOW = "flow_m3_per_hour"


@pytest.mark.parametrize(
    ("text", "value", "above"),
    [
        ("did it exceed 60 °c", 60.0, True),
        ("when was it above 2,5 mm/s", 2.5, True),
        ("wann lag der strom unter 100 a", 100.0, False),
        ("wie oft wurden 2 mm/s überschritten", 2.0, True),
        ("quand a-t-elle dépassé 45 °c", 45.0, True),
        ("cuándo estuvo por debajo de 3 bar", 3.0, False),
        ("quando ha superato 45 gradi", 45.0, True),
    ],
)
def test_a_bound_is_read_in_five_languages(text: str, value: float, above: bool) -> None:
    found = bound(text)
    assert found is not None
    assert (found.value, found.above) == (value, above)


@pytest.mark.parametrize("text", ["over 5 minutes", "more than 10 errors", "über nacht", "at 10:43"])
def test_durations_and_numbers_of_things_are_no_bounds(text: str) -> None:
    assert bound(text) is None


@pytest.mark.parametrize(
    ("text", "by"),
    [("errors per component", "component"), ("Fehler je Knoten", "node"), ("errores por minuto", "minute")],
)
def test_each_is_read(text: str, by: str) -> None:
    found = each_of(text.casefold())
    assert found is not None
    assert found.by == by


def test_a_bound_tells_when_how_often_and_how_long(pump_site: Site) -> None:
    most = execute(Stat(component="P-101A", metric=FLOW, function="max"), pump_site)
    assert most.value is not None
    assert most.at is not None
    never = execute(Beyond(component="P-101A", metric=FLOW, above=most.value), pump_site)
    assert never.said.startswith("No:")
    once = execute(
        Beyond(component="P-101A", metric=FLOW, above=most.value - 1e-6, wanted="first"), pump_site
    )
    assert once.said.startswith("Yes:")
    assert once.at == most.at
    always = execute(Beyond(component="P-101A", metric=FLOW, above=-1e9, wanted="times"), pump_site)
    assert always.value == 1


def test_one_bound_is_given() -> None:
    with pytest.raises(BadInput, match="above=NUMBER or below=NUMBER"):
        parse('beyond(metric="m", component="c")', now=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_share_is_of_what_both_rose_by(shop_site: Site) -> None:
    label = "code=5xx"
    found = execute(
        Share(component="gateway", metric="http_requests_total", labels=label, whole="http_requests_total"),
        shop_site,
    )
    failed = execute(
        Stat(component="gateway", metric="http_requests_total", labels=label, function="sum"), shop_site
    )
    every = execute(Stat(component="gateway", metric="http_requests_total", function="sum"), shop_site)
    assert failed.value
    assert every.value
    assert found.value == pytest.approx(100 * failed.value / every.value, rel=1e-6)
    assert found.unit == "%"


def test_questions_for_shares_ranks_and_each(shop: Sitting) -> None:
    assert shop.ask("error rate of the gateway").query.startswith("share(")
    assert "http_requests_total" in shop.query
    assert shop.ask("cache hit ratio of redis").query.startswith("share(")
    ranked = shop.ask("which service uses the most memory?")
    values = [float(v) for v in ranked.found.values.values()]
    assert values == sorted(values, reverse=True)
    least = shop.ask("which service uses the least memory?")
    assert [float(v) for v in least.found.values.values()] == sorted(values)
    each = shop.ask("errors per component")
    assert 'by="component"' in each.query
    assert sum(int(v) for v in each.found.values.values()) == each.found.value


def test_lines_are_counted_by_minute(shop_site: Site) -> None:
    found = execute(Count(of="lines", level="error", by="minute"), shop_site)
    assert sum(int(v) for v in found.values.values()) == found.value
    assert all(datetime.strptime(k, "%Y-%m-%d %H:%M") for k in found.values)


def test_a_number_is_told_in_the_unit_that_is_wanted(shop: Sitting) -> None:
    bytes_ = shop.ask("memory of catalog now").found.value
    assert shop.ask("memory of catalog now in MB").found.value == pytest.approx(bytes_ / 1e6)
    assert shop.found.unit == "MB"
    assert shop.ask("p95 latency of orders in ms").found.unit == "ms"


@pytest.mark.parametrize(
    ("unit", "wanted", "by"),
    [
        ("bytes", "GiB", 2.0**-30),
        ("s", "ms", 1e3),
        ("m³/h", "l/min", 1000 / 60),
        ("mbar", "bar", 1e-3),
        ("bytes/s", "MB", 1e-6),
    ],
)
def test_units_are_converted(unit: str, wanted: str, by: float) -> None:
    assert factor(unit, wanted) == pytest.approx(by)


def test_a_unit_of_another_quantity_changes_nothing() -> None:
    assert factor("bar", "ms") is None
    assert converted(3.0, " bar", "ms") == (3.0, " bar")
    assert converted(20.0, " celsius", "°F") == (68.0, " °F")


def test_two_are_set_beside_each_other_in_a_yes_or_no_question(shop: Sitting) -> None:
    found = shop.ask("is catalog using more memory than orders?")
    assert found.query.startswith("compare(")
    assert len(found.found.values) == 2


def test_people_are_in_no_source(pump: Sitting) -> None:
    answer = pump.ask("who replaced the bearing?").answer
    assert answer.status == "not_known"
    assert "people" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "how many tax returns did orders log?",
        "pods of the quantum cluster with sunshine",
        "which change touched the unicorn?",
    ],
)
def test_a_word_that_nothing_explains_is_named(shop: Sitting, question: str) -> None:
    answer = shop.ask(question).answer
    assert answer.status in ("not_known", "unclear")


def test_queries_with_new_fields_read_back(shop_site: Site) -> None:
    now = shop_site.now.replace(microsecond=0)
    for query in (
        Share(component="a", metric="m", whole="x+y", rest=True, since=now - timedelta(hours=1)),
        Beyond(component="a", metric="m", below=-2.5, wanted="duration"),
        Count(of="lines", by="path", code="5xx"),
    ):
        assert parse(written(query), now=now) == query


@pytest.mark.parametrize(
    "word", ["users", "utilisateurs", "service", "container", "standby", "processes", "drops", "rollback"]
)
def test_words_of_things_are_no_words_of_asking(word: str) -> None:
    assert not is_glue(word)


@pytest.mark.parametrize("word", ["takes", "läuft", "fait", "tiene", "gestisce", "usage", "vorgekommen"])
def test_words_of_asking_are_in_five_languages(word: str) -> None:
    assert is_glue(word)
