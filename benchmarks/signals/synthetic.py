"""Healthy vibration made by code: shaft harmonics, a gear mesh, mains lines, resonances and noise, without any defect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def healthy(seed: int, *, fs: float, seconds: float) -> tuple[Floats, float]:
    """A record and its shaft speed in rpm (1000 to 3300); every seed draws speed, colour of noise, lines and mesh anew."""
    rng = np.random.default_rng(seed)
    n = int(fs * seconds)
    t = np.arange(n) / fs
    rpm = float(rng.uniform(1000, 3300))
    turn = 2 * np.pi * rpm / 60 * t
    x = coloured(rng, n, fs)
    for k in range(1, 9):
        x += rng.exponential(0.5) / k * np.sin(k * turn + rng.uniform(0, 6))
    teeth = int(rng.integers(17, 60))
    wobble = 1 + rng.uniform(0, 0.4) * np.cos(turn)  # eccentric gear: mesh modulated once a turn
    for k in (1, 2):
        x += rng.exponential(0.6) / k * wobble * np.sin(k * teeth * turn)
    mains = float(rng.choice([50.0, 60.0]))
    for k in (1, 2, 4, 6, 12):
        x += rng.exponential(0.3) * np.sin(2 * np.pi * k * mains * t + rng.uniform(0, 6))
    return x, rpm


def coloured(rng: np.random.Generator, n: int, fs: float) -> Floats:
    """Noise between white and pink, through three resonances, of unit variance."""
    frequency = np.fft.rfftfreq(n, 1 / fs)
    spectrum = np.fft.rfft(rng.normal(size=n)) / (np.maximum(frequency, 20) / 20) ** rng.uniform(0, 0.6)
    for _ in range(3):
        centre, width = rng.uniform(0.05, 0.45) * fs, rng.uniform(50, 200)
        spectrum = spectrum * (1 + rng.uniform(0, 8) / (1 + ((frequency - centre) / width) ** 2))
    x = np.fft.irfft(spectrum, n)
    return np.asarray(x / np.std(x), dtype=np.float64)
