"""What a question that is not answered may mean: up to three queries, of which a person chooses one.

Nothing is run before. In this order: what rules would read; the question without the words that nobody knows, or with the name
that was nearly written; then by probability how it is asked (`asked_how`) and of which measurement (`learned`), and log lines
that hold a word of it. Nothing is offered where something is to be changed, is still to come, or is of what nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from aitia.agent.asking.question.about import near
from aitia.agent.asking.question.account import unplaced
from aitia.agent.asking.question.follow import pieces_of, read_pieces
from aitia.agent.asking.question.learned import (
    MEASURED,
    Candidate,
    asked,
    candidates,
    heads,
    likelihoods,
    line_for,
)
from aitia.agent.asking.question.line_queries import query_of
from aitia.agent.asking.question.outcome import Reading
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.reading import guesses
from aitia.agent.asking.question.refusing import changing
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.lines import lines
from aitia.tools.query.notation import written
from aitia.tools.query.words import LIVE, Lines, Query
from aitia.tools.query.words import MOST as MOST_ROWS

MOST: Final = 3
LEAST: Final = 0.02
"""The probability of verb and measurement together from which a line is offered; by hand (docs/fitted.md)."""
_BEST: Final = 6  # measurements that are paired with verbs
_SHORTEST: Final = 4  # letters of a word that lines are looked for by
_SETTLED: Final = ("What is still to come", "No source here names people")


def choices(p: Pieces, reading: Reading, before: Query | None = None) -> tuple[Query, ...]:
    """Up to three queries that the question may mean, the likeliest first; none where it was answered or nothing may be."""
    if reading.status in ("query", "refused") or changing(p) is not None or guesses(p):
        return ()
    if p.keys("outside") or reading.said.startswith(_SETTLED):
        return ()
    found: dict[str, Query] = {}
    for query in _meant(p, reading, before):
        if isinstance(query, LIVE):
            found.setdefault(written(query), query)
        if len(found) == MOST:
            break
    return tuple(found.values())


def _meant(p: Pieces, reading: Reading, before: Query | None) -> Iterator[Query]:
    yield from reading.offers[:MOST]
    if p.about.strange:  # another thing's figures are no answer, unless its name was nearly written
        yield from _spelled(p, before)
        return
    yield from _without(p, before)
    yield from _likely(p, before)


def _spelled(p: Pieces, before: Query | None) -> Iterator[Query]:
    """What is asked of the component whose name is nearly written."""
    for name in p.about.strange:
        for close in near(name, p.site)[:1]:
            text = re.sub(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", close, p.as_put)
            yield from _read(pieces_of(text, p.site, before), before)


def _without(p: Pieces, before: Query | None) -> Iterator[Query]:
    """What rules read once the words are left out that no table explains."""
    words = frozenset(t.word for t in unplaced(p) if not t.concepts)
    if words - p.left_out:
        yield from _read(replace(p, left_out=p.left_out | words), before)


def _read(p: Pieces, before: Query | None) -> Iterator[Query]:
    """What rules would read."""
    again = read_pieces(p, before)
    if again.status != "refused":
        yield from (*again.queries, *again.offers)


def _likely(p: Pieces, before: Query | None) -> Iterator[Query]:
    """Lines by the probability of their verb and their measurement."""
    verbs, wanted = asked(p, before, heads())
    likeliest, timed = max(wanted, key=lambda k: wanted[k]), wanted.get("time", 0.0)
    pairs = _pairs(p, before)
    found: list[tuple[float, str]] = []
    for verb, share in verbs.items():
        if share < LEAST:
            continue
        if verb in ("lines", "count lines", "changes", "count changes"):
            found += [(share, line) for line in _rows(p, verb)]
        for rank, (chance, best) in enumerate(pairs):
            others = [c for _, c in pairs[rank + 1 :] if c.component == best.component]
            found += [(share * chance, line) for line in _lines(p, verb, best, others, likeliest, timed)]
    for chance, line in sorted(found, key=lambda f: -f[0]):
        if chance < LEAST:
            return
        if (query := query_of(line, p, before)) is not None:
            yield query


def _pairs(p: Pieces, before: Query | None) -> list[tuple[float, Candidate]]:
    """The measurements that the question may be of, with their probability; of the component that it names, where it does."""
    found = candidates(p, before)
    if not found:
        return []
    shares = likelihoods(p, found)
    order = np.argsort(-shares, kind="stable")
    held = [(float(shares[i]), found[int(i)]) for i in order]
    if p.component:
        held = [(s, c) for s, c in held if c.owned or c.related]
    return held[:_BEST]


def _lines(
    p: Pieces, verb: str, best: Candidate, others: Sequence[Candidate], wanted: str, timed: float
) -> Iterator[str]:
    """The lines of a verb and a measurement."""
    where = f"{best.family} @ {best.component}"
    named = sorted(p.about.components)
    if verb in MEASURED:
        yield line_for(p, verb, best, wanted, timed)
    elif verb == "compare" and len(named) == 2:
        function = next(iter(p.keys("functions")), "mean" if p.span.told else "last")
        yield f"compare {function} {best.family} @ {named[0]}, {named[1]}"
    elif verb in ("most", "least"):
        yield f"{verb} {best.family}"
    elif verb == "share":
        yield from (f"share {c.family} / {where}" for c in others[:2])
        yield from (f"share {best.family} / {c.family} @ {c.component}" for c in others[:2])


def _rows(p: Pieces, verb: str) -> Iterator[str]:
    """The lines of a log or the changes that a verb without a measurement asks for."""
    where = f" @ {p.component}" if p.component else ""
    if verb.endswith("changes"):
        if where:
            yield f"{verb}{where}"
        return
    level = f" {p.level}" if p.level else ""
    if word := _standing(p):
        yield f'{verb}{level} "{word}"{where}'
    elif level and where:
        yield f"{verb}{level}{where}"


def _standing(p: Pieces) -> str:
    """The longest word of the question that stands in a line of a log."""
    words = {w for w in re.findall(r"[^\W\d_]+", p.low) if len(w) >= _SHORTEST} - set(
        plain(p.component).split()
    )
    if not words:
        return ""
    look = Lines(component=p.component, level=p.level, words="|".join(sorted(words)), limit=MOST_ROWS)
    text = "\n".join(plain(r.text) for r in lines(look, p.site).rows)
    return next((w for w in sorted(words, key=lambda w: (-len(w), w)) if plain(w) in text), "")
