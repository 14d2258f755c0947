"""Rules and model together: where rules find no query the reading of a model may answer, or is offered."""

from __future__ import annotations

from typing import Final

from aitia.agent.asking.question.account import offered, unexplained
from aitia.agent.asking.question.by_model import Proposal, QuestionReader
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.outcome import Reading, one
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.reading import guesses
from aitia.agent.asking.question.refusing import changing
from aitia.core.words import Word
from aitia.tools.query.words import Query, Who

# Probabilities of a line among all that could be written, chosen on 41 looked-at questions (docs/fitted.md): from which it
# answers though words of the question are left, from which it answers, and from which it is offered.
ALONE: Final = 0.5
ANSWERS: Final = 0.35
OFFERS: Final = 0.2


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
    query = proposal.query
    if query is None or proposal.sure < OFFERS:
        return Read(reading=reading)
    met = not unmet(p, (query,))
    explained = met and not unexplained(p, (query,))
    note = f"read by the model as: {proposal.line}"
    answers = met and not isinstance(query, Who)  # "who calls X" was read the wrong way round
    if answers and proposal.sure >= (ANSWERS if explained else ALONE):
        return Read(reading=one(query), note=note)
    return Read(reading=offered(reading, one(query)), note=note)
