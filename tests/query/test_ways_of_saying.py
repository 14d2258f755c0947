"""Ways of saying: stories, politeness, verbs, words of five languages, compounds, second readings and what labels rank."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.chinese import english
from aitia.agent.asking.question.clauses import asking, unjoined
from aitia.agent.asking.question.follow import pieces_of
from aitia.agent.asking.question.relations_rules import of_relations
from aitia.agent.asking.question.spans import span_of
from aitia.agent.asking.question.verbs import is_verb
from aitia.tools.query.notation import written
from aitia.tools.query.site import Site

from .conftest import Sitting


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("tenants complain, what is the room temperature?", "what is the room temperature?"),
        ("please tell me what version orders runs, the boss is asking", "please tell me what version orders runs"),
        ("orders has been slow since 10:00, how many errors did it log?",) * 2,
        ("what is the mean latency of orders, in seconds", "what is the mean latency of orders, in seconds"),
        ("Moin, die Kollegen meinen, die Daten seien alt. Seit wann steht die Pumpe?", "Seit wann steht die Pumpe?"),
        ("orders wrote to me, how many pods run?", "how many pods run?"),
        ('how many lines say "done, bye"?', 'how many lines say "done, bye"?'),
    ],
)  # fmt: skip
def test_a_story_is_left_out_and_what_tells_something_stays(text: str, kept: str) -> None:
    assert asking(text, ["orders"]) == kept


def test_german_compounds_with_a_sign_are_taken_apart_and_names_are_not() -> None:
    assert unjoined("Wie viele FATAL-Meldungen?", ()) == "Wie viele FATAL Meldungen?"
    assert unjoined("Zustand von Edge-Server?", ("Edge-Server",)) == "Zustand von Edge-Server?"


@pytest.mark.parametrize(
    ("low", "word", "owner", "verb"),
    [
        ("cuántos usuarios conoce el bouncer?", "conoce", "bouncer", True),
        ("how much current does the motor draw?", "draw", "motor", True),
        ("how many stale catalog entries?", "stale", "catalog", False),
        ("combien de paquets du bouncer", "paquets", "bouncer", False),
    ],
)
def test_a_verb_is_told_by_its_place(low: str, word: str, owner: str, verb: bool) -> None:
    begin, held = low.index(word), low.index(owner)
    assert is_verb(word, begin, begin + len(word), low, [(held, held + len(owner))]) is verb


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("¿Qué servicios dependen de postgres?", 'who(component="postgres", does="called_by")'),
        ("Con chi parla orders?", 'who(component="orders", does="calls")'),
        ("hey, quick question: how many threads is payment using at the moment? thanks", 'metric="process_threads"'),
        ("Quanti descrittori di file tiene aperti users?", 'metric="process_open_fds"'),
        ("¿Cuántas claves ha expulsado la caché?", 'metric="redis_evicted_keys_total"'),
        ("Wie viele Verbindungen zum Datenbankserver sind höchstens erlaubt?", "pg_settings_max_connections"),
        ("which route of gateway has the most requests?", 'by="route"'),
    ],
)  # fmt: skip
def test_words_of_five_languages_reach_the_same_measurements(
    shop: Sitting, question: str, query: str
) -> None:
    answer = shop.ask(question).answer
    assert answer.status == "answered"
    assert any(query in q for q in answer.queries)


@pytest.mark.parametrize(
    "question",
    [
        "is it the network?",
        "how many goroutines has payment got?",
        "oil pressure of orders",
        "how many messages are stuck in the kafka topic?",
        "which key is the biggest in redis?",
    ],
)
def test_near_misses_tell_no_figure(shop: Sitting, question: str) -> None:
    answer = shop.ask(question).answer
    assert answer.status != "answered"
    assert not answer.found


def test_a_follow_up_answers_for_its_words(shop: Sitting) -> None:
    shop.ask("how many errors did orders log?")
    assert shop.ask("and its oil temperature?").answer.status != "answered"


def test_the_limit_of_what_was_asked_before(shop: Sitting) -> None:
    shop.ask("Wie viel Arbeitsspeicher belegt redis gerade?")
    assert 'metric="redis_memory_max_bytes"' in shop.ask("und wie viel darf er höchstens?").query


def test_who_is_fed_is_told_where_nothing_feeds(pump: Sitting) -> None:
    assert "E-201" in pump.ask("Cosa alimenta P-101A?").answer.text


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("took more than one second", 1.0, "s"),
        ("über 80 Prozent", 80.0, "%"),
        ("supera i due secondi", 2.0, "s"),
        ("plus de 3 secondes", 3.0, "s"),
        ("below 20 degrees", 20.0, "°c"),
    ],
)
def test_a_bound_in_words(text: str, value: float, unit: str) -> None:
    found = bound(text.casefold())
    assert found is not None
    assert (found.value, found.unit) == (value, unit)
    assert text.casefold()[slice(*found.span)].strip()


@pytest.mark.parametrize("text", ["over 5 minutes", "more than two errors", "two seconds"])
def test_what_is_no_bound(text: str) -> None:
    assert bound(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("max load since the beginning?", "max load"),
        ("wie hoch war die Last seit Beginn der Aufzeichnung", "wie hoch war die last"),
        ("et au maximum depuis le début ?", "et au maximum"),
        ("livello da quando abbiamo dati?", "livello"),
        ("errors since the start of the outage", "errors since the start of the outage"),
        ("how many errors in the logs", "how many errors in the logs"),
    ],
)
def test_since_the_beginning_of_what_is_there_is_no_time(text: str, rest: str) -> None:
    found = span_of(text, datetime(2026, 3, 9, 18, tzinfo=UTC))
    assert not found.told
    assert found.rest.strip(" ?") == rest


def test_half_an_hour_in_chinese() -> None:
    assert english("过去半小时的温度") == "in the last 30 minutes temperature"
    assert english("半小时前的温度") == "30 minutes ago temperature"


@pytest.mark.parametrize(
    ("question", "does"),
    [
        ("which tanks are fed by P-101B?", "feeds"),
        ("welche Zonen werden von P-101B gespeist?", "feeds"),
        ("what is P-101B fed by?", "fed_by"),
    ],
)
def test_what_a_thing_feeds_and_what_feeds_it(pump_site: Site, question: str, does: str) -> None:
    found = of_relations(pieces_of(question, pump_site, None))
    assert found is not None
    assert f'does="{does}"' in written(found.queries[0])
