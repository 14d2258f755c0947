"""The process signals of one component on a common grid of times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from aitia.core.words import MACHINES, Component
from aitia.tools.series.derive import Derived
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.quantities import is_of_computers
from aitia.tools.sources.rows import Floats

LEAST_CHANNELS, LEAST_ROWS, MOST_CHANNELS = 3, 40, 64
PROCESS = frozenset({"temperature", "vibration", "pressure", "flow", "current", "speed", "level"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """The channels of one component on a common grid of times."""

    component: str
    channels: tuple[Derived, ...]
    t: Floats
    x: Floats  # (times, channels), no NaN
    of: int  # signals of the component

    def parts(self, most: int) -> list[Table]:
        """Tables of `most` channels at most, as equal as can be; the table itself where it has no more."""
        count = -(-len(self.channels) // most)
        edges = [len(self.channels) * n // count for n in range(count + 1)]
        return [replace(self, channels=self.channels[a:b], x=self.x[:, a:b]) for a, b in pairwise(edges)]


def tables(gathered: Gathered, machines: Collection[str] = ()) -> Iterator[Table]:
    """One table per component with enough varying process signals, on the times of the one with most samples.

    Of `machines` every signal is one of a process that is not called as only computers' are: whoever counts errors at a pump
    measures no pump, and what the others read does not hang on it. Of other components those whose name tells of a process.
    """
    for component, channels in _members(gathered, machines).items():
        if len(channels) >= LEAST_CHANNELS:
            base = max(channels, key=lambda d: d.t.size)
            t = base.t
            x = np.stack([_on(d, t) for d in channels], axis=1)
            yield Table(component=component, channels=tuple(channels), t=t, x=x, of=len(channels))


def alone(gathered: Gathered, machines: Collection[str] = ()) -> list[Derived]:
    """The varying process signals of components that have too few of them for a table."""
    few = [found for found in _members(gathered, machines).values() if len(found) < LEAST_CHANNELS]
    return [d for found in few for d in found]


def machine_signals(gathered: Gathered, machines: Collection[str]) -> list[Derived]:
    """The varying signals of all machines, in the order of their components."""
    members = _members(gathered, machines)
    return [d for component, found in members.items() if component in machines for d in found]


def machines_of(components: Iterable[Component]) -> frozenset[str]:
    """The components that are machines or parts of machines by their type."""
    return frozenset(c.id for c in components if c.type in MACHINES)


def _members(gathered: Gathered, machines: Collection[str]) -> dict[str, list[Derived]]:
    members: dict[str, list[Derived]] = defaultdict(list)
    for d in gathered.derived:
        known = d.v[np.isfinite(d.v)]
        usable = known.size >= LEAST_ROWS and float(np.ptp(known)) > 0 and not d.peer
        of_machine = d.component in machines and not is_of_computers(d.metric)
        if usable and (d.about.aspect in PROCESS or of_machine):
            members[d.component].append(d)
    return {component: members[component] for component in sorted(members)}


def _on(d: Derived, t: Floats) -> Floats:
    known = np.isfinite(d.v)
    return np.asarray(np.interp(t, d.t[known], d.v[known]), dtype=np.float64)
