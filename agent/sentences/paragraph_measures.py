"""What a paragraph's sentence says was measured, of whom, and which way it moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from aitia.agent.sentences.binding import Told, said, times_of, ways
from aitia.agent.sentences.binding import quantity as quantity_of
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.paragraph_words import lent
from aitia.agent.sentences.quantities import STEADY, directions
from aitia.agent.text import TIME, mask, names_in, numbers, stem, words
from aitia.core.words import Evidence

_STATES: Final = (
    "k8s.",
    "cluster.",
    "change.",
    "log.",
    "missing",
)  # kinds of facts that tell a state, not a curve
_BESIDE: Final = re.compile(r"\b(?:under|below|above|over) (?:a|its|the) (?:limit|threshold|cap)\b", re.I)
_PRONOUN: Final = re.compile(r"\b(?:it|its|their|they|that|those|both)\b", re.I)
_PHRASE: Final = re.compile(
    r"\b(?:went|gone|going|goes|came|come|coming|moved|moving) (down|up)\b|\b(up|down) (?:from|by)\b"
)
_STOPPED: Final = re.compile(r"\bstop\w* (?!answering|moving|responding)\w+ing\b", re.I)
_LOGGER: Final = re.compile(r"^(.{1,120}?) logged ")
_OWN: Final = 4  # letters from which a word of a fact's own says what it is about


def moves(plain: str, told: Sequence[Told], every: Sequence[Evidence], excluding: bool) -> Iterable[str]:
    """Words for up, down and steady that do not agree with the facts that a clause tells of; a state may stay as it is."""
    pairs = {p for f in every for p in pairwise(words(f.statement))}
    for place, clause in enumerate(told):
        about = clause.facts or [f for c in told[place + 1 : place + 2] for f in c.facts] or every
        states = bool(clause.facts) and all(f.kind.startswith(_STATES) for f in clause.facts)
        for reason in directions(plain[clause.start : clause.end], about):
            word = reason.split("'")[1].lower()
            own = {stem(w) for f in clause.facts for w in words(f.statement)}
            here = pairwise(words(plain[clause.start : clause.end]))
            if (
                stem(word) in own
                or any(p in pairs for p in here if p[0] == word)
                or (_BESIDE.search(plain) and any("limit" in f.statement for f in clause.facts))
            ):
                continue
            if excluding and word in ("lower", "higher"):  # of a suspect, put lower than another
                continue
            if word.startswith("stop") and not _STOPPED.search(plain):
                continue
            if stem(word) in STEADY and not word.startswith("stop") and (states or clause.bound is None):
                continue
            yield reason
        ways_told = {m[1] or m[2] for m in _PHRASE.finditer(plain[clause.start : clause.end].lower())}
        moved = {f.direction for f in clause.facts}
        if ("down" in ways_told and moved & {"up"} and not moved & {"down", "gone"}) or (
            "up" in ways_told and moved & {"down"} and not moved & {"up", "new"}
        ):
            yield "says that something moved the other way"


def measured(plain: str, told: Sequence[Told], grounds: Grounds, before: str) -> Iterable[str]:
    """Numbers told without what they measure or of whom, and calls told as going the other way."""
    whole = mask(plain, grounds.names)
    roots = {stem(w) for w in words(whole)}
    named = {name for _, name in names_in(plain, grounds.names)}
    meant = {name for _, name in names_in(before, grounds.names)} if _PRONOUN.search(plain) else set()
    for clause in told:
        fact = clause.bound
        if fact is None or fact.kind == "missing":
            continue
        counted = numbers(mask(plain[clause.start : clause.end], grounds.names)) or fact.kind.startswith(
            "change."
        )
        wanted = quantity_of(fact) or _standing(fact)
        if counted and wanted and not wanted <= roots and not (roots & _about(fact)):
            yield f"gives numbers without saying what they measure ({', '.join(sorted(wanted - roots))})"
        elif (
            counted and wanted and (wrong := _other_quantity(plain[clause.start : clause.end], fact, wanted))
        ):
            yield f"tells {wrong} for what is {', '.join(sorted(wanted))}"
        others = named - {fact.component, fact.peer}
        of_it = {n for n in named if n.startswith(fact.component)} | (named & {fact.component, fact.peer})
        tells = fact.component in {n for _, n in names_in(said(fact), grounds.names)}
        if (
            counted
            and wanted
            and others
            and not of_it
            and tells
            and not _spoken_of(fact, named | meant, grounds)
        ):
            yield f"gives numbers without naming the component ({fact.component})"
    yield from ways(
        plain, [c for c in told if c.bound is None or not c.bound.kind.startswith(_STATES)], grounds.names
    )


_QUANTITIES: Final = (
    "request", "connection", "latency", "memory", "cpu", "ratio", "vibration", "temperature", "pressure", "flow", "deploy",
    "deployed", "release", "configuration", "maintenance",
)  # fmt: skip
_SLOW: Final = re.compile(r"\bslow", re.I)


def _other_quantity(clause: str, fact: Evidence, wanted: frozenset[str]) -> str:
    """Another quantity that a clause names in place of the fact's; "" where it names the fact's own, or none."""
    roots = {stem(w) for w in words(clause)}
    own = {stem(w) for w in words(fact.statement)}
    if wanted <= roots or (_SLOW.search(clause) and fact.aspect == "latency"):
        return ""
    return next(
        (q for q in _QUANTITIES if stem(q) in roots - own and stem(q) not in lent(fact, own=False) - _SERVED),
        "",
    )


def _standing(fact: Evidence) -> frozenset[str]:
    """What it is that stands at a value since then."""
    match = re.match(r"^.{1,120}?: (?:the |its )?(.+?)(?: of calls to \S+)? stands? at ", fact.statement)
    return frozenset(stem(w) for w in words(match[1])) - _COMMON if match else frozenset()


_SERVED: Final = frozenset(stem(w) for w in ("request", "requests"))


def whose(
    plain: str, told: Sequence[Told], suspect: str, every: Sequence[Evidence], names: frozenset[str]
) -> Iterable[str]:
    """A clause that names somebody for what a fact says of another, and who is said to be unchanged without being so."""
    steady = [f for f in every if f.direction == "steady"]
    for clause in told:
        text = plain[clause.start : clause.end]
        named = {name for _, name in names_in(text, names)}
        if not named:
            continue
        fact = clause.bound
        if fact is not None and fact.kind != "missing":
            about = {fact.component, fact.peer} | {n for _, n in names_in(fact.statement, names)}
            if not any(
                n in about or n.startswith(fact.component) or fact.component.startswith(n) for n in named
            ):
                yield f"tells of {' and '.join(sorted(named))} what is {fact.component}'s"
        if steady and _UNCHANGED.search(text):
            about = {
                n
                for f in steady
                for n in (f.component, f.peer, *(m for _, m in names_in(f.statement, names)))
            }
            if not any(n in about or any(a and n.startswith(a) for a in about) for n in named):
                yield f"says that {' and '.join(sorted(named))} did not change, which no fact does"


_UNCHANGED: Final = re.compile(
    r"\b(?:unchanged|did not change|have not changed|has not changed|stayed (?:within|near|as)|is steady|kept within)\b",
    re.I,
)


def loggers(
    plain: str, told: Sequence[Told], every: Sequence[Evidence], names: frozenset[str]
) -> Iterable[str]:
    """Who is said to have logged what somebody else did."""
    logs = {f.id: m[1] for f in every if (m := _LOGGER.match(f.statement))}
    for at, name in names_in(plain, names):
        if not _LOGS.match(plain, at + len(name)):
            continue
        clause = next((c for c in told if c.start <= at < c.end), None)
        later = [c for c in told if c.start >= at]
        bound = [
            c.bound
            for c in ([clause] if clause else []) + later[:2]
            if c.bound is not None and c.bound.id in logs
        ]
        clock = TIME.findall(plain[clause.start : clause.end]) if clause else []
        at_it = {
            logs[f.id].lower()
            for f in every
            if f.id in logs and clock and all(c in times_of(f) for c in clock)
        }
        wanted = {logs[b.id].lower() for b in bound[:1]} or at_it or {w.lower() for w in logs.values()}
        if name.lower() not in wanted:
            yield f"{name} did not log that"


_LOGS: Final = re.compile(
    r"\s+(?:(?:has|had|have|also|then|itself|still|began|begun|started|to|was|only|first|probably|"
    r"meanwhile|in turn)\s+){0,4}(?:logged(?! since)|logging|wrote)\b|\s+(?:has|had|have|then|"
    r"also) logged\b",
    re.I,
)


def _spoken_of(fact: Evidence, named: set[str], grounds: Grounds) -> bool:
    """Whether a sentence names somebody whom the fact speaks of as well."""
    return bool(named & {n for _, n in names_in(fact.statement, grounds.names)})


def _about(fact: Evidence) -> set[str]:
    """The words that say what a fact is about: lent by its kind and aspect, and the longer ones of its own."""
    return lent(fact, own=False) | {
        stem(w)
        for w in words(re.sub(r"\b(?:once|since|times|baseline|logged)\b", " ", fact.statement))
        if len(w) >= _OWN and stem(w) not in _COMMON
    }


_COMMON: Final = frozenset(
    stem(w)
    for w in (
        "rose",
        "fell",
        "from",
        "with",
        "within",
        "before",
        "after",
        "stayed",
        "range",
        "usual",
        "than",
        "that",
        "this",
        "minutes",
        "alarm",
        "since",
        "stands",
        "unchanged",
        "grew",
    )
)


_ALARM: Final = re.compile(r"\b(?:before|after|since|by|of|to|following|until) the alarm\b", re.I)


def alarms(plain: str, facts: Sequence[Evidence]) -> Iterable[str]:
    """What is said to be before or after the alarm where no fact says so, or to be of it."""
    held = " ".join(f.statement.lower() for f in facts)
    for match in _ALARM.finditer(plain):
        if match[0].lower() not in held:
            yield f"no fact says {match[0]!r}"
