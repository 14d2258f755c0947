"""The grammar of a task list: read tools that can run, arguments whose values code can list, components, earlier results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aitia.agent.planning.planner import RECALL
from aitia.agent.planning.validate import required
from aitia.core.words import Component, Inventory, Task
from aitia.models.toolgrammar import literal
from aitia.tools import Registry, ToolSpec

MAX_VALUES: Final = 32  # of an integer argument; one with more is not listed
MAX_DEP: Final = 3  # dependencies that the model may write for a task; code replaces them
Values = dict[str, tuple[Any, ...]]


def component_argument(spec: ToolSpec) -> str:
    """The argument that a planned call fills with a component, or empty: an optional one stays empty and means all."""
    return spec.target or ("component" if "component" in required(spec) else "")


def listed_arguments(spec: ToolSpec, components: Sequence[Component]) -> Values:
    """The other arguments whose values can be listed: literals, truth values, integers within bounds, `namespace`s."""
    found: Values = {}
    for name, schema in spec.arguments.model_json_schema().get("properties", {}).items():
        low, high = schema.get("minimum"), schema.get("maximum")
        if name == component_argument(spec):
            continue
        if "enum" in schema:
            found[name] = tuple(schema["enum"])
        elif schema.get("type") == "boolean":
            found[name] = (True, False)
        elif schema.get("type") == "integer" and None not in (low, high) and high - low < MAX_VALUES:
            found[name] = tuple(range(low, high + 1))
        elif name == "namespace" and (spaces := tuple(c.id for c in components if c.type == "namespace")):
            found[name] = spaces
    return found


def referable(spec: ToolSpec) -> tuple[str, ...]:
    """The names under which a tool gives components of this incident; memory gives those of other ones."""
    return () if spec.name in RECALL else spec.produces


def plannable(spec: ToolSpec, components: Sequence[Component]) -> bool:
    """Whether a tool reads only and code can list what every required argument may be; memory is asked anyway."""
    known = {component_argument(spec), *listed_arguments(spec, components)}
    return spec.by_rules and not spec.asks_last and required(spec) <= known


def offers(
    registry: Registry, inventory: Inventory, components: Sequence[Component], done: Iterable[Task]
) -> list[ToolSpec]:
    """The tools that can run and still have a call to offer, in the registry's order."""
    ran = {t.tool for t in done if not t.args}
    can = [s for s in registry if inventory.has(*s.needs) and plannable(s, components)]
    return [s for s in can if s.name not in ran or component_argument(s) or listed_arguments(s, components)]


def plan_grammar(
    offered: Sequence[ToolSpec],
    components: Sequence[Component],
    given: Mapping[int, Sequence[str]],
    *,
    first: int,
    most: int,
) -> str:
    """GBNF of one to `most` tasks with the ids `first`, `first` + 1, …; empty where no task can be written.

    `given` holds what each task that is done gives. A task refers to results of done and of earlier tasks only; whether
    the earlier task gives that name is beyond a grammar.
    """
    made = sorted({name for spec in offered for name in referable(spec)})
    lists = {s.name: listed_arguments(s, components) for s in offered}
    rules = {
        "call": [_call(s, lists[s.name]) for s in offered if component_argument(s) not in required(s)],
        "look": [_look(s, lists[s.name]) for s in offered if component_argument(s)],
        "component": [literal(json.dumps(c.id, ensure_ascii=False)) for c in components],
        "known": [literal(f"{number}.{name}") for number, names in given.items() for name in names],
        "made": [literal(name) for name in made],
    }
    if not rules["call"] and not (rules["look"] and (rules["component"] or rules["known"])):
        return ""
    lines = [f'root ::= "[" task-{first} "]"']
    for number in range(first, first + most):
        lines += _task(number, first, first + most - 1, [*given], rules)
    return "\n".join([*lines, *(f"{name} ::= {' | '.join(some)}" for name, some in rules.items() if some)])


def _task(
    number: int, first: int, last: int, done: Sequence[int], rules: Mapping[str, Sequence[str]]
) -> list[str]:
    """The rules of one task: what it calls, on what, and after which."""
    earlier = [literal(str(n)) for n in range(first, number)]
    values = ["component"] if rules["component"] else []
    values += [r'"\"<task-" known ">\""'] if rules["known"] else []
    values += [rf'"\"<task-" ({" | ".join(earlier)}) "." made ">\""'] if earlier and rules["made"] else []
    bodies = ["call"] if rules["call"] else []
    bodies += [f"look ({' | '.join(values)})"] if rules["look"] and values else []
    past = " | ".join([*(literal(str(n)) for n in done), *earlier])
    dep = f'(past-{number} ("," past-{number}){{0,{MAX_DEP - 1}}})? ' if past else ""
    head, tail = literal(f'{{"id":{number},"tool":"'), literal('},"dep":[')
    more = f' ("," task-{number + 1})?' if number < last else ""
    lines = [f'task-{number} ::= {head} ({" | ".join(bodies)}) {tail} {dep}"]}}"{more}']
    return [*lines, f"past-{number} ::= {past}"] if past else lines


def _call(spec: ToolSpec, listed: Values) -> str:
    """A call without a component: the required arguments, and at most one of the others."""
    needed = [n for n in listed if n in required(spec)]
    others = " | ".join(_pair(n, listed[n], comma=bool(needed)) for n in listed if n not in needed)
    return f"{_head(spec, needed, listed)} ({others})?" if others else _head(spec, needed, listed)


def _look(spec: ToolSpec, listed: Values) -> str:
    """A call up to its component, which comes last."""
    needed = [n for n in listed if n in required(spec)]
    key = ("," if needed else "") + json.dumps(component_argument(spec)) + ":"
    return f"{_head(spec, needed, listed)} {literal(key)}"


def _head(spec: ToolSpec, needed: Sequence[str], listed: Values) -> str:
    pairs = [_pair(name, listed[name], comma=n > 0) for n, name in enumerate(needed)]
    return " ".join([literal(f'{spec.name}","args":{{'), *pairs])


def _pair(name: str, values: Sequence[Any], *, comma: bool) -> str:
    key = ("," if comma else "") + json.dumps(name) + ":"
    return f"{literal(key)} ({' | '.join(literal(json.dumps(v, ensure_ascii=False)) for v in values)})"
