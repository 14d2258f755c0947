"""Whether a place that is hotter than in the reference became so itself: not all that is warm follows the load.

A mirror image, the sun or a body of its own stays as it was while the load changes; a gain over the whole picture makes it hot.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from aitia.tools.signals.pictures.register import Laid
from aitia.tools.signals.pictures.spots import Region
from aitia.tools.sources.rows import Floats

# By hand, on made pictures (docs/fitted.md).
LEAST_OWN: Final = (
    0.25  # of its height over the reference (the ring lies on its slopes, so that a source has about a half)
)
_RING: Final = 75  # percentile of what lies around: of a part at its plate's edge the plate, not the wall
_TOP: Final = 90  # percentile within the place
_AGAIN: Final = 1.12  # times what a place stood out by before: the same thing, in another light and focus


def own_rise(region: Region, laid: Laid) -> float:
    """How much further the place stands out of its surroundings than before, by the gain that explains most of it (K, shares)."""
    now, before = (_standing(region, values) for values in (laid.now, laid.then))
    return now - max(1.0, laid.gain) * _AGAIN * max(0.0, before)


def _standing(region: Region, values: Floats) -> float:
    x, y, w, h = region.box
    wide = max(4, round(0.6 * max(w, h)))
    top, left = max(0, y - wide), max(0, x - wide)
    around = values[top : y + h + wide, left : x + w + wide]
    ring = np.ones(around.shape, dtype=bool)
    ring[y - top : y - top + h, x - left : x - left + w] = False
    inside = around[~ring]
    return float(np.percentile(inside, _TOP) - np.percentile(around[ring], _RING)) if np.any(ring) else 0.0
