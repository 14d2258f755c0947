"""Parts of one machine that are built alike (modules, cells, phases, fans): each against the middle of the others.

They share load, weather and age, so that what one of them does alone is its own. A part has its own offset and gain: its
signal is a ridge regression on the middle of the others' and on the whole's own signals, learned on the reference; limits as
in `expect`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.culprit import first_beyond
from aitia.tools.signals.partners.expect import SPAN, Grid, averaged, held_out_limit, leverage, solved
from aitia.tools.sources.rows import Floats

LEFT: Final = 3.0  # times the limit; by hand, on the lab's battery: healthy modules reach 1.3
_FURTHER: Final = 2.0  # times as far as any other part
_LEAST: Final = 4  # parts alike: the middle of the others must not follow the one
_NOISE: Final = 0.005  # standard deviations: parts alike tell each other better than any partners do
_CLIP: Final = 6.0  # standard deviations of a predictor beyond which it says no more


@dataclass(frozen=True, kw_only=True)
class Sibling:
    """A part that left its like: how far each of its signals did (times the limit, with the sign), by how much, since when.

    alike  how many parts it was held against
    """

    component: str
    whole: str
    alike: int
    times: Mapping[int, float]
    sizes: Mapping[int, float]
    since: Mapping[int, int]

    @property
    def lead(self) -> int:
        """The signal that left most."""
        return max(self.times, key=lambda k: (abs(self.times[k]), -k))


def odd_one(
    grid: Grid, groups: Mapping[str, Mapping[str, Sequence[int]]], own: Mapping[str, Sequence[int]],
    left_out: Collection[int] = (),
) -> Sibling | None:  # fmt: skip
    """The one part that plainly left its like; None where none or several did. `groups`: of each whole its parts with their
    signals, in one order; `own`: the whole's own signals.
    """
    found = _all(grid, groups, own, left_out)
    if not found or abs(found[0].times[found[0].lead]) < LEFT:
        return None
    second = abs(found[1].times[found[1].lead]) if len(found) > 1 else 0.0
    return found[0] if abs(found[0].times[found[0].lead]) >= _FURTHER * second else None


def most_odd(
    grid: Grid, groups: Mapping[str, Mapping[str, Sequence[int]]], own: Mapping[str, Sequence[int]]
) -> Sibling | None:
    """The part that left its like furthest, however little that is; None where no parts are alike."""
    return next(iter(_all(grid, groups, own, ())), None)


def _all(
    grid: Grid, groups: Mapping[str, Mapping[str, Sequence[int]]], own: Mapping[str, Sequence[int]], left_out: Collection[int]
) -> list[Sibling]:  # fmt: skip
    found = [
        one
        for whole, parts in groups.items()
        if len(parts) >= _LEAST
        for one in _of(grid, whole, parts, [k for k in own.get(whole, ()) if k not in left_out], left_out)
    ]
    return sorted(found, key=lambda s: (-abs(s.times[s.lead]), s.component))


def _of(
    grid: Grid, whole: str, parts: Mapping[str, Sequence[int]], own: Sequence[int], left_out: Collection[int]
) -> list[Sibling]:
    """Every part of a whole with how far its signals left the middle of the others."""
    names, found = list(parts), []
    for name in names:
        told = {}
        for place, signal in enumerate(parts[name]):
            others = [parts[o][place] for o in names if o != name and parts[o][place] not in left_out]
            if signal not in left_out and len(others) >= _LEAST - 1:
                told[signal] = _residual(grid, signal, others, own)
        if told:
            found.append(
                Sibling(
                    component=name, whole=whole, alike=len(names) - 1, times={k: t for k, (t, _, _) in told.items()},
                    sizes={k: s for k, (_, s, _) in told.items()}, since={k: r for k, (_, _, r) in told.items()},
                )
            )  # fmt: skip
    return found


def _residual(grid: Grid, signal: int, others: Sequence[int], own: Sequence[int]) -> tuple[float, float, int]:
    """Times the limit at worst, by how much in its unit there, and the row from which on."""
    n = grid.reference
    spread = float(np.std(grid.x[:n, signal]))
    if spread <= 0:
        return 0.0, 0.0, n
    middle = np.median(grid.x[:, list(others)], axis=1, keepdims=True)
    columns = _scaled(np.hstack([middle, grid.x[:, list(own)]]), n)
    design = np.hstack([np.ones((len(grid.t), 1)), columns, columns[:, :1] ** 2])
    y = (grid.x[:, signal] - np.mean(grid.x[:n, signal])) / spread
    rest = averaged(y - design @ solved(design[:n].T @ design[:n], design[:n].T @ y[:n]))[n:]
    times = rest / (held_out_limit(design[:n], y[:n], least=_NOISE) * leverage(design, n))
    peak = int(np.argmax(np.abs(times)))
    since = n + max(0, first_beyond(times, peak) - SPAN // 2)
    return float(times[peak]), float(rest[peak] * spread), since


def _scaled(x: Floats, n: int) -> Floats:
    spread = np.std(x[:n], axis=0)
    z = (x - np.mean(x[:n], axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.clip(z, -_CLIP, _CLIP))
