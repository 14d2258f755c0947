"""Samples as kube-state-metrics, cAdvisor, node_exporter, the apps and a blackbox prober would give them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from aitia.lab.cluster.life import MIB, Life
from aitia.lab.cluster.pods import is_over
from aitia.lab.cluster.spec import App, Layout, quantity
from aitia.lab.cluster.traffic import Traffic
from aitia.lab.cluster.world import Object, World, condition, owner_of

Row = tuple[float, str, str, str, float]  # epoch seconds, component, metric, labels as JSON, value
PERIODS: Final = 10  # of the CPU scheduler a second


class Scrape:
    """Takes a sample of everything each step; counters go on from step to step."""

    def __init__(self, world: World, layout: Layout, life: Life, traffic: Traffic, step: int) -> None:
        self.world, self.layout, self.life, self.traffic, self.step = world, layout, life, traffic, step
        self.rows: list[Row] = []
        self._texts: dict[tuple[tuple[str, str], ...], str] = {}
        self._counters: dict[tuple[str, str], float] = defaultdict(float)

    def take(self) -> None:
        """One scrape."""
        self._workloads()
        for pod in self.world.all_of("Pod"):
            if not is_over(pod) or "Failed" in pod["status"]["phase"]:
                self._pod(pod)
        self._nodes()
        for app in self.traffic.apps:
            if app.port and self.traffic.now[app.name].pods:
                self._requests(app)
        self._outside()

    def _put(self, component: str, metric: str, labels: Mapping[str, str], value: float) -> None:
        self.rows.append((float(self.world.now), component, metric, self._text(labels), value))

    def _text(self, labels: Mapping[str, str]) -> str:
        key = tuple(labels.items())
        if key not in self._texts:
            self._texts[key] = json.dumps(labels, sort_keys=True)
        return self._texts[key]

    def _count(
        self, component: str, metric: str, labels: Mapping[str, str], more: float, digits: int = 2
    ) -> None:
        key = (metric, self._text(labels))
        self._counters[key] += more
        self._put(component, metric, labels, round(self._counters[key], digits))

    def _workloads(self) -> None:
        for item in self.world.all_of("Deployment"):
            name, labels = _of(item, "deployment")
            status = item.get("status", {})
            self._put(name, "kube_deployment_spec_replicas", labels, item["spec"]["replicas"])
            self._put(
                name, "kube_deployment_status_replicas_available", labels, status.get("availableReplicas", 0)
            )
            self._put(
                name,
                "kube_deployment_status_replicas_unavailable",
                labels,
                status.get("unavailableReplicas", 0),
            )
        for item in self.world.all_of("StatefulSet"):
            name, labels = _of(item, "statefulset")
            self._put(name, "kube_statefulset_replicas", labels, item["spec"]["replicas"])
            self._put(name, "kube_statefulset_status_replicas_ready", labels, item.get("status", {}).get("readyReplicas", 0))  # fmt: skip
        for item in self.world.all_of("HorizontalPodAutoscaler"):
            name, labels = _of(item, "horizontalpodautoscaler")
            self._put(name, "kube_horizontalpodautoscaler_status_current_replicas", labels, item.get("status", {}).get("currentReplicas", 0))  # fmt: skip
            self._put(
                name, "kube_horizontalpodautoscaler_spec_max_replicas", labels, item["spec"]["maxReplicas"]
            )
        for item in self.world.all_of("Job"):
            name, labels = _of(item, "job_name")
            parent = str(owner_of(item).get("name") or name)
            self._put(parent, "kube_job_status_failed", labels, item["status"].get("failed", 0))
        for item in self.world.all_of("ResourceQuota"):
            space, quota = item["metadata"]["namespace"], item["metadata"]["name"]
            for side in ("hard", "used"):
                for resource, text in item.get("status", {}).get(side, {}).items():
                    labels = {"namespace": space, "resource": resource, "resourcequota": quota, "type": side}
                    self._put(space, "kube_resourcequota", labels, quantity(text))

    def _pod(self, pod: Object) -> None:
        space, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        app = self.life.app_of(pod)
        component = app.name if app else root(self.world, pod)
        base = {"namespace": space, "pod": name}
        ready = condition(pod, "Ready").get("status") == "True"
        self._put(component, "kube_pod_status_ready", {**base, "condition": "true"}, float(ready))
        for status in pod["status"].get("containerStatuses", ()):
            labels = {**base, "container": status["name"]}
            self._put(component, "kube_pod_container_status_restarts_total", labels, status["restartCount"])
            if reason := status["state"].get("waiting", {}).get("reason"):
                self._put(
                    component, "kube_pod_container_status_waiting_reason", {**labels, "reason": reason}, 1.0
                )
            if reason := status["lastState"].get("terminated", {}).get("reason"):
                self._put(component, "kube_pod_container_status_last_terminated_reason", {**labels, "reason": reason}, 1.0)  # fmt: skip
            if "running" not in status["state"]:
                continue
            held = {**labels, "image": status["image"]}
            chance = self.world.chance("sample", name, status["name"], self.world.now)
            main = app is not None and status["name"] == app.container_name
            cores = self.traffic.used.get(name, 0.006 * chance.uniform(0.8, 1.2)) if main else 0.003 * chance.uniform(0.7, 1.3)  # fmt: skip
            self._count(component, "container_cpu_usage_seconds_total", held, cores * self.step)
            memory = self.life.memory_mib(pod, status["name"]) * chance.uniform(0.985, 1.015)
            self._put(component, "container_memory_working_set_bytes", held, round(memory * 2) / 2 * MIB)
            spec = next(c for c in pod["spec"]["containers"] if c["name"] == status["name"])
            limits = spec["resources"].get("limits", {})
            if "memory" in limits:
                limit = {**labels, "resource": "memory", "unit": "byte"}
                self._put(component, "kube_pod_container_resource_limits", limit, quantity(limits["memory"]))
            if main and "cpu" in limits:
                self._count(component, "container_cpu_cfs_periods_total", held, PERIODS * self.step, 0)
                throttled = round(self.traffic.throttled.get(name, 0.0) * PERIODS * self.step)
                self._count(component, "container_cpu_cfs_throttled_periods_total", held, throttled, 0)
        if app and app.volume and "podIP" in pod["status"]:
            claim = next((v["persistentVolumeClaim"]["claimName"] for v in pod["spec"].get("volumes", ()) if "persistentVolumeClaim" in v), "")  # fmt: skip
            labels = {"namespace": space, "persistentvolumeclaim": claim}
            size = app.volume * 1024 * MIB
            used = min(1.0, self.world.physics.sizes.get(app.name, 0.37))
            self._put(component, "kubelet_volume_stats_capacity_bytes", labels, size)
            self._put(component, "kubelet_volume_stats_available_bytes", labels, round(size * (1 - used)))

    def _nodes(self) -> None:
        for node in self.world.all_of("Node"):
            name = node["metadata"]["name"]
            machine, chance = (
                self.world.physics.machine(name),
                self.world.chance("node", name, self.world.now),
            )
            for one in node["status"]["conditions"]:
                labels = {"node": name, "condition": one["type"], "status": "true"}
                self._put(name, "kube_node_status_condition", labels, float(one["status"] == "True"))
            self._put(name, "kube_node_spec_unschedulable", {"node": name}, float(bool(node["spec"].get("unschedulable"))))  # fmt: skip
            here = [
                p for p in self.world.all_of("Pod") if p["spec"].get("nodeName") == name and not is_over(p)
            ]
            cores = sum(self.traffic.used.get(p["metadata"]["name"], 0.006) for p in here)
            total = float(node["status"]["capacity"]["memory"].removesuffix("Ki")) * 1024
            held = (
                sum(self.life.memory_mib(p, c["name"]) for p in here for c in p["spec"]["containers"]) * MIB
            )
            room = max(total * 0.01, total * (1 - machine.memory_stolen) - held - 1.1e9)
            cpu = float(node["status"]["capacity"]["cpu"])
            load = (cores + 0.15 + machine.cpu_stolen * cpu * 1.3) * chance.uniform(0.9, 1.1)
            self._put(name, "node_memory_MemAvailable_bytes", {"instance": name}, round(room / MIB) * MIB)
            labels = {"instance": name, "mountpoint": "/"}
            free = 103084600 * 1024 * (1 - machine.disk_used)
            self._put(name, "node_filesystem_avail_bytes", labels, round(free / (8 * MIB)) * 8 * MIB)
            self._put(name, "node_load1", {"instance": name}, round(load, 2))
            errors = round(machine.loss * 900) if machine.loss else 0
            self._count(
                name, "node_network_receive_drop_total", {"instance": name, "device": "eth0"}, errors, 0
            )

    def _requests(self, app: App) -> None:
        layout, served = self.layout, self.traffic.now[app.name]
        if app.style in ("postgres", "redis", "kafka"):
            return
        count = served.rate * self.step
        labels = {"namespace": layout.space(app), "service": app.service_name}
        bad, good = ("503" if layout.mesh else "500"), "200"
        for code, share in ((good, 1 - served.errors), (bad, served.errors)):
            self._count(app.name, layout.requests_metric, {**labels, "code": code}, round(count * share), 0)
        seconds = served.latency_ms / 1000 * count
        scale = 1000 if layout.duration_metric.endswith("milliseconds") else 1
        self._count(app.name, f"{layout.duration_metric}_sum", labels, seconds * scale, 1)
        self._count(app.name, f"{layout.duration_metric}_count", labels, round(count), 0)

    def _outside(self) -> None:
        """What a prober outside of the cluster sees of the entry."""
        entry = self.traffic.now[self.layout.entry]
        chance = self.world.chance("outside", self.world.now)
        labels = {"job": "blackbox", "instance": self.layout.ingress or self.layout.entry}
        expires = self.world.physics.certificates.get(self.layout.tls, self.world.start + 70 * 86_400)
        over = bool(self.layout.tls) and expires <= self.world.now
        self._put(
            self.layout.entry, "probe_success", labels, float(chance.random() >= entry.errors and not over)
        )
        if self.layout.tls:
            self._put(self.layout.entry, "probe_ssl_earliest_cert_expiry", labels, float(expires))
        lasted = round(entry.latency_ms / 1000 * chance.uniform(0.9, 1.1) + 0.004, 4)
        self._put(self.layout.entry, "probe_duration_seconds", labels, lasted)


def _of(item: Object, label: str) -> tuple[str, dict[str, str]]:
    meta = item["metadata"]
    return meta["name"], {"namespace": meta["namespace"], label: meta["name"]}


def root(world: World, item: Object) -> str:
    """The name of the topmost owner."""
    here = item
    while reference := owner_of(here):
        above = world.get(reference["kind"], here["metadata"].get("namespace", ""), reference["name"])
        if above is None:
            return str(reference["name"])
        here = above
    return str(here["metadata"]["name"])
