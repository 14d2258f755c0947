"""Which signals of a plant tell of a conductor (the flow through it, what drives that before and behind it) and of a place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aitia.tools.signals.partners.losing import Place
from aitia.tools.signals.partners.own_curve import LEAST_SIGNALS
from aitia.tools.signals.partners.plant import Plant
from aitia.tools.signals.partners.resistance import Conductor
from aitia.tools.signals.quantities import aspect_of

THROUGH: Final = frozenset({"flow", "current"})
ACROSS: Final = frozenset({"pressure", "level", "voltage"})


def conductors(plant: Plant, *, near: bool) -> list[Conductor]:
    """All assets through which something flows that is measured, and whose place among the others is known.

    `near`: what drives the flow is looked for in what feeds the asset's place alone, else in all of the plant.
    """
    aspects = [aspect_of(c) for c in plant.channels]
    across = frozenset(k for k, aspect in enumerate(aspects) if aspect in ACROSS)
    found = []
    for signal, aspect in enumerate(aspects):
        owner = plant.owners[signal]
        if aspect in THROUGH and len(plant.members[owner]) < LEAST_SIGNALS:
            asset = plant.whole_of(owner) if len(plant.members[owner]) == 1 else owner
            behind, before = _sides(plant, asset or owner, across, near)
            if behind and before:
                found.append(Conductor(component=asset or owner, flow=signal, behind=behind, before=before))
    return found


def places(plant: Plant) -> list[Place]:
    """All components with an instrument that says how much they hold, and what goes into them."""
    aspects = [aspect_of(c) for c in plant.channels]
    across = frozenset(k for k, aspect in enumerate(aspects) if aspect in ACROSS)
    stored = frozenset(k for k in across if aspects[k] == "level")
    through = frozenset(k for k, aspect in enumerate(aspects) if aspect in THROUGH)
    found = []
    for component in sorted({plant.whole_of(plant.owners[k]) for k in across} - {""}):
        inflow = _of(plant, {component, *plant.feeders(component)}, through)
        stores = _of(plant, plant.feeders(component), stored)
        held = _of(plant, {component}, across)
        if inflow or stores:
            found.append(
                Place(
                    component=component,
                    held=tuple(sorted(held)),
                    inflow=tuple(sorted(inflow)),
                    stores=tuple(sorted(stores)),
                )
            )
    return found


def _sides(
    plant: Plant, asset: str, across: frozenset[int], near: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The drivers behind an asset (in what it feeds, else in what it is a part of) and before it."""
    fed, place = plant.fed_by(asset), asset
    if not fed and (whole := plant.whole_of(asset)):
        fed, place = frozenset({whole}), whole
    behind = _of(plant, fed, across)
    before = across - behind
    if near:
        before = _of(plant, plant.feeders(place), before)
    return tuple(sorted(behind)), tuple(sorted(before))


def _of(plant: Plant, components: Iterable[str], across: frozenset[int]) -> frozenset[int]:
    """The drivers that belong to components or to their parts."""
    whose = {part for c in components for part in plant.parts_of(c)}
    return frozenset(k for k in across if plant.owners[k] in whose)
