"""Order tracking without a tachometer: a record whose speed drifts evenly, taken to constant speed by the shaft's own lines.

The drift is the one at which the comb of shaft orders stands highest (a search over linear chirps of the low-passed record); it
is used only where that explains a line more than no drift does, so a record without shaft lines stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from aitia.tools.signals.vibration.spectrum import amplitude_spectrum, floor_of
from aitia.tools.signals.vibration.speed import Speed
from aitia.tools.sources.rows import Floats

MOST_DRIFT: Final = (
    0.03  # of the speed over the record, either way: beyond, the load and the resonances change as well
)
DRIFTS: Final = 61  # tried
ORDERS: Final = 10  # of the comb
GAIN_DB: Final = 12.0  # over no drift, by hand: more than one line (10 dB) more
_NEAR: Final = 0.006  # of the speed by which the middle of the record may differ from what was told
_LINE_DB: Final = 12.0  # over the local floor: the highest of the noise that so many trials see stays below
_CAP_DB: Final = 60.0  # a line counts to here


def tracked(x: Floats, fs: float, speed: Speed) -> tuple[Floats, Speed, float]:
    """The record at constant speed, that speed, and the drift that was taken out as a share of it over the record (0: none)."""
    from scipy.ndimage import map_coordinates

    low, rate = _lowered(x, fs, 2.5 * ORDERS * speed.hz)
    drifts = np.linspace(-MOST_DRIFT, MOST_DRIFT, DRIFTS)
    scores = [
        _comb(np.interp(_places(low.size, d), np.arange(low.size), low), rate, speed.hz) for d in drifts
    ]
    best, none = int(np.argmax([s for s, _ in scores])), DRIFTS // 2
    edge = best in (0, DRIFTS - 1)  # the best lies beyond: no even drift that can be followed
    if edge or abs(best - none) <= 1 or scores[best][0] < scores[none][0] + GAIN_DB:
        return x, speed, 0.0
    moved = map_coordinates(x, [_places(x.size, drifts[best])], order=3, mode="nearest")
    shaft = scores[best][1]
    return np.asarray(moved, dtype=np.float64), replace(speed, rpm=60.0 * shaft), float(drifts[best])


def _places(size: int, drift: float) -> Floats:
    """Where the samples of constant speed lie in a record of which the speed is 1 + drift·(t - ½), t from 0 to 1."""
    t = np.arange(size) / max(size - 1, 1)
    angle = t + drift * (t**2 - t) / 2.0
    return np.asarray(np.interp(t, angle, t) * (size - 1), dtype=np.float64)


def _lowered(x: Floats, fs: float, rate: float) -> tuple[Floats, float]:
    """The record below half of a rate, sampled about that often."""
    keep = max(int(min(rate, fs) * x.size / fs / 2), 8)
    spectrum = np.fft.rfft(x - np.mean(x))[:keep]
    size = 2 * (keep - 1)
    return np.asarray(np.fft.irfft(spectrum, size) * (size / x.size), dtype=np.float64), fs * size / x.size


def _comb(x: Floats, fs: float, shaft_hz: float) -> tuple[float, float]:
    """The highest sum of decibels at the first shaft orders near a speed, and that speed in Hz.

    Mains lines stay in: they are steady, so they can only speak for no drift.
    """
    frequency, amplitude = amplitude_spectrum(x, fs)
    step = float(frequency[1])
    height = 20.0 * np.log10(
        np.maximum(amplitude, 1e-300) / np.sqrt(floor_of(amplitude**2, max(int(shaft_hz / step), 16)))
    )
    height = np.where(height >= _LINE_DB, np.minimum(height, _CAP_DB), 0.0)
    speeds = shaft_hz * np.linspace(1 - _NEAR, 1 + _NEAR, 41)
    total = sum(np.interp(n * speeds, frequency, height, right=0.0) for n in range(1, ORDERS + 1))
    best = int(np.argmax(total))
    return float(np.asarray(total)[best]), float(speeds[best])
