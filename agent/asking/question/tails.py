"""A last clause that only asks for another figure of the same answer: "…, and when was that?", "… und wie hoch?", "which?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from aitia.tools.query.words import (
    Beyond,
    Changes,
    Compare,
    Curve,
    Events,
    Get,
    Lines,
    List,
    Query,
    Share,
    Stat,
    Who,
)

Kind = Literal["time", "value", "which"]
_AND: Final = r"(?:and|und|et|y|e|plus|sowie|also)"
_WAS: Final = (
    r"(?: exactly| genau| exactement| exactamente| esattamente)?"
    r"(?:,? (?:was|is|were|are|did|does|war|ist|waren|sind|était-ce|c'était|est-ce|fue|era|fueron|eran|ocurrió|pasó|è|è stato"
    r"|erano)"
    r"(?: (?:it|that|this|they|he|she|the value|das|es|er|sie|eso|ello|cela|ça|happen(?:ing)?|successo)){0,2})?"
    r"(?: exactly| genau| exactement| exactamente| esattamente)?"
)
_ZONE: Final = r"(?: (?:in|en|im|by) (?:utc|local time|ortszeit|heure locale|hora local|ora locale))?"
_TAILS: Final[dict[Kind, str]] = {
    "time": r"(?:(?:exactly |genau |at )?(?:when|what time|which time)|wann|um wie ?viel uhr|zu welcher (?:uhr)?zeit"
    r"|(?:die )?uhrzeit"
    r"|quand|[àa] quelle heure|l'heure|cuándo|a qué hora|qué hora|la hora|quando|a che ora|l'ora|(?:the )?time(?:stamp)?)",
    "value": r"(?:(?:to what|from what|(?:at |to |of )?(?:what|which) (?:value|level|reading|figure)|how (?:high|hot|cold"
    r"|cool|warm|low|much"
    r"|many|big"
    r"|large|long|fast|slow|far|full|deep|strong)|what)"
    r"|wie (?:hoch|heiß|warm|kalt|tief|niedrig|viele?|groß|stark|lange?|schnell|voll)|(?:mit |auf )?welche[nmrs]? wert"
    r"|(?:à |de )?combien|[àa] quelle valeur|quelle valeur|(?:a )?cuánt[oa]s?|(?:a )?qué valor|(?:a )?quant[oiae]"
    r"|(?:a )?che valore"
    r"|(?:the |its )?value)",
    "which": r"(?:(?:was|what) (?:wurde|was|has been|haben wir) (?:gemacht|getan|done)|qu'est-ce qui a été fait|qué se hizo"
    r"|cosa è stato fatto|(?:in|with|by|at) (?:which|what) (?:method|file|line|function|class|module|command|text|words?)"
    r"|which(?: ones?)?|which of (?:them|those|these)|welche[rs]?|lequel|laquelle|lesquel(?:le)?s|cuál(?:es)?"
    r"|quali|quale)",
}
_TAIL: Final = re.compile(
    rf"(?:\s*(?:[,;?:]|\.{{2,}})\s*(?:{_AND}\s+)?|\s+{_AND}\s+)¿?(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _TAILS.items())
    + rf"){_WAS}{_ZONE}\W*$",
    re.IGNORECASE,
)
_LEAST: Final = 2  # words of what stands before


def untailed(text: str) -> tuple[str, tuple[Kind, ...]]:
    """A question without such clauses, and what they ask for; the text itself and nothing where it has none."""
    kinds: list[Kind] = []
    bare = text
    while len(kinds) < len(_TAILS) and (m := _TAIL.search(bare)) and len(bare[: m.start()].split()) >= _LEAST:
        kinds.append(next(k for k in _TAILS if m[k]))
        bare = bare[: m.start()]
    return bare, tuple(kinds)


def with_tails(queries: Sequence[Query], kinds: Sequence[Kind]) -> tuple[Query, ...]:
    """The queries with which all that is asked for is told; none where one of them cannot tell it."""
    made = tuple(
        q.model_copy(update={"wanted": "time"})
        if "time" in kinds and isinstance(q, Stat) and q.function in ("max", "min")
        else q
        for q in queries
    )
    return made if all(_tells(q, kind) for q in made for kind in kinds) else ()


def _tells(query: Query, kind: Kind) -> bool:
    if kind == "time":
        extreme = isinstance(query, Stat) and (query.wanted == "time" or query.function in ("last", "first"))
        begun = isinstance(query, Beyond) and query.wanted in ("first", "last", "since")
        return extreme or begun or isinstance(query, Lines | Changes | Events | Curve)
    if kind == "value":
        return isinstance(query, Stat | Who | Share | Compare | Lines | Changes | Curve)
    return isinstance(query, Who | List | Lines | Changes | Get)
