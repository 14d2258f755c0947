"""Numbers as people read them: three significant digits and a unit at a readable scale, in values and sentences alike."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from aitia.tools.sources.rows import Floats

_USUAL = (1.0, 99.0)  # percentiles of a baseline between which its range is told: one odd sample makes none

_SCALES: dict[str, tuple[tuple[float, float, str], ...]] = {
    # unit: (from this magnitude on, factor, shown unit), largest first
    "s": ((1.0, 1.0, "s"), (0.0, 1e3, "ms")),
    "ms": ((1e3, 1e-3, "s"), (0.0, 1.0, "ms")),
    "us": ((1e6, 1e-6, "s"), (0.0, 1e-3, "ms")),
    "ns": ((1e9, 1e-9, "s"), (0.0, 1e-6, "ms")),
    "s/s": ((0.01, 1.0, "s/s"), (0.0, 1e3, "ms/s")),
    "us/s": ((0.0, 1e-3, "ms/s"),),
    "ns/s": ((0.0, 1e-6, "ms/s"),),
    "bytes": ((2.0**30, 2.0**-30, "GiB"), (2.0**20, 2.0**-20, "MiB"), (2.0**10, 2.0**-10, "KiB"), (0.0, 1.0, "B")),
    "KiB": ((2.0**20, 2.0**-20, "GiB"), (2.0**10, 2.0**-10, "MiB"), (0.0, 1.0, "KiB")),
    "MiB": ((2.0**10, 2.0**-10, "GiB"), (0.0, 1.0, "MiB")),
    "bytes/s": ((2.0**20, 2.0**-20, "MiB/s"), (2.0**10, 2.0**-10, "KiB/s"), (0.0, 1.0, "B/s")),
    "ratio": ((0.0, 100.0, "%"),),
    "percent": ((0.0, 1.0, "%"),),
    "celsius": ((0.0, 1.0, "°C"),),
}  # fmt: skip


def sig3(value: float) -> float:
    """The value at three significant digits (four-digit and longer integers keep their integer part)."""
    if not math.isfinite(value) or value == 0.0:
        return 0.0 if value == 0.0 else value
    if abs(value) >= 1000.0:
        return float(round(value))
    return float(f"{value:.3g}")


def scale(unit: str, largest: float) -> tuple[float, str]:
    """The factor and the shown unit at which a magnitude is readable."""
    for least, factor, shown in _SCALES.get(unit, ((0.0, 1.0, unit),)):
        if abs(largest) >= least:
            return factor, shown
    return 1.0, unit


def text(value: float) -> str:
    """A number at three significant digits, without an exponent where it can be avoided."""
    rounded = sig3(value)
    if rounded == int(rounded) and abs(rounded) < 1e15:
        return str(int(rounded))
    return f"{rounded:.12f}".rstrip("0") if 1e-9 < abs(rounded) < 1.0 else repr(rounded)


def with_unit(value: float, unit: str) -> str:
    """A number and its unit."""
    return f"{text(value)} {unit}".rstrip()


def clock(moment: datetime) -> str:
    """`10:02:05 UTC`."""
    return f"{moment:%H:%M:%S} UTC"


def usual_range(baseline: Floats) -> tuple[float, float]:
    """Between which values (lowest, highest) the known samples of a baseline lie but for a hundredth at either end."""
    low, high = np.percentile(baseline, _USUAL)
    return float(low), float(high)
