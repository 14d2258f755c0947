"""In which order a sentence of several facts tells them: only what its words claim is held against onsets and the chain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aitia.agent.sentences.binding import Told
from aitia.agent.sentences.binding import quantity as quantity_of
from aitia.agent.text import stem, words
from aitia.core.words import Evidence

_BACKWARD: Final = re.compile(
    r"\b(?:because(?: of)?|due to|(?:caused|triggered|prompted|preceded|produced|driven|explained) by|"
    r"after(?! that| this| which|wards)|"
    r"following|owing to|result(?:s|ed|ing)? (?:from|of)|stem(?:s|med|ming)? from|in response to|on the heels of|"
    r"in the wake of|since(?! \d))\b", re.I
)  # fmt: skip
_FORWARD: Final = re.compile(
    r"\b(?:after (?:that|this|which)|afterwards|then|led to|leads to|leading to|so that|as a result(?! of)|followed by|"
    r"(?:caus|trigger|prompt|produc)(?:ed|es|s|ing|e)(?! by)|result(?:s|ed|ing)? in|later|subsequently|before|ahead of|prior to|"
    r"preced(?:ed|es|ing)|next|from there|in turn|downstream)\b", re.I
)  # fmt: skip
_CAUSAL: Final = re.compile(
    r"\b(?:because|due to|led to|leads to|leading to|caus\w+|trigger\w*|prompt\w*|produc\w+|driven by|as a result|in turn|"
    r"result(?:s|ed|ing)? (?:in|from|of))\b", re.I
)  # fmt: skip
_LEAD: Final = re.compile(
    r"(?:^|[,;:]\s*)\s*(?:only |just |soon |right |shortly )?(after|once|following|since|because|before|as soon as|when)\s*$",
    re.I,
)
_NO_ORDER: Final = re.compile(
    r"\b(?:(?:before|after|ahead of) the alarm|(?:never|not|none|nothing|unknown|zero|\d) before|"
    r"before (?:that|then)|at \d+(?:\.\d+)? before|"
    r"logged once|(?:only|just|not) once|once (?:at|since|about|in)|since \d\S*)", re.I
)  # fmt: skip
_FIRST: Final = re.compile(
    r"\b(?:(?<!ranks )(?<!rank )(?<!ranked )first(?! (?:thing|to check|suspect|candidate|place|check|look|"
    r"step|of))|earliest|(?:began|begins|starts?|started|opens?) with)\b",
    re.I,
)
_LAST: Final = re.compile(r"\b(?:finally|lastly|last of all|the last (?:fact|sign|step|event|to))\b", re.I)


_BACK_REFERENCE: Final = re.compile(
    r"\bleading to (?:that|this)\s*\.|\b(?:this|that|it) (?:\w+ ){0,2}(?:occurred|happened)\s*\.|"
    r"\bcausing (?:that|this)\s*\.", re.I
)  # fmt: skip


def spots(sentence: str, told: Sequence[Told]) -> list[tuple[int, int, Evidence]]:
    """Where a sentence tells of exactly one fact, in the order of the sentence: by its numbers, else by what it measures."""
    found: list[tuple[int, int, Evidence]] = []
    for clause in told:
        fact = clause.bound or _only(sentence[clause.start : clause.end], clause.facts)
        if fact is None:
            continue
        if found and found[-1][2].id == fact.id:
            found[-1] = (found[-1][0], clause.end, fact)
        else:
            found.append((clause.start, clause.end, fact))
    return found


def _only(clause: str, facts: Sequence[Evidence]) -> Evidence | None:
    """The one fact whose quantity a clause names, where no other's is."""
    roots = {stem(w) for w in words(clause)}
    fitting = [f for f in facts if (q := quantity_of(f)) and q <= roots]
    return fitting[0] if len(fitting) == 1 else None


def orders(sentence: str, told: Sequence[Told], chain: Sequence[Evidence], excluding: bool) -> Iterable[str]:
    """Claims of order that onsets contradict, or of cause that go against the chain."""
    if _BACK_REFERENCE.search(sentence):
        yield "puts what was told before behind what follows"
    plain = _NO_ORDER.sub(lambda m: " " * len(m[0]), sentence)
    places = {f.id: n for n, f in enumerate(chain)}
    found = spots(sentence, told)
    for at, (start, end, fact) in enumerate(found):
        if fact.id in places and len(chain) > 1:
            yield from _ends(plain[start:end], fact, chain)
        if at + 1 == len(found):
            continue
        other_start, _, other = found[at + 1]
        earlier = _claimed(plain[:start], plain[start:other_start])
        if earlier is None:
            continue
        first, second = (fact, other) if earlier else (other, fact)
        causal = bool(_CAUSAL.search(plain[start:other_start])) and not excluding
        if _began_later(first, second):
            yield "puts two facts in the wrong order"
        elif causal and first.id in places and second.id in places and places[first.id] > places[second.id]:
            yield "tells the effect as the cause"


def _claimed(ahead: str, between: str) -> bool | None:
    """Whether the words claim that the fact told first came first (True), came later (False), or neither (None)."""
    if (lead := _LEAD.search(ahead)) or (
        lead := re.match(r"\s*(after|once|following|since|because|before|as soon as|when)\b", between, re.I)
    ):
        return lead[1].lower() != "before"
    back, forth = _BACKWARD.search(between), _FORWARD.search(between)
    if back and not forth:
        return False
    return True if forth else None


def _began_later(first: Evidence, second: Evidence) -> bool:
    if first.onset is None or second.onset is None:
        return False
    slack = first.onset_error_s + second.onset_error_s
    gap = first.onset.replace(microsecond=0) - second.onset.replace(microsecond=0)
    return gap.total_seconds() > slack


def _ends(clause: str, fact: Evidence, chain: Sequence[Evidence]) -> Iterable[str]:
    onsets = [f.onset.replace(microsecond=0) for f in chain if f.onset]
    began = fact.onset.replace(microsecond=0) if fact.onset else None
    if _FIRST.search(clause) and fact.id != chain[0].id and not (began and began == min(onsets)):
        yield "tells a later fact as the first"
    if _LAST.search(clause) and fact.id == chain[0].id and not (began and began == max(onsets)):
        yield "tells the first fact as the last"
