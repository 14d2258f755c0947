"""A site that runs: the world with its layout installed, its controllers, and what is observed of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aitia.lab.cluster.admission import count_budgets, count_quotas
from aitia.lab.cluster.autoscale import Scalers
from aitia.lab.cluster.belongings import belongings
from aitia.lab.cluster.jobs import Jobs
from aitia.lab.cluster.kubelet import Kubelet
from aitia.lab.cluster.life import Life
from aitia.lab.cluster.manifests import service, workload
from aitia.lab.cluster.network import publish
from aitia.lab.cluster.nodes import Nodes
from aitia.lab.cluster.pods import new_pod
from aitia.lab.cluster.rules import rules
from aitia.lab.cluster.scheduler import Scheduler
from aitia.lab.cluster.scrape import Scrape
from aitia.lab.cluster.spec import App, Layout
from aitia.lab.cluster.storage import Storage
from aitia.lab.cluster.system_apps import system_apps, system_objects
from aitia.lab.cluster.traffic import Traffic
from aitia.lab.cluster.workloads import Workloads
from aitia.lab.cluster.world import Object, World, stamp

DAY: Final = 86_400
LOOK_S: Final = 10  # between two looks at nodes and probes
STEP_S: Final = 30  # between two scrapes
AGE_DAYS: Final = 21  # of the cluster when the observation begins


@dataclass(frozen=True, kw_only=True)
class Change:
    """An entry of the site's journal."""

    at: int
    component: str
    kind: str
    text: str
    version: str = ""


@dataclass
class Site:
    """Everything of one cluster."""

    layout: Layout
    world: World
    life: Life = field(init=False)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Wire the controllers."""
        world, layout = self.world, self.layout
        self.life = Life(world, layout)
        self.scheduler = Scheduler()
        self.jobs = Jobs()
        self.kubelet = Kubelet(world, self.life)
        self.nodes = Nodes(world, self.kubelet)
        self.traffic = Traffic(world, layout, self.life)
        self.scalers = Scalers(world, lambda name: self.traffic.used.get(name, 0.0))
        self.scrape = Scrape(world, layout, self.life, self.traffic, STEP_S)
        world.controllers += [
            Workloads(),
            self.jobs,
            self.scheduler,
            Storage(),
            publish,
            count_quotas,
            count_budgets,
        ]

    def install(self) -> None:
        """Make the cluster and what runs on it, over its first days."""
        world, layout = self.world, self.layout
        for name in dict.fromkeys(("default", "kube-system", "kube-public", "kube-node-lease", layout.namespace, *(layout.space(a) for a in layout.apps))):  # fmt: skip
            labels = {"kubernetes.io/metadata.name": name}
            if layout.mesh and name == layout.namespace:
                labels["istio-injection"] = "enabled"
            world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})  # fmt: skip
            world.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}})  # fmt: skip
            world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt", "namespace": name}, "data": {"ca.crt": "withheld"}})  # fmt: skip
        self.nodes.register(layout)
        for app in layout.apps:
            if app.pull_secret:
                world.physics.closed[app.image.partition("/")[0]] = app.pull_secret
        for node in layout.nodes:
            world.create({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": node.name, "namespace": "kube-node-lease"}, "spec": {"holderIdentity": node.name, "leaseDurationSeconds": 40, "renewTime": stamp(world.now)}})  # fmt: skip
        for item in system_objects(layout):
            world.create(item)
        for app in system_apps(layout):
            self._add(app, (app.service_name == "kube-dns" and f"{layout.services}.0.10") or "")
        world.run_until(world.now + 1800)
        for one in layout.extra:
            world.create(one)
        for item in rules(layout):
            world.create(item)
        for app in sorted(layout.apps, key=lambda a: (a.namespace == "", len(a.calls))):
            world.run_until(world.now + world.chance("install", app.name).randrange(200, 9 * 3600))
            self._add(app)
        world.run_until(world.start + AGE_DAYS * DAY)

    def _add(self, app: App, cluster_ip: str = "") -> None:
        world, layout = self.world, self.layout
        for item in belongings(layout, app):
            if world.get(item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]) is None:
                world.create(item)
        if app.port:
            number = next(world.host_ports)
            world.create(
                service(
                    layout, app, cluster_ip or f"{layout.services}.{number % 230}.{number * 37 % 250 + 2}"
                )
            )
        made = workload(layout, app)
        parent = self._resource(app) if app.owner else None
        if app.kind == "Pod":
            template: dict[str, Any] = {"metadata": {}, "spec": made["spec"]}
            result = new_pod(world, None, app.name, layout.space(app), template, made["metadata"]["labels"])
            if isinstance(result, str):
                raise RuntimeError(f"The layout's own pod {app.name} is refused: {result}")
            return
        item = world.create(made, parent)
        if app.kind == "CronJob":
            # Runs of weeks ago leave nothing behind: the schedule starts shortly before the observation.
            begins = world.start + AGE_DAYS * DAY - 3 * app.schedule_min * 60 - 100
            world.at(begins - world.now, lambda: self.jobs.start(world, item))
        tag = app.image.rpartition(":")[2]
        if app.namespace == "":
            self.changes.append(
                Change(
                    at=world.now, component=app.name, kind="deploy", text=self.words(app, tag), version=tag
                )
            )

    def _resource(self, app: App) -> Object:
        """The custom resource from which an operator made a stateful set."""
        spec = {"instances": app.replicas, "imageName": app.image, "storage": {"size": f"{app.volume}Gi"}}
        return self.world.create({"apiVersion": "acid.zalan.do/v1" if app.owner == "postgresql" else "databases.internal/v1", "kind": app.owner, "metadata": {"name": app.name, "namespace": self.layout.space(app)}, "spec": spec})  # fmt: skip

    def words(self, app: App, tag: str) -> str:
        """How the site's journal tells of a new version of an app."""
        match self.layout.journal:
            case "helm":
                return f"helm upgrade {app.name} ({self.layout.namespace}): image.tag={tag}"
            case "argocd":
                return f"Sync {self.layout.namespace}/{app.name} to {tag} succeeded"
            case "flux":
                return f"HelmRelease {self.layout.namespace}/{app.name} reconciled, revision {tag}"
            case _:
                return f"kubectl apply -f {app.name}.yaml ({tag})"

    def observe(self, until: int, each: Callable[[], bool]) -> None:
        """Let the site run and be scraped until a moment, or until `each`, called after every scrape, says to stop."""
        while self.world.now < until:
            self.world.run_until(self.world.now + LOOK_S)
            self.nodes.watch()
            self.kubelet.prober.poll()
            if self.world.now % STEP_S < LOOK_S:
                self.traffic.step()
                self.traffic.write_lines()
                self.scalers.watch()
                self.scrape.take()
                self.world.settle()
                if each():
                    return
