"""Whom the alarm of an incident names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aitia.tools.registry import ToolContext
from aitia.tools.series.large import near_alarm


def is_alarmed(ctx: ToolContext, component: str) -> bool:
    """Whether the alarm names a component, what it is part of, or a part of it."""
    named = {*ctx.incident.hints, *near_alarm(ctx.incident, ctx.resolver.resolve, ())}
    wholes = {c.id: [k.to for k in c.links if k.relation == "part_of"] for c in ctx.resolver.components}
    return bool(named & _upward([component], wholes)) or component in _upward(named, wholes)


def _upward(components: Iterable[str], wholes: Mapping[str, Sequence[str]]) -> set[str]:
    """The components and all that they are part of."""
    queue, seen = list(components), set[str]()
    while queue:
        here = queue.pop()
        if here not in seen:
            seen.add(here)
            queue += wholes.get(here, [])
    return seen
