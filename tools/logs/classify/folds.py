"""Folds that keep groups whole and spread classes, and the scores of a cross-validation."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray


def folds(groups: Sequence[Hashable], labels: Sequence[str], *, count: int, seed: int) -> list[int]:
    """The fold of each line. The largest groups are dealt first, each to the fold that has least of its classes."""
    held: dict[Hashable, Counter[str]] = {}
    for group, label in zip(groups, labels, strict=True):
        held.setdefault(group, Counter())[label] += 1
    order = list(held)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda g: -held[g].total())
    total, fold = Counter(labels), dict[Hashable, int]()
    load = [Counter[str]() for _ in range(count)]
    for group in order:
        worth = held[group]
        cost = [
            (sum(k * part[label] / total[label] for label, k in worth.items()), part.total()) for part in load
        ]
        fold[group] = cost.index(min(cost))
        load[fold[group]].update(worth)
    return [fold[group] for group in groups]


def weighted_f1(truth: Sequence[str], told: Sequence[str]) -> float:
    """F1 of each class, weighted by its lines."""
    total = 0.0
    for label, lines in Counter(truth).items():
        both = sum(t == label == p for t, p in zip(truth, told, strict=True))
        total += lines * 2 * both / (lines + sum(p == label for p in told))
    return total / len(truth)


def ece(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): share-weighted gap of confidence and accuracy in equal bins."""
    p, r = np.asarray(probabilities), np.asarray(right, dtype=float)
    place = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[place == b].sum() - r[place == b].sum()) for b in range(bins)) / max(len(p), 1))


def log_loss(probabilities: NDArray[np.float64], labels: Sequence[int]) -> float:
    """Mean negative log-probability of the right class, nats."""
    right = probabilities[np.arange(len(labels)), np.asarray(labels, dtype=int)]
    return float(-np.log(np.maximum(right, 1e-12)).mean())
