"""A runbook after its run: each step with what was found, or with what is left to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from aitia.agent.mitigate import fitting_faults
from aitia.agent.placeholders import fill, fill_prose, names_of
from aitia.agent.planning.defaults import Roles
from aitia.agent.planning.planner import SCAN
from aitia.agent.planning.skeleton import MAX_OF_ROLE, calls_in
from aitia.agent.planning.validate import call_key, target_of, validated
from aitia.agent.taxonomy import Taxonomy, bundled
from aitia.core.commands import command_line, effect
from aitia.core.words import Evidence, Report, Result, Task, Word
from aitia.tools import Registry

MAX_FOUND: Final = 3
State = Literal["done", "no data", "failed", "not run", "manual step", "advice", "done by hand", "skipped"]


class Item(Word):
    """A step of a runbook. `found` are statements of facts with their numbers in the report; `effect` is a command's.

    `id` is the step's own where the front matter gives one; `tool` and `args` are the call, with names for placeholders.
    """

    text: str
    id: str = ""
    tool: str = ""
    args: dict[str, Any] = {}
    state: State
    command: str = ""
    effect: Literal["", "read-only", "changing"] = ""
    found: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    why: str = ""


def checklist(
    book: Mapping[str, Any],
    report: Report,
    results: Iterable[Result],
    registry: Registry,
    taxonomy: Taxonomy | None = None,
) -> list[Item]:
    """The steps of a runbook in its order, held against the calls that were made."""
    made = _made(results, registry)
    roles = Roles(report.incident, report.inventory)
    names = _Names.of(book, report, roles, taxonomy or bundled())
    said: Mapping[str, str] = book.get("named") or {}
    ids: Mapping[str, str] = book.get("ids") or {}
    items: list[Item] = []
    for call in map(str, book.get("tools") or []):
        told, own = said.get(call, ""), ids.get(call, "")
        items += _calls(told, call, made, report, registry, roles, own=own, is_call=True) or [
            Item(
                text=f"{told} ({call})" if told else call,
                id=own,
                state="not run",
                why="no component of the incident fits it, or there is no such tool",
            )
        ]
    for step in (*(book.get("checks") or []), *(book.get("steps") or [])):
        text, command, own = str(step.get("text", "")), str(step.get("command", "")), str(step.get("id", ""))
        found = _calls(text, f"{text}\n{command}", made, report, registry, roles, own=own)
        if found:
            items += found
        elif command:
            lines = [line for part in command.split("\n") if (line := command_line(part))]
            items += [_by_hand(text, line, names, own) for line in lines]
        else:
            items.append(
                Item(text=names.told(text, step.get("effect") == "read-only"), id=own, state="advice")
            )
    return items


@dataclass(frozen=True, kw_only=True)
class _Names:
    """What placeholders stand for: in looks, and in what changes something where the report supports that.

    `against` says why it does not; "" where it does.
    """

    looks: Mapping[str, str]
    changes: Mapping[str, str]
    against: str

    @classmethod
    def of(cls, book: Mapping[str, Any], report: Report, roles: Roles, taxonomy: Taxonomy) -> _Names:
        """By the cause that the runbook's `faults` cover, else by what the incident is about, and that in looks alone."""
        caused = report.verdict == "cause"
        causes = [
            (report.component, report.fault),
            *((s.component, s.fault) for s in report.further),
        ] * caused
        bound = bool(book.get("faults"))
        of = next((c for c, f in causes if c and (not bound or fitting_faults(book, f, taxonomy))), "")
        about = of or next(iter(roles.alarmed), "")
        names = names_of(about, report.inventory, report.evidence) if about else {}
        kind = report.fault_title or report.fault
        said = {
            "healthy": "the report finds nothing wrong",
            "unknown": "the report names no cause",
            "cause": f"the report names {kind}, which the runbook's faults do not cover",
        }[report.verdict]
        return cls(looks=names, changes=names if of else {}, against="" if of else said)

    def told(self, text: str, reads: bool) -> str:
        """A step's words with the names put in; as they are written where the report does not support them."""
        names = self.looks if reads else self.changes
        return (
            fill_prose(text, names["component"], names.get("machine", ""), names)
            if "component" in names
            else text
        )


def _by_hand(text: str, line: str, names: _Names, own: str) -> Item:
    """A command for a person, with the names of the component that the report names, as "Do now" has them."""
    filled = fill(line, names.looks)
    changing = effect(filled.command) == "changing"
    if changing:
        filled = fill(line, names.changes)
    return Item(
        text=f"{names.told(text, not changing)}{filled.note}",
        id=own,
        state="manual step",
        command=filled.command,
        effect="changing" if changing else "read-only",
        why=f"The report does not support this: {names.against}." if changing and names.against else "",
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
    told: str,
    text: str,
    made: Mapping[str, tuple[Result, tuple[str, ...]]],
    report: Report,
    registry: Registry,
    roles: Roles,
    *,
    own: str,
    is_call: bool = False,
) -> list[Item]:
    """The calls that a text names, each with what it found; `is_call`: the text is one call, shown as it was made."""
    items = []
    for task in calls_in(text, registry, roles, of_role=MAX_OF_ROLE):
        call = " ".join((task.tool, *(f"{k}={v}" for k, v in task.args.items())))
        shown = told if not is_call else f"{told} ({call})" if told else call
        known = made.get(call_key(task, registry))
        item = (
            Item(text=shown, state="not run", why=_why(task, report, registry))
            if known is None
            else _item(shown, *known, scanned=_scanned(task, made, report, registry))
        )
        items.append(item.model_copy(update={"id": own, "tool": task.tool, "args": task.args}))
    return items


def _scanned(
    task: Task, made: Mapping[str, tuple[Result, tuple[str, ...]]], report: Report, registry: Registry
) -> list[tuple[Evidence, str]]:
    """What the first scan, a tool of the same family, found of whom a call is about."""
    about = str(task.args.get(target_of(registry[task.tool])) or "")
    same = {n for c in report.inventory.components for n in (c.id, *c.aliases) if about in (c.id, *c.aliases)}
    return [
        pair
        for result, ids in made.values()
        if result.tool in SCAN and result.tool != task.tool and result.tool in registry.names()
        if registry[result.tool].family == registry[task.tool].family
        for pair in zip(result.evidence, ids, strict=True)
        if pair[0].component in same
    ]


def _item(text: str, result: Result, ids: Sequence[str], *, scanned: Sequence[tuple[Evidence, str]]) -> Item:
    state: State = {"ok": "done", "no_data": "no data"}.get(result.status, "failed")  # type: ignore[assignment]
    facts = list(zip(result.evidence, ids, strict=True))
    if result.status == "no_data" and scanned:  # the scan had said it all
        state, facts = "done", list(scanned)
    best = sorted(facts, key=lambda p: (p[0].direction == "steady", -p[0].strength))[:MAX_FOUND]
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
