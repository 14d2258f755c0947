"""A machine that is warmer than its load and the air explain: its heat is no longer taken away.

The oil of a transformer follows the square of its load and the air with a delay (D. Susa, H. Nordman, IEEE Trans. Power
Delivery 24, 2009: one time constant of hours); the same holds for what else is warmed by its current. The time constant is the
one of a few that explains the reference best; limits and strangeness as in `expect`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.signals.partners.culprit import first_beyond
from aitia.tools.signals.partners.expect import SPAN, averaged, held_out_limit, leverage, solved
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.quantities import aspect_of
from aitia.tools.sources.rows import Floats

_HOURS: Final = (
    0.5,
    1.0,
    2.0,
    4.0,
)  # time constants that are tried; by hand, from oil-filled transformers of all sizes
WARMER: Final = 2.0  # times the limit to the end; by hand: healthy transformers of the lab reach 1.5
_SETTLED_H: Final = 8.0  # hours at the beginning that teach nothing: twice the longest time constant
_WARM: Final = (
    0.6  # standard deviations of a limit: a temperature that its load tells so badly proves nothing
)


@dataclass(frozen=True, kw_only=True)
class Heated:
    """A temperature that left what load and air tell of it: times the limit, shown, expected, since which row."""

    signal: int
    times: float
    strange: float
    shows: float
    expected: float
    since: int


def heated(plant: Plant, least: float = WARMER) -> Iterator[Heated]:
    """Every machine with a load and a temperature that is warmer to the end than both tell, by `least` times the limit."""
    aspects = [aspect_of(c) for c in plant.channels]
    loaded = {plant.owners[k] for k, a in enumerate(aspects) if a in ("power", "current")}
    air = [
        k
        for k, a in enumerate(aspects)
        if a == "temperature" and plant.owners[k] not in loaded and _is_air(plant, k)
    ]
    for signal, aspect in enumerate(aspects):
        owner = plant.owners[signal]
        load = next((k for a in ("current", "power") for k in plant.members[owner] if aspects[k] == a), None)
        if (
            aspect == "temperature"
            and load is not None
            and (one := _of(plant, signal, load, air, least)) is not None
        ):
            yield one


def _is_air(plant: Plant, signal: int) -> bool:
    """A temperature alone at an asset, or beside nothing that carries: that of the site."""
    return len(plant.members[plant.owners[signal]]) == 1


def _of(plant: Plant, signal: int, load: int, air: list[int], least: float) -> Heated | None:
    x, n = plant.grid.x, plant.grid.reference
    middle, size = float(np.median(x[:n, signal])), float(np.std(x[:n, signal]))
    if size <= 0.0 or float(np.std(x[:n, load])) <= 0.0:
        return None
    y = (x[:, signal] - middle) / size
    told = [_design(plant, load, air, hours) for hours in _HOURS]
    first = min(
        n // 4, int(_SETTLED_H * 3600.0 / float(np.median(np.diff(plant.grid.t))))
    )  # nobody knows how warm it began
    limits = [held_out_limit(a[first:n], y[first:n]) for a in told]
    best = int(np.argmin(limits))
    if limits[best] > _WARM:
        return None
    a, taught = told[best], told[best][first:n]
    expected = a @ solved(taught.T @ taught, taught.T @ y[first:n])
    strange = leverage(a[first:], n - first)
    residual = averaged(y - expected)[n:] / (limits[best] * strange)
    if residual[-1] < least * float(strange[-1]) ** 2:
        return None
    end = len(y) - 1
    beyond = first_beyond(residual, len(residual) - 1)
    return Heated(
        signal=signal, times=float(residual[-1]), strange=float(strange[-1]), shows=float(np.mean(x[-SPAN:, signal])),
        expected=middle + size * float(averaged(expected)[end]), since=n + max(0, beyond - SPAN // 2),
    )  # fmt: skip


def _design(plant: Plant, load: int, air: list[int], hours: float) -> Floats:
    """One column each: 1, the load and its square, and the air, all with the delay."""
    step = float(np.median(np.diff(plant.grid.t)))
    carried = np.abs(plant.grid.x[:, load])
    columns = [carried, carried**2, *(plant.grid.x[:, k] for k in air)]
    n = plant.grid.reference
    late = [_late(c, hours * 3600.0 / step) for c in columns]
    scaled = [(c - np.mean(c[:n])) / max(float(np.std(c[:n])), 1e-12) for c in late]
    return np.stack([np.ones(len(carried)), *scaled], axis=1)


def _late(values: Floats, rows: float) -> Floats:
    """The values as a mass with a time constant of so many rows follows them."""
    share, out, now = 1.0 - float(np.exp(-1.0 / rows)), np.empty(len(values)), float(values[0])
    for k, value in enumerate(values):
        now += share * (float(value) - now)
        out[k] = now
    return out
