"""The front matter of a runbook, with the line of every value, and its steps in the order that they wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from aitia.core.bounds import FRONT_VALUES, load_json, load_yaml

STEP_KEYS: Final = ("id", "text", "tool", "command", "after")


class Broken(ValueError):
    """Front matter that cannot be read, and the line where."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Front:
    """The fields, the line of each key, the lines of the items of each list, and the text after it with its first line."""

    fields: Mapping[str, Any]
    lines: Mapping[str, int]
    items: Mapping[str, tuple[int, ...]]
    body: str
    body_line: int


def read_front(text: str) -> Front:
    """The front matter of a runbook's text; empty where there is none. Raises Broken."""
    if not text.startswith("---\n"):
        return Front(fields={}, lines={}, items={}, body=text, body_line=1)
    head, found, rest = text[4:].partition("\n---")
    if not found:
        raise Broken(1, "end the front matter with a line of three dashes")
    try:
        fields = load_yaml(head, values=FRONT_VALUES)
        root = yaml.compose(head, Loader=yaml.SafeLoader)  # no deeper than what was just checked
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise Broken((mark.line + 2) if mark else 2, f"fix the YAML of the front matter: {problem}") from None
    if not isinstance(fields, dict) or not isinstance(root, MappingNode):
        raise Broken(2, "write the front matter as `key: value` lines")
    keys: list[tuple[Node, Node]] = root.value
    return Front(
        fields={str(key): value for key, value in fields.items()},
        lines={str(k.value): k.start_mark.line + 2 for k, _ in keys},
        items={
            str(k.value): tuple(item.start_mark.line + 2 for item in v.value)
            for k, v in keys
            if isinstance(v, SequenceNode)
        },
        body=rest.partition("\n")[2],
        body_line=head.count("\n") + 4,
    )


def steps_of(flat: str) -> list[dict[str, Any]]:
    """The steps of a document's `steps` field (one a line, as sources flatten it), each after those that it waits for.

    A ring is left in the order that it was written in: the check tells of it.
    """
    steps = [_step(line) for line in flat.splitlines() if line.strip()]
    return in_order(steps)


def _step(line: str) -> dict[str, Any]:
    if line.lstrip().startswith("{"):
        try:
            told = load_json(line)
        except ValueError:
            told = None
        if isinstance(told, dict):
            return told
    return {"text": line.strip()}


def in_order(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Steps behind all that they name in `after`; otherwise as written."""
    left = [dict(step) for step in steps]
    names = {str(step.get("id", "")) for step in left} - {""}
    made: list[dict[str, Any]] = []
    done: set[str] = set()
    while left:
        ready = next((s for s in left if set(waits(s)) & names <= done), left[0])
        left.remove(ready)
        made.append(ready)
        done.add(str(ready.get("id", "")))
    return made


def waits(step: Mapping[str, Any], key: str = "after") -> list[str]:
    """What a step (or a runbook) waits for: one id or a list of them."""
    told = step.get(key) or []
    return [str(x) for x in told] if isinstance(told, list | tuple) else [str(told)]
