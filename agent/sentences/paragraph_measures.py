"""What a paragraph's sentence says was measured, of whom, and which way it moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from aitia.agent.sentences.binding import Told, said, ways
from aitia.agent.sentences.binding import quantity as quantity_of
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.paragraph_words import lent
from aitia.agent.sentences.quantities import STEADY, directions
from aitia.agent.text import mask, names_in, numbers, stem, words
from aitia.core.words import Evidence

_STATES: Final = ("k8s.", "cluster.", "change.", "log.", "missing")  # kinds of facts that tell a state, not a curve
_BESIDE: Final = re.compile(r"\b(?:under|below|above|over) (?:a|its|the) (?:limit|threshold|cap)\b", re.I)
_PRONOUN: Final = re.compile(r"\b(?:it|its|their|they|that|those|both)\b", re.I)
_OWN: Final = 4  # letters from which a word of a fact's own says what it is about


def moves(plain: str, told: Sequence[Told], every: Sequence[Evidence], excluding: bool) -> Iterable[str]:
    """Words for up, down and steady that do not agree with the facts that a clause tells of; a state may stay as it is."""
    pairs = {p for f in every for p in pairwise(words(f.statement))}
    for clause in told:
        states = bool(clause.facts) and all(f.kind.startswith(_STATES) for f in clause.facts)
        for reason in directions(plain[clause.start : clause.end], clause.facts):
            word = reason.split("'")[1].lower()
            own = {stem(w) for f in clause.facts for w in words(f.statement)}
            here = pairwise(words(plain[clause.start : clause.end]))
            if stem(word) in own or any(p in pairs for p in here if p[0] == word) or _BESIDE.search(plain) or excluding or (stem(word) in STEADY and (states or clause.bound is None)):
                continue
            yield reason


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
        counted = numbers(mask(plain[clause.start : clause.end], grounds.names)) or fact.kind.startswith("change.")
        wanted = quantity_of(fact)
        if counted and wanted and not wanted <= roots and not (roots & _about(fact)):
            yield f"gives numbers without saying what they measure ({', '.join(sorted(wanted - roots))})"
        others = named - {fact.component, fact.peer}
        of_it = {n for n in named if n.startswith(fact.component)} | (named & {fact.component, fact.peer})
        tells = fact.component in {n for _, n in names_in(said(fact), grounds.names)}
        if counted and wanted and others and not of_it and tells and not _spoken_of(fact, named | meant, grounds):
            yield f"gives numbers without naming the component ({fact.component})"
    yield from ways(plain, [c for c in told if c.bound is None or not c.bound.kind.startswith(_STATES)], grounds.names)


def _spoken_of(fact: Evidence, named: set[str], grounds: Grounds) -> bool:
    """Whether a sentence names somebody whom the fact speaks of as well."""
    return bool(named & {n for _, n in names_in(fact.statement, grounds.names)})


def _about(fact: Evidence) -> set[str]:
    """The words that say what a fact is about: lent by its kind and aspect, and the longer ones of its own."""
    return lent(fact, own=False) | {stem(w) for w in words(re.sub(r"\b(?:once|since|times|baseline|logged)\b", " ", fact.statement)) if len(w) >= _OWN and stem(w) not in _COMMON}


_COMMON: Final = frozenset(stem(w) for w in ("rose", "fell", "from", "with", "within", "before", "after", "stayed", "range", "usual", "than", "that", "this", "minutes", "alarm", "since", "stands", "unchanged", "grew"))
