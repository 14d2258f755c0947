"""What is kept of a picture to draw it again: a few thousand greys and the places that were told. Never the file itself.

{"wide": points, "high": points, "greys": base64 of bytes row by row, "marks": [{"box": [x, y, w, h] as shares, "name": "1"}],
"lines": [[[x, y], ...] as shares], "ends": [low, high] of the greys or null, "unit": "°C"}
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

import numpy as np

from aitia.tools.signals.pictures.plane import Plane
from aitia.tools.signals.pictures.ridges import Ridges
from aitia.tools.signals.pictures.scale import Field
from aitia.tools.signals.pictures.thermal import Heat
from aitia.tools.sources.rows import Floats

_MOST: Final = 144  # points of the longer side


def heat_artifact(heat: Heat) -> bytes:
    """A thermal picture with its spots (1, 2, …) and named regions."""
    field = heat.field
    if field is None:
        return b""
    marks = [{"box": _shares(s.box, field), "name": str(n)} for n, s in enumerate(heat.spots, start=1)]
    marks += [{"box": _shares(r.box, field), "name": r.name[:24]} for r in heat.regions]
    return _made(field.values, field.unit, marks, [])


def plane_artifact(plane: Plane, found: Ridges) -> bytes:
    """A spectrogram, low frequency below, with its lines."""
    lines = []
    for ridge in found.ridges:
        ends = plane.row_of(np.array([ridge.begin_hz, ridge.end_hz]))
        span = float(plane.seconds[-1] - plane.seconds[0]) or 1.0
        across = [(s - float(plane.seconds[0])) / span for s in (ridge.begin_s, ridge.end_s)]
        lines.append(
            [
                [round(min(max(x, 0.0), 1.0), 4), round(1 - (float(y) + 0.5) / plane.rows, 4)]
                for x, y in zip(across, ends, strict=True)
            ]
        )
    return _made(plane.level.T[::-1], plane.unit, [], lines)


def _shares(box: tuple[int, int, int, int], field: Field) -> list[float]:
    x, y, w, h = field.box
    return [
        round((box[0] - x) / w, 4),
        round((box[1] - y) / h, 4),
        round(box[2] / w, 4),
        round(box[3] / h, 4),
    ]


def _made(values: Floats, unit: str, marks: list[dict[str, Any]], lines: list[list[list[float]]]) -> bytes:
    small, low, high = thumbnail(values, _MOST)
    told = {
        "wide": small.shape[1], "high": small.shape[0], "greys": base64.b64encode(small.tobytes()).decode(), "marks": marks,
        "lines": lines, "ends": [round(low, 2), round(high, 2)] if unit else None, "unit": unit,
    }  # fmt: skip
    return json.dumps(told, separators=(",", ":")).encode()


def thumbnail(
    values: Floats, most: int
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.uint8]], float, float]:
    """Bytes of at most `most` points a side, and the values of 0 and 255."""
    rows, columns = values.shape
    step = max(1.0, max(rows, columns) / most)
    down = np.minimum((np.arange(max(1, int(rows / step))) * step + step / 2).astype(int), rows - 1)
    across = np.minimum((np.arange(max(1, int(columns / step))) * step + step / 2).astype(int), columns - 1)
    low, high = (float(np.percentile(values, p)) for p in (0.5, 99.8))
    share = (values[np.ix_(down, across)] - low) / max(high - low, 1e-12)
    return np.round(255 * np.clip(share, 0, 1)).astype(np.uint8), low, high
