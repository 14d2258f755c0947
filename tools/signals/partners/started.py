"""A machine that was started beside others as it never was before: what moves with it is a new way to run, no fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.words import Evidence
from aitia.tools.series.gather import Gathered
from aitia.tools.signals.partners.expect import SPAN, Grid
from aitia.tools.signals.partners.plant import Plant, moment, plant_fact
from aitia.tools.signals.quantities import aspect_of

STARTED: Final = "signal.started"
_CARRIED: Final = frozenset({"flow", "current", "power", "speed"})
# By hand.
_REST: Final = 0.05  # of what it carries when it carries most: at rest
_OFTEN: Final = 0.05  # of the reference in which it rested at least
_NEW: Final = 0.02  # of the reference in which the same machines ran together: more, and the past shows it
_BEFORE: Final = 3  # rows before a start that still belong to it
_NAMED: Final = frozenset({"pattern.apart", "pattern.offset", "pattern.drift"})
_LASTS: Final = frozenset({"pattern.stuck", "pattern.idle"})
QUANTITY: Final = "signal.quantity"
_STRENGTH: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Start:
    """A machine that runs since a row after it rested, in which share of the reference it ran, and beside what."""

    component: str
    since: int
    ran: float
    beside: tuple[str, ...]


def started(plant: Plant) -> Start | None:
    """The last start to which the plant came to run as it hardly ever did; None where the past shows how it runs."""
    n = plant.grid.reference
    on = {c: runs for c, signals in plant.members.items() if (runs := _runs(plant, signals)) is not None}
    on = {c: r for c, r in on.items() if np.mean(r[:n]) <= 1.0 - _OFTEN}
    if not on:
        return None
    alike = np.all([r[:n] == r[-1] for r in on.values()], axis=0)
    if np.mean(alike) >= _NEW:
        return None
    found = []
    for component, runs in on.items():
        rests = np.flatnonzero(~runs)
        if runs[-1] and rests.size and n <= (since := int(rests[-1]) + 1) < runs.size:
            others = tuple(c for c, r in on.items() if c != component and r[-1])
            found.append(Start(component=component, since=since, ran=float(np.mean(runs[:n])), beside=others))
    return max(found, key=lambda s: s.since, default=None)


def _runs(plant: Plant, signals: Sequence[int]) -> NDArray[np.bool_] | None:
    """In which rows a machine carries something; None where nothing tells what it carries."""
    mine = [k for k in signals if aspect_of(plant.channels[k]) in _CARRIED]
    size = np.abs(plant.grid.x[:, mine])
    most = np.max(size, axis=0) if mine else np.zeros(0)
    if not mine or np.any(most <= 0.0):
        return None
    return np.asarray(np.any(size > _REST * most, axis=1))


def until(plant: Plant, start: Start) -> Plant | None:
    """The plant up to the start; None where too little of it lies behind the reference."""
    grid, end = plant.grid, start.since - _BEFORE
    if end < grid.reference + SPAN:
        return None
    return replace(plant, grid=Grid(t=grid.t[:end], x=grid.x[:end], reference=grid.reference))


def as_started(
    plant: Plant, start: Start, facts: Sequence[Evidence], before: Sequence[Evidence], gathered: Gathered
) -> list[Evidence]:
    """The start as a fact, what was told `before` it, and the departures of now, named of nobody: the past does not show them."""
    kept = [e for e in before if e.aspect in _NAMED or e.kind == QUANTITY]
    known = {e.component for e in kept}
    for fact in facts:
        if fact.aspect in _LASTS:
            kept.append(fact)
        elif fact.aspect in _NAMED and fact.component not in known:
            said = f"{fact.statement.rstrip('.')}; {start.component} was started meanwhile, as the past does not show."
            kept.append(fact.model_copy(update={"aspect": "pattern.unlike", "statement": said}))
    return [_fact(plant, start, gathered), *kept]


def _fact(plant: Plant, start: Start, gathered: Gathered) -> Evidence:
    mine = plant.members[start.component]
    signal = next(k for k in mine if aspect_of(plant.channels[k]) in _CARRIED)
    before = "it had hardly run before"
    if start.ran >= _NEW:
        others = f" beside {', '.join(start.beside[:3])}" if start.beside else ""
        before = f"before, it ran for {100 * start.ran:.0f} % of the time, but hardly ever{others}"
    said = (
        f"it runs since {moment(plant, start.since)} after it stood; {before}: what moved with its start is a new way to run,"
        " which the past does not show."
    )
    values: Mapping[str, str | float] = {
        "channel": plant.channels[signal].metric,
        "beside": ", ".join(start.beside[:8]),
    }
    return plant_fact(
        plant, signal, gathered, component=start.component, kind=STARTED, aspect="pattern.unlike", said=said, since=start.since,
        direction="up", strength=_STRENGTH, values=dict(values),
    )  # fmt: skip
