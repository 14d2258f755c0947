"""A relation of an asset's signals at like flows (UA, a pressure drop, a heat balance), in blocks against its reference.

What is held against its reference is a logarithm, so that a share of it is lost alike at any level. The powers of the flows are
fitted beside a slow course, so that a slow fault is not charged to the flow that goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from aitia.tools.signals.condition.corrected import KNOTS, blocks
from aitia.tools.signals.condition.departing import LEAST_BLOCKS, Left, left, thresholds
from aitia.tools.signals.condition.reference import SHARE, named
from aitia.tools.signals.condition.running import Mask
from aitia.tools.sources.rows import Floats

# By hand.
_BLOCKS: Final = 200  # of the data, as where an asset is judged
_LEAST_FLOW: Final = 0.3  # of the usual one: below it stands
_SETTLING: Final = 3  # buckets after a start
_QUIET: Final = 0.6  # times the threshold: it is as it was
_TAIL: Final = 12  # a part of the blocks, the last ones: now
_CUT: Final = 6.0  # robust standard deviations from which on a row teaches no power


@dataclass(frozen=True, kw_only=True)
class Course:
    """A relation in blocks: `y` its logarithm over that of the reference, `part`; `left` how it left, None where it did not."""

    t: Floats
    y: Floats
    part: slice
    left: Left | None

    @property
    def share(self) -> float:
        """What it is now, of the reference's."""
        return float(np.exp(self.off))

    @property
    def off(self) -> float:
        """How far the last blocks lie from the reference, as logarithm."""
        return float(np.median(self.y[-max(3, self.y.size // _TAIL) :]))

    @property
    def onset(self) -> float:
        """Epoch s; the end where it did not leave."""
        return float(self.t[self.left.k] if self.left is not None else self.t[-1])

    @property
    def error_s(self) -> float:
        """Of the onset."""
        return float(np.median(np.diff(self.t))) * (self.left.error if self.left is not None else 1.0)

    @property
    def shape(self) -> Literal["trend", "step"]:
        """What fits better from the onset on."""
        return self.left.shape if self.left is not None else "step"

    @property
    def times(self) -> float:
        """Its departure by its threshold; 1 is an alarm."""
        return self.left.times if self.left is not None else 0.0

    def as_it_was(self, within: float) -> bool:
        """Whether it stayed, and lies within such a logarithm of its reference."""
        return self.times < _QUIET and abs(self.off) <= within


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows that a relation is told on: ends of buckets `t` (epoch s) of `step` s, and what is known to be normal.

    per_month   false alarms a month, for one relation
    """

    t: Floats
    step: float
    healthy: tuple[float, float] | None
    per_month: float

    def course(
        self,
        y: Floats,
        flows: Sequence[Floats] = (),
        part: slice | None = None,
        powers: tuple[float, float] = (0.0, 2.0),
    ) -> Course | None:
        """The blocks of a logarithm `y` at like flows (as logarithms too); None where they or the reference are too few.

        `powers`: the least and the largest that a flow may have. The reference is the first quarter where none is named: noise is
        larger where a difference is small, so that a calm stretch may as well be one of a wrong instrument.
        """
        known = np.isfinite(y)
        if known.sum() < 4 * LEAST_BLOCKS:
            return None
        level = np.where(known, y, np.nan)
        if flows:
            made = np.stack([np.nan_to_num(f - np.nanmedian(f[known])) for f in flows])
            level = level - _powers(y[known], made[:, known], self.t[known], powers) @ made
        size = max(1, -(-self.t.size // _BLOCKS))
        t, table = blocks(self.t, level[:, None], size)
        inside = np.isfinite(table[:, 0])
        t, table = t[inside], table[inside]
        if t.size < 2 * LEAST_BLOCKS:
            return None
        if part is None:
            part = named(self.healthy, t, ())[0] if self.healthy else slice(0, round(SHARE * t.size))
        column = table[:, 0]
        reference = column[part]
        if reference.size < LEAST_BLOCKS:
            return None
        spread = float(np.nanstd(level))
        limits = thresholds(reference, size * self.step, spread, points=1, per_month=self.per_month)
        gone = left(column, part.start, part.stop, limits)
        return Course(t=t, y=column - float(np.median(reference)), part=part, left=gone)


def flowing(flow: Floats) -> Mask:
    """Rows in which something flows."""
    some = flow[np.isfinite(flow) & (flow > 0)]
    if not some.size:
        return np.zeros(flow.size, dtype=bool)
    return np.asarray(flow >= _LEAST_FLOW * np.median(some))


def settled(on: Mask) -> Mask:
    """Rows that ran for some buckets before."""
    kept = on.copy()
    for k in range(1, _SETTLING + 1):
        kept[k:] &= on[:-k]
    return kept


def _powers(y: Floats, flows: Floats, t: Floats, bounds: tuple[float, float]) -> Floats:
    """The power of each flow beside a chain of straight lines."""
    from scipy.optimize import lsq_linear

    place = (t - t[0]) / max(float(t[-1] - t[0]), 1e-9) * (KNOTS - 1)
    chain = np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(KNOTS)[None, :]))
    design = np.hstack([flows.T, chain])
    off = np.abs(y - np.median(y))
    keep = off <= _CUT * max(1.4826 * float(np.median(off)), 1e-9)
    low = np.r_[np.full(len(flows), bounds[0]), np.full(KNOTS, -np.inf)]
    high = np.r_[np.full(len(flows), bounds[1]), np.full(KNOTS, np.inf)]
    found = lsq_linear(design[keep], y[keep], bounds=(low, high)).x[: len(flows)]
    return np.asarray(found, dtype=np.float64)
