"""A score for each sample from the samples before it alone, for a series that is still running.

Everything is refitted when the past has grown by a twentieth, so that the cost is linear but for the logarithm of the
length, and the score of a sample never changes when more samples come. `NeighbourStream` gives the same scores sample by
sample, in memory that does not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.subsequence import channel, spaced, squared_distances, windows
from aitia.tools.signals.tail_probability import Tail
from aitia.tools.sources.rows import Floats

_GROWTH, _FIRST = 20, 25  # refit when a twentieth more has been seen, at least 25 samples
_MEMORY = 5000  # scores that the tail is learned from
REFRACTORY = 100  # samples in which a new alarm is the last one's


class LeftNeighbours:
    """How far the last samples lie from anything before them: distance to the k-th nearest earlier sub-sequence, at
    several lengths, each as -log10 of its tail probability among the earlier distances, averaged.

    The left matrix profile (Yeh et al., 2016) with raw distances, on at most `most` evenly spaced earlier sub-sequences;
    the likelihood step as in Ahmad et al. (2017), with an exponential tail in place of the Gaussian one.
    NAB 68.4, KNN with the same refractory period 47.0 (docs/results.md).
    """

    def __init__(
        self, *, lengths: tuple[int, ...] = (8, 32, 100), neighbours: int = 5, most: int = 2000
    ) -> None:
        if not lengths or min(lengths) < 2:
            raise BadInput(f"Give sub-sequence lengths of at least 2 samples: these are {lengths}.")
        self.lengths = lengths
        self.neighbours = neighbours
        self.most = most

    def decision_function(self, x: Floats) -> Floats:
        """One score per sample, 0 until there is enough past for a length."""
        v = channel(x)
        return np.asarray(np.mean([self._surprise(v, w) for w in self.lengths], axis=0), dtype=np.float64)

    def _surprise(self, v: Floats, w: int) -> Floats:
        start = 3 * w
        distance, made = np.zeros(v.size), np.zeros(v.size)
        for i, j in _blocks(v.size, start):
            distance[i:j] = self._distances(v, w, i, j)
            if i > start:
                usual = distance[max(start, i - _MEMORY) : i]
                made[i:j] = Tail().fit(usual).surprise(distance[i:j])
        return made

    def _distances(self, v: Floats, w: int, i: int, j: int) -> Floats:
        """Distances of the sub-sequences that end in [i, j) to earlier ones that end at least half a length before i."""
        past = windows(v[: i - w // 2], w)
        past = past[spaced(past.shape[0], self.most)]
        scale = max(float(np.std(v[:i])), 1e-9)
        squared = squared_distances(windows(v[i - w + 1 : j], w) / scale, past / scale)
        k = min(self.neighbours, squared.shape[1]) - 1
        return np.sqrt(np.partition(squared, k, axis=1)[:, k])


class NeighbourStream:
    """The scores of `LeftNeighbours`, one sample at a time, from the last `keep` samples at most.

    As long as no more than `keep` samples came they are those of `decision_function`; after that the past is refitted
    each time a twentieth of it is new.
    """

    def __init__(self, detector: LeftNeighbours | None = None, *, keep: int = 20_000) -> None:
        detector = detector or LeftNeighbours()
        if keep < 6 * max(detector.lengths):
            raise BadInput(f"Keep at least six times the longest sub-sequence: {keep} samples are too few.")
        self._keep, self._v, self._size, self._seen = keep, np.empty(2 * keep), 0, 0
        self._parts = [_Length(w, detector.neighbours, detector.most) for w in detector.lengths]

    def update(self, value: float) -> float:
        """Take one finite sample and score it."""
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

    def __init__(self, w: int, neighbours: int, most: int) -> None:
        self._w, self._neighbours, self._most = w, neighbours, most
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
        k = min(self._neighbours, squared.shape[1]) - 1
        distance = float(np.sqrt(np.partition(squared[0], k)[k]))
        self._distances.append(distance)
        return float(self._tail.surprise(np.array([distance]))[0]) if self._tail else 0.0

    def _fit(self, past: Floats) -> None:
        every = windows(past[: past.size - self._w // 2], self._w)
        self._scale = max(float(np.std(past)), 1e-9)
        self._past = every[spaced(every.shape[0], self._most)] / self._scale
        if self._distances:
            self._tail = Tail().fit(np.array(self._distances))
        self._refit += max(_FIRST, past.size // _GROWTH)


def _blocks(n: int, start: int) -> Iterator[tuple[int, int]]:
    """Consecutive [i, j) of a growing past; their edges do not depend on `n`, but for the last one's end."""
    i = start
    while i < n:
        j = i + max(_FIRST, i // _GROWTH)
        yield i, min(j, n)
        i = j
