"""Sentences that some kinds of questions call for: what changed, what was looked at, what to do, who feels it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

from aitia.agent.asking.draft import Draft
from aitia.agent.asking.lookup import burden, roots
from aitia.agent.asking.matching import is_about, matching, moved, sentence
from aitia.agent.asking.questions import Topic
from aitia.agent.asking.record import Record, unseen
from aitia.core.words import Evidence, SourceKind

Replies = Callable[[Topic, Record], Draft]
_HARM: Final = ("latency", "errors", "availability")


def verdict_first(draft: Draft, record: Record) -> None:
    """The report's first sentence; its probability is the verdict's own line."""
    for s in record.report.summary:
        if s.role == "verdict":
            top = next((i for i, x in record.suspects.items() if x.component), "")
            draft.say(s.text, "V1", *s.cites, top if record.report.verdict == "unknown" else "")


def lines_of(letter: str, limit: int = 6) -> Replies:
    """All lines of one sort, such as next checks."""

    def made(topic: Topic, record: Record) -> Draft:
        draft = Draft()
        for line in record.of(letter)[:limit]:
            draft.say(line.statement, line.id)
        return draft

    return made


def steps(wanted: Literal["now", "prevent"]) -> Replies:
    """Steps of runbooks, incidents and the catalogue; without a cause nothing is recommended but what to look at next."""

    def made(topic: Topic, record: Record) -> Draft:
        draft = Draft()
        for n, m in enumerate(record.report.mitigations, 1):
            if m.when == wanted:
                draft.say(record.lines[f"M{n}"].statement, f"M{n}")
        if not draft.replies:
            verdict_first(draft, record)
            for line in record.of("N"):
                draft.say(line.statement, line.id)
        return draft

    return made


def looked(topic: Topic, record: Record) -> Draft:
    """The calls that were made and the sources that were read."""
    draft = Draft()
    if missing := _not_given(topic, record):
        every = [line.id for line in record.of("H")]
        draft.say(f"No source of {missing} was given to this run.", *(every or ["V1"]))
    about = [c for c in record.of("C") if not topic.components or is_about(c, topic.components, record)]
    for line in (*about[:4], *([] if topic.components else record.of("H")[:2])):
        draft.say(line.statement, line.id)
    return draft


def _not_given(topic: Topic, record: Record) -> str:
    """A sort of telemetry that is asked about and of which no source is there: "did you look at traces?"."""
    held = {h.kind for h in record.report.inventory.holdings}
    asked = (
        sort for sort in get_args(SourceKind) if sort in topic.words or sort.removesuffix("s") in topic.words
    )
    return next((sort for sort in asked if sort not in held), "")


def not_seen(topic: Topic, record: Record) -> Draft:
    """What tools and sources say that they could not see, and what is not connected."""
    draft = Draft()
    for line in record.of("N"):
        if "none were seen" in line.statement or "Fix source" in line.statement:
            draft.say(line.statement, line.id)
    for n, call in enumerate(record.report.calls, 1):
        if call.status != "ok" or any(u in call.message for u in unseen(record.report) if u):
            draft.say(record.lines[f"C{n}"].statement, f"C{n}")
    for n, h in enumerate(record.report.inventory.holdings, 1):
        if h.note:
            draft.say(record.lines[f"H{n}"].statement, f"H{n}")
    return draft


def changes(topic: Topic, record: Record) -> Draft:
    """What was deployed, changed or repaired; that nothing was, where the list of changes was read."""
    draft = Draft()
    if (blame := record.report.change) is not None and not topic.components and topic.span is None:
        draft.say(blame.sentence.text, *blame.sentence.cites)
    wide = topic.model_copy(update={"aspects": ()})
    found = matching(
        wide, record, lambda e: e.kind.startswith(("change.", "maintenance.")) and topic.within(e)
    )
    strange = sum(burden(t) for t in topic.rest) >= 1.0
    found = [e for e in found if not strange or set(topic.rest) & set(roots(e.statement))] or found
    for e in sorted(found[:4], key=lambda e: (e.onset is None, e.onset)):
        draft.say(sentence(e), e.id)
    if not found:
        read = [
            n
            for n, c in enumerate(record.report.calls, 1)
            if c.status == "ok" and c.tool in ("changes_list", "maintenance_list")
        ]
        whom = f" of {' and '.join(topic.components)}" if topic.components else ""
        whom += " in the time that is asked about" if topic.span is not None else ""
        about = [e.id for e in record.report.evidence if is_about(e, topic.components, record)][:1]
        if read:
            draft.say(f"No change{whom} was found in what was read.", *(f"C{n}" for n in read), *about)
    return draft


def when(topic: Topic, record: Record) -> Draft:
    """Where nothing is named: the alarm and the first symptoms."""
    draft = Draft()
    if topic.components or topic.aspects or topic.rest:
        return draft
    draft.say(record.lines["I1"].statement, "I1")
    for line in record.of("T")[:3]:
        draft.say(line.statement, line.id)
    return draft


def impact(topic: Topic, record: Record) -> Draft:
    """Who feels it: latency, errors and availability that got worse, a component each first."""
    draft = Draft()
    harmed = [
        e
        for e in record.report.evidence
        if e.aspect in _HARM and moved(e) and e.kind.startswith(("metric.", "log."))
        and (not topic.components or is_about(e, topic.components, record))
    ]  # fmt: skip
    first: dict[str, Evidence] = {}
    for e in harmed:
        first.setdefault(e.component, e)
    for e in (*first.values(), *(e for e in harmed if e is not first[e.component])):
        if len(draft.replies) < 5:
            draft.say(sentence(e), e.id)
    if not harmed:
        verdict_first(draft, record)
    return draft


def kind_of(*prefixes: str) -> Replies:
    """Facts of some kinds as they are; where there are none, the call that looked for them."""

    def made(topic: Topic, record: Record) -> Draft:
        draft = Draft()
        for e in record.report.evidence:
            if e.kind.startswith(prefixes):
                draft.say(sentence(e), e.id)
        if not draft.replies:
            for n, call in enumerate(record.report.calls, 1):
                if call.tool.startswith(tuple(f"{p.split('.')[0]}s_" for p in prefixes)):
                    draft.say(record.lines[f"C{n}"].statement, f"C{n}")
        return draft

    return made


def timeline(topic: Topic, record: Record) -> Draft:
    """Onsets and changes in time order."""
    draft = Draft()
    lines = record.of("T")
    if topic.components:
        lines = [t for t in lines if t.component in topic.components]
    for line in lines:
        draft.say(line.statement, line.id)
    return draft
