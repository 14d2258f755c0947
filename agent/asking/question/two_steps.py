"""A question in two steps: of whichever has most or least of one thing another is asked ("the load of whichever is hottest")."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.follow import pieces_of, read_pieces
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.ranking_rules import first_of
from aitia.agent.asking.question.tables import keys
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.site import Site
from aitia.tools.query.words import Who

LONGEST: Final = 600  # characters of a question that may have two steps
_GAPS: Final = re.compile(r"(?:,?\s)+")
_SECOND: Final = re.compile(
    r"^(?P<asked>.{8,}?) (?:"
    r"(?:of|on|for|at) (?:whatever|whichever|the one|(?:whichever|the) (?P<en>\w+)),?"
    r" (?:that |which |with |who )?(?:has |had |is |was |gets )?"
    r"|(?:von|auf|bei|in|an) (?:dem|der|demjenigen|derjenigen)(?: (?P<de>\w+))?,? (?:mit|der|die|das|welche\w*) "
    r"|(?:de|du|sur|à) (?:celui|celle|(?:la |le |l')?(?P<fr>\w+)) (?:qui|avec|ayant) (?:a |est )?"
    r"|(?:de|del|en) (?:(?:el|la) )?(?P<es>\w+)? ?(?:que|con) (?:tiene |tuvo |está )?"
    r"|(?:di|del|della|dell'|su|sul|sulla) ?(?:quello|quella|(?P<it>\w+)) (?:che|con) (?:ha |è )?"
    r")(?P<most>.{4,})$",
    re.IGNORECASE,
)


def of_whichever(text: str, site: Site) -> Reading | None:
    """The rank that the last clause asks for, and what is asked of the first of it; None where a sentence has no two steps."""
    found = _SECOND.match(_GAPS.sub(" ", text[:LONGEST]).strip(" ?¿!."))
    if found is None or not _ranks(found["most"]):
        return None
    kinds = [k for name in ("en", "de", "fr", "es", "it") if (k := found[name])]
    ranks = (_read(f"which {kind} has {found['most']}?", site) for kind in (*kinds, "one"))
    who = next((r.queries[0] for r in ranks if r.status == "query"), None)
    first = first_of(who, site) if isinstance(who, Who) else None
    if who is None or first is None or not first.component or first.labels:
        return None
    asked = _read(f"{found['asked']} of {first.component}?", site)
    if asked.status != "query" or any(getattr(q, "component", "") != first.component for q in asked.queries):
        return None
    return Reading(status="query", queries=(*asked.queries, who), live=True)


def _ranks(text: str) -> bool:
    low = plain(text)
    return bool(keys("rank", low) or {"max", "min"} & set(keys("functions", low)))


def _read(text: str, site: Site) -> Reading:
    return read_pieces(pieces_of(text, site, None), None)
