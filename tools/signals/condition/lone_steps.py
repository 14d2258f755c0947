"""An instrument that reads wrong by a step: from one sample to the next, and no other point and no command goes with it.

A process has inertia and company, an amplifier or a slipped calibration has neither. Means of equal stretches before and after
each sample are compared (a two-sample likelihood ratio for a shift of the mean: Basseville and Nikiforov, Detection of Abrupt
Changes, 1993, section 2.6); how large such a difference is without a fault the point itself shows, at all its other times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.lone import moved_by_hand
from aitia.tools.signals.condition.spikes import without_spikes
from aitia.tools.signals.condition.upsets import disturbed
from aitia.tools.sources.rows import Floats

# By hand.
_SIDES: Final = (12, 40, 120)  # samples before and after that are compared
_STANDS_OUT: Final = 1.8  # times the largest difference at any other time
_CHANCE: Final = 0.02  # of one such step by chance, over all points of a recording
_STANDS_OUT_ALONE: Final = 3.0  # the same where there is no other point whose silence says something
_ALIKE: Final = 0.35  # of a step: how near the step back comes to its size
_AT_ONCE: Final = 0.6  # of the step within one sample
_LASTS: Final = 0.5  # of the step that is left over the next stretches
_BESIDE: Final = 3  # samples: at the same time
_MOVES_ALONG: Final = 1.2  # times the largest difference of the other point at any other time
_UNUSUAL: Final = 4.0  # its usual differences (robust standard deviations)
_MEDIAN: Final = 0.6745  # of absolute normal deviates
_RARELY: Final = 0.1  # chance at which a state changes so near by accident
_PLAIN: Final = 0.25  # of the step that noise may have where no other point is there to tell


@dataclass(frozen=True, kw_only=True)
class LoneStep:
    """A step of one point: since when until when (epoch s), its levels, and how far it stands out."""

    point: str
    since: float
    until: float
    before: float
    after: float
    times: float


@dataclass(frozen=True)
class _Step:
    k: int
    back: int | None
    size: float
    times: float
    side: int


def lone_steps(
    grid: Buckets,
    names: Sequence[str],
    states: Sequence[str],
    quantities: Mapping[str, str],
    given: Sequence[str],
    upset: Floats,
) -> Iterator[LoneStep]:
    """Steps that one point makes alone.

    `states`: settings and states, whose changes explain steps; `given`: points that
    others decide, such as what flows in, which may step by themselves; beside an `upset` of the plant (epoch s) none is told.
    """
    clean = {n: without_spikes(grid.raw[n][1]) for n in names}
    for name in names:
        if name in given or moved_by_hand(quantities[name], len(names) - 1):
            continue
        t = grid.raw[name][0]
        step = _plainest(clean[name], t, len(names) * len(_SIDES))
        if step is None or disturbed(float(t[step.k]), grid.native[name], upset):
            continue
        if _company(grid, name, step, clean, t) or _commanded(grid, float(t[step.k]), states):
            continue
        v = clean[name]
        if not _others(grid, name, clean) and (
            step.times < _STANDS_OUT_ALONE or _noise(v) > _PLAIN * abs(step.size)
        ):
            continue
        end = step.back if step.back is not None else t.size - 1
        yield LoneStep(
            point=name, since=float(t[step.k]), until=float(t[end]), times=step.times,
            before=float(np.median(v[max(0, step.k - step.side) : step.k])),
            after=float(np.median(v[step.k : step.k + step.side])),
        )  # fmt: skip


def _others(grid: Buckets, name: str, clean: Mapping[str, Floats]) -> list[str]:
    return [n for n in clean if n != name and np.ptp(clean[n]) > 0]


def _differences(v: Floats, side: int) -> Floats:
    """Mean of `side` samples from each sample on, less that of as many before it; 0 near the ends."""
    summed = np.concatenate([[0.0], np.cumsum(v)])
    found = np.zeros(v.size)
    k = np.arange(side, v.size - side + 1)
    found[k[k < v.size]] = ((summed[k + side] - 2.0 * summed[k] + summed[k - side]) / side)[k < v.size]
    return found


def _noise(v: Floats) -> float:
    return float(np.median(np.abs(np.diff(v))))


def _plainest(v: Floats, t: Floats, tests: int) -> _Step | None:
    """The step that stands out most; None where none does."""
    found = [s for side in _SIDES if v.size >= 5 * side and (s := _at(v, t, side, tests)) is not None]
    return max(found, key=lambda s: s.times, default=None)


def _at(v: Floats, t: Floats, side: int, tests: int) -> _Step | None:
    d = _differences(v, side)
    k = int(np.argmax(np.abs(d)))
    size = float(d[k])
    if size == 0.0:
        return None
    back = _step_back(d, k, side)
    elsewhere = np.ones(v.size, dtype=bool)
    for at in (k, *([back] if back is not None else [])):
        elsewhere[max(0, at - side) : at + side] = False
    if elsewhere.sum() < 2 * side:
        return None
    largest = float(np.max(np.abs(d[elsewhere])))
    largest = max(largest, _quantile(d[elsewhere], side, tests), 1e-12 * max(1.0, float(np.max(np.abs(v)))))
    times = abs(size) / largest
    if times < _STANDS_OUT or not (_sharp(v, k, size) and _stays(v, k, back, size, side)):
        return None
    usual = float(np.median(np.diff(t)))
    if t[k] - t[k - 1] > 3.0 * usual:
        return None  # nobody saw how it came there
    return _Step(k, back, size, times, side)


def _quantile(d: Floats, side: int, tests: int) -> float:
    """What such differences exceed by chance in few recordings, by as many independent ones as there are (Student's t)."""
    from scipy.stats import t as student

    freedom = max(2.0, d.size / side)
    return float(np.sqrt(np.mean(d**2)) * student.isf(_CHANCE / 2.0 / freedom / tests, freedom)) / _STANDS_OUT


def _step_back(d: Floats, k: int, side: int) -> int | None:
    """Where the same step is taken back."""
    later = d[k + side :] * -np.sign(d[k])
    if not later.size:
        return None
    at = int(np.argmax(later))
    return k + side + at if abs(later[at] - abs(d[k])) <= _ALIKE * abs(d[k]) else None


def _sharp(v: Floats, k: int, size: float) -> bool:
    moves = np.diff(v[max(0, k - 2) : k + 2]) * np.sign(size)
    return bool(np.max(moves) >= _AT_ONCE * abs(size) - 2.0 * _noise(v))


def _stays(v: Floats, k: int, back: int | None, size: float, side: int) -> bool:
    end = back if back is not None else v.size
    before, after = v[max(0, k - 3 * side) : k], v[k : min(end, k + 3 * side)]
    return bool((float(np.median(after)) - float(np.median(before))) * np.sign(size) >= _LASTS * abs(size))


def _company(grid: Buckets, name: str, step: _Step, clean: Mapping[str, Floats], t: Floats) -> bool:
    """Whether another point steps at the same time, at either end."""
    times = [float(t[k]) for k in (step.k, step.back) if k is not None]
    for other in _others(grid, name, clean):
        d = np.abs(_differences(clean[other], step.side))
        rows = [int(np.searchsorted(grid.raw[other][0], at)) for at in times]
        near = max(float(np.max(d[max(0, k - step.side) : k + step.side + 1], initial=0.0)) for k in rows)
        usual = float(np.median(d)) / _MEDIAN
        for k in rows:
            d[max(0, k - 2 * step.side) : k + 2 * step.side + 1] = 0.0
        if near > max(_MOVES_ALONG * float(np.max(d)), _UNUSUAL * usual):
            return True
    return False


def _commanded(grid: Buckets, at: float, states: Sequence[str]) -> bool:
    """Whether a state or a set point that rarely changes does so at this time."""
    for name in states:
        t, v = grid.raw[name]
        changes = t[1:][np.diff(v) != 0.0]
        near = (2 * _BESIDE + 1) * grid.native[name]
        chance = changes.size * near / max(float(t[-1] - t[0]), 1e-9)
        if chance < _RARELY and np.any(np.abs(changes - at) <= near / 2.0):
            return True
    return False
