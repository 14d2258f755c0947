"""What an incident looks like as a whole, beside what its candidates look like: how much of each kind was raised."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.adapters.tvdiag.events import Case

Floats = NDArray[np.float64]
LEAST: Final = 3


def context_of(case: Case) -> dict[str, float]:
    """Log-counts of kinds of event over all components, and which operations were troubled."""
    counts = Counter(
        f"{e.source} {'' if e.source == 'trace' else e.signal} {e.direction}" for e in case.events
    )
    calls = {f"operation {e.signal} {e.direction}" for e in case.events if e.source == "trace"}
    return {f"all: {k}": math.log1p(n) for k, n in counts.items()} | dict.fromkeys(calls, 1.0)


def context_columns(cases: Sequence[Case]) -> tuple[str, ...]:
    """What occurs in enough incidents to learn from, sorted."""
    spread = Counter(name for case in cases for name in context_of(case))
    return tuple(sorted(name for name, n in spread.items() if n >= LEAST))


def with_context(matrix: Floats, case: Case, columns: Sequence[str]) -> Floats:
    """Candidates' features (N, D) with the incident's own beside them (N, D + len(columns))."""
    found = context_of(case)
    row = np.array([found.get(c, 0.0) for c in columns])
    return np.concatenate([matrix, np.tile(row, (len(matrix), 1))], axis=1)
