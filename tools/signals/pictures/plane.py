"""A spectrogram's picture as a plane: levels over time and frequency, with its axes, cleaned of what is common to a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.change.scale import mad
from aitia.tools.signals.pictures.scale import Field
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.picture_about import About

MOST_COLUMNS: Final = 480
MOST_ROWS: Final = 640
_AROUND: Final = 0.09  # of the rows: the surroundings in frequency


@dataclass(frozen=True, kw_only=True)
class Plane:
    """`level[t, f]` as read, `contrast[t, f]` over the surroundings in robust spreads, NaN where masked; rows from low frequency.

    `seconds` of the columns' middles, `log` for a logarithmic axis between `low` and `high` Hz; `error_hz` is half a row.
    """

    level: Floats
    contrast: Floats
    seconds: Floats
    low: float
    high: float
    log: bool
    unit: str

    @property
    def rows(self) -> int:
        """How many steps of frequency there are."""
        return int(self.level.shape[1])

    def row_of(self, hertz: Floats) -> Floats:
        """The row (fractional, 0 at the middle of the lowest) of a frequency."""
        if self.log:
            share = np.log(np.maximum(hertz, 1e-9) / self.low) / np.log(self.high / self.low)
        else:
            share = (hertz - self.low) / (self.high - self.low)
        return np.asarray(share * self.rows - 0.5, dtype=np.float64)

    def hertz_of(self, row: Floats) -> Floats:
        """The frequency of a row."""
        share = (np.asarray(row, dtype=np.float64) + 0.5) / self.rows
        if self.log:
            return np.asarray(self.low * (self.high / self.low) ** share, dtype=np.float64)
        return np.asarray(self.low + share * (self.high - self.low), dtype=np.float64)

    def error_at(self, hertz: float) -> float:
        """Half a row there, in Hz."""
        row = self.row_of(np.array([hertz]))
        return float(0.5 * (self.hertz_of(row + 0.5) - self.hertz_of(row - 0.5))[0])

    def along(self, values: Floats, hertz: Floats) -> Floats:
        """Values of the plane along a course of frequency, one for each column; NaN where it leaves the plane."""
        row = self.row_of(hertz)
        inside = (row >= 0) & (row <= self.rows - 1)
        below = np.clip(np.floor(row).astype(int), 0, self.rows - 2)
        part = np.clip(row - below, 0, 1)
        column = np.arange(len(row))
        read = (1 - part) * values[column, below] + part * values[column, below + 1]
        return np.where(inside, read, np.nan)


def plane_of(field: Field, about: About) -> Plane:
    """The plane of a spectrogram's picture. Raises BadInput without axes."""
    if about.time is None or about.frequency is None:
        raise BadInput(
            "Give the axes of the spectrogram: --axes SECONDS,SECONDS,HZ,HZ of its edges, or time and frequency in a sidecar."
        )
    (left, right), (low, high) = about.time, about.frequency
    level = _reduced(field.values[::-1].T)
    size = max(5, round(_AROUND * level.shape[1])) | 1
    contrast = level - _median_along(level, size)
    contrast = contrast - np.median(contrast, axis=1, keepdims=True)
    spread = float(mad(contrast.ravel()))
    step = (right - left) / level.shape[0]
    return Plane(
        level=level,
        contrast=contrast / max(spread, 1e-3 * float(np.ptp(level)), 1e-12),
        seconds=left + (np.arange(level.shape[0]) + 0.5) * step,
        low=low,
        high=high,
        log=about.scale == "log",
        unit=field.unit,
    )


def _median_along(level: Floats, size: int) -> Floats:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(level, size=(1, size), mode="nearest"), dtype=np.float64)


def _reduced(level: Floats) -> Floats:
    """Columns and rows joined by their means until there are few enough."""
    for axis, most in ((0, MOST_COLUMNS), (1, MOST_ROWS)):
        step = -(-level.shape[axis] // most)
        if step > 1:
            count = level.shape[axis] // step
            cut = level[: count * step] if axis == 0 else level[:, : count * step]
            shape = (count, step, level.shape[1]) if axis == 0 else (level.shape[0], count, step)
            level = cut.reshape(shape).mean(axis=1 if axis == 0 else 2)
    return np.asarray(level, dtype=np.float64)


def speed_of(about: About, seconds: Floats) -> Floats | None:
    """Hz of the shaft at times, as given; None where nobody said it. Beyond the given times it stays as at their ends."""
    if about.speed:
        at, rpm = (np.array(part, dtype=np.float64) for part in zip(*about.speed, strict=True))
        return np.asarray(np.interp(seconds, at, rpm) / 60.0, dtype=np.float64)
    return np.full(seconds.shape, about.rpm / 60.0) if about.rpm else None


def steady(hertz: Floats | Sequence[float]) -> bool:
    """Whether a course keeps within 2 % of its middle."""
    course = np.asarray(hertz, dtype=np.float64)
    return float(np.ptp(course)) <= 0.02 * float(np.mean(course))
