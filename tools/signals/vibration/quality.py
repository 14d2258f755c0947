"""What keeps a record from being diagnosed: its length, its samples, its bandwidth. A reason in words, or ""."""

from __future__ import annotations

from typing import Any

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats

LEAST_SAMPLES = 256
LEAST_REVOLUTIONS = (
    16.0  # a line is 2/16 of an order wide then: less does not part a defect from the next shaft order
)
_CLIPPED = 0.001  # share of samples in runs at the same extreme
_RUN = 3
_DEAD = 1e-8  # of the strongest stretch's power: below, there is only arithmetic or quantisation
_CUT_DB = 40.0  # a sensor's own roll-off is 12 dB an octave
_LINES_WIDE = 4.0  # the spectrum must reach four times the fastest line: a band wide enough to show two of its harmonics


def samples(x: Any) -> Floats:
    """The record as a one-dimensional float array. BadInput for strings, complex numbers or several channels."""
    try:
        array = np.asarray(x)
        if array.dtype.kind not in "iufb":
            raise ValueError(f"its type is {array.dtype}")
        made = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"Give one channel of real numbers as the vibration record: {error}") from None
    if made.ndim != 1:
        raise BadInput(f"Give one channel at a time: the vibration record has the shape {made.shape}.")
    return made


def unusable(x: Floats) -> str:
    """Why the samples themselves say nothing about the machine."""
    if x.size < LEAST_SAMPLES:
        return f"too short: {x.size} samples, at least {LEAST_SAMPLES} are needed"
    bad = int(np.sum(~np.isfinite(x)))
    if bad:
        return f"missing samples: {bad} of {x.size} are not numbers"
    if float(np.ptp(x)) <= 1e-12 * max(float(np.max(np.abs(x))), 1e-300):
        return "flat: all samples are equal"
    if clipped(x) > _CLIPPED:
        return f"clipped: {100 * clipped(x):.2g} % of the samples stay at the largest or smallest value"
    return ""


def clipped(x: Floats) -> float:
    """Share of the samples that lie in runs of three or more at the record's largest or smallest value."""
    total = 0
    for extreme in (np.max(x), np.min(x)):
        edges = np.diff(np.concatenate([[0], (x == extreme).astype(int), [0]]))
        runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        total += int(np.sum(runs[runs >= _RUN]))
    return total / x.size


def too_short(x: Floats, fs: float, shaft_hz: float) -> str:
    """Whether the record is too short to part defect lines from shaft orders."""
    turns = x.size / fs * shaft_hz
    if turns >= LEAST_REVOLUTIONS:
        return ""
    need = LEAST_REVOLUTIONS / shaft_hz
    return f"too short for the needed resolution: {turns:.3g} revolutions, {LEAST_REVOLUTIONS:.0f} ({need:.2g} s) are needed"


def too_narrow(x: Floats, fs: float, fastest_hz: float) -> str:
    """Whether the spectrum reaches high enough to hold the resonances that a defect of this rate excites."""
    reach = bandwidth(x, fs)
    if reach >= _LINES_WIDE * fastest_hz:
        return ""
    return (
        f"band-limited: the record contains frequencies up to {reach:.3g} Hz, but the envelope of "
        f"lines at {fastest_hz:.3g} Hz needs {_LINES_WIDE * fastest_hz:.3g} Hz"
    )


def bandwidth(x: Floats, fs: float) -> float:
    """The highest frequency in Hz at which the record holds more than rounding noise."""
    medians, width = _stretches(x, fs)
    alive = np.flatnonzero(medians > _DEAD * float(np.max(medians)))
    return float((alive[-1] + 1) * width)


def cut_at(x: Floats, fs: float) -> float:
    """The frequency in Hz above which a filter (or resampling) left nothing; inf for none.

    A fall of 40 dB within two stretches, after three at least that hold noise: a lone line of a generator is no filter's doing.
    """
    medians, width = _stretches(x, fs)
    if medians.size < 4:
        return float("inf")
    falls = 10.0 * np.log10(np.maximum(medians[:-2], 1e-300) / np.maximum(medians[2:], 1e-300))
    steep = 2 + np.flatnonzero(falls[2:] >= _CUT_DB)
    quiet = [n for n in steep if float(np.max(medians[n + 2 :])) <= 10 ** (-_CUT_DB / 10) * float(medians[n])]
    return float((quiet[0] + 1) * width) if quiet else float("inf")


def _stretches(x: Floats, fs: float) -> tuple[Floats, float]:
    """The median power of 64 stretches of the spectrum, and a stretch's width in Hz."""
    power = np.abs(np.fft.rfft((x - np.mean(x)) * np.hanning(x.size))) ** 2
    size = max(power.size // 64, 4)
    medians = np.median(power[: power.size // size * size].reshape(-1, size), axis=1)
    return np.asarray(medians, dtype=np.float64), size / power.size * fs / 2.0
