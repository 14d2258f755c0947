"""What learning changes: recorded runs weighed again from their evidence, without and with the lessons they may know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aitia.agent.judged import Judged
from aitia.agent.learned import NOTHING, Learned
from aitia.agent.unshown import left_open
from aitia.agent.weigher import Weighed, weigh
from aitia.core.errors import AitiaError
from aitia.core.store import RunStore, list_runs
from aitia.core.words import Report, Verdict
from aitia.graphs.judgement import taxonomy_of, weights_of
from aitia.graphs.outcome import learned, outcomes
from aitia.tools.memory.words import Outcome

HARDLY = 0.005  # a probability that moved by less did not move


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One run, weighed without and with what was learned; `truth` is what a person said of it, if anyone did."""

    run: str
    without: Weighed
    learnt: Weighed
    truth: Outcome | None
    right_without: bool | None = None
    right_learnt: bool | None = None
    lessons: int = 0

    @property
    def worse(self) -> bool:
        """Whether it was right, or left the cause open, and is wrong because of what was learned."""
        sure = self.learnt.verdict == "cause" and self.without.verdict == "unknown"
        return self.right_learnt is False and (bool(self.right_without) or sure)

    @property
    def better(self) -> bool:
        """Whether it was wrong and is right because of what was learned."""
        return self.right_without is False and bool(self.right_learnt)

    @property
    def changed(self) -> bool:
        """Whether the answer or its probability moved."""
        a, b = self.without, self.learnt
        same = (a.verdict, a.component, a.fault) == (b.verdict, b.component, b.fault)
        return not same or abs(a.probability - b.probability) >= HARDLY


def check(home: Path) -> Iterator[Effect]:
    """The effect on every finished run that is still recorded, oldest first. A run learns from earlier incidents only."""
    known, said = learned(home), {o.run: o for o in outcomes(home)}
    for meta in sorted(list_runs(home), key=lambda m: str(m.get("id", ""))):
        if meta.get("state") != "finished":
            continue
        try:
            store = RunStore.open(home, str(meta["id"]))
            report = store.report()
        except AitiaError:  # of another version, or deleted meanwhile: nothing to compare
            continue
        yield effect(report, store.meta(), known, said.get(store.id))


def effect(report: Report, meta: dict[str, object], known: Learned, truth: Outcome | None) -> Effect:
    """One run's effect."""
    lessons = known.known_to(report.run, report.incident.started_at)
    taxonomy, weights = taxonomy_of(meta), weights_of(meta)

    def weighed(what: Learned) -> Weighed:
        hints = report.incident.hints
        weighed = weigh(report.evidence, report.inventory, taxonomy, weights, alarmed=hints, learned=what)
        return left_open(weighed, report.evidence, report.inventory, taxonomy)

    without = weighed(NOTHING)
    learnt = weighed(lessons) if lessons.lessons else without
    found = Effect(run=report.run, without=without, learnt=learnt, truth=truth, lessons=len(lessons.lessons))
    if truth is None:
        return found
    verdict: Verdict = "cause" if truth.component else "healthy"
    judged = Judged(
        id=report.run,
        group="runs",
        evidence=report.evidence,
        inventory=report.inventory,
        verdict=verdict,
        accepted=((truth.component, truth.fault),) if truth.component else (),
    )
    return Effect(
        run=found.run,
        without=without,
        learnt=learnt,
        truth=truth,
        right_without=judged.is_right(without),
        right_learnt=judged.is_right(learnt),
        lessons=found.lessons,
    )
