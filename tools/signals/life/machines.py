"""The history of a machine from its process signals, in the unit of time that its life is counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.life.histories import History, filled
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats
from aitia.tools.sources.signals.life_options import SECONDS, Life

LEAST_ROWS: Final = 6
_FINER, _COARSER = 0.5, 2.0  # times the fleet's step between two rows
_NEW = 0.5  # a counter that falls below this share of itself was set back: a new life began


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A history and the moment of each of its rows in epoch seconds."""

    history: History
    at: Floats


def machine_of(
    name: str, series: Mapping[str, Series], life: Life, *, sensors: Sequence[str], settings: Sequence[str] = (),
    step: float = 0.0,
) -> Machine:  # fmt: skip
    """One row for each time at which a signal has a sample; with `step` one row a step, the last of it.

    A counter of life (`life.time`) that was set back begins a new life. Raises BadInput for signals that are lacking, a
    counter that runs backwards, and rows that are too few or further apart than the fleet's.
    """
    wanted = [*settings, *sensors]
    lacking = [m for m in (*wanted, *([life.time] if life.time else [])) if m not in series]
    if lacking:
        raise BadInput(
            f"{name} lacks signals needed to estimate its life: {', '.join(lacking[:5])}. Add them."
        )
    at = np.unique(np.concatenate([series[m].t for m in wanted]))
    wide = filled(_on(at, [series[m] for m in wanted]))
    clock = _clock(name, at, series, life)
    start = _began(name, clock)
    kept = start + _rows(clock[start:], step)
    if kept.size < LEAST_ROWS:
        raise BadInput(
            f"{name} has {kept.size} rows. Give at least {LEAST_ROWS} to estimate its remaining life."
        )
    apart = float(np.median(np.diff(clock[kept])))
    if step and apart > _COARSER * step:
        raise BadInput(
            f"The rows of {name} are {apart:g} apart. To estimate its remaining life, give rows as close "
            f"as the fleet's ({step:g} apart)."
        )
    split = len(settings)
    history = History(machine=name, t=clock[kept], settings=wide[kept, :split], sensors=wide[kept, split:],
                      setting_names=tuple(settings), sensor_names=tuple(sensors))  # fmt: skip
    return Machine(history=history, at=at[kept])


def _on(at: Floats, signals: Sequence[Series]) -> Floats:
    wide = np.full((at.size, len(signals)), np.nan)
    for n, signal in enumerate(signals):
        wide[np.searchsorted(at, signal.t), n] = signal.v
    return wide


def _clock(name: str, at: Floats, series: Mapping[str, Series], life: Life) -> Floats:
    if not life.time:
        return np.asarray((at - at[0]) / SECONDS[life.named_unit], dtype=np.float64)
    counter = series[life.time]
    known = np.isfinite(counter.v)
    if not bool(np.any(known)):
        raise BadInput(f"{life.time!r} of {name} has no value. Give it a life counter.")
    place = np.searchsorted(counter.t[known], at, side="right") - 1
    return np.asarray(counter.v[known][np.maximum(place, 0)], dtype=np.float64)


def _began(name: str, clock: Floats) -> int:
    """The row at which the life that runs now began."""
    back = np.flatnonzero(np.diff(clock) < 0) + 1
    if any(clock[n] > _NEW * clock[n - 1] for n in back):
        raise BadInput(f"The life counter of {name} runs backwards without a reset to a new life. Fix it.")
    return int(back[-1]) if back.size else 0


def _rows(clock: Floats, step: float) -> NDArray[np.int64]:
    """The last row of each count, or of each step before the end where rows are finer than that."""
    last = np.flatnonzero(np.append(np.diff(clock) > 0, True))
    gaps = np.diff(clock[last])
    if step and gaps.size and float(np.median(gaps)) < _FINER * step:
        bucket = np.floor((clock[-1] - clock[last]) / step + 1e-9)
        last = last[np.append(np.diff(bucket) != 0, True)]
    return np.asarray(last, dtype=np.int64)
