"""New, surging, fading and vanished templates: exact tests on counts whose bursts count once, ranked by surprise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.change.counts import adjust, exact_p
from aitia.tools.logs.change.events import Cells, Floats, Ints

ALPHA: Final = 0.05
MIN_RATIO: Final = 1.5
CAP: Final = 40.0  # bits (one in 10^12): beyond that the level and the effect decide
_BLOCKS: Final = (1, 2, 4, 8)  # cells whose sums tell how a template clusters in time
_MIN_BLOCKS: Final = 8
RateKind = Literal["new", "surge", "fade", "vanished"]


@dataclass(frozen=True, kw_only=True)
class RateChange:
    """One template whose rate changed. `ratio` is after / before, of at least one occurrence on either side."""

    template: int
    kind: RateKind
    before: int
    after: int
    ratio: float
    p: float
    q: float  # adjusted over all templates (Benjamini and Hochberg)
    bits: float  # of surprise: log2 of the likelihood ratio of two rates to one, at most CAP

    @property
    def effect(self) -> float:
        """Doublings or halvings of the rate."""
        return abs(float(np.log2(self.ratio)))


def rate_changes(
    before: Cells, after: Cells, *, alpha: float = ALPHA, min_ratio: float = MIN_RATIO
) -> list[RateChange]:
    """The templates whose rate differs at the false-discovery rate `alpha`, the most surprising first.

    Both hold the same templates, in any number of cells of any width; counts are divided by their dispersion.
    """
    if before.counts.shape[0] != after.counts.shape[0]:
        raise BadInput("The rows of baseline and incident differ. Count the same templates in both.")
    if not before.counts.size or not after.counts.size:
        return []
    old, new = before.counts.sum(axis=1), after.counts.sum(axis=1)
    seen = np.flatnonzero(old + new)
    if not seen.size:
        return []
    old, new = old[seen], new[seen]
    phi = np.maximum(dispersions(before.counts[seen]), _bursts(before.counts[seen], after.counts[seen]))
    phi = np.maximum(phi, _roughness(after.counts[seen]) * (old > 0))
    share = after.seconds / (after.seconds + before.seconds)
    p = exact_p(old / phi, new / phi, share)
    p = _learned(np.minimum(1.0, 2 * p), phi, before.counts.shape[1])  # twice: the side was chosen by looking
    q, bits = adjust(p), _bits(old / phi, new / phi, share)
    ratio = (np.maximum(new, 1) / after.seconds) / (np.maximum(old, 1) / before.seconds)
    found = [
        RateChange(
            template=int(seen[i]),
            kind=_kind(int(old[i]), int(new[i]), float(ratio[i])),
            before=int(old[i]),
            after=int(new[i]),
            ratio=float(ratio[i]),
            p=float(p[i]),
            q=float(q[i]),
            bits=float(bits[i]),
        )
        for i in np.flatnonzero(q < alpha)
        if not old[i] or not new[i] or abs(np.log2(ratio[i])) >= np.log2(min_ratio)
    ]
    return sorted(found, key=lambda c: (-c.bits, -c.effect, c.template))


def dispersions(counts: Ints) -> Floats:
    """Variance over mean of each row's counts, at least 1: the largest over blocks of 1 to 8 cells.

    Wider blocks see the clustering that neighbouring cells share (the index of dispersion for counts; Cox and Lewis, 1966).
    """
    out = np.ones(counts.shape[0])
    for size in _BLOCKS:
        blocks = counts.shape[1] // size
        if blocks < _MIN_BLOCKS:
            break
        summed = counts[:, : blocks * size].reshape(-1, blocks, size).sum(axis=2)
        mean = summed.mean(axis=1)
        out = np.maximum(out, summed.var(axis=1, ddof=1) / np.maximum(mean, 1e-12) * (mean > 0))
    return out


def _roughness(counts: Ints) -> Floats:
    """Dispersion by the steps between neighbouring cells (von Neumann, 1941): one step in the rate hardly raises it."""
    if counts.shape[1] < _MIN_BLOCKS:
        return np.ones(counts.shape[0])
    steps = (np.diff(counts, axis=1) ** 2).mean(axis=1) / 2
    return np.asarray(steps / np.maximum(counts.mean(axis=1), 1e-12), dtype=np.float64)


def _bursts(before: Ints, after: Ints) -> Floats:
    """Lines per occupied cell, where a side has no lines: its one burst of many lines is a single sign."""
    old, new = before.sum(axis=1), after.sum(axis=1)
    size = (old + new) / np.maximum(1, (before > 0).sum(axis=1) + (after > 0).sum(axis=1))
    return np.where((old == 0) | (new == 0), np.maximum(size, 1.0), 1.0)


def _learned(p: Floats, phi: Floats, cells: int) -> Floats:
    """Larger p-values where a dispersion was learned: Student's distribution in place of the normal one."""
    from scipy.stats import norm, t

    z = norm.isf(np.maximum(p, 1e-300) / 2)
    return np.where((phi > 1) & (cells > 1), np.maximum(p, 2 * t.sf(z, max(1, cells - 1))), p)


def _bits(old: Floats, new: Floats, share: float) -> Floats:
    total = old + new
    up = new * np.log2(np.maximum(new, 1e-12) / (total * share))
    down = old * np.log2(np.maximum(old, 1e-12) / (total * (1 - share)))
    return np.asarray(np.clip(up + down, 0.0, CAP), dtype=np.float64)


def _kind(old: int, new: int, ratio: float) -> RateKind:
    if not old or not new:
        return "vanished" if old else "new"
    return "surge" if ratio > 1 else "fade"
