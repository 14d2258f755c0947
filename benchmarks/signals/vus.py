"""VUS-PR: the volume under the precision-recall surface over thresholds and buffer lengths.

Paparrizos et al., "Volume under the surface" (VLDB 2022), as computed by the package `tsb-ad` 1.5 (`get_metrics`,
version "opt", 250 thresholds) but in O(samples) per buffer length; tests/benchmarks compare with the definition.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def vus_pr(labels: NDArray[np.bool_], score: Floats, buffer: int, *, thresholds: int = 250) -> float:
    """Mean over buffers 0..`buffer` of the range-based average precision of `score` against `labels`."""
    y = np.asarray(labels, dtype=bool)
    stretches = runs(y)
    if not stretches:
        raise ValueError("Score at least one anomalous sample: VUS-PR has no meaning without.")
    ranked = -np.sort(-score)
    limits = ranked[np.linspace(0, y.size - 1, thresholds).astype(int)]
    taken = np.searchsorted(-ranked, -limits, side="right")  # samples at or over each limit
    order = np.argsort(-score, kind="stable")
    return float(
        np.mean([_precision(y, score, stretches, b, limits, taken, order) for b in range(buffer + 1)])
    )


def _precision(
    y: NDArray[np.bool_], score: Floats, stretches: list[tuple[int, int]], b: int, limits: Floats,
    taken: NDArray[np.int64], order: NDArray[np.int64],
) -> float:  # fmt: skip
    weight = _extended(y, stretches, b)
    found = np.cumsum(weight[order])[taken - 1]
    beside = np.cumsum(np.where(y, 0.0, weight)[order])[taken - 1]
    tops = np.array([float(score[max(a, 0) : e + 1].max()) for a, e in _merged(stretches, b, y.size)])
    existence = np.mean(tops[None, :] >= limits[:, None], axis=1)
    positives = (2.0 * float(y.sum()) + beside) / 2.0
    recall = np.concatenate([[0.0], np.minimum(found / positives, 1.0) * existence])
    return float(np.dot(np.diff(recall), found / taken))


def runs(y: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch of true values."""
    edge = np.flatnonzero(np.diff(np.concatenate([[0], y.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edge[::2], edge[1::2], strict=True)]


def _extended(y: NDArray[np.bool_], stretches: list[tuple[int, int]], b: int) -> Floats:
    """Labels with a falling shoulder of half a buffer on both sides."""
    weight = y.astype(np.float64)
    for s, e in stretches:
        right = np.arange(e + 1, min(e + b // 2 + 1, y.size))
        weight[right] += np.sqrt(1.0 - (right - e) / max(b, 1))
        left = np.arange(max(s - b // 2, 0), s)
        weight[left] += np.sqrt(1.0 - (s - left) / max(b, 1))
    return np.minimum(weight, 1.0)


def _merged(stretches: list[tuple[int, int]], b: int, n: int) -> list[tuple[int, int]]:
    """The stretches with their shoulders; those that touch are one."""
    half = b // 2
    made = [(max(stretches[0][0] - half, 0), stretches[0][1] + half)]
    for s, e in stretches[1:]:
        if made[-1][1] < s - half:
            made.append((s - half, e + half))
        else:
            made[-1] = (made[-1][0], e + half)
    made[-1] = (made[-1][0], min(made[-1][1], n - 1))
    return made


def buffer_length(v: Floats) -> int:
    """The series' own period by its autocorrelation, as `find_length_rank(rank=1)` of tsb-ad: 125 where there is none."""
    v = np.asarray(v, dtype=np.float64)[:20000]
    z = v - v.mean()
    power = float(np.dot(z, z))
    if power <= 0 or v.size < 8:
        return 125
    spectrum = np.fft.rfft(z, n=2 * v.size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[3 : min(400, v.size - 1) + 1] / power
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner > correlation[:-2]) & (inner > correlation[2:]))
    if not peaks.size:
        return 125
    best = int(peaks[np.argmax(correlation[peaks])])
    return 125 if best < 3 or best > 300 else best + 3
