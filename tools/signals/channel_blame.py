"""Which channel: by contributions in the anomaly's first minutes, and by the order in which channels left their level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aitia.tools.change.changepoints import bootstrap_error, departure
from aitia.tools.change.scale import spread
from aitia.tools.signals.detectors.base import Detector, checked
from aitia.tools.signals.detectors.thresholds import Truths
from aitia.tools.sources.rows import Floats

FIRST = 30  # anomalous samples that are asked: later ones show what the fault has spread to
SLACK, LEAST = 1.0, 5  # of the departure's CUSUM, in spreads; samples that a level after it needs
_LIMIT = 12.0  # of its sum
_BEFORE = 60  # samples of the reference that show the level before


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When one channel left the level of its reference: row and half-width in rows (90 %)."""

    channel: int
    row: int
    error: float


def shares(contributions: Floats, over: Truths) -> Floats:
    """Each channel's share of the contributions over the first anomalous rows; zeros where no row is anomalous.

    `contributions` is (rows, channels). Each row counts by its shares, so that no single one outweighs the others.
    """
    rows = np.flatnonzero(over)[:FIRST]
    if rows.size == 0:
        return np.zeros(contributions.shape[1])
    part = contributions[rows]
    part = part / np.maximum(part.sum(axis=1, keepdims=True), 1e-12)
    found = np.median(part, axis=0)
    return np.asarray(found / max(float(found.sum()), 1e-12), dtype=np.float64)


def occlusion(model: Detector, x: Floats, usual: Floats) -> Floats:
    """How much of each row's score goes where a channel is put at its `usual` value (channels): (rows, channels).

    For detectors that tell no contributions of their own; after the occlusion of images (Zeiler & Fergus, 2014).
    """
    whole, made = model.decision_function(x), np.zeros(x.shape)
    for channel, value in enumerate(usual):
        without = x.copy()
        without[:, channel] = value
        made[:, channel] = whole - model.decision_function(without)
    return np.maximum(made, 0.0)


def onset_order(x: Floats, reference: Floats) -> list[Onset]:
    """The channels of `x` (rows, channels) that left the level of `reference`, the earliest first.

    A two-sided CUSUM per channel with slack 1 finds the departure. Its error is bootstrapped from the channel's noise about
    the levels before it and from there to the CUSUM's alarm; where the channel still climbs, it is widened by what a
    ramp needs to outgrow the slack. Channels that stay are left out.
    """
    reference = checked(reference)
    median = np.median(reference, axis=0)
    z, usual = (x - median) / spread(reference, median), reference[-_BEFORE:]
    found = []
    for channel in range(x.shape[1]):
        left = departure(z[:, channel], slack=SLACK, limit=_LIMIT)
        if left is not None:
            row, alarm = left
            length = max(LEAST, alarm - row)
            joined = np.concatenate((usual[:, channel], x[: row + length, channel]))
            error = max(1.0, bootstrap_error(joined, usual.shape[0] + row))
            error += _lateness(z[row : row + 2 * length, channel])
            found.append(Onset(channel=channel, row=row, error=error))
    return sorted(found, key=lambda o: (o.row, o.channel))


def leaders(onsets: Sequence[Onset]) -> list[Onset]:
    """Those that no other one precedes by more than both half-widths: the first, and whatever cannot be told from it."""
    return [o for o in onsets if all(o.row - p.row <= o.error + p.error for p in onsets)]


def _lateness(z: Floats) -> float:
    """Rows that a channel which climbs steadily after its departure needed to outgrow the slack; 0 for a step."""
    if z.size < LEAST:
        return 0.0
    v = np.clip(z, -10.0, 10.0) * np.sign(z.mean())
    at = np.arange(v.size) - 0.5 * (v.size - 1)
    slope = float(at @ v) / float(at @ at)
    rest = v - v.mean() - slope * at
    deviation = float(np.sqrt(rest @ rest / (v.size - 2) / (at @ at)))
    return SLACK / slope if slope > 2.0 * deviation else 0.0
