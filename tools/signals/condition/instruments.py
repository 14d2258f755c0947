"""Instruments that show by their own samples that they are wrong: stuck, spikes, another unit, two exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from aitia.tools.signals.condition.grid import LEAST_SAMPLES, Buckets
from aitia.tools.signals.condition.lone import moved_by_hand
from aitia.tools.signals.condition.lone_steps import lone_steps
from aitia.tools.signals.condition.roles import Role
from aitia.tools.signals.condition.running import TELLS, Mask, steady
from aitia.tools.signals.condition.spikes import lone_spikes
from aitia.tools.signals.condition.unit_factors import pairs
from aitia.tools.signals.condition.upsets import gaps
from aitia.tools.sources.rows import Floats

# By hand, before any planted fault was looked at.
_STUCK: Final = 4.0  # times the longest other standstill
_LEAST_STILL: Final = 20  # samples
_LEAST_RUNS: Final = 20  # of different values, or a point that hardly moves says nothing by standing still
_LIVELY: Final = 0.5  # of the other points that must move meanwhile
MARGIN: Final = 4  # buckets beside a start or a stop
_FROZEN: Final = 0.25  # of the points that stand still: no instrument's fault
_SPIKES_BY_HAND: Final = 4  # fewer may be a valve or a knock
_SIDE: Final = 60  # samples on each side of a jump that are compared
_LEAST_SIDE: Final = 12
_LEVEL_FITS: Final = (
    0.06  # of the jump: how near the level comes to what a conversion or an exchange makes of it
)
_NOISE_FITS: Final = 1.6  # times: how near the noise comes
_LEVEL_EXACT, _NOISE_NEAR = (
    0.02,
    3.0,
)  # the same where the level says it plainly: a short stretch tells noise badly
_JUMP: Final = 8.0  # usual moves of a point within one sample


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """An instrument that is wrong by itself: since when (epoch s, and the error of that), and what shows it."""

    kind: Literal["stuck", "spike", "unit", "swapped", "bias"]
    point: str
    since: float
    until: float
    error: float
    before: float
    now: float
    why: str
    sure: float
    with_point: str = ""


def frozen_since(grid: Buckets) -> float | None:
    """Since when most points show one value to the end: the recording, or the plant, stands still; None where they do not."""
    since = []
    for name in grid.names:
        t, v = grid.raw[name]
        moves = np.flatnonzero(np.diff(v) != 0.0)
        if moves.size >= _LEAST_RUNS and v.size - 1 - moves[-1] >= _LEAST_STILL:
            usual = int(np.max(np.diff(moves), initial=1))
            if v.size - 1 - moves[-1] >= _STUCK * usual:
                since.append(float(t[moves[-1] + 1]))
    return min(since) if len(since) > max(2, _FROZEN * len(grid.names)) else None


def wrong_instruments(
    grid: Buckets,
    roles: Mapping[str, Role],
    quantities: Mapping[str, str],
    on: Mask,
    units: Sequence[Wrong],
    upset: Floats,
) -> list[Wrong]:
    """One verdict a point at most, the plainest kind first; what happens at rest, at a start or a stop says nothing.

    `units`: points of which it is known already that they show another unit; `upset`: when the plant was disturbed.
    """
    if not on.all():
        grid = _while(grid, steady(on, MARGIN))
        upset = np.union1d(upset, gaps(t for t, _ in grid.raw.values()))
    judged = [n for n in grid.names if roles[n] not in {"setting", "state"}]
    states = [n for n in grid.names if n not in judged]
    given = [n for n in judged if roles[n] in {"inlet", "ambient", "load", "position"}]
    found: dict[str, Wrong] = {}
    for one in (*_stuck_ones(grid, judged), *units, *_unit_ones(grid, judged, quantities), *_swapped_ones(grid, judged),
                *_spiking_ones(grid, judged, quantities, upset),
                *_biased_ones(grid, judged, states, quantities, given, upset)):  # fmt: skip
        found.setdefault(one.point, one)
    return [found[n] for n in sorted(found)]


def other_units(grid: Buckets, roles: Mapping[str, Role], quantities: Mapping[str, str]) -> list[Wrong]:
    """Points that show another unit to the end, whatever they say of whether the asset runs."""
    judged = [n for n in grid.names if roles[n] not in {"setting", "state"} and quantities[n] in TELLS]
    return [one for one in _unit_ones(grid, judged, quantities) if _never_rests(*grid.raw[one.point], one)]


def _never_rests(t: Floats, v: Floats, one: Wrong) -> bool:
    """Whether what it shows since then lies about as far apart, in parts, as before: no machine that runs down."""
    before, after = (np.quantile(v[rows], (0.02, 0.5, 0.98)) for rows in (t < one.since, t >= one.since))
    one_part, two_part = (abs(float(q[1])) / max(float(np.ptp(q)), 1e-12) for q in (before, after))
    there = abs(one.now - float(after[1])) <= _LEVEL_FITS * abs(one.now - one.before)
    return there and _alike(one_part, two_part, _NOISE_NEAR)


def _while(grid: Buckets, rows: Mask) -> Buckets:
    """The same with the raw samples of some buckets only."""
    raw, native = {}, {}
    for name, (t, v) in grid.raw.items():
        place = np.clip(((t - grid.t[0]) / grid.step + 1).astype(np.int64), 0, grid.t.size - 1)
        keep = rows[place]
        if keep.sum() >= LEAST_SAMPLES:
            raw[name], native[name] = (t[keep], v[keep]), grid.native[name]
    names = tuple(n for n in grid.names if n in raw)
    x = np.stack([grid.column(n) for n in names], axis=1) if names else np.empty((grid.t.size, 0))
    return Buckets(names=names, t=grid.t, x=x, step=grid.step, raw=raw, native=native)


def _stuck_ones(grid: Buckets, names: Sequence[str]) -> Iterable[Wrong]:
    for name in names:
        t, v = grid.raw[name]
        starts = np.flatnonzero(np.r_[True, np.diff(v) != 0.0])
        lengths = np.diff(np.r_[starts, v.size])
        if starts.size < _LEAST_RUNS:
            continue
        k = int(np.argmax(lengths))
        usual = int(np.max(np.delete(lengths, k)))
        begin, end = float(t[starts[k]]), float(t[min(v.size - 1, starts[k] + lengths[k])])
        if lengths[k] < max(_LEAST_STILL, _STUCK * usual) or not _others_move(grid, name, begin, end):
            continue
        if begin == t[0]:
            continue  # it has never been seen to work before
        level = float(v[starts[k]])
        yield Wrong(
            kind="stuck", point=name, since=begin, until=end, error=grid.native[name], before=level, now=level, sure=0.9,
            why=f"it shows one value {lengths[k]} times in a row, earlier at most {usual} times, while other points move",
        )  # fmt: skip


def _others_move(grid: Buckets, name: str, begin: float, end: float) -> bool:
    inside = (grid.t > begin) & (grid.t <= end)
    others = [n for n in grid.names if n != name and np.ptp(grid.raw[n][1]) > 0]
    if not others:
        return True
    if inside.sum() < 3:
        return False
    changes = [np.count_nonzero(np.diff(grid.column(n)[inside]) != 0.0) for n in others]
    return bool(np.mean(np.array(changes) >= min(5, inside.sum() - 1)) >= _LIVELY)


def _spiking_ones(
    grid: Buckets, names: Sequence[str], quantities: Mapping[str, str], upset: Floats
) -> Iterable[Wrong]:
    for one in lone_spikes(grid, names, upset):
        if one.at.size < _SPIKES_BY_HAND and moved_by_hand(quantities[one.point], len(names) - 1):
            continue
        t, v = grid.raw[one.point]
        since = float(one.at[0])
        level = float(np.median(v[t < since])) if np.any(t < since) else float(np.median(v))
        many = f"{one.at.size} lone samples lie" if one.at.size > 1 else "one lone sample lies"
        yield Wrong(
            kind="spike", point=one.point, since=since, until=float(one.at[-1]), error=grid.native[one.point], before=level,
            now=level + float(np.median(one.size)), sure=0.85 if one.at.size > 1 else 0.7,
            why=f"{many} far from those beside them and from all others, and no other point shows them",
        )  # fmt: skip


def _biased_ones(
    grid: Buckets,
    names: Sequence[str],
    states: Sequence[str],
    quantities: Mapping[str, str],
    given: Sequence[str],
    upset: Floats,
) -> Iterable[Wrong]:
    for one in lone_steps(grid, names, states, quantities, given, upset):
        yield Wrong(
            kind="bias", point=one.point, since=one.since, until=one.until, error=grid.native[one.point],
            before=one.before, now=one.after, sure=min(0.95, 1.0 - 0.5**one.times),
            why=f"it stepped from one sample to the next, {one.times:.2g} times as far as at any other time, and no other"
            " point moved with it",
        )  # fmt: skip


@dataclass(frozen=True)
class _Jump:
    k: int
    at: float
    before: float
    after: float
    noise_before: float
    noise_after: float
    low: float  # what it showed before the jump, 1st to 99th percentile
    high: float


def _jump_of(t: Floats, v: Floats) -> _Jump | None:
    """The largest jump between two samples that lasts: levels and noise (of first differences) on both sides."""
    moves = np.abs(np.diff(v))
    if v.size < 4 * _LEAST_SIDE:
        return None
    usual = max(float(np.quantile(moves, 0.9)), 1e-12)
    best: _Jump | None = None
    for k in np.sort(np.argpartition(-moves, 6)[:6]) + 1:
        if moves[k - 1] < _JUMP * usual / 4.0 or min(k, v.size - k) < _LEAST_SIDE:
            continue
        left, right = v[max(0, k - _SIDE) : k], v[k : k + _SIDE]
        before, after = float(np.median(left)), float(np.median(right))
        if abs(after - before) < 0.5 * moves[k - 1]:
            continue
        made = _Jump(
            int(k),
            float(t[k]),
            before,
            after,
            _noise(left),
            _noise(right),
            *map(float, np.quantile(v[:k], (0.01, 0.99))),
        )
        if best is None or abs(after - before) > abs(best.after - best.before):
            best = made
    return best


def _noise(v: Floats) -> float:
    return float(np.median(np.abs(np.diff(v)))) or float(np.std(np.diff(v)))


def _unit_ones(grid: Buckets, names: Sequence[str], quantities: Mapping[str, str]) -> Iterable[Wrong]:
    for name in names:
        t, v = grid.raw[name]
        jump = _jump_of(t, v)
        if jump is None:
            continue
        size = abs(jump.after - jump.before)
        if jump.low <= jump.after <= jump.high:
            continue  # it has been there before
        for said, factor, offset in pairs(quantities[name]):
            off = abs(jump.after - factor * jump.before - offset) / size
            noise = (jump.noise_after, abs(factor) * jump.noise_before)
            fits = (off <= _LEVEL_FITS and _alike(*noise)) or (
                off <= _LEVEL_EXACT and _alike(*noise, _NOISE_NEAR)
            )
            if fits and _jumps_alone(grid, name, jump.at):
                yield Wrong(
                    kind="unit", point=name, since=jump.at, until=float(t[-1]), error=grid.native[name],
                    before=jump.before, now=jump.after, sure=0.9,
                    why=f"level and noise changed from one sample to the next as from {said}",
                )  # fmt: skip
                break


def _alike(one: float, two: float, times: float = _NOISE_FITS) -> bool:
    return bool(one > 0 and two > 0 and 1.0 / times <= one / two <= times)


def _jumps_alone(grid: Buckets, name: str, at: float) -> bool:
    """Whether hardly any other point jumps at the same time."""
    together = 0
    for other in grid.names:
        if other != name and (jump := _jump_of(*grid.raw[other])) is not None:
            together += abs(jump.at - at) <= 3 * grid.native[name]
    return together <= max(1, 0.2 * len(grid.names))


def _swapped_ones(grid: Buckets, names: Sequence[str]) -> Iterable[Wrong]:
    jumps = {n: jump for n in names if (jump := _jump_of(*grid.raw[n])) is not None}
    taken: set[str] = set()
    for one, a in jumps.items():
        for two, b in jumps.items():
            if (
                one >= two
                or {one, two} & taken
                or abs(a.at - b.at) > 2 * max(grid.native[one], grid.native[two])
            ):
                continue
            size = abs(a.after - a.before)
            if max(abs(a.after - b.before), abs(b.after - a.before)) > 2 * _LEVEL_FITS * size:
                continue
            if not (_alike(a.noise_after, b.noise_before) and _alike(b.noise_after, a.noise_before)):
                continue
            taken |= {one, two}
            yield from (_exchanged(grid, x, y, j) for x, y, j in ((one, two, a), (two, one, b)))


def _exchanged(grid: Buckets, name: str, other: str, jump: _Jump) -> Wrong:
    return Wrong(
        kind="swapped", point=name, since=jump.at, until=float(grid.raw[name][0][-1]), error=grid.native[name],
        before=jump.before, now=jump.after, sure=0.9, with_point=other,
        why=f"it shows from one sample to the next what {other} showed before, and {other} shows what it did",
    )  # fmt: skip
