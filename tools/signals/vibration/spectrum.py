"""Spectra of vibration: plain amplitudes, whitening, the kurtogram's bands, and the envelope spectrum fused over bands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

# Bands, segment and whitening were chosen on the 40 records of CWRU (docs/vibration.md says what others give).
HIGHEST_ORDER = 25.0  # of the envelope spectrum: four harmonics of the fastest defect of common bearings
FUSED_PARTS = (1, 2, 3, 6)  # levels 0, 1, 1.6 and 2.6 of the fast kurtogram
_KURTOGRAM = (2, 3, 4, 6, 8, 12, 16)  # its levels 1 to 4: the band in so many equal parts
_EDGE = 0.01  # of the sampling rate: DC drift below, the anti-alias filter's skirt above
_SEGMENT = 300.0  # revolutions: beyond, slip spreads a line over several bins and averaging gains more
_SKIRT_BINS, _SKIRT_DB = (
    4.01,
    10.0,
)  # a strong line's window, and the wander of the speed, reach so far and so low
_WHITENED = 2.0  # shaft orders: the width over which whitening levels the spectrum


@dataclass(frozen=True)
class Band:
    """A frequency band in Hz."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class OrderSpectrum:
    """Decibels over the local floor at shaft orders; `resolution` is the width of a line (two bins under a Hann window)."""

    orders: Floats
    db: Floats
    resolution: float

    def peak(self, order: float, *, within: float) -> tuple[float, float]:
        """Height in dB and place of the highest bin at `order` ± `within` (at least one bin); NaN outside the spectrum.

        Bins of the shaft's own multiples are passed over where the order can be told from them.
        """
        step = float(self.orders[1])
        half = max(within, 1.01 * step)
        low, high = np.searchsorted(self.orders, (order - half, order + half))
        if low < 2 or high >= self.orders.size - 1:
            return float("nan"), order
        places, heights = self.orders[low:high], self.db[low:high]
        if not self.on_shaft(order):
            heights = np.where(self._shafts_own(low, high), -np.inf, heights)
        top = int(np.argmax(heights))
        return (
            (float(heights[top]), float(places[top])) if np.isfinite(heights[top]) else (float("nan"), order)
        )

    def _shafts_own(self, low: int, high: int) -> NDArray[np.bool_]:
        """Which bins are a multiple of the shaft speed, or the skirt of one that stands far over them."""
        step = float(self.orders[1])
        places = self.orders[low:high]
        whole = np.round(places)
        apart = np.abs(places - whole)
        middle = np.minimum(np.round(whole / step).astype(int), self.db.size - 1)
        skirt = (apart <= _SKIRT_BINS * step) & (self.db[low:high] <= self.db[middle] - _SKIRT_DB)
        return np.asarray((whole >= 1) & ((apart <= 1.01 * step) | skirt), dtype=np.bool_)

    def on_shaft(self, order: float) -> bool:
        """Whether an order cannot be told from a multiple of the shaft speed."""
        return round(order) >= 1 and abs(order - round(order)) <= self.resolution


def amplitude_spectrum(x: Floats, fs: float) -> tuple[Floats, Floats]:
    """Frequencies in Hz and amplitudes (peak, in the unit of x) under a Hann window."""
    window = np.hanning(x.size)
    amplitude = 2.0 * np.abs(np.fft.rfft((x - np.mean(x)) * window)) / float(np.sum(window))
    frequency = np.asarray(np.fft.rfftfreq(x.size, 1.0 / fs), dtype=np.float64)
    return frequency, np.asarray(amplitude, dtype=np.float64)


def floor_of(power: Floats, width: int) -> Floats:
    """The running median over `width` bins, taken on blocks of half that width and interpolated."""
    half = max(width // 2, 4)
    quarter = half // 2
    starts = np.arange(0, max(power.size - half, 1), half)
    middles = np.minimum(starts + half / 2.0, power.size - 1)
    medians = np.empty(starts.size)
    inside = (starts >= quarter) & (starts + half + quarter <= power.size)
    if inside.any():
        blocks = np.lib.stride_tricks.sliding_window_view(power, half + 2 * quarter)
        medians[inside] = np.median(blocks[starts[inside] - quarter], axis=1)
    medians[~inside] = [np.median(power[max(s - quarter, 0) : s + half + quarter]) for s in starts[~inside]]
    return np.maximum(np.interp(np.arange(power.size), middles, medians), 1e-300)


def whiten(x: Floats, fs: float, shaft_hz: float) -> Floats:
    """The record with its spectrum levelled over two shaft orders: resonances no longer hide the other bands."""
    from scipy.ndimage import uniform_filter1d

    spectrum = np.fft.rfft(x - np.mean(x))
    width = max(int(_WHITENED * shaft_hz * x.size / fs), 8) | 1
    power = uniform_filter1d(
        np.abs(spectrum) ** 2, width, mode="nearest"
    )  # a running sum: may end just below 0
    level = np.sqrt(np.maximum(power, 0.0))
    least = 1e-9 * float(np.max(level))  # no division by an empty part of the spectrum
    return np.asarray(np.fft.irfft(spectrum / np.maximum(level, least), x.size), dtype=np.float64)


def kurtogram_bands(fs: float, least_width: float = 0.0) -> Iterator[Band]:
    """The bands of the fast kurtogram (binary and ternary splits; Antoni, MSSP 21, 2007) of at least this width."""
    for parts in _KURTOGRAM:
        if fs / 2.0 / parts < least_width:
            return
        yield from _split(fs, parts)


def _split(fs: float, parts: int) -> Iterator[Band]:
    width = fs / 2.0 / parts
    for index in range(parts):
        yield Band(max(index * width, _EDGE * fs), min((index + 1) * width, (0.5 - _EDGE) * fs))


def squared_envelope(x: Floats, fs: float, band: Band) -> tuple[Floats, float]:
    """|analytic signal|² of the band at a reduced rate, and that rate in Hz (twice the band's width)."""
    spectrum = np.fft.rfft(x - np.mean(x))
    low, high = (int(np.ceil(f * x.size / fs)) for f in (band.low, band.high))
    size = 2 * max(
        high - low, 1
    )  # the squared envelope is twice as wide as a real signal of this rate could be
    analytic = np.fft.ifft(spectrum[low:high], size) * (2.0 * size / x.size)
    return np.asarray(np.abs(analytic) ** 2, dtype=np.float64), size * fs / x.size


def kurtosis_of(envelope: Floats) -> float:
    """Spectral kurtosis of a band: E|a|⁴/(E|a|²)² - 2, zero for Gaussian noise, large for repeated impacts."""
    power = float(np.mean(envelope))
    return float(np.mean(envelope**2)) / power**2 - 2.0 if power > 0 else 0.0


def best_band(x: Floats, fs: float, least_width: float) -> Band:
    """The kurtogram's band of the largest spectral kurtosis."""
    bands = list(kurtogram_bands(fs, least_width)) or list(_split(fs, 1))
    return max(bands, key=lambda band: kurtosis_of(squared_envelope(x, fs, band)[0]))


def fused_envelope(
    x: Floats, fs: float, shaft_hz: float, *, parts: tuple[int, ...] = FUSED_PARTS
) -> OrderSpectrum:
    """The envelope spectra of several bands of the whitened signal, each over its own floor, averaged.

    A band's squared-envelope power spectrum is divided by its running median over one shaft order, so that a weak band
    counts as much as a strong one; noise averages out, a defect's line stands in most bands at the same order.
    """
    white = whiten(x, fs, shaft_hz)
    size = min(x.size, int(_SEGMENT * fs / shaft_hz))
    starts = range(0, x.size - size + 1, max(size // 2, 1))
    step = fs / size / shaft_hz
    least = 2.0 * min(HIGHEST_ORDER, 12.0) * shaft_hz
    bins, heights = int(HIGHEST_ORDER / step) + 1, []
    for band in (b for p in parts for b in _split(fs, p) if b.high - b.low >= least or p == 1):
        power: Floats = np.zeros(0)
        for start in starts:
            envelope, _ = squared_envelope(white[start : start + size], fs, band)
            found = np.abs(np.fft.rfft((envelope / np.mean(envelope) - 1.0) * np.hanning(envelope.size))) ** 2
            power = found[:bins] if not power.size else power + found[:bins]
        heights.append(power / floor_of(power, int(1.0 / step)))
    shared = min(h.size for h in heights)
    mean = np.mean([h[:shared] for h in heights], axis=0)
    return OrderSpectrum(
        orders=np.asarray(np.arange(shared) * step, dtype=np.float64),
        db=10.0 * np.log10(np.maximum(mean, 1e-12)),
        resolution=2.0 * step,
    )
