"""The state of one namespace and of the nodes below it, as the analysers read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from aitia.tools.cluster.objects import (
    Budget,
    Claim,
    Container,
    Event,
    LogLine,
    Move,
    Node,
    Pod,
    Policy,
    Quota,
    Route,
    Scaler,
    Service,
    Spec,
    Volume,
    Webhook,
    Workload,
)

INJECTED = ("istio-proxy", "istio-init", "linkerd-proxy", "linkerd-init", "vault-agent")


@dataclass(frozen=True, kw_only=True)
class State:
    """One namespace. What could not be read is in `unread`, in words."""

    namespace: str
    pods: tuple[Pod, ...] = ()
    workloads: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    declared_services: tuple[Service, ...] = ()  # from manifests
    quotas: tuple[Quota, ...] = ()
    claims: tuple[Claim, ...] = ()
    declared_claims: tuple[Claim, ...] = ()
    volumes: tuple[Volume, ...] = ()
    declared_volumes: tuple[Volume, ...] = ()
    classes: frozenset[str] | None = None
    nodes: tuple[Node, ...] = ()
    events: tuple[Event, ...] = ()
    node_events: tuple[Event, ...] = ()
    system_pods: tuple[Pod, ...] = ()
    logs: Mapping[str, tuple[LogLine, ...]] = field(default_factory=dict)
    last_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of pods that end by themselves
    secrets: frozenset[str] | None = None  # names only
    pull_secrets: frozenset[str] = frozenset()
    configmaps: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of config maps and secrets
    config_texts: Mapping[str, str] = field(default_factory=dict)  # of config maps
    routes: tuple[Route, ...] = ()
    policies: tuple[Policy, ...] = ()
    scalers: tuple[Scaler, ...] = ()
    budgets: tuple[Budget, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    moves: tuple[Move, ...] = ()
    calls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    asked: int = 0

    @cached_property
    def apps(self) -> tuple[str, ...]:
        """The names of all workloads."""
        return tuple(w.name for w in self.workloads)

    def workload(self, app: str) -> Workload | None:
        """The workload of a name."""
        return next((w for w in self.workloads if w.name == app), None)

    def service(self, name: str) -> Service | None:
        """The service of a name."""
        return next((s for s in self.services if s.name == name), None)

    def pods_of(self, app: str) -> tuple[Pod, ...]:
        """The pods of an app that count: not completed, not on their way out."""
        return tuple(p for p in self.pods if p.app == app and not p.done)

    def broken(self, app: str) -> tuple[Pod, ...]:
        """The pods of an app that are not ready."""
        return tuple(p for p in self.pods_of(app) if not p.healthy)

    def short(self, app: str) -> bool:
        """Whether an app has fewer ready pods than it wants."""
        found = self.workload(app)
        return found is not None and (found.ready < found.desired or bool(self.broken(app)))

    def starting(self, app: str) -> bool:
        """Whether what is not ready of an app is just young: it runs, was not restarted, and had no time to be ready."""
        return all(_young(p) for p in self.broken(app)) and bool(self.broken(app))

    def spec(self, app: str) -> Spec:
        """How the pods of an app are specified, after description and manifest together."""
        found = self.workload(app)
        return Spec() if found is None else merged(found.spec, found.manifest)

    def app_behind(self, service: Service) -> str:
        """The app that a service means: whose pods or template it selects, else the one of its name."""
        wanted = service.selector.items()
        if wanted:
            for w in self.workloads:
                if wanted <= (dict(w.spec.labels) or dict(w.selector)).items():
                    return w.name
        return service.name if self.workload(service.name) else nearest(self, service)

    def services_of(self, app: str) -> tuple[Service, ...]:
        """The services that mean an app."""
        return tuple(s for s in self.services if self.app_behind(s) == app)

    def callers(self, app: str) -> tuple[str, ...]:
        """Who calls an app."""
        return tuple(sorted(a for a, callees in self.calls.items() if app in callees))

    def refused(self, workload: Workload) -> bool:
        """Whether pods of a workload are missing, or a new set of them cannot be created."""
        failing = workload.conditions.get("ReplicaFailure", ("", ""))[0] == "True"
        return failing or len(self.pods_of(workload.name)) < workload.desired

    def lines(self, app: str) -> tuple[LogLine, ...]:
        """Recent error lines of an app."""
        return self.logs.get(app, ())


YOUNG_S: Final = 120.0


def _young(pod: Pod) -> bool:
    delays = [c.readiness.delay for c in pod.spec.containers if c.readiness is not None]
    grace = max([YOUNG_S, *(2.0 * d for d in delays)])
    return pod.status == "Running" and not pod.restarts and pod.age_s is not None and pod.age_s < grace


def nearest(state: State, service: Service) -> str:
    """The app whose labels share most of a service's selector, or "" where none does."""
    scored = [
        (sum(1 for k, v in service.selector.items() if v and _alike(v, w.spec.labels.get(k, ""))), w.name)
        for w in state.workloads
    ]
    best = max(scored, default=(0, ""))
    return best[1] if best[0] else ""


def _alike(one: str, other: str) -> bool:
    return bool(other) and (one == other or one.startswith(other + "-") or other.startswith(one + "-"))


def merged(described: Spec, manifest: Spec | None) -> Spec:
    """The described specification, completed by what only a manifest shows."""
    if manifest is None:
        return described
    if not described.containers:
        return manifest
    by_name = {c.name: c for c in manifest.containers}
    return replace(
        described,
        containers=tuple(_merged_container(c, by_name.get(c.name)) for c in described.containers),
        affinity=described.affinity or manifest.affinity,
        anti_affinity=described.anti_affinity or manifest.anti_affinity,
        pull_secrets=described.pull_secrets or manifest.pull_secrets,
        dns_policy=described.dns_policy or manifest.dns_policy,
        nameservers=described.nameservers or manifest.nameservers,
        host_aliases=described.host_aliases or manifest.host_aliases,
        node_selector=described.node_selector or manifest.node_selector,
        service_account=described.service_account or manifest.service_account,
    )


def _merged_container(described: Container, manifest: Container | None) -> Container:
    if manifest is None:
        return described
    # `describe` shows the ports of a container's own; names of ports are shown by the manifest only.
    ports = (
        manifest.ports
        if {p.number for p in manifest.ports} == {p.number for p in described.ports}
        else described.ports
    )
    return replace(
        described, ports=ports, references=tuple(dict.fromkeys((*described.references, *manifest.references)))
    )


def own_containers(spec: Spec) -> Iterator[Container]:
    """The containers of an app that are its own: neither injected proxies nor set-up."""
    return (c for c in spec.containers if not c.init and c.name not in INJECTED)
