"""Answers from a run's facts and other lines: what was measured, when, what changed, what was looked at, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from aitia.agent.asking.draft import Draft
from aitia.agent.asking.lookup import burden, roots
from aitia.agent.asking.matching import enough, is_about, matching, moved, overlap, sentence
from aitia.agent.asking.questions import Topic
from aitia.agent.asking.record import Record, unseen
from aitia.agent.text import TIME, names_in
from aitia.core.words import Evidence

Replies = Callable[[str, Topic, Record], Draft]
COVERED: Final = 0.5  # share of a question's own terms that the lines of an answer must hold
_HARM: Final = ("latency", "errors", "availability")


def facts(question: str, topic: Topic, record: Record) -> Draft:
    """The facts themselves, as their tools wrote them; else whatever line of the report holds most of what is asked."""
    if not (topic.components or topic.aspects or topic.rest):
        return Draft()
    chosen: list[Evidence] = []
    if topic.components or topic.aspects:
        found = matching(topic, record)
        if len(topic.components) > 1:  # one component's calls to the other
            pair = set(topic.components)
            found = [e for e in found if e.peer and {e.component, e.peer} <= pair] or found
        chosen = enough(found, topic, record)
    if not chosen or not _covered(topic.rest, chosen):
        chosen = _any_line(topic, record)
    if not chosen:
        return Draft(sure=0.6)
    draft = Draft(sure=max(e.strength for e in chosen))
    for e in chosen:
        draft.say(sentence(e), e.id)
    return draft


def _covered(wanted: Sequence[str], lines: Sequence[Evidence]) -> bool:
    """Whether lines hold more than half of a question's own terms."""
    held = {t for e in lines for t in roots(e.statement)}
    whole = sum(burden(t) for t in wanted)
    return whole < 1.0 or sum(burden(t) for t in wanted if t in held) > COVERED * whole


def _any_line(topic: Topic, record: Record) -> list[Evidence]:
    """The lines that hold most of a question, whatever they are about; of its components, if it names any."""
    wanted = [*topic.rest, *(t for words in topic.aspect_words.values() for t in words)]
    bare = topic.model_copy(update={"words": tuple(dict.fromkeys(wanted)), "aspects": (), "components": ()})
    lines = [
        e
        for e in record.lines.values()
        if overlap(e, bare, record)
        and (
            not topic.components
            or is_about(e, topic.components, record)
            or names_in(e.statement, topic.components)
        )
    ]
    chosen = enough(sorted(lines, key=lambda e: -overlap(e, bare, record)), bare, record)
    held = [t for t in topic.rest if burden(t) == 1.0 and any(t in roots(e.statement) for e in chosen)]
    return chosen if held and _covered(bare.words, chosen) else []


def verdict_first(draft: Draft, record: Record) -> None:
    """The report's first sentence; its probability is the verdict's own line."""
    for s in record.report.summary:
        if s.role == "verdict":
            top = next((i for i, x in record.suspects.items() if x.component), "")
            draft.say(s.text, "V1", *s.cites, top if record.report.verdict == "unknown" else "")


def lines_of(
    letter: str, limit: int = 6, only: Callable[[Topic, Record, Evidence], bool] = lambda t, r, e: True
) -> Replies:
    """All lines of one sort, such as next checks."""

    def made(question: str, topic: Topic, record: Record) -> Draft:
        draft = Draft(sure=record.report.probability)
        found = [e for e in record.of(letter) if only(topic, record, e)]
        for line in found[:limit]:
            draft.say(line.statement, line.id)
        return draft

    return made


def do(question: str, topic: Topic, record: Record) -> Draft:
    """Steps of runbooks, incidents and the catalogue; those against the next time where that is asked."""
    draft = Draft(sure=record.report.probability)
    later = re.search(r"\b(?:prevent\w*|avoid\w*|again|future|next time|never|long.?term)\b", question, re.I)
    wanted = "prevent" if later else "now"
    for n, m in enumerate(record.report.mitigations, 1):
        if m.when == wanted:
            draft.say(record.lines[f"M{n}"].statement, f"M{n}")
    if not draft.replies:  # without a cause nothing is recommended: what was found, and what to look at next
        verdict_first(draft, record)
        for line in record.of("N"):
            draft.say(line.statement, line.id)
    return draft


def looked(question: str, topic: Topic, record: Record) -> Draft:
    """The calls that were made and the sources that were read."""
    if topic.components or (topic.aspects and topic.aspects != ("log",)):
        found = facts(question, topic, record)
        if found.replies:
            return found
    draft = Draft()
    tools = [c for c in record.of("C") if not topic.aspects or re.search(topic.aspects[0], c.statement, re.I)]
    for line in (*tools[:8], *([] if topic.aspects else record.of("H")[:8])):
        draft.say(line.statement, line.id)
    return draft


def not_seen(question: str, topic: Topic, record: Record) -> Draft:
    """What tools and sources say that they could not see, and what is not connected."""
    draft = Draft()
    if topic.components or topic.aspects:
        found = facts(question, topic, record)
        if found.replies:
            return found
    for n, call in enumerate(record.report.calls, 1):
        if call.status != "ok" or any(u in call.message for u in unseen(record.report) if u):
            draft.say(record.lines[f"C{n}"].statement, f"C{n}")
    for n, h in enumerate(record.report.inventory.holdings, 1):
        if h.note:
            draft.say(record.lines[f"H{n}"].statement, f"H{n}")
    for line in record.of("N"):
        if "none were seen" in line.statement or "Mend source" in line.statement:
            draft.say(line.statement, line.id)
    return draft


def changes(question: str, topic: Topic, record: Record) -> Draft:
    """What was deployed, changed or repaired; that nothing was, where the list of changes was read."""
    draft = Draft()
    wide = topic.model_copy(update={"aspects": ()})
    kinds = (
        ("maintenance.", "change.maintenance")
        if topic.aspects == ("maintenance",)
        else ("change.", "maintenance.")
    )
    found = matching(wide, record, lambda e: e.kind.startswith(kinds))
    strange = sum(burden(t) for t in topic.rest) >= 1.0
    found = [e for e in found if not strange or set(topic.rest) & set(roots(e.statement))]
    for e in sorted(found[:6], key=lambda e: (e.onset is None, e.onset)):
        draft.say(sentence(e), e.id)
    if not found and not strange:
        read = [
            n
            for n, c in enumerate(record.report.calls, 1)
            if c.status == "ok" and c.tool in ("changes_list", "maintenance_list")
        ]
        whom = f" of {' and '.join(topic.components)}" if topic.components else ""
        about = [e.id for e in record.report.evidence if is_about(e, topic.components, record)][:1]
        if read:
            draft.say(f"No change{whom} is among what was read.", *(f"C{n}" for n in read), *about)
    return draft


def when(question: str, topic: Topic, record: Record) -> Draft:
    """When something began: the onsets of the facts that are asked about, else of the alarm and the first symptom."""
    draft = Draft()
    if topic.components or topic.aspects or topic.rest:
        found = matching(topic, record, lambda e: e.onset is not None or bool(TIME.search(e.statement)))
        told = enough(
            [e for e in found if not e.kind.startswith(("incident.", "runbook.", "rank."))], topic, record
        )
        for e in told[:3]:
            at = (
                f" (began at {e.onset:%H:%M:%S} UTC)"
                if e.onset and f"{e.onset:%H:%M:%S}" not in e.statement
                else ""
            )
            draft.say(f"{e.statement.strip().rstrip('.')}{at}.", e.id)
        return draft
    draft.say(record.lines["I1"].statement, "I1")
    for line in record.of("T")[:3]:
        draft.say(line.statement, line.id)
    return draft


def impact(question: str, topic: Topic, record: Record) -> Draft:
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
    draft.sure = max((e.strength for e in harmed), default=record.report.probability)
    return draft


def kind_of(*prefixes: str) -> Replies:
    """Facts of some kinds as they are; where there are none, the call that looked for them."""

    def made(question: str, topic: Topic, record: Record) -> Draft:
        draft = Draft(sure=0.5)
        for e in record.report.evidence:
            if e.kind.startswith(prefixes):
                draft.say(sentence(e), e.id)
        if not draft.replies:
            for n, call in enumerate(record.report.calls, 1):
                if call.tool.startswith(tuple(f"{p.split('.')[0]}s_" for p in prefixes)):
                    draft.say(record.lines[f"C{n}"].statement, f"C{n}")
        return draft

    return made


def timeline(question: str, topic: Topic, record: Record) -> Draft:
    """Onsets and changes in time order."""
    draft = Draft()
    lines: Iterable[Evidence] = record.of("T")
    if topic.components:
        lines = [t for t in lines if t.component in topic.components]
    for line in list(lines)[:8]:
        draft.say(line.statement, line.id)
    return draft
