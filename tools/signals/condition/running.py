"""When an asset runs, and what comes right after a start, a stop or a change of how it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.condition.grid import Buckets
from aitia.tools.signals.condition.roles import Role
from aitia.tools.sources.rows import Floats

Mask = NDArray[np.bool_]
_LOW: Final = 0.1  # of the usual running level: at rest
_EMPTY: Final = (
    0.25  # from `_LOW` up to this share of the level hardly any bucket lies, or it is no on and off
)
_BETWEEN: Final = 0.1  # of the buckets at rest that may lie in between: those in which it started
_RARE: Final = 0.003  # of all buckets: at rest for less is no regime
_AGREE: Final = 0.8  # of the buckets: points of one machine rest together, those of a plant do not
TELLS: Final = ("speed", "power", "current", "flow", "frequency", "")
_STEP: Final = 0.12  # of a driver's range within two buckets: it was changed, not wandering
_UNLIKE: Final = 5.0  # usual moves of a driver: the same, against its own noise
_MOST_STEPS: Final = 0.1  # of the buckets: a driver that jumps more often than that is noise or a cycle
_LAGS: Final = 60  # buckets after a change that are looked at
_LONGEST_S: Final = 86_400.0  # of a settling: by hand, a day is what large masses of water or oil need
_CALM: Final = 1.4  # times the usual residual: settled


@dataclass(frozen=True, kw_only=True)
class Running:
    """By bucket: whether the asset runs, whether it has settled; and how often it started, stopped, was changed."""

    on: Mask
    settled: Mask
    starts: int
    stops: int
    changes: int
    settling: int  # buckets


def runs(grid: Buckets, roles: Mapping[str, Role], quantities: Mapping[str, str]) -> Mask:
    """Whether the asset runs: by the first quantity that has a level of rest; always where none has."""
    for wanted in TELLS:
        votes = [
            on for n in grid.names
            if quantities[n] == wanted and roles[n] in {"answer", "speed", "load"} and (on := _on(grid.column(n))) is not None
        ]  # fmt: skip
        if votes and all(np.mean(v == votes[0]) >= _AGREE for v in votes):
            return np.asarray(np.mean(votes, axis=0) >= 0.5)
    return np.ones(grid.t.size, dtype=bool)


def _on(v: Floats) -> Mask | None:
    """Where a point is above its rest; None where it has no level of rest near nothing."""
    known = np.isfinite(v)
    if known.sum() < 20:
        return None
    v = np.abs(v)  # a battery is charged and discharged
    level = float(np.percentile(v[known], 90.0))
    if level <= 0.0:
        return None
    rest = known & (v < _LOW * level)
    between = known & (v >= _LOW * level) & (v < _EMPTY * level)
    if rest.sum() < max(3, _RARE * v.size) or between.sum() > max(3, _BETWEEN * rest.sum()):
        return None
    return np.where(known, v >= _EMPTY * level, True)


def steady(on: Mask, margin: int) -> Mask:
    """Buckets that are not within `margin` of a start or a stop."""
    found = on.copy()
    for at in np.flatnonzero(np.diff(on.astype(np.int8)) != 0) + 1:
        found[max(0, at - margin) : at + margin] = False
    return found


def changes_of(drivers: Sequence[Floats]) -> NDArray[np.intp]:
    """Buckets in which a driver steps to another level."""
    found: list[NDArray[np.intp]] = []
    for v in drivers:
        v = _filled(v)
        span = float(np.percentile(v, 98.0) - np.percentile(v, 2.0))
        moved = np.abs(v[2:] - v[:-2])
        usual = float(np.median(moved))
        jumps = np.flatnonzero(moved > max(_STEP * span, _UNLIKE * usual, 1e-12)) + 1
        if 0 < jumps.size <= _MOST_STEPS * v.size * 2:
            found.append(jumps)
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.intp)


def _filled(v: Floats) -> Floats:
    known = np.isfinite(v)
    if not known.any():
        return np.zeros_like(v)
    place = np.maximum.accumulate(np.where(known, np.arange(v.size), int(np.argmax(known))))
    return np.asarray(v[place], dtype=np.float64)


def running(on: Mask, changed: NDArray[np.intp], residual: Floats, step: float) -> Running:
    """What is left out after each start and change: as long as residuals (standard deviations, by bucket) stay high."""
    flips = np.flatnonzero(np.diff(on.astype(np.int8)) != 0) + 1
    starts = flips[on[flips]]
    events = np.unique(np.concatenate([starts, changed]))
    settling = _settling(events, residual, on, step)
    settled = on.copy()
    for at in events:
        settled[max(0, at - 1) : at + settling] = False
    for at in flips[~on[flips]]:
        settled[max(0, at - 2) : at] = False  # running down
    apart = changed.size and np.diff(changed, prepend=-10) > 1
    return Running(
        on=on, settled=settled, starts=int(starts.size), stops=int(flips.size - starts.size),
        changes=int(np.sum(apart)), settling=settling,
    )  # fmt: skip


def _settling(events: NDArray[np.intp], residual: Floats, on: Mask, step: float) -> int:
    """Buckets until the usual residual after an event is that of all other times."""
    if not events.size:
        return 0
    most = int(min(_LAGS, max(2, _LONGEST_S / step), max(2, 0.3 * on.sum() / events.size)))
    size = np.where(on, np.abs(residual), np.nan)
    rows = events[:, None] + np.arange(most)[None, :]
    after = size[np.minimum(rows, size.size - 1)]
    usual = float(np.nanmedian(size))
    if not np.isfinite(usual) or usual <= 0.0:
        return 2
    enough = np.isfinite(after).sum(axis=0) >= 3
    profile = np.array([np.nanmedian(after[:, k]) if enough[k] else 0.0 for k in range(most)])
    calm = np.convolve(profile <= _CALM * usual, np.ones(3), mode="valid") == 3
    return int(min(most, max(2, np.argmax(calm) + 1 if calm.any() else most)))
