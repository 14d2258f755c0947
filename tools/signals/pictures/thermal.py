"""Hot spots of a thermal image: against what lies around them, an earlier image of the same view, and their like in the picture.

Degrees are told only where a scale is given or the file holds the camera's values; else shares of the picture's range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.pictures.alike import Named, named_regions
from aitia.tools.signals.pictures.read import LEAST_SIDE, Picture
from aitia.tools.signals.pictures.register import laid_over
from aitia.tools.signals.pictures.rises import LEAST_OWN, own_rise
from aitia.tools.signals.pictures.scale import Field, field_of
from aitia.tools.signals.pictures.spots import (
    LEAST_SHARE,
    Region,
    grain_of,
    noise_of,
    regions,
    without_bad_points,
)
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.picture_about import About, Box

LEAST_K: Final = 1.5  # degrees that a spot must stand over its surroundings
MOST_SPOTS: Final = 5
_WORDS: Final = (
    0.22  # of the range: a step from one point to the next, and a colour that no palette ends in half-way
)
_WHITE: Final = 140  # of 255: words are white or black, and JPEG smears them
_PALE: Final = 60
_BLACK: Final = 30


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place that stands out: its peak in shares of the plot (from the left, from the top), area as a share of it.

    `over`: how far its peak stands over the surroundings or the reference, as a share of the range; `degrees` and `peak_degrees`
    in °C where a scale is known. `shape` "body": equally warm up to a sharp edge. `box` in points of the whole picture.
    `at_least`: it lies at the end of the scale, and may be hotter.
    """

    across: float
    down: float
    area: float
    over: float
    degrees: float | None
    peak_degrees: float | None
    shape: Literal["spot", "body"] = "spot"
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    at_least: bool = False
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class Heat:
    """The hottest spots first, what they were held against, the named regions, and what a reader must know."""

    spots: tuple[Spot, ...]
    bodies: tuple[Spot, ...]
    against: str
    notes: tuple[str, ...]
    unit: str = ""
    error: float = 0.0
    hottest: float | None = None
    regions: tuple[Named, ...] = ()
    field: Field | None = field(default=None, compare=False)


def hot_spots(
    picture: Picture,
    *,
    reference: Picture | None = None,
    about: About | None = None,
    reference_about: About | None = None,
) -> Heat:
    """Regions that stand out. Raises BadInput for a reference of another view, or a scale that does not fit the picture."""
    from scipy.ndimage import median_filter

    about = about or About()
    seen = field_of(picture, about)
    values = _without_words(seen, picture)
    notes = [*picture.notes, *seen.notes]
    spread = float(np.percentile(values, 99) - np.percentile(values, 1)) or 1.0
    least = max(LEAST_SHARE * spread, 3.0 * seen.error, LEAST_K if seen.unit else 0.0)
    difference, against, kept = values, "what lies around", None
    if reference is not None:
        then = field_of(reference, reference_about or about)
        if then.unit != seen.unit or reference.valued != picture.valued:
            raise BadInput(
                "Give a reference of the same size and kind as the picture: one has a temperature scale, the other none."
            )
        _check_sizes(picture, reference)
        seen, then = _common(seen, then)
        values = _without_words(seen, picture)
        before, grain = _without_words(then, reference), grain_of(values)
        laid = laid_over(without_bad_points(values, grain), without_bad_points(before, grain))
        difference, against = laid.difference, "the reference picture"
        notes += _laid_notes(laid.shift, laid.gain, laid.offset, seen.unit, spread)
        kept = laid
    found = _standing_out(difference, least, grain_of(values), compared=reference is not None)
    if kept is not None:
        found = [r for r in found if own_rise(r, kept) >= LEAST_OWN * r.over]
    named = named_regions(values, seen.box, about, unit=seen.unit, error=max(seen.error, noise_of(values)))
    spots = [_spot(r, seen, values, spread, named) for r in found]
    notes.append(
        "emissivity, reflections and the angle of view are not known: a shiny surface is neither hot nor cold"
    )
    return Heat(
        spots=tuple(s for s in spots if s.shape == "spot")[:MOST_SPOTS],
        bodies=tuple(s for s in spots if s.shape == "body")[:MOST_SPOTS],
        against=against,
        notes=tuple(dict.fromkeys(notes)),
        unit=seen.unit,
        error=seen.error,
        hottest=float(np.max(median_filter(values, size=3)))
        if seen.unit
        else None,  # a single point is a bad one
        regions=tuple(named),
        field=seen,
    )


def _standing_out(values: Floats, least: float, grain: int, *, compared: bool) -> list[Region]:
    """Against a reference whatever rose counts, a body as a whole as well: it was there before, and no warmer."""
    return regions(np.maximum(values, 0.0) if compared else values, least=least, grain=grain)


def _check_sizes(picture: Picture, reference: Picture) -> None:
    (rows, columns), (other_rows, other_columns) = picture.values.shape, reference.values.shape
    if (rows, columns) != (other_rows, other_columns):
        raise BadInput(
            f"Give a reference of the same size and kind as the picture ({columns} × {rows} points), not"
            f" {other_columns} × {other_rows}: another view cannot be compared."
        )


def _common(one: Field, other: Field) -> tuple[Field, Field]:
    """Both cut to the part of the picture that both plots hold."""
    left, top = max(one.box[0], other.box[0]), max(one.box[1], other.box[1])
    right, foot = (min(f.box[k] + f.box[k + 2] for f in (one, other)) for k in (0, 1))
    if min(right - left, foot - top) < LEAST_SIDE:
        raise BadInput(
            "Give plot as a box in the sidecars: picture and reference have their plots in different places."
        )
    box = (left, top, right - left, foot - top)
    return _cut_to(one, box), _cut_to(other, box)


def _cut_to(field: Field, box: Box) -> Field:
    x, y, w, h = box[0] - field.box[0], box[1] - field.box[1], box[2], box[3]
    part = (slice(y, y + h), slice(x, x + w))
    return replace(field, values=field.values[part], known=field.known[part], box=box)


def _without_words(seen: Field, picture: Picture) -> Floats:
    """The field without what is written or drawn on it: points of no colour of the scale, and thin strokes with sharp edges."""
    from scipy.ndimage import binary_closing, binary_dilation, distance_transform_edt, median_filter

    values = seen.values
    if picture.rgb is None:
        return values
    size = max(7, round(max(values.shape) / 60)) | 1
    around = median_filter(values, size=size)
    spread = float(np.ptp(values)) or 1.0
    step = np.zeros(values.shape)
    for axis in (0, 1):
        jump = np.abs(np.diff(values, axis=axis))
        step = np.maximum(step, np.pad(jump, [(0, int(axis == 0)), (0, int(axis == 1))]))
        step = np.maximum(step, np.pad(jump, [(int(axis == 0), 0), (int(axis == 1), 0)]))
    x, y, w, h = seen.box
    tone = picture.rgb[y : y + h, x : x + w].astype(np.int16)
    bright, dark = tone.min(axis=2), tone.max(axis=2)
    plain = ((bright > _WHITE) & (dark - bright < _PALE)) | (dark < _BLACK) | ~seen.known
    strokes = (np.abs(values - around) > _WORDS * spread) & (step > _WORDS * spread) & plain
    letters = binary_closing(np.pad(strokes | ~seen.known, size), iterations=size // 2)[
        size:-size, size:-size
    ]
    marks = binary_dilation(letters, iterations=3)
    if not bool(np.any(marks)) or bool(np.all(marks)):
        return values
    nearest = distance_transform_edt(marks, return_distances=False, return_indices=True)
    return np.where(marks, around[tuple(nearest)], values)


def _laid_notes(shift: tuple[int, int], gain: float, offset: float, unit: str, spread: float) -> list[str]:
    made = []
    if any(shift):
        made.append(f"the reference was moved by {shift[1]:+d} points across and {shift[0]:+d} down")
    if abs(gain - 1.0) > 0.03 or abs(offset) > 0.01 * spread:
        common = f"{gain:.2f} × the reference {offset:+.3g}{f' {unit}' if unit else ' of the range'}"
        brighter = (
            " (the whole picture is brighter than the reference)"
            if offset > 0 and abs(gain - 1) <= 0.1
            else ""
        )
        made.append(f"what the room or the load changed everywhere was taken out: {common}{brighter}")
    return made


def _spot(region: Region, seen: Field, values: Floats, spread: float, named: Sequence[Named]) -> Spot:
    row, column = region.peak
    x, y, w, h = region.box
    part = values[y : y + h, x : x + w]
    peak = float(np.percentile(part, 98)) if part.size else region.top
    place = (seen.box[0] + column, seen.box[1] + row)
    inside = [
        n.name
        for n in named
        if n.box[0] <= place[0] < n.box[0] + n.box[2] and n.box[1] <= place[1] < n.box[1] + n.box[3]
    ]
    end = seen.ends[1] if seen.ends else None
    return Spot(
        across=round((column + 0.5) / values.shape[1], 3),
        down=round((row + 0.5) / values.shape[0], 3),
        area=round(region.area / values.size, 5),
        over=round(region.over / spread, 3),
        degrees=round(region.over, 2) if seen.unit else None,
        peak_degrees=round(peak, 2) if seen.unit else None,
        shape=region.shape,
        box=(seen.box[0] + x, seen.box[1] + y, w, h),
        at_least=end is not None
        and peak >= end - max(2 * seen.error, 0.004 * (end - (seen.ends or (0, 0))[0])),
        region=inside[0] if inside else "",
    )
