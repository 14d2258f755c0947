"""What can go wrong, as a table: whom it may hit, how it is caused, which answers count. Causes are in `causes_pods` and `causes_cluster`."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aitia.lab.cluster.pods import pods_of
from aitia.lab.cluster.site import Site
from aitia.lab.cluster.spec import App, Layout
from aitia.lab.words import Strength

Cause = Callable[["Hit"], None]
Lies = Literal["app", "namespace", "node", "busiest", "backend", "dns", "metrics"]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Whom a failure is made to hit."""

    site: Site
    app: App
    strength: Strength
    chance: random.Random

    @property
    def at_once(self) -> bool:
        """Whether the old pods are gone before the new ones are there."""
        return self.strength != "weak"

    @property
    def node(self) -> str:
        """The node on which most of the victim's pods run."""
        pods = pods_of(self.site.world, self.site.layout.space(self.app), self.site.layout.selector(self.app))
        names = sorted(str(p["spec"]["nodeName"]) for p in pods if p["spec"].get("nodeName"))
        return max(names, key=names.count)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of failure."""

    id: str
    title: str
    family: str
    cause: Cause
    hits: Callable[[Layout, App], bool]
    fault: str
    also: tuple[str, ...] = ()  # other kinds that count at the same component
    lies: Lies = "app"
    strengths: tuple[Strength, ...] = ("weak", "strong")
    says: str = ""  # what a person reports where no rule fires


def _rolls(layout: Layout, app: App) -> bool:
    """Its own programs, which get releases."""
    return app.victim and app.kind in ("Deployment", "Pod", "StatefulSet") and not is_store(app)


def is_store(app: App) -> bool:
    """A program of others that keeps data."""
    return app.style in ("postgres", "redis", "kafka") or app.image.startswith(
        ("docker.io/", "quay.io/", "ghcr.io/zalando")
    )


def victims(layout: Layout, kind: Kind) -> tuple[str, ...]:
    """Who of a site may be hit."""
    return tuple(a.name for a in layout.apps if kind.hits(layout, a))


def _any(layout: Layout, app: App) -> bool:
    return app.victim and app.kind != "CronJob"


def _unbounded(layout: Layout, app: App) -> bool:
    """No limit range refuses its pods before the scheduler sees them."""
    return _any(layout, app) and not layout.limits


def _served(layout: Layout, app: App) -> bool:
    return app.victim and bool(app.port) and any(app.name in a.calls for a in layout.apps)


def _http(layout: Layout, app: App) -> bool:
    return _rolls(layout, app) and app.probe == "http"


def _probed(layout: Layout, app: App) -> bool:
    return _rolls(layout, app) and app.probe in ("http", "grpc", "tcp")


def _scaled(layout: Layout, app: App) -> bool:
    return app.victim and app.kind == "Deployment"


def _caller(layout: Layout, app: App) -> bool:
    return _rolls(layout, app) and bool(app.calls)


def _volume(layout: Layout, app: App) -> bool:
    return app.victim and app.volume > 0


def table() -> tuple[Kind, ...]:
    """All kinds."""
    from aitia.lab.cluster import causes_cluster as c
    from aitia.lab.cluster import causes_nodes as n
    from aitia.lab.cluster import causes_pods as p

    spec = "software.configuration"
    return (
        Kind(id="tag-not-pushed", title="A release names an image tag that the registry does not hold", family="image", cause=p.tag_not_pushed, hits=lambda y, a: _rolls(y, a) or a.kind == "CronJob", fault=f"{spec}.k8s.image"),
        Kind(id="pull-secret-gone", title="The pull secret is missing when a release needs it", family="image", cause=p.pull_secret_gone, hits=lambda y, a: _rolls(y, a) and bool(a.pull_secret), fault="software.credentials.k8s.image_pull"),
        Kind(id="pull-token-refused", title="The registry no longer takes the token in the pull secret", family="credential", cause=p.pull_token_refused, hits=lambda y, a: _rolls(y, a) and bool(a.pull_secret), fault="software.credentials.k8s.image_pull"),
        Kind(id="registry-unresolved", title="Nodes cannot resolve the registry's name", family="dns", cause=p.registry_unresolved, hits=lambda y, a: _rolls(y, a), fault="network.dns.k8s.registry", also=("network.dns",)),
        Kind(id="liveness-wrong-port", title="The liveness probe asks another port", family="probe", cause=p.liveness_port, hits=_probed, fault=f"{spec}.k8s.liveness_port", also=(spec,)),
        Kind(id="liveness-wrong-path", title="The liveness probe asks a path that is not there", family="probe", cause=p.liveness_path, hits=_http, fault=spec, also=(f"{spec}.k8s.liveness_port", f"{spec}.k8s.liveness_protocol")),
        Kind(id="liveness-too-hasty", title="The liveness probe kills what has not started yet", family="probe", cause=p.liveness_hasty, hits=_probed, fault=f"{spec}.k8s.liveness_timing", also=(spec,)),
        Kind(id="readiness-wrong-port", title="The readiness probe asks another port", family="probe", cause=p.readiness_port, hits=_probed, fault=f"{spec}.k8s.readiness_port", also=(spec,)),
        Kind(id="readiness-wrong-protocol", title="The readiness probe speaks another protocol", family="probe", cause=p.readiness_protocol, hits=lambda y, a: _probed(y, a) and a.probe in ("http", "grpc"), fault=f"{spec}.k8s.readiness_protocol", also=(spec,)),
        Kind(id="startup-too-short", title="The startup probe gives up too early", family="probe", cause=p.startup_short, hits=lambda y, a: _rolls(y, a) and a.startup, fault=spec, also=(f"{spec}.k8s.liveness_timing",)),
        Kind(id="memory-limit-cut", title="The memory limit is below what the program needs", family="memory", cause=p.memory_limit_cut, hits=lambda y, a: _any(y, a) and bool(a.memory_limit), fault="resource.memory.oom_killed", also=("resource.memory", spec)),
        Kind(id="leaking-release", title="A new version keeps memory until it is killed", family="memory", cause=p.leaking_release, hits=lambda y, a: _rolls(y, a) and bool(a.memory_limit), fault="resource.memory.oom_killed", also=("resource.memory", "software.regression"), strengths=("medium", "strong")),
        Kind(id="entrypoint-missing", title="The container's command is not in the image", family="crash", cause=p.entrypoint_missing, hits=lambda y, a: _rolls(y, a), fault=spec, also=("software.crash",)),
        Kind(id="init-waits-forever", title="An init container waits for a name that does not exist", family="configuration", cause=p.init_waits, hits=lambda y, a: _caller(y, a) and a.kind != "Pod", fault=f"{spec}.k8s.env_address", also=(spec,)),
        Kind(id="config-map-gone", title="A config map that pods mount is gone", family="configuration", cause=p.config_map_gone, hits=lambda y, a: _any(y, a) and bool(a.config), fault=f"{spec}.k8s.configmap", also=(spec,), strengths=("medium", "strong")),
        Kind(id="config-key-gone", title="A key that a variable refers to is gone", family="configuration", cause=p.config_key_gone, hits=lambda y, a: _any(y, a) and bool(a.keys), fault=f"{spec}.k8s.configmap", also=(spec,), strengths=("strong",)),
        Kind(id="secret-gone", title="A secret that pods read is gone", family="credential", cause=p.secret_gone, hits=lambda y, a: _any(y, a) and bool(a.secrets), fault=f"{spec}.k8s.secret", also=("software.credentials",), strengths=("strong",)),
        Kind(id="variable-missing", title="A new version needs a variable that nobody set", family="bad_release", cause=p.variable_missing, hits=_rolls, fault=spec, also=("software.crash", "software.regression")),
        Kind(id="crashing-release", title="A new version exits soon after it started", family="bad_release", cause=p.crashing_release, hits=_rolls, fault="software.crash", also=("software.regression", "software.exception")),
        Kind(id="failing-release", title="A new version answers a share of its requests with errors", family="bad_release", cause=p.failing_release, hits=_rolls, fault="software.regression", also=("software.exception",), strengths=("weak", "medium", "strong")),
        Kind(id="slow-release", title="A new version is slow", family="bad_release", cause=p.slow_release, hits=lambda y, a: _rolls(y, a) and _served(y, a), fault="software.latency", also=("software.regression",), strengths=("medium", "strong")),
        Kind(id="release-moved-port", title="A new version listens on another port than its manifest says", family="bad_release", cause=p.moved_port, hits=lambda y, a: _probed(y, a), fault=spec, also=("software.regression", f"{spec}.k8s.readiness_port", f"{spec}.k8s.liveness_port")),
        Kind(id="cpu-limit-cut", title="The CPU limit throttles the program", family="cpu", cause=p.cpu_limit_cut, hits=lambda y, a: _rolls(y, a) and bool(a.cpu_limit), fault="resource.cpu.pod", also=("resource.cpu", spec), strengths=("medium", "strong")),
        Kind(id="wrong-address", title="A variable points to a service that is not there", family="configuration", cause=p.wrong_address, hits=_caller, fault=f"{spec}.k8s.env_address", also=(spec,), strengths=("medium", "strong")),
        Kind(id="password-rotated", title="A store no longer takes the password in the secret", family="credential", cause=p.password_rotated, hits=lambda y, a: _caller(y, a) and bool(a.secrets) and any(y.app(n).style in ("postgres", "redis") for n in a.calls), fault="software.credentials.database", also=("software.credentials",), strengths=("medium", "strong")),
        Kind(id="job-keeps-exiting", title="The runs of a cron job fail until the back-off limit", family="crash", cause=p.job_exits, hits=lambda y, a: a.kind == "CronJob", fault="software.crash", also=("software.exception", "software.regression"), strengths=("strong",)),
        Kind(id="scaled-to-zero", title="Somebody scaled it to nothing", family="operator_error", cause=p.scaled_to_zero, hits=lambda y, a: _scaled(y, a) and _served(y, a), fault=f"{spec}.k8s.zero_replicas", also=(spec,), strengths=("strong",)),
        Kind(id="too-much-cpu-asked", title="The CPU request fits no node", family="scheduling", cause=c.asks("cpu"), hits=_unbounded, fault="scheduling.k8s.cpu_capacity"),
        Kind(id="too-much-memory-asked", title="The memory request fits no node", family="scheduling", cause=c.asks("memory"), hits=_unbounded, fault="scheduling.k8s.memory_capacity"),
        Kind(id="device-asked", title="It asks for a device that no node has", family="scheduling", cause=c.asks("nvidia.com/gpu"), hits=lambda y, a: _rolls(y, a), fault="scheduling.k8s"),
        Kind(id="label-no-node-has", title="The node selector fits no node", family="scheduling", cause=c.selector_fits_none, hits=_any, fault="scheduling.k8s.node_selector", also=("scheduling.k8s.node_affinity",)),
        Kind(id="affinity-no-node-meets", title="The node affinity fits no node", family="scheduling", cause=c.affinity_fits_none, hits=_any, fault="scheduling.k8s.node_affinity", also=("scheduling.k8s.node_selector",)),
        Kind(id="pods-repel-each-other", title="More copies than nodes, and no two may share one", family="scheduling", cause=c.repel, hits=_scaled, fault="scheduling.k8s.anti_affinity", strengths=("strong",)),
        Kind(id="nodes-tainted", title="Nodes got a taint that the pods do not tolerate", family="scheduling", cause=c.nodes_tainted, hits=_any, fault="scheduling.k8s.taint", strengths=("strong",)),
        Kind(id="nodes-cordoned", title="All nodes are cordoned when pods must move", family="scheduling", cause=c.nodes_cordoned, hits=_any, fault="scheduling.k8s.cordon", strengths=("strong",)),
        Kind(id="pods-quota-cut", title="The quota of pods is used up", family="quota", cause=c.quota_cut("pods"), hits=_scaled, fault="resource.quota.k8s.pods", lies="namespace", strengths=("strong",)),
        Kind(id="memory-quota-cut", title="The quota of memory is used up", family="quota", cause=c.quota_cut("requests.memory"), hits=_scaled, fault="resource.quota.k8s.memory", lies="namespace", strengths=("strong",)),
        Kind(id="cpu-quota-cut", title="The quota of CPU is used up", family="quota", cause=c.quota_cut("requests.cpu"), hits=_scaled, fault="resource.quota.k8s.cpu", lies="namespace", strengths=("strong",)),
        Kind(id="limit-range-cut", title="A limit range forbids what the pods need", family="quota", cause=c.limit_range_cut, hits=lambda y, a: _scaled(y, a) and bool(a.memory_limit) and not a.namespace, fault=spec, also=("resource.quota",), lies="namespace", strengths=("strong",)),
        Kind(id="account-gone", title="The service account of the pods is gone", family="rbac", cause=c.account_gone, hits=lambda y, a: _any(y, a) and bool(a.account), fault=f"{spec}.k8s.service_account", strengths=("strong",)),
        Kind(id="binding-gone", title="The role binding is gone and the API refuses the program", family="rbac", cause=c.binding_gone, hits=lambda y, a: a.victim and bool(a.account), fault="software.credentials", also=(spec,), strengths=("strong",), says="{app} has done nothing for a while, its queue of work grows."),
        Kind(id="claim-of-unknown-class", title="A claim names a storage class that does not exist", family="storage", cause=c.claim_class, hits=_volume, fault="storage.k8s.storage_class", strengths=("strong",)),
        Kind(id="provisioner-silent", title="Nothing makes the volumes that claims ask for", family="storage", cause=c.provisioner_silent, hits=_volume, fault="storage.k8s", strengths=("strong",)),
        Kind(id="volume-full", title="The volume of a store is full", family="disk", cause=c.volume_full, hits=lambda y, a: _volume(y, a) and a.style == "postgres", fault="resource.disk", strengths=("medium", "strong")),
        Kind(id="selector-matches-none", title="The selector of a service fits no pod", family="service", cause=c.service_selector, hits=_served, fault=f"{spec}.k8s.service_selector", strengths=("strong",)),
        Kind(id="target-port-moved", title="The target port of a service is not the program's", family="service", cause=c.service_port, hits=_served, fault=f"{spec}.k8s.service_port", strengths=("strong",)),
        Kind(id="policy-shuts-out", title="A network policy lets nobody in", family="network", cause=c.policy_shuts_out, hits=_served, fault="network.policy.k8s", strengths=("strong",)),
        Kind(id="webhook-silent", title="An admission webhook does not answer, and nothing is admitted", family="admission", cause=c.webhook_silent, hits=lambda y, a: a.name == y.webhook, fault="software.crash", also=("software.regression", spec), strengths=("strong",)),
        Kind(id="webhook-rule-added", title="A new rule of the admission webhook refuses the site's own pods", family="admission", cause=c.webhook_rule, hits=lambda y, a: a.name == y.webhook, fault=spec, strengths=("strong",)),
        Kind(id="webhook-certificate-over", title="The webhook's certificate has run out", family="certificate", cause=c.webhook_certificate, hits=lambda y, a: a.name == y.webhook, fault="software.certificate", strengths=("strong",)),
        Kind(id="public-certificate-over", title="The certificate that users see has run out", family="certificate", cause=c.public_certificate, hits=lambda y, a: bool(y.tls) and a.name == y.entry, fault="software.certificate", strengths=("strong",)),
        Kind(id="route-to-nowhere", title="The ingress or the gateway sends to a port or host that is not there", family="ingress", cause=c.route_to_nowhere, hits=lambda y, a: (bool(y.ingress) or y.mesh) and a.name == y.entry, fault=f"{spec}.k8s.gateway", also=(spec, f"{spec}.k8s.service_port"), lies="backend", strengths=("strong",)),
        Kind(id="kubelet-stopped", title="A node's kubelet stopped", family="node", cause=n.kubelet_stopped, hits=_any, fault="node.k8s.kubelet", lies="node", strengths=("strong",)),
        Kind(id="runtime-stopped", title="A node's container runtime stopped", family="node", cause=n.runtime_stopped, hits=_any, fault="node.k8s.container_runtime", lies="node", strengths=("strong",)),
        Kind(id="node-disk-fills", title="A node's disk fills and pods are evicted", family="eviction", cause=n.disk_fills, hits=_any, fault="node.k8s.pressure", also=("resource.disk",), lies="node", strengths=("medium", "strong"), says="Pods of {space} go away and come back on other nodes, and nobody has touched them."),
        Kind(id="node-memory-fills", title="A process outside of pods takes a node's memory", family="eviction", cause=n.memory_fills, hits=_any, fault="node.k8s.pressure", also=("resource.memory",), lies="node", strengths=("medium", "strong"), says="Pods of {space} go away and come back on other nodes, and nobody has touched them."),
        Kind(id="node-loses-packets", title="A node's network loses packets", family="network", cause=n.loses_packets, hits=_caller, fault="network.loss.node", also=("network.delay.node", "network.partition"), lies="node", strengths=("medium", "strong")),
        Kind(id="node-cpu-stolen", title="A process outside of pods takes a node's CPU", family="cpu", cause=n.cpu_stolen, hits=_any, fault="resource.cpu", lies="node", strengths=("medium", "strong")),
        Kind(id="scaler-blind", title="The autoscaler gets no metrics while the load rises", family="autoscaling", cause=n.scaler_blind, hits=lambda y, a: a.name in y.scalers, fault=f"{spec}.k8s.zero_replicas", also=(spec, "software.crash"), lies="metrics", strengths=("strong",)),
        Kind(id="scaler-at-its-end", title="The autoscaler may add no more pods while the load rises", family="autoscaling", cause=n.scaler_ceiling, hits=lambda y, a: a.name in y.scalers, fault="resource.cpu", also=("resource.cpu.pod", spec), strengths=("strong",)),
        Kind(id="drain-held-up", title="A disruption budget lets no pod go and holds up a drain", family="operator_error", cause=n.drain_held_up, hits=lambda y, a: a.name in y.budgets, fault=spec, strengths=("strong",), says="The drain of node {node} for its kernel update has been waiting for twenty minutes and does not get on."),
        Kind(id="resolver-scaled-away", title="The cluster's DNS has no pods", family="dns", cause=c.resolver_gone, hits=_caller, fault="network.dns.k8s.pod", also=("network.dns", f"{spec}.k8s.zero_replicas"), lies="dns", strengths=("strong",)),
        Kind(id="resolver-misconfigured", title="The cluster's DNS cannot read its configuration", family="dns", cause=c.resolver_broken, hits=_caller, fault="network.dns.k8s.pod", also=("network.dns", spec, "software.crash"), lies="dns", strengths=("strong",)),
        Kind(id="too-many-visitors", title="More requests than the pods can answer", family="overload", cause=n.too_many_visitors, hits=lambda y, a: a.name == y.entry, fault="resource.cpu", also=("resource.cpu.pod", "software.latency"), lies="busiest", strengths=("medium", "strong")),
        Kind(id="store-slow", title="A store answers slowly", family="slow_dependency", cause=c.store_slow, hits=lambda y, a: _served(y, a) and a.style in ("postgres", "redis", "kafka"), fault="software.latency", also=("resource.io", "network.delay", "software.lock_wait"), strengths=("medium", "strong")),
        Kind(id="store-crashes", title="A store exits again and again", family="dependency_down", cause=c.store_crashes, hits=lambda y, a: _served(y, a) and a.style in ("postgres", "redis", "kafka"), fault="software.crash", strengths=("strong",)),
    )  # fmt: skip
