"""Spectra of vibration: automatic demodulation band, envelope spectrum, and the height of lines over their surroundings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aitia.tools.sources.rows import Floats

SLIP = 0.015  # rolling elements slip: a line lies within 1.5 % of its nominal frequency
_LEVELS = (2, 3, 4, 6, 8, 12, 16)  # the band between 0 and fs/2 in this many equal parts


@dataclass(frozen=True)
class Band:
    """A frequency band in Hz."""

    low: float
    high: float


def candidate_bands(fs: float, least_width: float) -> Iterator[Band]:
    """The kurtogram's bands (binary and ternary splits) that are wide enough for the lines looked for."""
    for parts in _LEVELS:
        width = fs / 2.0 / parts
        if width < least_width:
            return
        for index in range(parts):
            low = max(index * width, 0.02 * fs / 2.0)
            yield Band(low, (index + 1) * width)


def squared_envelope(x: Floats, fs: float, band: Band) -> Floats:
    """|analytic signal|² of the band, by zeroing the spectrum outside it (Hann-tapered edges are not needed here)."""
    spectrum = np.fft.fft(x - np.mean(x))
    frequency = np.fft.fftfreq(x.size, 1.0 / fs)
    inside = (frequency >= band.low) & (frequency < band.high)
    analytic = np.fft.ifft(np.where(inside, 2.0 * spectrum, 0.0))
    return np.asarray(np.abs(analytic) ** 2, dtype=np.float64)


def kurtosis_of(envelope: Floats) -> float:
    """Spectral kurtosis of a band: E|a|⁴/(E|a|²)² - 2, zero for Gaussian noise, large for repeated impacts."""
    power = float(np.mean(envelope))
    return float(np.mean(envelope**2)) / power**2 - 2.0 if power > 0 else 0.0


def best_band(blocks: list[Floats], fs: float, least_width: float) -> Band:
    """The band with the largest median spectral kurtosis over the blocks: one stray impact does not choose it."""
    bands = list(candidate_bands(fs, least_width)) or [Band(0.02 * fs / 2.0, fs / 2.0)]
    score = [float(np.median([kurtosis_of(squared_envelope(x, fs, band)) for x in blocks])) for band in bands]
    return bands[int(np.argmax(score))]


def amplitude_spectrum(x: Floats, fs: float) -> tuple[Floats, Floats]:
    """Frequencies in Hz and amplitudes (peak, in the unit of x) under a Hann window."""
    window = np.hanning(x.size)
    amplitude = 2.0 * np.abs(np.fft.rfft((x - np.mean(x)) * window)) / float(np.sum(window))
    frequency = np.asarray(np.fft.rfftfreq(x.size, 1.0 / fs), dtype=np.float64)
    return frequency, np.asarray(amplitude, dtype=np.float64)


def line(frequency: Floats, amplitude: Floats, at: float, *, slip: float = SLIP) -> tuple[float, float]:
    """Height of the largest bin near `at` over the median of its surroundings, in dB, and where it is in Hz."""
    resolution = float(frequency[1])
    half = max(slip * at, 1.01 * resolution)
    low, high = np.searchsorted(frequency, (at - half, at + half))
    around = max(0.15 * at, 14 * resolution)
    left, right = np.searchsorted(frequency, (max(at - around, 2 * resolution), at + around))
    if high <= low or right - left < 8 or at + half >= frequency[-1]:
        return float("nan"), at
    peak = low + int(np.argmax(amplitude[low:high]))
    rest = np.concatenate([amplitude[left : max(low - 1, left)], amplitude[high + 1 : right]])
    floor = float(np.median(rest)) if rest.size else 0.0
    height = 20.0 * np.log10(max(float(amplitude[peak]), 1e-300) / floor) if floor > 0 else float("nan")
    return float(height), float(frequency[peak])


def comb(
    frequency: Floats, amplitude: Floats, fundamental: float, *, harmonics: int = 4
) -> tuple[float, int, float]:
    """Mean height of a fundamental and its harmonics in dB, how many stand out by 10 dB, and the fundamental's place."""
    heights, place = [], fundamental
    for n in range(1, harmonics + 1):
        height, found = line(frequency, amplitude, n * fundamental)
        if np.isfinite(height):
            heights.append(height)
        if n == 1:
            place = found
    if not heights:
        return float("nan"), 0, place
    weights = np.array([1.0, 0.8, 0.6, 0.4])[: len(heights)]
    return float(np.average(heights, weights=weights)), int(sum(h >= 10.0 for h in heights)), place
