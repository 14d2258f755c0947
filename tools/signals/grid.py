"""A series on equal steps: sorted, without duplicates, gaps filled and marked, counters as rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.sources.rows import Floats

LEAST = 20  # samples below which nothing can be said


@dataclass(frozen=True, kw_only=True)
class Regular:
    """A series on equal steps: `v` has no NaN, `known` says where a sample was measured."""

    t: Floats
    v: Floats
    known: NDArray[np.bool_]


def numbers(x: object, name: str) -> Floats:
    """An array of numbers; strings that are none are an error that names the first."""
    raw = np.asarray(x)
    if raw.dtype.kind in "OUS":
        for i, item in enumerate(raw.ravel()):
            try:
                float(item)
            except (TypeError, ValueError):
                raise BadInput(f"Give numbers only: {name}[{i}] is {str(item)!r}.") from None
    if raw.dtype.kind in "cMm":
        raise BadInput(f"Give {name} as numbers (times in epoch seconds): this is {raw.dtype}.")
    return np.asarray(raw, dtype=np.float64)


def size(*parts: Floats) -> float:
    """The largest finite magnitude in all of the parts, 1 where there is none: what they are divided by before any sum.

    Raises BadInput beyond 1e100, where squares overflow.
    """
    largest = max((float(np.max(np.abs(p[np.isfinite(p)]), initial=0.0)) for p in parts), default=0.0)
    if largest > 1e100:
        raise BadInput(f"Give values in a unit that keeps them below 1e100: the largest is {largest:.3g}.")
    return largest or 1.0


def regular(t: object, v: object, *, counter: bool | None = None) -> Regular:
    """Sorted, the last of several samples at one time kept, counters turned into rates, on the median step.

    A gap is filled with the value before it and marked unknown. Where the grid would be four times longer than the
    samples (a long silence), silences are cut to one step. Raises BadInput on unequal lengths or a time that is not finite.
    """
    times, values = numbers(t, "t"), numbers(v, "v")
    if times.ndim != 1 or times.shape != values.shape:
        raise BadInput(f"Give one time per sample: {times.shape} times, {values.shape} values.")
    if not bool(np.all(np.isfinite(times))):
        raise BadInput(
            f"Drop samples without a time: {int(np.sum(~np.isfinite(times)))} times are not finite."
        )
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    last = np.append(times[1:] != times[:-1], True)[: times.size]
    times, values = times[last], values[last]
    if counter if counter is not None else is_counter(values):
        values = _rate(times, values)
    if times.size < 2:
        return Regular(t=times, v=np.nan_to_num(values), known=np.isfinite(values))
    step = float(np.median(np.diff(times)))
    place = np.rint((times - times[0]) / step).astype(np.int64)
    if place[-1] + 1 > 4 * times.size:
        place = np.concatenate([[0], np.cumsum(np.minimum(np.maximum(np.diff(place), 1), 2))])
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = values
    known = np.isfinite(grid)
    moments = times[0] + step * np.arange(grid.size)
    moments[place] = times
    return Regular(t=moments, v=_filled(grid, known), known=known)


def _filled(v: Floats, known: NDArray[np.bool_]) -> Floats:
    """Each unknown sample takes the value before it; those before the first known one take that."""
    if not known.any():
        return np.zeros(v.size)
    before = np.maximum.accumulate(np.where(known, np.arange(v.size), -1))
    return np.asarray(v[np.where(before < 0, int(np.argmax(known)), before)], dtype=np.float64)


def is_counter(v: Floats) -> bool:
    """Never falling but for a few resets towards zero, and rising most of the time."""
    v = v[np.isfinite(v)]
    if v.size < LEAST or float(v.min()) < 0:
        return False
    steps = np.diff(v)
    down = steps < 0
    fell = v[1:][down]
    rises = float(np.mean(steps > 0))
    low = bool(np.all(fell <= 0.1 * v[:-1][down]))
    return rises >= 0.5 and int(down.sum()) <= max(1, v.size // 50) and low and float(v.max()) > 10.0 * max(
        float(np.median(np.abs(steps))), 1e-300
    )  # fmt: skip


def reference_rates(v: Floats, step: float) -> Floats:
    """Increase per second of a counter's reference, its samples so many seconds apart; a reset is left out."""
    rates = np.diff(v) / max(step, 1e-9)
    return np.asarray(rates[rates >= 0], dtype=np.float64)


def _rate(t: Floats, v: Floats) -> Floats:
    """Increase per second; behind a reset the new value is the increase."""
    steps = np.diff(v)
    gained = np.where(steps < 0, v[1:], steps)
    rate = gained / np.maximum(np.diff(t), 1e-9)
    return np.concatenate([rate[:1], rate])
