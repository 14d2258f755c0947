"""The planner: which tools to call, in which order, within a bounded number of calls.

The first round takes every read tool that needs no target and whose needs the inventory meets, in an order that the
symptom sets. Later rounds look closer at the suspects that cannot be told apart; where more checks are possible than
a round holds, the model votes by the log-probability of whole options, and its vote counts for `MODEL_WEIGHT`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aitia.agent.weigher import Weighed
from aitia.core.events import Decided
from aitia.core.llm import Choice, Llm, Prompt
from aitia.core.words import Incident, Inventory, Plan, Task
from aitia.tools import Registry, ToolSpec

MAX_TASKS: Final = 12  # a first round
MAX_CLOSER: Final = 3  # a later round
MAX_OPTIONS: Final = 12
MODEL_WEIGHT: Final = 0.3
SURE: Final = 0.75  # probability of the verdict above which no further round is planned
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
    "library",
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
SYSTEM: Final = (
    "You help an engineer on call. Two causes cannot be told apart yet. Pick the check that separates them best. "
    "Answer with the text of one option."
)


def scan_tasks(registry: Registry, inventory: Inventory) -> list[Task]:
    """The deterministic scan that gives first findings: the first scanning tool whose needs are met."""
    names = [n for n in SCAN if n in registry.names() and inventory.has(*registry[n].needs)]
    return [Task(id=1, tool=names[0], why="first findings")] if names else []


def recall_tasks(registry: Registry, inventory: Inventory, *, after: int) -> list[Task]:
    """Similar incidents and matching runbooks."""
    names = [n for n in RECALL if n in registry.names() and inventory.has(*registry[n].needs)]
    return [Task(id=after + i, tool=n, why="memory") for i, n in enumerate(names, 1)]


def first_round(registry: Registry, inventory: Inventory, incident: Incident, done: Iterable[Task]) -> Plan:
    """Every untargeted read tool that can run, in the symptom's order; never one that ran already."""
    taken = {_key(t.tool, t.args) for t in done}
    order = _families(incident)
    specs = [s for s in registry if s.effect == "read" and not s.target and inventory.has(*s.needs)]
    specs = [s for s in specs if _key(s.name, {}) not in taken and not _required(s)]
    specs.sort(key=lambda s: (order.index(s.family) if s.family in order else len(order), bool(s.consumes)))
    start = max((t.id for t in done), default=0)
    tasks = [
        Task(id=start + i, tool=s.name, why=f"default for this symptom: {s.family}")
        for i, s in enumerate(specs[:MAX_TASKS], 1)
    ]
    return Plan(round=1, tasks=tuple(_with_dependencies(tasks, registry, done)))


def _families(incident: Incident) -> list[str]:
    text = f"{incident.title} {incident.text}"
    first = next((families for pattern, families in _SYMPTOMS if pattern.search(text)), ())
    return [*first, *(f for f in _FAMILIES if f not in first)]


def _required(spec: ToolSpec) -> list[str]:
    return [name for name, field in spec.arguments.model_fields.items() if field.is_required()]


def _with_dependencies(tasks: Sequence[Task], registry: Registry, done: Iterable[Task]) -> list[Task]:
    """Dependencies derived from what tools consume and produce, on earlier tasks only: no ring can keep two from running."""
    made: list[Task] = []
    earlier = list(done)
    for task in tasks:
        makers = {p: t.id for t in reversed([*earlier, *made]) for p in registry[t.tool].produces}
        needs = {makers[c] for c in registry[task.tool].consumes if c in makers}
        made.append(task.model_copy(update={"dep": tuple(sorted(needs))}))
    return made


@dataclass(frozen=True, kw_only=True)
class Closer:
    """A later round with the decision that led to it."""

    plan: Plan
    decided: Decided | None = None
    choice: Choice | None = None


def is_thin(weighed: Weighed) -> bool:
    """Whether another round could change the verdict."""
    return weighed.verdict == "unknown" or weighed.probability < SURE


def closer_round(
    registry: Registry,
    inventory: Inventory,
    weighed: Weighed,
    done: Sequence[Task],
    *,
    number: int,
    llm: Llm | None,
) -> Closer:
    """Look closer at the two best suspects: the targeted tools that have not been asked about them."""
    options = _options(registry, inventory, weighed, done)
    rules = [round(1.0 / (1 + rank), 3) for rank in range(len(options))]
    choice = _vote(options, weighed, llm) if llm is not None and len(options) > MAX_CLOSER else None
    votes = choice.probabilities if choice else ()
    scores = (
        [(1 - MODEL_WEIGHT) * r + MODEL_WEIGHT * v for r, v in zip(rules, votes, strict=True)]
        if votes
        else rules
    )
    best = sorted(range(len(options)), key=lambda i: -scores[i])[:MAX_CLOSER]
    start = max((t.id for t in done), default=0)
    tasks = [options[i].model_copy(update={"id": start + n}) for n, i in enumerate(best, 1)]
    plan = Plan(
        round=number, tasks=tuple(_with_dependencies(tasks, registry, done)), by="model" if votes else "rules"
    )
    decided = None
    if len(options) > 1:
        decided = Decided(
            question="which check separates the two best suspects",
            options=tuple(_describe(o) for o in options),
            rules=tuple(rules),
            model=votes,
            model_weight=MODEL_WEIGHT if votes else 0.0,
            chosen=tuple(best),
        )
    return Closer(plan=plan, decided=decided, choice=choice)


def _options(registry: Registry, inventory: Inventory, weighed: Weighed, done: Sequence[Task]) -> list[Task]:
    taken = {_key(t.tool, t.args) for t in done}
    targets = list(dict.fromkeys(s.component for s in weighed.suspects if s.component))[:3]
    specs = [s for s in registry if s.effect == "read" and s.target and inventory.has(*s.needs)]
    found = [
        Task(id=0, tool=spec.name, args={spec.target: target}, why=f"look closer at {target}")
        for target in targets
        for spec in specs
        if _key(spec.name, {spec.target: target}) not in taken
    ]
    return found[:MAX_OPTIONS]


def _vote(options: Sequence[Task], weighed: Weighed, llm: Llm) -> Choice:
    pairs = [s for s in weighed.suspects if s.component][:2]
    lines = [f"Cause {n}: {s.component} ({s.fault})" for n, s in enumerate(pairs, 1)]
    return llm.choose(
        Prompt(system=SYSTEM, user="\n".join([*lines, "Check:"])), [_describe(o) for o in options]
    )


def _describe(task: Task) -> str:
    return f"{task.tool} of {', '.join(map(str, task.args.values()))}" if task.args else task.tool


def _key(tool: str, args: Mapping[str, Any]) -> str:
    return f"{tool}:{json.dumps(args, sort_keys=True, default=str)}"


def repeated(tasks: Sequence[Task]) -> int:
    """How many calls repeat an earlier one with equal arguments."""
    return len(tasks) - len({_key(t.tool, t.args) for t in tasks})
