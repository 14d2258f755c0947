"""Rules and model together: where rules find no query, the reading of a model is offered with its query. It answers nothing.

Answered, it made 12 more right and 8 more wrong of 489 questions that nobody had looked at (benchmarks/LOG.md).
"""

from __future__ import annotations

from typing import Final

from aitia.agent.asking.question.account import offered
from aitia.agent.asking.question.by_model import Proposal, QuestionReader
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.outcome import Reading, one
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.reading import guesses
from aitia.agent.asking.question.refusing import changing
from aitia.core.words import Word
from aitia.tools.query.words import Query

OFFERS: Final = 0.2
"""The probability, among all lines that could be written, from which one is offered; on looked-at questions (docs/fitted.md)."""


class Read(Word):
    """A question as rules and model read it together: `note` says what the model's part was, "" where it had none."""

    reading: Reading
    note: str = ""


def read_twice(p: Pieces, reading: Reading, before: Query | None, reader: QuestionReader) -> Read:
    """What rules read, with a model's reading beside it. Raises ModelError."""
    if not _open(p, reading):
        return Read(reading=reading)
    return _instead(p, reading, reader.read(p, before))


def _open(p: Pieces, reading: Reading) -> bool:
    """Whether a model has a say: where rules found no query, no change is asked for, no name is unknown and not several fit."""
    if reading.status in ("query", "refused") or changing(p) is not None or guesses(p):
        return False
    return not (p.keys("outside") or p.about.strange or reading.said.startswith(("Which one", "Of which")))


def _instead(p: Pieces, reading: Reading, proposal: Proposal) -> Read:
    """What rules said, with the model's query to run where it meets all that is asked of its figure."""
    query = proposal.query
    if query is None or proposal.sure < OFFERS or unmet(p, (query,)):
        return Read(reading=reading)
    return Read(reading=offered(reading, one(query)), note=f"read by the model as: {proposal.line}")
