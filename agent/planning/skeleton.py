"""A matched runbook's procedure as the skeleton of a plan: the steps that name an installed read tool.

A step names one as `metrics_component component=payment`, in its text or as a command, or in the list `tools` of the
front matter. `component={alarmed}` (or `{component}`, `{callee}`, ...) stands for whom the alarm is about. A runbook is
text from outside: it chooses among installed read tools with valid arguments, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from aitia.agent.planning.defaults import TARGETS, Roles
from aitia.agent.planning.validate import target_of, validated, with_dependencies
from aitia.core.words import Inventory, Plan, Result, Task
from aitia.tools import Registry

MAX_STEPS: Final = 8
MAX_OF_ROLE: Final = 3  # neighbours that a placeholder stands for, where one runbook is the plan
MAX_ASKED: Final = 3  # calls of one run that a person is asked to approve
_ARGUMENT = re.compile(r"\s+(\w+)=([\"']?)([^\s\"'`,;]+)\2")


def skeleton(
    registry: Registry, inventory: Inventory, roles: Roles, results: Iterable[Result]
) -> list[tuple[Task, str]]:
    """The calls that matched runbooks name, in their order, each with the runbook's title; at most 8."""
    found = [(t, _title(book)) for book in matched(results) for t in calls_of(book, registry, roles)]
    numbered = [task.model_copy(update={"id": n}) for n, (task, _) in enumerate(found, 1)]
    valid, _ = validated(numbered, registry, inventory, ())
    return [(task, found[task.id - 1][1]) for task in valid][:MAX_STEPS]


def matched(results: Iterable[Result]) -> list[Mapping[str, Any]]:
    """The runbooks that the report's words point to; others are handed on for their steps only."""
    books = [b for r in results for b in r.data.get("runbooks") or [] if isinstance(b, Mapping)]
    return [book for book in books if _similarity(book) > 0]


def asks_of(
    books: Iterable[Mapping[str, Any]],
    registry: Registry,
    inventory: Inventory,
    roles: Roles,
    done: Sequence[Task],
    *,
    limit: int,
) -> list[Task]:
    """The calls of runbooks that may change something: each is put before a person, and none is made."""
    start = max((t.id for t in done), default=0)
    named = [
        (task, f'runbook "{_title(book)}"')
        for book in books
        for task in calls_of(book, registry, roles)
        if registry[task.tool].effect != "read"
    ]
    asked = [t.model_copy(update={"id": start + n, "why": why}) for n, (t, why) in enumerate(named, 1)]
    valid, _ = validated(asked, registry, inventory, done, effects=("write", "exec"))
    return valid[: min(limit, MAX_ASKED)]


def of_one(
    book: Mapping[str, Any],
    registry: Registry,
    inventory: Inventory,
    roles: Roles,
    done: Sequence[Task],
    limit: int,
) -> Plan:
    """The plan of exactly one runbook: the calls that it names, in its order, and no other."""
    start = max((t.id for t in done), default=0)
    why = f'runbook "{_title(book)}"'
    asked = [
        task.model_copy(update={"id": start + n, "why": why})
        for n, task in enumerate(calls_of(book, registry, roles, of_role=MAX_OF_ROLE), 1)
    ]
    valid, _ = validated(asked, registry, inventory, done)
    return Plan(round=1, tasks=tuple(with_dependencies(valid[:limit], registry, done)))


def calls_of(book: Mapping[str, Any], registry: Registry, roles: Roles, *, of_role: int = 1) -> list[Task]:
    """The calls that a runbook names, in its order, whether they can be made or not."""
    return [task for text in texts_of(book) for task in calls_in(text, registry, roles, of_role=of_role)]


def _title(book: Mapping[str, Any]) -> str:
    return str(book.get("title") or book.get("id") or "")[:80]


def _similarity(book: Mapping[str, Any]) -> float:
    told = book.get("similarity")
    return float(told) if isinstance(told, int | float) else 0.0


def texts_of(book: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a runbook that may name a tool: its list of calls, what to check, what to do."""
    for tool in book.get("tools") or []:
        yield str(tool)
    for step in (*(book.get("checks") or []), *(book.get("steps") or [])):
        if isinstance(step, Mapping):
            yield f"{step.get('text', '')}\n{step.get('command', '')}"


def calls_in(text: str, registry: Registry, roles: Roles, *, of_role: int = 1) -> Iterator[Task]:
    """The calls that a text names; one whose component nobody holds is left out.

    A neighbour's placeholder (`{callee}`) stands for each of at most `of_role` components that hold the role.
    """
    names = "|".join(re.escape(n) for n in registry.names())
    for match in re.finditer(rf"(?<![\w-])({names})(?![\w-])", text) if names else ():
        args = arguments_of(text[match.end() :])
        target = target_of(registry[match[1]])
        if target not in args and registry[match[1]].target:
            args[target] = "{component}"
        meant = {
            key: _components(value, roles, of_role)
            for key, value in args.items()
            if key == target or _is_placeholder(value)
        }
        for n in range(max(map(len, meant.values()), default=1)):
            chosen = args | {key: held[min(n, len(held) - 1)] if held else "" for key, held in meant.items()}
            if all(chosen.values()):
                yield Task(id=0, tool=match[1], args=chosen)


def arguments_of(text: str) -> dict[str, Any]:
    """The `name=value` pairs that a text begins with."""
    found, at = {}, 0
    while match := _ARGUMENT.match(text, at):
        found[match[1]] = match[3].rstrip(".")
        at = match.end()
    return found


def _is_placeholder(value: str) -> bool:
    return value[:1] in "{<" and value.strip("{}<>") in ("component", *TARGETS)


def _components(value: str, roles: Roles, most: int) -> Sequence[str]:
    """Whom a placeholder means; any other value must be a component's name, which validation checks."""
    asked = value.strip("{}<>")
    if asked == value:
        return [value]
    if asked in ("component", "alarmed"):
        return roles.alarmed[:1]
    return roles.nearest(asked, most) if asked in TARGETS else ()
