"""What nobody could see: the kind of a fault stays open where what would tell it from others is not at hand.

A log that nobody reads can neither speak for a kind nor against it. Slow or failing answers alone are what a wrong setting, an
overload and a refused password have in common, and only the component's own log tells which. Without it the kind is told at a
part of its probability, and the rest goes to the component's open kind. The same holds for kinds that are never quite sure
(`sure` in the taxonomy) where nothing ranked the component, so that it has no open kind to take the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.agent.taxonomy import Taxonomy
from aitia.agent.topology import Topology
from aitia.agent.weigher import NAMED, OPEN, Weighed
from aitia.core.words import Evidence, Inventory, Suspect

PLAIN: Final = "software.latency"  # says no more than what is felt
FELT: Final = frozenset(
    {"errors", "latency", "traffic", "retries"}
)  # what is felt of a fault, whatever it is
UNLOGGED: Final = (
    0.6  # share of a kind that stands on what is felt alone while no log of its component is at hand; by hand
)


def left_open(
    weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory, taxonomy: Taxonomy
) -> Weighed:
    """The same verdict; its kind is open where what is at hand does not tell it from others. Who it is does not change."""
    if weighed.verdict != "cause" or weighed.fault == OPEN:
        return weighed
    told = next(
        (s for s in weighed.suspects if (s.component, s.fault) == (weighed.component, weighed.fault)), None
    )
    if told is None:  # its parent is told: several kinds together
        return weighed
    share = _share(told, weighed.suspects, {e.id: e for e in evidence}, inventory, taxonomy)
    if share == 1.0:
        return weighed
    suspects = _opened(weighed.suspects, told, share)
    probability = round(told.probability * share, 4)
    fault = weighed.fault
    if probability < NAMED:
        fault, probability = OPEN, weighed.probability
    return weighed.model_copy(update={"fault": fault, "probability": probability, "suspects": suspects})


def _share(
    told: Suspect,
    suspects: Sequence[Suspect],
    by_id: dict[str, Evidence],
    inventory: Inventory,
    taxonomy: Taxonomy,
) -> float:
    """How much of the kind's probability may be told as this kind."""
    known = taxonomy.get(told.fault)
    placed = any((s.component, s.fault) == (told.component, OPEN) for s in suspects)
    share = known.sure if known is not None and not placed else 1.0
    carried = {
        by_id[c.evidence].aspect for c in told.ledger if c.term.startswith("primary.") and c.evidence in by_id
    }
    if told.fault != PLAIN and carried and carried <= FELT and not _is_logged(told.component, inventory):
        share = min(share, UNLOGGED)
    return share


def _is_logged(component: str, inventory: Inventory) -> bool:
    """Whether a log of it, of a part of it or of what it is part of is read."""
    family = Topology(inventory.components).family(component)
    return any(h.kind == "logs" and not h.unread and family & set(h.components) for h in inventory.holdings)


def _opened(suspects: Sequence[Suspect], told: Suspect, share: float) -> tuple[Suspect, ...]:
    """The suspects with the rest of one kind's probability at its component's open kind."""
    rest = round(told.probability * (1.0 - share), 4)
    found = next((s for s in suspects if (s.component, s.fault) == (told.component, OPEN)), None)
    first = found or told.model_copy(update={"fault": OPEN, "probability": 0.0})
    changed = [
        told.model_copy(update={"probability": round(told.probability * share, 4)}),
        first.model_copy(update={"probability": round(min(1.0, first.probability + rest), 4)}),
    ]
    made = [*(s for s in suspects if s is not told and s is not found), *changed]
    return tuple(sorted(made, key=lambda s: (-s.probability, -s.score, s.component, s.fault)))
