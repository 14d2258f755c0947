"""The signals of all machines of a plant on one grid, and a fact about one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aitia.core.words import Direction, Evidence, SourceRef, from_epoch
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.series.numbers import clock, sig3
from aitia.tools.signals.partners.expect import Grid
from aitia.tools.signals.quantities import aspect_of, unit_beside


@dataclass(frozen=True)
class Plant:
    """The signals of all machines together."""

    channels: tuple[Derived, ...]
    grid: Grid
    wholes: Mapping[str, Sequence[str]]
    feeds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    bodies: frozenset[str] = frozenset()  # machines and their parts, which fail themselves: no instruments

    @cached_property
    def owners(self) -> list[str]:
        """Whose each signal is."""
        return [c.component for c in self.channels]

    @cached_property
    def members(self) -> dict[str, list[int]]:
        """The signals of each component."""
        found: dict[str, list[int]] = {}
        for signal, owner in enumerate(self.owners):
            found.setdefault(owner, []).append(signal)
        return found

    @cached_property
    def alike(self) -> dict[str, dict[str, list[int]]]:
        """Of each whole its parts with the same points as most others, each with its signals in the order of their names."""
        groups: dict[str, dict[tuple[str, ...], dict[str, list[int]]]] = {}
        for component, signals in self.members.items():
            if whole := self.whole_of(component):
                mine = sorted(signals, key=lambda k: self.channels[k].metric)
                points = tuple(self.channels[k].metric for k in mine)
                groups.setdefault(whole, {}).setdefault(points, {})[component] = mine
        return {
            whole: max(of.values(), key=lambda parts: (len(parts), sorted(parts)))
            for whole, of in groups.items()
        }

    def whole_of(self, component: str) -> str:
        """What a component is part of; "" where nothing is known."""
        return next(iter(self.wholes.get(component, ())), "")

    def fed_by(self, component: str) -> frozenset[str]:
        """What a component feeds."""
        return frozenset(self.feeds.get(component, ()))

    def feeders(self, component: str) -> frozenset[str]:
        """What feeds a component."""
        return frozenset(c for c, fed in self.feeds.items() if component in fed)

    def upstream(self, component: str) -> frozenset[str]:
        """All that feeds a component, directly or not."""
        found: set[str] = set()
        while more := {f for c in (component, *found) for f in self.feeders(c)} - found - {component}:
            found |= more
        return frozenset(found)

    def parts_of(self, component: str) -> frozenset[str]:
        """The component and all its parts."""
        found = {component}
        while more := {c for c, wholes in self.wholes.items() if found & set(wholes)} - found:
            found |= more
        return frozenset(found)

    def may_err(self, signal: int) -> bool:
        """Whether what a signal alone shows may be its instrument's: others of its component would have moved as well, or another
        instrument of the same place, that measures the same. The only signal of a machine or a part may show just that.
        """
        owner = self.owners[signal]
        if len(self.members[owner]) > 1:
            return True
        whole, what = self.whole_of(owner), aspect_of(self.channels[signal])
        if owner in self.bodies or not whole:
            return False
        beside = {*self.parts_of(whole)} - {owner}
        return any(
            o in beside and aspect_of(c) == what for o, c in zip(self.owners, self.channels, strict=True)
        )


def moment(plant: Plant, row: int) -> str:
    """When a row of the grid was, with its date where that is not the day on which the data end."""
    at, end = (from_epoch(float(plant.grid.t[k])) for k in (row, -1))
    return clock(at) if at.date() == end.date() else f"{at:%Y-%m-%d} {clock(at)}"


def plant_fact(
    plant: Plant, signal: int, gathered: Gathered, *, component: str, kind: str, aspect: str, said: str, since: int,
    direction: Direction, strength: float, values: dict[str, str | float],
) -> Evidence:  # fmt: skip
    """A fact about one signal of the plant, told of a component: since a row of the grid, which way, how plainly."""
    channel = plant.channels[signal]
    prefix = component if component == channel.component else f"{component} ({channel.component})"
    now = float(plant.grid.x[-1, signal])
    at = {} if component == channel.component else {"at": channel.component}
    step = float(np.median(np.diff(plant.grid.t)))
    return Evidence(
        component=component, kind=kind, aspect=aspect, statement=f"{prefix}: {said}",
        values={"now": sig3(now), **unit_beside(channel, now), **values, **at, "signals": len(plant.channels),
                "reference_rows": plant.grid.reference},
        window=gathered.window, onset=from_epoch(float(plant.grid.t[since])), onset_error_s=sig3(6.0 * step),
        direction=direction, strength=round(strength, 3), source=SourceRef(source=channel.source, query=channel.query),
    )  # fmt: skip


def signal_fact(
    plant: Plant, signal: int, gathered: Gathered, component: str, kind: str, aspect: str, said: str, since: int,
    direction: Direction, strength: float, **values: str | float,
) -> Evidence:  # fmt: skip
    """The same, with the signal's name among its values."""
    return plant_fact(
        plant, signal, gathered, component=component, kind=kind, aspect=aspect, said=said, since=since,
        direction=direction, strength=strength, values={"channel": plant.channels[signal].metric, **values},
    )  # fmt: skip
