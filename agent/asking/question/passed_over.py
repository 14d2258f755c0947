"""Unknown words beside what is asked: a question that names its component and its measurement is read without them, and says so.

A word is passed over that no table, name, line or program has, where it stands apart from the things that are named: next to one
it may tell which one is meant ("axial vibration"). A name may be one in capitals; so may a noun of German.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aitia.agent.asking.question.measure import Term
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.reading import decide
from aitia.agent.asking.question.second import may_say, rules_left_open, unheard
from aitia.agent.asking.question.tables import hits
from aitia.tools.meaning.incidents.mentions import is_software
from aitia.tools.query.words import Beyond, Changes, Compare, Count, Curve, Lines, Query, Share, Stat, Who

_NEXT: Final = 1  # characters between two words that belong together
_MOST: Final = 2  # words that a question may be read without
_SHORTEST: Final = 3


def unknown_words(p: Pieces) -> frozenset[str]:
    """The words that may be passed over; none where one is unknown that may not, or there are too many."""
    held = [t for t in p.terms if not t.concepts and not t.soft]
    held = [t for t in held if len(t.word) >= _SHORTEST and not _is_known(p, t)]
    things = [(t.begin, t.end) for t in p.terms if t.concepts or t.soft]
    words = frozenset(t.word for t in held)
    if not 0 < len(words) <= _MOST or any(_may_name(p, t, things) for t in held):
        return frozenset()
    return words


def _is_known(p: Pieces, term: Term) -> bool:
    """Whether a table has a word, which then keeps nothing from being read."""
    return any(h.begin < term.end and term.begin < h.end for name in _TABLES for h in hits(name, p.words))


_TABLES: Final = (
    "verbs", "functions", "order", "levels", "resources", "states", "parts", "relations", "units", "share", "rank", "lifecycle",
    "lasting", "acts", "things", "logged", "operated",
)  # fmt: skip


def _may_name(p: Pieces, term: Term, things: Sequence[tuple[int, int]]) -> bool:
    """Whether an unknown word may tell which thing is meant: a name, or a word next to a thing."""
    if not term.word.isalpha() or is_software(term.word, ""):
        return True
    if any(0 <= b - term.end <= _NEXT or 0 <= term.begin - e <= _NEXT for b, e in things):
        return True
    if _NOUN_BEFORE.search(p.words[: term.begin]) or _NOUN_BEHIND.match(p.words, term.end):
        return True
    written = re.compile(rf"(?<!\w){re.escape(term.word)}(?!\w)", re.IGNORECASE)
    return any(m[0][0].isupper() and m.start() > 0 for m in written.finditer(p.text))


_NOUN_BEFORE: Final = re.compile(  # an article, or "how", which asks for it
    r"(?<!\w)(?:how|wie|qué tan|the|an?|der|die|das|den|dem|des|eine?[nrms]?|les?|la|l'"
    r"|une?|el|los|las|un|una|il|lo|gli|i|dell'|del|dello|della)\s*$"
)
_NOUN_BEHIND: Final = re.compile(  # what it is of
    r"\s+(?:of|for|von|vom|des|der|am|im|auf|bei|de|du|d'|des|del|di|della|dei|delle|sur|en)(?!\w)"
)


def read_without_unknown(p: Pieces, reading: Reading, before: Query | None = None) -> Reading:
    """What a question that rules do not read means without the words that nothing knows, which is said; else `reading`.

    Where it still is of one thing that the question names.
    """
    if p.follows or not (may_say(p, reading, before) and rules_left_open(reading)):
        return reading
    if not (words := unknown_words(p)):
        return reading
    found = decide(replace(p, left_out=words))
    if (
        found.status != "query"
        or len(found.queries) != 1
        or not _is_named(p, found.queries[0])
        or unheard(p, found.queries[0])
    ):
        return reading
    told = ", ".join(repr(w) for w in sorted(words, key=p.words.find))
    return found.model_copy(update={"said": f"I do not know {told} and read the question without."})


def _is_named(p: Pieces, query: Query) -> bool:
    """Whether a query is of a component that is named, or of a measurement whose name is written out."""
    if isinstance(query, Who) and query.does == "holds":
        return any(
            p.words[a:b] == query.metric.casefold() or f"_{p.words[a:b]}" in query.metric.casefold()
            for a, b in p.named
        )
    if isinstance(query, Lines):
        return bool(query.component and query.component in p.asked_of and query.level)
    if isinstance(query, Count | Changes) and not query.component and not p.about.components:
        return bool(query.what) and (isinstance(query, Changes) or query.of == "changes")
    kinds = (Stat, Share, Beyond, Curve, Compare, Changes, Who)
    return isinstance(query, kinds) and query.component in p.asked_of
