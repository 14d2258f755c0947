"""How sure a cause may be that rests on one kind of fact: a relation of physics, or a bearing whose geometry was estimated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from aitia.agent.given_up import lowered
from aitia.agent.weigher import OPEN, Weighed
from aitia.core.words import Contribution, Evidence, Suspect

PHYSICS: Final = 0.75
"""Probability of a cause at most that rests on heat, head, pressure drop or flow at like flow or position.

Laplace's rule of succession on what was ever seen of these rules, on made plants alone: of 18 causes named on 20 plants
14 had both asset and kind right, (14 + 1) / (18 + 2). See `benchmarks/LOG.md`, "Machines by physics".
"""
_ESTIMATED: Final[Mapping[str, float]] = {
    "vibration.bpfo": 0.85, "vibration.bpfi": 0.85, "vibration.bsf": 0.5, "vibration.ftf": 0.5,
}  # fmt: skip
"""The same where a bearing's geometry was estimated, by hand, as the facts themselves are capped (docs/vibration.md)."""


def no_surer(weighed: Weighed, evidence: Sequence[Evidence]) -> Weighed:
    """The verdict, no surer than the fact that speaks for it most allows."""
    chosen = next(
        (s for s in weighed.suspects if (s.component, s.fault) == (weighed.component, weighed.fault)), None
    )
    told: dict[str, float] = defaultdict(float)
    for line in chosen.ledger if chosen is not None else ():
        told[line.evidence] += line.log_odds if line.evidence else 0.0
    best = max(told, key=lambda i: told[i], default="")
    fact = next((e for e in evidence if e.id == best and told[best] > 0), None)
    if fact is None or (held := _most(fact)) is None:
        return weighed
    most, why, term = held
    if weighed.probability <= most:
        return weighed
    if most != PHYSICS:
        suspects, sure = lowered(weighed.suspects, weighed.probability, most, f"{why} [{fact.id}]", term)
        return weighed.model_copy(update={"suspects": suspects, "probability": sure})
    line = Contribution(
        evidence=fact.id, log_odds=0.0, why=f"{why}, where no asset was named wrongly", term=term
    )
    return weighed.model_copy(update={"suspects": _kind_open(weighed, line), "probability": PHYSICS})


def _kind_open(weighed: Weighed, line: Contribution) -> tuple[Suspect, ...]:
    """The suspects with `PHYSICS` for the named cause; what is over goes to another fault of the same asset."""
    over = weighed.probability - PHYSICS
    named = (weighed.component, weighed.fault)
    other = next((s for s in weighed.suspects if (s.component, s.fault) == (weighed.component, OPEN)), None)
    rest = other or Suspect(component=weighed.component, fault=OPEN, score=0.0, probability=0.0)
    rest = rest.model_copy(
        update={"probability": round(rest.probability + over, 4), "ledger": (*rest.ledger, line)}
    )
    kept = [
        s.model_copy(update={"probability": round(s.probability - over, 4)})
        if (s.component, s.fault) == named
        else s
        for s in weighed.suspects
        if s is not other
    ]
    return tuple(sorted((*kept, rest), key=lambda s: (-s.probability, s.component, s.fault)))


def _most(fact: Evidence) -> tuple[float, str, str] | None:
    """How sure a cause by a fact may be, why, and what that is called; None where nothing limits it."""
    if fact.values.get("by") == "physics":
        return PHYSICS, "it rests on a relation that was tried on made plants alone", "unknown.physics"
    if fact.values.get("geometry") == "estimated" and fact.aspect in _ESTIMATED:
        return _ESTIMATED[fact.aspect], "it rests on an estimated geometry of the bearing", "unknown.geometry"
    return None
