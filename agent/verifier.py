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
from itertools import pairwise
from pathlib import Path
from typing import Final

from aitia.agent.text import CITE, TIME, Number, blank, clauses, mask, names_in, numbers, quotes, stem, words
from aitia.core.words import Evidence

_UP: Final = frozenset(
    {
        "rise", "rose", "risen", "increase", "grow", "grew", "grown", "growth", "climb", "jump", "surge", "spike",
        "higher", "escalate",
    }
)  # fmt: skip
_DOWN: Final = frozenset(
    {
        "fall", "fell", "fallen", "drop", "decrease", "decline", "lower", "reduce", "shrink", "shrank",
        "vanish", "low", "under", "below",
    }
)  # fmt: skip
_STEADY: Final = frozenset(stem(w) for w in ("remain", "stay", "steady", "unchanged", "constant", "stop"))
_UP_STEMS: Final = frozenset(stem(w) for w in _UP)
_DOWN_STEMS: Final = frozenset(stem(w) for w in _DOWN)
_BACKWARD: Final = re.compile(
    r"\b(because|due to|caused by|(?<!and )after(?! that| this| which)|since|as a result of|following|owing to|triggered by|"
    r"when|once|while|as(?! well| a result| fast))\b", re.I
)  # fmt: skip
_FORWARD: Final = re.compile(
    r"\b(after (?:that|this|which)|and after|then|led to|leading to|so that)\b", re.I
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
        """The cited statements as one text, without what they quote from outside."""
        return " ".join(said(f) for f in self.facts)


def said(fact: Evidence) -> str:
    """A fact's statement in the code's own words: quoted outside text is data and lends no words, names or numbers."""
    text = fact.statement
    for start, end, _ in quotes(text) if fact.taint else ():
        text = blank(text, start, end)
    return text


def check(sentence: str, grounds: Grounds) -> list[str]:
    """Why the sentence must not be printed; empty if it may."""
    reasons = [*_shape(sentence), *_quotes(sentence, grounds), *_characters(sentence, grounds)]
    sentence = _without_quotes(sentence)
    body = mask(sentence, grounds.names)
    whole = (
        _citations(sentence, grounds),
        _names(sentence, grounds),
        _order(sentence, grounds),
        _content(body, grounds),
    )
    reasons += [reason for found in whole for reason in found]
    for start, end, facts in _told_of(sentence, grounds):
        reasons += _times(sentence[start:end], facts)
        reasons += _numbers(body[start:end], facts, grounds.names)
        reasons += _directions(body[start:end], facts)
    return list(dict.fromkeys(reasons))


def supported(sentence: str, grounds: Grounds) -> list[str]:
    """Which quotes, citations, names, numbers and times of a sentence no cited fact holds: the least any sentence must pass."""
    reasons = list(_quotes(sentence, grounds))
    sentence = _without_quotes(sentence)
    body, facts = mask(sentence, grounds.names), grounds.facts
    reasons += [
        *_citations(sentence, grounds),
        *_times(sentence, facts),
        *_numbers(body, facts, grounds.names, paired=False),
    ]
    about = set().union(*(_named_by(f, grounds.names) for f in facts))
    return reasons + [f"names {name}" for _, name in names_in(sentence, grounds.names) if name not in about]


def _without_quotes(sentence: str) -> str:
    for start, end, _ in quotes(sentence):
        sentence = blank(sentence, start, end)
    return sentence


def _quotes(sentence: str, grounds: Grounds) -> Iterable[str]:
    """Quoted text must be quoted in a cited fact; its beginning is enough."""
    held = [inner for f in grounds.facts for _, _, inner in quotes(f.statement)]
    for _, _, inner in quotes(sentence):
        start = inner.strip().rstrip(".,…").strip()
        if not any(start and start in whole for whole in held):
            yield "quotes what no cited fact quotes"
    if sentence.count('"') % 2:
        yield "an open quotation mark"


_MIXED: Final = re.compile(r"[A-Za-z_.-]*\d[\w.-]*")


def _characters(sentence: str, grounds: Grounds) -> Iterable[str]:
    """Letters of another script and words with digits in them (p99, v2.4) must stand in a cited fact as they are."""
    whole = " ".join(f.statement for f in grounds.facts)
    strange = {c for c in sentence if not c.isascii() and c.isalnum()} - set(whole)
    if strange:
        yield f"characters that no cited fact holds: {''.join(sorted(strange))[:20]!r}"
    plain = CITE.sub(" ", mask(sentence, grounds.names))
    for token in (m[0].strip(".-_") for m in _MIXED.finditer(plain)):
        if any(c.isalpha() for c in token) and not numbers(token) and token not in whole:
            yield f"{token!r} is not in the cited facts"


def _told_of(sentence: str, grounds: Grounds) -> list[tuple[int, int, Sequence[Evidence]]]:
    """Each clause with the facts that it tells of: those about the components it names, else those of the clause before."""
    places = names_in(sentence, grounds.names)
    told: list[tuple[int, int, Sequence[Evidence]]] = []
    # A first clause that names nobody may speak only where all facts are of one component.
    about: Sequence[Evidence] = grounds.facts if len({f.component for f in grounds.facts}) == 1 else ()
    for start, end in clauses(sentence):
        named = {name for at, name in places if start <= at < end}
        about = [f for f in grounds.facts if named & _named_by(f, grounds.names)] or about
        told.append((start, end, about))
    return told


def _named_by(fact: Evidence, names: frozenset[str]) -> set[str]:
    return {fact.component, fact.peer} | {name for _, name in names_in(said(fact), names)}


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
    known = [t for f in facts for t in TIME.findall(said(f))] + [
        f"{f.onset:%H:%M:%S}" for f in facts if f.onset
    ]
    for time in TIME.findall(clause):
        if not any(k == time or k.startswith(time) for k in known):
            yield f"the time {time} is not in the facts it is told of"


def _numbers(
    clause: str, facts: Sequence[Evidence], names: frozenset[str], *, paired: bool = True
) -> Iterable[str]:
    by_fact = [numbers(mask(said(f), names)) for f in facts]
    stated = [n for found in by_fact for n in found]
    told = numbers(clause)
    for number in told:
        close = [s for s in stated if _close(number, s.value)]
        if not close:
            yield f"the number {number.value:g} is not in the facts it is told of"
        elif not any(_same_unit(number, s) for s in close):
            yield f"{number.value:g} has another unit in the cited facts"
        elif not _same_role(number, close):
            yield f"{number.value:g} is not a change {number.role or 'level'} in the cited facts"
    for a, b in pairwise(told) if paired else ():
        if (a.role, b.role) == ("from", "to") and not any(
            _holds(found, a) and _holds(found, b) for found in by_fact
        ):
            yield f"{a.value:g} and {b.value:g} are not of one fact"


def _holds(found: Sequence[Number], number: Number) -> bool:
    return any(_close(number, s.value) for s in found)


def _close(number: Number, value: float) -> bool:
    gap = abs(number.value - value)
    return gap <= 0.01 * abs(value) or (gap <= number.step and gap <= 0.05 * abs(value))


def _same_unit(number: Number, stated: Number) -> bool:
    return number.unit == stated.unit or (not number.unit and stated.unit not in ("%", "×"))


def _same_role(number: Number, stated: Sequence[Number]) -> bool:
    """`by N` needs a change of N; `from N` must not be the stated end, nor `to N` the stated start."""
    roles = {s.role for s in stated if _same_unit(number, s)}
    if number.role == "by":
        return "by" in roles
    opposite = {"from": "to", "to": "from"}.get(number.role)
    return not (opposite and roles == {opposite}) and not (number.role in ("from", "to") and roles == {"by"})


def _directions(clause: str, facts: Sequence[Evidence]) -> Iterable[str]:
    moved = {f.direction for f in facts}
    own = {stem(w) for f in facts for w in words(said(f))}
    for match in re.finditer(r"[A-Za-z]+", clause):
        root = stem(match[0].lower())
        if root in _STEADY:
            wrong = "steady" not in moved and root not in own
        elif root in _UP_STEMS or root in _DOWN_STEMS:
            agreeing, opposed = (
                ({"up", "new"}, {"down", "gone"}) if root in _UP_STEMS else ({"down", "gone"}, {"up", "new"})
            )
            # Where nothing moved either way, only a statement's own word may be repeated.
            wrong = not moved & agreeing and bool(moved & opposed or root not in own)
        else:
            continue
        if wrong:
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
    # The cause is told first, unless the words between say that what follows came before.
    flipped = bool(_BACKWARD.search(between)) and not _FORWARD.search(between)
    flipped ^= bool(re.match(r"\s*before\b", ahead, re.I))
    if (first < second) == flipped:
        yield "tells the order of the two facts the wrong way round"


def _mention(sentence: str, fact: Evidence, other: Evidence, names: frozenset[str]) -> int | None:
    """Where a sentence first speaks of one fact and not of the other: by a name, a number, a time or a word of its own."""
    mine = _named_by(fact, names) - _named_by(other, names)
    places = [at for at, name in names_in(sentence, names) if name in mine]
    body = mask(sentence, names)
    strange = [n.value for n in numbers(mask(said(other), names))]
    own = [n for n in numbers(mask(said(fact), names)) if n.value not in strange]
    places += [n.at for n in numbers(body) if any(_close(n, o.value) for o in own)]
    times = set(TIME.findall(said(fact))) - set(TIME.findall(said(other)))
    places += [m.start() for m in TIME.finditer(sentence) if m[0] in times]
    if not places:
        roots = {stem(w) for w in words(mask(said(fact), names))} - connectives()
        roots -= {stem(w) for w in words(mask(said(other), names))}
        places = [m.start() for m in re.finditer(r"[A-Za-z]+", body) if stem(m[0].lower()) in roots]
    return min(places, default=None)


def _content(body: str, grounds: Grounds) -> Iterable[str]:
    allowed = {stem(w) for w in (*words(grounds.text), *grounds.vocabulary)} | connectives()
    told, held = words(body), words(grounds.text)
    phrases = set(pairwise(held))
    for word, following in zip(told, [*told[1:], ""], strict=False):
        if word in _NEGATION:
            if (word, following) not in phrases:
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
