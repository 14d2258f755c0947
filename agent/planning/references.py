"""References to earlier results: `<task-2.suspects>` stands for a component that task 2 will have found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aitia.core.words import Inventory, Result, Task

_REFERENCE: Final = re.compile(r"<task-(\d+)\.([A-Za-z_]\w*)>")


def written(task: int, name: str) -> str:
    """The reference to what a task produces under a name."""
    return f"<task-{task}.{name}>"


def references(args: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """The arguments that are references: the task and the name of what it produces, by argument."""
    found = {}
    for argument, value in args.items():
        if isinstance(value, str) and (match := _REFERENCE.fullmatch(value.strip())):
            found[argument] = (int(match[1]), match[2])
    return found


def stray(args: Mapping[str, Any]) -> list[str]:
    """Arguments that hold a reference among other text, or deep inside: none of them can be resolved."""
    whole = references(args)
    return [a for a, value in args.items() if a not in whole and _REFERENCE.search(str(value))]


def resolved(
    waiting: Sequence[Task], tasks: Iterable[Task], results: Mapping[int, Result], inventory: Inventory
) -> list[Task]:
    """The waiting tasks with components in place of references; one that cannot be resolved stays as it is.

    Each reference becomes the first component of its list that the inventory knows and that this tool is not asked
    about by any other task. In id order, so that the outcome does not hang on which task ran first.
    """
    known = {n: c.id for c in inventory.components for n in (*c.aliases, c.id)}
    asked = {(t.tool, str(v)) for t in tasks for v in t.args.values() if isinstance(v, str)}
    made = []
    for task in sorted(waiting, key=lambda t: t.id):
        chosen = {}
        for argument, (maker, name) in references(task.args).items():
            listed = results[maker].data.get(name) if maker in results else None
            usable = [known[c] for c in _components(listed) if c in known]
            free = next((c for c in usable if (task.tool, c) not in asked), None)
            if free is not None:
                chosen[argument] = free
                asked.add((task.tool, free))
        made.append(task.model_copy(update={"args": {**task.args, **chosen}}) if chosen else task)
    return made


def unresolved(task: Task) -> Result | None:
    """The result of a task that still holds a reference when it is called, else None."""
    left = references(task.args)
    if not left:
        return None
    told = ", ".join(f"{argument}={task.args[argument]}" for argument in left)
    return Result(
        task=task.id,
        tool=task.tool,
        args=dict(task.args),
        status="no_data",
        message=(
            f"No new component for {task.tool}: {told} only points at components it was already asked "
            "about. Name another component."
        ),
    )


def _components(listed: Any) -> list[str]:
    rows = listed if isinstance(listed, list) else []
    named = [row.get("component") if isinstance(row, Mapping) else row for row in rows]
    return [name for name in named if isinstance(name, str) and name]
