"""Answers over a run, written by code: what its kind of question calls for, and the lines of the report that answer best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aitia.agent.asking.answer import Reply
from aitia.agent.asking.draft import Draft
from aitia.agent.asking.has_answer import likely, nobody
from aitia.agent.asking.kinds import Embeds
from aitia.agent.asking.lines import Scored, scored, told
from aitia.agent.asking.matching import is_about, sentence
from aitia.agent.asking.questions import Topic
from aitia.agent.asking.record import Record
from aitia.agent.asking.reply_facts import (
    changes,
    impact,
    kind_of,
    lines_of,
    looked,
    not_seen,
    steps,
    timeline,
    when,
)
from aitia.agent.asking.reply_verdict import (
    cause,
    healthy,
    proof,
    ruled_out,
    state,
    sure,
    suspects,
    weigh,
    why_not,
)
from aitia.agent.asking.yes_no import yes_no

MAX_LEAD: Final = 6  # sentences that the kind of question calls for
LINES, BESIDE = 4, 2  # of the best lines: alone, and after such sentences
MAX_SENTENCES: Final = 9
MAX_WHETHER: Final = 4  # of an answer that begins with yes or no
UNHEARD_OF: Final = 0.95  # how sure it is that nothing is held about a component that the run does not have


def compose(question: str, topic: Topic, record: Record, meaning: Embeds | None = None) -> Draft:
    """What the run's report says to a question of this topic; that it says nothing where an answer is not likely held."""
    if lines := _asked_for(question, record):
        return lines
    if nobody(topic, record):
        return _not_known(topic, record, sure=UNHEARD_OF)
    whether = yes_no(question, topic, record)
    ranked = [s for s in scored(question, topic, record, meaning) if topic.within(s.line)]
    if topic.span is not None and topic.kind == "changes":  # and what has no time is none of that time
        ranked = [s for s in ranked if s.line.onset is not None]
    sure_of, least = likely(question, topic, record, ranked, meaning)
    if sure_of < least and whether is None:
        return _not_known(topic, record, sure=1.0 - sure_of)
    lead = _BY_KIND[topic.kind](topic, record) if topic.kind in _BY_KIND else Draft()
    if whether is not None:  # the answer, then what it rests on, and nothing of others
        own = [
            r for r in lead.replies if r.cites[:1] != ("V1",) and (_names(r, topic) or not topic.components)
        ]
        draft = Draft(replies=[whether, *own][:MAX_WHETHER], sure=max(sure_of, least))
        _add(draft, topic, record, [s for s in ranked if is_about(s.line, topic.components, record)], BESIDE)
        del draft.replies[MAX_WHETHER:]
        return draft
    draft = Draft(replies=lead.replies[:MAX_LEAD], sure=sure_of)
    _add(draft, topic, record, ranked, BESIDE if topic.kind in _WHOLE and draft.replies else LINES)
    del draft.replies[MAX_SENTENCES:]
    return draft


def _names(reply: Reply, topic: Topic) -> bool:
    """Whether a sentence speaks of a component that is asked about."""
    return any(c in reply.text for c in topic.components)


def _asked_for(question: str, record: Record) -> Draft | None:
    """The log lines that the run looked for because this question quotes them."""
    found = [
        e
        for e in record.report.evidence
        if e.kind == "log.asked" and record.report.incident.text.strip() == question.strip()
    ]
    if not found:
        return None
    draft = Draft(sure=1.0)
    held = [
        e for e in found if e.values.get("count")
    ]  # where one source has them, that another has none is no answer
    for e in (held or found)[:MAX_LEAD]:
        draft.say(e.statement, e.id)
    return draft


def _add(draft: Draft, topic: Topic, record: Record, ranked: Sequence[Scored], limit: int) -> None:
    for s in told(ranked, limit, [r.text for r in draft.replies]):
        e = s.line
        if e.id in record.suspects:
            weigh(draft, e.id, record, most=1)
            continue
        at = f"{e.onset:%H:%M:%S}" if e.onset is not None and topic.kind == "when" else ""
        if at and at not in e.statement:
            draft.say(f"{e.statement.strip().rstrip('.')} (began at {at} UTC).", e.id)
        else:
            draft.say(sentence(e), e.id)


def _not_known(topic: Topic, record: Record, *, sure: float) -> Draft:
    """What comes nearest: what was seen of the components that are named."""
    seen = [e for e in record.report.evidence if is_about(e, topic.components, record)]
    nearest = [
        f"{c}: {_count(sum(is_about(e, (c,), record) for e in seen), 'fact')}" for c in topic.components
    ]
    return Draft(status="not_known", nearest=nearest, sure=sure)


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"


# Kinds that call for certain sentences; others are answered by the best lines alone.
_BY_KIND: Final[dict[str, Callable[[Topic, Record], Draft]]] = {
    "cause": cause,
    "healthy": healthy,
    "state": state,
    "trend": state,
    "proof": proof,
    "why_not": why_not,
    "ruled_out": ruled_out,
    "suspects": suspects,
    "sure": sure,
    "do": steps("now"),
    "prevent": steps("prevent"),
    "next": lines_of("N"),
    "looked": looked,
    "not_seen": not_seen,
    "changes": changes,
    "when": when,
    "alarm": lines_of("I"),
    "impact": impact,
    "similar": kind_of("incident."),
    "runbook": kind_of("runbook."),
    "order": timeline,
}
_WHOLE: Final = frozenset(_BY_KIND) - {"state", "trend", "when"}  # kinds that these sentences all but answer
