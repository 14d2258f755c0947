"""Questions when, how often and by whom something was opened, closed or tripped, as a plant's journal of switching tells it."""

from __future__ import annotations

from typing import Any, Final

from aitia.agent.asking.question.account import spelled_out
from aitia.agent.asking.question.outcome import Reading, one, span_fields
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.tables import hits, table, words_of
from aitia.agent.asking.question.told import stands
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import count_lines, loggers
from aitia.tools.query.words import Count, Lines

_SHORTEST: Final = 4  # letters of a word by which a line tells it


def of_operations(p: Pieces) -> Reading | None:
    """The lines of what was operated; None where no line tells of it."""
    kinds = list(dict.fromkeys(h.key for h in hits("operated", p.words)))
    first = p.low.split()[0].strip("¿?,") if p.low.split() else ""
    who = first in words_of("people")
    if len(kinds) != 1 or not p.component or p.site.readers() or not p.site.sources.of("logs"):
        return None
    if not (who or p.has("verbs", "when") or p.has("verbs", "count") or p.has("verbs", "exists")) or p.level:
        return None
    own = p.component in loggers(p.site)
    component, text = (p.component, "") if own else ("", p.component)
    told = [plain(w).strip("*") for w in table("operated")[kinds[0]] if " " not in w]
    held = dict.fromkeys(w for w in told if len(w) >= _SHORTEST and stands(p, w, component))
    if not held:
        return None
    words = ["|".join(held), *p.about.strange]
    for term in (t for t in p.terms if t.concepts and not t.soft and not hits("operated", t.word)):
        things = "|".join(w for c in term.concepts for w in spelled_out(c) if stands(p, w, component))
        if not things:
            return None  # of another thing
        words.append(things)
    given: dict[str, Any] = {"component": component, "text": text, "words": " ".join(dict.fromkeys(words))}
    if not count_lines(Count(of="lines", **given), p.site).value:
        return None
    span = span_fields(p)
    if p.has("verbs", "count"):
        return one(Count(of="lines", **given, **span))
    earliest = p.has("order", "oldest") or (p.span.told and not p.has("order", "newest"))
    return one(Lines(limit=p.limit or 1, order="oldest" if earliest else "newest", **given, **span))
