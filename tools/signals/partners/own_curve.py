"""A machine against its own curve: what each of its signals should show, by its other signals alone.

A pump's head goes with its flow and power whatever the network does. Where a machine leaves that relation the fault is its own;
where the whole plant runs in a new way and each machine keeps its relation, none of them is at fault. Cubic ridge regressions of
the machine's own signals that the reference taught; limits and strangeness as in `expect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.partners.culprit import APART, INSTRUMENT, drifts, first_beyond
from aitia.tools.signals.partners.expect import SPAN, Grid, averaged, held_out_limit, leverage, solved
from aitia.tools.signals.partners.standstill import LOW, resting
from aitia.tools.sources.rows import Floats

LEAST_SIGNALS: Final = 3  # of a machine: with fewer there is no relation to hold it against
LEFT: Final = (
    4.0  # times the limit; by hand, on the lab's water network and fan: healthy days reach 2.5 and 3.7
)
STRANGE: Final = (
    2.0  # times as unsure as in the reference: beyond it the machine runs where nobody saw it run
)
ALONE: Final = 2.0  # times as far as any other machine leaves its own
_LEAST_ROWS: Final = 60  # of the reference in which it ran
_BESIDE: Final = 1  # rows beside a start or a stop that hold some of both
MANY: Final = 5  # signals of a machine: of fewer the others do not tell whether one of them is wrong
_TRIED: Final = 4  # signals of a machine that may be the wrong one
_CLIP: Final = 6.0  # standard deviations beyond which a signal says no more
_CUBE: Final = 0.1  # so that the cube of two deviations is about as large as they are


@dataclass(frozen=True, kw_only=True)
class OwnDeparture:
    """A machine that left its own curve: the signal that did most, all its signals' peaks, and the row from which on.

    peaks  how many times its limit each signal is off at worst, with the sign
    sizes  the same in the signal's own unit
    lone   the machine's other signals keep their relation without this one, and tell it well: an instrument
    drifts the departure grows instead of standing where it jumped
    """

    component: str
    signal: int
    times: float
    since: int
    peaks: Mapping[int, float]
    sizes: Mapping[int, float]
    lone: bool = False
    drifts: bool = False


def own_departure(
    grid: Grid, members: Mapping[str, Sequence[int]], left_out: frozenset[int] = frozenset()
) -> OwnDeparture | None:
    """The one machine that left its own curve plainly, and much further than any other; None where there is none."""
    found: list[OwnDeparture] = []
    for component, signals in members.items():
        mine = [k for k in signals if k not in left_out and _moves(grid.x[: grid.reference, k])]
        rows = _running(grid, signals)
        running = Grid(t=grid.t[rows], x=grid.x[rows], reference=int(np.sum(rows < grid.reference)))
        mine = [k for k in mine if _moves(running.x[: running.reference, k])]
        if (
            len(mine) >= LEAST_SIGNALS
            and running.reference >= _LEAST_ROWS
            and running.t.size > running.reference
        ):
            one = _of(running, component, mine)
            found.append(replace(one, since=int(rows[one.since])))
    found.sort(key=lambda d: (-abs(d.times), d.component))
    if not found or abs(found[0].times) < LEFT:
        return None
    second = abs(found[1].times) if len(found) > 1 else 0.0
    return found[0] if abs(found[0].times) >= ALONE * second else None


def _running(grid: Grid, signals: Sequence[int]) -> NDArray[np.intp]:
    """The rows in which a machine that starts and stops runs, without those beside a start or a stop; of another one all.

    Running and rest are further apart than any fault: with both taken together a worn pump is within its limit.
    """
    rests = resting(grid, signals)
    if rests is None or not rests[: grid.reference].any():
        return np.arange(len(grid.t))
    n, mine = grid.reference, [k for k in signals if _moves(grid.x[: grid.reference, k])]
    low, high = np.min(grid.x[:n, mine], axis=0), np.max(grid.x[:n, mine], axis=0)
    beside = rests.copy()
    beside[:n] |= np.any(grid.x[:n, mine] <= low + LOW * (high - low), axis=1)  # one told of late
    for k in range(1, _BESIDE + 1):
        beside[k:] |= rests[:-k]
        beside[:-k] |= rests[k:]
    return np.flatnonzero(~beside)


def _of(grid: Grid, component: str, signals: Sequence[int]) -> OwnDeparture:
    found = {k: _residual(grid, k, [p for p in signals if p != k]) for k in signals}
    at = {k: int(np.argmax(np.abs(r.times))) for k, r in found.items()}
    peaks = {k: float(found[k].times[row]) for k, row in at.items()}
    sizes = {k: float(found[k].size[row]) for k, row in at.items()}
    signal = max(peaks, key=lambda k: (abs(peaks[k]), -k))
    wrong = _lone(grid, peaks) if abs(peaks[signal]) >= LEFT and len(signals) >= MANY else None
    lone = wrong is not None and found[wrong].limit < INSTRUMENT
    if lone and wrong is not None:
        signal = wrong
    residual, peak = found[signal].times, at[signal]
    first = first_beyond(residual, peak)
    since = grid.reference + max(0, first - SPAN // 2)
    return OwnDeparture(
        component=component, signal=signal, times=peaks[signal], since=since, peaks=peaks, sizes=sizes, lone=lone,
        drifts=drifts(residual[first:]),
    )  # fmt: skip


def _lone(grid: Grid, peaks: Mapping[int, float]) -> int | None:
    """The one signal without which all others keep their relation, of those that left it most; None where there is none.

    A wrong one is a partner of all others, so that each of them leaves what it tells.
    """
    most = sorted(peaks, key=lambda k: (-abs(peaks[k]), k))[:_TRIED]
    rests = {k: _rest(grid, [p for p in peaks if p != k]) for k in most}
    best = min(most, key=lambda k: (rests[k], k))
    return best if rests[best] < APART else None


def _rest(grid: Grid, signals: Sequence[int]) -> float:
    """How far the plainest of some signals of a machine leaves what the others of them tell."""
    left = (_residual(grid, k, [p for p in signals if p != k]).times for k in signals)
    return max(float(np.max(np.abs(times), initial=0.0)) for times in left)


class _Residual(NamedTuple):
    times: Floats  # of the limit
    size: Floats  # in the signal's unit
    limit: float  # standard deviations


def _residual(grid: Grid, signal: int, partners: Sequence[int]) -> _Residual:
    """Averaged residual after the reference, in limits and in its unit; nothing where the machine runs as it never did."""
    n = grid.reference
    spread = np.maximum(np.std(grid.x[:n], axis=0), 1e-12)
    z = (grid.x - np.median(grid.x[:n], axis=0)) / spread
    own = np.clip(z[:, list(partners)], -_CLIP, _CLIP)
    a = np.hstack([np.ones((len(z), 1)), own, own**2 - 1.0, _CUBE * own**3])
    y = np.clip(z[:, signal], -3 * _CLIP, 3 * _CLIP)
    rest = averaged(y - a @ solved(a[:n].T @ a[:n], a[:n].T @ y[:n]))[n:]
    strange = leverage(a, n)
    limit = held_out_limit(a[:n], y[:n])
    times = np.where(strange > STRANGE, 0.0, rest / (limit * strange))
    return _Residual(np.asarray(times), np.asarray(rest * spread[signal]), limit)


def _moves(x: Floats) -> bool:
    return bool(np.std(x) > 1e-9 * max(1.0, abs(float(np.median(x)))))
