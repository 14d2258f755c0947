"""Which facts a clause tells of, and whether it says of what its numbers are.

A clause is bound to the facts about the components that it names, else to those of the clause before. Where all its
numbers and times are those of one of these facts it is bound to that fact alone: then the quantity that the fact measures
and the peer whose calls it measures must be told as well, or a latency becomes a load and a call becomes a service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aitia.agent.text import (
    QUOTED,
    TIME,
    Number,
    clauses,
    mask,
    names_in,
    numbers,
    quotes,
    stem,
    words,
)
from aitia.core.words import Evidence

_SUBJECT: Final = re.compile(
    r"^.{1,120}?: (?:the |its )?(?P<q>.+?) (?:rose|fell|grew|reached|dropped|went|reads|is|has|have|stayed|unchanged|steady)\b"
)
_EVENT: Final = re.compile(r"^.{1,120}?: (?P<q>[a-z ]{3,40}?) at \d")
_SHARE: Final = re.compile(r"^.{1,120}?: [\d.]+\s?% of [\d ]+ (?P<q>[a-z]+)")
_LOGGED: Final = re.compile(r"\blogged\b")
_ASIDE: Final = re.compile(r"\([^()]*\)|\{[^}]*\}")
_OF_WHAT: Final = re.compile(r" (?:of|to|from|in|at|by) ")
# Words of a quantity that may be left out without making it another one.
_OPTIONAL: Final = frozenset(
    stem(w) for w in ("mean", "number", "total", "current", "use", "the", "of", "rms", "open")
)

# What components of a well-known name are called as well.
KINDS: Final = {
    "postgres": ("postgresql", "database"),
    "mysql": ("database",),
    "mariadb": ("database",),
    "mongo": ("database",),
    "redis": ("cache",),
    "memcached": ("cache",),
    "kafka": ("broker",),
    "rabbitmq": ("broker",),
    "nginx": ("proxy",),
    "haproxy": ("proxy",),
}


class _Grounds(Protocol):
    @property
    def facts(self) -> Sequence[Evidence]: ...
    @property
    def names(self) -> frozenset[str]: ...


@dataclass(frozen=True, kw_only=True)
class Told:
    """A clause (from `start` to `end`) and the facts that it tells of; `bound` is the one that holds all its numbers."""

    start: int
    end: int
    facts: Sequence[Evidence]
    bound: Evidence | None = None


def said(fact: Evidence) -> str:
    """A fact's statement in the code's own words: quoted outside text is data and lends no words, names or numbers."""
    text = fact.statement
    for start, end, _ in quotes(text) if fact.taint else ():
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def named_by(fact: Evidence, names: frozenset[str]) -> set[str]:
    """The components that a fact is about or speaks of."""
    return {fact.component, fact.peer} | {name for _, name in names_in(said(fact), names)}


def told_of(sentence: str, grounds: _Grounds) -> list[Told]:
    """Each clause with the facts that it tells of. Quoted text must have been blanked out."""
    places, body = names_in(sentence, grounds.names), mask(sentence, grounds.names)
    told: list[Told] = []
    # A first clause that names nobody may speak only where its numbers are those of one fact.
    about: Sequence[Evidence] = grounds.facts if len({f.component for f in grounds.facts}) == 1 else ()
    for start, end in clauses(sentence):
        named = {name for at, name in places if start <= at < end}
        about = [f for f in grounds.facts if named & named_by(f, grounds.names)] or about
        spoken = _spoken(sentence[start:end], body[start:end])
        bound = _bound(spoken, about or grounds.facts, grounds.names)
        told.append(Told(start=start, end=end, facts=[bound] if bound else about, bound=bound))
    return told


def _spoken(clause: str, body: str) -> tuple[list[Number], list[str]]:
    return numbers(body), TIME.findall(clause)


def _bound(
    spoken: tuple[list[Number], list[str]], facts: Sequence[Evidence], names: frozenset[str]
) -> Evidence | None:
    """The one fact that holds every number and time of a clause, if there is one and only one."""
    told, times = spoken
    if not told and not times:
        return None
    holding = [f for f in facts if holds(f, told, names) and all(_at(f, t) for t in times)]
    return holding[0] if len(holding) == 1 else None


def holds(fact: Evidence, told: Iterable[Number], names: frozenset[str]) -> bool:
    """Whether a fact states all these numbers, whatever their units."""
    stated = numbers(mask(said(fact), names))
    return all(any(close(n, s.value) for s in stated) for n in told)


def close(number: Number, value: float) -> bool:
    """Whether a number as written stands for a value: within 1 %, or within half of its last digit; a count, a code or a
    port (whole and without a unit) only for itself.
    """
    if not number.unit and number.step == 0.5 and float(value).is_integer():
        return number.value == value
    gap = abs(number.value - value)
    return gap <= 0.01 * abs(value) or (gap <= number.step and gap <= 0.05 * abs(value))


def _at(fact: Evidence, time: str) -> bool:
    return any(t == time or t.startswith(time) for t in times_of(fact))


def times_of(fact: Evidence) -> list[str]:
    """The times of day that a fact states, its onset included."""
    onset = [f"{fact.onset:%H:%M:%S}"] if fact.onset else []
    return TIME.findall(said(fact)) + onset


def quantity(fact: Evidence) -> frozenset[str]:
    """The stems of what a fact measures (`mean latency of calls to x` is {latency}), those that must not be left out."""
    text = QUOTED.sub(" ", fact.statement)
    if _LOGGED.search(text):
        return frozenset({"log"})
    match = _SHARE.search(text) or _EVENT.search(text) or _SUBJECT.search(_ASIDE.sub("", text))
    if match is None:
        return frozenset()
    head = _OF_WHAT.split(re.sub(r"\s+", " ", match["q"]) + " ")[0]
    return frozenset(stem(w) for w in words(head)) - _OPTIONAL


_END: Final = r"(?=[\s,;)]|[.:](?:\s|$)|$)"  # of a name, which may hold points and colons
_WAY: Final = re.compile(rf"\bfrom\s+(?:the\s+)?(\S+?)\s+to\s+(?:the\s+)?(\S+?){_END}", re.I)
_SIDE: Final = re.compile(
    r"\b(?:calls?|requests?|connections?)\s+(?:(?:that|which)\s+(\S+)\s+made\b|(?:made\s+)?(from|to|by|of)\s+(?:the\s+)?"
    rf"(\S+?){_END})", re.I
)  # fmt: skip


def ways(sentence: str, told: Sequence[Told], names: frozenset[str]) -> Iterable[str]:
    """Calls told as going the other way, or as somebody's where the fact does not say whose they are."""
    for clause in told:
        fact, text = clause.bound, sentence[clause.start : clause.end]
        if fact is None:
            yield from _other_way(text, clause.facts, names)
            continue
        caller, callee = _ends(fact, names)
        found = [(m[1], m[2]) for m in _WAY.finditer(text)]
        for m in _SIDE.finditer(text):
            # Requests of a component are those that it gets, unless the fact is about calls that it makes.
            to_it = (m[2] or "").lower() == "to" or ((m[2] or "").lower() == "of" and not caller)
            found.append(("", m[3]) if to_it else (m[1] or m[3], ""))
        found += [(m[1], m[2]) for m in _CALLED.finditer(text)]
        given = [
            (name, end, way) for s, t in found for name, end, way in ((s, caller, "from"), (t, callee, "to"))
        ]
        known = {n.lower() for n in names}
        wrong = [
            (name, way) for name, end, way in given if name.lower() in known and name.lower() != end.lower()
        ]
        for name, way in wrong:
            yield f"in the cited facts no calls go {way} {name}"
        both = {caller, callee} <= {name for _, name in names_in(text, names)} and caller and callee
        right = any(name and name.lower() == end.lower() for name, end, _ in given)
        if both and not wrong and not right and _CALLS.search(text):
            yield f"does not say that calls go from {caller} to {callee}"


def _other_way(text: str, facts: Sequence[Evidence], names: frozenset[str]) -> Iterable[str]:
    """Calls between two components that no fact of a clause has in this direction, though one has them in the other."""
    known = {_ends(f, names) for f in facts}
    for match in (*_WAY.finditer(text), *_CALLED.finditer(text)):
        if (match[2], match[1]) in known and (match[1], match[2]) not in known:
            yield f"in the cited facts no calls go from {match[1]} to {match[2]}"


_CALLS: Final = re.compile(r"\b(?:call|request|connection)\w*", re.I)
_CALLED: Final = re.compile(
    r"([\w.-]+)\s+(?:called|calls|calling)\s+(?!to\b|from\b|of\b|by\b|that\b)(?:the\s+)?([\w.-]+)", re.I
)


def _ends(fact: Evidence, names: frozenset[str]) -> tuple[str, str]:
    """Who calls and who is called in a fact; what nobody says is empty. A component's own requests come to it."""
    text = said(fact)
    if fact.peer and re.search(rf"\b(?:calls|requests|connections) to {re.escape(fact.peer)}(?![\w-])", text):
        return fact.component, fact.peer
    if fact.peer and re.search(rf"\bfrom {re.escape(fact.peer)}(?![\w-])", text):
        return fact.peer, fact.component
    return "", fact.component


def subjects(sentence: str, told: Sequence[Told], names: frozenset[str]) -> Iterable[str]:
    """Numbers told without what they measure, of whom, or of calls without whose."""
    for clause in told:
        fact = clause.bound
        if fact is None:
            continue
        # All clauses that may tell of this fact say together what it is about.
        parts = [sentence[c.start : c.end] for c in told if any(f is fact for f in c.facts)]
        whole = " ".join(parts)
        roots = {stem(w) for w in words(whole)}
        # A time alone says nothing of a quantity; what happened at it must be told.
        counted = numbers(mask(whole, names)) or fact.kind.startswith("change.")
        wanted = quantity(fact) if counted else frozenset()
        if wanted and not wanted <= roots and not (fact.kind == "metric.limit" and "limit" in roots):
            yield f"gives numbers without saying what they measure ({', '.join(sorted(wanted - roots))})"
        if wanted and _another_s(fact, sentence, told, names):
            yield f"gives numbers without naming the component ({fact.component})"
        of_peer = fact.peer and any(name == fact.peer for _, name in names_in(said(fact), names))
        if of_peer and fact.peer not in {name for _, name in names_in(whole, names)}:
            yield f"mentions calls or connections without naming {fact.peer}"


def _another_s(fact: Evidence, sentence: str, told: Sequence[Told], names: frozenset[str]) -> bool:
    """Whether a sentence tells of others, and of the fact's component only without its name."""
    named = {name for _, name in names_in(sentence, names)}
    mine = {fact.component, fact.peer}
    # What is named after a component is a part of it, as the bearing P-101A-DE of the pump P-101A.
    if fact.component not in names or named & mine or any(n.startswith(fact.component) for n in named):
        return False
    others = (named | {c.bound.component for c in told if c.bound}) - mine
    roots = set(words(sentence))
    by_kind = any(name in fact.component and roots & set(kinds) for name, kinds in KINDS.items())
    return bool(others) and not by_kind
