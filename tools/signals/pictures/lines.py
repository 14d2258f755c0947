"""The lines of a plane along courses of frequency: constant ones, and multiples of one course; the surest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from aitia.tools.change.scale import mad
from aitia.tools.signals.pictures.plane import Plane, steady
from aitia.tools.sources.rows import Floats

# By hand, on made spectrograms (docs/fitted.md).
STANDS: Final = 8.0  # robust spreads over all courses of a kind that a line's mean contrast must stand
LEAST_CONTRAST: Final = 0.7  # of a column's spread, in the mean
LEAST_LENGTH: Final = 0.25  # of the width that a line must lie in the picture
MOST_LINES: Final = 14
_CLIP: Final = (-2.0, 6.0)  # one bright column makes no line
_MASK: Final = 16  # rows at most on each side that a line takes with it
_FOOT: Final = 0.2  # of its mean height down to which a line reaches
_EDGE: Final = (
    0.015  # of the rows at the lowest and highest frequency: what stands there is the plot's edge or the mean
)
_FINE: Final = 0.4  # rows from one course to the next

Kind = Literal["constant", "order"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A course: `factor` in Hz, or as a multiple of the base course; `score` in robust spreads over all courses of its kind."""

    kind: Kind
    factor: float
    hertz: Floats
    score: float


def lines(plane: Plane, follows: Floats | None) -> list[Line]:
    """All lines, constant or multiples of `follows`, the surest looked for first: each takes its points from those after it."""
    found: list[Line] = []
    left = plane
    while len(found) < MOST_LINES and (line := _surest(left, follows)) is not None:
        found.append(line)
        left = without(left, line)
    return found


def _surest(plane: Plane, follows: Floats | None) -> Line | None:
    lines = [_best(plane, "constant", np.ones(plane.seconds.shape))]
    if follows is not None:
        lines.append(_best(plane, "order", follows))
    return max((line for line in lines if line is not None), key=lambda line: line.score, default=None)


def _best(plane: Plane, kind: Kind, base: Floats) -> Line | None:
    """The course of a kind (`base` times a factor) whose mean contrast stands highest over that of all such courses."""
    factors = _factors(plane, base)
    clipped = np.clip(plane.contrast, *_CLIP)
    means = np.full(factors.shape, np.nan)
    for n, factor in enumerate(factors):
        along = plane.along(clipped, factor * base)
        known = np.isfinite(along)
        if int(np.sum(known)) >= LEAST_LENGTH * len(base):
            means[n] = float(np.mean(along[known])) * np.sqrt(float(np.mean(known)))
    told = means[np.isfinite(means)]
    if told.size < 10:
        return None
    spread = max(float(mad(told)), 1e-9)
    middle = float(np.median(told))
    top = int(np.nanargmax(means))
    score = (float(means[top]) - middle) / spread
    if score < STANDS or float(means[top]) - middle < LEAST_CONTRAST:
        return None
    return Line(kind=kind, factor=float(factors[top]), hertz=factors[top] * base, score=score)


def _factors(plane: Plane, base: Floats) -> Floats:
    """Factors whose courses lie a part of a row apart where the base is highest."""
    reach = float(np.max(base))
    edge = max(2.0, _EDGE * plane.rows)
    rows = np.arange(edge, plane.rows - 1 - edge, _FINE)
    top = plane.hertz_of(rows) / reach
    if steady(base):
        return top
    beyond = np.arange(1, int((reach / float(np.min(base)) - 1) / (_FINE / plane.rows)) + 1) * (
        _FINE / plane.rows
    )
    more = float(top[-1]) * (1 + beyond)  # courses that leave the plane above
    return np.concatenate([top, more[: 4 * len(top)]])


def without(plane: Plane, line: Line) -> Plane:
    """The plane without a line: as far on each side as its mean profile has not come down."""
    row = plane.row_of(line.hertz)
    clipped = np.clip(plane.contrast, *_CLIP)
    steps = np.arange(-_MASK, _MASK + 1)
    along = np.array([plane.along(clipped, plane.hertz_of(row + step)) for step in steps])
    known = np.isfinite(along)
    profile = np.where(known.any(axis=1), np.nansum(along, axis=1) / np.maximum(known.sum(axis=1), 1), 0.0)
    foot = _FOOT * float(profile[_MASK])
    below = next((n for n in range(1, _MASK) if profile[_MASK - n] < foot), _MASK)
    above = next((n for n in range(1, _MASK) if profile[_MASK + n] < foot), _MASK)
    away = np.arange(plane.rows)[None] - row[:, None]
    return replace(
        plane, contrast=np.where((away >= -below - 0.5) & (away <= above + 0.5), np.nan, plane.contrast)
    )
