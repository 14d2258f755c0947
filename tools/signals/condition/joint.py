"""What several points show together though none does so alone: a common shift, or swings that all grow wider.

A common shift is looked for along the direction in which the odd blocks moved, and judged on the even ones, which did not choose
it (sample splitting: Cox, Biometrika 62, 1975). Swings are judged by Welch's t on the logarithms of their widths.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from aitia.tools.signals.condition.departing import Left, independent_blocks, left, thresholds
from aitia.tools.sources.rows import Floats

# By hand.
_TAIL: Final = 0.2  # of the blocks, the last ones: what lasts
_LEAST: Final = 8  # blocks on each side, of either half
_FAR: Final = 8.0  # standard deviations at which one point's block is cut off
_WANDERS: Final = 2.0  # times the farthest that a quarter of the reference moved
_SEEN: Final = 3.0  # standard errors by which a point has its part in both halves
_PART: Final = 0.15  # of the largest contribution
_ALONE: Final = 0.6  # of all contributions that a single point has
_WIDER: Final = 1.3  # times as wide a swing as before
_SWINGERS: Final = 2  # independent points at least: one alone may be a noisy instrument
_SWINGS_TAIL: Final = 0.3  # of the blocks
_SWING_CHANCE: Final = 1e-4  # of a point's swing by chance
_TOGETHER: Final = 0.5  # correlation in the reference from which on two points count once


def shifted(
    gone: Mapping[str, Left], levels: Floats, names: Sequence[str], part: slice, judged: Sequence[str], *,
    block_s: float, per_month: float,
) -> dict[str, Left]:  # fmt: skip
    """The judged points of a common shift, raised to an alarm; none where the even blocks do not bear out the odd ones.

    `levels` are (blocks, points), `part` the reference, `gone` how far each point left by itself.
    """
    tail = slice(len(levels) - max(2 * _LEAST, round(_TAIL * len(levels))), len(levels))
    seen = np.minimum(*(np.isfinite(levels[rows]).sum(axis=0) for rows in (part, tail)))
    use = [n for n in judged if seen[names.index(n)] >= _LEAST]
    z = _scaled(levels[:, [names.index(n) for n in use]], part)
    if tail.start < part.stop or part.stop - part.start < 2 * _LEAST or len(use) < _SWINGERS:
        return {}
    odd, even = (_moved(z, part, tail, k) for k in (1, 0))
    size = float(np.linalg.norm(odd))
    if size == 0.0:
        return {}
    score = z[::2] @ (odd / size)
    first, last = (part.start + 1) // 2, (part.stop + 1) // 2
    limits = thresholds(score[first:last], 2 * block_s, float(np.std(score)), points=1, per_month=per_month)
    one = left(score, first, last, limits)
    if one is None or one.times < 1.0 or _found(odd, even) < _WANDERS * _within(z, part):
        return {}
    error = _SEEN * np.sqrt(2.0 / (tail.stop - tail.start) + 2.0 / (part.stop - part.start))
    share = odd * even
    parts = [
        k
        for k in range(len(use))
        if min(abs(odd[k]), abs(even[k])) >= error and share[k] >= _PART * np.max(share)
    ]
    if len(parts) == 1 and share[parts[0]] < _ALONE * float(np.sum(np.maximum(share, 0.0))):
        return {}  # others have their part in it, and nobody can say which
    return {use[k]: _raised(use[k], gone, one, levels[:, names.index(use[k])], part, tail) for k in parts}


def _raised(name: str, gone: Mapping[str, Left], common: Left, y: Floats, part: slice, tail: slice) -> Left:
    if name in gone:
        return replace(gone[name], times=max(1.0, gone[name].times))
    before, now = float(np.nanmedian(y[part])), float(np.nanmedian(y[tail]))
    return replace(
        common, times=1.0, k=min(2 * common.k, y.size - 1), error=2 * common.error, before=before, now=now
    )


def _scaled(x: Floats, part: slice) -> Floats:
    """In the reference's robust standard deviations; unknown blocks are as usual."""
    with np.errstate(all="ignore"):
        middle = np.nanmedian(x[part], axis=0)
        spread = 1.4826 * np.nanmedian(np.abs(x[part] - middle), axis=0)
        z = (x - middle) / np.where(spread > 0.0, spread, np.nan)
    return np.asarray(np.clip(np.nan_to_num(z), -_FAR, _FAR), dtype=np.float64)


def _found(odd: Floats, even: Floats) -> float:
    """How far the even blocks moved in the direction of the odd ones."""
    return float(odd @ even) / max(float(np.linalg.norm(odd)), 1e-12)


def _within(z: Floats, part: slice) -> float:
    """The farthest that a quarter of the reference so moved from its rest: blocks that wander do so in both halves."""
    edges = np.linspace(part.start, part.stop, 5).astype(int)
    found = []
    for low, high in itertools.pairwise(edges):
        rest = np.r_[z[part.start : low], z[high : part.stop]]
        whole, own = slice(0, len(rest)), slice(len(rest), len(rest) + high - low)
        both = np.vstack([rest, z[low:high]])
        found.append(_found(_moved(both, whole, own, 1), _moved(both, whole, own, 0)))
    return max(0.0, *found)


def _moved(z: Floats, part: slice, tail: slice, half: int) -> Floats:
    own = np.arange(len(z)) % 2 == half
    rows = np.arange(len(z))
    late, early = ((rows >= s.start) & (rows < s.stop) & own for s in (tail, part))
    return np.asarray(np.mean(z[late], axis=0) - np.mean(z[early], axis=0), dtype=np.float64)


def swinging(
    width: Floats, levels: Floats, names: Sequence[str], part: slice, judged: Sequence[str]
) -> dict[str, Left]:
    """Points that together swing more widely than in the reference, none where it is one alone.

    `width` are logarithms of how far each point lies from its slow level, (blocks, points).
    """
    tail = slice(len(width) - round(_SWINGS_TAIL * len(width)), len(width))
    if tail.start < part.stop:
        return {}
    found = {n: one for n in judged if (one := _wider(width[:, names.index(n)], part, tail)) is not None}
    apart = _independent(found, levels[part], names)
    plain = [n for n in apart if found[n].times >= 1.0]
    return {n: found[n] for n in apart} if len(plain) >= _SWINGERS else {}


def _wider(width: Floats, part: slice, tail: slice) -> Left | None:
    from scipy.stats import t as student

    before, after = width[part][np.isfinite(width[part])], width[tail][np.isfinite(width[tail])]
    if min(before.size, after.size) < 2 * _LEAST:
        return None
    half = after.size // 2
    grown = min(float(np.mean(h)) for h in (after[:half], after[half:])) - float(np.mean(before))
    if grown < np.log(_WIDER):
        return None
    counts = [independent_blocks(x) for x in (before, after)]
    error = float(np.sqrt(np.var(before) / counts[0] + np.var(after) / counts[1]))
    limit = error * float(student.isf(_SWING_CHANCE, max(3.0, min(counts) - 1.0)))
    return Left(
        times=grown / max(limit, 1e-12), size=grown / max(error, 1e-12), k=_since(width, part, tail), error=0.05 * width.size,
        shape="step", before=float(np.median(before)), now=float(np.median(after)),
    )  # fmt: skip


def _since(width: Floats, part: slice, tail: slice) -> int:
    """The block from which on it swings so: where two levels fit best."""
    y = np.nan_to_num(width - np.nanmedian(width[part]))
    late = float(np.nanmean(y[tail]))
    gain = np.cumsum((y * (2.0 * late) - late**2)[::-1])[
        ::-1
    ]  # what the higher level explains from each block on
    return int(np.argmax(gain))


def _independent(found: Mapping[str, Left], reference: Floats, names: Sequence[str]) -> list[str]:
    """The plainest first, without those that went with a plainer one in the reference."""
    kept: list[str] = []
    for name in sorted(found, key=lambda n: (-found[n].times, n)):
        own = reference[:, names.index(name)]
        if all(_correlation(own, reference[:, names.index(k)]) < _TOGETHER for k in kept):
            kept.append(name)
    return kept


def _correlation(one: Floats, two: Floats) -> float:
    known = np.isfinite(one) & np.isfinite(two)
    if known.sum() < 4:
        return 1.0
    a, b = one[known] - np.mean(one[known]), two[known] - np.mean(two[known])
    power = float(np.sqrt((a @ a) * (b @ b)))
    return abs(float(a @ b)) / power if power > 0.0 else 1.0
