"""Which facts a clause of a paragraph tells of: as for a single sentence, and where it names nobody by its numbers and words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from aitia.agent.sentences.binding import Told, holds, said, times_of, told_of
from aitia.agent.sentences.binding import quantity as quantity_of
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.quantities import rates, times, wrong_numbers
from aitia.agent.text import TIME, Number, names_in, numbers, stem, words
from aitia.core.words import Evidence

_NEAR: Final = 4  # letters of a word of a fact's own that may tell which one a clause is about


def bound(plain: str, grounds: Grounds) -> list[Told]:
    """Each clause with its facts. One that names nobody, and whose numbers those of the clause before do not hold, tells of the
    next clause's, or of the one fact that holds them and a word of which it says.
    """
    told = told_of(plain, grounds)
    return [_anew(plain, told, place, grounds) for place in range(len(told))]


def _anew(plain: str, told: Sequence[Told], place: int, grounds: Grounds) -> Told:
    clause = told[place]
    text = plain[clause.start : clause.end]
    spoken, clock = numbers(filled(text, grounds.names)), TIME.findall(text)
    named = names_in(text, grounds.names)
    if not (spoken or clock) or any(_tells(f, spoken, clock, grounds) for f in clause.facts):
        return clause
    nearby = [f for c in told[place + 1 : place + 3] for f in c.facts]
    roots = {
        stem(w) for c in told[place : place + 2] for w in words(plain[c.start : c.end]) if len(w) >= _NEAR
    }
    for facts in (nearby, grounds.facts):
        held = [f for f in facts if _tells(f, spoken, clock, grounds)]
        if named:
            own = {name for _, name in named}
            held = [f for f in held if own & {n for _, n in names_in(f.statement, grounds.names)}]
        if (facts is grounds.facts and len(held) > 1) or not clause.facts:
            held = [
                f
                for f in held
                if roots & (quantity_of(f) | {stem(w) for w in words(said(f)) if len(w) >= _NEAR})
            ] or held
        if len({f.id for f in held}) == 1:
            return Told(start=clause.start, end=clause.end, facts=[held[0]], bound=held[0])
    return clause if clause.facts else Told(start=clause.start, end=clause.end, facts=grounds.facts)


def _tells(fact: Evidence, spoken: Sequence[Number], clock: Sequence[str], grounds: Grounds) -> bool:
    return holds(fact, spoken, grounds.names) and all(
        any(t.startswith(c) for t in times_of(fact)) for c in clock
    )


def filled(text: str, names: frozenset[str]) -> str:
    """The text with names, citations and times as letters, so that what stands before a name does not stand before its number."""
    for start, name in names_in(text, names):
        text = text[:start] + "x" * len(name) + text[start + len(name) :]
    return TIME.sub(lambda m: "x" * len(m[0]), text)


def figures(plain: str, told: Sequence[Told], names: frozenset[str]) -> Iterable[str]:
    """Times, numbers and rates that the facts of their clause do not hold."""
    body = filled(plain, names)
    for clause in told:
        yield from times(plain, clause.start, clause.end, clause.facts)
        yield from wrong_numbers(body, clause.start, clause.end, clause.facts, names)
        yield from rates(body[clause.start : clause.end], clause.facts)
