"""Words of a question that its reading leaves out: what nothing explains is named rather than passed over."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.question.measure import Term
from aitia.agent.asking.question.outcome import Reading, unknown
from aitia.agent.asking.question.pieces import Pieces, number_words
from aitia.agent.asking.question.tables import hits

_SHORTEST: Final = 3
_ACCESS: Final = re.compile(  # what every line of an access log is of
    r"(?:http )?requests?|anfragen?|zugriffe?|requêtes?|peticion\w*|petición|solicitud\w*|richiest\w"
    r"|accès|accesos?|access|accessi|http|web|codes?|status|pages?|calls?"
    r"|hosts?|servers?|traffic|responses?|antwort\w*|réponses?|respuestas?|rispost\w"
)
_EXPLAINED: Final = (
    "verbs", "levels", "order", "resources", "states", "parts", "relations", "functions", "units", "share",
    "rank", "lifecycle", "lasting",
)  # fmt: skip


def unplaced(p: Pieces, explained: str = "") -> list[Term]:
    """The words of things that neither a table, a name, a number nor `explained` (texts of the query) covers."""
    known = [(h.begin, h.end) for name in _EXPLAINED for h in hits(name, p.words)]
    said = f"{p.quoted} {p.code} {p.labels} {explained}".casefold()
    return [
        t
        for t in p.terms
        if not t.soft
        and len(t.word) >= _SHORTEST
        and re.search(r"[a-zà-ÿ]{3}", t.word)
        and not any(b < t.end and t.begin < e for b, e in known)
        and t.word not in said
        and t.word not in number_words()
        and not _ACCESS.fullmatch(t.word)
    ]


def unread(p: Pieces, words: list[Term], whose: str) -> Reading:
    """The refusal that names what was not understood."""
    told = ", ".join(repr(t.word) for t in words[:3])
    return unknown(f"{whose} {told}.", f"a source that tells of {words[0].word}")
