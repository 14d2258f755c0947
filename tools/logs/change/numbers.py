"""Numbers inside messages (latencies, sizes, queue lengths): did their distribution shift, and by how much?"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.change.correlation import spearman
from aitia.tools.change.counts import adjust
from aitia.tools.logs.change.events import Column, Floats, Slot
from aitia.tools.logs.change.rates import ALPHA, CAP

MIN_VALUES: Final = 8  # in each span
MIN_DELTA: Final = 0.33  # a medium effect (Romano et al., 2006)
_NUMERIC: Final = 0.95  # of a column's texts
_COUNTER: Final = 0.95  # steps upwards of a counter
_TREND: Final = 0.9  # Spearman's correlation of interleaved counters with time
_MOST: Final = 20_000  # values tested per span, evenly spaced
_VALUE = re.compile(r"([-+]?\d[\d_,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(?![xX])([A-Za-zµ%/]*)")
_SCALES: Final[tuple[Mapping[str, float], ...]] = (
    {
        "ns": 1e-9,
        "us": 1e-6,
        "µs": 1e-6,
        "ms": 1e-3,
        "s": 1.0,
        "sec": 1.0,
        "min": 60.0,
        "m": 60.0,
        "h": 3600.0,
    },
    {
        **dict.fromkeys(("B", "b"), 1.0),
        **dict.fromkeys(("kB", "KB"), 1e3),
        **{unit: 1e3**n for n, unit in enumerate(("MB", "GB", "TB"), 2)},
        **{unit: 1024.0**n for n, unit in enumerate(("KiB", "MiB", "GiB", "TiB"), 1)},
    },
)


@dataclass(frozen=True, kw_only=True)
class NumberShift:
    """A parameter whose numbers moved. `delta` is Cliff's (-1..1): how much more often an incident's value is larger."""

    slot: Slot
    unit: str  # as it stands in the text; the baseline's most common one
    median: tuple[float, float]  # baseline and incident
    p90: tuple[float, float]
    n: tuple[int, int]
    delta: float
    p: float
    q: float
    bits: float

    @property
    def template(self) -> int:
        """The template that holds the parameter."""
        return self.slot[0]

    @property
    def effect(self) -> float:
        """Cliff's delta without its sign."""
        return abs(self.delta)


def parse(text: str) -> tuple[float, str] | None:
    """`12.5ms` to (12.5, "ms"); None for what is no number with at most a unit."""
    match = _VALUE.fullmatch(text.strip())
    if match is None:
        return None
    value = float(match[1].replace(",", "").replace("_", ""))
    return (value, match[2]) if math.isfinite(value) else None


def shifts(
    before: Mapping[Slot, Column], after: Mapping[Slot, Column], *, alpha: float = ALPHA
) -> list[NumberShift]:
    """Parameters whose numbers shifted (Mann and Whitney, 1947; false-discovery rate over all), most surprising first.

    Columns that count upwards in one of the spans (sequence numbers, offsets) always differ and are left out.
    """
    tested = []
    for slot in sorted(before.keys() & after.keys()):
        pair = _pair(before[slot].values, after[slot].values)
        if pair is not None:
            old, new, unit = pair
            tested.append((slot, unit, old, new, *_rank_test(old, new)))
    if not tested:
        return []
    q = adjust(np.array([p for *_, p in tested]))
    found = [
        NumberShift(
            slot=slot,
            unit=unit,
            median=(float(np.median(old)), float(np.median(new))),
            p90=(float(np.quantile(old, 0.9)), float(np.quantile(new, 0.9))),
            n=(old.size, new.size),
            delta=delta,
            p=p,
            q=float(q_one),
            bits=min(CAP, -math.log2(max(p, 1e-300))),
        )
        for (slot, unit, old, new, delta, p), q_one in zip(tested, q, strict=True)
        if q_one < alpha and abs(delta) >= MIN_DELTA
    ]
    return sorted(found, key=lambda s: (-s.bits, -s.effect, s.slot))


def is_numeric(values: Sequence[str]) -> bool:
    """Whether nearly all texts are numbers, with or without a unit."""
    some = values[:: max(1, len(values) // 500)]
    return bool(some) and sum(parse(v) is not None for v in some) >= _NUMERIC * len(some)


def _pair(old: Sequence[str], new: Sequence[str]) -> tuple[Floats, Floats, str] | None:
    if min(len(old), len(new)) < MIN_VALUES or not is_numeric(old) or not is_numeric(new):
        return None
    (a, unit), (b, _) = (_told(old, ""), _told(new, _told(old, "")[1]))
    if min(a.size, b.size) < MIN_VALUES or _counts_up(a) or _counts_up(b):
        return None
    return a, b, unit


def _told(texts: Sequence[str], unit: str) -> tuple[Floats, str]:
    """The values in one unit (the most common one unless given); what cannot be converted is left out."""
    parsed = [v for t in texts[:: max(1, len(texts) // _MOST)] if (v := parse(t)) is not None]
    told = unit or (Counter(u for _, u in parsed).most_common(1)[0][0] if parsed else "")
    factors = {u: _factor(u, told) for u in {u for _, u in parsed}}
    return np.array([x * f for x, u in parsed if (f := factors[u]) is not None], dtype=np.float64), told


def _factor(unit: str, told: str) -> float | None:
    if unit == told:
        return 1.0
    return next((scale[unit] / scale[told] for scale in _SCALES if unit in scale and told in scale), None)


def _counts_up(values: Floats) -> bool:
    """Nearly every step goes up, or the values follow their order as those of a few interleaved counters do."""
    steps = np.diff(values)
    if np.ptp(values) == 0 or values[-1] <= values[0]:
        return False
    return (
        float((steps >= 0).mean()) >= _COUNTER
        or spearman(np.arange(values.size, dtype=np.float64), values) >= _TREND
    )


def _rank_test(old: Floats, new: Floats) -> tuple[float, float]:
    """Cliff's delta and the two-sided p-value."""
    from scipy.stats import mannwhitneyu

    if np.ptp(np.concatenate([old, new])) == 0:
        return 0.0, 1.0
    found = mannwhitneyu(new, old, method="asymptotic")
    return float(2 * found.statistic / (old.size * new.size) - 1), float(found.pvalue)
