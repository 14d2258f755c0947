"""Rules and model together: where rules refuse the model's reading may answer, where both read and differ it is asked back."""

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
from aitia.tools.query.words import LIVE, Query

# Probabilities of a line, chosen on looked-at questions (docs/fitted.md): from which it answers though words are left, answers,
# is offered, and speaks against what rules read.
ALONE: Final = 0.9
ANSWERS: Final = 0.7
OFFERS: Final = 0.2
AGAINST: Final = 0.8
_TOLD: Final = (
    "metric",
    "component",
    "function",
    "wanted",
    "of",
    "level",
    "part",
    "does",
    "state",
    "other",
    "whole",
)
"""What two readings must have alike: times, rows and words apart, which code reads of the same text."""


class Read(Word):
    """A question as rules and model read it together: `note` says what the model's part was, "" where it had none."""

    reading: Reading
    note: str = ""


def read_twice(p: Pieces, reading: Reading, before: Query | None, reader: QuestionReader) -> Read:
    """What rules read, with a model's reading beside it. Raises ModelError."""
    if not _open(p, reading):
        return Read(reading=reading)
    proposal = reader.read(p, before)
    if reading.status == "query":
        return _checked(reading, proposal)
    return _instead(p, reading, proposal)


def _open(p: Pieces, reading: Reading) -> bool:
    """Whether a model has a say: not where a change is asked for, names are unknown, several fit, or documents answer."""
    if (
        reading.status == "refused"
        or changing(p) is not None
        or p.keys("outside")
        or p.about.strange
        or guesses(p)
    ):
        return False
    if reading.status == "query":
        return len(reading.queries) == 1 and isinstance(reading.queries[0], LIVE)
    return not reading.said.startswith(("Which one", "Of which"))


def _checked(reading: Reading, proposal: Proposal) -> Read:
    if proposal.sure < AGAINST or (proposal.query is None and not proposal.none):
        return Read(reading=reading)
    if proposal.query is not None and alike(reading.queries[0], proposal.query):
        return Read(reading=reading, note=f"a model reads the same: {proposal.line}")
    asked = offered(Reading(status="unclear", said="A model reads this otherwise.", live=True), reading)
    return Read(reading=asked, note=f"read by the model as: {proposal.line}")


def _instead(p: Pieces, reading: Reading, proposal: Proposal) -> Read:
    query = proposal.query
    if query is None or proposal.sure < OFFERS:
        return Read(reading=reading)
    met = not unmet(p, (query,))
    explained = met and not unexplained(p, (query,))
    note = f"read by the model as: {proposal.line}"
    if met and proposal.sure >= (ANSWERS if explained else ALONE):
        return Read(reading=one(query), note=note)
    return Read(reading=offered(reading, one(query)), note=note)


def alike(one: Query, other: Query) -> bool:
    """Whether two queries tell the same thing of the same, times, rows and words apart."""
    return one.verb == other.verb and all(getattr(one, k, "") == getattr(other, k, "") for k in _TOLD)
