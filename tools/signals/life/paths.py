"""The paths that a fleet's machines took towards failure, and how far off them another machine is (an open set).

A fleet knows the failures that it had. A machine that wears otherwise moves its sensors in another combination, often within
the range of each: the trees then give a number that means nothing. What lies off the subspace of the fleet's smoothed sensor
levels (principal components; Jackson and Mudholkar 1979 for residuals of them) is told apart by the sensor that is furthest off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from aitia.tools.signals.detectors.thresholds import conformal_limit
from aitia.tools.sources.rows import Floats

# By hand, before any engine was scored (benchmarks/signals/life_open.py: engines 51-100 of C-MAPSS FD001 only judge it).
EXPLAINED: Final = 0.9  # of the variance of the levels, by the components that make the subspace
REFUSED: Final = 0.05  # of machines of the fleet's own kind that may be refused at some time of their life
_FOLDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Subspace of the levels, usual residual of each sensor, and the limit of the largest residual in these."""

    mean: Floats  # (sensors,)
    axes: Floats  # (components, sensors)
    spread: Floats  # (sensors,)
    limit: float

    @classmethod
    def fit(cls, machines: Sequence[Floats]) -> Self:
        """From each machine's levels (rows, sensors); the limit is of machines that were held out of the subspace."""
        most = []
        for fold in range(min(_FOLDS, len(machines))):
            kept = [m for n, m in enumerate(machines) if n % _FOLDS != fold]
            other = cls._subspace(kept)
            most += [float(other.off(m).max()) for n, m in enumerate(machines) if n % _FOLDS == fold]
        whole = cls._subspace(machines)
        return cls(
            mean=whole.mean,
            axes=whole.axes,
            spread=whole.spread,
            limit=conformal_limit(np.array(most), REFUSED),
        )

    @classmethod
    def _subspace(cls, machines: Sequence[Floats]) -> Self:
        levels = np.vstack(machines)
        mean = levels.mean(axis=0)
        _, size, axes = np.linalg.svd(levels - mean, full_matrices=False)
        share = np.cumsum(size**2) / max(float(np.sum(size**2)), 1e-300)
        count = min(int(np.searchsorted(share, EXPLAINED)) + 1, max(levels.shape[1] - 1, 0))
        made = cls(mean=mean, axes=axes[:count], spread=np.ones(levels.shape[1]), limit=np.inf)
        spread = np.maximum(np.sqrt(np.mean(made.off(levels) ** 2, axis=0)), 1e-3)  # of a sensor's own spread
        return cls(mean=mean, axes=axes[:count], spread=spread, limit=np.inf)

    def off(self, levels: Floats) -> Floats:
        """How far each sensor is off the subspace, in its usual residuals, shape (rows, sensors)."""
        x = levels - self.mean
        return np.asarray(np.abs(x - x @ self.axes.T @ self.axes) / self.spread, dtype=np.float64)
