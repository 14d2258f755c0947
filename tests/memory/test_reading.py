"""A model that reads passages moves the probability that they answer, and nothing else; one that was not measured moves nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from aitia.agent.asking.answerable import fits
from aitia.agent.asking.lookup import Lookup
from aitia.agent.asking.reading import reader_fit
from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Prompt
from aitia.graphs.ask import AskContext, ask
from aitia.models.scripted import ScriptedLlm
from aitia.tools.sources.base import Document

TEXT = "# Broker certificate\n\n## Mitigation\n\nRotate the certificate of one broker after the other with brokerctl.\n"
QUESTION = "How is the broker certificate rotated?"


class Even:
    """Every text is as near as any other."""

    def similarities(self, query: str, texts: Sequence[str]) -> np.ndarray:
        return np.full(len(texts), 0.5)


class Reader(ScriptedLlm):
    """Says yes with these log-odds, and keeps what it was asked."""

    def __init__(self, sha256: str, odds: float | None) -> None:
        super().__init__([])
        self._sha, self._odds, self.asked = sha256, odds, list[Prompt]()

    @property
    def sha256(self) -> str:
        return self._sha

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        self.asked.append(prompt)
        if self._odds is None:
            raise ModelError("Fetch the model again: it is gone.")
        return Choice(index=0, log_probs=(self._odds, 0.0), probabilities=(0.5, 0.5))


def answered(reader: Reader | None, *, meaning: bool = True) -> tuple[str, float, tuple[str, ...]]:
    book = Document(id="broker", title="Broker certificate", text=TEXT, meta={}, ref=None)
    shelf = Lookup([book], dense=Even() if meaning else None)
    said = ask(QUESTION, AskContext(shelves=(shelf,), reader=reader))
    return said.status, said.sure, said.notes


@pytest.fixture
def sha256() -> str:
    return fits()["read"].model


def test_its_yes_and_no_move_the_probability(sha256: str) -> None:
    yes, no = Reader(sha256, 6.0), Reader(sha256, -9.0)
    assert answered(yes)[0] == "answered"
    assert answered(no)[0] == "not_known"
    assert answered(yes)[1] > answered(None)[1]
    assert "Rotate the certificate" in yes.asked[0].user
    assert QUESTION in yes.asked[0].user


def test_a_model_that_was_not_measured_is_not_asked() -> None:
    reader = Reader("0" * 64, -9.0)
    assert reader_fit("0" * 64) is None
    assert answered(reader) == answered(None)
    assert reader.asked == []


def test_without_meaning_its_fit_does_not_hold(sha256: str) -> None:
    reader = Reader(sha256, -9.0)
    assert answered(reader, meaning=False) == answered(None, meaning=False)
    assert reader.asked == []


def test_one_that_fails_is_told_of_and_the_answer_is_that_without_it(sha256: str) -> None:
    status, sure, notes = answered(Reader(sha256, None))
    assert (status, sure) == answered(None)[:2]
    assert "it is gone" in notes[-1]
