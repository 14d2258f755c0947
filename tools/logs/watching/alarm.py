"""An alarm, and what it tells: which templates came, surged or fell since the change began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.change.counts import Way, exact_p, way
from aitia.tools.logs.change.events import Floats
from aitia.tools.logs.watching.cells import Cells, Statistic
from aitia.tools.logs.watching.kinds import ANY, Kind, Kinds

_CHANGES: Final = 5
_LEVEL: Final = 0.05
_CERTAIN: Final = 2.0**-40  # beyond that the ratio decides
_RATIO: Final = 1.5  # a smaller change of a template's lines is not told


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When a change began (epoch s): the beginning of the likeliest cell and of the ends of the 95 % credible interval."""

    earliest: float
    likeliest: float
    latest: float


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Lines of one kind since the change began, and as many as were to be expected."""

    what: Way
    kind: Kind
    lines: int
    expected: float


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A log that is no longer as it was. `at` (epoch s) is when the evidence sufficed.

    `by_chance_s`: while nothing changes, so much evidence is reached at most once in that time on average.
    """

    component: str
    at: float
    onset: Onset
    statistic: Statistic
    evidence: float
    by_chance_s: float
    changes: tuple[Changed, ...]


def changes(normal: Cells, since: Sequence[Counter[int]], kinds: Kinds) -> tuple[Changed, ...]:
    """What differs in the cells since the change began, the most certain first, then by ratio; of all lines last.

    Certain by exact tests of two Poisson rates, corrected for the number of kinds (Holm's first step); where none is,
    the largest ratio is told alone.
    """
    mean, _ = normal.means()
    seen: Counter[int] = Counter()
    for counts in since:
        for kind, into in zip(counts, normal.of(counts), strict=True):
            seen[int(into)] += counts[kind]
    rows = max(mean.size, max(seen, default=0) + 1)
    now = np.array([seen[kind] for kind in range(rows)], dtype=np.float64)
    mean = np.pad(mean, (0, rows - mean.size))
    p = exact_p(mean * len(normal), now, len(since) / max(1, len(since) + len(normal)))
    ratio = np.log2((now + 0.5) / (mean * len(since) + 0.5))
    certain = p * rows * 2 < _LEVEL
    told = np.flatnonzero(certain & (np.abs(ratio) >= np.log2(_RATIO)))
    if not told.size:
        told = np.array([np.argmax(np.abs(ratio))])
    order = np.lexsort((-np.abs(ratio[told]), np.maximum(p[told], _CERTAIN), told == ANY))
    return tuple(_changed(int(k), now, mean * len(since), kinds) for k in told[order][:_CHANGES])


def _changed(kind: int, now: Floats, expected: Floats, kinds: Kinds) -> Changed:
    lines, due = int(now[kind]), float(expected[kind])
    return Changed(what=way(due, lines, up=lines > due), kind=kinds.kind(kind), lines=lines, expected=due)
