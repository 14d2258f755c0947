"""The verifier for a paragraph: each of its sentences by itself against all the facts that it was written from.

Numbers, times, quotations, directions and whose they are are held against the facts as for a single sentence (`verifier`);
words come from the facts, from the kinds of fault that the report names and from a longer closed list; what is denied must be
denied by a fact, be missing, or be said of what is known; and who is the cause or excluded must be who the code says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.agent.sentences.binding import Told, named_by
from aitia.agent.sentences.gist import Gist
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.intervals import without_spans
from aitia.agent.sentences.paragraph_binding import bound, figures
from aitia.agent.sentences.paragraph_measures import alarms, loggers, measured, moves, whose
from aitia.agent.sentences.paragraph_order import orders, spots
from aitia.agent.sentences.paragraph_words import claims, denials, surplus
from aitia.agent.sentences.verifier import by_check
from aitia.agent.text import mask, names_in, quotes
from aitia.core.words import Evidence, SourceRef

MOST_WORDS: Final = 140  # of a paragraph
LEAST_WORDS: Final = 15
_SENTENCE: Final = 60  # words
_MOST: Final = 8  # sentences
_CHECKS: Final = ("quotations", "characters")  # as for a single sentence
_LABEL: Final = re.compile(r"\s*[\[(]\s*(?:facts?\s+)?F\d+(?:\s*(?:,|and|to|[-–])\s*F?\d+)*\s*[\])]")
_BARE_LABEL: Final = re.compile(r"\bF\d+\b")
_DIGITS: Final = {
    w: str(n)
    for n, w in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 2
    )
}
_WORD_NUMBER: Final = re.compile(
    rf"(?<!the )(?<!these )(?<!those )(?<!between )\b(?:{'|'.join(_DIGITS)})\b"
    r"(?! (?:facts?|signs?|things?|events?|steps?|of them|of these|observations?|suspects?|candidates?|"
    r"explanations?|readings?)\b)",
    re.I,
)
_BY: Final = re.compile(r"\bby (?=\d{1,2}:\d{2})", re.I)  # had begun by then


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A sentence of a paragraph, the facts that it cites, and why it may not be printed (empty if it may)."""

    text: str
    cites: tuple[str, ...]
    reasons: tuple[str, ...]


def tidied(text: str) -> str:
    """One line without the labels of facts (F1): which facts a sentence cites is found by code."""
    line = re.sub(r"\s+", " ", _LABEL.sub("", text)).strip()
    return re.sub(r"^(?:In short|Paragraph|Summary)\s*:\s*", "", line)


def sentences_of(text: str) -> list[str]:
    """The sentences of a paragraph: a mark of an end, space, and a new beginning, outside of quotations."""
    plain = _without_quotes(text)
    cuts = [
        m.end() for m in re.finditer(r"[.!?](?=\s+\S)", plain) if not _ABBREVIATED.search(plain[: m.end()])
    ]
    parts = [text[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return [p for p in parts if p]


_ABBREVIATED: Final = re.compile(r"\b(?:e\.g|i\.e|approx|no|vs|etc|ca)\.$", re.I)


def checked(text: str, gist: Gist, names: frozenset[str]) -> list[Checked]:
    """Each sentence with what it cites and what speaks against it."""
    parts = sentences_of(text)
    return [_checked(s, gist, names, before) for before, s in zip(["", *parts], parts, strict=False)]


def refused(text: str, gist: Gist, names: frozenset[str]) -> list[str]:
    """Why a paragraph may not be printed; empty if it may."""
    made = checked(text, gist, names)
    found = [f"{s.text!r}: {'; '.join(s.reasons)}" for s in made if s.reasons]
    return [*_shape(text, made, gist, names), *found]


def _shape(text: str, made: Sequence[Checked], gist: Gist, names: frozenset[str]) -> Iterable[str]:
    size = len(text.split())
    if not LEAST_WORDS <= size <= MOST_WORDS:
        yield f"{size} words, {LEAST_WORDS} to {MOST_WORDS} are asked for"
    if len(made) > _MOST:
        yield f"more than {_MOST} sentences"
    if len({s.text.lower() for s in made}) < len(made):
        yield "says a sentence twice"
    if gist.component and not any(
        n.lower().startswith(gist.component.lower()) for _, n in names_in(text, names)
    ):
        yield f"does not name {gist.component}"
    told = {c for s in made for c in s.cites}
    chain = [f.id for f in gist.facts]
    if len(told & set(chain)) * 2 < len(chain):
        yield "tells less than half of the facts"


def _without_quotes(sentence: str) -> str:
    for start, end, _ in quotes(sentence):
        sentence = sentence[:start] + " " * (end - start) + sentence[end:]
    return sentence


def _checked(sentence: str, gist: Gist, names: frozenset[str], before: str = "") -> Checked:
    facts = [*(told_text(f, sentence) for f in gist.all_facts), *lacking(gist)]
    spoken = _BY.sub("at ", without_spans(_counted(sentence), facts))
    grounds = Grounds(
        facts=facts, names=names, vocabulary=frozenset(), certain=gist.sure in ("likely", "nothing wrong")
    )
    plain = _without_quotes(spoken)
    told = bound(plain, grounds)
    held = by_check(spoken, grounds)
    excluding = claims.excludes(plain, gist, names)
    reasons = [
        *_length(sentence),
        *(reason for check in _CHECKS for reason in held[check]),
        *(reason for reason in figures(plain, told, names) if not _excused(reason, plain, facts)),
        *(reason for reason in moves(plain, told, facts, excluding) if not claims.of_kind(reason, gist)),
        *measured(plain, told, grounds, before),
        *whose(plain, told, gist.component, facts, names),
        *loggers(plain, told, facts, names),
        *alarms(_without_quotes(sentence), facts),
        *_names(plain, gist, names),
        *surplus(plain, mask(plain, names), told, gist, facts, names),
        *denials(plain, told, gist, facts, names),
        *claims.certainty(plain, gist, several=len({f.id for _, _, f in spots(plain, told)}) != 1),
        *claims.missing(plain, gist, names),
        *claims.kinds(plain, gist, names),
        *claims.causes(plain, gist, names),
        *claims.exclusions(plain, gist, names),
        *orders(plain, told, gist.facts, excluding),
    ]
    if _BARE_LABEL.search(sentence) and not any(_BARE_LABEL.search(n) for n in names):
        reasons.append("names a fact by its label")
    return Checked(
        text=sentence, cites=_cites(plain, told, gist, names), reasons=tuple(dict.fromkeys(reasons))
    )


def lacking(gist: Gist) -> list[Evidence]:
    """What is missing as facts that a sentence may tell; they are cited by nobody."""
    return [
        Evidence(
            id=f"M{n}", kind="missing", aspect="other", statement=f"{text}.", strength=1.0, source=_NOWHERE
        )
        for n, text in enumerate(gist.missing, 1)
    ]


_NOWHERE: Final = SourceRef(source="report", query="")


_ATTRIBUTED: Final = re.compile(
    r"\b(?:log\w*|messages?|lines?|entr(?:y|ies)|report\w*|record\w*|answer\w*|respon\w*|errors?|complain\w*|says?|said|reads?|wrote|got|"
    r"deploy\w*|releas\w*|rollout|roll(?:ed|s)|chang\w*|appl(?:y|ied)|sync\w*|upgrad\w*|config\w*|set(?:ting)?s?|maintenance|work|"
    r"reload\w*|restart\w*|flag|scal\w*|canary|version|went out|put|fail\w*|refus\w*|told)\b", re.I
)  # fmt: skip


def told_text(fact: Evidence, sentence: str) -> Evidence:
    """The fact with its quoted text as its own words where a sentence attributes it: as logged, reported, deployed."""
    return fact.model_copy(update={"taint": False}) if fact.taint and _ATTRIBUTED.search(sentence) else fact


_COUNT: Final = re.compile(r"(\d[\d ]*(?:\.\d+)?) has another unit")
_ROLE: Final = re.compile(r"has another role in the cited facts \((?:level|limit|whole) here\)")
_EARLIER: Final = re.compile(
    r"\b(?:before|earlier|until then|baseline|usual|usually|previously|past|against|where)\b", re.I
)


def _excused(reason: str, plain: str, facts: Sequence[Evidence]) -> bool:
    """What is no error in a sentence of several facts: a count told as "6 restarts", a level that is told as that of before."""
    if count := _COUNT.match(reason):
        unit = re.search(
            rf"\b{re.escape(count[1])}\s?(?:%|ms\b|s\b|min|h\b|second|minute|hour|day|percent)", plain
        )
        return not unit and any(re.search(rf"\b{re.escape(count[1])} times\b", f.statement) for f in facts)
    limits = "limit" in reason and any("limit" in f.statement for f in facts)
    value = re.escape(reason.split(" ", 1)[0])
    part = any(
        re.search(rf"(?<!before that )(?<![\d.]){value} of\b|\bof (?:its |the )?{value}\b", f.statement)
        for f in facts
    )
    wholes = "whole here" in reason or ("level here" in reason and part)
    return bool(_ROLE.search(reason) and (_EARLIER.search(plain) or limits or wholes))


def _counted(sentence: str) -> str:
    """The sentence with numbers in words as digits, but for what is quoted."""
    parts = re.split(r'("[^"]*")', sentence)
    return "".join(
        p if p.startswith('"') else _WORD_NUMBER.sub(lambda m: _DIGITS[m[0].lower()], p) for p in parts
    )


def _length(sentence: str) -> Iterable[str]:
    count = len(sentence.split())
    if count > _SENTENCE:
        yield f"longer than {_SENTENCE} words"
    if count < 3 or not re.search(r"[.!]$", sentence):
        yield "not a finished sentence"


def _names(plain: str, gist: Gist, names: frozenset[str]) -> Iterable[str]:
    about = {gist.component, *(a.component for a in gist.against)}
    about |= {name for text in gist.missing for _, name in names_in(text, names)}
    for fact in gist.all_facts:
        about |= named_by(fact, names)
    for name in sorted({name for _, name in names_in(plain, names)} - about):
        yield f"names {name}, which no fact does"


def _cites(plain: str, told: Sequence[Told], gist: Gist, names: frozenset[str]) -> tuple[str, ...]:
    """The facts that a sentence tells of: those of its numbers, times and quantities, else those of whom it names."""
    exact = [fact.id for _, _, fact in spots(plain, told)]
    if not exact:
        if claims.lacks(plain, gist):
            return ()
        named = {name for _, name in names_in(plain, names)}
        about = [f for f in gist.all_facts if {f.component, f.peer} & named]
        exact = [f.id for f in about or gist.facts][:3]
    order = [f.id for f in gist.all_facts]
    return tuple(sorted({i for i in exact if i in order}, key=order.index))
