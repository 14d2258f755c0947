"""What every detector shares: the protocol, and what is asked of a reference."""

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
