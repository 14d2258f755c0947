"""Stepped controllers that no longer step though what they hold is beyond where they always did: a tap changer, a stage.

Nobody states the band. It shows in the reference: what is controlled never stayed above or below some value for an hour without a
step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.quantities import aspect_of
from aitia.tools.sources.rows import Floats

# By hand, from how tap changers are controlled (a dead band and a delay of a minute or so).
_STEPS: Final = 8  # in the reference: of fewer nobody knows where it steps
_DISTINCT: Final = 40  # values in the reference: of more it moves continuously
_STAYED: Final = 6  # rows for which the controlled value stays beyond
_LEAST: Final = 12  # rows without a step
_BEYOND: Final = 0.08  # of the range of the controlled value in the reference, beyond what it ever stayed at


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A stepped signal that stands, since which row; the signal that it holds, where that stayed before at most, and now."""

    signal: int
    since: int
    held: int
    bound: float
    now: float


def standing(plant: Plant) -> Iterator[Standing]:
    """Every stepped controller that stands though one of the voltages, levels or pressures that it feeds asks for a step."""
    for signal, channel in enumerate(plant.channels):
        if aspect_of(channel) != "position":
            continue
        since = _last_step(plant, signal)
        ways = [
            w
            for held in _controlled(plant, channel.component)
            if since and (w := _beyond(plant, signal, since, held))
        ]
        if ways:
            yield max(ways, key=lambda w: (abs(w.now - w.bound), -w.held))


def _last_step(plant: Plant, signal: int) -> int:
    """The row from which on it stands; 0 where it is no stepped controller, or has moved of late."""
    x, n = plant.grid.x[:, signal], plant.grid.reference
    moves = np.flatnonzero(np.abs(np.diff(x)) > 1e-9)
    if np.sum(moves < n) < _STEPS or np.unique(x[:n]).size > _DISTINCT:
        return 0
    since = int(moves[-1]) + 1
    return since if len(x) - since >= _LEAST else 0


def _controlled(plant: Plant, component: str) -> list[int]:
    held = {"voltage", "level", "pressure"}
    fed = {component, *plant.fed_by(component)}
    return [k for k, c in enumerate(plant.channels) if c.component in fed and aspect_of(c) in held]


def _beyond(plant: Plant, signal: int, since: int, held: int) -> Standing | None:
    n, v = plant.grid.reference, plant.grid.x[:, held]
    low, high = _stayed(v[:n])
    margin = _BEYOND * float(np.ptp(v[:n]))
    recent = v[max(since, len(v) - _STAYED) :]
    if float(np.min(recent)) > high + margin:
        return Standing(signal=signal, since=since, held=held, bound=high, now=float(v[-1]))
    if float(np.max(recent)) < low - margin:
        return Standing(signal=signal, since=since, held=held, bound=low, now=float(v[-1]))
    return None


def _stayed(v: Floats) -> tuple[float, float]:
    """The lowest and the highest value beyond which it never stayed for so many rows."""
    windows = sliding_window_view(v, _STAYED)
    return float(np.min(np.max(windows, axis=1))), float(np.max(np.min(windows, axis=1)))
