"""Lists and descriptions of workloads, pods, services, volumes, quotas and nodes, joined to typed objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from aitia.tools.cluster import described as d
from aitia.tools.cluster.asking import Asker, names_of
from aitia.tools.cluster.objects import Node, Pod, Port, Quota, Service, Volume, Workload
from aitia.tools.cluster.text import Branch, Row, age_s, pairs

KINDS: Final[Mapping[str, str]] = {
    "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet",
}  # fmt: skip
NODE_SERVICES: Final = ("kubelet", "containerd", "kube-proxy", "kube-scheduler")
_HASH = re.compile(r"-[a-z0-9]{4,10}$")
_RESTARTS = re.compile(r"^(\d+)(?: \((\S+) ago\))?")


def read_workloads(ask: Asker) -> list[Workload]:
    """Deployments, stateful sets and daemon sets with their conditions, templates and the events of incomplete replica sets."""
    found: list[Workload] = []
    for resource, kind in KINDS.items():
        table = ask.table(resource) or []
        branches = ask.described(resource, names_of(table))
        for row in table:
            found.append(_workload(row, kind, branches.get(row["NAME"], Branch(key="")), ask.namespace))
    sets = ask.table("replicasets") or []
    lacking = [r["NAME"] for r in sets if r.get("DESIRED", "0") != r.get("CURRENT", r.get("DESIRED", "0"))]
    why = ask.described("replicasets", lacking) if lacking else {}
    return [_with_events(w, why) for w in found]


def _workload(row: Row, kind: str, branch: Branch, namespace: str) -> Workload:
    ready, _, desired = row.get("READY", "0/0").partition("/")
    if kind == "DaemonSet":
        ready, desired = row.get("READY", "0"), row.get("DESIRED", "0")
    template = branch.get("Pod Template")
    return Workload(
        kind=kind,
        name=row["NAME"],
        namespace=namespace,
        desired=int(desired) if desired.isdigit() else 0,
        ready=int(ready) if ready.isdigit() else 0,
        selector=branch.pairs("Selector"),
        spec=d.spec(template),
        conditions=d.conditions(branch),
        events=d.events(branch),
    )


def _with_events(workload: Workload, sets: Mapping[str, Branch]) -> Workload:
    """The events of its incomplete replica sets are events of a deployment too."""
    mine = [
        e for name, b in sorted(sets.items()) if _HASH.sub("", name) == workload.name for e in d.events(b)
    ]
    return replace(workload, events=(*workload.events, *mine)) if mine else workload


def _owner(name: str, workloads: Iterable[Workload]) -> str:
    """The workload that a pod's name begins with; the longest wins."""
    fitting = [w.name for w in workloads if name.startswith(w.name + "-")]
    return max(fitting, key=len, default="")


def listed_pod(row: Row, namespace: str, workloads: Iterable[Workload]) -> Pod:
    """A row of `kubectl get pods -o wide`."""
    first, _, second = row.get("READY", "0/0").partition("/")
    restarts = _RESTARTS.match(row.get("RESTARTS", ""))
    node = row.get("NODE", "")
    return Pod(
        name=row["NAME"],
        namespace=namespace,
        app=_owner(row["NAME"], workloads),
        status=row.get("STATUS", ""),
        ready=(int(first) if first.isdigit() else 0, int(second) if second.isdigit() else 0),
        restarts=int(restarts.group(1)) if restarts else 0,
        restart_s=age_s(restarts.group(2)) if restarts and restarts.group(2) else None,
        age_s=age_s(row.get("AGE", "")),
        node="" if node == "<none>" else node,
        ip="" if row.get("IP") == "<none>" else row.get("IP", ""),
    )


def read_pods(ask: Asker, workloads: list[Workload], *, deep: bool) -> list[Pod]:
    """The pods of a namespace, described where `deep`."""
    table = ask.table("pods", wide=True) or []
    pods = [listed_pod(r, ask.namespace, workloads) for r in table]
    if not deep:
        return pods
    branches = ask.described("pods", [p.name for p in pods])
    return [_described_pod(p, branches[p.name], workloads) if p.name in branches else p for p in pods]


def _described_pod(pod: Pod, branch: Branch, workloads: list[Workload]) -> Pod:
    owner = branch.text("Controlled By").rpartition("/")[2]
    names = {w.name for w in workloads}
    app = owner if owner in names else _owner(pod.name, workloads) or _HASH.sub("", owner)
    return replace(
        pod,
        app=app or pod.app,
        node=pod.node or branch.text("Node").partition("/")[0],
        spec=d.spec(branch),
        described=True,
        conditions={k: v[0] for k, v in d.conditions(branch).items()},
        events=tuple(replace(e, kind="pod", name=pod.name) for e in d.events(branch)),
    )


def read_services(ask: Asker, *, deep: bool) -> tuple[list[Service], list[Row]]:
    """Services with their endpoints, described where `deep`, and the table that lists them."""
    table = ask.table("services", wide=True) or []
    ends = {r["NAME"]: r.get("ENDPOINTS", "") for r in (ask.table("endpoints") or [])} if deep else None
    branches = ask.described("services", names_of(table)) if deep else {}
    hidden = ask.described("endpoints", [n for n, e in (ends or {}).items() if not e]) if deep else {}
    found = []
    for row in table:
        service = (
            d.service(branches[row["NAME"]])
            if row["NAME"] in branches
            else _listed_service(row, ask.namespace)
        )
        if ends is not None and row["NAME"] in ends:
            listed = [e for e in ends[row["NAME"]].split(",") if e.strip() and "<none>" not in e]
            service = replace(service, endpoints=tuple(e.strip() for e in listed) or service.endpoints or ())
        if row["NAME"] in hidden:
            subsets = hidden[row["NAME"]].get("Subsets")
            waiting = subsets.text("NotReadyAddresses")
            service = replace(service, not_ready=tuple(a for a in waiting.split(",") if a))
        found.append(service)
    return found, table


def _listed_service(row: Row, namespace: str) -> Service:
    ports = []
    for part in row.get("PORT(S)", "").split(","):
        match = re.match(r"^(\d+)(?::\d+)?/(\w+)$", part.strip())
        if match:
            ports.append(Port(number=int(match.group(1)), protocol=match.group(2)))
    return Service(
        name=row["NAME"],
        namespace=namespace,
        type=row.get("TYPE", "ClusterIP"),
        selector=pairs(row.get("SELECTOR", "")),
        ports=tuple(ports),
        cluster_ip=row.get("CLUSTER-IP", ""),
        external=row.get("EXTERNAL-IP", "") if row.get("TYPE") == "ExternalName" else "",
    )


def read_quotas(ask: Asker) -> list[Quota]:
    """Resource quotas, described where the list does not show their numbers."""
    table = ask.table("resourcequotas") or []
    listed = [d.listed_quota(r, ask.namespace) for r in table]
    missing = [q.name for q in listed if not q.hard]
    full = ask.described("resourcequotas", missing) if missing else {}
    return [d.quota(full[q.name]) if q.name in full else q for q in listed]


def read_volumes(ask: Asker) -> list[Volume]:
    """Persistent volumes with their labels."""
    table = ask.table("persistentvolumes", labels=True) or []
    return [
        Volume(
            name=r["NAME"],
            status=r.get("STATUS", ""),
            claim=r.get("CLAIM", ""),
            storage_class=r.get("STORAGECLASS", ""),
            size=r.get("CAPACITY", ""),
            modes=tuple(x for x in r.get("ACCESS MODES", "").split(",") if x),
            labels=d.labels_of(r),
        )
        for r in table
    ]


def read_nodes(ask: Asker) -> list[Node]:
    """Nodes, described."""
    table = ask.table("nodes", labels=True) or []
    branches = ask.described("nodes", names_of(table))
    found = []
    for row in table:
        words = row.get("STATUS", "").split(",")
        node = d.node(branches[row["NAME"]]) if row["NAME"] in branches else Node(name=row["NAME"])
        ready = {"Ready": "True", "NotReady": "False"}.get(words[0], "Unknown")
        found.append(
            replace(
                node,
                ready=node.ready or ready,
                unschedulable=node.unschedulable or "SchedulingDisabled" in words,
                labels=node.labels or d.labels_of(row),
                roles=node.roles or row.get("ROLES", ""),
            )
        )
    return found


def with_services(ask: Asker, nodes: Iterable[Node]) -> list[Node]:
    """Nodes with the status of their system services, where the source can tell it."""
    found = []
    for node in nodes:
        told = {s: t for s in NODE_SERVICES if (t := ask.text("node_service", s, node.name))}
        found.append(replace(node, services=told))
        if not any(n.services for n in found):
            return [*found, *list(nodes)[1:]]  # this source cannot tell
    return found
