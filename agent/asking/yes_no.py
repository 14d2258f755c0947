"""Yes or no before anything else, where a question about a run wants that: "could it be payment?", "is redis fine?"."""

from __future__ import annotations

import re
from typing import Final

from aitia.agent.asking.answer import Reply
from aitia.agent.asking.matching import moved
from aitia.agent.asking.questions import LEAD, Topic, accuses, lists
from aitia.agent.asking.record import Record
from aitia.agent.taxonomy import covers
from aitia.core.aspects import CONTEXT
from aitia.core.percent import chance
from aitia.core.words import Evidence, Suspect
from aitia.tools.meaning.incidents.denied import changes_in

_LIKELY: Final = 0.5
_UNLIKELY: Final = 0.1  # of a suspect, below which the answer is no; by hand
_FINE: Final = re.compile(
    rf"{LEAD}(?:is|are|was|were|ist|sind|est|están?|è|sono) .*\b(?:ok|okay|fine|healthy|alright|normal|in ordnung|gesund|bien"
    r"|sain|sano|a posto)\W*$",
    re.IGNORECASE,
)
_CLOSES: Final = re.compile(
    r"\b(?:can|may|should|could|kann|darf|soll|puis|peut|puedo|podemos|posso)\b.*"
    r"\b(?:close|resolve|silence|acknowledge|ignore|schließen|quittieren|ignorieren|fermer|clore|cerrar|chiudere)\b",
    re.IGNORECASE,
)


_LOOKED: Final = re.compile(
    r"\b(?:did|have|do) you (?:look(?:ed)? at|read|check(?:ed)?|have|see|seen)\b.*?\b(traces|metrics|logs|signals|changes)\b",
    re.IGNORECASE,
)


_FULL: Final = re.compile(
    r"\b(?:disks?|filesystems?|file systems?|volumes?|partitions?|mounts?)\b(?=.{0,60}\b(?:full|out of space|no space)\b)"
    r"|\b(?:full|out of space)\b(?=.{0,40}\b(?:disks?|filesystems?|volumes?)\b)",
    re.IGNORECASE,
)
_HOW_FULL: Final = re.compile(r"\b(?:how full|why|when|since)\b", re.IGNORECASE)


def yes_no(question: str, topic: Topic, record: Record) -> Reply | None:
    """The sentence that says yes or no with what it rests on; None where that is not what is asked."""
    if _CLOSES.search(question):
        return _closes(record)
    if (kind := _LOOKED.search(question)) is not None:
        return _looked(kind[1].casefold(), record)
    if (
        _FULL.search(question)
        and not _HOW_FULL.search(question)
        and (full := _full(topic, record)) is not None
    ):
        return full
    if _FINE.match(question) and topic.components:
        return _fine(topic, record)
    if (
        accuses(question)
        and (topic.components or topic.aspects or changes_in(question))
        and "why" not in question.casefold()
    ):
        return _accused(question, topic, record)
    return None


def _looked(kind: str, record: Record) -> Reply:
    """Whether a kind of source was there to be looked at."""
    held = [i for i, line in record.lines.items() if i[0] == "H" and f"({kind})" in line.statement]
    if not held:
        return Reply(text=f"No: no source of {kind} was at hand.", cites=("V1",))
    return Reply(text=f"Yes: {record.lines[held[0]].statement}", cites=tuple(held[:1]))


def _full(topic: Topic, record: Record) -> Reply | None:
    """A filesystem that is seen to be at its limit; None where none is, which is no proof that none was full."""
    for e in record.report.evidence:
        whose = not topic.components or e.component in topic.components
        if e.kind == "metric.limit" and e.aspect == "disk" and whose and topic.within(e):
            return Reply(text=f"Yes: {e.statement}", cites=(e.id,))
    return None


def _closes(record: Record) -> Reply:
    report = record.report
    sure = chance(report.probability)
    if report.verdict == "healthy":
        text = f"Yes, by this telemetry: nothing in it is wrong ({sure}). Look first at what the alert itself measures."
    elif report.verdict == "cause":
        text = (
            f"No: {report.component} ({record.taxonomy.title(report.fault)}) is the likeliest cause ({sure})."
        )
    else:
        text = "Not on this: there is too little evidence to say that nothing is wrong."
    return Reply(text=text, cites=("V1",))


def _fine(topic: Topic, record: Record) -> Reply | None:
    """Whether anything seen at a component departed from what is usual."""
    named = ", ".join(topic.components)
    own = _own(topic, record)
    if not own:
        return None
    report = record.report
    if report.verdict == "cause" and report.component in topic.components:
        return Reply(
            text=f"No: {named} is the likeliest cause ({chance(report.probability)}).", cites=("V1",)
        )
    off = [e for e in own if moved(e) and e.strength >= _LIKELY]
    if off:
        return Reply(text=f"Not quite: {off[0].statement}", cites=(off[0].id,))
    return Reply(
        text=f"Yes: nothing that was seen of {named} left its usual range.",
        cites=tuple(e.id for e in own[:3]),
    )


def _accused(question: str, topic: Topic, record: Record) -> Reply | None:
    prefixes = tuple(f for a in topic.aspects for f in lists().faults[a])
    if (blame := record.report.change) is not None and changes_in(question) and not topic.components:
        word = {"change": "Yes", "none": "No"}.get(blame.answer, "It may be")
        return Reply(text=f"{word}. {blame.sentence.text}", cites=blame.sentence.cites)
    if not (topic.components or prefixes):
        return None
    mine = {i: s for i, s in record.suspects.items() if _is_meant(s, topic, prefixes, record)}
    if not mine:
        whom = ", ".join(topic.components)
        other = next((i for i, s in record.suspects.items() if s.component in topic.components), "")
        if other:  # of something else than what is asked for
            held = record.suspects[other]
            told = f"{record.taxonomy.title(held.fault)}, {chance(held.probability)}"
            if changes_in(question) and held.probability >= _UNLIKELY:  # which a change may have brought
                return Reply(
                    text=f"It may be: {held.component} is suspected ({told}), and a change may be behind that.",
                    cites=(other, "V1"),
                )
            return Reply(
                text=f"No, by what was seen: not of that. {held.component} is suspected of another fault ({told}).",
                cites=(other, "V1"),
            )
        cites = _cleared(topic, record)
        return (
            Reply(text=f"No, by what was seen: {whom} is not suspected.", cites=cites)
            if whom and cites
            else None
        )
    total = sum(s.probability for s in mine.values())
    best, suspect = next(iter(mine.items()))
    told = f"{suspect.component} ({record.taxonomy.title(suspect.fault)}, {chance(suspect.probability)})"
    if total < _UNLIKELY:
        return Reply(text=f"No, by what was seen: {told} is not likely.", cites=(best, "V1"))
    return Reply(
        text=f"{'Yes, most likely' if total >= _LIKELY else 'It may be'}: {told}.", cites=(best, "V1")
    )


def _cleared(topic: Topic, record: Record) -> tuple[str, ...]:
    """By what a component is cleared: the line that rules it out, else what was seen of it."""
    out = [f"X{n}" for n, x in enumerate(record.report.ruled_out, 1) if x.component in topic.components]
    return tuple(out[:1] or [e.id for e in _own(topic, record)][:3])


def _own(topic: Topic, record: Record) -> list[Evidence]:
    """What telemetry shows of the components that are asked about."""
    return [e for e in record.report.evidence if e.component in topic.components and e.aspect not in CONTEXT]


def _is_meant(suspect: Suspect, topic: Topic, prefixes: tuple[str, ...], record: Record) -> bool:
    if not suspect.component:
        return False
    here = not topic.components or suspect.component in topic.components
    return here and (not prefixes or any(covers(p, suspect.fault) for p in prefixes))
