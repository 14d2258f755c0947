"""A journal's word alone clears nobody: a load that it announces, and that a balance shows, may be a leak or a theft as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.agent.announced import BALANCE, announced_by
from aitia.agent.given_up import lowered
from aitia.agent.set_point import MAY_FOLLOW
from aitia.agent.weigher import Weighed
from aitia.core.words import Evidence

MOST: Final = (
    0.45  # probability at most that nothing is wrong then; by hand, as of a signal that ends beyond its past
)


def by_word_alone(weighed: Weighed, evidence: Sequence[Evidence]) -> Weighed:
    """The verdict; not that nothing is wrong where a load stands in the balance that nothing but a journal's entry explains."""
    if weighed.verdict != "healthy":
        return weighed
    found = next(
        (
            (e, said)
            for e in evidence
            if e.values.get("by") == BALANCE and (said := announced_by(e, evidence))
        ),
        None,
    )
    if found is None:
        return weighed
    load, said = found
    why = f"{load.component} takes more [{load.id}], which the journal alone explains [{said.id}]; nothing measured bears it out"
    suspects, healthy = lowered(weighed.suspects, weighed.probability, MOST, why, MAY_FOLLOW)
    unknown = max((s.probability for s in suspects if s.fault == "unknown"), default=1.0 - healthy)
    ranked = tuple(sorted(suspects, key=lambda s: (-s.probability, s.component, s.fault)))
    return weighed.model_copy(update={"verdict": "unknown", "probability": unknown, "suspects": ranked})
