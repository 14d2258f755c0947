"""Level changes that are robust against false alarms: median and MAD of a baseline, and an empirical null.

A segment of the window is found by a cumulative sum of robust z-scores. How surprising it is comes from the
baseline itself: the same statistic on all its stretches of the same length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aitia.tools.change.changepoints import contrasts, cusum
from aitia.tools.change.scale import mad
from aitia.tools.change.strength import strength
from aitia.tools.series.aspects import Aspect
from aitia.tools.sources.rows import Floats

MIN_BASELINE, MIN_PERSIST = 10, 3
SHORT = 8  # a window of so few samples has coarse ones: two in a row last, and their size must tell
Indices = np.ndarray[tuple[int], np.dtype[np.int64]]
_CLIP, _SLACK = 8.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A baseline's robust centre and spread, its memory (lag-1 autocorrelation) and its known values."""

    median: float
    spread: float
    memory: float
    values: Floats


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A level change: where it begins and ends in the window, how far it goes, and its strength in [0, 1]."""

    first: int
    last: int
    before: float
    after: float
    z: float
    excess: float
    strength: float
    samples: int

    @property
    def direction(self) -> Literal["up", "down"]:
        """Which way the level went."""
        return "up" if self.after > self.before else "down"


def reference(values: Floats, about: Aspect) -> Reference | None:
    """The baseline's statistics, or None where it has fewer than 10 known values."""
    known = values[np.isfinite(values)]
    if known.size < MIN_BASELINE:
        return None
    median = float(np.median(known))
    off = np.abs(known - median)
    low, high = np.percentile(known, (25.0, 75.0))
    clipped = np.minimum(off, 8.0 * max(float(np.median(off)), 1e-300)) if np.median(off) > 0 else off
    spread = max(
        float(mad(known, median)),
        float(high - low) / 1.349,
        0.5 * float(np.sqrt(np.mean(clipped**2))),
        0.004 * abs(median),
        about.floor / 8.0,
        1e-12,
    )
    return Reference(median=median, spread=spread, memory=_memory(known), values=known)


def _memory(known: Floats) -> float:
    x = known - np.mean(known)
    power = float(np.dot(x, x))
    return float(np.clip(np.dot(x[1:], x[:-1]) / power, 0.0, 0.95)) if power > 0 else 0.0


def detect(
    ref: Reference, window: Floats, about: Aspect, *, smooth: int = 1, tests: int = 1, ease: float = 0.0
) -> Shift | None:
    """The strongest lasting level change of the window, or None. `tests` is how many series are looked at."""
    index = np.flatnonzero(np.isfinite(window))
    if index.size < MIN_PERSIST:
        return None
    values = window[index]
    z = (values - ref.median) / ref.spread
    if index.size <= SHORT:
        return _short(ref, values, z, index, about, tests=tests, ease=ease)
    start, stop = _segment(z)
    persist = max(MIN_PERSIST, min(smooth + 2, index.size // 2))
    if stop - start < persist:
        return None
    start = _first_changed(z, start, stop, least=persist)
    segment = values[start:stop]
    delta = float(np.median(segment)) - ref.median
    if int(np.sum((segment - ref.median) * np.sign(delta) > 0.4 * abs(delta))) < persist:
        return None
    of_mean = abs(float(np.mean(_clipped(segment, ref)))) / null_mean(ref, stop - start)
    excess = min(abs(delta) / null_deviation(ref, stop - start), of_mean)
    after = _level(segment, ref.median, open_ended=stop == index.size)
    span = int(index[start]), int(index[stop - 1])
    return _shift(
        ref,
        about,
        span,
        delta=delta,
        after=after,
        excess=excess,
        samples=stop - start,
        tests=tests,
        ease=ease,
    )


def _shift(
    ref: Reference, about: Aspect, span: tuple[int, int], *,
    delta: float, after: float, excess: float, samples: int, tests: int, ease: float,
) -> Shift:  # fmt: skip
    """A change by `delta` between two places of the window, as strong as its factors make it."""
    return Shift(
        first=span[0],
        last=span[1],
        before=ref.median,
        after=after,
        z=delta / ref.spread,
        excess=excess,
        strength=strength(
            delta,
            before=ref.median,
            excess=excess,
            about=about,
            samples=samples,
            baseline=ref.values.size,
            tests=tests,
            ease=ease,
        ),
        samples=samples,
    )


def _short(
    ref: Reference, values: Floats, z: Floats, index: Indices, about: Aspect, *, tests: int, ease: float
) -> Shift | None:
    """The level change of a window of few samples: its strongest pair or triple against those of the baseline.

    There are too few samples for a cumulative sum, and a coarse one is the mean of a long time. A change must hold for
    two of them, and is measured by the weakest, against the 99.5th percentile of the same over the baseline.
    """
    best: tuple[float, int, int] | None = None
    for length in (2, 3):
        null = max(_pairs_stray(ref, length), 2.5 / float(np.sqrt(length)))
        for start in range(z.size - length + 1):
            part = z[start : start + length]
            least = float(np.min(np.abs(part))) if bool(np.all(part > 0) or np.all(part < 0)) else 0.0
            if best is None or least / null > best[0]:
                best = (least / null, start, start + length)
    if best is None or best[0] <= 0.0:
        return None
    excess, start, stop = best
    sign = float(np.sign(z[start]))
    while start > 0 and sign * z[start - 1] > max(2.0, 0.3 * abs(float(np.max(np.abs(z[start:stop]))))):
        start -= 1
    while stop < z.size and sign * z[stop] > max(2.0, 0.3 * abs(float(np.max(np.abs(z[start:stop]))))):
        stop += 1
    delta = float(np.median(values[start:stop])) - ref.median
    span = int(index[start]), int(index[stop - 1])
    return _shift(
        ref,
        about,
        span,
        delta=delta,
        after=ref.median + delta,
        excess=excess,
        samples=stop - start,
        tests=tests,
        ease=ease,
    )


def _pairs_stray(ref: Reference, length: int) -> float:
    """The 99.5th percentile of the weakest deviation among `length` neighbours of the baseline, all on one side."""
    z = (ref.values - ref.median) / ref.spread
    rows = np.lib.stride_tricks.sliding_window_view(z, min(length, z.size))
    same = np.all(rows > 0, axis=1) | np.all(rows < 0, axis=1)
    return float(np.quantile(np.where(same, np.min(np.abs(rows), axis=1), 0.0), 0.995))


def _segment(z: Floats) -> tuple[int, int]:
    """The stretch [start, stop) with the largest sum of clipped z-scores beyond a slack, upward or downward."""
    best = (0.0, 0, 0)
    for sign in (1.0, -1.0):
        gain, since = cusum(np.clip(sign * z, -_CLIP, _CLIP) - _SLACK)
        stop = int(np.argmax(gain))
        if gain[stop] > best[0]:
            best = (float(gain[stop]), int(since[stop]), stop)
    return best[1], best[2]


def _first_changed(z: Floats, start: int, stop: int, *, least: int) -> int:
    """The onset within [start, stop): the best single step, followed back while samples are clearly off."""
    signed = np.sign(float(np.sum(np.clip(z[start:stop], -_CLIP, _CLIP)))) * z[:stop]
    signed = np.clip(
        signed, -_CLIP, max(_CLIP, float(np.median(signed[start:])), float(np.percentile(signed[start:], 75)))
    )
    later = max(start - 1, 0)
    rise = contrasts(signed)[later : stop - least]
    if rise.size == 0:
        return start
    first = int(np.argmax(rise)) + later + 1
    size = float(np.median(signed[first:stop]))
    if start == 0 and float(np.median(signed[:first])) > 0.5 * size:
        return 0  # changed before the window opened
    while first > start and signed[first - 1] >= max(2.0, 0.1 * size):
        first -= 1
    return first


def _level(segment: Floats, before: float, *, open_ended: bool) -> float:
    """The level reached: of a segment that lasts to the end, its last third, where it went further."""
    whole = float(np.median(segment))
    if not open_ended or segment.size < 9:
        return whole
    end = float(np.median(segment[-max(3, segment.size // 3) :]))
    return end if abs(end - before) > abs(whole - before) else whole


def null_deviation(ref: Reference, length: int) -> float:
    """How far the median of `length` samples strays from the baseline's by itself: observed, and at least by theory."""
    n = ref.values.size
    length = min(length, max(MIN_PERSIST, n // 2))
    effective = max(1.0, length * (1.0 - ref.memory) / (1.0 + ref.memory))
    theory = 2.5 * 1.2533 * ref.spread / np.sqrt(effective)
    stretches = np.lib.stride_tricks.sliding_window_view(ref.values, length)
    thinned = stretches[:: max(1, stretches.shape[0] // 80)]
    observed = float(np.max(np.abs(np.median(thinned, axis=1) - ref.median)))
    return max(observed, float(theory), 1e-12)


def null_mean(ref: Reference, length: int) -> float:
    """The same for the mean of clipped z-scores, which two-valued and spiky series cannot fool as they can a median."""
    z = _clipped(ref.values, ref)
    length = min(length, max(MIN_PERSIST, z.size // 2))
    total = np.concatenate(([0.0], np.cumsum(z)))
    observed = float(np.max(np.abs(total[length:] - total[:-length]))) / length
    effective = max(1.0, length * (1.0 - ref.memory) / (1.0 + ref.memory))
    return max(observed, 2.5 * float(np.std(z)) / float(np.sqrt(effective)), 1e-12)


def _clipped(values: Floats, ref: Reference) -> Floats:
    return np.clip((values - ref.median) / ref.spread, -_CLIP, _CLIP)
