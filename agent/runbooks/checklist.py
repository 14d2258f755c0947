"""A runbook after its run: each step with what was found, or with what is left to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from aitia.agent.placeholders import fill, names_of
from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.skeleton import calls_in
from aitia.agent.planning.validate import call_key, validated
from aitia.core.commands import command_line, effect
from aitia.core.words import Report, Result, Task, Word
from aitia.tools import Registry

MAX_FOUND: Final = 3
State = Literal["done", "no data", "failed", "not run", "manual step", "advice", "done by hand", "skipped"]


class Item(Word):
    """A step of a runbook. `found` are statements of facts with their numbers in the report; `effect` is a command's."""

    text: str
    state: State
    command: str = ""
    effect: Literal["", "read-only", "changing"] = ""
    found: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    why: str = ""


def checklist(
    book: Mapping[str, Any], report: Report, results: Iterable[Result], registry: Registry
) -> list[Item]:
    """The steps of a runbook in its order, held against the calls that were made."""
    made = _made(results, registry)
    roles = Roles(report.incident, report.inventory)
    caused = report.verdict == "cause" and report.component
    names = names_of(report.component, report.inventory, report.evidence) if caused else {}
    said: Mapping[str, str] = book.get("named") or {}
    items: list[Item] = []
    for call in map(str, book.get("tools") or []):
        shown = f"{said[call]} ({call})" if call in said else call
        items += _calls(shown, call, made, report, registry, roles) or [
            Item(
                text=shown,
                state="not run",
                why="no component of the incident fits it, or there is no such tool",
            )
        ]
    for step in (*(book.get("checks") or []), *(book.get("steps") or [])):
        text, command = str(step.get("text", "")), str(step.get("command", ""))
        found = _calls(text, f"{text}\n{command}", made, report, registry, roles)
        if found:
            items += found
        elif command:
            lines = [line for part in command.split("\n") if (line := command_line(part))]
            items += [_by_hand(text, line, names) for line in lines]
        else:
            items.append(Item(text=text, state="advice"))
    return items


def _by_hand(text: str, line: str, names: Mapping[str, str]) -> Item:
    """A command for a person, with the names of the component that the report names, as "Do now" has them."""
    filled = fill(line, names)
    return Item(
        text=f"{text}{filled.note}",
        state="manual step",
        command=filled.command,
        effect=effect(filled.command),
    )


def _made(results: Iterable[Result], registry: Registry) -> dict[str, tuple[Result, tuple[str, ...]]]:
    """The calls by what makes them equal, each with the numbers that its facts have in the report."""
    made: dict[str, tuple[Result, tuple[str, ...]]] = {}
    number = 0
    for result in sorted(results, key=lambda r: r.task):
        ids = tuple(f"E{n}" for n in range(number + 1, number + 1 + len(result.evidence)))
        number += len(result.evidence)
        key = call_key(Task(id=0, tool=result.tool, args=result.args), registry)
        made.setdefault(key, (result, ids))
    return made


def _calls(
    shown: str,
    text: str,
    made: Mapping[str, tuple[Result, tuple[str, ...]]],
    report: Report,
    registry: Registry,
    roles: Roles,
) -> list[Item]:
    items = []
    for task in calls_in(text, registry, roles):
        known = made.get(call_key(task, registry))
        if known is None:
            items.append(Item(text=shown, state="not run", why=_why(task, report, registry)))
        else:
            items.append(_item(shown, *known))
    return items


def _item(text: str, result: Result, ids: Sequence[str]) -> Item:
    state: State = {"ok": "done", "no_data": "no data"}.get(result.status, "failed")  # type: ignore[assignment]
    ranked = sorted(
        zip(result.evidence, ids, strict=True), key=lambda p: (p[0].direction == "steady", -p[0].strength)
    )
    best = ranked[:MAX_FOUND]
    logged = [] if best else _logged(result)
    nothing = "" if best or logged else "It ran and tells nothing: no fact came of it."
    return Item(
        text=text,
        state=state,
        found=(*(e.statement for e, _ in best), *logged),
        cites=(*(i for _, i in best), *("" for _ in logged)),
        why=nothing if result.status == "ok" else result.message,
    )


def _logged(result: Result) -> list[str]:
    """What a component logged in the window, errors first, where that is what a call returned."""
    told = result.data.get("templates")
    return [
        f'{t["component"]} logged {t["count"]} times in the window ({t["count_baseline"]} in the baseline): "{t["template"]}"'
        for t in (told if isinstance(told, list) else [])[:MAX_FOUND]
        if {"component", "count", "count_baseline", "template"} <= set(t)
    ]


def _why(task: Task, report: Report, registry: Registry) -> str:
    """Why a call that the runbook names was not made."""
    _, reasons = validated([task.model_copy(update={"id": 1})], registry, report.inventory, ())
    return reasons[0].partition(": ")[2] if reasons else "there were more calls than the run allows"
