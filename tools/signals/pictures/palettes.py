"""Palettes of cameras and plots by their colours, cold first, for pictures without a colour bar and to name the bar of one.

Makers publish no tables; these are drawn through a few colours each. A bar in the picture always goes before them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.sources.rows import Floats

Colours = NDArray[np.float64]
STEPS: Final = 256
_ANCHORS: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "grey": ((0, 0, 0), (255, 255, 255)),
    "ironbow": (
        (0, 0, 10), (32, 0, 110), (110, 0, 155), (180, 20, 150), (220, 60, 80), (240, 110, 20),
        (250, 170, 5), (255, 220, 70), (255, 255, 245),
    ),
    "rainbow": (
        (0, 0, 130), (0, 0, 255), (0, 128, 255), (0, 255, 255), (128, 255, 128), (255, 255, 0), (255, 128, 0), (255, 0, 0),
        (130, 0, 0),
    ),
    "hot metal": ((0, 0, 0), (120, 0, 0), (255, 0, 0), (255, 128, 0), (255, 255, 0), (255, 255, 255)),
    "viridis": (
        (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121), (109, 205, 89),
        (180, 222, 44), (253, 231, 37),
    ),
}  # fmt: skip
NAMES: Final = tuple(_ANCHORS)


def palette(name: str) -> Colours:
    """256 colours of a palette of `NAMES`, shape (256, 3), 0 to 255."""
    anchors = np.array(_ANCHORS[name], dtype=np.float64)
    at = np.linspace(0, len(anchors) - 1, STEPS)
    return np.stack([np.interp(at, np.arange(len(anchors)), anchors[:, c]) for c in range(3)], axis=1)


def resampled(line: Colours, steps: int = STEPS) -> Colours:
    """A line of colours with another number of steps."""
    at = np.linspace(0, len(line) - 1, steps)
    return np.stack([np.interp(at, np.arange(len(line)), line[:, c]) for c in range(3)], axis=1)


def nearest(line: Colours) -> tuple[str, float, bool]:
    """The palette that a bar's colours come nearest to, their mean distance (0 to 441), and whether the line is hot first."""
    found = []
    for name in NAMES:
        own = palette(name)
        for turned in (False, True):
            other = resampled(line[::-1] if turned else line)
            found.append((float(np.mean(np.linalg.norm(own - other, axis=1))), name, turned))
    distance, name, turned = min(found)
    return name, distance, turned


def brightness(rgb: Floats) -> Floats:
    """Luma of colours, 0 to 255."""
    return np.asarray(rgb @ np.array((0.299, 0.587, 0.114)), dtype=np.float64)
