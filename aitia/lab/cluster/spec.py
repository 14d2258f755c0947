"""What a site's authors wrote down: its nodes, its programs, its habits of naming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Workload = Literal["Deployment", "StatefulSet", "DaemonSet", "Pod", "CronJob"]
Probing = Literal["", "http", "tcp", "grpc", "exec"]
Style = Literal["json", "logback", "zap", "python", "nginx", "postgres", "redis", "klog", "kafka", "bunyan"]


@dataclass(frozen=True, kw_only=True)
class App:
    """One program as its manifest has it, and what it costs to run."""

    name: str
    image: str
    kind: Workload = "Deployment"
    namespace: str = ""  # "": the layout's
    container: str = ""  # "": the name
    port: int = 0  # 0: it serves nobody
    port_name: str = "http"
    service: str = ""  # "": the name
    headless: bool = False
    replicas: int = 1
    cpu: str = "100m"
    cpu_limit: str = ""
    memory: str = "128Mi"
    memory_limit: str = ""
    calls: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    config: str = ""  # a config map, mounted
    keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # variable: config map, key
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # variable: secret, key
    certificate: str = ""  # a TLS secret, mounted
    pull_secret: str = ""
    volume: int = 0  # GiB of a claim
    mount: str = "/data"
    probe: Probing = "http"
    path: str = "/healthz"
    startup: bool = False
    init: str = ""  # an init container of this name waits for the first call
    account: str = ""  # a service account of its own, with a role
    style: Style = "json"
    rate: float = 0.0  # requests a second from outside
    fan_out: float = 1.0  # calls to each dependency a request
    cost_ms: float = 3.0  # CPU a request
    own_ms: float = 8.0  # its part of the latency
    base_mib: float = 60.0
    schedule_min: int = 0  # a cron job's period
    runs_s: float = 40.0  # how long a run of a job takes
    command: tuple[str, ...] = ()
    selector: Mapping[str, str] = field(default_factory=dict)  # of nodes
    spread: bool = False  # its pods keep apart from each other
    owner: str = ""  # kind of the custom resource that made it
    victim: bool = True
    labels: Mapping[str, str] = field(
        default_factory=dict
    )  # by which its pods are found, where not by the layout's
    on_every_node: bool = False  # a daemon of the node itself: host network, tolerates everything

    @property
    def container_name(self) -> str:
        """The main container."""
        return self.container or self.name

    @property
    def service_name(self) -> str:
        """Under which others find it."""
        return self.service or self.name


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """A machine of the cluster."""

    name: str
    address: str
    cpu: int = 4
    memory_gib: float = 16
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[tuple[str, str, str], ...] = ()  # key, value, effect
    gpus: int = 0


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A site."""

    name: str
    title: str
    namespace: str
    entry: str  # the app that its users meet
    apps: tuple[App, ...]
    nodes: tuple[NodeSpec, ...]
    version: str = "v1.31.4"
    runtime: str = "containerd://1.7.24"
    os_image: str = "Ubuntu 24.04.1 LTS"
    kernel: str = "6.8.0-51-generic"
    pods: str = "10.42"  # the pod network's first two numbers
    services: str = "10.43"
    provisioner: str = "rancher.io/local-path"
    storage_class: str = "local-path"
    binding: str = "WaitForFirstConsumer"
    label_keys: tuple[str, ...] = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    address: str = "http://{service}:{port}"
    variable: str = "{name}_URL"
    journal: Literal["helm", "argocd", "kubectl", "flux"] = "helm"
    requests_metric: str = "http_requests_total"
    duration_metric: str = "http_request_duration_seconds"
    mesh: bool = False
    network: tuple[str, str] = ("", "")  # reason and message with which its CNI clears NetworkUnavailable
    quota: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)  # a limit range's maximum
    policies: bool = False
    ingress: str = ""  # host
    tls: str = ""  # the ingress's secret
    scalers: Mapping[str, tuple[int, int, int]] = field(
        default_factory=dict
    )  # app: least, most, CPU in per cent
    budgets: Mapping[str, int] = field(default_factory=dict)  # app: minAvailable
    webhook: str = ""  # the app behind a validating webhook
    extra: tuple[Mapping[str, Any], ...] = ()  # objects as they are

    def app(self, name: str) -> App:
        """An app by its name."""
        return next(a for a in self.apps if a.name == name)

    def space(self, app: App) -> str:
        """Its namespace."""
        return app.namespace or self.namespace

    def selector(self, app: App) -> dict[str, str]:
        """The labels by which its pods are found."""
        if app.labels:
            return dict(app.labels)
        values = (app.name, self.labels.get("app.kubernetes.io/instance", self.namespace))
        return dict(zip(self.label_keys, values, strict=False))


def quantity(text: str) -> float:
    """A Kubernetes quantity in cores, bytes or pieces."""
    suffixes = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    digits = text.rstrip("mkMGTKi")
    return float(digits) * suffixes.get(text[len(digits) :], 1)
