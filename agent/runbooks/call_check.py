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
        return f"{name!r} is not an installed tool: use one that is{hint}"
    spec = registry[name]
    if spec.effect != "read":
        return (
            f"{name!r} changes something ({spec.effect}) and aitia never runs such tools: leave this step "
            "to a person"
        )
    args = arguments_of(f" {rest}")
    fields = spec.arguments.model_fields
    if left := re.sub(r"\s*\w+=([\"']?)[^\s\"'`,;]+\1", "", f" {rest}").strip(" .,;`"):
        return f"{left[:60]!r} is not name=value: write the arguments of {name} as name=value"
    for key, value in args.items():
        if key not in fields:
            known = ", ".join(fields) or "none"
            return f"{name} has no argument {key!r}: leave it out (its arguments are {known})"
        held = _HELD.match(str(value))
        if held and held[1] not in PLACEHOLDERS:
            return f"use one of the placeholders {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}, not {value}"
    missing = sorted(required(spec) - set(args) - {target_of(spec)})
    if missing:
        return f"{name} needs the argument {missing[0]!r}: add it"
    target = target_of(spec)
    # What a placeholder stands for is known when the runbook is run: until then any name.
    filled = {k: "x" if _HELD.match(str(v)) else v for k, v in args.items()}
    if target and target in required(spec):
        filled.setdefault(target, "x")
    try:
        registry.validate(Task(id=0, tool=name, args=filled))
    except BadInput as error:
        return str(error)
    return ""
