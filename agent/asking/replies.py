"""Answers over a run, written by code from its ledgers and facts: each sentence says which lines of the report it rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aitia.agent.asking.draft import Draft
from aitia.agent.asking.lookup import burden, roots
from aitia.agent.asking.matching import is_about
from aitia.agent.asking.questions import Topic
from aitia.agent.asking.record import Record
from aitia.agent.asking.reply_facts import (
    changes,
    do,
    facts,
    impact,
    kind_of,
    lines_of,
    looked,
    not_seen,
    timeline,
    when,
)
from aitia.agent.asking.reply_verdict import cause, ruled_out, sure, suspects, why_not


def compose(question: str, topic: Topic, record: Record) -> Draft:
    """What the run's report says to a question of this topic."""
    if topic.not_held:
        return _not_known(topic, record)
    if topic.unknown and not topic.components:
        return _not_known(topic, record)
    if unheard := _unheard(topic, record):
        return _not_known(topic.model_copy(update={"rest": unheard}), record)
    draft = _BY_KIND[topic.kind](question, topic, record)
    return draft if draft.replies else _not_known(topic, record, draft)


def _unheard(topic: Topic, record: Record) -> tuple[str, ...]:
    """Terms of which no line of the report has ever heard, where they outweigh what it has heard of.

    A thing that is named (the gearbox) and not heard of weighs double, and is refused where it is half of the question.
    """
    held = _vocabulary(record)
    strange = tuple(t for t in topic.rest if t not in held)
    things = [t for t in topic.things if t in strange and burden(t) == 1.0]
    heard = sum(burden(t) for t in topic.rest if t in held)
    heard += len(topic.components) + len(topic.aspects) + (topic.kind != "facts")
    weight = sum(burden(t) for t in strange) + len(things)
    return strange if weight > heard or (things and weight >= heard) else ()


def _vocabulary(record: Record) -> frozenset[str]:
    titles = " ".join(
        f"{record.taxonomy.title(s.fault)} {s.fault.replace('.', ' ')}" for s in record.report.suspects
    )
    text = " ".join(line.statement for line in record.lines.values())
    return frozenset(roots(f"{text} {titles} {' '.join(record.names)}"))


def _not_known(topic: Topic, record: Record, draft: Draft | None = None) -> Draft:
    """What comes nearest: what was seen of the components that are named, else which components and sources there are."""
    seen = [e for e in record.report.evidence if is_about(e, topic.components, record)]
    nearest = [
        f"{c}: {_count(sum(is_about(e, (c,), record) for e in seen), 'fact')}" for c in topic.components
    ]
    if not nearest:
        nearest = ["components: " + ", ".join(c.id for c in record.report.inventory.components[:12])]
    return Draft(status="not_known", nearest=nearest, sure=draft.sure if draft and draft.sure < 0.9 else 0.8)


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"


_BY_KIND: Final[dict[str, Callable[[str, Topic, Record], Draft]]] = {
    "facts": facts,
    "cause": cause,
    "why_not": why_not,
    "ruled_out": ruled_out,
    "suspects": suspects,
    "sure": sure,
    "do": do,
    "next": lines_of("N"),
    "looked": looked,
    "not_seen": not_seen,
    "changes": changes,
    "when": when,
    "alarm": lines_of("I"),
    "impact": impact,
    "similar": kind_of("incident."),
    "runbook": kind_of("runbook."),
    "timeline": timeline,
}
