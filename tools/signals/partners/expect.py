"""What each signal of a plant should show, by what its partners show: ridge regressions that a reference taught.

For signal y, partners z (as deviations from the reference) and the hour of the day: y = b0 + b.z + c.hour, least squares with a
penalty on b and c (Hoerl and Kennedy, Technometrics 12, 1970). What a residual is worth is measured on blocks of the
reference that taught nothing, so that a signal which its partners do not tell has wide limits; and where partners are far
from all that the reference shows, it is worth less by the root of the regression's own variance there (its leverage), so
that one broken signal does not break its partners, and a new way of running is no fault.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats

ROWS: Final = 640  # of the grid at most: what is finer is averaged
LEAST_REFERENCE: Final = 150  # rows of a reference below which nothing is known of what goes together
PARTNERS: Final = 32  # of a signal at most, those that go with it most
SPAN: Final = 12  # rows over which a residual is averaged: a fault lasts
_PENALTY: Final = 3.0  # of squared coefficients, in rows of the reference
_BLOCKS: Final = 6  # of the reference, each expected by what the others taught
_CLIP: Final = 6.0  # standard deviations beyond which a partner says no more
_LEAST_LIMIT: Final = (
    0.02  # standard deviations: what a reference without any noise would make of the least change
)
_DAY_S: Final = 86_400.0
_DAYS: Final = 1.2  # of a reference that shows the hours of the day twice, nearly


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The signals of a plant on equal steps: `x` is (rows, signals); the first `reference` rows are known to be usual."""

    t: Floats
    x: Floats
    reference: int


class Expectations:
    """Each signal's residuals under the regression on its partners."""

    def __init__(self, grid: Grid, span: int = SPAN) -> None:
        self.grid, self.span = grid, span
        n = grid.reference
        self._middle = np.median(grid.x[:n], axis=0)
        self._scale = np.std(grid.x[:n], axis=0)
        self.moves = self._scale > 1e-9 * np.maximum(1.0, np.abs(self._middle))
        """Which signals vary in the reference: others are expected of nobody."""
        z = (grid.x - self._middle) / np.where(self.moves, self._scale, 1.0)
        self.z = np.asarray(z, dtype=np.float64)
        clipped = np.where(self.moves, np.clip(self.z, -_CLIP, _CLIP), 0.0)
        self._target = np.clip(self.z, -3 * _CLIP, 3 * _CLIP)
        self._partners = clipped
        self._context = np.hstack([np.ones((len(grid.t), 1)), _hours(grid.t, n)])
        with np.errstate(invalid="ignore", divide="ignore"):  # of a signal that never moved
            self._alike = np.abs(np.nan_to_num(np.corrcoef(clipped[:n], rowvar=False)))

    @cached_property
    def departures(self) -> Floats:
        """How far each signal departs, by all its partners."""
        return self.without(())

    def without(self, left_out: Collection[int]) -> Floats:
        """How many times its limit each signal's lasting residual reaches after the reference, with its sign; signals that
        are `left_out` are neither expected nor asked, and depart by nothing.
        """
        found = np.zeros(self.z.shape[1])
        for signal in np.flatnonzero(self.moves):
            if signal not in left_out:
                told = self.residual(int(signal), left_out)
                found[signal] = told[np.argmax(np.abs(told))]
        return found

    def residual(self, signal: int, left_out: Collection[int] = ()) -> Floats:
        """A signal's residual after the reference, averaged over `span` rows, in units of the largest one that unseen blocks of
        the reference show, and of how strange its partners are.
        """
        n = self.grid.reference
        a, y = self._design(signal, left_out), self._target[:, signal]
        rest = y - a @ solved(a[:n].T @ a[:n], a[:n].T @ y[:n])
        strange = self.strangeness(signal, left_out)
        return averaged(rest, self.span)[n:] / (self.limit(signal, left_out) * strange)

    def size(self, signal: int, times: float, row: int, left_out: Collection[int] = ()) -> float:
        """A residual of so many limits, in this row after the reference, in the signal's own unit."""
        worth = self.limit(signal, left_out) * float(self.strangeness(signal, left_out)[row])
        return times * worth * float(self._scale[signal])

    def reading(self, signal: int, row: int, left_out: Collection[int] = ()) -> tuple[float, float]:
        """What a signal shows and what its partners tell of it, both averaged up to this row after the reference, in its unit."""
        n = self.grid.reference
        a, y = self._design(signal, left_out), self._target[:, signal]
        told = averaged(a @ solved(a[:n].T @ a[:n], a[:n].T @ y[:n]), self.span)[n + row]
        shown = averaged(self.grid.x[:, signal], self.span)[n + row]
        return float(shown), float(self._middle[signal] + told * self._scale[signal])

    def strangeness(self, signal: int, left_out: Collection[int] = ()) -> Floats:
        """How many times less sure the regression is in the rows after the reference than at worst in it; 1 at least."""
        return leverage(self._design(signal, left_out), self.grid.reference, self.span)

    def limit(self, signal: int, left_out: Collection[int] = ()) -> float:
        """The largest averaged residual, in standard deviations, that blocks of the reference show which taught nothing."""
        n = self.grid.reference
        return held_out_limit(self._design(signal, left_out)[:n], self._target[:n, signal], self.span)

    def _design(self, signal: int, left_out: Collection[int]) -> Floats:
        near = np.argsort(-self._alike[signal], kind="stable")
        partners = [int(p) for p in near if p != signal and p not in left_out and self.moves[p]][:PARTNERS]
        return np.hstack([self._context, self._partners[:, partners]])


def leverage(design: Floats, reference: int, span: int = SPAN) -> Floats:
    """How many times less sure a regression is in the rows after the reference than at worst in it; 1 at least."""
    n = reference
    variance = np.einsum("ij,ji->i", design, solved(design[:n].T @ design[:n], design.T))
    return np.maximum(1.0, averaged(np.sqrt(np.maximum(1.0, variance / np.max(variance[:n]))), span))[n:]


def held_out_limit(design: Floats, target: Floats, span: int = SPAN, least: float = _LEAST_LIMIT) -> float:
    """The largest averaged residual, in standard deviations, of blocks that taught nothing, and `least` more."""
    whole, moment, spared = design.T @ design, design.T @ target, np.empty(len(target))
    edges = np.linspace(0, len(target), _BLOCKS + 1).astype(int)
    for low, high in pairwise(edges):
        part = design[low:high]
        taught = solved(whole - part.T @ part, moment - part.T @ target[low:high])
        spared[low:high] = target[low:high] - part @ taught
    return float(np.max(np.abs(averaged(spared, span)))) + least


def _hours(t: Floats, reference: int) -> Floats:
    """Sines and cosines of the hour of the day, where the reference shows whole days."""
    if t[reference - 1] - t[0] < _DAYS * _DAY_S:
        return np.empty((t.size, 0))
    angle = 2 * np.pi * (t % _DAY_S) / _DAY_S
    return np.stack([f(k * angle) for k in (1, 2, 3) for f in (np.cos, np.sin)], axis=1)


def averaged(rest: Floats, span: int = SPAN) -> Floats:
    """The sum over the last `span` rows, by `span`: of fewer at the beginning, as if what was before were as expected."""
    summed = np.cumsum(np.insert(rest, 0, 0.0))
    rows = np.arange(1, rest.size + 1)
    return np.asarray((summed[rows] - summed[np.maximum(0, rows - span)]) / span, dtype=np.float64)


def solved(whole: Floats, moment: Floats) -> Floats:
    """The coefficients of a ridge regression, by its normal equations."""
    return np.asarray(np.linalg.solve(whole + _PENALTY * np.eye(len(whole)), moment), dtype=np.float64)


def gridded(series: Sequence[tuple[Floats, Floats]], start: float, split: float, end: float) -> Grid:
    """Signals (times, values) on one grid: the mean of a step's samples, where it has none the value before (historians store a
    value once it has moved). `split` ends the reference.
    """
    finest = min((float(np.median(np.diff(t))) for t, _ in series if t.size > 2), default=1.0)
    step = max(finest, (end - start) / ROWS)
    t = np.arange(start, end, step) + step
    x = np.stack([_steps(times, values, t, step) for times, values in series], axis=1)
    return Grid(t=t, x=x, reference=int(np.searchsorted(t, split)))


def _steps(times: Floats, values: Floats, t: Floats, step: float) -> Floats:
    known = np.isfinite(values)
    times, values = times[known], values[known]
    last = np.searchsorted(times, t, side="right")
    first = np.searchsorted(times, t - step, side="right")
    summed = np.cumsum(np.insert(values, 0, 0.0))
    mean = (summed[last] - summed[first]) / np.maximum(last - first, 1)
    before = values[np.maximum(last - 1, 0)]
    return np.asarray(np.where(last > first, mean, before), dtype=np.float64)
