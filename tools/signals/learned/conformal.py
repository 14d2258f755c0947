"""Conformal prediction: intervals around a regression and sets of classes, from errors on held-out groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

_BINS: Final = 12  # of predictions; each holds an equal weight of held-out rows
_TAILS: Final = 20  # splits of the error between both tails that are tried
_MOST: Final = 0.5  # of the probability


@dataclass(frozen=True, kw_only=True)
class Band:
    """Truth minus prediction, as an interval that depends on the prediction.

    Cross-conformal (Vovk 2015): errors on held-out groups of all folds pooled, in bins of the prediction (Mondrian, Vovk et
    al. 2005). The error may fall into both tails unequally: of the splits the
    narrowest interval is taken, so that a prediction at a cap, which truth cannot exceed, has no upper error.
    """

    centre: Floats
    low: Floats
    high: Floats
    level: float

    @classmethod
    def fit(
        cls, predicted: Floats, truth: Floats, weight: Floats, *, groups: int, level: float = 0.9
    ) -> Self:
        """`weight` gives each held-out row its share (equal shares a group); `groups` sets the finite-sample correction."""
        order = np.argsort(predicted, kind="stable")
        predicted, truth, weight = predicted[order], truth[order], weight[order]
        through = (np.cumsum(weight) - 0.5 * weight) / np.sum(weight)
        place = np.minimum((through * _BINS).astype(int), _BINS - 1)
        wanted = min(1.0, level * (1.0 + 1.0 / groups))
        centre, low, high = [], [], []
        for b in np.unique(place):
            rows = place == b
            left, right = _narrowest((truth - predicted)[rows], weight[rows], wanted)
            centre.append(float(np.average(predicted[rows], weights=weight[rows])))
            low.append(left)
            high.append(right)
        return cls(centre=np.array(centre), low=np.array(low), high=np.array(high), level=level)

    def interval(self, predicted: Floats) -> tuple[Floats, Floats]:
        """Lower and upper bound of each prediction, between the bins by interpolation."""
        return (
            predicted + np.interp(predicted, self.centre, self.low),
            predicted + np.interp(predicted, self.centre, self.high),
        )


def _narrowest(off: Floats, weight: Floats, wanted: float) -> tuple[float, float]:
    order = np.argsort(off, kind="stable")
    off, through = off[order], np.cumsum(weight[order]) / np.sum(weight)
    found = (float(off[0]), float(off[-1]))
    for below in np.linspace(0.0, 1.0 - wanted, _TAILS + 1):
        left = int(np.searchsorted(through, below, side="right"))
        right = min(int(np.searchsorted(through, below + wanted - 1e-12)), off.size - 1)
        if off[right] - off[left] < found[1] - found[0]:
            found = (float(off[left]), float(off[right]))
    return found


def class_quantiles(
    shares: Floats, y: NDArray[np.intp], groups: NDArray[np.intp], *, error: float
) -> tuple[Floats, Floats]:
    """For each class, the largest 1 - share with which it is still in a set, and how often it may then be missed.

    Label-conditional conformal prediction (Vovk et al. 2005). `shares` (rows, classes) are held-out probabilities. A group
    (machine or record) counts once a class, by its mean: its windows are not exchangeable with others. k groups cannot hold an
    error under 1/(k + 1): then that is held. A class with most of the probability is never left out, which only adds to sets.
    """
    score = 1.0 - shares[np.arange(len(y)), y]
    limits, held = np.ones(shares.shape[1]), np.zeros(shares.shape[1])
    for c in np.unique(y):
        own = y == c
        mean = np.sort([float(np.mean(score[own & (groups == g)])) for g in np.unique(groups[own])])
        held[c] = max(error, 1.0 / (mean.size + 1))
        rank = int(np.ceil((mean.size + 1) * (1.0 - held[c]) - 1e-9))
        limits[c] = max(mean[rank - 1], _MOST)
    return limits, held
