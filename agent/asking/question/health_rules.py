"""Whether a component is healthy: its state and the errors that it logged of late are told; the verdict is a diagnosis's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.pieces import Pieces
from aitia.tools.query.lines import loggers
from aitia.tools.query.machine_state import tells_running
from aitia.tools.query.words import Count, Get, Query

LATELY: Final = timedelta(hours=1)
_HEALTHY: Final = (
    r"healthy|ok|okay|all right|alright|fine|in good (?:shape|health)|unhealthy|sick|gesund|in ordnung|alles gut|wohlauf|krank"
    r"|en bonne santé|sain[e]?|va bien|en forme|sano|sana|bien|en buen estado|in salute|bene|a posto"
)
_ASKED: Final = re.compile(
    r"^\W*(?:(?:and|so|und|et|y|e)\s+)?(?:is|are|ist|sind|läuft|est-ce que|est|está|esta|es|è|sta|funziona)\s(?:[^?]{1,80}?\s)?"
    rf"(?:{_HEALTHY})(?:\s(?:right now|now|at the moment|currently|today|again|gerade|jetzt|im moment|aktuell|derzeit|wieder"
    r"|maintenant|actuellement|en ce moment|ahora(?: mismo)?|actualmente|adesso|ora|al momento))?\W*$"
    r"|^\W*(?:está|va|sta|è|tout va) (?:bien|bene|a posto|sano|sana)(?:\s[^?]{1,60})?\W*$"
    r"|^\W*comment va\s[^?]{1,80}\W*$|^\W*how is\s[^?]{1,80}\s(?:doing|feeling)(?: right now| now| today)?\W*$"
)


def asks_healthy(low: str) -> bool:
    """Whether a text in small letters asks if something is well."""
    return _ASKED.match(low) is not None


def of_health(p: Pieces) -> Reading | None:
    """What is known of a component's state now, and how many errors it logged in the last hour."""
    if not p.component or p.span.told or not asks_healthy(p.low):
        return None
    looks: list[Query] = []
    if p.site.readers() or tells_running(p.site, p.component):
        looks.append(Get(component=p.component))
    if p.component in loggers(p.site):
        looks.append(Count(of="lines", component=p.component, level="error", since=p.site.now - LATELY))
    if not looks:
        return None
    said = f"Whether {p.component} is healthy a diagnosis tells: aitia diagnose. This is what is known of it now."
    return Reading(status="query", queries=tuple(looks), said=said, live=True)
