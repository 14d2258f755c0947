"""The numbers of a calibration: folds of families, conditional logit, accuracy, calibration error and bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.words import Word
from aitia.models.calibration import ece
from aitia.models.choosing import Kind, Question, Retrieval
from aitia.models.scoring import Terms

FOLDS: Final = 5
ROUNDS: Final = 2000
_RIDGE: Final = 1e-3
Matrix = NDArray[np.float64]


class Answer(Word):
    """What a model scored for one question, by the question's key; nothing of it depends on a calibration."""

    key: str
    log_probs: tuple[float, ...]
    baselines: tuple[float, ...]
    tokens: int = 0
    seconds: float = 0.0


def folds(questions: Sequence[Question]) -> list[int]:
    """The fold of each question. Families stay together; the largest is dealt first, to the smallest fold."""
    size: dict[str, int] = {}
    for q in questions:
        size[q.group or q.id] = size.get(q.group or q.id, 0) + 1
    held, fold = [0] * FOLDS, dict[str, int]()
    for group in sorted(size, key=lambda g: (-size[g], g)):
        fold[group] = held.index(min(held))
        held[fold[group]] += size[group]
    return [fold[q.group or q.id] for q in questions]


def fit_terms(questions: Sequence[Question], answers: Sequence[Answer]) -> Terms:
    """Temperature and share of the content-free baseline that make the right options likeliest."""
    features = [np.column_stack([a.log_probs, np.negative(a.baselines)]) for a in answers]
    scale, prior = logit(features, [q.answer for q in questions], floor=(1e-3, 0.0), start=(0.1, 0.1))
    return Terms(temperature=round(1 / scale, 4), prior=round(prior / scale, 4))


def fit_no_model(questions: Sequence[Question]) -> dict[Kind, tuple[float, float]]:
    """How much votes of like questions and shared words count, by kind; a question's own family has no vote."""
    made: dict[Kind, tuple[float, float]] = {}
    for kind in dict.fromkeys(q.kind for q in questions):
        own = [q for q in questions if q.kind == kind]
        fold = folds(own)
        known = [
            Retrieval([q for q, f in zip(own, fold, strict=True) if f != k] or own) for k in range(FOLDS)
        ]
        features = [known[k].features(q) for q, k in zip(own, fold, strict=True)]
        votes, shared = logit(features, [q.answer for q in own], floor=(0.0, 0.0), start=(0.5, 0.5))
        made[kind] = (round(votes, 4), round(shared, 4))
    return made


def logit(
    features: Sequence[Matrix],
    right: Sequence[int],
    *,
    floor: tuple[float, float],
    start: tuple[float, float],
) -> tuple[float, float]:
    """Conditional logit with two coefficients: those that maximise the likelihood of the right rows (convex)."""
    from scipy.optimize import minimize

    def loss(coefficients: Matrix) -> tuple[float, Matrix]:
        total, slope = _RIDGE * float(coefficients @ coefficients), 2 * _RIDGE * coefficients
        for x, answer in zip(features, right, strict=True):
            value = x @ coefficients
            share = np.exp(value - value.max())
            total += float(np.log(share.sum()) + value.max() - value[answer]) / len(right)
            slope = slope + ((share / share.sum()) @ x - x[answer]) / len(right)
        return total, slope

    bounds = [(low, None) for low in floor]
    found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.x[0]), float(found.x[1])


def accuracy(shares: Sequence[Sequence[float]], right: Sequence[int]) -> float:
    """The share of questions whose likeliest option is right; of several equally likely ones each counts its part."""
    hits = []
    for share, answer in zip(shares, right, strict=True):
        best = [i for i, p in enumerate(share) if p == max(share)]
        hits.append((answer in best) / len(best))
    return round(float(np.mean(hits)), 4)


def error_of(shares: Sequence[Sequence[float]], right: Sequence[int]) -> float:
    """The expected calibration error of the likeliest options."""
    hit = [int(np.argmax(share)) == answer for share, answer in zip(shares, right, strict=True)]
    return round(ece([max(share) for share in shares], hit), 4)


def interval(values: Matrix) -> tuple[float, float]:
    """Percentile bootstrap of the mean over questions, 95 %."""
    chance = np.random.default_rng(0)
    means = chance.choice(values, size=(ROUNDS, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)
