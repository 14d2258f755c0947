"""The colour bar of a picture: a strip whose colours change along it and not across, each of them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.pictures.palettes import Colours, brightness, nearest, resampled

# By hand, on made pictures.
_ACROSS: Final = 14  # of 255 that two neighbours across the bar may differ by: JPEG
_WIDTH: Final = 5  # points at least
_LENGTH: Final = 0.25  # of the picture's side at least
_STEP: Final = 48.0  # the largest step between colours one point apart
_TRAVEL: Final = 120.0  # that the colours must travel in all
_LIKE: Final = 42.0  # of 441: mean distance up to which the bar has the name of a palette
_LEAST_COLOURS: Final = 20
_BLUR: Final = 1.5  # of 256 steps: what JPEG adds to a bar goes to and fro
_TURN: Final = 0.06  # of a bar's length that may be frame
_SLIM: Final = 6  # a bar is at least so many times as long as wide
_MOST: Final = 12  # strips of each direction that are held against the picture
_OWN: Final = 20.0  # of 441: a colour of the picture that near is one of the bar's


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Its colours, cold first (n, 3), its box (x, y, width, height), the palette it is near to or "", how its ends were told."""

    colours: Colours
    box: tuple[int, int, int, int]
    name: str
    ends: str


def find_bar(rgb: NDArray[np.uint8]) -> Bar | None:
    """The strip that can be a colour bar, upright or level, whose colours most of the picture has; None where there is none."""
    found = [bar for level in (False, True) for bar in _strips(rgb, level=level)]
    if not found:
        return None
    rows, columns = rgb.shape[:2]
    some = rgb[:: max(1, rows // 80), :: max(1, columns // 80)].reshape(-1, 3)
    return max(found, key=lambda b: (_explained(some, b.colours), b.box[2] * b.box[3]))


def _explained(points: NDArray[np.uint8], colours: Colours) -> float:
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(colours).query(points.astype(np.float64))
    return round(float(np.mean(distance <= _OWN)), 2)


def bar_in(rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> Bar:
    """The bar in a box that was given. Raises BadInput for a box outside the picture, or without colours that change."""
    x, y, w, h = box
    if x + w > rgb.shape[1] or y + h > rgb.shape[0]:
        raise BadInput(
            f"The bar's box {list(box)} lies outside the picture of {rgb.shape[1]} × {rgb.shape[0]} points."
        )
    part = rgb[y : y + h, x : x + w].astype(np.float64)
    line = np.median(part, axis=1 if h >= w else 0)
    if len(line) < _LEAST_COLOURS or _travel(line) < _TRAVEL:
        raise BadInput(f"In the box {list(box)} colours do not change along a bar. Give the bar's own box.")
    return _made(line, box, upright=h >= w)


def _strips(rgb: NDArray[np.uint8], *, level: bool) -> list[Bar]:
    """Upright strips, the longest first; of the picture on its side where `level`."""
    seen = np.swapaxes(rgb, 0, 1) if level else rgb
    rows, columns = seen.shape[:2]
    if columns <= _WIDTH + 1:
        return []
    tone = seen.astype(np.int16)
    same = np.max(np.abs(np.diff(tone, axis=1)), axis=2) <= _ACROSS
    run = np.cumsum(np.pad(same.astype(np.int32), ((0, 0), (1, 0))), axis=1)
    even = (
        run[:, _WIDTH - 1 :] - run[:, : -(_WIDTH - 1)] == _WIDTH - 1
    )  # columns c to c + _WIDTH - 1 are alike
    found: list[tuple[int, int, int]] = []  # length, start, column
    for column in range(even.shape[1]):
        middle = tone[:, column + _WIDTH // 2].astype(np.float64)
        for start, end in _runs(even[:, column]):
            if end - start < _LENGTH * rows:
                continue
            for a, b in _smooth(middle[start:end]):
                if b - a >= _LENGTH * rows and _once(middle[start + a : start + b]):
                    found.append((b - a, start + a, column))
    made: list[Bar] = []
    taken: list[int] = []
    for length, start, column in sorted(found, key=lambda f: (-f[0], f[2])):
        if len(made) < _MOST and all(abs(column - t) > 2 * _WIDTH for t in taken):
            taken.append(column)
            left, right = _sides(tone, start, length, column)
            if _SLIM * (right - left) <= length:
                line = np.median(seen[start : start + length, left:right].astype(np.float64), axis=1)
                box = (start, left, length, right - left) if level else (left, start, right - left, length)
                made.append(_made(line, box, upright=not level))
    return made


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.pad(flags.astype(np.int8), 1)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _smooth(line: Colours) -> list[tuple[int, int]]:
    """Stretches without a jump, their even ends cut off."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    made = []
    for a, b in _runs(steps < _STEP):
        b += 1
        part = line[a:b]
        begin = np.flatnonzero(np.linalg.norm(part - part[0], axis=1) > 6)
        end = np.flatnonzero(np.linalg.norm(part - part[-1], axis=1) > 6)
        if begin.size and end.size:
            first, last = max(0, int(begin[0]) - 2), min(len(part), int(end[-1]) + 3)
            first, last = first + _turn(part[first:last]), last - _turn(part[first:last][::-1])
            made.append((a + first, a + last))
    return made


def _turn(line: Colours) -> int:
    """How far in the bar's own end lies, where a frame of almost its colour comes before it: the farthest of what follows."""
    reach = max(2, round(_TURN * len(line)))
    if len(line) <= 2 * reach:
        return 0
    return int(np.argmax(np.linalg.norm(line[:reach] - line[reach + reach // 2], axis=1)))


def _travel(line: Colours) -> float:
    """How far the colours travel, their noise left out."""
    return float(np.sum(np.linalg.norm(np.diff(resampled(line, 32), axis=0), axis=1)))


def _once(line: Colours) -> bool:
    """Whether the colours travel on evenly and no colour comes back: a bar can be read backwards, a scene cannot."""
    coarse = resampled(line, 48)
    steps = np.linalg.norm(np.diff(coarse, axis=0), axis=1)
    if _travel(line) < _TRAVEL or float(np.median(steps)) < 1.0 or float(np.mean(steps > 0.8)) < 0.85:
        return False
    apart = np.linalg.norm(coarse[:, None] - coarse[None], axis=2)
    far = np.abs(np.subtract.outer(np.arange(48), np.arange(48))) > 6
    return float(np.mean(apart[far] < 6.0)) < 0.02


def _sides(tone: NDArray[np.int16], start: int, length: int, column: int) -> tuple[int, int]:
    """The columns that share the bar's colours."""
    own = np.median(tone[start : start + length, column : column + _WIDTH], axis=1)
    left, right = column, column + _WIDTH
    like = np.median(np.max(np.abs(tone[start : start + length] - own[:, None]), axis=2), axis=0) <= _ACROSS
    while left > 0 and like[left - 1]:
        left -= 1
    while right < tone.shape[1] and like[right]:
        right += 1
    return left, right


def _made(line: Colours, box: tuple[int, int, int, int], *, upright: bool) -> Bar:
    """The bar with its hot end told: by the palette it is near, else by where bars have it (above, at the right)."""
    name, distance, turned = nearest(line)
    if distance <= _LIKE:
        # A grey bar may have its hot end dark ("black hot"): where it lies decides there, colours elsewhere.
        if name == "grey":
            hot_first = upright
            dark = bool(brightness(line[0])[()] < brightness(line[-1])[()]) == hot_first
            return _bar(line, box, "grey, hot is dark" if dark else "grey", hot_first, "where it lies")
        return _bar(line, box, name, turned, "its colours")
    return _bar(line, box, "", upright, "where it lies")


def _bar(line: Colours, box: tuple[int, int, int, int], name: str, hot_first: bool, ends: str) -> Bar:
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(resampled(line[::-1] if hot_first else line), _BLUR, axis=0, mode="nearest")
    return Bar(colours=np.asarray(smooth, dtype=np.float64), box=box, name=name, ends=ends)
