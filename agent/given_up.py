"""What was not looked at because its time was over: what that leaves of the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from aitia.agent.doubt import UNKNOWN
from aitia.core.words import Contribution, Suspect

MOST: Final = 0.79  # probability of a cause while a check that could overturn it was given up; by hand, below what counts as sure
TERM: Final = "unknown.given_up"


def held_down(
    suspects: Sequence[Suspect], probability: float, given_up: Sequence[str]
) -> tuple[tuple[Suspect, ...], float]:
    """The suspects, and the probability of the named cause, which is no more than `MOST`: what is over goes to `unknown`."""
    if not given_up:
        return tuple(suspects), probability
    return lowered(suspects, probability, MOST, f"not looked at: {given_up[0]}", TERM)


def lowered(
    suspects: Sequence[Suspect], probability: float, most: float, why: str, term: str
) -> tuple[tuple[Suspect, ...], float]:
    """The suspects, and the probability of the named cause, which is no more than `most`: what is over goes to `unknown`."""
    if probability <= most:
        return tuple(suspects), probability
    share = most / probability
    unknown = next((s for s in suspects if s.fault == UNKNOWN), None)
    if unknown is None:
        return tuple(suspects), most
    rest = sum(s.probability for s in suspects if s is not unknown)
    now = 1.0 - share * rest
    # What its odds against all others were and are.
    before = math.log(max(1.0 - rest, 1e-9) / max(rest, 1e-9))
    more = round(math.log(now / (1.0 - now)) - before, 3)
    line = Contribution(evidence="", log_odds=more, why=why, term=term)
    raised = unknown.model_copy(
        update={
            "score": round(unknown.score + more, 3),
            "probability": round(now, 4),
            "ledger": (*unknown.ledger, line),
        }
    )
    scaled = [
        raised if s is unknown else s.model_copy(update={"probability": round(share * s.probability, 4)})
        for s in suspects
    ]
    scaled.sort(key=lambda s: (-s.score, s.component, s.fault))
    return tuple(scaled), most
