"""What is wrong with the front matter of a runbook: keys, types, fault kinds, calls, and the order of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, Literal

from aitia.agent.runbooks.call_check import call_problem
from aitia.agent.taxonomy import Taxonomy
from aitia.tools import Registry
from aitia.tools.incidents.front_matter import STEP_KEYS, Front, waits

_TEXTS: Final = ("title", "id", "description")
_LISTS: Final = ("alerts", "services", "symptoms", "faults", "tools", "after", "next")
KEYS: Final = (*_TEXTS, *_LISTS, "steps")

Told = tuple[int, Literal["error", "warning"], str]


def front_problems(front: Front, registry: Registry, taxonomy: Taxonomy) -> Iterator[Told]:
    """Line, level and what to change."""
    for key, value in front.fields.items():
        line = front.lines.get(key, 1)
        if key not in KEYS:
            if close := get_close_matches(key, KEYS, n=1, cutoff=0.75):
                yield line, "error", f"no such key {key!r}: did you mean {close[0]!r}?"
        elif key in _TEXTS and not isinstance(value, str | int | float):
            yield line, "error", f"{key!r} must be a string"
        elif key in _LISTS and not _is_words(value):
            yield line, "error", f"{key!r} must be a string or a list of strings"
    known = _paths(taxonomy)
    for fault, line in items_of(front, "faults"):
        for one in fault.split():
            if one in known:
                continue
            if close := get_close_matches(one, sorted(known), n=1, cutoff=0.85):
                yield line, "error", f"no such fault kind {one!r}: did you mean {close[0]!r}?"
            else:  # people may know faults that no diagnosis names
                why = "no diagnosis names it, so its steps are never proposed"
                yield line, "warning", f"add {one!r} to your own taxonomy: {why}"
    for call, line in items_of(front, "tools"):
        problem = call_problem(call, registry)
        if problem:
            yield line, "error", problem
    yield from _step_problems(front, registry)


def _step_problems(front: Front, registry: Registry) -> Iterator[Told]:
    written = front.fields.get("steps")
    if written is None:
        return
    line = front.lines.get("steps", 1)
    if not isinstance(written, list):
        yield line, "error", "'steps' must be a list of strings or of `{id, text, tool, command, after}`"
        return
    lines = front.items.get("steps", ())
    seen: dict[str, int] = {}
    graph: dict[str, list[str]] = {}
    for number, step in enumerate(written):
        at = lines[number] if number < len(lines) else line
        if isinstance(step, str):
            continue
        if not isinstance(step, dict):
            yield at, "error", "the step must be a string or `{id, text, tool, command, after}`"
            continue
        for key in step:
            if key not in STEP_KEYS:
                known = f"its keys are {', '.join(STEP_KEYS)}"
                yield at, "error", f"unknown key {key!r} in the step, remove it: {known}"
        if not (step.get("text") or step.get("tool") or step.get("command")):
            yield at, "error", "the step needs a text, a tool or a command"
        if step.get("tool") and (problem := call_problem(str(step["tool"]), registry)):
            yield at, "error", problem
        own = str(step.get("id") or f"#{number + 1}")
        if own in seen:
            yield at, "error", f"id {own!r} is already used in line {seen[own]}: give this step another one"
        seen[own] = at
        graph[own] = waits(step)
    for own, before in graph.items():
        for other in before:
            if other not in graph:
                hint = such_as(other, graph)
                yield (
                    seen[own],
                    "error",
                    f"there is no step {other!r}: name an existing step{hint}",
                )
    if ring := ring_in(graph):
        yield (
            seen[ring[0]],
            "error",
            f"these steps wait for each other in a cycle, remove one dependency: {' → '.join(ring)}",
        )


def ring_in(graph: Mapping[str, Sequence[str]]) -> list[str]:
    """A ring in who waits for whom, its first repeated at the end; [] where there is none."""
    settled: set[str] = set()
    for start in graph:
        path: list[str] = []
        stack = [(start, iter(graph.get(start, ())))]
        path.append(start)
        while stack:
            node, left = stack[-1]
            following = next((n for n in left if n not in settled), None)
            if following is None:
                settled.add(node)
                stack.pop()
                path.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            else:
                path.append(following)
                stack.append((following, iter(graph.get(following, ()))))
    return []


def items_of(front: Front, key: str) -> Iterator[tuple[str, int]]:
    """The texts of a list (or the lines of a text), each with its line in the file."""
    value, line, lines = front.fields.get(key), front.lines.get(key, 1), front.items.get(key, ())
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield str(item), lines[number] if number < len(lines) else line
    elif value is not None:
        for item in str(value).splitlines():
            yield item, line


def _is_words(value: Any) -> bool:
    one = (str, int, float)
    return (
        value is None
        or isinstance(value, one)
        or (isinstance(value, list) and all(isinstance(v, one) for v in value))
    )


def _paths(taxonomy: Taxonomy) -> set[str]:
    """Every fault kind with its parents."""
    parts = (f.id.split(".") for f in taxonomy)
    return {".".join(p[: n + 1]) for p in parts for n in range(len(p))}


def such_as(name: str, known: Iterable[str]) -> str:
    """The known name that is most like one that is not, as an end of a sentence."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f", such as {close[0]!r}" if close else ""
