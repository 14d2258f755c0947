"""Names of measurements in other languages."""

from __future__ import annotations

import pytest

from aitia.tools.meaning.names import lexicon


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("kasse_fehlgeschlagen_total", "errors"), ("clients_erreurs_total", "errors"), ("ingesta_rechazados_total", "errors"),
        ("peticiones_total", "traffic"), ("anfragen_total", "traffic"), ("conexiones_activas", "connections"),
        ("verbindungen_offen", "connections"), ("pedidos_cola", "queue"), ("lots_en_attente", "queue"), ("memoria_bytes", "memory"),
        ("duree_secondes_total", "latency"), ("tempo_risposta_secondi", "latency"),
    ],
)  # fmt: skip
def test_words_of_other_languages(name: str, quantity: str) -> None:
    assert lexicon().read(name).quantity == quantity


def test_a_word_that_is_english_as_well_stays_english() -> None:
    assert lexicon().words("file_lot_charge") == ("file", "lot", "charge")
