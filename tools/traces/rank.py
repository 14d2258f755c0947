"""Suspects by what traces say: who has to answer for the time added, for the failures, for the steps left out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aitia.core.percent import percent
from aitia.core.words import Evidence, Result
from aitia.tools.change.counts import certainty
from aitia.tools.registry import ToolContext, tool
from aitia.tools.traces.analysis import Analysis, analyse, explained
from aitia.tools.traces.diff import message, nothing
from aitia.tools.traces.errors import origins
from aitia.tools.traces.trace_facts import UNDER, sig

WEIGHT: Final = 4.0  # log-odds of a component that answers for all of it, beyond doubt
NOBODY: Final = 1.5  # log-odds of "none of them": what small changes do not reach
AFTER: Final = 0.4  # of a flow's weight goes to the callee after whose answer it left its way
MOST: Final = 10


@dataclass(kw_only=True)
class Score:
    """A component's score in log-odds, and what it is made of."""

    time: float = 0.0
    failures: float = 0.0
    flow: float = 0.0

    @property
    def total(self) -> float:
        """The weightiest of the three, and half of the others: one fault shows in several ways."""
        parts = sorted((self.time, self.failures, self.flow), reverse=True)
        return parts[0] + 0.5 * sum(parts[1:])

    @property
    def reasons(self) -> dict[str, float]:
        """Parts that say something."""
        return {"time": self.time, "failures": self.failures, "flow": self.flow}


@dataclass(kw_only=True)
class _Scores:
    held: dict[str, Score] = field(default_factory=dict)

    def of(self, name: str) -> Score:
        return self.held.setdefault(name, Score())


@tool(needs=("traces",), produces=("suspects",))
def traces_rank(ctx: ToolContext) -> Result:
    """Which component has to answer for the time that requests take longer, for their failures, for steps left out."""
    found = analyse(ctx)
    if not found.compared.comparable:
        return nothing(found.compared, found.notes)
    scores = scored(found)
    strengths = shares({name: s.total for name, s in scores.items()})
    ranked = sorted((n for n, s in scores.items() if s.total >= 0.2), key=lambda n: (-scores[n].total, n))[
        :MOST
    ]
    if not ranked:
        hint = "no component stands out in the traces"
        return Result(
            status="no_data", message=f"{hint}; {message(found)}", query=found.compared.source.query
        )
    facts = [
        _fact(found, n, place, scores[n], strengths[n], len(ranked)) for place, n in enumerate(ranked, 1)
    ]
    return Result(
        status="ok",
        message=message(found),
        query=found.compared.source.query,
        evidence=tuple(facts),
        data={"suspects": [{"component": e.component, "strength": e.strength} for e in facts]},
    )


def scored(found: Analysis) -> dict[str, Score]:
    """The score of each component that anything speaks against."""
    scores = _Scores()
    # Half again as long is as plain as ten times as long; a twentieth longer is nearly nothing.
    size = min(1.0, found.added / 0.5) * found.felt
    for name, share in found.latency.share_of.items():
        scores.of(name).time = WEIGHT * share * size
    began = origins(found.failing)
    total = sum(began.values())
    sure = {f.peer if f.sort == "way" else f.component: certainty(f.q) for f in reversed(found.failing)}
    for name, count in began.items():
        scores.of(name).failures = WEIGHT * sure.get(name, 0.0) * count / total if total else 0.0
    for b in found.breaks:
        weight = WEIGHT * b.strength * (UNDER if explained(b, found.breaks) else 1.0)
        scores.of(b.component).flow = max(scores.of(b.component).flow, weight)
    own = {b.component for b in found.breaks}
    for b in found.breaks:
        if (
            b.after and b.after not in own
        ):  # what it answered may be wrong though it did all that it used to do
            after = scores.of(b.after)
            after.flow = max(after.flow, AFTER * WEIGHT * b.strength)
    return dict(sorted(scores.held.items()))


def shares(totals: Mapping[str, float]) -> dict[str, float]:
    """Softmax of the scores with "none of them" among the options, so that small changes convict nobody."""
    whole = math.exp(NOBODY) + sum(math.exp(t) for t in totals.values() if t > 0)
    return {name: math.exp(t) / whole if t > 0 else 0.0 for name, t in totals.items()}


def _fact(found: Analysis, name: str, place: int, score: Score, strength: float, of: int) -> Evidence:
    return Evidence(
        component=name,
        kind="rank.suspect",
        aspect="rank.traces",
        statement=f"{name} ranks {_ordinal(place)} of {of} by traces: {'; '.join(_because(found, name, score))}.",
        values={
            "rank": place, "score": sig(score.total), "method": "traces",
            "time_share": sig(found.latency.share_of.get(name, 0.0)),
        }
        | {f"log_odds_{k}": sig(v) for k, v in score.reasons.items()},
        window=found.compared.window,
        strength=round(min(0.98, strength), 3),
        source=found.compared.source,
    )  # fmt: skip


def _because(found: Analysis, name: str, score: Score) -> list[str]:
    out = []
    if score.time >= 0.1:
        out.append(f"it accounts for {percent(found.latency.share_of[name])} of the extra request time")
    if score.failures >= 0.1:
        out.append(f"{origins(found.failing)[name]:.0f} more failures than usual start there")
    own = [b for b in found.breaks if b.component == name]
    if own:
        worst = max(own, key=lambda b: (b.strength, -b.q))
        out.append(f"{worst.broken} of {worst.n} requests no longer make a step that they made before")
    elif score.flow >= 0.1:
        out.append("a caller takes a different path after its answer")
    return out or ["there is little evidence against it"]


def _ordinal(place: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(place, f"{place}th")
