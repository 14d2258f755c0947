"""Which tasks of a plan may run: known read tools with valid arguments, met needs, no repeats, no rings."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from aitia.agent.planning.references import references, stray
from aitia.core.errors import BadInput
from aitia.core.words import Effect, Inventory, Task
from aitia.tools import Registry, ToolSpec


def validated(
    tasks: Sequence[Task],
    registry: Registry,
    inventory: Inventory,
    done: Iterable[Task],
    *,
    effects: Collection[Effect] = frozenset[Effect]({"read"}),
) -> tuple[list[Task], list[str]]:
    """The tasks that may run, with dependencies derived by code, and why each other one may not.

    A given `dep` is not looked at. References may point at any task of the plan or of `done`.
    """
    earlier, reasons = list(done), []
    kept: list[Task] = []
    calls = {call_key(t, registry) for t in earlier}
    ids = {t.id for t in earlier}
    names = {n for c in inventory.components for n in (c.id, *c.aliases)}
    for task in tasks:
        wrong = _wrong(task, registry, inventory, names, effects)
        if not wrong and task.id in ids:
            wrong = f"id {task.id} is already used: give this task another one"
        if not wrong and call_key(task, registry) in calls:
            wrong = "the same call with the same arguments is already planned or done: leave it out"
        if wrong:
            reasons.append(f"task {task.id} ({task.tool}): {wrong}")
            continue
        ids.add(task.id)
        calls.add(call_key(task, registry))
        kept.append(task)
    kept, dangling = _without_dangling(kept, earlier, registry)
    kept = with_dependencies(kept, registry, earlier)
    kept, ringed = _without_rings(kept, earlier)
    return kept, [*reasons, *dangling, *ringed]


def _wrong(
    task: Task, registry: Registry, inventory: Inventory, names: set[str], effects: Collection[Effect]
) -> str:
    if task.tool not in registry.names():
        return "choose an installed tool"
    spec = registry[task.tool]
    if spec.effect not in effects:
        return f"this tool is {spec.effect}: choose a read-only one"
    if not inventory.has(*spec.needs):
        return f"it needs {', '.join(spec.needs)}, which is not configured: choose another tool"
    if astray := stray(task.args):
        return f"{', '.join(astray)} must be a reference and nothing else"
    try:
        registry.validate(task)
    except BadInput as error:
        return str(error)
    about = task.args.get(target_of(spec), "")
    if about and not references(task.args).get(target_of(spec)) and about not in names:
        return f"{str(about)[:80]!r} is not a component in the inventory: name one that is"
    return ""


def target_of(spec: ToolSpec) -> str:
    """The argument that names a component, "" where there is none."""
    return spec.target or ("component" if "component" in spec.arguments.model_fields else "")


def required(spec: ToolSpec) -> set[str]:
    """The arguments that a call must give."""
    return {name for name, field in spec.arguments.model_fields.items() if field.is_required()}


def call_key(task: Task, registry: Registry) -> str:
    """What makes two calls equal: the tool and all its arguments, defaults included."""
    args: dict[str, Any] = task.args
    if task.tool in registry.names():
        fields = registry[task.tool].arguments.model_fields
        args = {n: f.get_default() for n, f in fields.items() if not f.is_required()} | task.args
    return f"{task.tool}:{json.dumps(args, sort_keys=True, default=str)}"


def with_dependencies(tasks: Sequence[Task], registry: Registry, done: Iterable[Task]) -> list[Task]:
    """Dependencies from references, and from what tools consume and earlier tasks produce."""
    made: list[Task] = []
    earlier = list(done)
    for task in tasks:
        makers = {p: t.id for t in reversed([*earlier, *made]) for p in registry[t.tool].produces}
        needs = {makers[c] for c in registry[task.tool].consumes if c in makers}
        needs |= {maker for maker, _ in references(task.args).values()}
        made.append(task.model_copy(update={"dep": tuple(sorted(needs))}))
    return made


def _without_dangling(
    tasks: Sequence[Task], done: Sequence[Task], registry: Registry
) -> tuple[list[Task], list[str]]:
    """Without references to tasks that are not there or do not produce what they name, until none is left."""
    kept, reasons = list(tasks), list[str]()
    while True:
        makers = {t.id: registry[t.tool].produces for t in (*done, *kept) if t.tool in registry.names()}
        bad = [t for t in kept if any(n not in makers.get(m, ()) for m, n in references(t.args).values())]
        if not bad:
            return kept, reasons
        for task in bad:
            reasons.append(
                f"task {task.id} ({task.tool}): refer only to something a task of this plan produces"
            )
        kept = [t for t in kept if t not in bad]


def _without_rings(tasks: Sequence[Task], done: Sequence[Task]) -> tuple[list[Task], list[str]]:
    """Only tasks that get their turn: those in a ring, or behind one, never would."""
    turn = {t.id for t in done}
    left = list(tasks)
    while ready := [t for t in left if set(t.dep) <= turn]:
        turn |= {t.id for t in ready}
        left = [t for t in left if t not in ready]
    reasons = [
        f"task {t.id} ({t.tool}): tasks wait for each other in a cycle: remove one dependency" for t in left
    ]
    return [t for t in tasks if t.id in turn], reasons
