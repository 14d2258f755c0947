"""The typed state of a cluster: what pods, workloads, services, volumes, quotas and nodes say of themselves.

Values of secrets are never held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Labels = Mapping[str, str]
ProbeKind = Literal["grpc", "http", "https", "tcp", "exec"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event. `kind` and `name` are the object it is about; `last_s` seconds ago it was seen last."""

    type: str
    reason: str
    message: str
    kind: str = ""
    name: str = ""
    last_s: float | None = None
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A liveness, readiness or startup probe. `port` is a number or a port's name; times in seconds."""

    kind: ProbeKind
    port: str = ""
    path: str = ""
    delay: float = 0.0
    timeout: float = 1.0
    period: float = 10.0
    failures: int = 3

    @property
    def patience(self) -> float:
        """Seconds from the start of a container until failures kill it."""
        return self.delay + self.period * max(0, self.failures - 1) + self.timeout


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a container or service. `target` is what a service forwards to (number or name)."""

    number: int
    protocol: str = "TCP"
    name: str = ""
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A secret or config map that a container or volume needs."""

    kind: Literal["secret", "configmap"]
    name: str
    key: str = ""
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container as specified, and its status where a pod was described."""

    name: str
    image: str = ""
    ports: tuple[Port, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    liveness: Probe | None = None
    readiness: Probe | None = None
    startup: Probe | None = None
    command: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()  # names of volumes
    state: str = ""
    reason: str = ""
    message: str = ""
    last_reason: str = ""
    exit_code: int | None = None
    ready: bool = False
    restarts: int = 0
    init: bool = False


@dataclass(frozen=True, kw_only=True)
class Need:
    """One requirement on a label: a node's (affinity) or a pod's (anti-affinity)."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Labels) -> bool:
        """Whether labels meet it, after the rules of Kubernetes' label selectors."""
        has = self.key in labels
        value = labels.get(self.key, "")
        if self.operator in ("Gt", "Lt"):
            number = value.lstrip("-").isdigit() and self.values and self.values[0].lstrip("-").isdigit()
            return bool(number) and (int(value) > int(self.values[0])) == (self.operator == "Gt")
        return {
            "In": has and value in self.values,
            "NotIn": value not in self.values if has else True,
            "Exists": has,
            "DoesNotExist": not has,
        }.get(self.operator, True)

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {', '.join(self.values)}".strip()


@dataclass(frozen=True, kw_only=True)
class Toleration:
    """A toleration; an empty key with `Exists` tolerates everything."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A pod's specification, from a pod, a workload's template or a manifest."""

    containers: tuple[Container, ...] = ()
    labels: Labels = field(default_factory=dict)
    node_selector: Labels = field(default_factory=dict)
    affinity: tuple[tuple[Need, ...], ...] = ()  # required node affinity: any of these terms
    anti_affinity: tuple[Need, ...] = ()  # required pod anti-affinity
    tolerations: tuple[Toleration, ...] = ()
    service_account: str = ""
    claims: tuple[str, ...] = ()
    host_paths: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    pull_secrets: tuple[str, ...] = ()
    dns_policy: str = ""
    nameservers: tuple[str, ...] = ()
    host_aliases: Labels = field(default_factory=dict)  # host name -> address


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod. `status` as `kubectl get pods` prints it; `restart_s` seconds since the last restart."""

    name: str
    namespace: str
    app: str = ""
    status: str = ""
    ready: tuple[int, int] = (0, 0)
    restarts: int = 0
    restart_s: float | None = None
    age_s: float | None = None
    node: str = ""
    ip: str = ""
    spec: Spec = Spec()
    message: str = ""  # why the kubelet or a controller ended the pod as a whole, as it says
    finalizers: tuple[str, ...] = ()
    overdue_s: float | None = None  # how long ago it should have been gone; None of one that is to stay
    conditions: Labels = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    @property
    def specified(self) -> bool:
        """Whether more than its row in a list is known of it."""
        return bool(self.spec.containers)

    @property
    def done(self) -> bool:
        """Whether it ended as it was meant to, or was put aside."""
        return self.status in ("Completed", "Succeeded", "Terminating", "Evicted")

    @property
    def healthy(self) -> bool:
        """Running with all containers ready."""
        return self.status == "Running" and self.ready[1] > 0 and self.ready[0] == self.ready[1]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What owns the pods of an app: a deployment, a set, a job, a cron job, or a pod that nothing owns.

    `manifest` is how it was applied, where the recording holds that too.
    """

    kind: str
    name: str
    namespace: str
    desired: int = 0
    ready: int = 0
    selector: Labels = field(default_factory=dict)
    spec: Spec = Spec()
    manifest: Spec | None = None
    conditions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service with its ports."""

    name: str
    namespace: str
    type: str = "ClusterIP"
    selector: Labels = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    cluster_ip: str = ""
    external: str = ""
    endpoints: tuple[str, ...] | None = None  # None where they were not asked for
    not_ready: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A resource quota: used and hard by resource."""

    name: str
    namespace: str
    used: Mapping[str, str] = field(default_factory=dict)
    hard: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A persistent volume claim; what it asks for comes from its manifest, where there is one."""

    name: str
    namespace: str
    status: str = ""
    volume: str = ""
    storage_class: str | None = None
    size: str = ""
    modes: tuple[str, ...] = ()
    selector: tuple[Need, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A persistent volume."""

    name: str
    status: str = ""
    claim: str = ""
    storage_class: str = ""
    size: str = ""
    modes: tuple[str, ...] = ()
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node. `conditions` are those besides Ready, by type: status and message."""

    name: str
    ready: str = ""  # True | False | Unknown
    ready_message: str = ""
    unschedulable: bool = False
    roles: str = ""
    labels: Labels = field(default_factory=dict)
    taints: tuple[str, ...] = ()
    allocatable: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route of an ingress, gateway or proxy: which path goes to which service."""

    holder: str  # the app or object that routes
    name: str
    path: str
    host: str
    port: int = 0
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A recent error line of an app and how often it was seen."""

    text: str
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A network policy on pods; `closed` where it lets nothing in."""

    name: str
    selector: Labels = field(default_factory=dict)
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A pod disruption budget: how many of the pods that it selects may be taken away now."""

    name: str
    selector: Labels = field(default_factory=dict)
    allowed: int = 0
    expected: int = 0
    wanted: int = 0  # that must stay healthy


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """An admission webhook; `service` is what answers it in `namespace`, `closed` where objects are refused without it."""

    name: str
    service: str = ""
    namespace: str = ""
    closed: bool = True


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """An autoscaler of a workload; `problem` is why it does not scale, where it does not."""

    name: str
    target: str
    least: int = 1
    most: int = 1
    wanted: int = 0
    problem: str = ""
    limited: bool = False  # it would go beyond its bounds if it could


@dataclass(frozen=True, kw_only=True)
class Move:
    """A metric of an app or a node that left its level: what it was before and what it is now."""

    component: str
    kind: Literal["latency", "errors", "cpu", "memory", "traffic", "loss"]
    metric: str
    before: float
    now: float
    source: str = ""
    query: str = ""
    node: bool = False
    throttled: bool = False

    @property
    def ratio(self) -> float:
        """Now over before."""
        return self.now / max(self.before, 1e-3)

    @property
    def text(self) -> str:
        """The move in words."""
        return f"{self.metric} {self.before:.3g} -> {self.now:.3g}"
