"""Rules and model together: where rules find no query, a model reads the question; its query is run or offered."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.account import offered, unexplained
from aitia.agent.asking.question.by_model import Proposal, QuestionReader
from aitia.agent.asking.question.chinese import is_time, unknown_words
from aitia.agent.asking.question.failed_full_rules import misses_head
from aitia.agent.asking.question.learned import ANSWERS as LEARNED
from aitia.agent.asking.question.learned import read_line
from aitia.agent.asking.question.line_form import line_of
from aitia.agent.asking.question.measure import Term
from aitia.agent.asking.question.met import unmet
from aitia.agent.asking.question.outcome import Reading, one
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.reading import guesses
from aitia.agent.asking.question.refusing import changing
from aitia.agent.asking.question.several import questions_in
from aitia.agent.asking.question.sure import checks, fit, sure_of
from aitia.agent.asking.question.tables import GOES_ON
from aitia.core.words import Word
from aitia.tools.meaning.incidents.mentions import is_software
from aitia.tools.query.words import LIVE, Compare, Query, Stat

ANSWERS: Final = 0.6
"""The probability, among all lines that could be written, from which a line's query is run (docs/fitted.md)."""
OFFERS: Final = 0.2
"""From which one is offered, and run where the measurement is the nearest by its name too, of a component that is named."""
_CLOCK: Final = re.compile(r"(?<![\w.])\d{1,2}(?::\d\d| ?h(?:\d\d)?| ?uhr| ?o'clock| ?[ap]m)(?!\w)")
_LEFT: Final = re.compile(
    r"(?<!\w)(?:left|free|remain\w*|spare|headroom|übrig|frei(?:e[rsn]?)?|verfügbar\w*|libres?|restant\w*|reste|queda\w*"
    r"|disponib\w*|liber[oai]|riman\w*|rimast\w*)(?!\w)|[剩余]"
)
_TELLS_LEFT: Final = re.compile(
    r"(?i)free|avail|idle|remain|left|spare|rest(?!art)|frei|libre|dispon|level|fill|füll|stand|niveau|nivel|livell|stock|soc|charge"
    r"|wait|wart|queue|pending|attent|attes|espera"  # for what is free
)


class Read(Word):
    """A question as rules and model read it together.

    note  what the model's part was, "" where it had none
    sure  how likely the reading is right, None where no model tells
    """

    reading: Reading
    note: str = ""
    sure: float | None = None


def read_twice(p: Pieces, reading: Reading, before: Query | None, reader: QuestionReader) -> Read:
    """What rules read, doubted where a model reads it otherwise; what they do not read, as the model does. Raises ModelError."""
    if not may_say(p, reading, before):
        return Read(reading=reading)
    answers = reading.status == "query"
    own = reading.queries or reading.offers
    lined = [q for q in own if line_of(q)]  # no line of a model's could be like the others
    told = checks(reader.adapter) and bool(lined) and (answers or len(lined) == len(own))
    if answers and not told:
        return Read(reading=reading)
    proposal = reader.read(p, before)
    if told and (answers or not (unmet(p, own) or any(unheard(p, q) for q in own))):
        sure = min(sure_of(q, proposal) for q in lined)
        if answers:
            doubt = (
                ""
                if sure >= fit().threshold
                else f"the model reads it otherwise: {proposal.line or 'not known'}"
            )
            return Read(reading=reading, note=doubt, sure=sure)
        if sure >= fit().threshold:
            note = f"rules alone would have asked back; the model reads it as: {proposal.line}"
            return Read(reading=Reading(status="query", queries=own, live=True), note=note, sure=sure)
    return _instead(p, reading, proposal) if rules_left_open(reading) else Read(reading=reading)


def read_without_rules(p: Pieces, reading: Reading, before: Query | None) -> Read:
    """What rules read; else as it was learned from written questions, where that is sure and meets all that is asked."""
    if not may_say(p, reading, before) or not rules_left_open(reading):
        return Read(reading=reading)
    found = read_line(p, before)
    if found is None or found.query is None or found.sure < LEARNED:
        return Read(reading=reading)
    if unmet(p, (found.query,)) or unheard(p, found.query) or _of_another(p, found.query):
        return Read(reading=reading)
    note = f"no rule reads it; by likeness to other questions: {found.line}"
    return Read(reading=one(found.query), note=note, sure=found.sure)


def _of_another(p: Pieces, query: Query) -> bool:
    """Whether a thing is named that the measurement is not of: "oil pressure of orders" is no number of orders."""
    return any(t.concepts or is_software(t.word, "") for t in unexplained(p, (query,), strict=True))


def may_say(p: Pieces, reading: Reading, before: Query | None) -> bool:
    """Whether a model is asked: where no change is asked for, no name is unknown, and what is asked is of live sources.

    Not of what goes on from a question that nobody knows.
    """
    if reading.status == "refused" or changing(p) is not None or guesses(p):
        return False
    if any(not isinstance(q, LIVE) for q in (*reading.queries, *reading.offers)):
        return False
    if before is None and GOES_ON.search(p.as_put.casefold()):
        return False
    return not (p.keys("outside") or p.about.strange)


def rules_left_open(reading: Reading) -> bool:
    """Whether a model's line may stand: where rules found no query, and neither several fit nor none can."""
    return reading.status != "query" and not reading.said.startswith(_SETTLED)


_SETTLED: Final = (
    "Which one",
    "Of which",
    "No source here names people",
    "What is still to come",
    "How many samples",
    "There was none of which",
)
"""How readings begin that leave a model nothing to say: several fit, or nothing can."""


def _instead(p: Pieces, reading: Reading, proposal: Proposal) -> Read:
    """What rules said, or the model's query where it meets all that is asked of its figure."""
    query = proposal.query
    if query is None or proposal.sure < OFFERS or unmet(p, (query,)) or unheard(p, query):
        return Read(reading=reading)
    note = f"read by the model as: {proposal.line}"
    if any(_qualifies(p, t) for t in unexplained(p, (query,), strict=True) if t.concepts & _WHICH):
        return Read(reading=offered(reading, one(query)), note=note)
    if proposal.sure < ANSWERS and not proposal.nearest:
        return Read(reading=offered(reading, one(query)), note=note)
    return Read(reading=one(query), note=note)


_WHICH: Final = frozenset(  # things that tell which of several quantities of one kind is meant
    {"oil", "water", "air", "gas", "exhaust", "steam", "fuel", "axial", "radial", "horizontal", "vertical", "inlet", "outlet",
     "suction", "discharge", "outdoor", "ambient", "room", "winding", "cpu", "memory", "disk", "network", "swap", "heap"}
)  # fmt: skip
_OF: Final = re.compile(
    r"\s*|\s(?:of|in|von|vom|der|des|im|de|du|del|d'|di|della|dell'|dello|nel|en)(?: ?(?:the|dem|den|la|l'|el))?\s?"
)


def _qualifies(p: Pieces, term: Term) -> bool:
    """Whether a thing stands beside another one and says which is meant: the oil of "oil temperature"."""
    others = [(t.begin, t.end) for t in p.terms if t.concepts and t.begin != term.begin]
    gaps = [(term.end, a) if a >= term.end else (b, term.begin) for a, b in others]
    return any(a <= b and _OF.fullmatch(p.words[a:b]) for a, b in gaps)


def unheard(p: Pieces, query: Query) -> bool:
    """Whether a line leaves out what was said: a time, a further question, what is left, one of two compared, what is counted."""
    if _CLOCK.search(p.words) or any(map(is_time, unknown_words(p.asked, p.quoted))):
        return True
    if len(questions_in(p.as_put)) > 1:
        return True  # one line answers one of them
    if misses_head(p, query):
        return True
    if isinstance(query, Stat) and _LEFT.search(p.as_put.casefold()) and not _TELLS_LEFT.search(query.metric):
        return True
    if not isinstance(query, Compare) or not query.other:
        return False
    return not {query.component, query.other} <= p.asked_of
