"""Learn the weigher's factors from diagnoses whose answer is known: a regularised conditional logit.

The probability of a suspect is the softmax of its ledger's sum; the factors of the terms maximise the likelihood of the
accepted answers, less a ridge that pulls every factor to 1, its hand-set size (McFadden 1974; MAP with a normal prior).
Its width is chosen by cross-validation over groups, so that variants of one incident never lie in two folds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.agent.taxonomy import Taxonomy, covers
from aitia.agent.topology import Topology
from aitia.agent.weigher import weigh
from aitia.agent.weights import HAND_SET, TERMS, Weights
from aitia.core.words import Evidence, Inventory, Suspect, Verdict

Floats = NDArray[np.float64]
BOUNDS: Final = (0.1, 3.0)  # a factor never turns a term's sign
PASSES: Final = 3  # which pair stands for a family depends on the factors
_NAMES: Final = tuple(t for t in TERMS if t != "ceiling")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A weighed incident and what counts as right: a verdict, and for a cause its (component, fault) pairs.

    A fault of "" accepts every kind at the component. `group` names what must not be split between folds.
    """

    id: str
    group: str
    evidence: tuple[Evidence, ...]
    inventory: Inventory
    verdict: Verdict
    accepted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Table:
    """One case: a row of term values per suspect, which rows are right, which are held under `unknown`."""

    values: Floats
    right: NDArray[np.bool_]
    capped: NDArray[np.bool_]
    unknown: int


def fit(
    cases: Sequence[Judged], taxonomy: Taxonomy, *, ridges: Sequence[float], folds: int = 5
) -> tuple[Weights, dict[str, float]]:
    """The factors for all cases, and the cross-validated scores of hand-set and learned ones."""
    scores = {ridge: _validated(cases, taxonomy, ridge, folds) for ridge in ridges}
    best = min(scores, key=lambda r: (scores[r][0], -r))
    hand = [_judged(c, taxonomy, HAND_SET) for c in cases]
    told = {
        "ridge": best,
        "log_loss_hand_set": round(float(np.mean([h[0] for h in hand])), 4),
        "log_loss_learned": round(scores[best][0], 4),
        "right_hand_set": round(float(np.mean([h[1] for h in hand])), 4),
        "right_learned": round(scores[best][1], 4),
    }
    return Weights(factors=_learn(cases, taxonomy, best)), told


def _validated(cases: Sequence[Judged], taxonomy: Taxonomy, ridge: float, folds: int) -> tuple[float, float]:
    """Mean log-loss and share of right answers on groups that were not learned from."""
    groups = sorted({c.group for c in cases})
    found: list[tuple[float, bool]] = []
    for fold in range(min(folds, len(groups))):
        held = set(groups[fold::folds])
        learned = Weights(factors=_learn([c for c in cases if c.group not in held], taxonomy, ridge))
        found += [_judged(c, taxonomy, learned) for c in cases if c.group in held]
    return float(np.mean([f[0] for f in found])), float(np.mean([f[1] for f in found]))


def _learn(cases: Sequence[Judged], taxonomy: Taxonomy, ridge: float) -> dict[str, float]:
    from scipy.optimize import minimize

    factors = np.ones(len(_NAMES))
    for _ in range(PASSES):
        weights = Weights(factors=dict(zip(_NAMES, factors.tolist(), strict=True)))
        tables = [_table(case, taxonomy, weights) for case in cases]
        loss = _loss([t for t in tables if t.right.any()], ridge)
        found = minimize(loss, factors, jac=True, method="L-BFGS-B", bounds=[BOUNDS] * len(_NAMES))
        factors = np.asarray(found.x, dtype=np.float64)
    return {name: round(float(f), 3) for name, f in zip(_NAMES, factors, strict=True) if abs(f - 1) >= 0.005}


def _loss(tables: Sequence[_Table], ridge: float) -> Callable[[Floats], tuple[float, Floats]]:
    def loss(factors: Floats) -> tuple[float, Floats]:
        total, slope = ridge * float(np.sum((factors - 1) ** 2)), 2 * ridge * (factors - 1)
        for table in tables:
            scores = table.values @ factors
            rows = table.values.copy()
            ceiling = scores[table.unknown] - 0.5
            held = table.capped & (scores > ceiling)
            scores[held], rows[held] = ceiling, rows[table.unknown]
            p = np.exp(scores - scores.max())
            p /= p.sum()
            right = p * table.right
            share = max(float(right.sum()), 1e-12)
            total -= np.log(share)
            slope += (p - right / share) @ rows
        return total, slope

    return loss


def _table(case: Judged, taxonomy: Taxonomy, weights: Weights) -> _Table:
    suspects = weigh(case.evidence, case.inventory, taxonomy, weights).suspects
    topology = Topology(case.inventory.components)
    values = np.zeros((len(suspects), len(_NAMES)))
    for row, suspect in enumerate(suspects):
        for line in suspect.ledger:
            if line.term in _NAMES:
                values[row, _NAMES.index(line.term)] += line.log_odds / weights.of(line.term)
    return _Table(
        values=values,
        right=np.array([_is_right(s, case, topology) for s in suspects]),
        capped=np.array([any(c.term == "ceiling" for c in s.ledger) for s in suspects]),
        unknown=next(i for i, s in enumerate(suspects) if not s.component and s.fault == "unknown"),
    )


def _judged(case: Judged, taxonomy: Taxonomy, weights: Weights) -> tuple[float, bool]:
    """The log-loss of a case, and whether its verdict is right."""
    weighed = weigh(case.evidence, case.inventory, taxonomy, weights)
    topology = Topology(case.inventory.components)
    share = sum(s.probability for s in weighed.suspects if _is_right(s, case, topology))
    named = Suspect(component=weighed.component, fault=weighed.fault, score=0, probability=0)
    right = weighed.verdict == case.verdict and (case.verdict != "cause" or _is_right(named, case, topology))
    return -float(np.log(max(share, 1e-4))), right


def _is_right(suspect: Suspect, case: Judged, topology: Topology) -> bool:
    if case.verdict != "cause":
        return not suspect.component and suspect.fault == case.verdict
    return any(
        suspect.component in topology.family(c) and (not f or covers(f, suspect.fault))
        for c, f in case.accepted
        if suspect.component
    )
