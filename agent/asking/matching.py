"""Which facts of a run a question is about: those of its components and quantities that hold most of its terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aitia.agent.asking.lookup import roots
from aitia.agent.asking.questions import Topic
from aitia.agent.asking.record import Record
from aitia.core.words import Evidence

# Aspects, or beginnings of them, that tell of a quantity beside those called like it.
_ALSO: Final[dict[str, tuple[str, ...]]] = {
    "connections": ("log.connection_",),
    "errors": ("log.error", "log.exception", "log.connection_"),
    "memory": ("log.oom",),
    "restart": ("log.restart", "log.oom"),
    "bearing": ("vibration.",),
    "imbalance": ("vibration.",),
    "misalignment": ("vibration.",),
    "maintenance": ("change.maintenance",),
}
_BY_KIND: Final = ("log", "change")


def is_about(fact: Evidence, components: Sequence[str], record: Record) -> bool:
    """Whether a fact is a component's own, its whole's or its part's, or tells of calls to it."""
    named = {fact.component, fact.peer, str(fact.values.get("component", ""))}
    return any(record.topology.family(c) & named for c in components)


def of_aspect(fact: Evidence, aspects: Sequence[str]) -> bool:
    """Whether a fact is about one of these quantities."""
    return any(
        fact.aspect == a
        or fact.aspect.startswith((f"{a}.", *_ALSO.get(a, ())))
        or (a in _BY_KIND and fact.kind.startswith(f"{a}."))
        for a in aspects
    )


def matching(
    topic: Topic, record: Record, among: Callable[[Evidence], bool] = lambda e: True
) -> list[Evidence]:
    """Facts of the components and quantities that are asked about, those that hold the question's rarer terms first."""
    named = {t for words in topic.aspect_words.values() for t in words}
    found = [
        e
        for e in record.report.evidence
        if among(e)
        and (not topic.components or is_about(e, topic.components, record))
        and (not topic.aspects or of_aspect(e, topic.aspects) or named & set(roots(e.statement)))
    ]

    def rank(e: Evidence) -> tuple[float, ...]:
        own = not topic.components or e.component in topic.components
        second_hand = e.kind.startswith(("rank.", "incident.", "runbook."))
        return (second_hand, -round(overlap(e, topic, record), 6), not own, -moved(e), -e.strength)

    return sorted(found, key=rank)


def overlap(fact: Evidence, topic: Topic, record: Record) -> float:
    """How much of a question's terms a fact holds, rare ones counting more."""
    held = set(roots(fact.statement))
    meant = {t for a in topic.aspects if of_aspect(fact, (a,)) for t in topic.aspect_words.get(a, ())}
    return sum(record.rarity(t) * (1.0 if t in held else 0.5) for t in topic.words if t in held or t in meant)


def moved(fact: Evidence) -> bool:
    """Whether a fact tells of a change."""
    return fact.direction not in ("steady", "none")


def sentence(fact: Evidence) -> str:
    """A fact as its tool wrote it."""
    text = fact.statement.strip()
    return text if text.endswith(".") else f"{text}."
