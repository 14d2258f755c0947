"""Durations of a job's runs, rates on average, what ranks first, numbers of things, and what is no answer to a question."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from aitia.agent.asking.question import spans, two_steps
from aitia.agent.asking.question.by_model import QuestionReader
from aitia.agent.asking.question.follow import pieces_of
from aitia.graphs.looking import look
from aitia.tools.query.site import Site
from tests.query.conftest import ROOT, Sitting, site_of
from tests.query.test_read_by_a_model import Writes


def test_how_long_a_run_of_a_job_took_is_told_by_the_cluster_and_the_run_is_found_by_when_it_began(
    cluster: Sitting,
) -> None:
    last = cluster.ask("how long did the last run of reproject take?")
    assert last.query == 'get(component="reproject", part="duration")'
    found = last.answer.found[0]
    assert found.unit == "s"
    assert found.at is not None
    assert 0 < found.value < 3600
    again = Sitting(cluster.site).ask(f"how long did the run of reproject at {found.at:%H:%M} take?")
    assert again.answer.found[0].value == found.value
    none = Sitting(cluster.site).ask("how long did the run of reproject at 03:01 take?")
    assert none.answer.found[0].status != "found"


def test_a_time_goes_with_no_other_part(cluster: Sitting) -> None:
    cluster.ask("how many replicas does ingest-api have?")
    assert "since=" not in cluster.ask("and at 05:00?").query


@pytest.mark.parametrize(
    "question",
    [
        "how many requests per second did ingest-api get on average?",
        "wie viele Anfragen pro Sekunde hatte ingest-api im Mittel?",
    ],
)
def test_a_rate_on_average_is_one_figure(cluster: Sitting, question: str) -> None:
    assert cluster.ask(question).answer.status == "answered"
    assert len(cluster.answer.queries) == 1
    assert 'function="rate"' in cluster.query


def test_how_often_is_no_number_of_objects(shop: Sitting) -> None:
    assert shop.ask("combien de fois le service search a-t-il redémarré ?").answer.status != "answered"


def test_what_goes_on_from_nothing_is_asked_back(shop: Sitting) -> None:
    assert shop.ask("et un 503 ?").answer.status == "unclear"
    assert "Say it whole" in shop.answer.text


def test_a_limit_is_told_as_a_number_too(cluster: Sitting) -> None:
    found = cluster.ask("memory limit of meta-pg").answer.found[0]
    assert found.unit == "bytes"
    assert found.value % 2**20 == 0
    assert f"{found.value:.0f} bytes" in found.said


@pytest.mark.parametrize(
    "question", ["how much memory may redis use at most?", "quanta memoria può usare redis al massimo?"]
)
def test_what_may_be_used_at_most_is_a_limit(question: str) -> None:
    shop = Sitting(site_of(ROOT / "scenarios/memory-leak"))
    assert 'metric="redis_memory_max_bytes"' in shop.ask(question).query


@pytest.mark.parametrize(
    "question", ["how high did the CPU load of P-101 get?", "hasta cuánto llegó la temperatura de P-101?"]
)
def test_how_far_it_went_is_a_maximum(pump: Sitting, question: str) -> None:
    pump.ask(question)
    assert all('function="max"' in q for q in pump.answer.queries)


def test_what_a_rank_names_first_is_what_a_follow_up_is_of(cluster: Sitting) -> None:
    cluster.ask("which component has the highest memory?")
    first = cluster.answer.found[0].names[0]
    assert cluster.query.startswith("who(does=")
    assert f'component="{first}"' in cluster.ask("how high was it at most and when?").answer.queries[-1]


def test_of_whichever_has_most_another_thing_is_told(cluster: Sitting) -> None:
    first = Sitting(cluster.site).ask("which component has the highest memory?").answer.found[0].names[0]
    told = cluster.ask("what is the CPU of whichever has the highest memory?")
    assert told.answer.status == "answered"
    assert f'component="{first}"' in told.query
    assert "cpu" in told.query
    assert told.answer.queries[1].startswith("who(")


def test_since_when_a_version_runs_is_its_deploy() -> None:
    shop = Sitting(site_of(ROOT / "scenarios/memory-leak"))
    shop.ask("which version of catalog is running?")
    assert (
        shop.ask("since when?").query == 'changes(component="catalog", what="deploy", limit=1, wanted="time")'
    )


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("max pg_stat_activity_count @ postgres", "how busy did the store get, and when was it at its best?"),
        ("count lines @ orders", "how many parcels has orders put through its hands"),
    ],
)
def test_a_line_that_leaves_something_out_is_not_run(shop_site: Site, line: str, question: str) -> None:
    found = look(question, shop_site, None, QuestionReader(Writes(line)))
    assert found is None or found[0].status != "answered"


@pytest.mark.parametrize("words", ["since the {}th", "seit dem {}."])
def test_since_the_fourteenth_is_a_time(pump_site: Site, words: str) -> None:
    day = pump_site.now.day
    span = pieces_of(f"maximum vibration of P-101 {words.format(day)}", pump_site, None).span
    assert span.since is not None
    assert (span.since.day, span.since.month, span.until) == (day, pump_site.now.month, None)


@pytest.mark.parametrize(
    "question",
    ["¿cuánto tardó la última ejecución de reproject?", "wie lange dauerte der letzte Lauf von reproject?"],
)
def test_durations_in_other_languages(cluster: Sitting, question: str) -> None:
    assert cluster.ask(question).query == 'get(component="reproject", part="duration")'


@pytest.mark.parametrize(
    "question",
    [
        "how much did the memory of meta-pg grow in the last 10 minutes?",
        "p95 of the ingest-api requests?",
        "how many warning events are there?",
        "when was the first fatal line of ingest-api?",
    ],
)
def test_a_figure_of_something_else_is_asked_back(cluster: Sitting, question: str) -> None:
    assert cluster.ask(question).answer.status != "answered"


def test_the_hour_is_no_growth(pump: Sitting) -> None:
    pump.ask("Um wie viel Uhr war die Drehzahl von P-101 am höchsten?")
    assert "by how much" not in pump.answer.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("errors after the 2nd restart", "errors after the 2nd restart"),
        ("errors since the 1st crash of api", "errors since the 1st crash of api"),
        ("fehler vor dem 2. neustart", "fehler vor dem 2. neustart"),
        ("errors since the 4th", "errors since 2026-03-04 "),
        ("errors since the 4th?", "errors since 2026-03-04 ?"),
    ],
)
def test_the_number_of_a_thing_is_no_day(text: str, told: str) -> None:
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert spans._ORDINAL.sub(lambda m: spans._dated(m, now), text) == told


@pytest.mark.parametrize("gap", [" ", ", ", " ,"])
def test_a_long_gap_in_a_question_costs_nothing(gap: str) -> None:
    began = time.process_time()
    assert two_steps.of_whichever("what is the load" + gap * 2400 + "z", Site.__new__(Site)) is None
    assert time.process_time() - began < 1.0
