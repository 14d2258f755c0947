"""Where a field of temperatures stands above what surrounds it: graded spots, and even things that are warm as a whole.

A hot spot has a source: it falls off on all sides. What is equally warm up to a sharp edge is a body, a mirror image or a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from aitia.tools.change.scale import mad
from aitia.tools.sources.rows import Floats

# By hand, on made pictures (docs/fitted.md).
WORKING_SIDE: Final = 320  # points of the longer side that are looked at
RADII: Final = (
    0.02,
    0.035,
    0.06,
    0.10,
    0.16,
)  # of the longer side: of the surroundings that a spot is held against
SPREADS: Final = 6.0  # of the noise
LEAST_SHARE: Final = 0.05  # of the range (1st to 99th percentile)
_WIDE: Final = 0.6  # of the radius: the half-height radius of a spot at most
_FLAT: Final = 0.5  # of the area at half height that is above 85 %: more is an even thing
_PLATEAU: Final = 0.04  # of the picture: what hangs together over more is a plate, no spot
_HALVINGS: Final = 9
_LEAST_AREA: Final = 6  # points at half height
_MEASURED: Final = (
    3  # points of the sensor each way below which a camera measures no temperature (its spot size)
)
_MOST_GRAIN: Final = 4
_BAD: Final = 8.0  # of the noise around
_LAGS: Final = 6
_SATURATED: Final = 0.8  # of the noise at the longest lag
MOST: Final = 8


@dataclass(frozen=True, kw_only=True)
class Region:
    """A place that stands out, in points of the field: its peak, its box (left, top, width, height), its area at half height.

    `over` is its height above the surroundings, in the field's unit.
    """

    peak: tuple[int, int]  # row, column
    box: tuple[int, int, int, int]
    area: int
    over: float
    top: float
    shape: Literal["spot", "body"]


def noise_of(values: Floats, lag: int = 1) -> float:
    """One standard deviation of what changes over `lag` points (mixed second differences: edges hardly count)."""
    return float(mad(_mixed(values, lag).ravel())) / 2.0


def grain_of(values: Floats) -> int:
    """Points of the picture to one point of its sensor, 1 to 4: noise of a picture that was enlarged hangs together so far."""
    if min(values.shape) < 4 * _LAGS:
        return 1
    noise = []
    for lag in range(1, _LAGS + 1):
        size = np.sort(np.abs(_mixed(values, lag)), axis=None)
        noise.append(float(np.mean(size[: int(0.8 * size.size)])))
    if noise[-1] < 1e-4 * float(np.ptp(values)):  # no noise, nothing to tell it by
        return 1
    reached = next(n for n, one in enumerate(noise) if one >= _SATURATED * noise[-1])
    return min(_MOST_GRAIN, max(1, reached))


def without_bad_points(values: Floats, grain: int) -> Floats:
    """What no more than one point of the sensor shows, far above or below what is around it, replaced by what is around it."""
    from scipy.ndimage import find_objects, label, median_filter

    around = median_filter(values, size=3 if grain == 1 else 4 * grain - 1)
    off = np.abs(values - around)
    parts, _ = label(off > max(_BAD * float(mad((values - around).ravel())), 1e-3 * float(np.ptp(values))))
    repaired = values.copy()
    for place in find_objects(parts):
        if max(s.stop - s.start for s in place) <= 2 * grain:
            here = tuple(slice(max(0, s.start - 1), s.stop + 1) for s in place)
            repaired[here] = around[here]
    return repaired


def _mixed(values: Floats, lag: int) -> Floats:
    return values[lag:, lag:] - values[lag:, :-lag] - values[:-lag, lag:] + values[:-lag, :-lag]


def regions(values: Floats, *, least: float, grain: int = 1) -> list[Region]:
    """The places that stand at least `least` above what surrounds them, hottest above it first; one peak each.

    `grain`: points of the field to one of the sensor. What is narrower than three of these is a bad point or an edge's misfit.
    """
    step = max(1, -(-max(values.shape) // WORKING_SIDE))
    coarse = _reduced(values, step)
    smooth = _smoothed(coarse)
    floors = [_opened(smooth, max(2.0, share * max(coarse.shape))) for share in RADII]
    # Noise of the smoothed field, told from where it is: an even scene has none, and a jump is not noise.
    grain = max(1, round(grain / step))
    limit = max(least, SPREADS * noise_of(smooth, grain))
    narrow = _MEASURED * grain
    found: list[tuple[Region, NDArray[np.bool_]]] = []
    for peak in _peaks(smooth, np.max([smooth - f for f in floors], axis=0), limit):
        if any(mask[peak] for _, mask in found):
            continue
        one = _judged(smooth, floors, peak, limit, narrow)
        if one is not None and not any(
            bool(np.any(mask & one[1])) and r.shape == one[0].shape for r, mask in found
        ):
            found.append(one)
    told = sorted((_scaled_up(r, step, values) for r, _ in found), key=lambda r: -r.over)
    return [*[r for r in told if r.shape == "spot"][:MOST], *[r for r in told if r.shape == "body"][:MOST]]


def _reduced(values: Floats, step: int) -> Floats:
    if step == 1:
        return values
    rows, columns = (n // step * step for n in values.shape)
    blocks = values[:rows, :columns].reshape(rows // step, step, columns // step, step)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float64)


def _smoothed(values: Floats) -> Floats:
    """Single bad points out, then a light blur."""
    from scipy.ndimage import gaussian_filter, median_filter

    return np.asarray(gaussian_filter(median_filter(values, size=3), 0.8), dtype=np.float64)


def _opened(values: Floats, radius: float) -> Floats:
    """The field without what is bright and narrower than a disc: a body wider than it stays, with its edges."""
    from scipy.ndimage import grey_opening, zoom

    step = max(1, round(radius / 8))
    coarse = values[::step, ::step]
    r = max(2, round(radius / step))
    y, x = np.ogrid[-r : r + 1, -r : r + 1]
    opened = grey_opening(coarse, footprint=x * x + y * y <= r * r + r, mode="nearest")
    if step > 1:
        opened = zoom(opened, [n / m for n, m in zip(values.shape, opened.shape, strict=True)], order=1)
    return np.minimum(np.asarray(opened, dtype=np.float64), values)


def _peaks(smooth: Floats, over: Floats, limit: float) -> list[tuple[int, int]]:
    from scipy.ndimage import maximum_filter

    tops = (smooth >= maximum_filter(smooth, size=7, mode="nearest")) & (over >= limit)
    places = [(int(r), int(c)) for r, c in np.argwhere(tops)]
    return sorted(places, key=lambda p: (-float(smooth[p]), p))[:400]


def _judged(
    smooth: Floats, floors: list[Floats], peak: tuple[int, int], limit: float, narrow: int
) -> tuple[Region, NDArray[np.bool_]] | None:
    """What a peak is, over the lowest surroundings at which it is still narrow; None where it is part of something wide."""
    top = float(smooth[peak])
    radii = [max(2.0, share * max(smooth.shape)) for share in RADII]
    options = [(float(f[peak]), r) for f, r in zip(floors, radii, strict=True)]
    wide = _PLATEAU * smooth.size
    options.append((_plateau(smooth, peak, top, wide), float(np.sqrt(wide / np.pi))))
    best: tuple[Region, NDArray[np.bool_]] | None = None
    for floor, radius in sorted(options, reverse=True):
        over = top - floor
        if over < limit:
            continue
        half = _around(smooth, peak, top - 0.5 * over)
        area = int(np.sum(half))
        if area < _LEAST_AREA or np.sqrt(area / np.pi) > _WIDE * radius or float(np.max(smooth[half])) > top:
            continue
        if _width(half) < narrow:
            continue
        high = int(np.sum(half & (smooth >= top - 0.15 * over)))
        rows, columns = np.nonzero(half)
        box = (int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
        shape: Literal["spot", "body"] = "body" if high > _FLAT * area else "spot"
        if best is not None and best[0].shape == "spot" and shape == "body":
            continue
        best = (Region(peak=peak, box=box, area=area, over=over, top=top, shape=shape), half)
    return best


def _width(mask: NDArray[np.bool_]) -> float:
    """Points across the narrower way of what is marked, whichever way it lies: that of an ellipse of its spread."""
    places = np.argwhere(mask).astype(float)
    return 4.0 * float(np.sqrt(np.linalg.eigvalsh(np.cov(places.T, bias=True))[0].clip(0.0)))


def _plateau(values: Floats, peak: tuple[int, int], top: float, wide: float) -> float:
    """The level down to which what hangs together with the peak keeps small: that of the plate under a spot."""
    low, high = float(np.min(values)), top
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if int(np.sum(_around(values, peak, middle))) > wide:
            low = middle
        else:
            high = middle
    return high


def _around(values: Floats, peak: tuple[int, int], level: float) -> NDArray[np.bool_]:
    """The points above a level that hang together with the peak."""
    from scipy.ndimage import label

    parts, _ = label(values > level)
    return np.asarray(parts == parts[peak])


def _scaled_up(region: Region, step: int, values: Floats) -> Region:
    if step == 1:
        return region
    x, y, w, h = (n * step for n in region.box)
    row, column = (min(n * step + step // 2, m - 1) for n, m in zip(region.peak, values.shape, strict=True))
    return Region(peak=(row, column), box=(x, y, w, h), area=region.area * step * step, over=region.over, top=region.top,
                  shape=region.shape)  # fmt: skip
