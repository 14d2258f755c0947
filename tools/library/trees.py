"""Extremely randomised trees (Geurts, Ernst and Wehenkel, 2006): the fault kind from a candidate's features.

Faults differ by combinations (the queue grew although nobody called more), which a linear model does not see. Each
node draws the square root of the features that still vary, one random threshold each, and takes the split with the
lowest Gini impurity; trees are grown until pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TREES: Final = 200
SEED: Final = 7
_LEAF: Final = -1
_PRIOR: Final = 0.02  # what a class without a vote keeps


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Nodes in arrays: a leaf has feature -1, and `votes` (n, C) its class shares."""

    feature: Ints
    threshold: Floats
    low: Ints
    high: Ints
    votes: Floats

    def shares(self, x: Floats) -> Floats:
        """Class shares (N, C) of the leaves that rows (N, D) fall into."""
        at = np.zeros(len(x), dtype=np.int64)
        rows = np.arange(len(x))
        while (inner := self.feature[at] != _LEAF).any():
            below = x[rows, np.maximum(self.feature[at], 0)] <= self.threshold[at]
            at = np.where(inner, np.where(below, self.low[at], self.high[at]), at)
        return self.votes[at]


@dataclass(frozen=True, kw_only=True)
class Forest:
    """The trees and how much each feature lowered the impurity, summing to 1."""

    trees: tuple[Tree, ...]
    importance: Floats

    def log_p(self, x: Floats) -> Floats:
        """Log-probabilities (N, C) of the classes."""
        total = sum((tree.shares(x) for tree in self.trees), np.zeros((len(x), self.trees[0].votes.shape[1])))
        p = total / len(self.trees) + _PRIOR
        return np.asarray(np.log(p / p.sum(axis=1, keepdims=True)), dtype=float)

    def plain(self) -> list[dict[str, Any]]:
        """As JSON values; the votes of leaves only."""
        return [
            {
                "feature": t.feature.tolist(),
                "threshold": t.threshold.tolist(),
                "low": t.low.tolist(),
                "high": t.high.tolist(),
                "votes": [v.tolist() if f == _LEAF else [] for f, v in zip(t.feature, t.votes, strict=True)],
            }
            for t in self.trees
        ]

    @classmethod
    def of(cls, plain: Sequence[Mapping[str, Any]], *, count: int, importance: Sequence[float]) -> Forest:
        """From `plain`. Raises ValueError where a tree does not end in leaves."""
        return cls(trees=tuple(_tree(t, count) for t in plain), importance=np.array(importance, dtype=float))


def _tree(plain: Mapping[str, Any], count: int) -> Tree:
    feature = np.array(plain["feature"], dtype=np.int64)
    low, high = np.array(plain["low"], dtype=np.int64), np.array(plain["high"], dtype=np.int64)
    place, inner = np.arange(len(feature)), feature != _LEAF
    if not len(feature) or not all(((c > place) & (c < len(feature)))[inner].all() for c in (low, high)):
        raise ValueError("a tree whose nodes do not lead to leaves")
    votes = np.array([v or [0.0] * count for v in plain["votes"]], dtype=float).reshape(len(feature), count)
    return Tree(
        feature=feature, threshold=np.array(plain["threshold"], dtype=float), low=low, high=high, votes=votes
    )


def grow(x: Floats, classes: Sequence[int], *, count: int, trees: int = TREES, seed: int = SEED) -> Forest:
    """Trees on rows (n, D) with their classes; each sees all rows."""
    chance = np.random.default_rng(seed)
    truth = np.eye(count)[np.array(classes)]
    gain = np.zeros(x.shape[1])
    grown = tuple(_Grower(x, truth, chance, gain).grow() for _ in range(trees))
    return Forest(trees=grown, importance=gain / (float(gain.sum()) or 1.0))


class _Grower:
    """One tree in the making."""

    def __init__(self, x: Floats, truth: Floats, chance: np.random.Generator, gain: Floats) -> None:
        self._x, self._truth, self._chance, self._gain = x, truth, chance, gain
        self._nodes: list[list[float]] = []
        self._votes: list[Floats] = []

    def grow(self) -> Tree:
        """Grow it node by node, parents before children."""
        waiting = [(self._add(np.arange(len(self._x))), np.arange(len(self._x)))]
        while waiting:
            node, rows = waiting.pop()
            split = self._split(rows)
            if split is not None:
                feature, threshold = split
                below = self._x[rows, feature] <= threshold
                parts = rows[below], rows[~below]
                children = [self._add(part) for part in parts]
                self._nodes[node] = [feature, threshold, *children]
                waiting += zip(children, parts, strict=True)
        table = np.array(self._nodes)
        return Tree(
            feature=table[:, 0].astype(np.int64),
            threshold=table[:, 1],
            low=table[:, 2].astype(np.int64),
            high=table[:, 3].astype(np.int64),
            votes=np.array(self._votes),
        )

    def _add(self, rows: Ints) -> int:
        self._nodes.append([_LEAF, 0.0, 0, 0])
        self._votes.append(self._truth[rows].mean(axis=0))
        return len(self._nodes) - 1

    def _split(self, rows: Ints) -> tuple[int, float] | None:
        """A feature and threshold, or None for a leaf."""
        truth = self._truth[rows]
        whole = truth.sum(axis=0)
        if len(rows) < 2 or whole.max() == len(rows):
            return None
        x = self._x[rows]
        least, most = x.min(axis=0), x.max(axis=0)
        varying = np.flatnonzero(most > least)
        if not len(varying):
            return None
        size = min(len(varying), math.isqrt(x.shape[1]))
        tried = self._chance.choice(varying, size=size, replace=False)
        thresholds = least[tried] + self._chance.random(size) * (most[tried] - least[tried])
        below = (x[:, tried] <= thresholds).astype(float).T  # (size, n)
        left = below @ truth
        right = whole - left
        impure = _impurity(left) + _impurity(right)
        best = int(impure.argmin())
        self._gain[tried[best]] += float(_impurity(whole[None])[0] - impure[best])
        return int(tried[best]), float(thresholds[best])


def _impurity(counts: Floats) -> Floats:
    """Gini impurity times the number of rows, per row of class counts; 0 for no rows."""
    total = counts.sum(axis=1)
    return np.asarray(total - (counts**2).sum(axis=1) / np.maximum(total, 1e-12), dtype=float)
