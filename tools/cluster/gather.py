"""A cluster source to the typed state of a namespace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from aitia.tools.cluster import described as d
from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.asking import Asker
from aitia.tools.cluster.objects import Alert, Event, LogLine, Node, Pod, Route, Service, Spec, Volume, Workload
from aitia.tools.cluster.routes import env_routes, ingress_routes, routes_of
from aitia.tools.cluster.state import Connection, State
from aitia.tools.cluster.text import Branch, Row, age_s, pairs
from aitia.tools.sources.base import ClusterSource

KINDS: Final[Mapping[str, str]] = {
    "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet",
}  # fmt: skip
NODE_SERVICES: Final = ("kubelet", "containerd", "kube-proxy", "kube-scheduler")
MOST_LINES: Final = 60
_HASH = re.compile(r"-[a-z0-9]{4,10}$")
_RESTARTS = re.compile(r"^(\d+)(?: \((\S+) ago\))?")


def brief(source: ClusterSource, namespace: str) -> State:
    """What the component graph needs: workloads, pods, services, nodes, and who calls whom."""
    ask = Asker(source, namespace)
    workloads = _workloads(ask)
    services, _ = _services(ask, deep=False)
    pods = _pods(ask, workloads, deep=False)
    state = State(
        namespace=namespace,
        workloads=tuple(workloads),
        pods=tuple(pods),
        services=tuple(services),
        nodes=tuple(Node(name=r["NAME"]) for r in ask.table("nodes") or []),
    )
    return replace(state, calls=_calls(ask, state))


def gather(source: ClusterSource, namespace: str, *, patient: Callable[[], bool] = lambda: True) -> State:
    """Everything the analysers look at. `patient` turns False when time is running out; then optional looks are left out."""
    ask = Asker(source, namespace, patient)
    workloads = _workloads(ask)
    pods = _pods(ask, workloads, deep=True)
    services, _ = _services(ask, deep=True)
    events = ask.table("events") or []
    claims = ask.described("persistentvolumeclaims", _names(ask.table("persistentvolumeclaims")))
    quotas = _quotas(ask)
    classes = ask.table("storageclasses")
    secrets = ask.table("secrets")
    configmaps = ask.table("configmaps")
    accounts = ask.table("serviceaccounts")
    state = State(
        namespace=namespace,
        pods=tuple(pods),
        workloads=tuple(workloads),
        services=tuple(services),
        quotas=tuple(quotas),
        claims=tuple(d.claim(b) for b in claims.values()),
        volumes=tuple(_volumes(ask)),
        classes=None if classes is None else frozenset(r["NAME"] for r in classes),
        nodes=tuple(_nodes(ask)),
        events=tuple(d.listed_event(r) for r in events),
        node_events=tuple(d.listed_event(r) for r in ask.table("events", namespace="default") or []),
        system_pods=tuple(
            _listed_pod(r, "kube-system", ()) for r in ask.table("pods", wide=True, namespace="kube-system") or []
        ),
        secrets=None if secrets is None else frozenset(r["NAME"] for r in secrets),
        pull_secrets=frozenset(r["NAME"] for r in secrets or () if "docker" in r.get("TYPE", "")),
        configmaps=None if configmaps is None else frozenset(r["NAME"] for r in configmaps),
        accounts=None if accounts is None else frozenset(r["NAME"] for r in accounts),
        policies=tuple((r["NAME"], r.get("POD-SELECTOR", "")) for r in ask.table("networkpolicies") or []),
    )
    state = _with_manifests(ask, state)
    state = replace(state, calls=_calls(ask, state), connections=tuple(_connections(ask, state)))
    maps = _configmaps(ask, configmaps or [])
    ingresses = ask.described("ingresses", _names(ask.table("ingresses")))
    routes = [*state.routes, *(r for name, text in maps.items() for r in routes_of(name, text, "configmap"))]
    routes += [r for b in ingresses.values() for r in _ingress(b)]
    state = replace(
        state,
        routes=tuple(dict.fromkeys(routes)),
        alerts=tuple(_alerts(ask)),
        nodes=tuple(_with_services(ask, state.nodes)),
        logs=_logs(ask, state),
    )
    return replace(state, unread=tuple(ask.unread), asked=ask.asked)


def _names(table: Iterable[Row] | None) -> list[str]:
    return [r["NAME"] for r in table or ()]


def _workloads(ask: Asker) -> list[Workload]:
    found: list[Workload] = []
    for resource, kind in KINDS.items():
        table = ask.table(resource) or []
        branches = ask.described(resource, _names(table))
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
    mine = [e for name, b in sorted(sets.items()) if _HASH.sub("", name) == workload.name for e in d.events(b)]
    return replace(workload, events=(*workload.events, *mine)) if mine else workload


def _owner(name: str, workloads: Iterable[Workload]) -> str:
    """The workload that a pod's name begins with; the longest wins."""
    fitting = [w.name for w in workloads if name.startswith(w.name + "-")]
    return max(fitting, key=len, default="")


def _listed_pod(row: Row, namespace: str, workloads: Iterable[Workload]) -> Pod:
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


def _pods(ask: Asker, workloads: list[Workload], *, deep: bool) -> list[Pod]:
    table = ask.table("pods", wide=True) or []
    pods = [_listed_pod(r, ask.namespace, workloads) for r in table]
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


def _services(ask: Asker, *, deep: bool) -> tuple[list[Service], list[Row]]:
    table = ask.table("services", wide=True) or []
    ends = {r["NAME"]: r.get("ENDPOINTS", "") for r in (ask.table("endpoints") or [])} if deep else None
    branches = ask.described("services", _names(table)) if deep else {}
    hidden = ask.described("endpoints", [n for n, e in (ends or {}).items() if not e]) if deep else {}
    found = []
    for row in table:
        service = d.service(branches[row["NAME"]]) if row["NAME"] in branches else _listed_service(row, ask.namespace)
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
    from aitia.tools.cluster.objects import Port

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
    )


def _quotas(ask: Asker) -> list[Any]:
    table = ask.table("resourcequotas") or []
    listed = [d.listed_quota(r, ask.namespace) for r in table]
    missing = [q.name for q in listed if not q.hard]
    full = ask.described("resourcequotas", missing) if missing else {}
    return [d.quota(full[q.name]) if q.name in full else q for q in listed]


def _volumes(ask: Asker) -> list[Volume]:
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


def _nodes(ask: Asker) -> list[Node]:
    table = ask.table("nodes", labels=True) or []
    branches = ask.described("nodes", _names(table))
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


def _with_services(ask: Asker, nodes: Iterable[Node]) -> list[Node]:
    found = []
    for node in nodes:
        told = {s: t for s in NODE_SERVICES if (t := ask.text("node_service", s, node.name))}
        found.append(replace(node, services=told))
        if not any(n.services for n in found):
            return [*found, *list(nodes)[1:]]  # this source cannot tell
    return found


def _with_manifests(ask: Asker, state: State) -> State:
    """What each app's manifest says: its template, services, claims, volumes, and addresses in its config maps."""
    workloads: list[Workload] = []
    services: dict[str, Service] = {}
    claims, volumes, addresses, routes = {}, {}, {}, []
    for workload in state.workloads:
        text = ask.text("yaml", "", workload.name)
        for doc in m.documents(text) if text else []:
            kind, name = str(doc.get("kind") or ""), m.name_of(doc)
            if kind in m.WORKLOADS and name == workload.name:
                workload = replace(workload, manifest=m.spec_of(doc))
            elif kind == "Service":
                services[name] = m.service_of(doc, state.namespace)
            elif kind == "PersistentVolumeClaim":
                claims[name] = m.claim_of(doc, state.namespace)
            elif kind == "PersistentVolume":
                volumes[name] = m.volume_of(doc)
            elif kind in ("Ingress", "HTTPRoute", "VirtualService"):
                routes += ingress_routes(doc, workload.name)
            elif kind in ("ConfigMap", "Secret"):
                addresses[name] = m.addresses(doc)
                if kind == "ConfigMap":
                    for key, value in m.mapping(doc.get("data")).items():
                        routes += routes_of(workload.name, value, f"{name}/{key}")
        routes += [r for c in (workload.manifest or workload.spec).containers for r in env_routes(workload.name, c.env)]
        workloads.append(workload)
    return replace(
        state,
        workloads=tuple(workloads),
        declared_services=tuple(services[k] for k in sorted(services)),
        declared_claims=tuple(claims[k] for k in sorted(claims)),
        declared_volumes=tuple(volumes[k] for k in sorted(volumes)),
        addresses=addresses,
        routes=tuple(routes),
    )


def _configmaps(ask: Asker, table: Iterable[Row]) -> dict[str, str]:
    """Config maps that could hold routes, as their description prints them."""
    found = {}
    for name in [r["NAME"] for r in table if not re.search(r"root-ca|ca-root|ca-crl|leader", r["NAME"])][:40]:
        text = ask.text("describe", "configmaps", name)
        if text:
            found[name] = text
    return found


def _ingress(branch: Branch) -> list[Route]:
    """The rules of a described ingress: `/path   service:port (endpoints)` below a host."""
    found = []
    for line in [*branch.get("Rules").more, *(f"{c.key}:{c.value}" for c in branch.get("Rules").children)]:
        match = re.search(r"(/\S*)\s+([a-z0-9-]+):(\d+|[a-z-]+)", line)
        if match:
            port = int(match.group(3)) if match.group(3).isdigit() else 0
            name = branch.text("Name")
            found.append(Route(holder=name, name=match.group(1), path=match.group(1), host=match.group(2), port=port, where="ingress"))
    return found


def _calls(ask: Asker, state: State) -> dict[str, tuple[str, ...]]:
    from aitia.tools.cluster.graph import env_calls, tree_calls

    edges: dict[str, set[str]] = {}
    told = False
    for app in state.apps:
        text = ask.text("dependencies", "", app)
        if text is None and not told:
            break
        told = told or text is not None
        for caller, callees in tree_calls(text or "").items():
            edges.setdefault(caller, set()).update(callees)
    names = frozenset(s.name for s in state.services)
    behind = {s.name: state.app_behind(s) for s in state.services}
    for workload in state.workloads:
        for container in state.spec(workload.name).containers:
            called = {behind[c] for c in env_calls(container.env, names)} - {workload.name, ""}
            if called:
                edges.setdefault(workload.name, set()).update(called)
    known = set(state.apps)
    return {a: tuple(sorted(c & known - {a})) for a, c in sorted(edges.items()) if a in known}


def _connections(ask: Asker, state: State) -> list[Connection]:
    found: list[Connection] = []
    missed = 0
    wanted = {(s.name, p.number) for s in (*state.services, *state.declared_services) for p in s.ports}
    for name, port in sorted(wanted):
        text = ask.text("connect", "", name, port=port)
        if text is None:
            missed += 1
            if missed > 8 and not found:
                break
            continue
        found.append(connection(name, port, text))
    return found


def connection(service: str, port: int, text: str) -> Connection:
    """One connectivity answer: a single result, or one per node that it was tested from."""
    per_node: dict[str, bool] = {}
    here = ""
    for line in text.split("\n"):
        match = re.search(r"(?:deployed on|from(?: node)?) ([a-z0-9.-]+)\s*:", line)
        here = match.group(1) if match else here
        if re.search(r"(?i)connection failed|timed out|refused", line) and here:
            per_node[here] = False
        elif re.search(r"(?i)connection succeeded", line) and here:
            per_node.setdefault(here, True)
    failed = tuple(sorted(n for n, ok in per_node.items() if not ok))
    good = bool(re.search(r"(?i)succeeded|\bopen\b", text)) and not failed
    if not per_node:
        good = good and not re.search(r"(?i)failed|refused|timed out", text)
    return Connection(
        service=service,
        port=port,
        ok=good,
        failed_from=failed,
        ok_from=tuple(sorted(n for n, ok in per_node.items() if ok)),
    )


def _alerts(ask: Asker) -> list[Alert]:
    text = ask.text("alerts")
    try:
        raw = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        ask.miss("alerts: no JSON")
        return []
    found = []
    for item in m.listed(m.at(raw, "alerts")):
        if isinstance(item, Mapping) and item.get("name"):
            lines = tuple(str(line)[:400] for line in m.listed(item.get("evidence")))
            found.append(Alert(component=str(item["name"]), kind=str(item.get("type") or ""), lines=lines))
    return found


def _logs(ask: Asker, state: State) -> dict[str, tuple[LogLine, ...]]:
    """Error lines of all apps, those in trouble first."""
    order = sorted(state.apps, key=lambda a: (not state.short(a), a))
    return {app: lines for app in order if (lines := log_lines(ask.text("logs", "", app) or ""))}


def log_lines(text: str) -> tuple[LogLine, ...]:
    """Error lines with counts: a JSON summary of patterns, or plain lines."""
    if text.lstrip().startswith("{"):
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            raw = {}
        found = [p for p in m.listed(m.at(raw, "patterns")) if isinstance(p, Mapping) and p.get("sample")]
        return tuple(
            LogLine(text=str(p["sample"])[:2000], count=c if isinstance(c := p.get("count"), int) else 1)
            for p in found[:MOST_LINES]
        )
    return tuple(LogLine(text=line.strip()[:2000]) for line in text.split("\n")[-MOST_LINES * 3 :] if line.strip())


def events_of(state: State, kind: str, name: str) -> list[Event]:
    """The listed events of one object."""
    return [e for e in state.events if e.kind == kind and e.name == name]


__all__ = ["Spec", "brief", "connection", "events_of", "gather", "log_lines"]
