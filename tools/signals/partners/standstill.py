"""Signals that stand still while the rest of the plant moves, and machines that have stopped for longer than they ever did."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.partners.expect import Grid

_STUCK: Final = 3.0  # times the longest standstill of the reference
_IDLE: Final = 1.5  # times the longest stop of the reference
_LEAST: Final = 12  # rows of a standstill that is no coincidence
LOW: Final = 0.1  # of a signal's range, from its lowest value: at rest
_RUNS: Final = 0.2  # of the reference at least in which a machine runs, or nobody knows that it should
_SELDOM: Final = 0.01  # of the reference in which a machine that always carries may carry less
_SOME: Final = 0.05  # of its usual load that it always carries
NOTHING: Final = 0.02
"""Of its usual load: nothing, in a row or, as a meter's noise may hide it, in the mean of all rows since."""
_OFTEN: Final = 0.5  # of what it carries in its busiest tenth, which its usual load is at least
_LEAST_HALTED: Final = 6  # rows for which it carries nothing
_SAME: Final = 1e-6  # of a signal's range: what sums of floats leave
_WHOLE: Final = 0.9  # of a state's rows; by hand
_STATES: Final = 3  # that a state has at most; by hand
_LIVELY: Final = 0.5  # of the other signals that must move meanwhile


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """Since which row, and for how many rows at most it stood in the reference."""

    since: int
    usual: int


def stuck(grid: Grid, owners: Sequence[str]) -> dict[int, Standstill]:
    """Signals that have shown one value to the end for much longer than in the reference, though others move; no running flag or
    mode, which stands as long as nobody switches.
    """
    x, n = grid.x, grid.reference
    changed = np.abs(np.diff(x, axis=0)) > _SAME * np.ptp(x[:n], axis=0)
    known = _told_again(changed)
    found = {}
    for signal in range(x.shape[1]):
        moves = np.flatnonzero(changed[:, signal])
        if not np.any(moves < n - 1) or _is_state(x[:, signal]):
            continue
        since = max(int(moves[-1]) + 1, known)
        usual = _longest(~changed[: n - 1, signal]) + 1
        if since < n or len(x) - since < max(_LEAST, _STUCK * usual) or _rests(x[:, signal], n):
            continue
        others = [k for k in range(x.shape[1]) if owners[k] != owners[signal]]
        lively = np.any(changed[since:, others], axis=0)
        if others and np.mean(lively) >= _LIVELY:
            found[signal] = Standstill(since=since, usual=usual)
    return found


def _told_again(changed: NDArray[np.bool_]) -> int:
    """The row from which on something moves again after the last stretch in which nothing at all did: of that nothing is known,
    as what lies between a baseline and a window is not read.
    """
    lives = np.flatnonzero(np.any(changed, axis=1))
    silent = np.flatnonzero(np.diff(lives) > _LEAST)
    return int(lives[silent[-1] + 1]) + 1 if silent.size else 0


def _is_state(x: NDArray[np.float64]) -> bool:
    """Whether a signal is a running flag or a mode: few whole numbers near one another, but for steps' means."""
    whole = x == np.round(x)
    levels = np.unique(x[whole])
    return bool(np.mean(whole) >= _WHOLE and levels.size <= _STATES and np.ptp(x) < 10.0)


def _rests(x: NDArray[np.float64], n: int) -> bool:
    """Whether a signal stands at nothing, where it often was before: at rest nothing moves, and a historian keeps what moves."""
    nothing = NOTHING * float(np.quantile(np.abs(x[:n]), 0.9))
    return bool(abs(x[-1]) <= nothing and np.mean(np.abs(x[:n]) <= 2.0 * nothing) >= _RUNS)


def idle(grid: Grid, members: Mapping[str, Sequence[int]]) -> dict[str, Standstill]:
    """Components all of whose signals (two at least) have been at their lowest for much longer than in the reference."""
    n, found = grid.reference, {}
    for component, signals in members.items():
        rests = resting(grid, signals)
        if rests is None or not rests[-1] or np.mean(~rests[:n]) < _RUNS:
            continue
        runs = np.flatnonzero(~rests)
        since, usual = int(runs[-1]) + 1, _longest(rests[:n])
        if usual and len(rests) - since >= max(_LEAST, _IDLE * usual):
            found[component] = Standstill(since=since, usual=usual)
    return found


def resting(grid: Grid, signals: Sequence[int]) -> NDArray[np.bool_] | None:
    """In which rows all signals of a machine (two at least that vary) are at rest; None where rest cannot be told."""
    x, n = grid.x, grid.reference
    low, high = np.min(x[:n], axis=0), np.max(x[:n], axis=0)
    mine = [k for k in signals if high[k] > low[k]]
    if len(mine) < 2 or any(abs(low[k]) > LOW * (high[k] - low[k]) for k in mine):
        return None  # at its lowest it is not at nothing: a load, no stop
    return np.asarray(np.all(x[:, mine] <= (low + LOW * (high - low))[mine], axis=1))


def halted(
    grid: Grid, members: Mapping[str, Sequence[int]], carrying: Collection[int]
) -> dict[str, Standstill]:
    """Components that always carried something (by their signals that are `carrying`: flow, current, power, speed) and now carry
    nothing at all. Of one with a single such signal the caller asks whether others feel it: its meter may be dead.
    """
    n, size = grid.reference, np.abs(grid.x)
    high = _OFTEN * np.quantile(
        size[:n], 0.9, axis=0
    )  # where it rests for half of the time the median is the meter's noise
    usual = np.maximum(np.maximum(np.median(size[:n], axis=0), high), 1e-12)
    never = np.quantile(size[:n], _SELDOM, axis=0) > _SOME * usual
    little = size <= _SOME * usual  # less than it ever carried: what is left may be the meter's noise
    found = {}
    for component, signals in members.items():
        mine = [k for k in signals if k in carrying]
        if not mine or not np.all(never[mine]):
            continue
        carries = np.flatnonzero(~np.all(little[:, mine], axis=1))
        since = int(carries[-1]) + 1 if carries.size else 0
        if since < n or len(size) - since < _LEAST_HALTED:
            continue
        if np.all(np.abs(np.mean(grid.x[since:, mine], axis=0)) <= NOTHING * usual[mine]):
            found[component] = Standstill(since=since, usual=0)
    return found


def _longest(held: NDArray[np.bool_]) -> int:
    """The longest run of true."""
    ends = np.flatnonzero(~np.concatenate(([False], held, [False])))
    return int(np.max(np.diff(ends)) - 1)
