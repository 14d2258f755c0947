"""Pooled rates over cases (F1, false and missed alarms) with a bootstrap over the cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]  # true alarms, false alarms, missed, rightly quiet


def counts(truth: NDArray[np.bool_], alarm: NDArray[np.bool_]) -> Counts:
    """Samples of one case by truth and alarm."""
    both = [truth & alarm, ~truth & alarm, truth & ~alarm, ~truth & ~alarm]
    return np.array([float(np.sum(b)) for b in both])


def f1(c: Counts) -> float:
    return float(c[0] / max(c[0] + 0.5 * (c[1] + c[2]), 1e-12))


def false_alarms(c: Counts) -> float:
    return float(c[1] / max(c[1] + c[3], 1e-12))


def missed_alarms(c: Counts) -> float:
    return float(c[2] / max(c[0] + c[2], 1e-12))


RATES: Mapping[str, Callable[[Counts], float]] = {
    "F1": f1,
    "false alarm rate": false_alarms,
    "missed alarm rate": missed_alarms,
}


def pooled(
    system: str, parts: Sequence[Counts], measures: Mapping[str, Callable[[Counts], float]] = RATES
) -> list[dict[str, Any]]:
    """One row per measure of the summed parts of all cases; the interval resamples cases."""
    stack = np.stack(parts)
    chance = np.random.default_rng(0)
    draws = [stack[chance.integers(0, len(parts), len(parts))].sum(axis=0) for _ in range(2000)]
    made = []
    for metric, measure in measures.items():
        spread = np.quantile([measure(d) for d in draws], [0.025, 0.975])
        made.append(
            {
                "system": system,
                "metric": metric,
                "value": round(measure(stack.sum(axis=0)), 4),
                "n": len(parts),
                "ci95": [round(float(v), 4) for v in spread],
            }
        )
    return made
