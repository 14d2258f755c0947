"""Which kinds of faults an asset can have: by its class, else by what is measured at it; a work order names no other kind."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.agent.fitting import fits, fitting, worded
from aitia.agent.measured_class import can_have, kinds_by
from aitia.agent.taxonomy import Fault, Taxonomy, covers
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.words import Evidence, Inventory


def kinds_of(asset: str, inventory: Inventory, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """What the asset may be called where a fault says of which machines it is; () where nothing tells."""
    return kinds_by(inventory.components, evidence).get(asset, ())


def as_it_can(weighed: Weighed, taxonomy: Taxonomy, kinds: Sequence[str]) -> Weighed:
    """The verdict as far as its asset can have it, to take steps from: a fault of another kind of machine gives way to the
    likeliest one that the asset can have, else to an open kind. Nothing of a verdict that is told changes.
    """
    if not kinds:  # nothing tells what it is
        return weighed

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


def as_fits(fault: Fault | None, kinds: Sequence[str]) -> Fault | None:
    """The entry without what such an asset has not: parts and tools go, a job or safe state becomes a generic one."""
    if fault is None:
        return None
    changed: dict[str, object] = {"parts": fitting(fault.parts, kinds), "tools": fitting(fault.tools, kinds)}
    if fault.job and not fits(fault.job, kinds):
        changed["job"] = f"Inspect {{component}} and mend what is found: {fault.explanation}"
    if fault.safe and not fits(fault.safe, kinds):
        changed["safe"] = "isolate {component} and make it safe by your site's rules before it is worked on"
    if fault.decides and not fits(fault.decides, kinds):
        changed["decides"] = ""
    if fault.effect:
        changed["effect"] = "; ".join(fitting(fault.effect.split("; "), kinds))
    for name in ("job", "decides"):
        changed[name] = worded(str(changed.get(name, getattr(fault, name))), kinds)
    return fault.model_copy(update=changed)
