"""Whether two series move together."""

from __future__ import annotations

import numpy as np

from aitia.tools.sources.rows import Floats


def spearman(x: Floats, y: Floats) -> float:
    """Rank correlation with average ranks for ties; 0 where one side does not vary."""
    a, b = _ranks(x), _ranks(y)
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / norm if norm > 0 else 0.0


def _ranks(x: Floats) -> Floats:
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts).astype(np.float64)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)
