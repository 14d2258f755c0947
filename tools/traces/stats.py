"""The two tests of this package that are not in SciPy's shape, and how a p-value becomes a strength."""

from __future__ import annotations

import math


def fisher(bad: int, n: int, old_bad: int, old_n: int) -> float:
    """One-sided exact p-value that a larger share is bad now (Fisher, 1922); 1 without a baseline."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(bad - 1, n + old_n, bad + old_bad, n)) if old_n and n else 1.0


def certainty(q: float) -> float:
    """0 at q = 1, .2 at 0.1, .98 from 1e-5 on."""
    return min(0.98, max(0.0, -math.log10(max(q, 1e-12)) / 5))
