"""Calls in the words of `steps.yaml`: made concrete for whoever plays a part now, and generalised from a concrete one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aitia.agent.planning.cluster_looks import Seen
from aitia.core.words import Task


def tool_of(call: str) -> str:
    """The tool that a call names."""
    return f"cluster_{call.split()[0]}"


def instances(call: str, seen: Seen) -> list[dict[str, Any]]:
    """The arguments of a call of `steps.yaml` for whoever plays its part now, the likeliest first."""
    verb, *words = call.split()
    if verb == "get":
        return [{"resource": words[0]}]
    targets = seen.target(words[1 if verb == "describe" else 0].strip("{}"))
    if verb == "describe":
        names = [seen.named(words[0], t) for t in targets]
        return [{"resource": words[0], "name": n} for n in names if n]
    return [{"component": t} for t in targets]


def generalised(tool: str, args: Mapping[str, Any], seen: Seen) -> str:
    """A call with the part that its target plays in place of the name; "" where it plays none."""
    verb = tool.removeprefix("cluster_")
    if verb == "get":
        return f"get {args['resource']}"
    resource = str(args.get("resource", ""))
    role = seen.role(resource, str(args.get("name", args.get("component", ""))))
    parts = (verb, resource if verb == "describe" else "", f"{{{role}}}")
    return " ".join(p for p in parts if p) if role else ""


def described(task: Task) -> str:
    """A call in words, as the model and the reader see it."""
    words = " ".join(map(str, task.args.values()))
    return f"{task.tool.removeprefix('cluster_').replace('_', ' ')} {words}: {task.why}".replace(" :", ":")
