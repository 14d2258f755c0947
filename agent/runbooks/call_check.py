"""Whether a call that a runbook names can be made: a known read tool, known arguments, known placeholders."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from aitia.agent.planning.defaults import TARGETS
from aitia.agent.planning.skeleton import arguments_of
from aitia.agent.planning.validate import required, target_of
from aitia.core.errors import BadInput
from aitia.core.words import Task
from aitia.tools import Registry

PLACEHOLDERS: Final = ("component", *TARGETS)
_HELD = re.compile(r"^[{<](.*)[}>]$")


def called(text: str, registry: Registry) -> list[str]:
    """The tools that a text names, in its order."""
    names = "|".join(re.escape(n) for n in registry.names())
    return re.findall(rf"(?<![\w-])({names})(?![\w-])", text) if names else []


def call_problem(written: str, registry: Registry) -> str:
    """What to change in `tool name=value ...`, "" where nothing."""
    name, _, rest = written.strip().partition(" ")
    if name not in registry.names():
        near = get_close_matches(name, registry.names(), n=1, cutoff=0.6)
        hint = f", such as {near[0]!r}" if near else " (`aitia tools list` shows them)"
        return f"name an installed tool{hint}: {name!r} is none"
    spec = registry[name]
    if spec.effect != "read":
        return f"leave {name!r} to a person: it is a tool that changes something ({spec.effect}), and none is run"
    args = arguments_of(f" {rest}")
    fields = spec.arguments.model_fields
    if left := re.sub(r"\s*\w+=([\"']?)[^\s\"'`,;]+\1", "", f" {rest}").strip(" .,;`"):
        return f"write the arguments of {name} as name=value: {left[:60]!r} is none"
    for key, value in args.items():
        if key not in fields:
            known = ", ".join(fields) or "none"
            return f"leave the argument {key!r} of {name} out: its arguments are {known}"
        held = _HELD.match(str(value))
        if held and held[1] not in PLACEHOLDERS:
            return f"use one of the placeholders {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}, not {value}"
    missing = sorted(required(spec) - set(args) - {target_of(spec)})
    if missing:
        return f"give {name} its argument {missing[0]!r}"
    plain = {k: v for k, v in args.items() if not _HELD.match(str(v))}
    target = target_of(spec)
    filled = {target: "x"} if target and target not in plain and target in required(spec) else {}
    try:
        registry.validate(Task(id=0, tool=name, args={**filled, **plain}))
    except BadInput as error:
        return str(error)
    return ""
