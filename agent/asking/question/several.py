"""Two questions in one sentence: "how many are there, and since when?" Each is read for itself, the later ones as follow-ups."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from aitia.agent.asking.question.clauses import QUOTED
from aitia.agent.asking.question.follow import pieces_of, read_pieces
from aitia.agent.asking.question.outcome import Reading, unclear
from aitia.agent.asking.question.tables import ASKING, hits
from aitia.agent.asking.question.tails import untailed, with_tails
from aitia.agent.asking.question.two_steps import of_whichever
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.site import Site
from aitia.tools.query.words import LIVE, List, Query

MOST: Final = 3
_AND: Final = r"(?:and|und|et|y|e|sowie|plus|puis|luego|then|dann)"
_ASKS: Final = (  # how a further question begins; a bare "which" or "what" may as well belong to the one before
    r"(?:how (?:many|much|long|often|high|low|big)|since when|when|at what time|what time|from when|until when"
    r"|(?:what|which|who|where|how)(?:'s| is| was| were| are| did| does| do)|is|was|did"
    r"|wie (?:viele?|lange|oft|hoch|groß|gross|niedrig)|seit wann|wann|ab wann|bis wann|um wie ?viel uhr"
    r"|(?:was|wer|wo|wie|welche[rsnm]?) (?:ist|war|sind|waren|hat|lief|läuft)"
    r"|combien|depuis quand|quand|à quelle heure|jusqu'à quand"
    r"|(?:quel|quelle|quels|quelles) (?:est|était|sont|étaient|a été)|pendant combien"
    r"|cuánt[oa]s?|desde cuándo|cuándo|a qué hora|hasta cuándo|cuál(?:es)? (?:es|era|son|eran|fue|ha sido)|durante cuánto"
    r"|quant[oiea]|da quando|quando|a che ora|fino a quando|qual[ei]?(?: è| era|'è| sono))"
)
_CUT: Final = re.compile(
    rf"(?:\s*[,;]\s*{_AND}?\s*|\s+{_AND}\s+|\?\s+(?:{_AND}\s+)?)(?=¿?{_ASKS}(?!\w))", re.IGNORECASE
)
_LEAST: Final = 2  # words of a clause that asks for itself, but for "when"


def questions_in(text: str) -> list[str]:
    """The questions of a sentence, in order; one where it asks but one thing."""
    if QUOTED.search(text):
        return [text]
    parts = [t for c in _CUT.split(text) if (t := c.strip(" ,;"))]
    first = parts[0] if parts else ""
    asks = bool(ASKING.search(plain(first)) or hits("verbs", plain(first)))
    if not 1 < len(parts) <= MOST or len(first.split()) < _LEAST or not asks:
        return [text]
    return parts


def read_several(text: str, site: Site, before: Query | None, whole: Reading) -> Reading:
    """What a sentence of several questions is read as: the queries of all; a question back where one of them is not met.

    `whole` is the reading of the sentence as one, which stands where it asks one thing only, or for anything but a look.
    """
    if whole.status != "refused" and (two := of_whichever(text, site)) is not None:
        return two
    if whole.status != "refused" and (all_told := _with_tails(text, site, before)) is not None:
        return all_told
    parts = questions_in(text)
    if any(isinstance(q, List) and q.of == "resourcequotas" for q in whole.queries):
        return whole  # which tells limit and use
    if len(parts) < 2 or whole.status == "refused" or len(whole.queries) > 1:
        return whole
    readings: list[Reading] = []
    for part in parts:
        found = _read(part, site, before)
        if found.status != "query" and readings:
            found = _filled(parts[0], part, site, before) or found
        readings.append(found)
        if found.status == "query":
            before = found.queries[0]
    if not all(isinstance(q, LIVE) for r in readings for q in r.queries):
        return whole
    if all(r.status == "query" for r in readings):
        queries = tuple(dict.fromkeys(q for r in readings for q in r.queries))
        return Reading(status="query", queries=queries, live=True)
    if whole.status != "query" or readings[0].status != "query" or readings[0].queries != whole.queries:
        return whole
    open_part = next(p for p, r in zip(parts, readings, strict=True) if r.status != "query")
    return unclear(f"I can answer one part of that and not {open_part!r}. Ask the parts one by one.")


def _with_tails(text: str, site: Site, before: Query | None) -> Reading | None:
    """A question with what its last clauses ask of the same figure; None where it has none, or its queries do not tell it."""
    bare, kinds = untailed(text)
    if not kinds:
        return None
    found = _read(bare, site, before)
    queries = with_tails(found.queries, kinds) if found.status == "query" else ()
    return found.model_copy(update={"queries": queries}) if queries else None


def _read(part: str, site: Site, before: Query | None) -> Reading:
    return read_pieces(pieces_of(part, site, before), before)


def _filled(first: str, part: str, site: Site, before: Query | None) -> Reading | None:
    """A part that leaves out what it asks of, with the first one's words but for its time: "and how many at noon?"."""
    p = pieces_of(part, site, before)
    if not p.span.told or p.about.strange:
        return None
    bare = replace(pieces_of(first, site, None), follows=False)
    found = _read(f"{bare.words.strip(' ?')} {part}", site, None)
    return found if found.status == "query" else None
