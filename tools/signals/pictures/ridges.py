"""Ridges of a spectrogram picture: frequencies that stand out over time, where the axes are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.change.scale import mad
from aitia.tools.signals.pictures.read import Picture
from aitia.tools.sources.rows import Floats

# By hand, judged on drawn spectrograms (tests/signals/test_pictures.py).
SPREADS: Final = 5.0  # robust spreads of a column's brightness over its median that a ridge must stand
LEAST_LENGTH: Final = 0.3  # of the width that a ridge must last
_STEP: Final = 3  # points up or down from one column to the next
_HARMONIC: Final = 0.02  # of a multiple
MOST_RIDGES: Final = 8


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """A ridge: Hz at its begin and end (± `error`), seconds, the share of its columns that it stands in.

    `multiple` of the lowest ridge that it is (0: none); `order` of the shaft where the speed is known.
    """

    begin_s: float
    end_s: float
    begin_hz: float
    end_hz: float
    error_hz: float
    share: float
    multiple: int
    order: float | None


def ridges(
    picture: Picture, axes: tuple[float, float, float, float], *, rpm: float | None = None
) -> list[Ridge]:
    """The ridges from low to high frequency. `axes`: seconds at the left and right edge, Hz at the bottom and top edge."""
    left, right, bottom, top = axes
    if not (left < right and 0 <= bottom < top):
        raise BadInput("Give --axes as rising seconds and rising Hz: 0,60,0,1000.")
    bright = picture.values[::-1].T  # columns in time, frequency upwards
    paths = _paths(_tops(bright))
    long = [p for p in paths if len(p) >= LEAST_LENGTH * bright.shape[0]]
    per_s, per_hz = (right - left) / bright.shape[0], (top - bottom) / bright.shape[1]
    made = []
    for path in sorted(long, key=lambda p: -len(p))[:MOST_RIDGES]:
        columns, rows = np.array([c for c, _ in path]), np.array([r for _, r in path])
        slope, level = np.polyfit(columns, rows, 1)
        hertz = [bottom + (slope * c + level + 0.5) * per_hz for c in (columns[0], columns[-1])]
        made.append((hertz, columns, len(path) / (columns[-1] - columns[0] + 1)))
    made.sort(key=lambda m: sum(m[0]))
    lowest = sum(made[0][0]) / 2 if made else 0.0
    return [_ridge(m, (left, per_s), per_hz, lowest, rpm) for m in made]


def _ridge(
    made: tuple[list[float], NDArray[np.int64], float],
    time: tuple[float, float],
    per_hz: float,
    lowest: float,
    rpm: float | None,
) -> Ridge:
    (begin, end), columns, share = made
    left, per_s = time
    middle = (begin + end) / 2
    return Ridge(
        begin_s=round(left + columns[0] * per_s, 3),
        end_s=round(left + (columns[-1] + 1) * per_s, 3),
        begin_hz=round(begin, 3),
        end_hz=round(end, 3),
        error_hz=round(per_hz, 3),
        share=round(share, 3),
        multiple=_multiple(middle, lowest, per_hz),
        order=None if rpm is None else round(middle / (rpm / 60.0), 3),
    )


def _multiple(hertz: float, lowest: float, error: float) -> int:
    n = round(hertz / lowest) if lowest > 0 else 0
    return n if n >= 1 and abs(hertz - n * lowest) <= max(_HARMONIC * lowest, (n + 1) * error) else 0


def _tops(bright: Floats) -> list[list[int]]:
    """Rows of each column at which brightness has a peak that stands out."""
    found = []
    for column in bright:
        limit = float(np.median(column)) + max(SPREADS * float(mad(column)), 0.02)
        inner = column[1:-1]
        tops = (inner >= column[:-2]) & (inner > column[2:]) & (inner >= limit)
        found.append([int(n) + 1 for n in np.flatnonzero(tops)])
    return found


def _paths(tops: list[list[int]]) -> list[list[tuple[int, int]]]:
    """Peaks joined from column to column, gaps of up to two columns bridged."""
    ended: list[list[tuple[int, int]]] = []
    running: list[list[tuple[int, int]]] = []
    for column, rows in enumerate(tops):
        free = set(rows)
        for path in running:
            near = min(free, key=lambda r: abs(r - path[-1][1]), default=None)
            if near is not None and abs(near - path[-1][1]) <= _STEP:
                path.append((column, near))
                free.discard(near)
        ended += [p for p in running if column - p[-1][0] > 2]
        running = [p for p in running if column - p[-1][0] <= 2] + [[(column, row)] for row in free]
    return ended + running
