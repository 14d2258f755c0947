"""Signals that stand still while the rest of the plant moves, and machines that have stopped for longer than they ever did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.partners.expect import Grid

_STUCK: Final = 3.0  # times the longest standstill of the reference
_IDLE: Final = 1.5  # times the longest stop of the reference
_LEAST: Final = 12  # rows of a standstill that is no coincidence
_LOW: Final = 0.1  # of a signal's range, from its lowest value: at rest
_RUNS: Final = 0.2  # of the reference at least in which a machine runs, or nobody knows that it should
_SAME: Final = 1e-6  # of a signal's range: what sums of floats leave
_LIVELY: Final = 0.5  # of the other signals that must move meanwhile


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """Since which row, and for how many rows at most it stood in the reference."""

    since: int
    usual: int


def stuck(grid: Grid, owners: Sequence[str]) -> dict[int, Standstill]:
    """Signals that have shown one value to the end for much longer than in the reference, though others move."""
    x, n = grid.x, grid.reference
    changed = np.abs(np.diff(x, axis=0)) > _SAME * np.ptp(x[:n], axis=0)
    found = {}
    for signal in range(x.shape[1]):
        moves = np.flatnonzero(changed[:, signal])
        if not np.any(moves < n - 1):
            continue
        since = int(moves[-1]) + 1
        usual = _longest(~changed[: n - 1, signal]) + 1
        if since < n or len(x) - since < max(_LEAST, _STUCK * usual):
            continue
        others = [k for k in range(x.shape[1]) if owners[k] != owners[signal]]
        lively = np.any(changed[since:, others], axis=0)
        if others and np.mean(lively) >= _LIVELY:
            found[signal] = Standstill(since=since, usual=usual)
    return found


def idle(grid: Grid, members: Mapping[str, Sequence[int]]) -> dict[str, Standstill]:
    """Components all of whose signals (two at least) have been at their lowest for much longer than in the reference."""
    x, n = grid.x, grid.reference
    low, high = np.min(x[:n], axis=0), np.max(x[:n], axis=0)
    resting: NDArray[np.bool_] = x <= low + _LOW * (high - low)
    found = {}
    for component, signals in members.items():
        mine = [k for k in signals if high[k] > low[k]]
        if any(abs(low[k]) > _LOW * (high[k] - low[k]) for k in mine):
            continue  # at its lowest it is not at nothing: a load, no stop
        rests = np.all(resting[:, mine], axis=1)
        if len(mine) < 2 or not rests[-1] or np.mean(~rests[:n]) < _RUNS:
            continue
        runs = np.flatnonzero(~rests)
        since, usual = int(runs[-1]) + 1, _longest(rests[:n])
        if usual and len(x) - since >= max(_LEAST, _IDLE * usual):
            found[component] = Standstill(since=since, usual=usual)
    return found


def _longest(held: NDArray[np.bool_]) -> int:
    """The longest run of true."""
    ends = np.flatnonzero(~np.concatenate(([False], held, [False])))
    return int(np.max(np.diff(ends)) - 1)
