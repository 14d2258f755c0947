"""How sure a machine's cause may be at most: where two instruments disagree, a formula alone tells what is normal,
a set-point was moved as it began, or an instrument reads what none of its kind can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aitia.agent.given_up import lowered
from aitia.agent.instruments_agree import at_odds
from aitia.agent.rests_on import no_surer
from aitia.agent.set_point import MAY_FOLLOW, moved_as_it_began
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.core.words import Contribution, Evidence, Inventory, Suspect
from aitia.tools.signals.quantities import machine_aspect

INSTRUMENTS: Final = "instruments.disagree"
INSTRUMENT: Final = "sensor.bias"
AT_ODDS: Final = 0.84  # probability of a cause at most where its instruments disagree; by hand
BY_FORMULA: Final = 0.6  # the same, where only a comparison across speeds by formula shows it; by hand
BESIDE: Final = 0.84  # the same, where it began right after a set-point was moved there; by hand
BROKEN: Final = 0.6  # the same of an instrument that reads `TIMES` what is expected of it; by hand
TIMES: Final = 10.0  # beyond any instrument's range; by hand
_NO_ZERO: Final = frozenset({"temperature", "level", "position", "pressure_drop"})
"""Quantities whose zero is arbitrary, so that a ratio of two readings says nothing."""
_DIFFERENCE: Final = re.compile(
    r"(?i)delta|diff|deviat|error|spread|balance|offset|abweich|fehler|spreiz|desviac|[eé]cart|(?<![a-z])d[ptuv](?![a-z])"
)
_LINE: Final = "vibration.line"
_PLAIN: Final = 0.5  # strength from which on a rise at the same speed is a second witness; by hand


def held_back(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> Weighed:
    """The verdict, no surer than its measurements allow: of instruments that disagree one is a rival, with its own share."""
    if weighed.verdict != "cause":
        return weighed
    weighed = no_surer(_of_broken(_beside_set_point(weighed, evidence, inventory), evidence), evidence)
    if not weighed.fault.startswith("machine."):
        return weighed
    if by_formula_alone(weighed, evidence):
        suspects, sure = lowered(
            weighed.suspects,
            weighed.probability,
            BY_FORMULA,
            "by a formula across speeds alone",
            "unknown.formula",
        )
        return weighed.model_copy(update={"suspects": suspects, "probability": sure})
    family = Topology(inventory.components).family(weighed.component)
    odds = (
        at_odds([e for e in evidence if e.component in family]) if _of_vibration(weighed, evidence) else None
    )
    if odds is None or weighed.probability <= AT_ODDS:
        return weighed
    share = AT_ODDS / weighed.probability
    line = Contribution(
        evidence=odds.signal.id, log_odds=1.0, why=f"{odds.told}: one of the two is wrong", term=INSTRUMENTS
    )
    rival = Suspect(
        component=odds.signal.component, fault=INSTRUMENT, score=0.0, ledger=(line,),
        probability=round(weighed.probability - AT_ODDS, 4),
    )  # fmt: skip
    scaled = [
        s.model_copy(update={"probability": round(share * s.probability, 4)})
        if s.component == weighed.component
        else s
        for s in weighed.suspects
    ]
    suspects = tuple(sorted((*scaled, rival), key=lambda s: -s.probability))
    return weighed.model_copy(update={"suspects": suspects, "probability": AT_ODDS})


def _beside_set_point(weighed: Weighed, evidence: Sequence[Evidence], inventory: Inventory) -> Weighed:
    """The verdict, no surer than `BESIDE` where what accuses the machine began right after a set-point of it was moved."""
    entry = moved_as_it_began(evidence, _cited(weighed, evidence), Topology(inventory.components))
    if entry is None or entry.onset is None:
        return weighed
    why = f"it began right after a set-point was moved there at {entry.onset:%H:%M} UTC [{entry.id}], which may be all"
    suspects, sure = lowered(weighed.suspects, weighed.probability, BESIDE, why, MAY_FOLLOW)
    return weighed.model_copy(update={"suspects": suspects, "probability": sure})


def _of_broken(weighed: Weighed, evidence: Sequence[Evidence]) -> Weighed:
    """The verdict; of an instrument's error no surer than `BROKEN` where it reads many times what is expected of it."""
    if not weighed.fault.startswith("sensor"):
        return weighed
    far = next((e for e in _cited(weighed, evidence) if _times(e) >= TIMES), None)
    if far is None:
        return weighed
    why = f"it reads {_times(far):.0f} times what is expected [{far.id}]: a broken or a planted series rather than a bias"
    suspects, sure = lowered(weighed.suspects, weighed.probability, BROKEN, why, "unknown.broken")
    return weighed.model_copy(update={"suspects": suspects, "probability": sure})


def _times(e: Evidence) -> float:
    """How many times what was expected a signal read at its worst; 0 where that is not known, or says nothing: of what may lie
    on either side of zero.
    """
    reads, expected = e.values.get("reads"), e.values.get("expected")
    if not (isinstance(reads, int | float) and isinstance(expected, int | float) and expected):
        return 0.0
    name = str(e.values.get("channel") or e.values.get("metric") or "")
    if _DIFFERENCE.search(name) or {e.aspect, machine_aspect(name, e.unit)} & _NO_ZERO:
        return 0.0
    return max(0.0, reads / expected)


def by_formula_alone(weighed: Weighed, evidence: Sequence[Evidence]) -> bool:
    """Whether all lines that accuse it are held against another speed, and no signal of vibration rose beside."""
    cited = [e for e in _cited(weighed, evidence) if e.kind == _LINE]
    rose = any(
        e.kind in ("metric.shift", "metric.trend") and e.aspect == "vibration" and e.direction == "up" and e.strength >= _PLAIN
        for e in evidence
    )  # fmt: skip
    return bool(cited) and not rose and all("baseline_rpm" in e.values for e in cited)


def _of_vibration(weighed: Weighed, evidence: Sequence[Evidence]) -> bool:
    """Whether its vibration is what accuses it."""
    return any(e.aspect.startswith("vibration") for e in _cited(weighed, evidence))


def _cited(weighed: Weighed, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What speaks for the named cause."""
    ids = {
        i
        for s in weighed.suspects
        if s.component == weighed.component and s.fault == weighed.fault
        for i in s.supporting
    }
    return [e for e in evidence if e.id in ids]
