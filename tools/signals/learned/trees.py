"""Tree ensembles as plain arrays: fitted by scikit-learn, evaluated and explained with NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

Ints = NDArray[np.int32]
_ROWS: Final = 4096  # rows at a time, so that memory stays flat


@dataclass(frozen=True, kw_only=True)
class Trees:
    """The sum over trees of one leaf's values, plus `bias`.

    Nodes of all trees are in one list; `root` holds each tree's first node. A leaf is its own child. A row goes left
    where `x[feature] <= threshold`, in float32 as scikit-learn compares.
    """

    root: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: (
        Floats  # (nodes, outputs), already divided by the number of trees or multiplied by the learning rate
    )
    bias: Floats  # (outputs,)
    depth: int

    @classmethod
    def of(cls, estimators: Sequence[Any], *, weight: float, bias: Floats) -> Self:
        """From fitted scikit-learn trees; a class tree's values are turned into shares."""
        roots: list[int] = []
        parts: list[tuple[Ints, Floats, Ints, Ints, Floats]] = []
        offset = 0
        for estimator in estimators:
            tree = estimator.tree_
            own, leaf = np.arange(tree.node_count), tree.children_left < 0
            value = np.asarray(tree.value[:, 0, :], dtype=np.float64)
            if value.shape[1] > 1:
                value = value / value.sum(axis=1, keepdims=True)
            parts.append((
                np.where(leaf, 0, tree.feature).astype(np.int32),
                np.where(leaf, np.inf, tree.threshold),
                (np.where(leaf, own, tree.children_left) + offset).astype(np.int32),
                (np.where(leaf, own, tree.children_right) + offset).astype(np.int32),
                value * weight,
            ))  # fmt: skip
            roots.append(offset)
            offset += tree.node_count
        feature, threshold, left, right, value = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        return cls(
            root=np.array(roots, dtype=np.int32), feature=feature, threshold=threshold, left=left, right=right,
            value=value, bias=np.atleast_1d(np.asarray(bias, dtype=np.float64)),
            depth=max(int(e.tree_.max_depth) for e in estimators),
        )  # fmt: skip

    def spread(self, columns: Sequence[int], outputs: int) -> Self:
        """The same trees with their outputs at these columns of a wider output, the others 0."""
        value, bias = np.zeros((self.value.shape[0], outputs)), np.zeros(outputs)
        value[:, list(columns)], bias[list(columns)] = self.value, self.bias
        return replace(self, value=value, bias=bias)

    def leaves(self, x: Floats) -> Ints:
        """The leaf of each row in each tree, shape (rows, trees)."""
        rows = np.asarray(x, dtype=np.float32)
        node = np.broadcast_to(self.root, (rows.shape[0], self.root.size))
        for _ in range(self.depth):
            node = self._next(rows, node)
        return node

    def predict(self, x: Floats) -> Floats:
        """Shape (rows, outputs)."""
        made = np.empty((x.shape[0], self.value.shape[1]))
        for start in range(0, x.shape[0], _ROWS):
            made[start : start + _ROWS] = self.value[self.leaves(x[start : start + _ROWS])].sum(axis=1)
        return made + self.bias

    def contributions(self, x: Floats) -> Floats:
        """What each feature added on the way to the leaves, shape (rows, features, outputs).

        With `baseline` they sum to the prediction (path attribution, Saabas 2014).
        """
        made = np.zeros((*x.shape, self.value.shape[1]))
        rows = np.asarray(x, dtype=np.float32)
        node = np.broadcast_to(self.root, (rows.shape[0], self.root.size))
        at = np.broadcast_to(np.arange(rows.shape[0])[:, None], node.shape)
        for _ in range(self.depth):
            after = self._next(rows, node)
            np.add.at(made, (at, self.feature[node]), self.value[after] - self.value[node])
            node = after
        return made

    @property
    def baseline(self) -> Floats:
        """The prediction before any feature is looked at, shape (outputs,)."""
        made: Floats = self.value[self.root].sum(axis=0) + self.bias
        return made

    def _next(self, rows: NDArray[np.float32], node: Ints) -> Ints:
        value = np.take_along_axis(rows, self.feature[node], axis=1)
        return np.where(value <= self.threshold[node], self.left[node], self.right[node])

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """As arrays of an npz file."""
        return {f"{prefix}{f.name}": np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_arrays(cls, held: Mapping[str, NDArray[Any]], prefix: str) -> Self:
        """Raises KeyError where an array is missing and ValueError where they do not fit together."""
        found: dict[str, Any] = {f.name: held[f"{prefix}{f.name}"] for f in fields(cls)}
        nodes = found["feature"].size
        inside = all(
            found[name].size and found[name].min() >= 0 and found[name].max() < nodes
            for name in ("root", "left", "right")
        )
        even = all(found[name].shape[:1] == (nodes,) for name in ("threshold", "left", "right", "value"))
        if not inside or not even or found["feature"].min() < 0 or not 0 <= int(found["depth"]) <= nodes:
            raise ValueError("the arrays of its trees do not match")
        return cls(**{**found, "depth": int(found["depth"])})
