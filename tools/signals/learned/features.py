"""Features of windows: time, spectrum and envelope of vibration, level and relations of process signals."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.change.scale import mad
from aitia.tools.signals.learned.windows import ORDERS, Windows
from aitia.tools.signals.vibration.bearings import Orders
from aitia.tools.signals.vibration.lines import measure
from aitia.tools.signals.vibration.spectrum import (
    amplitude_spectrum,
    best_band,
    kurtosis_of,
    squared_envelope,
)
from aitia.tools.sources.rows import Floats

_BANDS: Final = 8  # equal parts of 0 to fs/2
_PAIRED: Final = 12  # channels at most whose correlations are features: 66 pairs
LEAST_HEALTHY: Final = 3  # windows of a machine, to standardise it against its own
LEAST_TURNS: Final = 6.0  # of the shaft in a window, for orders
_GRID: Final = np.geomspace(
    0.35, 12.0, 19
)  # orders of the shaft between which the highest envelope line is taken
_TINY: Final = 1e-12


def extract(windows: Windows) -> tuple[Floats, tuple[str, ...]]:
    """Shape (windows, features) and the names; NaN where a feature needs a speed or geometry that is not given."""
    each = _vibration if np.isfinite(windows.fs) else _process
    rows: list[list[float]] = []
    names: list[str] = []
    for n in range(len(windows.labels)):
        found = [pair for c, channel in enumerate(windows.channels) for pair in
                 ((f"{name}, {channel}", value) for name, value in each(windows, n, c).items())]  # fmt: skip
        if len(windows.channels) > 1:
            found += _relations(windows, n)
        names = [name for name, _ in found]
        rows.append([value for _, value in found])
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(names)), tuple(names)


def _process(windows: Windows, n: int, c: int) -> dict[str, float]:
    x = windows.x[n, :, c]
    time = np.linspace(-0.5, 0.5, x.size)
    steps = np.diff(x)
    return {
        "level": float(np.mean(x)),
        "slope over the window": float(time @ x / (time @ time)),
        "variation": float(np.std(x)),
        "step to step": float(np.std(steps)),
        "lowest": float(np.min(x)),
        "highest": float(np.max(x)),
    }


def _relations(windows: Windows, n: int) -> list[tuple[str, float]]:
    x = windows.x[n][:, :_PAIRED]
    z = x - x.mean(axis=0)
    norm = np.sqrt(np.sum(z * z, axis=0))
    joint = z.T @ z / np.maximum(np.outer(norm, norm), _TINY)
    return [
        (f"correlation of {windows.channels[a]} and {windows.channels[b]}", float(joint[a, b]))
        for a, b in combinations(range(x.shape[1]), 2)
    ]


def _vibration(windows: Windows, n: int, c: int) -> dict[str, float]:
    x, fs, turn = windows.x[n, :, c], windows.fs, float(windows.rpm[n]) / 60.0
    z = x - np.mean(x)
    rms = float(np.sqrt(np.mean(z * z)))
    shape = z / max(rms, _TINY)
    made = {
        "log10 RMS": float(np.log10(max(rms, _TINY))),
        "kurtosis": float(np.mean(shape**4)),
        "skewness": float(np.mean(shape**3)),
        "crest factor": float(np.max(np.abs(shape))),
        "impulse factor": float(np.max(np.abs(z)) / max(np.mean(np.abs(z)), _TINY)),
    }
    frequency, amplitude = amplitude_spectrum(x, fs)
    power = amplitude**2
    whole = max(float(np.sum(power)), _TINY**2)
    for b, part in enumerate(np.array_split(power, _BANDS)):
        share = float(np.sum(part)) / whole
        made[f"log10 energy share of {b * fs / 2 / _BANDS:g}-{(b + 1) * fs / 2 / _BANDS:g} Hz"] = float(
            np.log10(share + 1e-9)
        )
    made["spectral centroid"] = float(np.sum(frequency * power) / whole)
    for order in (1, 2, 3):
        near = amplitude[np.abs(frequency - order * turn) <= max(0.01 * order * turn, 1.01 * frequency[1])]
        known = turn > 0 and near.size > 0
        made[f"log10 of the {order}x line"] = float(np.log10(np.max(near) + _TINY)) if known else float("nan")
    return made | _envelope(x, fs, turn, windows.orders[n])


def _envelope(x: Floats, fs: float, turn: float, orders: Floats) -> dict[str, float]:
    """The most impulsive band, and the fused envelope spectrum: lines at fault orders, and the highest by order."""
    band = best_band(x, fs, 0.02 * fs)
    made = {
        "centre of the impulsive band": 0.5 * (band.low + band.high),
        "kurtosis of the impulsive band": kurtosis_of(squared_envelope(x, fs, band)[0]),
    }
    still = float(np.ptp(x)) <= 0
    if still or not x.size * turn >= LEAST_TURNS * fs:  # no speed, or too few turns for orders
        lines, spectrum = {}, None
    else:
        found = measure(x, fs, turn, Orders(**dict(zip(ORDERS, np.nan_to_num(orders), strict=True))))
        lines, spectrum = found.lines, found.spectrum
    for name in ORDERS:
        line = lines.get(name)
        parts = (line.db, _mean(line.harmonics), _mean(line.sidebands)) if line else (np.nan,) * 3
        for part, value in zip(("line", "harmonics", "sidebands"), parts, strict=True):
            made[f"{name.upper()} {part} in the envelope, dB"] = value
    for low, high in pairwise(_GRID):
        inside = (spectrum.orders >= low) & (spectrum.orders < high) if spectrum else np.zeros(0, dtype=bool)
        top = float(np.max(spectrum.db[inside])) if spectrum and inside.any() else np.nan
        made[f"highest envelope line of {low:.2g}-{high:.2g}x, dB"] = top
    return made


def _mean(heights: tuple[float, ...]) -> float:
    known = [h for h in heights if np.isfinite(h)]
    return float(np.mean(known)) if known else float("nan")


def rows_of(
    windows: Windows, *, healthy: str, usual: Floats | None = None
) -> tuple[Floats, tuple[str, ...], Floats]:
    """What the trees see, its names, and the medians that stand for missing features.

    With `healthy` each machine's features are taken as distances from its own healthy windows (in their spread, and in a
    twentieth of the level at least). Raises BadInput where a machine has too few of them.
    """
    x, names = extract(windows)
    if healthy:
        x = _against_own(x, windows, healthy)
    if usual is None:
        known = np.isfinite(x)
        usual = np.array([float(np.median(x[k, n])) if k.any() else 0.0 for n, k in enumerate(known.T)])
    return np.where(np.isfinite(x), x, usual), names, usual


def _against_own(x: Floats, windows: Windows, healthy: str) -> Floats:
    made = np.empty_like(x)
    groups, labels = np.array(windows.groups), np.array(windows.labels)
    for group in dict.fromkeys(windows.groups):
        own = groups == group
        calm = x[own & (labels == healthy)]
        if len(calm) < LEAST_HEALTHY:
            raise BadInput(
                f"Machine {group!r} has {len(calm)} {healthy!r} windows. Give {LEAST_HEALTHY}, or leave "
                "--healthy out."
            )
        middle = np.median(calm, axis=0)
        spread = np.maximum(mad(calm), 0.05 * np.abs(middle))
        made[own] = (x[own] - middle) / np.maximum(spread, 1e-6)
    return np.asarray(np.clip(made, -100.0, 100.0), dtype=np.float64)
