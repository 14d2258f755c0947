"""A tuned model's word against the words of a message: what it makes harmless, and what not."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.aspects import READ_AS_NORMAL
from aitia.tools.meaning.dictionary import HEARD, Message
from aitia.tools.text.classes import meaning, unclassed
from tests.meaning.test_messages_heard import Listener, diagnosed, home, site  # noqa: F401

LOST = "lost connection to the broker of lane"
CALM = Message(fault=False, by="model m", confidence=HEARD, tuned=True)


class Tuned(Listener):
    role = "messages"
    adapter = ""


def test_it_outweighs_words_alone() -> None:
    assert meaning(LOST, "").bad
    assert unclassed(LOST, "")  # so that it is asked
    assert not meaning(LOST, "", heard=CALM).bad


@pytest.mark.parametrize(
    "heard",
    [CALM.model_copy(update={"tuned": False}), CALM.model_copy(update={"confidence": HEARD - 0.01})],
)
def test_another_model_or_an_unsure_one_does_not(heard: Message) -> None:
    assert meaning(LOST, "", heard=heard).bad


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (LOST, "error"),
        ("answered status=503", ""),
        ("pool: active=30, total=30, idle=0", ""),
        ("disk usage is 99%", ""),
    ],
)
def test_neither_a_level_nor_counts_are_outweighed(text: str, level: str) -> None:
    assert meaning(text, level, text).bad  # type: ignore[arg-type]
    assert meaning(text, level, text, CALM).bad  # type: ignore[arg-type]


def test_nothing_is_called_well_by_its_word_alone(tmp_path: Path) -> None:
    report = diagnosed(site(tmp_path, news=(LOST,) * 40), Tuned(-9.0))
    (fact,) = [e for e in report.evidence if str(e.values.get("template", "")).startswith("lost")]
    assert (fact.aspect, fact.values["read_as"]) == ("log.other", READ_AS_NORMAL)
    healthy = next(s for s in report.suspects if s.fault == "healthy")
    assert any("only a model says" in line.why for line in healthy.ledger)
    assert report.verdict != "healthy"
