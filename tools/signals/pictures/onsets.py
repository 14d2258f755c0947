"""When a line of a spectrogram began, or rose: the one step in its height that tells two stretches apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats

_LEAST: Final = 0.08  # of the line's columns on each side of the step
_STEP: Final = 1.2  # of a column's spread that the contrast rises by at least
_SURE: Final = 9.0  # standard errors of the difference
_NOTHING: Final = 1.0  # of a column's spread: below it the line is not there
_JOINED: Final = 5  # columns that resizing and overlapping windows make alike


@dataclass(frozen=True, kw_only=True)
class Onset:
    """The column of the step, how much the level rose there, and whether there was no line before it."""

    column: int
    rose: float
    from_nothing: bool


def onset_of(contrast: Floats, level: Floats) -> Onset | None:
    """The step upward in a line's contrast (in spreads) and the rise of its level there; None where there is none."""
    known = np.isfinite(contrast) & np.isfinite(level)
    if int(np.sum(known)) < 20:
        return None
    place = np.flatnonzero(known)
    height, n = contrast[known], int(np.sum(known))
    edge = max(4, int(_LEAST * n))
    cuts = np.arange(edge, n - edge)
    if not cuts.size:
        return None
    total, sums = float(np.sum(height)), np.cumsum(height)
    before, after = sums[cuts - 1] / cuts, (total - sums[cuts - 1]) / (n - cuts)
    gain = (after - before) * np.sqrt(cuts * (n - cuts) / n)
    best = int(np.argmax(gain))
    cut = int(cuts[best])
    low, high = float(before[best]), float(after[best])
    residual = np.concatenate([height[:cut] - low, height[cut:] - high])
    error = float(np.std(residual)) * np.sqrt(_JOINED * n / (cut * (n - cut)))
    # A line that climbs slowly gives a step as well: there the halves of each side differ as much as the sides.
    if (
        high - low < _STEP
        or (high - low) < _SURE / np.sqrt(_JOINED) * error
        or _climbs(height, cut, high - low)
    ):
        return None
    told = level[known]
    return Onset(
        column=int(place[cut]),
        rose=float(np.median(told[cut:]) - np.median(told[:cut])),
        from_nothing=low < _NOTHING,
    )


def _climbs(height: Floats, cut: int, step: float) -> bool:
    parts = (
        height[: cut // 2],
        height[cut // 2 : cut],
        height[cut : (cut + len(height)) // 2],
        height[(cut + len(height)) // 2 :],
    )
    a, b, c, d = (float(np.median(p)) for p in parts)
    return abs(b - a) > 0.6 * step or abs(d - c) > 0.6 * step or c - b < 0.4 * step
