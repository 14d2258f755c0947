"""A reference picture laid over another one of the same view: shift by phase correlation, parts of a point, a turn and a nearer
stand by least squares on the edges, then gain and offset of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats

MOST_SHIFT: Final = 0.10  # of a side by which two views may differ
LEAST_LIKE: Final = 0.5  # correlation of two pictures of the same view
_STEPS: Final = 12  # of the reference's range
_LOW: Final = 25.0  # percentile of a step's points
_FEW: Final = 0.004  # of the points: fewer tell nothing of a step
_NEAR: Final = 2  # points by which phases may miss the best shift
_SLACK: Final = 64  # an edge may lie off by one of so many parts of the longer side: focus, parts of a point
_GAINS: Final = (0.5, 2.0)
_ROUNDS: Final = 6  # of the finer fit
_BLUR: Final = 1.5  # points: edges that are softer are met from farther off
_FOCUS: Final = (0.7, 1.0, 1.4, 2.0, 2.8)  # points of blur that the sharper of two may get
_MOST_FINE: Final = 0.02  # of the longer side that the finer fit may move a corner by


@dataclass(frozen=True, kw_only=True)
class Laid:
    """What the picture stands over the reference by (0 outside their overlap), and how the two fit."""

    difference: Floats
    now: Floats  # the picture, as sharp as the reference
    then: Floats  # the reference in its place, in its own degrees
    overlap: NDArray[np.bool_]
    shift: tuple[int, int]  # down, right: of the reference to lie on the picture
    gain: float
    offset: float
    like: float


def laid_over(now: Floats, then: Floats) -> Laid:
    """Raises BadInput where the sizes differ or the two do not show the same view."""
    if now.shape != then.shape:
        raise BadInput(
            f"Give a reference of the same size and kind as the picture ({now.shape[1]} × {now.shape[0]} points), not"
            f" {then.shape[1]} × {then.shape[0]}: another view cannot be compared."
        )
    candidates = {(0, 0), _shift(now, then), _shift(_edges(now), _edges(then))}
    first, _ = max(((s, _like(now, then, s)) for s in sorted(candidates)), key=lambda pair: pair[1])
    near = [(first[0] + a, first[1] + b) for a in range(-_NEAR, _NEAR + 1) for b in range(-_NEAR, _NEAR + 1)]
    shift, like = max(((s, _like(now, then, s)) for s in near), key=lambda pair: pair[1])
    if not like >= LEAST_LIKE:
        raise BadInput(
            f"The reference shows another view (correlation {like:.2f}). Give one taken from the same place."
        )
    moved, overlap = _finer(now, *_moved(then, shift))
    now, moved = _focused(now, moved, overlap)
    gain, offset = _fitted(now[overlap], moved[overlap])
    low, high = _extremes(gain * moved + offset)
    # An edge that lies half a point off is no difference: the picture is held against the least and most around each point.
    difference = np.where(now > high, now - high, np.where(now < low, now - low, 0.0))
    return Laid(
        difference=np.where(overlap, difference, 0.0),
        now=now,
        then=moved,
        overlap=overlap,
        shift=shift,
        gain=gain,
        offset=offset,
        like=like,
    )


def _edges(values: Floats) -> Floats:
    from scipy.ndimage import gaussian_gradient_magnitude

    return np.asarray(gaussian_gradient_magnitude(values, 1.5), dtype=np.float64)


def _shift(now: Floats, then: Floats) -> tuple[int, int]:
    """The shift at which the phases agree best, within what two views may differ by."""
    window = np.outer(np.hanning(now.shape[0]), np.hanning(now.shape[1]))
    a, b = ((p - np.mean(p)) * window for p in (now, then))
    cross = np.fft.rfft2(a) * np.conj(np.fft.rfft2(b))
    peaks = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-12), now.shape)
    far = [np.minimum(np.arange(n), n - np.arange(n)) > MOST_SHIFT * n for n in now.shape]
    peaks[far[0]] = -np.inf
    peaks[:, far[1]] = -np.inf
    place = np.unravel_index(int(np.argmax(peaks)), peaks.shape)
    down, right = (int(p) - n if p > n // 2 else int(p) for p, n in zip(place, now.shape, strict=True))
    return down, right


def _moved(then: Floats, shift: tuple[int, int]) -> tuple[Floats, NDArray[np.bool_]]:
    moved = np.roll(then, shift, axis=(0, 1))
    overlap = np.ones(then.shape, dtype=bool)
    for axis, by in enumerate(shift):
        cut: list[slice] = [slice(None), slice(None)]
        cut[axis] = slice(0, by) if by > 0 else slice(then.shape[axis] + by, None)
        if by:
            overlap[tuple(cut)] = False
    return moved, overlap


def _finer(now: Floats, then: Floats, overlap: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """The reference after a small affine move (Gauss-Newton on its edges; what differs much counts little), and what both show.

    It is left as it was where no move brings the edges nearer.
    """
    from scipy.ndimage import binary_erosion, gaussian_filter, map_coordinates

    goal, soft = gaussian_filter(now, _BLUR), gaussian_filter(then, _BLUR)
    inner = binary_erosion(overlap, iterations=3)
    if int(np.sum(inner)) < 64:
        return then, overlap
    row, column = np.indices(now.shape, dtype=np.float64)
    side = 0.5 * max(now.shape)
    down, right = (row - now.shape[0] / 2) / side, (column - now.shape[1] / 2) / side
    terms = np.stack([np.ones_like(down), down, right])
    best, moves = (np.inf, np.zeros((2, 3))), np.zeros((2, 3))
    for _ in range(_ROUNDS):
        at = np.stack([row, column]) + np.tensordot(moves, terms, axes=1)
        placed = map_coordinates(soft, at, order=1, mode="nearest")
        gain, offset = _fitted(goal[inner], placed[inner])
        off = (goal - gain * placed - offset)[inner]
        slopes = gain * np.asarray(np.gradient(placed))[:, inner]
        edge = np.hypot(*slopes) >= np.percentile(np.hypot(*slopes), 80)
        misfit = float(np.median(np.abs(off[edge])))
        if misfit < best[0]:
            best = (misfit, moves)
        weight = edge / (1.0 + (off / max(3.0 * misfit, 1e-9)) ** 2)
        columns = (slopes[:, None] * terms[None][:, :, inner]).reshape(6, -1)
        normal = (columns * weight) @ columns.T
        step = np.linalg.lstsq(normal, (columns * weight) @ off, rcond=1e-6)[0]
        moves = moves + step.reshape(2, 3)
        if float(np.max(np.abs(moves).sum(axis=1))) > _MOST_FINE * max(now.shape):
            break
    if not np.any(best[1]):
        return then, overlap
    at = np.stack([row, column]) + np.tensordot(best[1], terms, axes=1)
    moved = map_coordinates(then, at, order=1, mode="nearest")
    return np.asarray(moved), np.asarray(map_coordinates(overlap.astype(float), at, order=1, cval=0.0) > 0.99)


def _focused(now: Floats, then: Floats, overlap: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Both, the sharper one blurred as far as brings their edges nearest: thin parts of a soft picture are cooler, not colder."""
    from scipy.ndimage import binary_erosion, gaussian_filter

    inner = binary_erosion(overlap, iterations=3)
    if int(np.sum(inner)) < 64:
        return now, then
    steep = np.hypot(*np.gradient(gaussian_filter(then, _BLUR)))[inner]
    edge = steep >= np.percentile(steep, 80)
    pairs = [(now, then)]
    for blur in _FOCUS:
        pairs += [(gaussian_filter(now, blur), then), (now, gaussian_filter(then, blur))]

    def misfit(pair: tuple[Floats, Floats]) -> float:
        gain, offset = _fitted(pair[0][inner], pair[1][inner])
        return float(np.median(np.abs(pair[0][inner] - gain * pair[1][inner] - offset)[edge]))

    return min(pairs, key=misfit)


def _like(now: Floats, then: Floats, shift: tuple[int, int]) -> float:
    moved, overlap = _moved(then, shift)
    a, b = now[overlap], moved[overlap]
    spread = float(np.std(a) * np.std(b))
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread) if spread > 0 else 0.0


def _fitted(now: Floats, then: Floats) -> tuple[float, float]:
    """Gain and offset of what both show, over even steps of the reference, so that a small body counts like a large wall.

    The room and the load changed and are taken out. Of each step the cooler part tells it: a source only adds heat.
    """
    low, high = np.percentile(then, [0.5, 99.5])
    step = np.clip(((then - low) / max(float(high - low), 1e-12) * _STEPS).astype(int), 0, _STEPS - 1)
    known = [n for n in range(_STEPS) if int(np.sum(step == n)) >= _FEW * then.size]
    x = np.array([float(np.median(then[step == n])) for n in known])
    y = np.array([float(np.percentile(now[step == n], _LOW)) for n in known])
    apart = [(k, m) for k in range(len(x)) for m in range(k) if x[k] - x[m] > (high - low) / _STEPS]
    gain = float(np.median([(y[k] - y[m]) / (x[k] - x[m]) for k, m in apart])) if apart else 1.0
    gain = gain if _GAINS[0] <= gain <= _GAINS[1] else 1.0
    return gain, float(np.median(y - gain * x)) if len(x) else float(np.median(now - gain * then))


def _extremes(values: Floats) -> tuple[Floats, Floats]:
    from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

    smooth, size = gaussian_filter(values, 0.7), max(3, round(max(values.shape) / _SLACK) | 1)
    return (
        np.asarray(minimum_filter(smooth, size), dtype=np.float64),
        np.asarray(maximum_filter(smooth, size), dtype=np.float64),
    )
