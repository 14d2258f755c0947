"""Weights of a ranking's parts, learned from queries with their answers: conditional logit, nested cross-validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
FOLDS, INNER = 10, 5
PENALTIES = (0.03, 0.1, 0.3, 1.0)


def fit(queries: Sequence[Floats], answers: Sequence[int], penalty: float) -> Floats:
    """Weights (k,) of at least 0 that make the answers likely among all documents of their query, each (n, k)."""
    k = queries[0].shape[1]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = penalty * float(weights @ weights) / 2, penalty * weights
        for parts, answer in zip(queries, answers, strict=True):
            chance = _chances(parts, weights)
            total -= float(np.log(chance[answer] + 1e-12))
            slope = slope + chance @ parts - parts[answer]
        return total, slope

    found = minimize(loss, np.ones(k), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * k)
    return np.asarray(found.x, dtype=np.float64)


def _chances(parts: Floats, weights: Floats) -> Floats:
    score = parts @ weights
    raised = np.exp(score - score.max())
    return np.asarray(raised / raised.sum(), dtype=np.float64)


def chosen_penalty(queries: Sequence[Floats], answers: Sequence[int]) -> float:
    """The penalty under which held-out answers are likeliest."""

    def unlikely(penalty: float) -> float:
        lost = 0.0
        for fold in range(INNER):
            held = [i for i in range(len(queries)) if i % INNER == fold]
            kept = [i for i in range(len(queries)) if i % INNER != fold]
            if held and kept:
                weights = fit([queries[i] for i in kept], [answers[i] for i in kept], penalty)
                lost -= sum(np.log(_chances(queries[i], weights)[answers[i]] + 1e-12) for i in held)
        return float(lost)

    return min(PENALTIES, key=unlikely)


def held_out_scores(queries: Sequence[Floats], answers: Sequence[int]) -> list[Floats]:
    """Fused scores (n,) of every query by weights that were learned, penalty included, from the other folds."""
    made: list[Floats] = [np.empty(0)] * len(queries)
    for fold in range(FOLDS):
        kept = [i for i in range(len(queries)) if i % FOLDS != fold]
        known, told = [queries[i] for i in kept], [answers[i] for i in kept]
        weights = fit(known, told, chosen_penalty(known, told)) if kept else np.ones(queries[0].shape[1])
        for i in range(fold, len(queries), FOLDS):
            made[i] = queries[i] @ weights
    return made


def place(scores: Floats, answer: int) -> int:
    """The answer's rank, from 1; equal scores keep the order of the documents."""
    order = np.argsort(-np.round(scores, 9), kind="stable")
    return int(np.flatnonzero(order == answer)[0]) + 1
