"""From colours to temperatures (or levels): by the colour bar in the picture, by a palette's name, by greys, by raw counts.

Every way says which it was and the error that it brings; without a scale values are shares of the picture's own range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.pictures.bar import Bar, bar_in, find_bar
from aitia.tools.signals.pictures.palettes import NAMES, STEPS, Colours, palette
from aitia.tools.signals.pictures.read import LEAST_SIDE, Picture
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.picture_about import About, Box, Pair

_FAR: Final = 60.0  # of 441: a colour farther from the palette is text or a mark
_MOST_FAR: Final = 0.35  # of the points that may be
_BAR_END: Final = 1.5  # points
_CLEAN: Final = 2.0  # of 441: by rounding
_LOSSY: Final = 5.0  # of 441: by JPEG, whose steps of colour are coarse
_NEAR: Final = 26.0  # median distance up to which a palette without a bar is taken for the picture's
_LEAST_PLOT: Final = 0.15  # of the picture
_PART: Final = 0.003  # of the picture: smaller things beside the frame are words and marks


@dataclass(frozen=True, kw_only=True)
class Field:
    """A picture's plot as numbers: in `unit` where a scale is known, else shares of its own range (`unit` "").

    `box` is the plot in the picture, `error` what the way of reading brings (same unit, one standard error), `known` the points
    that had a colour of the scale, `ends` the scale's lower and upper end where values beyond them cannot be told apart.
    """

    values: Floats
    box: Box
    unit: str
    error: float
    known: NDArray[np.bool_]
    ends: Pair | None
    palette: str
    notes: tuple[str, ...]


def field_of(picture: Picture, about: About, *, level: bool = False) -> Field:
    """The numbers of a picture: °C, or dB where `level`. Raises BadInput for a scale that does not fit the picture."""
    ends = about.level if level else about.range
    unit = "dB" if level else "°C"
    if picture.valued:
        return _valued(picture, about, ends, unit)
    if picture.deep:
        return _deep(picture, about, ends, unit)
    return _colours(picture, about, ends, unit)


def _celsius(values: Floats, unit: str) -> Floats:
    if unit == "F":
        return (values - 32.0) / 1.8
    return values - 273.15 if unit == "K" else values


def _valued(picture: Picture, about: About, ends: Pair | None, unit: str) -> Field:
    if ends or about.counts:
        raise BadInput("Leave --range (and counts) out: the file holds the camera's own values.")
    cut, box = _cut(picture.values, about.plot)
    return Field(
        values=_celsius(cut, about.unit), box=box, unit=unit, error=0.0, known=np.ones(cut.shape, dtype=bool), ends=None,
        palette="", notes=("the camera's own values",),
    )  # fmt: skip


def _deep(picture: Picture, about: About, ends: Pair | None, unit: str) -> Field:
    cut, box = _cut(picture.values, about.plot)
    known = np.ones(cut.shape, dtype=bool)
    if about.counts:
        gain, offset = about.counts
        said = f"counts × {gain:g} {offset:+g}"
        return Field(values=_celsius(gain * cut + offset, about.unit), box=box, unit=unit, error=gain / 3.5, known=known,
                     ends=None, palette="", notes=(said,))  # fmt: skip
    low, high = float(np.min(cut)), float(np.max(cut))
    share = (cut - low) / max(high - low, 1e-12)
    if ends is None:
        return Field(values=share, box=box, unit="", error=0.0, known=known, ends=None, palette="",
                     notes=(_NO_COUNTS,))  # fmt: skip
    said = f"the lowest count is taken for {ends[0]:g}, the highest for {ends[1]:g}"
    return _scaled(share, known, box, ends, about, unit, "", 0.0, (said,))


_NO_COUNTS: Final = (
    "no temperature is told: raw counts need counts: [gain, offset] of the camera in a sidecar, or --range LOW..HIGH of the"
    " picture's extremes"
)
_NO_RANGE: Final = (
    "no temperature is told: colours and greys need --range LOW..HIGH, the ends of the camera's scale"
)


def _colours(picture: Picture, about: About, ends: Pair | None, unit: str) -> Field:
    rgb = picture.rgb
    if rgb is None:
        rgb = np.repeat(np.round(255 * np.clip(picture.values, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)
    bar = bar_in(rgb, about.bar) if about.bar else None if about.palette else find_bar(rgb)
    box = _checked(about.plot, rgb.shape) if about.plot else _plot(rgb, bar)
    x, y, w, h = box
    cut = rgb[y : y + h, x : x + w]
    line, name, notes = _line(cut, bar, about, picture.coloured, ends)
    if line is None:
        shares, known, width = picture.values[y : y + h, x : x + w], np.ones((h, w), dtype=bool), 1 / 255
    else:
        shares, known, width = inverted(cut, line, least=_LOSSY if picture.lossy else _CLEAN)
        if bar is not None:  # where exactly a bar ends is not seen to better than that
            width = float(np.hypot(width, _BAR_END / max(bar.box[2:])))
        if (far := 1.0 - float(np.mean(known))) > _MOST_FAR:
            raise BadInput(
                f"{far:.0%} of the picture has no colour of {name or 'the bar found in it'}."
                " Give palette, or bar and plot as boxes, in a sidecar."
            )
    if ends is None:
        return Field(
            values=shares,
            box=box,
            unit="",
            error=width,
            known=known,
            ends=None,
            palette=name,
            notes=(*notes, _NO_RANGE),
        )
    return _scaled(shares, known, box, ends, about, unit, name, width, notes)


def _scaled(
    shares: Floats, known: NDArray[np.bool_], box: Box, ends: Pair, about: About, unit: str, name: str, width: float,
    notes: tuple[str, ...],
) -> Field:  # fmt: skip
    low, high = ends if unit == "dB" else (float(_celsius(np.array(e), about.unit)) for e in ends)
    error = width * (high - low)
    said = f"reading it off the scale {low:g} to {high:g} {unit} brings ± {error:.2g} {unit}"
    return Field(values=low + shares * (high - low), box=box, unit=unit, error=error, known=known, ends=(low, high),
                 palette=name, notes=(*notes, said))  # fmt: skip


def _line(
    cut: NDArray[np.uint8], bar: Bar | None, about: About, coloured: bool, ends: Pair | None
) -> tuple[Colours | None, str, tuple[str, ...]]:
    """The scale's colours, the palette's name, and how they were found; None where brightness itself is all there is."""
    if bar is not None:
        named = f"a bar of {bar.name}" if bar.name else "a bar of a palette without a name here"
        sure = (
            ""
            if bar.ends == "its colours"
            else ": which end is hot was told by where it lies (above, or right)"
        )
        return bar.colours, bar.name, (f"colours were read off {named} in the picture{sure}",)
    if about.palette:
        if about.palette not in NAMES:
            raise BadInput(
                f"Give palette as one of {', '.join(NAMES)}, not {about.palette!r}. Or leave the bar in the picture."
            )
        return palette(about.palette), about.palette, (f"colours were read as {about.palette}, as was said",)
    if not coloured:
        return None, "grey", ("the picture is grey and has no bar: bright is taken for hot",)
    distances = {
        name: float(np.median(_nearest(cut[::3, ::3].reshape(-1, 3), palette(name))[0]))
        for name in NAMES
        if name != "grey"
    }
    name = min(distances, key=lambda n: distances[n])
    if distances[name] <= _NEAR:
        return (
            palette(name),
            name,
            (f"no bar was found: colours are nearest to {name}, which is drawn by a few colours only",),
        )
    if ends is not None:
        raise BadInput(
            "No colour bar was found and the colours are of no palette known here: its colours are no temperatures."
            " Save it with the bar, in grey, or export the camera's values (CSV, NPZ)."
        )
    return None, "", ("colours were taken as brightness, which misleads with a rainbow palette",)


def _nearest(points: NDArray[np.uint8], line: Colours) -> tuple[Floats, NDArray[np.int64]]:
    from scipy.spatial import cKDTree

    distance, place = cKDTree(line).query(points.astype(np.float64))
    return np.asarray(distance, dtype=np.float64), np.asarray(place, dtype=np.int64)


def inverted(
    rgb: NDArray[np.uint8], line: Colours, *, least: float
) -> tuple[Floats, NDArray[np.bool_], float]:
    """Shares of the scale (0 cold end, 1 hot end), which points had a colour of it, and the error as a share.

    The error is how far along the scale colours lie that are as near as the picture's colours come to it: a palette that passes
    the same colour twice, or JPEG, makes it large. `least`: how far colours are off at least (0 to 441).
    """
    packed = (rgb[..., 0].astype(np.int32) << 16) | (rgb[..., 1].astype(np.int32) << 8) | rgb[..., 2]
    unique, back = np.unique(packed, return_inverse=True)
    tones = np.stack([unique >> 16, (unique >> 8) & 255, unique & 255], axis=1).astype(np.uint8)
    distance, place = _nearest(tones, line)
    far = distance[back].reshape(packed.shape)
    known = far <= _FAR
    shares = (place / (STEPS - 1))[back].reshape(packed.shape)
    noise = float(np.median(far[known])) if bool(np.any(known)) else 0.0
    apart = np.linalg.norm(line[:, None] - line[None], axis=2)
    index = np.arange(STEPS)
    reach = np.where(apart <= max(noise, least), np.abs(index[:, None] - index[None]), 0).max(axis=1)
    width = (
        float(np.mean(reach[np.round(shares[known] * (STEPS - 1)).astype(int)]))
        if bool(np.any(known))
        else 0.0
    )
    return np.asarray(shares, dtype=np.float64), known, max(width, 1.0) / (STEPS - 1) / 2.0


def _cut(values: Floats, box: Box | None) -> tuple[Floats, Box]:
    x, y, w, h = _checked(box, values.shape) if box else (0, 0, values.shape[1], values.shape[0])
    return values[y : y + h, x : x + w], (x, y, w, h)


def _checked(box: Box, shape: tuple[int, ...]) -> Box:
    x, y, w, h = box
    if x + w > shape[1] or y + h > shape[0]:
        raise BadInput(
            f"The plot's box {list(box)} lies outside the picture of {shape[1]} × {shape[0]} points."
        )
    if min(w, h) < LEAST_SIDE:
        raise BadInput(f"The plot's box {list(box)} is smaller than {LEAST_SIDE} points.")
    return box


def _plot(rgb: NDArray[np.uint8], bar: Bar | None) -> Box:
    """The part of the picture that is no frame: what the even colour around it and the bar leave; all of it without a frame."""
    from scipy.ndimage import find_objects, label, maximum_filter, minimum_filter

    rows, columns = rgb.shape[:2]
    tone = rgb.astype(np.int16).sum(axis=2)
    even = (maximum_filter(tone, 5) - minimum_filter(tone, 5)) <= 9
    parts, count = label(even)
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    frame = np.isin(parts, [n for n in edge if n and sizes[n] > 0.02 * rows * columns])
    if bar is not None:
        x, y, w, h = bar.box
        frame[max(0, y - 4) : y + h + 4, max(0, x - 4) : x + w + 4] = True
        if h >= w and x > 0.75 * columns:  # what stands beside a bar are its words
            frame[:, x - 4 :] = True
        elif h >= w and x + w < 0.25 * columns:
            frame[:, : x + w + 4] = True
        elif h < w and y > 0.75 * rows:
            frame[y - 4 :] = True
        elif h < w and y + h < 0.25 * rows:
            frame[: y + h + 4] = True
    elif not bool(np.any(frame)):
        return 0, 0, columns, rows
    rest, found = label(~frame)
    sizes = np.bincount(rest.ravel(), minlength=found + 1)
    parts_of = [
        part for n, part in enumerate(find_objects(rest), start=1) if sizes[n] >= _PART * rows * columns
    ]
    if not parts_of:
        return 0, 0, columns, rows
    # What is not even reaches two points into the frame.
    top, left = (min(p[k].start for p in parts_of) for k in (0, 1))
    foot, right = (max(p[k].stop for p in parts_of) for k in (0, 1))
    top, left = top + 2 * (top > 0), left + 2 * (left > 0)
    foot, right = foot - 2 * (foot < rows), right - 2 * (right < columns)
    box = (left, top, right - left, foot - top)
    large = min(box[2:]) >= LEAST_SIDE and box[2] * box[3] >= _LEAST_PLOT * rows * columns
    return box if large else (0, 0, columns, rows)
