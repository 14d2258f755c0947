"""What left its reference lastingly: moving means of blocks against the reference's own held-out parts.

How far a mean of L blocks strays from a reference that did not teach it is measured on the reference itself, part by part, with
the few independent stretches that it has (Student's t). A threshold is that stray times the quantile at which the wished number
of false alarms a month comes out, over all points and lengths.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from aitia.tools.sources.rows import Floats

LEAST_BLOCKS: Final = 16  # of a reference
_PARTS: Final = 4
_LENGTHS: Final = (0.08, 0.2)  # of the reference: the means that are watched
_FREEDOM: Final = 6.0  # at least: all parts of the reference are seen by several means each
_MONTH_S: Final = 30.44 * 86_400.0
_FLOOR: Final = 0.01  # of a point's own spread while running: what no threshold goes below
_TRUSTED: Final = 0.25  # of the independent blocks: that they are so independent is itself an estimate
_CLIPPED: Final = 3.0  # robust standard deviations
_SURELY: Final = 2.0  # standard errors of the reference's own slope that are not counted on
_LEAST_ALONE: Final = (
    0.15  # of a point's own spread while running, that it moves at least where no other moves with it
)
_LASTS: Final = 1.0  # lengths of the mean for which a departure lasts at least, to the end


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """For means of `length` blocks: how far they may stray, and one standard deviation of that."""

    length: int
    limit: float
    sigma: float


@dataclass(frozen=True, kw_only=True)
class Left:
    """A point that left: times the threshold now, when, and how.

    `k` is the block of the onset, `error` in blocks; `shape` what fits better from there on.
    """

    times: float
    size: float
    k: int
    error: float
    shape: Literal["trend", "step"]
    before: float
    now: float


def thresholds(
    reference: Floats, block_s: float, spread: float, *, points: int, per_month: float
) -> list[Threshold]:
    """Thresholds of the watched lengths by the reference's blocks, in order."""
    from scipy.stats import t as student

    found = []
    independent = independent_blocks(reference)
    for share in _LENGTHS:
        length = max(2, round(share * reference.size))
        stray = _strays(reference, length)
        sigma = max(float(np.sqrt(np.mean(stray**2))), _FLOOR * spread, 1e-12)
        freedom = max(_FREEDOM, reference.size / length - 1.0, _TRUSTED * independent)
        chance = per_month * length * block_s / _MONTH_S / (points * len(_LENGTHS))
        quantile = float(student.isf(min(0.05, chance) / 2.0, freedom))
        found.append(Threshold(length=length, limit=quantile * sigma, sigma=sigma))
    return found


def independent_blocks(reference: Floats) -> float:
    """How many independent blocks the reference holds, by a first-order autoregression (Kendall's correction of its bias)."""
    n = reference.size
    y = reference - np.median(reference)
    spread = 1.4826 * float(np.median(np.abs(y))) or float(np.std(y))
    y = np.clip(y, -_CLIPPED * spread, _CLIPPED * spread)
    power = float(y @ y)
    if power <= 0.0:
        return 1.0
    memory = float(y[1:] @ y[:-1]) / power
    memory = float(np.clip(memory + (1.0 + 4.0 * memory) / n, 0.0, 1.0 - 1.0 / n))
    return n * (1.0 - memory) / (1.0 + memory)


def _strays(reference: Floats, length: int) -> Floats:
    """Means within each part of the reference, against the median of its other parts."""
    edges = np.linspace(0, reference.size, _PARTS + 1).astype(int)
    found = []
    for low, high in itertools.pairwise(edges):
        rest = np.concatenate([reference[:low], reference[high:]])
        part = reference[low:high]
        found.append(_means(part, min(length, part.size)) - np.median(rest))
    return np.concatenate(found)


def _means(x: Floats, length: int) -> Floats:
    summed = np.cumsum(np.insert(x, 0, 0.0))
    return np.asarray((summed[length:] - summed[:-length]) / length, dtype=np.float64)


def left(blocks: Floats, first: int, last: int, limits: list[Threshold]) -> Left | None:
    """How a point left its reference, the blocks [first, last), and has not come back; None where it has not left."""
    middle = float(np.median(blocks[first:last]))
    best: tuple[float, Threshold] | None = None
    for one in limits:
        means = _means(blocks, one.length)
        tail = means[-max(1, round(_LASTS * one.length)) :] - middle
        if blocks.size - one.length < last or not (np.all(tail > 0) or np.all(tail < 0)):
            continue
        times = float(np.min(np.abs(tail))) / one.limit
        if best is None or times > best[0]:
            best = (times, one)
    if best is None:
        return None
    times, one = best
    k, error, shape, now = _onset(blocks, first, middle, one.sigma)
    if k < last:
        way = float(np.sign(now - middle))
        on = way * _own_slope(blocks[first:last]) * (blocks.size - 0.5 * (first + last + one.length))
        times = max(0.0, times - max(0.0, on) / one.limit)
    return Left(
        times=times, size=abs(now - middle) / one.sigma, k=k, error=error, shape=shape, before=middle, now=now
    )


def _own_slope(reference: Floats) -> float:
    """What the reference itself moves by, a block, as far as that is sure: what only goes on as it did has not departed."""
    n = reference.size
    place = np.arange(n) - 0.5 * (n - 1)
    power = float(place @ place)
    slope = float(place @ reference) / power
    rest = reference - np.mean(reference) - slope * place
    error = float(np.sqrt(rest @ rest / max(1, n - 2) / power * n / independent_blocks(rest)))
    return float(np.sign(slope)) * max(0.0, abs(slope) - _SURELY * error)


def material(gone: Mapping[str, Left], spreads: Mapping[str, float], near: float) -> dict[str, Left]:
    """Departures without those of one point alone that are small beside what its way of running makes of it.

    `spreads`: each point's own, while running; `near`: blocks within which others moved with it.
    """
    return {
        n: one
        for n, one in gone.items()
        if abs(one.now - one.before) >= _LEAST_ALONE * spreads[n]
        or any(o != n and abs(two.k - one.k) <= near for o, two in gone.items())
    }


def _onset(
    blocks: Floats, first: int, middle: float, sigma: float
) -> tuple[int, float, Literal["trend", "step"], float]:
    """Where a flat line bends or jumps, how sure that is, which of both it is, and the level now."""
    y = np.clip(blocks - middle, *np.quantile(blocks - middle, (0.01, 0.99)))
    n = y.size
    m = n - np.arange(n, dtype=np.float64)  # blocks from each one to the end
    total = np.cumsum(y[::-1])[::-1]
    ramped = np.cumsum(total[::-1])[::-1]  # with weights 1, 2, 3, … from each one on
    squares = m * (m + 1.0) * (2.0 * m + 1.0) / 6.0
    out = (np.arange(n) < max(first, 2)) | (np.arange(n) >= n - 2)
    whole = float(y @ y)
    cost: dict[str, Floats] = {
        "trend": np.where(out, np.inf, whole - ramped**2 / squares),
        "step": np.where(out, np.inf, whole - total**2 / m),
    }
    level: dict[str, Floats] = {"trend": ramped / squares * m, "step": total / m}
    shape: Literal["trend", "step"] = "trend" if np.min(cost["trend"]) <= np.min(cost["step"]) else "step"
    k = int(np.argmin(cost[shape]))
    left_over = cost[shape][k] / max(1, n - 3)
    near = np.flatnonzero(cost[shape] <= cost[shape][k] + 4.0 * max(left_over, 1e-300))
    error = max(1.0, 0.5 * float(near[-1] - near[0])) if near.size else 1.0
    now = level[shape][k] + middle
    return k, error, shape, float(now)
