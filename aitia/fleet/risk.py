"""Risk × consequence: which asset a planner should look at first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from aitia.fleet.assets import USUAL_CRITICALITY, About, said_of
from aitia.fleet.words import Judged, Ranked
from aitia.tools.signals.condition.words import Finding

# By hand, an order and not a probability: `act` in days, `plan` in weeks, `watch` may go on.
_SEVERITY: Final = {"act": 0.9, "plan": 0.6, "watch": 0.3}
_SENSOR: Final = 0.5  # of the risk of a process finding: an instrument that is wrong hides faults and does not stop the machine
_SOON_H: Final = 7 * 24.0  # to the limit at the earliest: as urgent as `act`
_UNKNOWN: Final = 0.1  # of an asset that could not be judged: above one that is seen to be well
_MORE: Final = 0.2  # of what is left to 1, for each further finding


def risk_of(judged: Judged) -> float:
    """0 (seen to be well) to 1, by the findings: the gravest, and somewhat more for each further one."""
    if judged.status != "ok":
        return _UNKNOWN
    risks = sorted(map(_risk, judged.findings), reverse=True)
    total = risks[0] if risks else 0.0
    for one in risks[1:]:
        total += _MORE * one * (1.0 - total)
    return round(min(1.0, total), 3)


def _risk(finding: Finding) -> float:
    grave = _SEVERITY[finding.severity]
    if finding.limit is not None and finding.limit.low <= _SOON_H:
        grave = _SEVERITY["act"]
    return grave * finding.confidence * (_SENSOR if finding.cls == "sensor" else 1.0)


def ranked(judged: Iterable[Judged], about: Mapping[str, About]) -> list[Ranked]:
    """All assets by risk × criticality, then by name."""
    scored = []
    for one in judged:
        said = said_of(one.asset, about)
        level = said.criticality or USUAL_CRITICALITY
        scored.append((round(risk_of(one) * level, 3), level, said, one))
    scored.sort(key=lambda each: (-each[0], -each[1], each[3].asset, each[3].source))
    return [
        Ranked(
            rank=rank,
            asset=one.asset,
            kind=said.kind,
            criticality=level,
            stated=said.criticality is not None,
            risk=risk_of(one),
            score=score,
            judged=one,
        )
        for rank, (score, level, said, one) in enumerate(scored, 1)
    ]
