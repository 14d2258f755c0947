"""Detectors of one channel: each sub-sequence of a series against those of a reference, or each sample in its season.

All are fitted on one channel, (samples,) or (samples, 1), and give one score per sample; a window's is that of its centre.
Every cost is linear in the samples scored; what a fit compares with is a bounded sample of the reference's windows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.change.scale import mad
from aitia.tools.signals.detectors.base import Detector
from aitia.tools.sources.rows import Floats

MOST = 1000  # sub-sequences of the reference that a detector compares with
PARTS = 20  # means of equal parts, as which a library's detector sees a window
_CLUSTERS, _LARGE = 20, 0.95  # of k-means; the share of the reference that its large clusters hold
_LEAST = 30  # samples of a phase
_BLOCK = 512
_SCORED = 50_000  # longer series are scored at every n-th window, n at most a quarter of the window


def channel(x: Floats, *, least: int = 1) -> Floats:
    """The only channel of `x` as (samples,); an error where there are more, or fewer than `least` samples."""
    v = np.asarray(x, dtype=np.float64)
    v = v[:, 0] if v.ndim == 2 and v.shape[1] == 1 else v
    if v.ndim != 1:
        raise BadInput(f"Give one channel, (samples,) or (samples, 1): this has the shape {v.shape}.")
    if v.size < least:
        raise BadInput(f"Give at least {least} samples, or a shorter window: there are {v.size}.")
    if not bool(np.all(np.isfinite(v))):
        raise BadInput(
            "Fill or drop the samples that are not finite first (aitia.tools.signals.grid.regular)."
        )
    return v


def windows(v: Floats, w: int) -> Floats:
    """All sub-sequences of length `w` as a view (samples - w + 1, w)."""
    return np.lib.stride_tricks.sliding_window_view(v, w)


def centred(score: Floats, n: int, w: int) -> Floats:
    """Scores of windows as scores of samples: each sample takes the window centred on it, the ends the outermost."""
    left = w // 2
    return np.pad(score, (left, n - score.size - left), mode="edge")


def spaced(n: int, most: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """At most `most` indices of `n`, evenly spaced."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


class Windowed(ABC):
    """What the detectors here share: a window, and the scores of windows as scores of samples."""

    def __init__(self, *, window: int) -> None:
        if window < 2:
            raise BadInput(f"Give a window of at least 2 samples: this is {window}.")
        self.window = window

    def fit(self, x: Floats) -> Self:
        """Learn from the windows of `x`."""
        self._learn(windows(channel(x, least=self.window + 1), self.window))
        return self

    def decision_function(self, x: Floats) -> Floats:
        """One score per sample; larger is more unusual."""
        v = channel(x, least=self.window)
        every = windows(v, self.window)
        stride = int(np.clip(every.shape[0] // _SCORED, 1, max(1, self.window // 4)))
        some = every[::stride]
        parts = [self._score(some[i : i + _BLOCK]) for i in range(0, some.shape[0], _BLOCK)]
        score = np.repeat(np.concatenate(parts), stride)[: every.shape[0]]
        return centred(score, v.size, self.window)

    @abstractmethod
    def _learn(self, every: Floats) -> None: ...

    @abstractmethod
    def _score(self, some: Floats) -> Floats: ...


class KMeansAD(Windowed):
    """Distance to the nearest of twenty centres (Yairi et al., 2001) that are large.

    Large are those that together hold 95 % of the reference, the largest first (CBLOF, He et al., 2003):
    a few anomalies in the reference must not become a centre of their own.
    NAB without a reference, 17 series: mean VUS-PR .533, pyod's KNN .544 (benchmarks/LOG.md, 2026-11-28) in a hundred times its
    time (docs/results.md).
    """

    def _learn(self, every: Floats) -> None:
        import warnings

        from scipy.cluster.vq import kmeans2

        some = every[spaced(every.shape[0], MOST)]
        self.scale_ = max(float(np.std(some)), 1e-9)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty cluster: its centre stays where it was
            k = min(_CLUSTERS, some.shape[0])
            centres, label = kmeans2(some / self.scale_, k, minit="++", seed=0)
        size = np.bincount(label, minlength=centres.shape[0])
        order = np.argsort(-size, kind="stable")
        before = np.cumsum(size[order]) - size[order]
        self.centres_ = centres[order[before < _LARGE * size.sum()]]

    def _score(self, some: Floats) -> Floats:
        near = np.min(squared_distances(some / self.scale_, self.centres_), axis=1)
        return np.asarray(np.sqrt(near), dtype=np.float64)


class NearestWindow(Windowed):
    """Distance to the nearest window of the reference (KNN on sub-sequences).

    With `shape` each window is z-normalised first: the matrix profile's distance (Yeh et al., 2016), here against a
    bounded sample of the reference's windows, so that the cost stays linear. SMAP/MSL, by profile: mean VUS-PR .790, pyod's best
    .641 (docs/results.md).
    """

    def __init__(self, *, window: int, shape: bool = False) -> None:
        super().__init__(window=window)
        self.shape = shape

    def _learn(self, every: Floats) -> None:
        some = every[spaced(every.shape[0], MOST)]
        self.least_ = max(0.01 * float(np.std(some)), 1e-9)  # a flat window has no shape to blow up
        self.scale_ = max(float(np.std(some)), 1e-9)
        self.reference_ = self._prepared(some)

    def _prepared(self, some: Floats) -> Floats:
        if not self.shape:
            return some / self.scale_
        z = some - some.mean(axis=1, keepdims=True)
        return np.asarray(z / np.maximum(some.std(axis=1, keepdims=True), self.least_), dtype=np.float64)

    def _score(self, some: Floats) -> Floats:
        near = squared_distances(self._prepared(some), self.reference_).min(axis=1)
        return np.asarray(np.sqrt(near), dtype=np.float64)


class LibraryWindows(Windowed):
    """A library's detector of rows, its rows the windows as the means of `PARTS` equal parts."""

    def __init__(self, detector: Detector, *, window: int) -> None:
        super().__init__(window=window)
        self.detector = detector

    def _learn(self, every: Floats) -> None:
        self.detector.fit(_parts(every[spaced(every.shape[0], MOST)]))

    def _score(self, some: Floats) -> Floats:
        return self.detector.decision_function(_parts(some))


def _parts(some: Floats) -> Floats:
    size = max(some.shape[1] // PARTS, 1)
    whole = some.shape[1] // size * size
    return np.asarray(some[:, :whole].reshape(some.shape[0], -1, size).mean(axis=2), dtype=np.float64)


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Squared Euclidean distances (rows of a, rows of b)."""
    cross = a @ b.T
    cross *= -2.0
    cross += np.einsum("ij,ij->i", a, a)[:, None]
    cross += np.einsum("ij,ij->i", b, b)[None, :]
    return np.maximum(cross, 0.0, out=cross)


class SeasonalBaseline:
    """|sample - median| over the MAD, median and MAD taken per phase; without a period over all samples.

    Phases pool with their neighbours until each has thirty samples; `x` begins at the phase at which the reference does. NAB,
    11 seasonal series without a reference: 13 of 15 windows found with 16 false alarms, k-means 2 with none (benchmarks/LOG.md,
    2026-11-28).
    """

    def __init__(self, *, period: int = 0) -> None:
        self.period = period

    def fit(self, x: Floats) -> Self:
        """Learn the median and spread of each phase."""
        v = channel(x, least=2)
        period = self.period if 2 <= self.period <= v.size // 2 else 1
        rounds = v.size // period
        folded = v[: rounds * period].reshape(rounds, period)
        half = 0 if period == 1 else min(max(0, -(-_LEAST // rounds) // 2), (period - 1) // 2)
        near = np.concatenate([np.roll(folded, s, axis=1) for s in range(-half, half + 1)], axis=0)
        self.median_ = np.median(near, axis=0)
        overall = float(mad(v, self.median_[np.arange(v.size) % period]))
        # a phase that happened to be quiet is no sharper than a quarter of the usual spread
        floor = max(0.25 * overall, 0.02 * float(np.std(v)), 1e-3 * abs(float(np.median(v))), 1e-9)
        self.spread_ = np.maximum(mad(near, self.median_), floor)
        return self

    def decision_function(self, x: Floats) -> Floats:
        """|z| of each sample in its phase."""
        v = channel(x)
        phase = np.arange(v.size) % self.median_.size
        return np.asarray(np.abs(v - self.median_[phase]) / self.spread_[phase], dtype=np.float64)
