"""Questions in Dutch and Portuguese: word for word in the tables' English, others as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitia.agent.asking.question.word_by_word import english, language_of

from .conftest import Sitting

WRITTEN = ("questions_written.jsonl", "questions_further.jsonl")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Hoeveel pods draaien er nu?", "how many pods running now?"),
        (
            "toon de laatste tien fouten van de gateway sinds 14u05",
            "show last ten errors of gateway since 14:05",
        ),
        ("en de standby?", "and standby?"),
        ("quais pods reiniciaram mais?", "which pods restarted most?"),
        (
            "mostre os últimos dez erros do gateway desde as 14h05",
            "show last ten errors of gateway since 14:05",
        ),
        ("fouten in de laatste 2u?", "errors in the last 2 hours?"),
        ("tussen 14u en 15 uur hoeveel fouten?", "between 14:00 and 15:00 how many errors?"),
        ("wat gebeurde er 2u geleden?", "what happened 2 hours ago?"),
        ("quantos erros nas últimas 12h?", "how many errors in the last 12 hours?"),
        ("quantos erros das 14h30 às 15h?", "how many errors from 14:30 to 15:00?"),
        ("quantos erros há 20 minutos?", "how many errors 20 minutes ago?"),
        ("e ontem?", "and yesterday?"),
        ("cuántos pods hay en el clúster?", "cuántos pods hay en el clúster?"),
        ("wie viele Pods laufen?", "wie viele Pods laufen?"),
        ("quanti pod girano adesso?", "quanti pod girano adesso?"),
        ("how many pods are running?", "how many pods are running?"),
        ("有多少个 Pod 正在运行？", "how many Pod running?"),
    ],
)
def test_words(asked: str, told: str) -> None:
    assert english(asked) == told


def test_names_and_quotes_stay() -> None:
    told = english('hoe vaak schreef geheugen "de verbinding is verbroken" vandaag?', ["geheugen"])
    assert 'geheugen "de verbinding is verbroken"' in told
    assert "today" in told


def test_marks_of_our_own_and_names_that_are_numbers() -> None:
    assert "\ue800" not in english("hoeveel fouten sinds \ue8007\ue801 gisteren?", ["gateway"])
    assert english("hoe vaak schreef '10 tekst' 10 gisteren?", ["10"]).endswith("'10 tekst' 10 yesterday?")


def test_questions_in_the_languages_of_the_rules_are_left_alone() -> None:
    files = Path(__file__).parents[2] / "models" / "curriculum"
    sites = [json.loads(x) for n in WRITTEN for x in (files / n).read_text(encoding="utf-8").splitlines()]
    asked = [question for site in sites for question, _, language, _ in site[3] if language != "zh"]
    assert len(asked) > 8000
    assert sum(bool(language_of(q)) for q in asked) <= len(asked) / 500


@pytest.mark.parametrize(
    "text", ["memoria total", "cpu de nodo-4", "combien de pods ?", "pods", "en ligne ?", ""]
)
def test_no_mark_of_a_language(text: str) -> None:
    assert language_of(text) == ""


@pytest.mark.parametrize(
    "asked", ["Herstart de web pods", "Reinicie os pods do web, por favor", "verwijder de pods van gisteren"]
)
def test_an_order_is_refused(asked: str, cluster: Sitting) -> None:
    assert cluster.ask(asked).answer.status != "answered"
