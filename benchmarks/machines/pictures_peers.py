"""What pictures are also read by: one threshold over all of it, the hottest point, peaks of a mean spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Place = tuple[float, float, float]  # row, column, how far above the rest


def hottest(values: Floats) -> list[Place]:
    """Always one spot: the hottest point."""
    row, column = np.unravel_index(int(np.argmax(values)), values.shape)
    return [(float(row), float(column), float(values.max() - np.median(values)))]


def otsu(values: Floats) -> list[Place]:
    """Regions above Otsu's threshold over the whole picture."""
    counts, edges = np.histogram(values, bins=256)
    middle = 0.5 * (edges[1:] + edges[:-1])
    below, total = np.cumsum(counts), float(counts.sum())
    first = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (first[-1] * below / total - first) ** 2 / (below * (total - below))
    return _regions(values, float(middle[int(np.nanargmax(between))]))


def spreads(values: Floats) -> list[Place]:
    """Regions two and a half standard deviations above the mean."""
    return _regions(values, float(np.mean(values) + 2.5 * np.std(values)))


def _regions(values: Floats, limit: float) -> list[Place]:
    from scipy.ndimage import label, maximum_position

    parts, count = label(values > limit)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    large = [n for n in range(1, count + 1) if sizes[n] >= 0.0004 * values.size]
    middle = float(np.median(values))
    return [
        (float(r), float(c), float(values[r, c] - middle)) for r, c in maximum_position(values, parts, large)
    ]


def mean_peaks(level: Floats, low: float, high: float) -> list[dict[str, Any]]:
    """Peaks of the spectrum's mean over time, each taken for a constant line."""
    from scipy.signal import find_peaks

    mean = level.mean(axis=0)
    spread = 1.4826 * float(np.median(np.abs(mean - np.median(mean))))
    found, _ = find_peaks(mean, prominence=5 * spread)
    step = (high - low) / len(mean)
    return [{"begin": low + (n + 0.5) * step, "end": low + (n + 0.5) * step} for n in found]


def joined_peaks(level: Floats, low: float, high: float) -> list[dict[str, Any]]:
    """Peaks of each column joined from column to column (gaps of two): what aitia did before, axes the same."""
    running: list[list[tuple[int, int]]] = []
    ended: list[list[tuple[int, int]]] = []
    for n, column in enumerate(level):
        limit = np.median(column) + 5.0 * 1.4826 * np.median(np.abs(column - np.median(column)))
        inner = column[1:-1]
        free = {
            int(k) + 1
            for k in np.flatnonzero((inner >= column[:-2]) & (inner > column[2:]) & (inner >= limit))
        }
        for path in running:
            near = min(free, key=lambda r: abs(r - path[-1][1]), default=None)
            if near is not None and abs(near - path[-1][1]) <= 3:
                path.append((n, near))
                free.discard(near)
        ended += [p for p in running if n - p[-1][0] > 2]
        running = [p for p in running if n - p[-1][0] <= 2] + [[(n, row)] for row in free]
    step = (high - low) / level.shape[1]
    made = []
    for path in sorted(ended + running, key=len, reverse=True)[:8]:
        if len(path) >= 0.3 * len(level):
            at, rows = np.array([c for c, _ in path]), np.array([r for _, r in path])
            slope, first = np.polyfit(at, rows, 1)
            ends = [low + (slope * c + first + 0.5) * step for c in (at[0], at[-1])]
            made.append(
                {"begin": ends[0], "end": ends[1], "from": at[0] / len(level), "to": at[-1] / len(level)}
            )
    return made
