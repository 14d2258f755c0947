"""Scores as tail probabilities, so that one threshold means the same for every detector, and alarms from them."""

from __future__ import annotations

from typing import Self

import numpy as np

from aitia.tools.sources.rows import Floats

_START = 0.9  # the quantile from which on the tail is extrapolated


class Tail:
    """-log10 of the probability that a usual sample scores as high: 3 is one sample in a thousand.

    Empirical up to the 90 % quantile of usual scores, an exponential tail beyond (peaks over threshold, Pickands, 1975).
    With `robust` the tail's scale comes from the median and the 90 % quantile alone, for scores among which up to a
    tenth are anomalous.
    """

    def __init__(self, *, robust: bool = False) -> None:
        self.robust = robust

    def fit(self, scores: Floats) -> Self:
        """Learn from the scores of usual samples, at least one."""
        self.sorted_ = np.sort(np.asarray(scores, dtype=np.float64))
        middle, self.start_ = (float(q) for q in np.quantile(self.sorted_, (0.5, _START)))
        over = self.sorted_[self.sorted_ > self.start_] - self.start_
        bulk = (self.start_ - middle) / float(np.log(0.5 / (1.0 - _START)))
        tail = bulk if self.robust or not over.size else max(float(over.mean()), bulk)
        # scores that hardly vary: a departure by their own size is then ten times the scale
        self.scale_ = max(tail, 0.1 * abs(self.start_), 1e-9)
        return self

    def surprise(self, scores: Floats) -> Floats:
        """-log10 p of each score; 0 is usual."""
        n = self.sorted_.size
        rank = n - np.searchsorted(self.sorted_, scores, side="left")
        inside = -np.log10((rank + 1.0) / (n + 1.0))
        beyond = -np.log10(1.0 - _START) + (scores - self.start_) / self.scale_ / np.log(10.0)
        return np.asarray(
            np.where(scores > self.start_, np.maximum(beyond, 1.0), np.minimum(inside, 1.0)), dtype=np.float64
        )


def alarms(surprise: Floats, threshold: float, refractory: int) -> list[tuple[int, int]]:
    """First and last sample of each alarm: samples over the threshold; those within `refractory` samples are one alarm."""
    over = np.flatnonzero(surprise > threshold)
    if not over.size:
        return []
    new = np.flatnonzero(np.diff(over) > max(refractory, 1))
    first = over[np.concatenate([[0], new + 1])]
    last = over[np.concatenate([new, [over.size - 1]])]
    return [(int(a), int(b)) for a, b in zip(first, last, strict=True)]
