"""An estimated bearing settled by a record: the candidate of which the strongest race line stands in the envelope spectrum."""

from __future__ import annotations

from typing import Final

import numpy as np

from aitia.tools.signals.vibration.bearings import Orders
from aitia.tools.signals.vibration.designations import Estimate
from aitia.tools.signals.vibration.lines import LINE_DB, SLIP, line
from aitia.tools.signals.vibration.spectrum import OrderSpectrum

_RACES: Final = ("bpfo", "bpfi")


def settled(estimate: Estimate, spectrum: OrderSpectrum) -> Orders:
    """The candidate whose race has the highest family of lines; the likeliest where no race's line stands with a harmonic."""
    scores = [_family(orders, spectrum) for orders in estimate.candidates]
    best = int(np.argmax(scores))
    return estimate.candidates[best if scores[best] > 0 else 0]


def _family(orders: Orders, spectrum: OrderSpectrum) -> float:
    """The sum of decibels of the higher race's fundamental and its harmonics that stand; 0 where they do not."""
    found = [
        line(spectrum, name, orders.impacts[name], slip=SLIP + orders.slack.get(name, 0.0)) for name in _RACES
    ]
    return max(
        sum(h for h in (one.db, *one.harmonics) if h >= LINE_DB)
        if one.db >= LINE_DB and one.family >= 2
        else 0.0
        for one in found
    )
