"""Is a time longer than it was? Excess over each operation's own median, against what the baseline shows by itself.

Latencies have heavy tails and differ a thousandfold between operations, and a window may hold three spans of one. So
each duration is set in relation to its operation's baseline median, and the baseline's own relations, pooled over all
operations, say how rarely such an excess comes by chance. How many of a place's spans pass the pool's 90th and 99th
percentile is then a binomial test: three of three beyond the 99th are plain, one of one is not.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final

import numpy as np

from aitia.tools.change.counts import adjust, certainty

FLOOR_S: Final = 0.001  # below this, a duration is measuring noise
LEVELS: Final = (0.9, 0.99, 1.0)
SHRINK: Final = 20.0  # a place's own tail counts as much as the pool's after so many spans
MIN_POOL: Final = 20
LEAST: Final = math.log(1.1)  # an excess of less than a tenth is none, however regular the baseline is
NEXT: Final = 5  # requests, of which most must be slow from where it begins; by hand
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A duration in seconds, of a place (where the time went) and a key (what it is compared with: an operation).

    `critical`: it lies on its request's critical path, so that the request would have ended earlier without it.
    """

    place: Place
    key: Hashable
    seconds: float
    at: float = 0.0
    critical: bool = True


FELT_S: Final = 0.001
"""Added seconds of a request below which a change counts in proportion, however sure it is: nobody feels it."""


@dataclass(frozen=True, kw_only=True)
class Excess:
    """How a place's times changed. `added` is the seconds beyond the baseline's that requests took because of it."""

    place: Place
    n: int
    old_n: int
    p50: float
    p95: float
    old_p50: float
    old_p95: float
    added: float
    each: float  # seconds beyond the baseline's, of one span in the mean
    ratio: float
    steady: float  # share of its spans beyond the pool's 90th percentile: a fault acts on all of them, a hiccup on few
    p: float
    q: float
    first: float = 0.0  # when the first plainly slow one began
    keys: tuple[Hashable, ...] = ()  # the operations, most excess first

    @property
    def strength(self) -> float:
        """0..1: how surely it is no chance, times how large (a fourfold mean is plain) and how steady it is."""
        sure = certainty(self.q)
        large = min(1.0, max(0.0, math.log2(max(self.ratio, 1e-9)) / 2))
        steady = min(1.0, 0.4 + self.steady)
        return round(sure * (0.3 + 0.7 * large) * steady, 3) if self.ratio > 1 else 0.0


def excesses(now: Sequence[Sample], before: Sequence[Sample]) -> list[Excess]:
    """One Excess per place that has samples in both spans, by place; q is Benjamini-Hochberg adjusted over all."""
    base = _Base(before)
    groups: dict[Place, list[Sample]] = {}
    for sample in now:
        if base.median(sample) is not None:
            groups.setdefault(sample.place, []).append(sample)
    made = [_one(place, groups[place], base) for place in sorted(groups)]
    adjusted = adjust(np.array([e.p for e in made]))
    return [_with(e, float(q)) for e, q in zip(made, adjusted, strict=True)]


def _with(e: Excess, q: float) -> Excess:
    return Excess(**{**e.__dict__, "q": q})


class _Base:
    """Baseline medians by key (else by place) and the tails of the relations to them."""

    def __init__(self, before: Sequence[Sample]) -> None:
        by_key: dict[Hashable, list[float]] = {}
        self.places: dict[Place, list[Sample]] = {}
        for s in before:
            by_key.setdefault(s.key, []).append(s.seconds)
            self.places.setdefault(s.place, []).append(s)
        self._keys = {k: median(v) for k, v in by_key.items()}
        self._wholes = {p: median([s.seconds for s in v]) for p, v in self.places.items()}
        sized = {k for k, v in by_key.items() if len(v) >= 3}
        pool = sorted(self.relation(s) for s in before if s.key in sized)
        self._thin = len(pool) < MIN_POOL
        # The pool's largest is passed once in so many samples, as far as one can know.
        self.tails = (
            [
                (pool[min(len(pool) - 1, int(level * len(pool)))], max(1 - level, 1 / (len(pool) + 1)))
                for level in LEVELS
            ]
            if pool
            else []
        )

    def median(self, s: Sample) -> float | None:
        return self._keys.get(s.key, self._wholes.get(s.place))

    def relation(self, s: Sample) -> float:
        return math.log((s.seconds + FLOOR_S) / ((self.median(s) or 0.0) + FLOOR_S))

    def steady(self, samples: Sequence[Sample]) -> float:
        """The share of samples beyond the first tail, less what is usual."""
        if not self.tails or not samples:
            return 0.0
        threshold, rate = self.tails[0]
        found = sum(self.relation(s) > max(threshold, LEAST) for s in samples) / len(samples)
        return max(0.0, (found - rate) / (1 - rate))

    def p(self, place: Place, samples: Sequence[Sample]) -> float:
        """Of so many samples beyond the tails; the place's own tail is mixed in by its size."""
        from scipy.stats import binom

        if not self.tails:
            return 1.0
        now = np.array([self.relation(s) for s in samples])
        old = np.array([self.relation(s) for s in self.places.get(place, ())])
        best = 1.0
        for threshold, rate in self.tails:
            level = max(threshold, LEAST)
            own = int((old > level).sum())
            chance = (own + SHRINK * rate) / (len(old) + SHRINK)
            best = min(best, float(binom.sf(int((now > level).sum()) - 1, len(now), chance)))
        return min(1.0, best * len(self.tails) * (10.0 if self._thin else 1.0))


def _one(place: Place, samples: Sequence[Sample], base: _Base) -> Excess:
    old = base.places.get(place, [])
    now_s, old_s = [s.seconds for s in samples], [s.seconds for s in old] or [0.0]
    usual = max(0.0, fmean([s.seconds - (base.median(s) or 0.0) for s in old])) if old else 0.0
    expected = fmean([base.median(s) or 0.0 for s in samples]) + usual
    over = {s.key: 0.0 for s in samples}
    added = 0.0
    for s in samples:
        beyond = s.seconds - (base.median(s) or 0.0) - usual
        over[s.key] += beyond
        added += beyond if s.critical else 0.0
    bound = max(LEAST, base.tails[1][0] if base.tails else 0.0)
    return Excess(
        place=place,
        n=len(samples),
        old_n=len(old),
        p50=quantile(now_s, 0.5),
        p95=quantile(now_s, 0.95),
        old_p50=quantile(old_s, 0.5),
        old_p95=quantile(old_s, 0.95),
        added=max(0.0, added),
        each=max(0.0, sum(over.values()) / len(samples)),
        ratio=(fmean(now_s) + FLOOR_S) / (max(0.0, expected) + FLOOR_S),
        steady=round(base.steady(samples), 4),
        p=base.p(place, samples),
        q=1.0,
        first=_begin([(s.at, base.relation(s) > bound) for s in sorted(samples, key=lambda s: s.at)]),
        keys=tuple(sorted(over, key=lambda k: (-over[k], str(k)))),
    )


def _begin(slow: Sequence[tuple[float, bool]]) -> float:
    """When it began, of times with whether a request was slow, in their order: a slow one alone among quick ones is no beginning.

    0 where none was slow.
    """
    places = [i for i, (_, is_slow) in enumerate(slow) if is_slow]
    for i in places:
        following = slow[i : i + NEXT]
        if 2 * sum(is_slow for _, is_slow in following) > len(following):
            return slow[i][0]
    return slow[places[0]][0] if places else 0.0


def quantile(values: Sequence[float], level: float) -> float:
    """The nearest-rank quantile of at least one value."""
    return float(np.quantile(values, level, method="inverted_cdf"))


def share(parts: Mapping[str, float]) -> dict[str, float]:
    """Each part of the whole, largest first; empty where the whole is nothing."""
    total = sum(parts.values())
    return {k: v / total for k, v in sorted(parts.items(), key=lambda p: (-p[1], p[0]))} if total > 0 else {}
