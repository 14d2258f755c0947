"""A score for each sample from the samples before it alone, for a series that is still running.

Everything is refitted when the past has grown by a twentieth, so that the cost is linear but for the logarithm of the
length, and the score of a sample never changes when more samples come.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.subsequence import channel, spaced, squared_distances, windows
from aitia.tools.signals.tail import Tail
from aitia.tools.sources.rows import Floats

_GROWTH, _FIRST = 20, 25  # refit when a twentieth more has been seen, at least 25 samples
_MEMORY = 5000  # scores that the tail is learned from
REFRACTORY = 100  # samples in which a new alarm is the last one's


class LeftNeighbours:
    """How far the last samples lie from anything before them: distance to the k-th nearest earlier sub-sequence, at
    several lengths, each as -log10 of its tail probability among the earlier distances, averaged.

    The left matrix profile (Yeh et al., 2016) with raw distances, on at most `most` evenly spaced earlier sub-sequences;
    the likelihood step as in Ahmad et al. (2017), with an exponential tail in place of the Gaussian one.
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


def _blocks(n: int, start: int) -> Iterator[tuple[int, int]]:
    """Consecutive [i, j) of a growing past; their edges do not depend on `n`, but for the last one's end."""
    i = start
    while i < n:
        j = i + max(_FIRST, i // _GROWTH)
        yield i, min(j, n)
        i = j
