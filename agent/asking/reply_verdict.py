"""Sentences about the verdict, written by code: the cause, its proof, why not another one, who else, how sure."""

from __future__ import annotations

import re

from aitia.agent.asking.draft import Draft
from aitia.agent.asking.matching import matching, moved, sentence
from aitia.agent.asking.questions import Topic, lists
from aitia.agent.asking.record import Record, weighed
from aitia.agent.asking.reply_facts import verdict_first
from aitia.agent.taxonomy import covers
from aitia.core.percent import chance
from aitia.core.words import Suspect


def cause(topic: Topic, record: Record) -> Draft:
    """The verdict, the chain behind it, and causes beside it."""
    draft = Draft()
    verdict_first(draft, record)
    for s in (*record.report.chain, *(s for s in record.report.summary if s.role != "verdict")):
        draft.say(s.text, *s.cites)
    for other in record.report.further:
        draft.say(
            f"Separately, {other.component} ({record.taxonomy.title(other.fault)}) is a cause of its own.",
            *_suspect_ids(other, record),
        )
    return draft


def healthy(topic: Topic, record: Record) -> Draft:
    """Whether anything is wrong: the verdict with its probability, and the chain where something is."""
    draft = Draft()
    draft.say(
        record.lines["V1"].statement, "V1", *_verdict_cites(record)
    )  # begins with the report's first sentence
    for s in record.report.chain[:2]:
        draft.say(s.text, *s.cites)
    return draft


def state(topic: Topic, record: Record) -> Draft:
    """How a component is: the verdict where that is of it, or that nothing is wrong; that nothing was seen of it."""
    draft, report = Draft(), record.report
    family = {f for c in topic.components for f in record.topology.family(c)}
    if report.verdict == "healthy" or (report.verdict == "cause" and report.component in family):
        verdict_first(draft, record)
    if topic.components and not record.measured(topic.components):
        for n, call in enumerate(report.calls, 1):
            if call.status != "ok" and call.args.get("component") in family:
                draft.say(record.lines[f"C{n}"].statement, f"C{n}")
    return draft


def proof(topic: Topic, record: Record) -> Draft:
    """What the verdict rests on: its ledger, or that of the component that is named."""
    draft = Draft()
    verdict_first(draft, record)
    mine = [i for i, s in record.suspects.items() if s.component and s.component in topic.components]
    for i in (mine or [i for i, s in record.suspects.items() if s.component])[:1]:
        weigh(draft, i, record)
    for s in record.report.chain:
        draft.say(s.text, *s.cites)
    return draft


def _suspect_ids(suspect: Suspect, record: Record) -> tuple[str, ...]:
    return tuple(
        i for i, s in record.suspects.items() if (s.component, s.fault) == (suspect.component, suspect.fault)
    )


def why_not(topic: Topic, record: Record) -> Draft:
    """What speaks for and against a suspect; of a component that is none, what was seen of it."""
    draft, report = Draft(), record.report
    prefixes = tuple(f for a in topic.aspects for f in lists().faults[a])
    mine = {
        i: s
        for i, s in record.suspects.items()
        if s.component
        and (not topic.components or any(s.component in record.topology.family(c) for c in topic.components))
        and (
            not prefixes
            or any(covers(p, s.fault) for p in prefixes)
            or (bool(topic.components) and not _of_kind(topic, record))
        )
    }
    if not topic.components and not prefixes:
        verdict_first(draft, record)
        for reply in ruled_out(topic, record).replies[:2]:
            draft.say(reply.text, *reply.cites)
        return draft
    is_verdict = report.verdict == "cause" and any(s.component == report.component for s in mine.values())
    if not (is_verdict and covers(report.fault, next(iter(mine.values())).fault)):
        verdict_first(draft, record)
    names = set(topic.components) or {s.component for s in mine.values()}
    for n, x in enumerate(report.ruled_out, 1):
        if x.component in names and (not prefixes or any(covers(p, x.fault) for p in prefixes)):
            draft.say(x.sentence.text, f"X{n}", *x.sentence.cites)
    for i in list(mine)[:3]:
        weigh(draft, i, record)
    if not mine and not any(c.startswith("X") for reply in draft.replies for c in reply.cites):
        _unsuspected(draft, topic, record)
    return draft


def _of_kind(topic: Topic, record: Record) -> bool:
    """Whether any suspect is of a kind of fault that is named."""
    prefixes = tuple(f for a in topic.aspects for f in lists().faults[a])
    return any(
        covers(p, s.fault)
        for p in prefixes
        for s in record.suspects.values()
        if s.component in topic.components
    )


def weigh(draft: Draft, id: str, record: Record, most: int = 2) -> None:
    """A suspect's probability, and the lines of its ledger that speak most for and against it."""
    suspect = record.suspects[id]
    draft.say(_chance_of(id, record), id)
    for sign, word in ((1, "For"), (-1, "Against")):
        for line in [c for c in weighed(suspect, sign) if c.evidence or sign < 0][:most]:
            cites = [i for i in (line.other, line.evidence) if i in record.lines]
            told = "; ".join(record.lines[i].statement.strip().rstrip(".") for i in cites)
            draft.say(f"{word} it: {line.why}{f': {told}' if told else ''}.", id, *cites)


def _unsuspected(draft: Draft, topic: Topic, record: Record) -> None:
    """A component, or a kind of fault, that nothing raised to a suspect: what was seen of it."""
    if not topic.components:
        kinds = [record.taxonomy.title(f) for a in topic.aspects for f in lists().faults[a]]
        draft.say(f"Nothing seen is the sign of this: {', '.join(kinds)}.", "V1")
    seen = [e for e in matching(topic, record) if not e.kind.startswith(("incident.", "runbook."))]
    if not seen:
        for line in record.of("N"):
            if any(re.search(rf"\b{re.escape(c)}\b", line.statement) for c in topic.components):
                draft.say(f"{line.statement.partition('. By:')[0]}.", line.id)
        return
    for c in topic.components:
        draft.say(
            f"{c} was not considered as a cause: nothing seen there is the sign of a fault.",
            *[e.id for e in seen if c in (e.component, e.peer)][:3],
        )
    ranked = [e for e in seen if e.kind.startswith("rank.")]
    shifted = [e for e in seen if moved(e) and e not in ranked]
    calm = [e for e in seen if e.direction == "steady"]
    for e in (*shifted[:2], *calm[:4], *ranked[:1]):
        draft.say(sentence(e), e.id)


def ruled_out(topic: Topic, record: Record) -> Draft:
    """The report's own sentences on who is unlikely."""
    draft = Draft()
    for n, x in enumerate(record.report.ruled_out, 1):
        draft.say(x.sentence.text, f"X{n}", *x.sentence.cites)
    return draft


def suspects(topic: Topic, record: Record) -> Draft:
    """Who was weighed, the likeliest first, each with the fact that speaks most for it."""
    draft = Draft()
    for i, s in list(record.suspects.items())[:5]:
        best = [c.evidence for c in weighed(s, 1) if c.evidence in record.lines][:1] if s.component else []
        draft.say(_chance_of(i, record), i, *best)
    return draft


def sure(topic: Topic, record: Record) -> Draft:
    """The verdict's probability, or a named component's, with what it comes from."""
    draft = Draft()
    mine = [(i, s) for i, s in record.suspects.items() if s.component and s.component in topic.components]
    if topic.components and not mine:
        return why_not(topic, record)
    for i, _ in mine[:2]:
        weigh(draft, i, record)
    if not mine:
        draft.say(record.lines["V1"].statement, "V1", *_verdict_cites(record))
        for i, s in list(record.suspects.items())[:3]:
            if s.component != record.report.component or not s.component:
                draft.say(_chance_of(i, record), i)
    return draft


def _chance_of(id: str, record: Record) -> str:
    suspect = record.suspects[id]
    if not suspect.component:
        return record.lines[id].statement
    return f"{suspect.component} ({record.taxonomy.title(suspect.fault)}) has a probability of {chance(suspect.probability)}."


def _verdict_cites(record: Record) -> tuple[str, ...]:
    return next((s.cites for s in record.report.summary if s.role == "verdict"), ())
