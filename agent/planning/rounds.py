"""A round of the plan: numbered tasks, their references and dependencies, and the decision that led to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aitia.agent.planning.references import written
from aitia.agent.planning.score import SUSPECT, Settled
from aitia.agent.planning.validate import with_dependencies
from aitia.core.events import Decided
from aitia.core.llm import Choice
from aitia.core.words import Plan, Task
from aitia.tools import Registry

RANKINGS: Final = ("ranking", "suspects", "paths", "anomalies", "shifts", "findings")
"""What a reference to a suspect points at, the best that the plan produces."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """A round's plan with the decision and the vote that led to it, where there were any."""

    plan: Plan
    decided: Decided | None = None
    choice: Choice | None = None


def made_round(
    number: int,
    chosen: Sequence[tuple[Task, str]],
    registry: Registry,
    done: Sequence[Task],
    settled: Settled,
) -> Round:
    """Numbered tasks with references and dependencies; a suspect nobody will name is left out."""
    first = max((t.id for t in done), default=0) + 1
    tasks = [t.model_copy(update={"id": first + n, "why": why}) for n, (t, why) in enumerate(chosen)]
    tasks.sort(key=lambda t: bool(registry[t.tool].consumes))  # stable: after what may produce it
    ranked = rankings(registry, [*done, *tasks])
    made = []
    for task in tasks:
        if SUSPECT in task.args.values():
            if not ranked:
                continue
            task = task.model_copy(update={"args": dict.fromkeys(task.args, ranked[0])})
        made.append(task)
    by: Literal["rules", "model"] = "model" if settled.choice else "rules"
    plan = Plan(round=number, tasks=tuple(with_dependencies(made, registry, done)), by=by)
    return Round(plan=plan, decided=settled.decided, choice=settled.choice)


def rankings(registry: Registry, tasks: Sequence[Task]) -> list[str]:
    """References to what the tasks' tools produce and a suspect can be taken from, best first."""
    makers = {
        p: t.id for t in reversed(tasks) if t.tool in registry.names() for p in registry[t.tool].produces
    }
    return [written(makers[name], name) for name in RANKINGS if name in makers]
