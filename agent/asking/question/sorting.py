"""Whether a plain sentence asks, or reports a trouble; and whether it asks of live systems rather than of a run."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.refusing import asks_for_change
from aitia.agent.asking.question.tables import ASKING, follow_pattern, is_glue, keys, table
from aitia.agent.asking.question.word_by_word import english
from aitia.agent.asking.questions import lists
from aitia.tools.meaning.incidents.symptoms import symptom_of
from aitia.tools.meaning.incidents.words import one_of, plain
from aitia.tools.query.notation import is_query

_ASKING: Final = frozenset(
    {"count", "lines", "events", "list", "curve", "compare", "documents", "incidents", "when", "exists"}
)
_LISTED: Final = re.compile(
    r"\W*(?:(?:show|give)?\s*(?:me )?(?:the |die |les |los |las |gli |le )?(?:last|latest|newest|first|letzte\w*|erste\w*"
    r"|derni\w+|últim\w+|ultim\w+|primer\w*|prim\w+)\s+(?:\w+\s+){0,2})?(?:errors?|warnings?|logs?|lines?|events?|fehler|warnungen|meldungen|ereignisse|erreurs|journaux|événements|errores|registros|eventos|errori|eventi)"
    r"\s+(?:of|from|in|on|for|between|since|von|vom|bei|seit|zwischen|de|du|des|entre|depuis|del|desde|di|del|della|da|tra)(?!\w)"
)
_REPORTS: Final = re.compile(
    r"(?<!\w)(?:above|below|over|under|broke|breaks|broken|rising|rises|rose|exceeds?|too|keeps?"
    r"|stopped|failed|fails|über|unter|steigt|zu|kaputt|au-dessus|dépasse|trop|por encima|demasiado"
    r"|sube|sopra|supera|troppo|sale)(?!\w)"
)
_TALK: Final = frozenset(  # greetings and thanks among the words that ask of nothing
    {
        "thanks",
        "thx",
        "ty",
        "cheers",
        "hi",
        "hello",
        "hey",
        "ok",
        "danke",
        "merci",
        "gracias",
        "grazie",
        "hallo",
        "hola",
        "ciao",
        "salut",
    }
)
_FIGURES: Final = frozenset({"max", "min", "mean", "p50", "p75", "p90", "p95", "p98", "p99", "sum"})
_SPAN: Final = re.compile(  # a stretch of time that is named: a report has figures of its own window alone
    r"(?<!\w)(?:(?:last|past|letzten?|dernière?s?|últim[oa]s?|ultim[oaie])\W+(?:\w+\W+){0,2}?"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|sekunden?|minuten?|stunden?|tage?n?|wochen?|heures?|jours?|horas?|minutos?|días?|or[ae]|minut[oi]|giorn[oi])"
    r"|since|between|seit|zwischen|depuis|entre|desde|tra le)(?!\w)"
)
_NOW: Final = re.compile(
    r"(?<!\w)(?:now|right now|currently|jetzt|gerade|aktuell|maintenant|actuellement|ahora|actualmente|adesso|ora)(?!\w)"
)
_LIVE: Final = frozenset({"count", "lines", "events", "curve"})


def asks(text: str) -> bool:
    """Whether a sentence asks for something, rather than saying that something is wrong.

    "Why is checkout slow?" reports: a diagnosis answers it.
    """
    text = english(text)
    low = plain(text).strip()
    if is_query(text) or asks_for_change(text):
        return True
    if "why" in keys("verbs", low):
        return bool(set(keys("resources", low)) & {"pods", "jobs", "cronjobs", "deployments"}) and bool(
            keys("states", low)
        )
    if low.rstrip().endswith("?") or ASKING.search(low) or _LISTED.match(low):
        return True
    if _first(low) and not _REPORTS.search(low):
        return True
    return bool(set(keys("verbs", low)) & _ASKING) and not symptom_of(text).sure


def is_talk(text: str) -> bool:
    """Whether a sentence only greets or thanks."""
    words = re.findall(r"\w+", plain(text))
    return bool(words) and "?" not in text and bool(_TALK.intersection(words)) and all(map(is_glue, words))


def goes_on(text: str) -> bool:
    """Whether a sentence leaves out what was asked before."""
    return bool(follow_pattern().search(plain(text)))


def of_live(text: str) -> bool:
    """Whether a question is of what systems are and say now, which no run holds: objects, lines, events, curves.

    Not where it asks what was looked at: "which logs did you read?"
    """
    text = english(text)
    low = plain(text)
    if lists().ours.search(text):
        return False
    resources = set(keys("resources", low)) - {"components", "machines", "measurements", "sources"}
    return (
        is_query(text)
        or asks_for_change(text)
        or bool(_LISTED.match(low))
        or bool(resources)
        or bool(_FIGURES & set(keys("functions", low)) and (_SPAN.search(low) or _NOW.search(low)))
        or _is_bounded(low)
        or bool(set(keys("verbs", low)) & _LIVE)
    )


def asks_now(text: str) -> bool:
    """Whether it is asked how something is now."""
    return bool(_NOW.search(plain(english(text))))


def _is_bounded(low: str) -> bool:
    """Whether it asks if, or how long, something was beyond a value with a unit: "was the p98 ever above 500 ms?"."""
    limit = bound(low)
    return limit is not None and bool(limit.unit)


def _first(low: str) -> bool:
    """Whether it begins with a word such as "last" or "errors": an order of a list without a verb."""
    return _starts().match(low) is not None


@cache
def _starts() -> re.Pattern[str]:
    words = [
        plain(w)
        for name in ("order", "functions")
        for key in table(name)
        for w in table(name)[key]
        if key not in ("last",)
    ]
    return re.compile(
        rf"\W*(?:the |die |der |das |le |la |les |el |las |los |il |lo |i |gli )?{one_of(words)}"
    )
