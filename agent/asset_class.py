"""Which kinds of faults an asset can have: by its class, else by what is measured at it; a work order names no other kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from aitia.agent.machine_class import classes_of
from aitia.agent.taxonomy import Fault, Taxonomy, covers
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.words import Evidence, Inventory
from aitia.tools.signals.quantities import named_aspect

# What an asset is where nobody said it and only this is measured at it. By hand, from what protection and control of a station
# measures where: a voltage alone at a busbar, a current in a line, a position at a switch.
_STANDS_FOR: Final[Mapping[frozenset[str], tuple[str, ...]]] = {
    frozenset({"voltage"}): ("busbar",),
    frozenset({"current"}): ("line",),
    frozenset({"current", "voltage"}): ("line", "busbar"),
    frozenset({"position"}): ("switch", "valve"),
}
_NAMES: Final = ("channel", "metric", "measured")  # values of a fact that name a signal


def kinds_of(asset: str, inventory: Inventory, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """What the asset may be called where a fault says of which machines it is; () where nothing tells."""
    known = classes_of(inventory.components).get(asset)
    if known:
        return known
    names = {str(e.values[k]) for e in evidence if e.component == asset for k in _NAMES if e.values.get(k)}
    measured = frozenset(a for n in names if (a := named_aspect(n)))
    return _STANDS_FOR.get(measured, ())


def can_have(fault: Fault, kinds: Sequence[str]) -> bool:
    """Whether such an asset can have the fault, as far as is known what it is."""
    return not fault.machines or not kinds or any(m.casefold() in kinds for m in fault.machines)


def as_it_can(weighed: Weighed, taxonomy: Taxonomy, kinds: Sequence[str]) -> Weighed:
    """The verdict as far as its asset can have it, to take steps from: a fault of another kind of machine gives way to the
    likeliest one that the asset can have, else to an open kind. Nothing of a verdict that is told changes.
    """

    def fits(fault_id: str) -> bool:
        fault = taxonomy.get(fault_id)
        return fault is None or can_have(fault, kinds)

    suspects = tuple(s for s in weighed.suspects if s.component != weighed.component or fits(s.fault))
    if fits(weighed.fault):
        return weighed.model_copy(update={"suspects": suspects})
    own = (s.fault for s in suspects if s.component == weighed.component and s.fault in taxonomy)
    return weighed.model_copy(update={"suspects": suspects, "fault": next(own, OPEN)})


def entry_for(weighed: Weighed, taxonomy: Taxonomy) -> Fault | None:
    """The fault's entry; of an open kind or a parent that of the likeliest kind of the same component that it covers."""
    known = taxonomy.get(weighed.fault)
    if known is not None and weighed.fault != OPEN:
        return known
    kinds = (s.fault for s in weighed.suspects if s.component == weighed.component and s.fault != OPEN)
    likeliest = next((k for k in kinds if weighed.fault == OPEN or covers(weighed.fault, k)), "")
    return taxonomy.get(likeliest)
