"""A span beside a moment: "in the ten minutes before 13:58", "la minute juste avant 13h58"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aitia.agent.asking.question.numbers import number_words

_S: Final = {
    "second|sekunde|seconde|segundo|secondo|secondi|sec|sek": 1,
    "minute|minuto|minuti|min": 60,
    "hour|stunde|heure|hora|ora|ore|h": 3600,
}
_UNITS: Final = "|".join(f"(?P<u{n}>(?:{words})(?:s|n|en|e)?)" for n, words in enumerate(_S))
_BESIDE: Final = re.compile(
    r"(?<!\w)(?:in|within|during|over|for|im|in den|während|innerhalb|dans|pendant|sur|durant|en|durante|nell"
    r"|nella|nei|nelle|per|su)"
    r"\W+(?:(?:the|der|den|die|dem|la|les|le|l|los|las|el|i|gli) ?'?)*\s*(?:(?:last|letzten|dernières?|últimos?|últimas?"
    rf"|ultim[ioe])\s+)?(?:(?P<n>\d+|[a-zà-ÿ]+)\s*)?(?:{_UNITS})\s+"
    r"(?:(?:just|right|immediately|directly|kurz|direkt|unmittelbar|juste|immédiatement|justo|inmediatamente|subito|appena)\s+)?"
    r"(?P<side>before|preceding|leading up to|prior to|vor|avant|précédant|antes(?: de)?|previ[oa]s? a|prima(?: del(?:le)?)?"
    r"|after|following|nach|après|suivant|después(?: de)?|dopo|successiv[oaie] a(?:lle)?)(?!\w)"
)
_AFTER: Final = ("after", "follow", "nach", "apr", "suiv", "despu", "dopo", "succ")


def beside_of(low: str) -> tuple[str, timedelta, bool] | None:
    """The text with a bare moment in place of a span beside one, its length, and whether it ends there; else None."""
    m = _BESIDE.search(low)
    if m is None:
        return None
    told = m["n"] or "1"
    number = int(told) if told.isdigit() else number_words().get(told)
    if number is None or not 0 < int(number) <= 10_000:
        return None
    size = next(s for n, s in enumerate(_S.values()) if m[f"u{n}"])
    blank = " " * (m.end() - m.start() - 3) + "at "
    return (
        f"{low[: m.start()]}{blank}{low[m.end() :].lstrip()}",
        timedelta(seconds=int(number) * size),
        not m["side"].startswith(_AFTER),
    )
