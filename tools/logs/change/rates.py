"""New, surging, fading and vanished templates: exact tests on counts whose bursts count once, ranked by surprise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.change.counts import Way, adjust, dispersions, exact_p, learned, roughness, way
from aitia.tools.logs.change.events import Cells, Floats, Ints

ALPHA: Final = 0.05
MIN_RATIO: Final = 1.5
CAP: Final = 40.0  # bits (one in 10^12): beyond that the level and the effect decide


@dataclass(frozen=True, kw_only=True)
class RateChange:
    """One template whose rate changed. `ratio` is after / before, of at least one occurrence on either side."""

    template: int
    kind: Way
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


def rate_changes(before: Cells, after: Cells, *, alpha: float = ALPHA) -> list[RateChange]:
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
    phi = np.maximum(phi, roughness(after.counts[seen]) * (old > 0))
    share = after.seconds / (after.seconds + before.seconds)
    p = exact_p(old / phi, new / phi, share)
    p = learned(np.minimum(1.0, 2 * p), phi, before.counts.shape[1])  # twice: the side was chosen by looking
    q, bits = adjust(p), _bits(old / phi, new / phi, share)
    ratio = (np.maximum(new, 1) / after.seconds) / (np.maximum(old, 1) / before.seconds)
    found = [
        RateChange(
            template=int(seen[i]),
            kind=way(int(old[i]), int(new[i]), up=bool(ratio[i] > 1)),
            before=int(old[i]),
            after=int(new[i]),
            ratio=float(ratio[i]),
            p=float(p[i]),
            q=float(q[i]),
            bits=float(bits[i]),
        )
        for i in np.flatnonzero(q < alpha)
        if not old[i] or not new[i] or abs(np.log2(ratio[i])) >= np.log2(MIN_RATIO)
    ]
    return sorted(found, key=lambda c: (-c.bits, -c.effect, c.template))


def _bursts(before: Ints, after: Ints) -> Floats:
    """Lines per occupied cell, where a side has no lines: its one burst of many lines is a single sign."""
    old, new = before.sum(axis=1), after.sum(axis=1)
    size = (old + new) / np.maximum(1, (before > 0).sum(axis=1) + (after > 0).sum(axis=1))
    return np.where((old == 0) | (new == 0), np.maximum(size, 1.0), 1.0)


def _bits(old: Floats, new: Floats, share: float) -> Floats:
    total = old + new
    up = new * np.log2(np.maximum(new, 1e-12) / (total * share))
    down = old * np.log2(np.maximum(old, 1e-12) / (total * (1 - share)))
    return np.asarray(np.clip(up + down, 0.0, CAP), dtype=np.float64)
