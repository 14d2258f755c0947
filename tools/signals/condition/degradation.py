"""When a departure reaches a limit: families of growth since the onset, weighed by how well they fit, on its own data only.

y(t) = before + a.g((t - t0) / T), g a power or an exponential (the usual shapes of wear, fouling and leaks: Meeker and Escobar,
Statistical Methods for Reliability Data, 1998, chapter 13). Each onset t0 near the found one and each shape is fitted by least
squares; they are weighed by likelihood with the number of independent residuals that there are, and the crossing of the limit
is drawn from all of them, with the error of a and the residuals' own wander resampled in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats

POWERS: Final = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
RATES: Final = (1.5, 3.0, 5.0)  # exponents over the time seen since the onset
_ONSETS: Final = 15
_FADES: Final = 0.6  # what a level at the onset counts, of one now
_NOW: Final = 8  # levels whose median is the level now
_DRAWS: Final = 600
_LEAST: Final = 6  # levels since the onset
_SIGNIFICANT: Final = 2.5  # standard errors of the growth
_AHEAD: Final = 12.0  # times the time seen since the onset, that is looked ahead
_GRID: Final = 600


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Time from the last level to the limit (units of t): median and interval; infinite where draws do not arrive."""

    middle: float
    low: float
    high: float
    shape: str


@dataclass(frozen=True)
class _Fit:
    t0: float
    shape: str
    g: Floats  # growth on the grid ahead, (grid,)
    a: float
    error: float
    cost: float


def crossing(
    t: Floats, y: Floats, *, onset: float, error: float, before: float, limit: float, level: float
) -> Crossing | None:
    """When levels reach a limit; None where too little has grown to tell. `error` is that of the onset.

    Growth goes on from the level that is shown now, and levels long ago say less of it than late ones.
    """
    ahead = np.linspace(0.0, _AHEAD * max(float(t[-1]) - onset, 1e-9), _GRID) + t[-1]
    fits = _fits(t, y - before, onset, error, ahead, sign=1.0 if limit > before else -1.0)
    if not fits:
        return None
    residual_memory = _independent(t, y - before, min(fits, key=lambda f: f.cost))
    costs = np.array([f.cost for f in fits])
    weight = np.exp(-0.5 * residual_memory * (np.log(costs) - np.log(costs.min())))
    best = fits[int(np.argmax(weight))]
    if abs(best.a) < _SIGNIFICANT * best.error * np.sqrt(t.size / residual_memory):
        return None
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(fits), size=_DRAWS, p=weight / weight.sum())
    inflate = np.sqrt(t.size / residual_memory)
    gap = limit - float(np.median(y[-_NOW:]))
    if gap * (limit - before) <= 0.0:
        return Crossing(middle=0.0, low=0.0, high=0.0, shape="past")
    ends = np.array([_passes(fits[k], gap, ahead, inflate * rng.standard_normal()) for k in chosen])
    low, middle, high = (
        float(np.quantile(ends, q, method="nearest")) for q in (0.5 - level / 2, 0.5, 0.5 + level / 2)
    )
    return Crossing(middle=middle, low=low, high=high, shape=best.shape)


def _fits(t: Floats, y: Floats, onset: float, error: float, ahead: Floats, *, sign: float) -> list[_Fit]:
    found = []
    first, last = max(float(t[0]), onset - 1.5 * error), min(onset + 1.5 * error, float(t[-_LEAST]))
    for t0 in np.linspace(min(first, last), last, _ONSETS):
        span = float(t[-1]) - t0
        since, later = np.maximum(t - t0, 0.0) / span, (ahead - t0) / span
        late = np.where(t >= t0, _FADES ** ((t[-1] - t) / span), _FADES)
        for shape, g, on in _growths(since, later):
            weight = float(late * g @ g)
            a = float(late * g @ y) / weight
            cost = float(np.sum(late * (y - a * g) ** 2))
            if a * sign > 0:
                found.append(
                    _Fit(t0, shape, on, a, np.sqrt(cost / max(1, t.size - 3) / weight), max(cost, 1e-300))
                )
    return found


def _growths(since: Floats, later: Floats) -> list[tuple[str, Floats, Floats]]:
    """Name, growth at the levels, growth ahead."""
    made = [(_power_name(p), since**p, later**p) for p in POWERS]
    return made + [
        (
            "exponential",
            np.expm1(r * since) / np.expm1(r),
            np.expm1(np.minimum(r * later, 60.0)) / np.expm1(r),
        )
        for r in RATES
    ]


def _power_name(p: float) -> str:
    return "linear" if p == 1.0 else "slowing" if p < 1.0 else "quickening"


def _independent(t: Floats, y: Floats, fit: _Fit) -> float:
    """How many independent residuals there are, by their lag-1 correlation."""
    span = float(t[-1]) - fit.t0
    since = np.maximum(t - fit.t0, 0.0) / span
    growth = next(g for shape, g, on in _growths(since, since) if shape == fit.shape)
    rest = y - fit.a * growth
    power = float(rest @ rest)
    memory = float(np.clip(rest[1:] @ rest[:-1] / power, 0.0, 0.95)) if power > 0 else 0.0
    return max(4.0, t.size * (1.0 - memory) / (1.0 + memory))


def _passes(fit: _Fit, gap: float, ahead: Floats, deviate: float) -> float:
    grown = (fit.a + deviate * fit.error) * (fit.g - fit.g[0])
    reached = np.flatnonzero(grown * np.sign(gap) >= abs(gap))
    return float(ahead[reached[0]] - ahead[0]) if reached.size else float("inf")
