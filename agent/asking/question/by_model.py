"""A model reads the question: one line under a grammar of what is at hand, checked by code before anything is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aitia.agent.asking.question.at_hand import AtHand, at_hand, related_to
from aitia.agent.asking.question.line_form import NONE, grammar, line_of
from aitia.agent.asking.question.line_queries import query_of
from aitia.agent.asking.question.line_reader import LineReader
from aitia.agent.asking.question.pieces import Pieces
from aitia.core.errors import ModelError
from aitia.core.llm import Continues, Llm, Prompt, Tuned
from aitia.core.words import Word
from aitia.models.curriculum.question_written import SYSTEM
from aitia.tools.meaning.answers import ANSWERS, Answers
from aitia.tools.query.words import Query

LEAD: Final = 2.0
"""Points by which a measurement is the nearest beyond doubt: nine in ten are the right one (docs/fitted.md)."""
LEADS: Final = 0.4
"""From which probability of its line that counts, where no component is named."""
_LONGEST: Final = 400  # characters of a question that a model reads
_MOST_TOKENS: Final = 48  # of a line


class Proposal(Word):
    """How a model reads a question: its line, the probability of that line, and the query that it means here, if any.

    `nearest` is whether words agree: its measurement is the nearest by its name, its component is named or no other is near.
    """

    line: str
    sure: float
    query: Query | None = None
    nearest: bool = False

    @property
    def none(self) -> bool:
        """Whether the model says that nothing at hand answers."""
        return self.line == NONE


class QuestionReader:
    """Puts questions to a model that was tuned on them.

    What it wrote is kept under `home`, so that the same question reads the same from then on; not what `redact` changes.
    `lines` is one that was tuned on telling which lines of a log are meant.
    """

    def __init__(
        self,
        model: Llm,
        *,
        home: Path | None = None,
        redact: Callable[[str], str] = str,
        lines: LineReader | None = None,
    ) -> None:
        if not isinstance(model, Continues):
            raise ModelError(f"{model.name} cannot go on with a plain text. Choose a GGUF model.")
        self.name, self.lines = model.name, lines
        self.adapter = model.adapter if isinstance(model, Tuned) else ""
        self._answers = Answers(model, model.sha256, home / ANSWERS if home else None)
        self._redact = redact

    def read(self, p: Pieces, before: Query | None) -> Proposal:
        """The line that it writes. Raises ModelError."""
        hand = at_hand(p, before)
        prompt = Prompt(system=SYSTEM, user=asked(p, hand, before))
        text, log_prob = self._answers.continued(
            prompt, max_tokens=_MOST_TOKENS, grammar=grammar(hand), keeps=lambda t: self._redact(t) == t
        )
        line, query = text.strip(), query_of(text.strip(), p, before)
        sure = math.exp(min(0.0, log_prob))
        return Proposal(line=line, sure=sure, query=query, nearest=_nearest(query, hand, p, sure))


def _nearest(query: Query | None, hand: AtHand, p: Pieces, sure: float) -> bool:
    told = {str(getattr(query, k, "") or "") for k in ("metric", "whole")}
    component = str(getattr(query, "component", "") or "")
    clear = component in p.asked_of | related_to(p) or (hand.lead >= LEAD and sure >= LEADS)
    return hand.metrics[:1] != () and hand.metrics[0] in told and clear


def asked(p: Pieces, hand: AtHand, before: Query | None) -> str:
    """What a model is asked, in the form of the curriculum."""
    line = line_of(before)
    front = f" {', '.join(hand.components)}\nMetrics: {', '.join(hand.metrics) or NONE}\n"
    return f"{front}{f'Before: {line}' + chr(10) if line else ''}Question: {_one_line(p.as_put)}\nQuery:"


def _one_line(text: str) -> str:
    """One line without control characters: no question begins another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST]
