"""The planner: which tools to call, in which order, within a bounded number of calls.

The first round takes every read tool that needs no target and whose needs the inventory meets, in an order that the
symptom sets; where the budget does not hold them all, it takes the best-scored calls, targeted ones included. Later
rounds ask what would tell the two best suspects apart. docs/planning.md says how calls are scored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aitia.agent.planning.defaults import Roles, bundled_defaults
from aitia.agent.planning.later_rounds import closer_round, is_thin
from aitia.agent.planning.rounds import Round, made_round, rankings
from aitia.agent.planning.score import (
    NO_GUIDES,
    SUSPECT,
    Guides,
    Scored,
    by_defaults,
    by_memory,
    by_skeleton,
    candidates,
    settle,
)
from aitia.agent.planning.skeleton import skeleton
from aitia.agent.planning.validate import call_key, required, validated, with_dependencies
from aitia.core.llm import Llm
from aitia.core.words import Incident, Inventory, Plan, Result, Task
from aitia.tools import Registry

__all__ = [
    "Guides",
    "Round",
    "closer_round",
    "first_round",
    "is_thin",
    "opening",
    "ordered",
    "recall_tasks",
    "recalled_last",
    "repeated",
    "scan_tasks",
    "validated",
    "with_recall",
]

MAX_TASKS: Final = 12  # a first round
SCAN: Final = ("metrics_scan", "signals_envelope", "cluster_state", "traces_diff", "logs_diff")
RECALL: Final = ("incidents_search", "runbooks_search")
_FAMILIES: Final = (
    "metrics",
    "cluster",
    "traces",
    "logs",
    "changes",
    "signals",
    "incidents",
    "rank",
)
_SYMPTOMS: Final = (
    (
        re.compile(r"vibration|bearing|temperature|machine|pump|motor", re.I),
        ("signals", "metrics", "changes"),
    ),
    (
        re.compile(r"\bpods?\b|deployment|kube|node|unreachab|restart|schedul|image", re.I),
        ("cluster", "metrics", "logs", "changes"),
    ),
    (re.compile(r"error|exception|5xx|fail|crash|down", re.I), ("logs", "metrics", "changes")),
    (re.compile(r"latency|slow|p9\d|duration|timeout", re.I), ("metrics", "changes", "logs")),
)


def scan_tasks(registry: Registry, inventory: Inventory) -> list[Task]:
    """The deterministic scan that gives first findings: the first scanning tool whose needs are met."""
    names = [n for n in SCAN if n in registry.names() and inventory.has(*registry[n].needs)]
    return [Task(id=1, tool=names[0], why="first findings")] if names else []


def recall_tasks(registry: Registry, inventory: Inventory, *, after: int) -> list[Task]:
    """Matching runbooks, which the plan goes by."""
    return _recalling(registry, inventory, after, last=False)


def with_recall(plan: Plan, registry: Registry, inventory: Inventory, done: Sequence[Task]) -> Plan:
    """The plan, and behind all its calls the similar incidents: they are looked for by what the calls found."""
    every = [*done, *plan.tasks]
    taken = {call_key(t, registry) for t in every}
    last = _recalling(registry, inventory, max((t.id for t in every), default=0), last=True)
    waits = tuple(t.id for t in plan.tasks)
    more = [t.model_copy(update={"dep": waits}) for t in last if call_key(t, registry) not in taken]
    return plan.model_copy(update={"tasks": (*plan.tasks, *more)})


def recalled_last(registry: Registry, inventory: Inventory) -> int:
    """How many calls `with_recall` adds."""
    return len(_recalling(registry, inventory, 0, last=True))


def _recalling(registry: Registry, inventory: Inventory, after: int, *, last: bool) -> list[Task]:
    known = [registry[n] for n in RECALL if n in registry.names()]
    names = [s.name for s in known if s.asks_last is last and inventory.has(*s.needs)]
    return [Task(id=after + i, tool=n, why="memory") for i, n in enumerate(names, 1)]


def first_round(registry: Registry, inventory: Inventory, incident: Incident, done: Iterable[Task]) -> Plan:
    """Every untargeted read tool that can run, in the symptom's order; never one that ran already."""
    taken = {call_key(t, registry) for t in done}
    order = _families(incident)
    specs = [s for s in registry if s.by_rules and not s.target and inventory.has(*s.needs)]
    specs = [s for s in specs if call_key(Task(id=0, tool=s.name), registry) not in taken and not required(s)]
    specs = [s for s in specs if not s.asks_last]
    specs.sort(key=lambda s: (order.index(s.family) if s.family in order else len(order), bool(s.consumes)))
    start = max((t.id for t in done), default=0)
    tasks = [
        Task(id=start + i, tool=s.name, why=f"default for this symptom: {s.family}")
        for i, s in enumerate(specs[:MAX_TASKS], 1)
    ]
    return Plan(round=1, tasks=tuple(with_dependencies(tasks, registry, done)))


def _families(incident: Incident) -> list[str]:
    text = f"{incident.title} {incident.text}"
    first = next((families for pattern, families in _SYMPTOMS if pattern.search(text)), ())
    return [*first, *(f for f in _FAMILIES if f not in first)]


def opening(
    registry: Registry,
    inventory: Inventory,
    incident: Incident,
    done: Sequence[Task],
    *,
    results: Sequence[Result],
    guides: Guides,
    limit: int,
    llm: Llm | None,
) -> Round:
    """The first round within `limit` calls: all untargeted tools and what a runbook names, or the best-scored calls."""
    plan = first_round(registry, inventory, incident, done)
    if len(plan.tasks) > limit:
        return ordered(
            registry, inventory, incident, limit=limit, done=done, results=results, guides=guides, llm=llm
        )
    taken = {call_key(t, registry) for t in (*done, *plan.tasks)}
    steps = skeleton(registry, inventory, Roles(incident, inventory), results)
    steps = [(t, title) for t, title in steps if call_key(t, registry) not in taken]
    start = max((t.id for t in (*done, *plan.tasks)), default=0)
    more = [
        task.model_copy(update={"id": start + n, "why": f'runbook "{title}"'})
        for n, (task, title) in enumerate(steps[: limit - len(plan.tasks)], 1)
    ]
    more = with_dependencies(more, registry, [*done, *plan.tasks])
    return Round(plan=plan.model_copy(update={"tasks": (*plan.tasks, *more)}))


def ordered(
    registry: Registry,
    inventory: Inventory,
    incident: Incident,
    *,
    limit: int,
    done: Sequence[Task] = (),
    results: Sequence[Result] = (),
    guides: Guides = NO_GUIDES,
    llm: Llm | None = None,
) -> Round:
    """The best-scored `limit` calls, targeted ones about the alarmed component and its neighbours included, best first."""
    roles, defaults = Roles(incident, inventory), bundled_defaults()
    steps = skeleton(registry, inventory, roles, results)
    options = candidates(registry, inventory, roles, done, [task for task, _ in steps])
    if not rankings(registry, [*done, *(c.task for c in options)]):
        options = [c for c in options if SUSPECT not in c.task.args.values()]
    by_step = {call_key(t, registry): (n, title) for n, (t, title) in enumerate(steps)}
    scores = by_defaults(options, defaults, defaults.classify(incident, roles.types))
    scores = by_skeleton(scores, options, by_step, registry)
    memory, share = by_memory(options, guides.past)
    settled = settle(
        Scored(
            candidates=options,
            rules=[score for score, _ in scores],
            memory=memory,
            why=[why for _, why in scores],
            memory_weight=share,
        ),
        limit=limit,
        question=f"which {limit} calls fit into the budget",
        situation=f"{incident.title}. {incident.text}".strip(),
        guides=guides,
        llm=llm,
    )
    chosen = [(options[i].task, scores[i][1]) for i in settled.taken]
    return made_round(1, chosen, registry, done, settled)


def repeated(tasks: Sequence[Task]) -> int:
    """How many calls repeat an earlier one with equal arguments."""
    plain = Registry()
    return len(tasks) - len({call_key(t, plain) for t in tasks})
