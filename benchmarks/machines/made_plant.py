"""A kind of asset: its tags, its ways to degrade, and the model that computes channels from operation and damage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from benchmarks.machines.made_common import Floats, Tag
from benchmarks.machines.made_operation import Operation, Pattern

VISIBLE = 4.0  # standard deviations of a sensor's white noise

Damage = Mapping[str, Floats]  # failure mode → damage in the model's own unit
Channels = dict[str, Floats]  # point → clean course, calculated points too


@dataclass(frozen=True)
class Mode:
    """A slow failure mode: the point whose limit it reaches, on which side, and the largest damage worth trying."""

    name: str
    kind: Literal["fouling", "wear", "leak", "drift", "insulation", "clogging"]
    point: str
    side: Literal["low", "high"]
    top: float


@dataclass(frozen=True)
class Plant:
    """A kind of asset; `step` is its logging interval [min]."""

    name: str
    prefix: str
    pattern: Pattern
    step: float
    tags: tuple[Tag, ...]
    modes: tuple[Mode, ...]
    model: Callable[[Operation, Damage], Channels]

    def tag(self, point: str) -> Tag:
        """The tag of a point."""
        return next(t for t in self.tags if t.point == point)

    @property
    def sensors(self) -> tuple[Tag, ...]:
        """The tags that are measured, not calculated."""
        return tuple(t for t in self.tags if not t.formula)

    def channels(self, op: Operation, damage: Damage) -> Channels:
        """The clean channels; a calculated one is undefined while the asset stands."""
        with np.errstate(divide="ignore", invalid="ignore"):
            made = self.model(op, damage)
        return {t.point: made[t.point] + 0 * op.load for t in self.tags}


def limit(plant: Plant, mode: Mode) -> float:
    """The alarm limit that the mode runs into."""
    tag = plant.tag(mode.point)
    value = tag.low if mode.side == "low" else tag.high
    if value is None:
        raise ValueError(
            f"Set a {mode.side} limit for {plant.name} {mode.point!r}: {mode.name} must end there"
        )
    return value


def gain(plant: Plant, mode: Mode, op: Operation) -> float:
    """The damage that brings the mode's point just to its limit in the unit's reference operation."""
    steady = op.reference()
    goal = limit(plant, mode)

    def beyond(size: float) -> float:
        return float(plant.channels(steady, {mode.name: np.full(4, size)})[mode.point][-1]) - goal

    return float(brentq(beyond, 0.0, mode.top, xtol=1e-6))


def moved(plant: Plant, mode: Mode, op: Operation) -> list[str]:
    """The mode's own point, then the measured points that it moves at its limit by more than 4 sd of their noise."""
    steady, size = op.reference(), gain(plant, mode, op)
    before, after = plant.channels(steady, {}), plant.channels(steady, {mode.name: np.full(4, size)})
    shift = {
        t.point: abs(after[t.point][-1] - before[t.point][-1]) / max(t.noise, 1e-9) for t in plant.sensors
    }
    others = [p for p in sorted(shift, key=lambda p: -shift[p]) if shift[p] > VISIBLE and p != mode.point]
    return [mode.point, *others]
