"""A bearing of unknown geometry: a repetition rate with harmonics in the envelope that is no multiple of the shaft's."""

from __future__ import annotations

import numpy as np

from aitia.tools.signals.vibration.lines import Line, line
from aitia.tools.signals.vibration.spectrum import OrderSpectrum

LEAST_DB = 10.0
_LOWEST = 1.6  # below is the cage, and half the shaft speed
_APART = (
    0.03  # of an order from every multiple of half the shaft speed: those are the shaft's own, and looseness
)


def repetition(spectrum: OrderSpectrum) -> Line | None:
    """The strongest rate whose first three harmonics all stand out by 10 dB; None where there is none."""
    apart = max(_APART, 0.5 * spectrum.resolution)  # a local maximum is at most a bin off its line
    tops = (
        np.flatnonzero((spectrum.db[1:-1] >= spectrum.db[:-2]) & (spectrum.db[1:-1] >= spectrum.db[2:])) + 1
    )
    best: Line | None = None
    for index in tops[spectrum.db[tops] >= LEAST_DB]:
        order = float(spectrum.orders[index])
        if order < _LOWEST or abs(2 * order - round(2 * order)) < 2 * apart:
            continue
        found = line(spectrum, "repetition", order, slip=0.0)
        heights = (found.db, *found.harmonics[:2])
        whole = all(np.isfinite(heights)) and min(heights) >= LEAST_DB
        if whole and (best is None or sum(heights) > sum((best.db, *best.harmonics[:2]))):
            best = found
    return best
