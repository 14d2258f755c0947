"""One read-only question to the cluster a call, for sites where every call costs (a slow API, a narrow account).

What is asked about is a closed list; a name must have been in an earlier answer or in the inventory, and is only ever
looked up among the objects of a list. Lists are read once: `cluster_state` and these questions share them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal

from aitia.core.errors import BadInput
from aitia.core.words import Evidence, Result, SourceRef
from aitia.tools.cluster import unhealthy as ls
from aitia.tools.cluster.finding import ClusterCall, citation, quote
from aitia.tools.cluster.reading import Reader, reader_of
from aitia.tools.cluster.signs import Reading, Thing
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.base import ClusterSource
from aitia.tools.sources.cluster.object_kinds import CLUSTER_WIDE

STRENGTH: Final = 0.05  # what one look shows is for a person to read; causes are weighed from whole states
Listed = Literal[
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "services", "endpoints", "events", "nodes",
    "resourcequotas", "persistentvolumeclaims", "persistentvolumes", "storageclasses", "serviceaccounts", "secrets", "configmaps",
    "ingresses", "networkpolicies", "jobs", "cronjobs", "horizontalpodautoscalers", "poddisruptionbudgets",
    "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
]  # fmt: skip
Described = Literal[
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "services", "endpoints", "nodes", "resourcequotas",
    "persistentvolumeclaims", "persistentvolumes", "serviceaccounts", "configmaps", "ingresses",
]  # fmt: skip
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@tool(needs=("cluster",))
def cluster_get(ctx: ToolContext, *, resource: Listed) -> Result:
    """List the objects of one resource: which are not well."""
    return _asked(
        ctx, ClusterCall(verb="get", resource=resource), lambda reader: ls.listing(resource, reader)
    )


@tool(needs=("cluster",))
def cluster_describe(ctx: ToolContext, *, resource: Described, name: str) -> Result:
    """Describe one object: its conditions and events."""
    call = ClusterCall(verb="describe", resource=resource, name=name)
    return _asked(ctx, call, lambda reader: ls.description(resource, name, reader))


@tool(needs=("cluster",))
def cluster_manifest(ctx: ToolContext, *, component: str) -> Result:
    """The manifest of one app: how it is meant to be."""
    call = ClusterCall(verb="manifest", name=component)
    return _asked(ctx, call, lambda reader: ls.manifest(component, reader))


@tool(needs=("cluster",))
def cluster_logs(ctx: ToolContext, *, component: str) -> Result:
    """Recent error lines of one app, and whom they fail to reach."""
    return _asked(ctx, ClusterCall(verb="logs", name=component), lambda reader: ls.logs(component, reader))


def _asked(ctx: ToolContext, wanted: ClusterCall, read: Callable[[Reader], Reading | None]) -> Result:
    """Ask the first namespace that answers, and tell what the answer shows."""
    if wanted.verb != "get":
        _check(ctx, wanted.name)
    calls = [
        (source, space)
        for source in ctx.sources.of("cluster")
        if isinstance(source, ClusterSource)
        for space in (source.namespaces()[:1] if wanted.resource in CLUSTER_WIDE else source.namespaces())
    ]
    if not calls:
        raise BadInput("No namespace may be read. Set `namespaces` of the cluster source.")
    for source, space in calls:
        reading = read(reader_of(ctx, source, space))
        if reading is not None:
            return _result(ctx, source.name, _in(wanted, space), space, reading)
    command = citation(_in(wanted, calls[0][1]))
    return Result(status="no_data", message=f"Not recorded or not allowed: {command}.", query=command)


def _in(call: ClusterCall, namespace: str) -> ClusterCall:
    return replace(call, namespace="" if call.resource in CLUSTER_WIDE else namespace)


def _known(ctx: ToolContext) -> set[str]:
    """The names that answers of this run have held."""
    known: set[str] = ctx.sources.once(("cluster", "names"), set)
    return known


def _check(ctx: ToolContext, name: str) -> None:
    held = {x for c in ctx.inventory.components for x in (c.id, c.id.rpartition("/")[2], *c.aliases)}
    if not _NAME.fullmatch(name) or name not in held | _known(ctx):
        raise BadInput(
            f"No answer and no inventory has {quote(name, 80)!r}. List what exists first (cluster_get)."
        )


def _result(ctx: ToolContext, source: str, call: ClusterCall, space: str, reading: Reading) -> Result:
    _known(ctx).update(n for t in _things(reading) for n in (t["name"], t["component"]))
    statement = quote(reading.statement, ctx.limits.statement_chars)
    evidence = Evidence(
        component=ctx.resolver.resolve(call.name) or call.name or call.namespace,
        kind="cluster.answer",
        aspect="other",
        statement=statement,
        window=ctx.incident.window,
        strength=STRENGTH,
        source=SourceRef(source=source, query=citation(call)),
        taint=True,
    )
    data = {
        "signs": list(reading.signs),
        "unwell": list(reading.unwell),
        "seen": list(reading.seen),
        "points": list(reading.points),
        "namespace": space,
    }
    return Result(status="ok", query=citation(call), evidence=(evidence,), data=data)


def _things(reading: Reading) -> Sequence[Thing]:
    return (*reading.seen, *reading.unwell)
