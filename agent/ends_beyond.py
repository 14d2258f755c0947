"""Nothing is well that ends beyond all that its past shows, though no test of a change finds it: healthy is to be earned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.agent.given_up import lowered
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Evidence, Inventory
from aitia.tools.signals.quantities import is_weather

MOST: Final = 0.45  # probability at most that nothing is wrong then; by hand
ENDS: Final = "unknown.end"
"""The ledger's term of it."""
_FELT: Final = frozenset({"temperature", "pressure", "vibration"})
_LOAD: Final = frozenset({"current", "power", "flow", "speed"})


def doubted(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> Weighed:
    """The verdict; not that nothing is wrong where a machine's temperature, pressure or vibration ends beyond its usual range,
    while neither the weather nor its own load does.
    """
    if weighed.verdict != "healthy":
        return weighed
    found = beyond(evidence, Topology(inventory.components))
    if found is None:
        return weighed
    why = f"{found.component} ends beyond its usual range, with its load and the weather within theirs [{found.id}]"
    suspects, healthy = lowered(weighed.suspects, weighed.probability, MOST, why, ENDS)
    unknown = max((s.probability for s in suspects if s.fault == "unknown"), default=1.0 - healthy)
    ranked = tuple(sorted(suspects, key=lambda s: (-s.probability, s.component, s.fault)))
    return weighed.model_copy(update={"verdict": "unknown", "probability": unknown, "suspects": ranked})


def beyond(evidence: Sequence[Evidence], topology: Topology) -> Evidence | None:
    """The first fact of a machine that is felt to be ill by where it ends, and that neither load nor weather explains."""
    ends = [
        e
        for e in evidence
        if e.kind == "metric.quiet" and "end" in e.values and e.component in topology.machines
    ]
    if any(is_weather(str(e.values.get("metric", ""))) for e in ends):
        return None
    for e in sorted(ends, key=lambda e: (-float(e.values["end_over"]), e.component)):
        family = topology.family(e.component)
        if e.aspect in _FELT and not any(o.aspect in _LOAD and o.component in family for o in ends):
            return e
    return None
