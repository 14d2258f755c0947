"""Forty sentences in five languages that correct a run of the shop, or do not; written before they were tried (benchmarks/LOG.md)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aitia.correction_words import corrects
from tests.conftest import Diagnosed

Phrase = tuple[str, tuple[str, ...] | None, str | None]
# A sentence, the components that it excludes (None: it corrects nothing), and when it says that it began.
PHRASES: list[Phrase] = [
    ("it's not redis, cache hit rate is normal", ("redis",), None),
    ("we can rule out payment", ("payment",), None),
    ("postgres is healthy, I just looked", ("postgres",), None),
    ("the cache has nothing to do with it", ("redis",), None),
    ("orders can't be it, it was redeployed yesterday", ("orders",), None),
    ("this started at 1:05 already", (), "01:05"),
    ("actually it began ten minutes earlier, around 00:59", (), "00:59"),
    ("first errors were at 01:07 UTC", (), "01:07"),
    ("no, not payment. It started at 01:06", ("payment",), "01:06"),
    ("Postgres war es nicht", ("postgres",), None),
    ("der Cache ist unauffällig", ("redis",), None),
    ("payment haben wir schon ausgeschlossen", ("payment",), None),
    ("das ging schon um 1:05 Uhr los", (), "01:05"),
    ("angefangen hat es um 01:06", (), "01:06"),
    ("Redis läuft normal, das ist es nicht", ("redis",), None),
    ("ce n'est pas redis", ("redis",), None),
    ("payment est hors de cause", ("payment",), None),
    ("la base de données va bien, on a regardé", ("postgres",), None),
    ("ça a démarré vers 01:05", (), "01:05"),
    ("le problème a commencé à 01h06", (), "01:06"),
    ("redis está bien, ya lo revisamos", ("redis",), None),
    ("descartamos payment", ("payment",), None),
    ("la base de datos no tiene nada que ver", ("postgres",), None),
    ("empezó a las 01:05", (), "01:05"),
    ("comenzó sobre la 01:06", (), "01:06"),
    ("redis è a posto", ("redis",), None),
    ("payment non c'entra", ("payment",), None),
    ("abbiamo escluso postgres", ("postgres",), None),
    ("è cominciato alle 01:05", (), "01:05"),
    ("il problema è iniziato alle 01:06", (), "01:06"),
    ("ok thanks", None, None),
    ("I restarted orders", None, None),
    ("rolling back now", None, None),
    ("who is on call?", None, None),
    ("danke, schaue ich mir an", None, None),
    ("merci, je regarde", None, None),
    ("vale, lo miro", None, None),
    ("va bene, grazie", None, None),
    ("postgres is broken", None, None),
    ("we have not checked postgres yet", None, None),
]


@pytest.mark.parametrize(("text", "excluded", "began"), PHRASES, ids=[p[0][:40] for p in PHRASES])
def test_a_sentence_corrects_what_it_says_and_nothing_else(
    text: str, excluded: tuple[str, ...] | None, began: str | None, diagnosed: Callable[[str], Diagnosed]
) -> None:
    said = corrects(text, diagnosed("connection-exhaustion").store)
    if excluded is None:
        assert said is None
        return
    assert said is not None
    assert set(said.excluded) == set(excluded)
    assert (f"{said.start:%H:%M}" if said.start else None) == began
