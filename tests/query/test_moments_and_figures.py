"""Moments that are told by what happened, spans beside a moment, numbers that one row tells, and what no telemetry holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aitia.agent.asking.figures import figures_of
from aitia.agent.asking.question import after_parts, anchors
from aitia.agent.asking.question.across import alike
from aitia.agent.asking.question.beside import beside_of
from aitia.agent.asking.question.measure import same
from aitia.agent.asking.question.refusing import asks_for_change
from aitia.agent.asking.question.spans import span_of
from aitia.core.errors import SourceError
from aitia.core.words import SourceRef
from aitia.tools.query.found import Found, Row

from .conftest import Sitting

DEPLOY = "2026-11-25T01:08:41Z"
REF = SourceRef(source="journal", query="changes of journal")
NOW = datetime(2026, 3, 4, 15, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "asked",
    [
        "p95 latency of orders since the last deploy",
        "p95 der Latenz von orders seit dem letzten Deploy",
        "p95 de latence de orders depuis le dernier déploiement",
        "p95 de latencia de orders desde el último despliegue",
        "p95 della latenza di orders dopo l'ultimo rilascio",
    ],
)
def test_since_the_last_deploy(shop: Sitting, asked: str) -> None:
    assert f'since="{DEPLOY}"' in shop.ask(asked).query
    assert any("orders 2.14.0" in note for note in shop.answer.notes)


def test_before_the_deploy_ends_a_second_before_it(shop: Sitting) -> None:
    assert 'until="2026-11-25T01:08:40Z"' in shop.ask("mean latency of orders before the deploy").query


def test_since_work_that_is_called_by_its_name(pump: Sitting) -> None:
    assert 'since="2026-09-06T01:10:00Z"' in pump.ask("vibration of P-101A since the last greasing").query


def test_what_never_happened_is_no_moment(shop: Sitting) -> None:
    assert shop.ask("how many errors since the outage?").answer.status != "answered"


def test_a_deploy_that_is_itself_asked_for_is_no_moment(shop: Sitting) -> None:
    assert shop.ask("when was the last deploy of orders?").query.startswith("changes(")


@pytest.mark.parametrize(
    ("text", "minutes", "ends"),
    [
        ("errors in the ten minutes before 13:58", 10, True),
        ("et dans la minute juste avant 13h58 ?", 1, True),
        ("p95 in den 5 Minuten nach 13:58", 5, False),
        ("en los 10 minutos antes de las 13:58", 10, True),
        ("nei 5 minuti prima delle 13:58", 5, True),
    ],
)
def test_a_span_beside_a_moment(text: str, minutes: int, ends: bool) -> None:
    moment = NOW.replace(hour=13, minute=58)
    span = span_of(text, NOW)
    length = timedelta(minutes=minutes)
    assert (span.since, span.until) == ((moment - length, moment) if ends else (moment, moment + length))


def test_a_span_that_ends_now_is_beside_none() -> None:
    assert beside_of("errors in the last five minutes") is None


def _row(text: str) -> Found:
    return Found(status="found", kind="lines", value=1.0, rows=(Row(text=text, ref=REF),))


@pytest.mark.parametrize(
    ("asked", "text", "value", "unit"),
    [
        ("what torque did they use on the bolts?", "maintenance: 41046 Schrauben nachgezogen, 420 Nm", 420.0, "Nm"),
        ("wie viel Fett wurde genommen?", "maintenance: 41041 Lager nachgeschmiert, 25 g", 25.0, "g"),
        ("when was the setpoint changed, and to what?", "08.01.2026 15:44:23 INFO Sollwert 1330 1/min durch Regelung", 1330.0, "1/min"),
        ("how many buffers did the checkpoint write?", "checkpoint complete: wrote 156 buffers (0.9%); 0 WAL file(s) added", 156.0, ""),
        ("how many records did the last run process?", "2026-01-23 09:50:00 finished records=1728 in 43 s", 1728.0, ""),
    ],
)  # fmt: skip
def test_the_number_that_a_row_tells(asked: str, text: str, value: float, unit: str) -> None:
    (told,) = figures_of(asked, _row(text))
    assert (told.value, told.unit) == (value, unit)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("what torque did they use?", "maintenance: 41041 Lager nachgeschmiert, 25 g"),  # of another quantity
        ("what torque did they use?", "bolts 420 Nm, later 380 Nm"),  # of which?
        (
            "show the last work order",
            "maintenance: 41046 Schrauben nachgezogen, 420 Nm",
        ),  # no number is asked for
        ("how many pods run?", "2026-01-23 09:50:00 version 1.12.0 started at 09:50"),
    ],
)
def test_no_number_is_told_that_is_of_something_else(asked: str, text: str) -> None:
    assert figures_of(asked, _row(text)) == ()


def test_a_number_stands_before_the_row(pump: Sitting) -> None:
    answer = pump.ask("how much grease was used on P-101A?").answer
    assert answer.replies[0].text.startswith("It tells 18 g:")


def test_each_limit_is_a_number(cluster: Sitting) -> None:
    (found,) = cluster.ask("limits of ingest-api").answer.found
    assert {(f.name, f.value, f.unit) for f in found.figures} == {
        ("cpu", 0.5, "cores"),
        ("memory", 140 * 2.0**20, "bytes"),
    }


def test_since_when_an_object_is_so_and_how_it_ended(cluster: Sitting) -> None:
    cluster.ask("which pods are not ready?").ask("since when?")
    assert cluster.answer.found[0].at is not None
    cluster.ask("how often did ingest-api restart?").ask("with which exit code?")
    assert cluster.answer.found[0].value == 137.0


def test_the_one_before(shop: Sitting) -> None:
    first = shop.ask("show the last error of orders").answer.found[0].rows[0].at
    second = shop.ask("and the one before?").answer.found[0].rows[0].at
    assert first is not None
    assert second is not None
    assert second < first
    assert shop.ask("et celle d'avant ?").answer.found[0].rows[0].at != second


@pytest.mark.parametrize(
    "asked",
    [
        "when is the next greasing of P-101A due?",
        "wann ist die nächste Schmierung von P-101A fällig?",
        "¿cuándo toca el próximo engrase de P-101A?",
        "how many readings of the vibration of P-101A are missing?",
        "which technician greased P-101A?",
        "welcher Kollege hat P-101A geschmiert?",
    ],
)
def test_what_no_telemetry_holds(pump: Sitting, asked: str) -> None:
    assert pump.ask(asked).answer.status == "not_known"


@pytest.mark.parametrize(
    "order",
    [
        "ok riavvia il deployment payment, grazie",
        "ok herstart deployment payment even, bedankt",
        "ok reinicia o deployment payment, obrigado",
        "Per favore rimetti redis-a come primario",
        "make redis-a the primary again",
    ],
)
def test_an_order_led_in_by_a_word_is_an_order(order: str) -> None:
    assert asks_for_change(order)


def test_a_first_part_before_all_data_is_no_answer(shop: Sitting) -> None:
    answer = shop.ask("what was the p95 latency of orders at 3 am on 2026-11-01 and what is it now?").answer
    assert answer.status != "answered"


def test_why_somebody_asks_is_no_question(shop: Sitting) -> None:
    assert shop.ask("who calls orders? I want to know whom to warn before I touch it").query.startswith(
        "who("
    )


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("räume", "rooms"),
        ("points", "puntos"),
        ("wartend", "waiting"),
        ("rechazada", "rejected"),
        ("partite", "matches"),
    ],
)
def test_words_of_one_meaning(word: str, other: str) -> None:
    assert alike(word, other)
    assert same(word, other)


@pytest.mark.parametrize(
    ("word", "other"),
    [("räume", "orders"), ("tickets", "pods"), ("pressure", "temperature"), ("sent", "received")],
)
def test_words_of_other_meanings(word: str, other: str) -> None:
    assert not alike(word, other)


@pytest.mark.parametrize(
    ("asked", "does"),
    [
        ("which component calls orders?", "called_by"),
        ("quel composant appelle orders ?", "called_by"),
        ("what does orders call?", "calls"),
    ],
)
def test_which_way_a_call_goes(shop: Sitting, asked: str, does: str) -> None:
    assert f'does="{does}"' in shop.ask(asked).query


def test_what_goes_on_from_an_unanswered_question_goes_on_from_none(shop: Sitting) -> None:
    shop.ask("p95 latency of orders").ask("p95 latency of payment-api")
    assert shop.answer.status == "not_known"
    assert shop.ask("and since 01:00?").answer.status == "unclear"


def test_an_order_between_two_questions_changes_nothing(shop: Sitting) -> None:
    first = shop.ask("p95 latency of orders").query
    shop.ask("restart orders")
    assert shop.ask("and of catalog?").query == first.replace("orders", "catalog")


def test_the_hour_before_is_no_row_before(shop: Sitting) -> None:
    shop.ask("show the last error of orders")
    assert "limit=1" not in shop.ask("and the previous hour?").query


def test_a_source_that_died_between_two_turns(shop: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    def died(*_: object) -> Found:
        raise SourceError("gone")

    shop.ask("show the last error of orders")
    monkeypatch.setattr(after_parts, "execute", died)
    monkeypatch.setattr(anchors, "execute", died)
    assert shop.ask("and the one before?").answer.status == "not_known"
    assert "gone" in shop.answer.text
    assert shop.ask("errors of orders since then?").answer.status != "error"


def test_how_many_measurements_there_are_is_told(pump: Sitting) -> None:
    assert pump.ask("how many measurements of P-101A are there?").answer.status == "answered"


def test_the_next_one_that_came_is_past(shop: Sitting) -> None:
    assert "still to come" not in shop.ask("when did the next error of orders come after 01:09?").answer.text
