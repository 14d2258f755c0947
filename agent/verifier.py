"""The verifier: code that decides whether a sentence may be printed.

A sentence is held against the facts that it cites: citations exist, each number is there with its unit and role,
each component is there, directions and time order agree, and every content word comes from the facts, from the
fault kind's entry or from the closed list of connectives. Anything else is an invented mechanism and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from aitia.agent.text import CITE, TIME, Number, clauses, mask, names_in, numbers, stem, words
from aitia.core.words import Evidence

_UP: Final = frozenset(
    {
        "rise", "rose", "risen", "increase", "grow", "grew", "grown", "growth", "climb", "jump", "surge", "spike",
        "higher", "exceed", "escalate",
    }
)  # fmt: skip
_DOWN: Final = frozenset(
    {
        "fall", "fell", "fallen", "drop", "decrease", "decline", "lower", "reduce", "shrink", "shrank", "vanish",
    }
)  # fmt: skip
_UP_STEMS: Final = frozenset(stem(w) for w in _UP)
_DOWN_STEMS: Final = frozenset(stem(w) for w in _DOWN)
_FORWARD: Final = re.compile(
    r"\b(led to|leads to|leading to|caused(?! by)|causes|causing|result(?:ed|s|ing) in|trigger(?:ed|s)|then|so that|which made|"
    r"before|brought|followed by|after (?:that|this|which)|and after|thereafter|afterwards)\b", re.I
)  # fmt: skip
_BACKWARD: Final = re.compile(
    r"\b(because|due to|caused by|(?<!and )after(?! that| this| which)|since|as a result of|following|owing to|triggered by)\b",
    re.I,
)
_NEGATION: Final = frozenset({"not", "no", "never", "without", "none", "neither", "nor", "cannot"})
MAX_WORDS: Final = 70


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a sentence may draw on. `order` says that facts[0] led to facts[1]; `names` are all known components."""

    facts: Sequence[Evidence]
    names: frozenset[str]
    vocabulary: frozenset[str] = frozenset()  # the words of the fault kind's entry
    order: bool = False

    @property
    def text(self) -> str:
        """The cited statements as one text."""
        return " ".join(f.statement for f in self.facts)


def check(sentence: str, grounds: Grounds) -> list[str]:
    """Why the sentence must not be printed; empty if it may."""
    body = mask(sentence, grounds.names)
    whole = (
        _shape(sentence),
        _citations(sentence, grounds),
        _names(sentence, grounds),
        _order(sentence, grounds),
    )
    reasons = [reason for found in (*whole, _content(body, grounds)) for reason in found]
    for start, end, facts in _told_of(sentence, grounds):
        reasons += _times(sentence[start:end], facts)
        reasons += _numbers(body[start:end], facts, grounds.names)
        reasons += _directions(body[start:end], facts)
    return list(dict.fromkeys(reasons))


def supported(sentence: str, grounds: Grounds) -> list[str]:
    """Which citations, names, numbers and times of a sentence no cited fact holds: the least that any sentence must pass."""
    body, facts = mask(sentence, grounds.names), grounds.facts
    checks = (_citations(sentence, grounds), _times(sentence, facts), _numbers(body, facts, grounds.names))
    about = set().union(*(_named_by(f, grounds.names) for f in facts))
    strange = [f"names {name}" for _, name in names_in(sentence, grounds.names) if name not in about]
    return strange + [reason for reasons in checks for reason in reasons]


def _told_of(sentence: str, grounds: Grounds) -> list[tuple[int, int, Sequence[Evidence]]]:
    """Each clause with the facts that it tells of: those about the components it names, else those of the clause before."""
    places = names_in(sentence, grounds.names)
    told: list[tuple[int, int, Sequence[Evidence]]] = []
    about: Sequence[Evidence] = grounds.facts
    for start, end in clauses(sentence):
        named = {name for at, name in places if start <= at < end}
        about = [f for f in grounds.facts if named & _named_by(f, grounds.names)] or about
        told.append((start, end, about))
    return told


def _named_by(fact: Evidence, names: frozenset[str]) -> set[str]:
    return {fact.component, fact.peer} | {name for _, name in names_in(fact.statement, names)}


def _shape(sentence: str) -> Iterable[str]:
    count = len(sentence.split())
    if count < 5:
        yield "too short to say anything"
    if count > MAX_WORDS:
        yield f"longer than {MAX_WORDS} words"
    if not re.search(r"[.!]$", sentence.strip()):
        yield "not a finished sentence"
    if "\n" in sentence.strip():
        yield "more than one line"


def _citations(sentence: str, grounds: Grounds) -> Iterable[str]:
    known = {f.id for f in grounds.facts}
    for match in CITE.finditer(sentence):
        if f"E{match[1]}" not in known:
            yield f"cites E{match[1]}, which it was not given"


def _names(sentence: str, grounds: Grounds) -> Iterable[str]:
    about = {f.component for f in grounds.facts} | {f.peer for f in grounds.facts}
    about |= {name for _, name in names_in(grounds.text, grounds.names)}
    named = {name for _, name in names_in(sentence, grounds.names)}
    for name in sorted(named - about):
        yield f"names {name}, which the cited facts do not"
    if not named and not numbers(mask(sentence, grounds.names)):
        yield "names no component and no number"


def _times(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    known = [t for f in facts for t in TIME.findall(f.statement)] + [
        f"{f.onset:%H:%M:%S}" for f in facts if f.onset
    ]
    for time in TIME.findall(clause):
        if not any(k == time or k.startswith(time) for k in known):
            yield f"the time {time} is not in the facts it is told of"


def _numbers(clause: str, facts: Sequence[Evidence], names: frozenset[str]) -> Iterable[str]:
    stated = [n for f in facts for n in numbers(mask(f.statement, names))]
    values = [
        float(v)
        for f in facts
        for v in f.values.values()
        if isinstance(v, int | float) and not isinstance(v, bool)
    ]
    for number in numbers(clause):
        close = [s for s in stated if _close(number, s.value)]
        if not close and not any(_close(number, v) for v in values):
            yield f"the number {number.value:g} is not in the facts it is told of"
        elif close and not any(_same_unit(number, s) for s in close):
            yield f"{number.value:g} has another unit in the cited facts"
        elif not _same_role(number, close):
            yield f"{number.value:g} is not a change {number.role or 'level'} in the cited facts"


def _close(number: Number, value: float) -> bool:
    gap = abs(abs(number.value) - abs(value))
    return gap <= 0.01 * abs(value) or (gap <= number.step and gap <= 0.05 * abs(value)) or gap == 0


def _same_unit(number: Number, stated: Number) -> bool:
    if number.unit == stated.unit:
        return True
    return not number.unit and stated.unit != "%"


def _same_role(number: Number, stated: Sequence[Number]) -> bool:
    """`by N` needs a change of N; `from N` must not be the stated end, nor `to N` the stated start."""
    roles = {s.role for s in stated if _same_unit(number, s)}
    if number.role == "by":
        return "by" in roles
    opposite = {"from": "to", "to": "from"}.get(number.role)
    return not (opposite and roles == {opposite}) and not (number.role in ("from", "to") and roles == {"by"})


def _directions(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    moved = {f.direction for f in facts}
    own = {stem(w) for f in facts for w in words(f.statement)}
    for match in re.finditer(r"[A-Za-z]+", clause):
        root = stem(match[0].lower())
        if root not in _UP_STEMS and root not in _DOWN_STEMS:
            continue
        agreeing, opposed = (
            ({"up", "new"}, {"down", "gone"}) if root in _UP_STEMS else ({"down", "gone"}, {"up", "new"})
        )
        # Where nothing moved either way, only a statement's own word may be repeated.
        if not moved & agreeing and (moved & opposed or root not in own):
            yield f"the direction of {match[0]!r} is not that of the facts it is told of"


def _order(sentence: str, grounds: Grounds) -> Iterable[str]:
    if not grounds.order or len(grounds.facts) < 2:
        return
    cause, effect = grounds.facts[0], grounds.facts[1]
    first = _mention(sentence, cause, effect, grounds.names)
    second = _mention(sentence, effect, cause, grounds.names)
    if first is None or second is None:
        yield "tells of one of the two facts only"
        return
    early, late = min(first, second), max(first, second)
    between, ahead = sentence[early:late], sentence[:early]
    backward, inverted = bool(_BACKWARD.search(between)), bool(_BACKWARD.search(ahead))
    if not inverted and not backward and not _FORWARD.search(between):
        return
    if (first < second) != (inverted or not backward):
        yield "tells the order of the two facts the wrong way round"


def _mention(sentence: str, fact: Evidence, other: Evidence, names: frozenset[str]) -> int | None:
    """Where a sentence first speaks of one fact and not of the other: by a name, a number, a time or a word of its own."""
    mine = _named_by(fact, names) - _named_by(other, names)
    places = [at for at, name in names_in(sentence, names) if name in mine]
    body = mask(sentence, names)
    strange = [n.value for n in numbers(mask(other.statement, names))]
    own = [n for n in numbers(mask(fact.statement, names)) if n.value not in strange]
    places += [n.at for n in numbers(body) if any(_close(n, o.value) for o in own)]
    times = set(TIME.findall(fact.statement)) - set(TIME.findall(other.statement))
    places += [m.start() for m in TIME.finditer(sentence) if m[0] in times]
    if not places:
        roots = {stem(w) for w in words(mask(fact.statement, names))} - connectives()
        roots -= {stem(w) for w in words(mask(other.statement, names))}
        places = [m.start() for m in re.finditer(r"[A-Za-z]+", body) if stem(m[0].lower()) in roots]
    return min(places, default=None)


def _content(body: str, grounds: Grounds) -> Iterable[str]:
    allowed = {stem(w) for w in (*words(grounds.text), *grounds.vocabulary)} | connectives()
    stated_negations = set(words(grounds.text)) & _NEGATION
    for word in dict.fromkeys(words(body)):
        if word in _NEGATION:
            if not stated_negations:
                yield f"denies ({word!r}) what the cited facts do not deny"
        elif stem(word) not in allowed and word not in _UNITS:
            yield f"the word {word!r} is not in the cited facts or the fault's entry"


_UNITS: Final = frozenset(
    {"ms", "kb", "mb", "gb", "kib", "mib", "gib", "hz", "khz", "rpm", "db", "mm", "min", "sec", "utc"}
)


@lru_cache(maxsize=1)
def connectives() -> frozenset[str]:
    """The stems of the closed list."""
    lines = Path(__file__).with_name("connectives.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(stem(w) for line in lines if not line.startswith("#") for w in line.split())
