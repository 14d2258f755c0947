"""Remaining life of a single machine: its indicator's trend, carried on to a limit as a Wiener process with drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats, ordered

LEAST_POINTS: Final = 12
_MOST: Final = 120  # points; more are averaged, so that a long history costs no more
_DRAWS: Final = 4000
_NOISE: Final = (
    0.0,
    *(float(v) for v in np.geomspace(0.01, 1000.0, 11)),
)  # measurement noise², in the process's variance a step
_FASTEST, _CELLS, _SPLITS = (
    10.0,
    12,
    3,
)  # exponential growth times the span of the history: up to this, in so many cells
_SIGNIFICANT: Final = 2.0  # drift in standard errors; below it there is no trend to carry on

Shape = Literal["linear", "bent", "exponential", ""]


@dataclass(frozen=True, kw_only=True)
class TrendLife:
    """Time from the last sample to the limit: median and interval, in the unit of time.

    `life` is None where no trend towards the limit is shown (`why` says so); `high` is infinite where the machine may
    well never get there.
    """

    life: float | None
    low: float = 0.0
    high: float = float("inf")
    level: float = 0.9
    shape: Shape = ""
    since: float = float("nan")  # when the trend began
    drift: float = float("nan")  # of the indicator now, per unit of time
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Operational time: the process wanders and drifts evenly in it (Whitmore and Schenkelberg 1997)."""

    shape: Shape
    begin: float
    rate: float = 0.0
    prior: float = 1.0  # weight before the data: each shape has the same, spread over its members

    def of(self, t: Floats) -> Floats:
        since = t - self.begin
        if self.shape == "bent":
            return np.maximum(since, 0.0)
        return np.asarray(
            np.expm1(self.rate * since) / self.rate if self.rate > 0 else since, dtype=np.float64
        )

    def back(self, u: Floats) -> Floats:
        """The time at which operational time is u, for u after the last sample."""
        return self.begin + (np.log1p(self.rate * u) / self.rate if self.rate > 0 else u)


@dataclass(frozen=True, kw_only=True)
class _Fit:
    scale: _Scale
    drift: float
    drift_error: float
    now: float
    now_error: float
    variance: float  # of the process, per unit of operational time
    freedom: int
    likelihood: float  # its logarithm, with the prior's


def trend_life(
    t: Floats, y: Floats, *, limit: float, limit_error: float = 0.0, level: float = 0.9, seed: int = 0
) -> TrendLife:
    """When an indicator first reaches a limit.

    A Wiener process with drift and measurement noise is fitted by maximum likelihood in several operational times: even,
    even from a bend on, exponential at several rates. Its first passage is inverse Gaussian (Tweedie 1957; Whitmore
    1986), mixed over the errors of drift, level, variance and limit (`limit_error`, one standard deviation), and over the
    operational times by their likelihoods. Raises BadInput for too few samples or a limit that is no number.
    """
    if not np.isfinite(limit):
        raise BadInput(f"{limit} is not a number. Give a --limit that is.")
    known = np.isfinite(t) & np.isfinite(y)
    t, y = ordered(t[known], y[known])
    if t.size < LEAST_POINTS:
        raise BadInput(
            f"Only {t.size} samples are known. Give at least {LEAST_POINTS} samples at different times."
        )
    if float(np.ptp(y)) <= 0.0:
        return TrendLife(life=None, level=level, why="The indicator is constant.")
    last = float(t[-1])
    t, y = _thinned(t, y)
    up = limit >= float(np.median(y[: max(3, y.size // 10)]))
    if up != (limit > float(np.median(y[-3:]))):
        return TrendLife(life=0.0, high=0.0, level=level, why="The indicator is already past its limit.")
    sign = 1.0 if up else -1.0
    fits = _fits(t, sign * y)
    best = max(fits, key=lambda f: f.likelihood)
    now = float(best.scale.of(t[-1:])[0])
    told = TrendLife(
        life=None, level=level, shape=best.scale.shape, since=best.scale.begin,
        drift=sign * best.drift * (1.0 + best.scale.rate * now),
    )  # fmt: skip
    if best.drift <= max(_SIGNIFICANT * best.drift_error, 0.0):
        return replace(told, why="No trend towards the limit stands out from the noise.")
    ends = _passages(fits, float(t[-1]), sign * limit, limit_error, seed) - last
    low, middle, high = (
        float(ends[int(q * (ends.size - 1))]) for q in (0.5 - level / 2, 0.5, 0.5 + level / 2)
    )
    if not np.isfinite(middle):
        return replace(told, why="The trend is too uncertain: the limit may never be reached.")
    return replace(told, life=max(middle, 0.0), low=max(low, 0.0), high=max(high, 0.0))


def _thinned(t: Floats, y: Floats) -> tuple[Floats, Floats]:
    if t.size <= _MOST:
        return t, y
    edges = np.linspace(0, t.size, _MOST + 1).astype(int)[:-1]
    count = np.diff(np.append(edges, t.size))
    return np.add.reduceat(t, edges) / count, np.add.reduceat(y, edges) / count


def _fits(t: Floats, y: Floats) -> list[_Fit]:
    """A fit a shape; of the rates, cells that hold most of the likelihood are split until they do not."""
    begin, span, bend = float(t[0]), float(t[-1] - t[0]), _bend(t, y)
    plain = [_Scale(shape="linear", begin=begin)]
    if bend:
        plain.append(_Scale(shape="bent", begin=float(t[bend]), prior=t.size**-0.5))  # the best of n
    width = _FASTEST / _CELLS
    made = {((n + 0.5) * width, width): 1.0 / _CELLS for n in range(_CELLS)}
    fits: dict[tuple[float, float], _Fit] = {}
    for split in range(_SPLITS + 1):
        for cell, prior in made.items():
            fits[cell] = _fit(
                t, y, _Scale(shape="exponential", begin=begin, rate=cell[0] / span, prior=prior)
            )
        rate, width = best = max(fits, key=lambda cell: fits[cell].likelihood)
        share = 1.0 / float(np.sum(np.exp([f.likelihood - fits[best].likelihood for f in fits.values()])))
        if share < 0.5 or split == _SPLITS:
            break
        prior = fits.pop(best).scale.prior / _CELLS
        made = {(rate - width / 2 + (n + 0.5) * width / _CELLS, width / _CELLS): prior for n in range(_CELLS)}
    return [*(_fit(t, y, scale) for scale in plain), *fits.values()]


def _bend(t: Floats, y: Floats) -> int:
    """The row where a line that is flat before and rises after fits best by least squares; 0 for none."""
    best, place = float("inf"), 0
    for k in range(1, t.size - LEAST_POINTS + 1):
        after = np.maximum(t - t[k], 0.0)
        middle = after - after.mean()
        slope = float(middle @ y / (middle @ middle))
        left = float(np.sum((y - y.mean() - slope * middle) ** 2))
        if slope > 0 and left < best:
            best, place = left, k
    return place


def _fit(t: Floats, y: Floats, scale: _Scale) -> _Fit:
    """Level and drift by generalised least squares under a Wiener process plus noise, their ratio by likelihood."""
    u = scale.of(t)
    step = float(u[-1]) / t.size
    design = np.stack([np.ones(t.size), u], axis=1)
    wander = np.minimum(u[:, None], u[None, :]) / step + 1e-3 * np.eye(t.size)
    fits = [_under(y, design, wander, noise, step, scale) for noise in _NOISE]
    return max(fits, key=lambda f: f.likelihood)


def _under(y: Floats, design: Floats, wander: Floats, noise: float, step: float, scale: _Scale) -> _Fit:
    size = y.size
    root = np.linalg.cholesky(wander + noise * np.eye(size))
    a, b, seen = np.split(np.linalg.solve(root, np.column_stack([design, y, wander[:, -1]])), [2, 3], axis=1)
    inner = np.linalg.inv(a.T @ a)
    weights = inner @ (a.T @ b)
    off = (b - a @ weights)[:, 0]
    seen = seen[:, 0]  # filters the process now from the noise
    variance = max(float(off @ off) / (size - 2), 1e-300)
    gap = design[-1] - a.T @ seen
    error = float(wander[-1, -1] - seen @ seen + gap @ inner @ gap)
    return _Fit(
        scale=scale,
        drift=float(weights[1, 0]),
        drift_error=float(np.sqrt(variance * inner[1, 1])),
        now=float(design[-1] @ weights[:, 0] + seen @ off),
        now_error=float(np.sqrt(max(variance * error, 0.0))),
        variance=variance / step,
        freedom=size - 2,
        likelihood=-0.5 * size * float(np.log(variance))
        - float(np.sum(np.log(np.diag(root))))
        + float(np.log(scale.prior)),
    )


def _passages(fits: Sequence[_Fit], now: float, goal: float, error: float, seed: int) -> Floats:
    """Sorted times of the first passage, drawn from all fits by their weights; infinite where a draw never passes."""
    weight = np.exp(np.array([f.likelihood for f in fits]) - max(f.likelihood for f in fits))
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(_DRAWS, weight / weight.sum())
    ends = []
    for fit, count in zip(fits, counts, strict=True):
        spent = fit.scale.of(np.array([now]))
        ends.append(fit.scale.back(spent + _draws(fit, goal, error, int(count), rng)))
    return np.sort(np.concatenate(ends))


def _draws(found: _Fit, goal: float, error: float, count: int, rng: np.random.Generator) -> Floats:
    """Operational time to the first passage; a draw that drifts away may never pass."""
    drift = found.drift + found.drift_error * rng.standard_normal(count)
    gap = np.maximum(goal - found.now + np.hypot(found.now_error, error) * rng.standard_normal(count), 0.0)
    power = np.maximum(found.variance * found.freedom / rng.chisquare(found.freedom, count), 1e-300)
    passes = (drift > 0) | (rng.random(count) < np.exp(np.minimum(2.0 * gap * drift / power, 0.0)))
    pace = np.maximum(
        np.abs(drift), 1e-300
    )  # given that it passes, a drift away acts like one towards the goal
    times = np.where(
        gap > 0, rng.wald(np.maximum(gap, 1e-300) / pace, np.maximum(gap, 1e-150) ** 2 / power), 0.0
    )
    return np.where(passes, times, np.inf)
