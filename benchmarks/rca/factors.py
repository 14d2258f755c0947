"""Learn the weigher's factors from diagnoses whose answer is known: a regularised conditional logit.

The probability of a suspect is the softmax of its ledger's sum; the factors of the terms maximise the likelihood of the
accepted answers, less a ridge that pulls every factor to 1, its hand-set size (McFadden 1974; MAP with a normal prior).
Every data set counts the same, however many cases it has. The ridge's width is chosen by leaving out one data set at a time;
where there is one only, by folds over its groups, so that variants of one incident never lie in two of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.agent.culprit import TERM as COMPONENT
from aitia.agent.judged import Judged
from aitia.agent.stacks import CEILING, NOBODY, OF_RELEASE, SYMPTOM
from aitia.agent.taxonomy import Taxonomy
from aitia.agent.weigher import Weighed
from aitia.agent.weights import HAND_SET, TERMS, Weights

Floats = NDArray[np.float64]
BOUNDS: Final = (0.5, 2.0)  # data may halve or double what a term means, not turn it round
PASSES: Final = 2  # which pair stands for a family depends on the factors
_NAMES: Final = tuple(t for t in TERMS if t not in (CEILING, COMPONENT, SYMPTOM, NOBODY, OF_RELEASE))
_BOUNDS: Final = [
    (1.0, 1.0) if t in ("healthy.unwatched", "unknown.given_up") else BOUNDS for t in _NAMES
]  # a limit is not learned


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The factors of all cases; and each case, in their order, weighed by hand-set factors and by those learned without
    its data set (its group, where there is one set only), at the ridge chosen.
    """

    weights: Weights
    ridge: float
    hand_set: tuple[Weighed, ...]
    held_out: tuple[Weighed, ...]


@dataclass(frozen=True)
class _Table:
    """One case: a row of term values per suspect, which rows are right, which are held under `unknown`."""

    values: Floats
    right: NDArray[np.bool_]
    capped: NDArray[np.bool_]
    unknown: int


def fit(cases: Sequence[Judged], taxonomy: Taxonomy, *, ridges: Sequence[float], folds: int = 5) -> Fitted:
    """Learn the factors, with the ridge that tells held-out groups best."""
    hand = [c.weighed(taxonomy, HAND_SET) for c in cases]
    first = [_table(c, w, HAND_SET) for c, w in zip(cases, hand, strict=True)]
    shares = _shares(cases)
    held = {ridge: _held_out(cases, taxonomy, first, ridge, folds) for ridge in ridges}

    def loss(ridge: float) -> float:
        return sum(s * c.log_loss(w) for s, c, w in zip(shares, cases, held[ridge], strict=True))

    best = min(ridges, key=lambda r: (loss(r), -r))
    return Fitted(
        weights=_learn(cases, taxonomy, first, range(len(cases)), best),
        ridge=best,
        hand_set=tuple(hand),
        held_out=tuple(held[best]),
    )


def _shares(cases: Sequence[Judged]) -> list[float]:
    """How much each case counts: 1 on average, the same in total for every data set."""
    sizes = Counter(c.data for c in cases)
    return [len(cases) / (len(sizes) * sizes[c.data]) for c in cases]


def _held_out(
    cases: Sequence[Judged], taxonomy: Taxonomy, first: Sequence[_Table], ridge: float, folds: int
) -> list[Weighed]:
    """Every case weighed by factors that were learned without its data set, or without its group where there is one set."""
    several = len({c.data for c in cases}) > 1
    names = [c.data if several else c.group for c in cases]
    every = sorted(set(names))
    found: dict[int, Weighed] = {}
    for fold in range(len(every) if several else min(folds, len(every))):
        out = {every[fold]} if several else set(every[fold::folds])
        inside = [i for i, name in enumerate(names) if name not in out]
        learned = _learn(cases, taxonomy, first, inside, ridge)
        found |= {i: c.weighed(taxonomy, learned) for i, c in enumerate(cases) if names[i] in out}
    return [found[i] for i in range(len(cases))]


def _learn(
    cases: Sequence[Judged], taxonomy: Taxonomy, first: Sequence[_Table], inside: Iterable[int], ridge: float
) -> Weights:
    from scipy.optimize import minimize

    chosen = list(inside)
    shares = _shares([cases[i] for i in chosen])
    factors, weights = np.ones(len(_NAMES)), HAND_SET
    for turn in range(PASSES):
        tables = [
            first[i] if turn == 0 else _table(cases[i], cases[i].weighed(taxonomy, weights), weights)
            for i in chosen
        ]
        loss = _loss([(t, s) for t, s in zip(tables, shares, strict=True) if t.right.any()], ridge)
        found = minimize(loss, factors, jac=True, method="L-BFGS-B", bounds=_BOUNDS)
        factors = np.asarray(found.x, dtype=np.float64)
        weights = Weights(
            factors={
                name: round(float(f), 3)
                for name, f in zip(_NAMES, factors, strict=True)
                if abs(f - 1) >= 0.005
            }
        )
    return weights


def _loss(tables: Sequence[tuple[_Table, float]], ridge: float) -> Callable[[Floats], tuple[float, Floats]]:
    def loss(factors: Floats) -> tuple[float, Floats]:
        total, slope = ridge * float(np.sum((factors - 1) ** 2)), 2 * ridge * (factors - 1)
        for table, share in tables:
            scores = table.values @ factors
            rows = table.values.copy()
            ceiling = scores[table.unknown] - 0.5
            held = table.capped & (scores > ceiling)
            scores[held], rows[held] = ceiling, rows[table.unknown]
            p = np.exp(scores - scores.max())
            p /= p.sum()
            right = p * table.right
            mass = max(float(right.sum()), 1e-12)
            total -= share * np.log(mass)
            slope += share * ((p - right / mass) @ rows)
        return total, slope

    return loss


def _table(case: Judged, weighed: Weighed, weights: Weights) -> _Table:
    suspects = weighed.suspects
    values = np.zeros((len(suspects), len(_NAMES)))
    for row, suspect in enumerate(suspects):
        for line in suspect.ledger:
            if line.term in _NAMES:
                values[row, _NAMES.index(line.term)] += line.log_odds / weights.of(line.term)
    return _Table(
        values=values,
        right=np.array([case.accepts(s) for s in suspects]),
        capped=np.array([any(c.term == CEILING for c in s.ledger) for s in suspects]),
        unknown=next(i for i, s in enumerate(suspects) if not s.component and s.fault == "unknown"),
    )
