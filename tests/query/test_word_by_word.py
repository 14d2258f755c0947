"""Questions in Dutch and Portuguese: word for word in the tables' English, others as they are."""

from __future__ import annotations

import pytest

from aitia.agent.asking.question.word_by_word import english, language_of

from .conftest import Sitting


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
