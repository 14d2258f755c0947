"""Which channel: by contributions in the anomaly's first minutes, and by the order in which channels left their level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aitia.tools.signals.changepoints import bootstrap_error, cusum
from aitia.tools.signals.detectors.base import checked, spread
from aitia.tools.signals.detectors.thresholds import Truths
from aitia.tools.sources.rows import Floats

FIRST = 30  # anomalous samples that are asked: later ones show what the fault has spread to


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When one channel left the level of its reference: row and half-width in rows (90 %)."""

    channel: int
    row: int
    error: float


def shares(contributions: Floats, over: Truths, *, first: int = FIRST) -> Floats:
    """Each channel's share of the contributions over the first anomalous rows; zeros where no row is anomalous.

    `contributions` is (rows, channels). Each row counts by its shares, so that no single one outweighs the others.
    """
    rows = np.flatnonzero(over)[:first]
    if rows.size == 0:
        return np.zeros(contributions.shape[1])
    part = contributions[rows]
    part = part / np.maximum(part.sum(axis=1, keepdims=True), 1e-12)
    found = np.median(part, axis=0)
    return np.asarray(found / max(float(found.sum()), 1e-12), dtype=np.float64)


def onset_order(x: Floats, reference: Floats, *, limit: float = 12.0) -> list[Onset]:
    """The channels of `x` (rows, channels) that left the level of `reference`, the earliest first.

    A two-sided CUSUM per channel with slack 1 finds the departure; the error is bootstrapped from the channel's noise
    about its levels before and after. Channels that stay are left out.
    """
    reference = checked(reference)
    median = np.median(reference, axis=0)
    scale = spread(reference, median)
    found = []
    for channel in range(x.shape[1]):
        row = cusum(
            x[:, channel], median=float(median[channel]), spread=float(scale[channel]), slack=1.0, limit=limit
        )
        if row is not None:
            joined = np.concatenate((reference[-60:, channel], x[:, channel]))
            error = bootstrap_error(joined, min(60, reference.shape[0]) + row)
            found.append(Onset(channel=channel, row=row, error=max(1.0, error)))
    return sorted(found, key=lambda o: (o.row, o.channel))
