"""The machine's own past without the blocks that were taken when it had begun already: the last ones before the window.

A complaint follows its fault. Where the last blocks before the window stand as the window's do and far from those before
them, they are of what began, and not of what is usual: with them the spread of the past hides any rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats

LEAST: Final = 2  # blocks that a past keeps; with fewer nothing is left out


def of_the_past(past: Floats | Sequence[float], now: float, *, least: float) -> int:
    """How many of the past's values, in the order of time, are of before it began: at least half of them, all where none is not.

    now    what the window's blocks show
    least  how far it must lie from the values that stay to have begun at all, in their unit
    """
    values = np.asarray(past, dtype=np.float64)
    for kept in range(max(LEAST, -(-len(values) // 2)), len(values)):
        before, rest = values[:kept], values[kept:]
        usual = float(np.median(before))
        apart = now - usual
        if not np.isfinite(apart) or abs(apart) < max(least, 3.0 * float(np.std(before))):
            continue
        if np.all((rest - usual) / apart >= 0.5) and np.all((before - usual) / apart < 0.5):
            return kept
    return len(values)
