"""The course of the speed, found without it: of bright paths that bend little the one that most lines are multiples of."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from aitia.tools.signals.pictures.lines import lines, without
from aitia.tools.signals.pictures.plane import Plane
from aitia.tools.sources.rows import Floats

# By hand, on made spectrograms (docs/fitted.md).
_STEP: Final = 3  # rows from one column to the next
_COSTS: Final = (
    0.3,
    1.0,
)  # of a spread for a row: low follows a steep line, high does not leap to another one
_BRIGHT: Final = 1.5  # mean contrast of a path that counts, in spreads
_TRIES: Final = 3  # paths of each cost
_CLIP: Final = 6.0
_MOVED: Final = 0.05  # of its frequency that a line must move, and
_ROWS: Final = 8  # rows


def moving_course(plane: Plane) -> Floats | None:
    """Hz over the columns of a line whose frequency changes, such that most other lines follow it; None where there is none."""
    left = plane
    for line in lines(plane, None):  # what stays is no speed
        left = without(left, line)
    best: tuple[float, Floats] | None = None
    for cost in _COSTS:
        for hertz in _candidates(left, cost):
            score = sum(line.score**2 for line in lines(plane, hertz))
            if best is None or score > best[0]:
                best = (score, hertz)
    return None if best is None else best[1]


def _candidates(plane: Plane, cost: float) -> list[Floats]:
    made, left = [], plane
    for _ in range(_TRIES):
        rows, mean = _path(np.nan_to_num(np.clip(left.contrast, -2.0, _CLIP), nan=0.0), cost)
        if mean < _BRIGHT:
            break
        hertz = plane.hertz_of(_smoothed(rows))
        if _moves(hertz, rows):
            made.append(hertz)
        near = np.abs(np.arange(plane.rows)[None] - rows[:, None]) <= 3
        left = replace(left, contrast=np.where(near, np.nan, left.contrast))
    return made


def _moves(hertz: Floats, rows: Floats) -> bool:
    """Whether a course moves by more than stray columns make it."""
    low, high = np.percentile(hertz, [5, 95])
    first, last = np.percentile(rows, [5, 95])
    return float(high - low) > _MOVED * float(np.median(hertz)) and float(last - first) > _ROWS


def _path(height: Floats, cost: float) -> tuple[Floats, float]:
    """The path of largest sum (Viterbi): its rows and its mean height."""
    columns, rows = height.shape
    total = height[0].copy()
    back = np.zeros((columns, rows), dtype=np.int8)
    for column in range(1, columns):
        options = np.full((2 * _STEP + 1, rows), -np.inf)
        for n, move in enumerate(range(-_STEP, _STEP + 1)):  # from row r - move to row r
            start, end = max(0, move), rows + min(0, move)
            options[n, start:end] = total[start - move : end - move] - cost * abs(move)
        choice = np.argmax(options, axis=0)
        back[column] = choice - _STEP
        total = options[choice, np.arange(rows)] + height[column]
    row = int(np.argmax(total))
    path = np.zeros(columns)
    for column in range(columns - 1, -1, -1):
        path[column] = row
        row -= int(back[column, row])
    return path, float(np.mean(height[np.arange(columns), path.astype(int)]))


def _smoothed(rows: Floats) -> Floats:
    from scipy.signal import savgol_filter

    size = max(7, len(rows) // 12) | 1
    return np.asarray(savgol_filter(rows, size, 2), dtype=np.float64) if len(rows) > size else rows
