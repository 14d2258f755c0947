"""Hot spots of a thermal image: against an earlier image of the same view, else against what lies around them.

A grey value is no temperature: degrees are told only where a scale is given or the file holds the camera's values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.change.scale import mad
from aitia.tools.signals.pictures.read import Picture
from aitia.tools.sources.rows import Floats

# By hand, judged on drawn images (tests/signals/test_pictures.py).
LEAST_SHARE: Final = (
    0.10  # of the picture's range (1st to 99th percentile) that a spot must stand over its surroundings
)
SPREADS: Final = 6.0  # robust spreads of the differences
LEAST_AREA: Final = 0.0004  # of the picture: smaller is noise or a reflection
MOST_SPOTS: Final = 5
_AROUND: Final = 0.35  # of the shorter side: the neighbourhood that a spot is held against
_MOST_SHIFT: Final = 0.05  # of a side by which two views may differ
_LEAST_LIKE: Final = 0.5  # correlation of two pictures of the same view


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A hot spot: its centre in shares of width and height (from the left, from the top), its area as a share of the picture.

    `over`: how far its peak stands over the surroundings or the reference, as a share of the picture's range; degrees where a
    scale is known.
    """

    across: float
    down: float
    area: float
    over: float
    degrees: float | None
    peak_degrees: float | None


@dataclass(frozen=True, kw_only=True)
class Heat:
    """The hottest spots first, what they were held against, and what a reader must know."""

    spots: tuple[Spot, ...]
    against: str
    notes: tuple[str, ...]


def hot_spots(
    picture: Picture, *, reference: Picture | None = None, scale: tuple[float, float] | None = None
) -> Heat:
    """Regions that stand out. Raises BadInput for a reference of another view, or a scale for colours."""
    if scale and (picture.coloured or (reference is not None and reference.coloured)):
        raise BadInput(
            "--range is of grey values, and this picture is coloured: its colours are no temperatures. Save it in a grey"
            " palette, or export the camera's values as CSV (--thermal)."
        )
    if scale and picture.valued:
        raise BadInput("Leave --range out: the file holds the camera's own values.")
    values = picture.values
    spread = float(np.percentile(values, 99) - np.percentile(values, 1)) or 1.0
    per_unit = 1.0 if picture.valued else (scale[1] - scale[0]) if scale else None
    difference, against, notes = _difference(picture, reference)
    limit = max(LEAST_SHARE * spread, SPREADS * float(mad(difference.ravel())))
    spots = _regions(values, difference, limit, spread, per_unit, scale[0] if scale else 0.0)
    if picture.coloured:
        notes.append("colours were taken as brightness, which misleads with a rainbow palette")
    if per_unit is None:
        notes.append("no temperature is told: grey values need --range LOW,HIGH of the camera's scale")
    notes.append(
        "emissivity, reflections and the angle of view are not known: a shiny surface is neither hot nor cold"
    )
    return Heat(spots=tuple(spots), against=against, notes=tuple(notes))


def _difference(picture: Picture, reference: Picture | None) -> tuple[Floats, str, list[str]]:
    from scipy.ndimage import median_filter, zoom

    values = picture.values
    if reference is None:
        size = max(int(_AROUND * min(values.shape)) // 4, 3) | 1
        coarse = median_filter(values[::4, ::4], size=size, mode="nearest")
        around = zoom(coarse, [n / m for n, m in zip(values.shape, coarse.shape, strict=True)], order=1)
        return values - around, "what lies around", []
    moved = _aligned(reference, picture)
    difference = values - moved
    common = float(np.median(difference))  # of the room, the load or the camera's gain: no spot
    told = [
        f"the whole picture is {'brighter' if common > 0 else 'darker'} than the reference by {abs(common):.3g}: taken out"
    ]
    return (
        difference - common,
        "the reference picture",
        told if abs(common) > 0.01 * float(np.ptp(values)) else [],
    )


def _aligned(reference: Picture, picture: Picture) -> Floats:
    """The reference moved onto the picture, by phase correlation."""
    if reference.values.shape != picture.values.shape or reference.valued != picture.valued:
        raise BadInput(
            "Give a reference of the same size and kind as the picture: another view cannot be compared."
        )
    a, b = (p.values - np.mean(p.values) for p in (picture, reference))
    cross = np.fft.rfft2(a) * np.conj(np.fft.rfft2(b))
    peak = np.unravel_index(
        int(np.argmax(np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-12), a.shape))), a.shape
    )
    shift = [int(p) - n if p > n // 2 else int(p) for p, n in zip(peak, a.shape, strict=True)]
    if any(abs(s) > _MOST_SHIFT * n for s, n in zip(shift, a.shape, strict=True)):
        shift = [
            0,
            0,
        ]  # a spot that grew may decide the phase; the correlation below tells whether the views fit as they are
    moved = np.roll(reference.values, shift, axis=(0, 1))
    like = float(np.corrcoef(picture.values.ravel(), moved.ravel())[0, 1])
    if not like >= _LEAST_LIKE:
        raise BadInput(
            f"The reference shows another view (correlation {like:.2f}). Give one taken from the same place."
        )
    return np.asarray(moved, dtype=np.float64)


def _regions(
    values: Floats, difference: Floats, limit: float, spread: float, per_unit: float | None, base: float
) -> list[Spot]:
    from scipy.ndimage import find_objects, label

    labels, _ = label(difference > limit)
    found = []
    for number, where in enumerate(find_objects(labels), start=1):
        inside = labels[where] == number
        area = float(np.sum(inside)) / values.size
        if area < LEAST_AREA:
            continue
        rows, columns = np.nonzero(inside)
        over = float(np.percentile(difference[where][inside], 95))
        peak = float(np.percentile(values[where][inside], 95))
        found.append(
            Spot(
                across=round(float(where[1].start + np.mean(columns)) / values.shape[1], 3),
                down=round(float(where[0].start + np.mean(rows)) / values.shape[0], 3),
                area=round(area, 5),
                over=round(over / spread, 3),
                degrees=None if per_unit is None else round(over * per_unit, 2),
                peak_degrees=None if per_unit is None else round(base + peak * per_unit, 2),
            )
        )
    return sorted(found, key=lambda s: -s.over)[:MOST_SPOTS]
