"""What every detector shares: the protocol, and the robust scale of a channel."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats


class Detector(Protocol):
    """Learns from rows of normal operation, then scores rows: pyod's vocabulary.

    Rows are (samples, channels), float64, in time order and evenly spaced, each channel in any unit of its own. A score has no
    unit: the larger, the less usual; scores compare under one fit only.
    """

    def fit(self, x: Floats) -> Self:
        """Learn what is normal from a reference. Raises BadInput where nothing can be learned from it."""
        ...

    def decision_function(self, x: Floats) -> Floats:
        """One score per row, (samples,)."""
        ...


class Blaming(Detector, Protocol):
    """A detector that also tells which channels its score comes from."""

    def contributions(self, x: Floats) -> Floats:
        """Each channel's part of the decision, per sample: (samples, channels), none negative."""
        ...


class Limited(Blaming, Protocol):
    """The same with a limit of its own, in the unit of its scores."""

    threshold_: float


class Unfit(BadInput):
    """A reference that no detector can learn from."""


def checked(x: Floats, *, least: int = 3) -> Floats:
    """The reference as (samples, channels) of finite numbers, or `Unfit` with what to change."""
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 1:
        raise Unfit(f"Give the reference as a table (samples, channels); this one has shape {x.shape}.")
    if x.shape[0] < least:
        raise Unfit(f"Give at least {least} samples of normal operation; there are {x.shape[0]}.")
    if not np.isfinite(x).all():
        raise Unfit("The reference contains values that are not finite. Fill or leave out its gaps.")
    return x


def spread(x: Floats, median: Floats) -> Floats:
    """A scale per channel that neither outliers nor a constant stretch can bring to zero."""
    off = np.abs(x - median)
    mad = 1.4826 * np.median(off, axis=0)
    std = np.std(x, axis=0)
    floor = np.maximum(1e-3 * np.abs(median), 1e-9)
    return np.asarray(np.maximum(np.maximum(mad, 0.5 * std), floor), dtype=np.float64)


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
