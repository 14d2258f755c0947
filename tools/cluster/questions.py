"""One read-only question to the cluster a call, for sites where every call costs (a slow API, a narrow account).

What is asked about is a closed list; a name must have been in an earlier answer or in the inventory, and is only ever
passed on as the name of an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal

from aitia.core.errors import BadInput
from aitia.core.words import Evidence, Result, SourceRef
from aitia.tools.cluster import described as d
from aitia.tools.cluster import listed as ls
from aitia.tools.cluster import told
from aitia.tools.cluster.finding import citation, quote
from aitia.tools.cluster.signs import Reading, Thing, made, thing
from aitia.tools.cluster.text import rows, trees
from aitia.tools.registry import ToolContext, tool
from aitia.tools.sources.base import ClusterCall, ClusterSource

STRENGTH: Final = 0.05  # what one look shows is for a person to read; causes are weighed from whole states
Listed = Literal[
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "services", "endpoints", "events", "nodes",
    "resourcequotas", "persistentvolumeclaims", "persistentvolumes", "storageclasses", "serviceaccounts", "secrets", "configmaps",
    "ingresses", "networkpolicies",
]  # fmt: skip
Described = Literal[
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "services", "endpoints", "nodes", "resourcequotas",
    "persistentvolumeclaims", "persistentvolumes", "serviceaccounts", "configmaps", "ingresses",
]  # fmt: skip
NodeService = Literal["kubelet", "containerd", "kube-proxy", "kube-scheduler"]
CLUSTER_WIDE: Final = frozenset({"nodes", "persistentvolumes", "storageclasses"})
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@tool(needs=("cluster",))
def cluster_get(ctx: ToolContext, *, resource: Listed) -> Result:
    """List the objects of one resource: which are not well."""
    return _asked(
        ctx, ClusterCall(verb="get", resource=resource), lambda text, call: _list(resource, text, call)
    )


@tool(needs=("cluster",))
def cluster_describe(ctx: ToolContext, *, resource: Described, name: str) -> Result:
    """Describe one object: its conditions and events."""

    def read(text: str, call: ClusterCall) -> Reading | None:
        branch = next((b for b in trees(text) if b.text("Name")), None)
        return ls.description(resource, branch, call.namespace) if branch is not None else None

    return _asked(ctx, ClusterCall(verb="describe", resource=resource, name=name), read)


@tool(needs=("cluster",))
def cluster_manifest(ctx: ToolContext, *, component: str) -> Result:
    """The manifest of one app: how it is meant to be."""
    return _asked(
        ctx, ClusterCall(verb="yaml", name=component), lambda text, _: told.manifest(component, text)
    )


@tool(needs=("cluster",))
def cluster_logs(ctx: ToolContext, *, component: str) -> Result:
    """Recent error lines of one app, and whom they fail to reach."""
    return _asked(ctx, ClusterCall(verb="logs", name=component), lambda text, _: told.logs(component, text))


@tool(needs=("cluster",))
def cluster_dependencies(ctx: ToolContext, *, component: str) -> Result:
    """Which services one service calls."""
    call = ClusterCall(verb="dependencies", name=component)
    return _asked(ctx, call, lambda text, _: told.dependencies(component, text))


@tool(needs=("cluster",))
def cluster_connect(ctx: ToolContext, *, component: str, port: int) -> Result:
    """Whether a service answers on a port."""
    if not 0 < port < 65536:
        raise BadInput(f"Give a port between 1 and 65535, not {port}.")
    call = ClusterCall(verb="connect", name=component, port=port)
    return _asked(ctx, call, lambda text, _: told.connected(component, port, text))


@tool(needs=("cluster",))
def cluster_node_service(ctx: ToolContext, *, component: str, service: NodeService) -> Result:
    """Whether a system service of a node runs."""
    call = ClusterCall(verb="node_service", resource=service, name=component)
    return _asked(ctx, call, lambda text, _: told.node_service(service, component, text))


@tool(needs=("cluster",))
def cluster_configuration(ctx: ToolContext, *, namespace: str) -> Result:
    """The nodes of the cluster that a namespace runs on: ready, tainted, cordoned."""
    return _asked(
        ctx, ClusterCall(verb="configuration", namespace=namespace), lambda text, _: told.configuration(text)
    )


@tool(needs=("cluster",))
def cluster_alerts(ctx: ToolContext, *, namespace: str) -> Result:
    """The alerts that were recorded for a namespace."""
    return _asked(ctx, ClusterCall(verb="alerts", namespace=namespace), lambda text, _: told.alerts(text))


def _list(resource: str, text: str, call: ClusterCall) -> Reading | None:
    if resource == "events":
        return ls.events(d.listed_events(text))
    table = [r for r in rows(text) if r.get("NAME")]
    if not table and text.strip() and not text.startswith("No resources"):
        return None
    match resource:
        case "pods":
            return ls.pods(table, call.namespace)
        case "deployments" | "statefulsets" | "daemonsets" | "replicasets":
            return ls.workloads(resource, table)
        case "services":
            return ls.services(table)
        case "endpoints":
            return ls.endpoints(table)
        case "nodes":
            return ls.nodes(table)
        case "resourcequotas":
            found = [d.listed_quota(r, call.namespace) for r in table]
            return ls.quotas({q.name: (q.used, q.hard) for q in found})
        case "persistentvolumeclaims":
            return ls.claims(table)
        case _:
            listed = [thing(resource, r["NAME"]) for r in table]
            return made(f"get {resource}: {len(table)}", [f"{resource}.listed"], (), listed)


def _asked(
    ctx: ToolContext, wanted: ClusterCall, read: Callable[[str, ClusterCall], Reading | None]
) -> Result:
    """Ask the first namespace that answers, and tell what the answer shows."""
    if wanted.verb not in ("get", "configuration", "alerts"):
        _check(ctx, wanted.name)
    calls: list[tuple[ClusterSource, str, ClusterCall]] = []
    for source in ctx.sources.of("cluster"):
        if isinstance(source, ClusterSource):
            spaces = source.namespaces()
            if wanted.namespace and wanted.namespace not in spaces:
                continue
            shared = wanted.resource in CLUSTER_WIDE or wanted.verb in (
                "node_service",
                "configuration",
                "alerts",
            )
            for space in spaces[:1] if shared or wanted.namespace else spaces:
                calls.append((source, source.name, _in(wanted, space)))
    if not calls:
        raise BadInput(
            f"{wanted.namespace or 'no namespace'} may not be read. Set `namespaces` of the cluster source."
        )
    for source, name, call in calls:
        answer = source.ask(call)
        if answer is None or answer.startswith("Error from server"):
            continue
        reading = read(answer, call)
        if reading is not None:
            return _result(ctx, name, call, reading)
    command = citation(calls[0][2])
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


def _result(ctx: ToolContext, source: str, call: ClusterCall, reading: Reading) -> Result:
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
        "namespace": call.namespace,
    }
    return Result(status="ok", query=citation(call), evidence=(evidence,), data=data)


def _things(reading: Reading) -> Sequence[Thing]:
    return (*reading.seen, *reading.unwell)
