"""A cluster source to the typed state of a namespace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from aitia.tools.cluster import described as d
from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.answers import connection, described_addresses, ingress_rules, log_lines, read_alerts
from aitia.tools.cluster.asking import Asker, names_of
from aitia.tools.cluster.objects import (
    Claim,
    Event,
    LogLine,
    Node,
    Route,
    Service,
    Volume,
    Workload,
)
from aitia.tools.cluster.objects_read import (
    listed_pod,
    read_nodes,
    read_pods,
    read_quotas,
    read_services,
    read_volumes,
    read_workloads,
    with_services,
)
from aitia.tools.cluster.routes import argument_routes, env_routes, ingress_routes, routes_of
from aitia.tools.cluster.state import Connection, State
from aitia.tools.cluster.text import Row
from aitia.tools.sources.base import ClusterSource

LISTS: Final = (
    "deployments", "statefulsets", "daemonsets", "replicasets", "endpoints", "events", "persistentvolumeclaims", "resourcequotas",
    "storageclasses", "secrets", "configmaps", "serviceaccounts", "networkpolicies", "ingresses",
)  # fmt: skip
DESCRIBED: Final = ("deployments", "pods", "services", "nodes")


def brief(source: ClusterSource, namespace: str) -> State:
    """What the component graph needs: workloads, pods, services, nodes, and who calls whom."""
    ask = Asker(source, namespace)
    workloads = read_workloads(ask)
    services, _ = read_services(ask, deep=False)
    pods = read_pods(ask, workloads, deep=False)
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
    ask.ahead([*(("get", r, "") for r in LISTS), *(("describe", r, "") for r in DESCRIBED)])
    workloads = read_workloads(ask)
    pods = read_pods(ask, workloads, deep=True)
    services, _ = read_services(ask, deep=True)
    claims = ask.described("persistentvolumeclaims", names_of(ask.table("persistentvolumeclaims")))
    quotas = read_quotas(ask)
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
        volumes=tuple(read_volumes(ask)),
        classes=None if classes is None else frozenset(r["NAME"] for r in classes),
        nodes=tuple(read_nodes(ask)),
        events=_events(ask, namespace),
        node_events=_events(ask, "default"),
        system_pods=tuple(
            listed_pod(r, "kube-system", ())
            for r in ask.table("pods", wide=True, namespace="kube-system") or []
        ),
        secrets=None if secrets is None else frozenset(r["NAME"] for r in secrets),
        pull_secrets=frozenset(r["NAME"] for r in secrets or () if "docker" in r.get("TYPE", "")),
        configmaps=None if configmaps is None else frozenset(r["NAME"] for r in configmaps),
        accounts=None if accounts is None else frozenset(r["NAME"] for r in accounts),
        policies=tuple((r["NAME"], r.get("POD-SELECTOR", "")) for r in ask.table("networkpolicies") or []),
    )
    state = _with_manifests(ask, _with_events(state))
    state = replace(state, calls=_calls(ask, state), connections=tuple(_connections(ask, state)))
    maps = _configmaps(ask, configmaps or [])
    ingresses = ask.described("ingresses", names_of(ask.table("ingresses")))
    routes = [*state.routes, *(r for name, text in maps.items() for r in routes_of(name, text, "configmap"))]
    routes += [r for b in ingresses.values() for r in ingress_rules(b)]
    state = replace(
        state,
        routes=tuple(dict.fromkeys(routes)),
        config_texts={**{n: t[:100_000] for n, t in maps.items()}, **state.config_texts},
        addresses={**{n: described_addresses(t) for n, t in maps.items()}, **state.addresses},
        alerts=tuple(read_alerts(ask)),
        nodes=tuple(with_services(ask, state.nodes)),
        logs=_logs(ask, state),
    )
    for workload in state.workloads:
        own = state.pods_of(workload.name)
        if workload.manifest is None and own and not any(p.described for p in own):
            ask.miss(f"{workload.name}: listed, but no pod described and no manifest read")
    return replace(state, unread=tuple(ask.unread), asked=ask.asked)


def _events(ask: Asker, namespace: str) -> tuple[Event, ...]:
    text = ask.text("get", "events", namespace=namespace)
    if text is None:
        ask.miss(f"get events in {namespace}: not answered")
    return d.listed_events(text or "")


def _with_events(state: State) -> State:
    """Listed events for the pods that were not described."""
    told: dict[str, list[Event]] = {}
    for event in state.events:
        if event.kind == "pod":
            told.setdefault(event.name, []).append(event)
    pods = (p if p.described else replace(p, events=tuple(told.get(p.name, ()))) for p in state.pods)
    return replace(state, pods=tuple(pods))


def _with_manifests(ask: Asker, state: State) -> State:
    """What each app's manifest says: its template, services, claims, volumes, and addresses in its config maps."""
    workloads: list[Workload] = []
    services: dict[str, Service] = {}
    claims: dict[str, Claim] = {}
    volumes: dict[str, Volume] = {}
    addresses: dict[str, dict[str, str]] = {}
    texts: dict[str, str] = {}
    routes: list[Route] = []
    order = _by_trouble(state)
    ask.ahead(("yaml", "", app) for app in order)
    said = {app: ask.text("yaml", "", app) for app in order}
    for workload in state.workloads:
        text = said[workload.name]
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
                    texts[name] = "\n".join(f"{k}: {v}" for k, v in m.mapping(doc.get("data")).items())[
                        :100_000
                    ]
                    for key, value in m.mapping(doc.get("data")).items():
                        routes += routes_of(workload.name, value, f"{name}/{key}")
        routes += _own_routes(workload)
        workloads.append(workload)
    return replace(
        state,
        workloads=tuple(workloads),
        declared_services=tuple(services[k] for k in sorted(services)),
        declared_claims=tuple(claims[k] for k in sorted(claims)),
        declared_volumes=tuple(volumes[k] for k in sorted(volumes)),
        addresses=addresses,
        config_texts=texts,
        routes=tuple(routes),
    )


def _own_routes(workload: Workload) -> list[Route]:
    """Routes in the environment and arguments of an app's containers."""
    found: list[Route] = []
    for container in (workload.manifest or workload.spec).containers:
        found += env_routes(workload.name, container.env)
        found += argument_routes(workload.name, (*container.command, *container.env.values()))
        for key, value in sorted(container.env.items()):
            found += routes_of(workload.name, value, key)
    return found


def _configmaps(ask: Asker, table: Iterable[Row]) -> dict[str, str]:
    """Config maps that could hold routes, as their description prints them."""
    found = {}
    for name in [r["NAME"] for r in table if not re.search(r"root-ca|ca-root|ca-crl|leader", r["NAME"])][:40]:
        text = ask.text("describe", "configmaps", name)
        if text:
            found[name] = text
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


def _by_trouble(state: State) -> list[str]:
    """The apps, those in trouble first: time may not suffice for all."""
    return sorted(state.apps, key=lambda a: (not state.short(a), a))


def _logs(ask: Asker, state: State) -> dict[str, tuple[LogLine, ...]]:
    """Error lines of all apps, those in trouble first."""
    order = _by_trouble(state)
    ask.ahead(("logs", "", app) for app in order)
    return {app: lines for app in order if (lines := log_lines(ask.text("logs", "", app) or ""))}
