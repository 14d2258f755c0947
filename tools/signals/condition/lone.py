"""Departures that no process makes: of one point among many others, below nothing, or of two that show one another's values."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Final

import numpy as np

from aitia.tools.signals.condition.departing import Left
from aitia.tools.sources.rows import Floats

# By hand: a fault of a process that moves one of so many points alone is rarer than a wrong instrument.
_OTHERS_STEP: Final = 5
_OTHERS_TREND: Final = 10
_MOVED_BY_HAND: Final = frozenset(
    {"position", "speed", "power", "current", "flow", "vibration", "state", "frequency"}
)
"""Quantities that a valve, a control or a mechanical fault changes at once and alone."""
_BY_A_CONTROL: Final = frozenset({"position", "vibration", "state"})  # alone however many others there are
_NEVER_BELOW: Final = frozenset({"level", "concentration", "humidity", "speed", "frequency", "vibration"})
_LEAST: Final = 12  # buckets on each side of an exchange
_EXCHANGED: Final = 0.35  # of the distance to a point's own values: how near those of the other come
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


def lone_instrument(gone: Mapping[str, Left], quantities: Mapping[str, str], judged: int) -> tuple[str, str]:
    """The only point that left, where that makes it an instrument's fault, and why; "" where it does not."""
    if len(gone) != 1:
        return "", ""
    (name, left), *_ = gone.items()
    if left.now < 0.0 <= left.before and quantities[name] in _NEVER_BELOW:
        return name, f"it shows {left.now:.3g}, and {quantities[name]} is never below nothing"
    least = _OTHERS_STEP if left.shape == "step" else _OTHERS_TREND
    if moved_by_hand(quantities[name], judged - 1) or judged - 1 < least:
        return "", ""
    return name, f"none of {judged - 1} other points moved with it, as they do when the process changes"


def moved_by_hand(quantity: str, others: int) -> bool:
    """Whether a control or a mechanical fault may have moved the point alone: of a flow or a power many others would tell."""
    return quantity in _BY_A_CONTROL or (quantity in _MOVED_BY_HAND and others < _OTHERS_TREND)


def exchanged(
    gone: Mapping[str, Left], columns: Mapping[str, Floats], onset: Mapping[str, int]
) -> tuple[str, str] | None:
    """Two points that left at once, each to the values that the other had; `onset` in rows of the columns."""
    for one, two in combinations(sorted(gone), 2):
        k = (onset[one] + onset[two]) // 2
        reach = max(3, abs(onset[one] - onset[two]))
        before = [_quantiles(columns[n][: max(0, k - reach)]) for n in (one, two)]
        after = [_quantiles(columns[n][k + reach :]) for n in (one, two)]
        if any(q is None for q in (*before, *after)) or reach > 0.1 * len(columns[one]):
            continue
        own = _apart(after[0], before[0]) + _apart(after[1], before[1])
        other = _apart(after[0], before[1]) + _apart(after[1], before[0])
        if own > 0 and other < _EXCHANGED * own:
            return one, two
    return None


def _quantiles(v: Floats) -> Floats | None:
    known = v[np.isfinite(v)]
    return np.asarray(np.quantile(known, _QUANTILES), dtype=np.float64) if known.size >= _LEAST else None


def _apart(one: Floats | None, two: Floats | None) -> float:
    return float("inf") if one is None or two is None else float(np.mean(np.abs(one - two)))
