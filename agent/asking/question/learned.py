"""What a question is of, read without rules and without a language model: how it is asked, and of which measurement.

How it is asked is a multinomial logistic regression over pieces of words (`asked_how`), of which measurement a conditional logit
over what is measured at the site (the table of words for names, letters alike, the rules' own fit, whose it is, what the question
before was of). Both give probabilities; a third regression tells from them how likely the line is right. Fitted on questions that
were written of made-up sites, authors left out (`benchmarks/ask/fit_reader.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from aitia.agent.asking.question.asked_how import VERBS, WANTED, features
from aitia.agent.asking.question.at_hand import labelled, likeness, related_to, spoken_words
from aitia.agent.asking.question.bounds import bound
from aitia.agent.asking.question.line_form import FUNCTIONS, line_of
from aitia.agent.asking.question.line_queries import query_of
from aitia.agent.asking.question.measure import fits
from aitia.agent.asking.question.pieces import Pieces
from aitia.agent.asking.question.translated import parts_of, table, words_of
from aitia.core.words import Word
from aitia.tools.query.measured import families, measured
from aitia.tools.query.words import Query

Numbers = npt.NDArray[np.float64]
WEIGHTS: Final = Path(__file__).with_name("learned.npz")
ANSWERS: Final = 0.8
"""The probability from which a line is run: of authors left out nine in ten of these are right (docs/fitted.md)."""
MEASURED: Final = (*FUNCTIONS, "curve", "above", "below")
"""The verbs that a line may have here: all that is asked of one measurement."""
_MOST: Final = 2000  # measurements of a site that are compared
_LONGEST: Final = 400  # characters of a question that is read
_LEAST: Final = 1e-6
_LOWEST: Final = -4.0  # log of a share, and how far the others are told: no site is to be surer by its size
_FURTHEST, _ALONE, _LEFT = 6.0, 5.0, 4.0
_NUMBER: Final = re.compile(r"(?<![\w.,-])-?\d+(?:[.,]\d+)?(?!\w*[-_/]\d)")


class Candidate(NamedTuple):
    """A measurement of a component, the parts of its name, and what of it fits the question, the table of words aside."""

    component: str
    family: str
    parts: frozenset[str]
    told: tuple[float, ...]
    owned: bool  # its component is named or gone on from
    related: bool


class Line(Word):
    """What was read: a line, the query that it means here, and how likely it is right."""

    line: str
    query: Query | None = None
    sure: float = 0.0


class Heads(NamedTuple):
    """The weights: columns that count, of each verb and of what is wanted (last row: constants), of pairs, of lines."""

    used: npt.NDArray[np.int64]
    asked: npt.NDArray[np.float32]
    pair: Numbers
    right: Numbers


def read_line(p: Pieces, before: Query | None) -> Line | None:
    """The likeliest line of one measurement; None where nothing is measured, or of no one component."""
    found = candidates(p, before)
    if not found:
        return None
    verbs, wanted = asked(p, before, heads())
    scores = table_scores(p, found)
    chosen = choose(p, before, found, scores, verbs, wanted)
    if chosen is None:
        return None
    line, told = chosen
    sure = 1.0 / (1.0 + math.exp(-float(heads().right[:-1] @ np.array(told) + heads().right[-1])))
    return Line(line=line, query=query_of(line, p, before), sure=sure)


def candidates(p: Pieces, before: Query | None) -> list[Candidate]:
    """What is measured at the site, each with what of it fits the question."""
    every = families(measured(p.site))[:_MOST]
    points = {(f.of.component, f.of.family): f for f in fits(p.terms, every)} if p.terms else {}
    named, related = p.asked_of, related_to(p)
    words = spoken_words(p)
    metric, component = (
        str(getattr(before, k, "") or "") if p.follows else "" for k in ("metric", "component")
    )
    made: list[Candidate] = []
    for m in every:
        fit = points.get((m.component, m.family))
        own = m.component in named
        told = (
            max(fit.score, -3.0) if fit else 0.0,
            float(fit is not None),
            float(len(fit.left)) if fit else 0.0,
            float(own),
            float(m.component in related),
            likeness(m.family, words),
            float(labelled(m, words)),
            float(bool(metric) and m.family == metric),
            float(bool(component) and m.component == component),
            float(own and p.follows),
        )
        owned = own or (p.follows and m.component == component)
        parts = parts_of(m.family, m.unit, m.help)
        made.append(Candidate(m.component, m.family, parts, told, owned, m.component in related))
    return made


def table_scores(p: Pieces, found: Sequence[Candidate]) -> list[float]:
    """How well the table of words tells each."""
    held, words = table(), words_of(p.as_put, p.low)
    return [held.score(words, c.parts) for c in found]


def rows_of(found: Sequence[Candidate], scores: Sequence[float]) -> Numbers:
    """Features of each pair, shape (candidates, features)."""
    return np.array([[s, *c.told, c.told[5] * s / 10.0] for c, s in zip(found, scores, strict=True)])


def likelihoods(p: Pieces, found: Sequence[Candidate]) -> Numbers:
    """The probability that each of some measurements is the one that is asked of, shape (candidates,)."""
    points = rows_of(found, table_scores(p, found)) @ heads().pair
    shares = np.exp(points - points.max())
    return np.asarray(shares / shares.sum())


def asked(p: Pieces, before: Query | None, held: Heads) -> tuple[dict[str, float], dict[str, float]]:
    """The probability of each verb, and of each thing that is wanted."""
    names = [*(c.id for c in p.site.inventory.components), *(m.metric for m in measured(p.site)[:_MOST])]
    columns, values = features(p.as_put[:_LONGEST], names, line_of(before))
    place = np.minimum(np.searchsorted(held.used, columns), held.used.size - 1)
    known = held.used[place] == columns
    told = values[known].astype(np.float64) @ held.asked[place[known]] + held.asked[-1]
    return _shares(VERBS, told[: len(VERBS)]), _shares(WANTED, told[len(VERBS) :])


def _shares(names: Sequence[str], scores: Numbers) -> dict[str, float]:
    shares = np.exp(scores - scores.max())
    return dict(zip(names, map(float, shares / shares.sum()), strict=True))


def choose(
    p: Pieces,
    before: Query | None,
    found: Sequence[Candidate],
    scores: Sequence[float],
    verbs: Mapping[str, float],
    wanted: Mapping[str, float],
    pair: Numbers | None = None,
) -> tuple[str, list[float]] | None:
    """The likeliest line and what tells whether it is right; None where it is not told of which component."""
    rows = rows_of(found, scores)
    points = rows @ (heads().pair if pair is None else pair)
    shares = np.exp(points - points.max())
    shares /= shares.sum()
    order = np.argsort(-points, kind="stable")
    first = int(order[0])
    best = found[first]
    owners = {c.component for c in found if c.family == best.family}
    if not (len(owners) == 1 or best.owned):
        return None
    if p.component and best.component != p.component and not (best.owned or best.related):
        return None
    verb = max(MEASURED, key=lambda v: verbs.get(v, 0.0))
    of_family = sum(float(s) for s, c in zip(shares, found, strict=True) if c.family == best.family)
    lead = float(points[first] - points[order[1]]) if len(order) > 1 else _ALONE
    told = [
        _log(verbs.get(verb, 0.0)),
        _log(sum(verbs.get(v, 0.0) for v in MEASURED)),
        _log(float(shares[first])),
        _log(of_family),
        min(lead, _FURTHEST),
        float(points[first]) / 5.0,
        best.told[3],
        float(len(owners) == 1),
        -min(best.told[2], _LEFT),
        best.told[1],
        float(p.follows),
        best.told[5],
        scores[first] / 10.0,
        float(verb == "last"),
        max(wanted.values()),
    ]
    line = line_for(p, verb, best, max(wanted, key=lambda k: wanted[k]), wanted.get("time", 0.0))
    return (line, told) if line else None


def _log(share: float) -> float:
    return max(math.log(share + _LEAST), _LOWEST)


def line_for(p: Pieces, verb: str, best: Candidate, wanted: str, timed: float) -> str:
    """The line of one of `MEASURED` and a measurement; "" where it lacks its bound."""
    where = f" @ {best.component}"
    if verb == "curve":
        return f"curve {best.family}{where}"
    if verb in ("above", "below"):
        limit = bound(p.words)
        alone = [
            m[0] for m in _NUMBER.finditer(p.words) if not any(a <= m.start() < b for a, b in p.about.taken)
        ]
        if limit is None and len(alone) != 1:
            return ""
        number = limit.value if limit else float(alone[0].replace(",", "."))
        tail = "first" if wanted == "time" else wanted
        return f"{verb} {number:g} {best.family}{where}{f' {tail}' if tail else ''}"
    return f"{verb} {best.family}{where}{' time' if verb in ('max', 'min') and timed > 0.5 else ''}"


@cache
def heads() -> Heads:
    """The weights that come with aitia."""
    held: Any = np.load(WEIGHTS, allow_pickle=False)
    asked_by = held["asked"].astype(np.float32) * held["scale"].astype(np.float32)
    return Heads(held["used"].astype(np.int64), asked_by, held["pair"], held["right"])
