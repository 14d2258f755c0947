"""Services: selectors that select nothing, ports that lead nowhere, protocols that nobody speaks."""

from __future__ import annotations

from collections.abc import Iterator

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, SYMPTOM, Finding, describe, get
from aitia.tools.cluster.hosts import host_of
from aitia.tools.cluster.objects import Port, Service, Spec
from aitia.tools.cluster.state import State, own_containers


def find(state: State) -> Iterator[Finding]:
    """What is wrong between services and the pods that they mean; then who cannot be reached."""
    for service in state.services:
        app = state.app_behind(service)
        if service.selector and service.name in state.apps and app not in ("", service.name):
            yield from _of_another(state, service, app)
        elif service.type != "ExternalName" and service.selector and app:
            yield from _selector(state, service, app)
            yield from _protocol(state, service, app)
            yield from _port(state, service, app)
            yield from _callers_port(state, service, app)
    yield from _unreachable(state)


def _of_another(state: State, service: Service, app: str) -> Iterator[Finding]:
    """A service that is called like one app and selects the pods of another."""
    first = sorted(service.selector)[0]
    yield Finding(
        aspect="k8s.service_selector",
        component=service.name,
        statement=f"{service.name}: service {service.name} selects {first}={service.selector[first]}, which are the pods of "
        f"{app}.",
        strength=SAID,
        call=describe("services", state.namespace, service.name),
        values={"service": service.name, "selector": f"{first}={service.selector[first]}"},
    )


def _template_labels(state: State, app: str) -> dict[str, str]:
    workload = state.workload(app)
    pods = state.pods_of(app)
    labels = pods[0].spec.labels if pods and pods[0].specified else None
    return dict(
        labels or (workload.spec.labels if workload else {}) or (workload.selector if workload else {})
    )


def _selector(state: State, service: Service, app: str) -> Iterator[Finding]:
    labels = _template_labels(state, app)
    wrong = {k: v for k, v in service.selector.items() if labels.get(k) != v}
    if not labels or not wrong:
        return
    if any(
        service.selector.items() <= dict(p.spec.labels).items()
        for p in state.pods
        if not p.done and p.specified
    ):
        return
    workload = state.workload(app)
    template = dict(workload.spec.labels) if workload else {}
    if template and all(k in labels and k not in template for k in wrong):
        return  # a label that is set while the pods run (leader, follower): nobody has that part now
    first = sorted(wrong)[0]
    yield Finding(
        aspect="k8s.service_selector",
        component=app,
        statement=(
            f"{app}: service {service.name} selects {first}={wrong[first]}, but its pods have "
            f"{first}={labels.get(first, '(no such label)')}: it has no endpoints."
        ),
        strength=CONTRADICTION,
        call=describe("services", state.namespace, service.name),
        values={
            "service": service.name,
            "selector": f"{first}={wrong[first]}",
            "label": labels.get(first, ""),
        },
    )


def _declared(spec: Spec) -> list[Port]:
    return [p for c in spec.containers if not c.init for p in c.ports]


def _protocol(state: State, service: Service, app: str) -> Iterator[Finding]:
    declared = _declared(state.spec(app))
    for port in service.ports:
        same = [
            p
            for p in declared
            if str(p.number) == (port.target or str(port.number)) or (p.name and p.name == port.target)
        ]
        if same and all(p.protocol != port.protocol for p in same):
            yield Finding(
                aspect="k8s.service_protocol",
                component=app,
                statement=(
                    f"{app}: service {service.name} exposes port {port.number} over {port.protocol}, but its "
                    f"containers listen on {same[0].number} over {same[0].protocol}."
                ),
                strength=CONTRADICTION,
                call=describe("services", state.namespace, service.name),
                values={"service": service.name, "port": port.number, "protocol": port.protocol},
            )
            return


def listening(spec: Spec) -> set[str]:
    """Ports on which an app's containers listen, as far as they tell: declared ports and names, PORT, probes."""
    found: set[str] = set()
    for c in spec.containers:
        if not c.init:
            found |= {str(p.number) for p in c.ports} | {p.name for p in c.ports if p.name}
            found |= {
                v
                for k, v in c.env.items()
                if k.upper() in ("PORT", "SERVER_PORT", "HTTP_PORT", "GRPC_PORT") and v.isdigit()
            }
            found |= {p.port for p in (c.liveness, c.readiness) if p is not None and p.port}
    return found


def _missed(state: State, service: Service, port: int) -> bool:
    """Whether an app's log speaks of a service's port."""
    places = tuple(
        f"{host}:{port}" for host in (service.name, service.cluster_ip) if host not in ("", "None")
    )
    return any(place in line.text for app in state.apps for line in state.lines(app) for place in places)


def _port(state: State, service: Service, app: str) -> Iterator[Finding]:
    known = listening(state.spec(app))
    if not _declared(state.spec(app)):
        return
    for port in service.ports:
        target = port.target or str(port.number)
        if target in known:
            continue
        if not target.isdigit() and service.endpoints:
            continue  # a named target with endpoints was found in the pods
        partly = any((p.target or str(p.number)) in known for p in service.ports)
        if partly and not _missed(state, service, port.number):
            continue  # declared ports are a hint, not a rule: this one need not be declared
        sure = POSSIBLE if partly else CONTRADICTION if target.isdigit() else LIKELY
        yield Finding(
            aspect="k8s.service_port",
            component=app,
            statement=(
                f"{app}: service {service.name} sends port {port.number} to {target}, but its containers "
                f"listen on {', '.join(sorted(known))}."
            ),
            strength=sure,
            call=describe("services", state.namespace, service.name),
            values={"service": service.name, "port": port.number, "target": target},
        )
        return


def _callers_port(state: State, service: Service, app: str) -> Iterator[Finding]:
    """All callers know a service by another port than the one it offers, and that is where its containers listen."""
    offered = {p.number for p in service.ports}
    asked: dict[int, list[str]] = {}
    for caller in state.apps:
        for container in own_containers(state.spec(caller)):
            for value in container.env.values():
                host, port = host_of(value)
                if host == service.name and port and caller != app:
                    asked.setdefault(port, []).append(caller)
    if len(asked) != 1 or set(asked) & offered:
        return
    (port, callers) = next(iter(asked.items()))
    listens = str(port) in listening(state.spec(app))
    if listens or len(set(callers)) >= 2:
        yield Finding(
            aspect="k8s.service_port",
            component=app,
            statement=(
                f"{app}: service {service.name} exposes port {', '.join(map(str, sorted(offered)))}, but "
                f"{len(set(callers))} callers connect to {port}{', where its containers listen' if listens else ''}."
            ),
            strength=CONTRADICTION if listens else LIKELY,
            call=describe("services", state.namespace, service.name),
            values={"service": service.name, "asked": port, "callers": len(set(callers))},
        )


def _unreachable(state: State) -> Iterator[Finding]:
    for service in state.services:
        app = state.app_behind(service)
        if not app or not service.selector or state.starting(app):
            continue
        if service.endpoints is not None and not service.endpoints:
            yield Finding(
                aspect="k8s.no_endpoints",
                component=app,
                statement=f"{app}: service {service.name} has no ready endpoints.",
                strength=SYMPTOM,
                call=get("endpoints", state.namespace, service.name),
                values={"service": service.name, "not_ready": len(service.not_ready)},
                symptom=True,
            )
