"""An electrical network's balances: what goes into each part less what comes out is the load of that part (Kirchhoff's law).

Branches are assets with a current or a power; all that stands between them without a meter is an area. What a load is should go
with the hour and with the other loads: an area that takes more has a load that is new, or loses. How utilities look for losses:
co7tech.com, Detecting electricity theft and non-technical losses with multi-level metering (balances of feeder sections).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from aitia.tools.signals.partners.expect import Expectations, Grid
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.quantities import aspect_of
from aitia.tools.sources.rows import Floats

LEAST_AREAS: Final = 2
_SCALES: Final = (1e-3, 1.0, 1e3, 1e6)  # of power by voltage in the unit of the currents: W, kW, MW by V, kV
_REACTIVE: Final = re.compile(r"(?i)tot_?va|\bvar|kvar|mvar|reactive|blind|scheinl")
_THREE_PHASE: Final = 3.0**0.5  # P = sqrt(3) U I at a power factor near 1


@dataclass(frozen=True, kw_only=True)
class Area:
    """A part of the network between meters: its components, and the branches that feed it and that it feeds."""

    components: frozenset[str]
    inward: tuple[str, ...]
    outward: tuple[str, ...]

    @property
    def lead(self) -> str:
        """The branch that tells of it: the first of those that feed it and nothing feeds beside."""
        return self.inward[0]


class Network:
    """The areas of a plant's electrical network with their loads over the rows of its grid."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        aspects = [aspect_of(c) for c in plant.channels]
        self._currents = _by_owner(plant, aspects, "current")
        self._powers = _by_owner(plant, aspects, "power")
        self._voltages = _by_owner(plant, aspects, "voltage")
        self.areas = list(_areas(plant, {**self._powers, **self._currents}))

    @property
    def sources(self) -> list[str]:
        """Branches that feed the network and that nothing feeds."""
        fed = {to for of in self.plant.feeds.values() for to in of}
        return sorted({b for a in self.areas for b in a.inward if b not in fed})

    @property
    def in_amperes(self) -> bool:
        """Whether loads are told in the unit of currents."""
        return bool(self._currents)

    def signals(self, branch: str) -> list[int]:
        """The signals that tell what a branch carries: its currents, else its powers."""
        return self._currents.get(branch) or self._powers.get(branch, [])

    def into(self, place: int) -> Floats:
        """What goes into one of the areas, in the unit of the loads."""
        name = list(self.loads)[place]
        area = self.areas[name]
        return self._load(Area(components=area.components, inward=area.inward, outward=()), self._told_by)

    def carried(self, branch: str, place: int) -> Floats:
        """What a branch carries, in the unit of the loads, at the voltage of one of the areas."""
        return self._flow(branch, self.area(place), self._told_by)

    @cached_property
    def _told_by(self) -> float:
        mixed = [a for a in self.areas if not self._plain(a) and self._voltage(a) is not None]
        return (self._scale(mixed) if mixed else None) or 1.0

    def _plain(self, area: Area) -> bool:
        return all(b in self._currents for b in (*area.inward, *area.outward))

    @cached_property
    def loads(self) -> dict[int, Floats]:
        """The load of each area that can be told, by its place among `areas`, in the unit of the currents."""
        return {
            k: self._load(a, self._told_by)
            for k, a in enumerate(self.areas)
            if self._plain(a) or (self._voltage(a) is not None and self._told_by)
        }

    def _scale(self, areas: Sequence[Area]) -> float | None:
        """The power of thousand between the units of power, voltage and current: the least by which loads are none below zero."""
        n = self.plant.grid.reference
        fits = (s for s in _SCALES if all(np.median(self._load(a, s)[:n]) > 0 for a in areas))
        return next(fits, None)

    def _load(self, area: Area, scale: float) -> Floats:
        into = sum((self._flow(b, area, scale) for b in area.inward), np.zeros(len(self.plant.grid.t)))
        return np.asarray(into - sum(self._flow(b, area, scale) for b in area.outward), dtype=np.float64)

    def _flow(self, branch: str, area: Area, scale: float) -> Floats:
        x = self.plant.grid.x
        if branch in self._currents:
            return np.asarray(np.mean(x[:, self._currents[branch]], axis=1), dtype=np.float64)
        volts = self._voltage(area)
        assert volts is not None  # areas without are left out
        return np.asarray(
            scale * np.sum(x[:, self._powers[branch]], axis=1) / (_THREE_PHASE * volts), dtype=np.float64
        )

    def _voltage(self, area: Area) -> Floats | None:
        """The usual voltage of an area: where it is gone, its branches carry nothing either."""
        signals = [k for c in area.components for k in self._voltages.get(c, ())]
        if not signals:
            return None
        usual = float(np.median(self.plant.grid.x[: self.plant.grid.reference, signals]))
        return np.full(len(self.plant.grid.t), usual) if usual > 0 else None

    @cached_property
    def told(self) -> Expectations:
        """The loads held against each other and the hour of the day; its signals are the values of `loads` in their order."""
        grid = self.plant.grid
        return Expectations(
            Grid(t=grid.t, x=np.stack(list(self.loads.values()), axis=1), reference=grid.reference)
        )

    def neighbours(self, place: int) -> set[int]:
        """Which of the loads share a meter with this one."""
        names = list(self.loads)
        mine = {*self.areas[names[place]].inward, *self.areas[names[place]].outward}
        return {
            k for k, name in enumerate(names)
            if k != place and mine & {*self.areas[name].inward, *self.areas[name].outward}
        }  # fmt: skip

    def area(self, place: int) -> Area:
        """The area of one of the loads."""
        return self.areas[list(self.loads)[place]]


def network_of(plant: Plant) -> Network | None:
    """The plant's electrical network; None where it has none, or fewer than two areas with a load that can be told."""
    network = Network(plant)
    return network if len(network.areas) >= LEAST_AREAS and len(network.loads) >= LEAST_AREAS else None


def _by_owner(plant: Plant, aspects: Sequence[str], aspect: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for k, owner in enumerate(plant.owners):
        if aspects[k] == aspect and not _REACTIVE.search(plant.channels[k].metric):
            found.setdefault(owner, []).append(k)
    return found


def _areas(plant: Plant, branches: Iterable[str]) -> Iterator[Area]:
    """The parts of the network by what feeds what: each branch has an end on both sides, all else is one place."""
    metered = set(branches)
    names = {*plant.feeds, *(to for fed in plant.feeds.values() for to in fed)}
    joined = {(n, side): (n, side) for n in names for side in ("in", "out")}

    def root(end: tuple[str, str]) -> tuple[str, str]:
        while joined[end] != end:
            end = joined[end]
        return end

    for name in names - metered:
        joined[root((name, "in"))] = root((name, "out"))
    for name, fed in plant.feeds.items():
        for to in fed:
            joined[root((name, "out"))] = root((to, "in"))
    places: dict[tuple[str, str], set[str]] = {}
    for name in names:
        places.setdefault(root((name, "out")), set()).add(name)
        places.setdefault(root((name, "in")), set()).add(name)
    for place, inside in sorted(places.items()):
        inward = sorted(b for b in inside & metered if root((b, "out")) == place)
        outward = sorted(b for b in inside & metered if root((b, "in")) == place)
        if inward:
            fed = sorted(inward, key=lambda b: (not any(b in to for to in plant.feeds.values()), b))
            yield Area(components=frozenset(inside - metered), inward=tuple(fed), outward=tuple(outward))
