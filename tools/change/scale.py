"""A centre and a spread that outliers do not move, and how far samples lie from it."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from aitia.tools.sources.rows import Floats

_NORMAL: Final = 1.4826  # makes the median absolute deviation of normal noise its standard deviation


def mad(x: Floats, median: Floats | float | None = None) -> Floats:
    """The median absolute deviation of each column about `median`, as a standard deviation."""
    middle = np.median(x, axis=0) if median is None else median
    return np.asarray(_NORMAL * np.median(np.abs(x - middle), axis=0), dtype=np.float64)


def spread(x: Floats, median: Floats) -> Floats:
    """A scale per channel that neither outliers nor a constant stretch can bring to zero."""
    floor = np.maximum(1e-3 * np.abs(median), 1e-9)
    return np.asarray(
        np.maximum(np.maximum(mad(x, median), 0.5 * np.std(x, axis=0)), floor), dtype=np.float64
    )


class Scaler:
    """Robust z-scores: median and spread of the reference, clipped so that one sensor cannot overflow the rest."""

    def __init__(self, *, clip: float = 50.0) -> None:
        self.clip = clip

    @classmethod
    def of(cls, median: Floats, spread: Floats) -> Self:
        """A scaler with a known median and spread."""
        made = cls()
        made.median_, made.spread_ = median, spread
        return made

    def fit(self, x: Floats) -> Self:
        """Learn median and spread per channel."""
        self.median_ = np.median(x, axis=0)
        self.spread_ = spread(x, self.median_)
        return self

    def transform(self, x: Floats) -> Floats:
        """Robust z-scores of each sample; a missing value says nothing, so it is 0."""
        z = np.nan_to_num((x - self.median_) / self.spread_, nan=0.0)
        return np.asarray(np.clip(z, -self.clip, self.clip), dtype=np.float64)
