"""How failures of nodes, of the load and of autoscaling are caused."""

from __future__ import annotations

from aitia.lab.cluster.actions import cordon, note, note_edit, ramp, scale, workload_of
from aitia.lab.cluster.failures import Hit
from aitia.lab.cluster.pods import pods_of
from aitia.lab.cluster.system_apps import system_apps
from aitia.lab.cluster.workloads import remove


def kubelet_stopped(hit: Hit) -> None:
    """The node's kubelet is gone, and the node with it: its pods no longer answer."""
    node = hit.node
    hit.site.world.physics.machine(node).kubelet = False
    for pod in hit.site.world.all_of("Pod"):
        if pod["spec"].get("nodeName") == node:
            for container in pod["spec"]["containers"]:
                hit.site.life.started.pop((pod["metadata"]["uid"], container["name"]), None)


def runtime_stopped(hit: Hit) -> None:
    """The node's container runtime is gone."""
    hit.site.world.physics.machine(hit.node).runtime = False


def disk_fills(hit: Hit) -> None:
    """Something outside of pods fills the node's disk."""
    machine = hit.site.world.physics.machine(hit.node)
    minutes = 2 if hit.strength == "strong" else 6
    ramp(hit.site, minutes, lambda done: setattr(machine, "disk_used", 0.41 + 0.545 * done))


def memory_fills(hit: Hit) -> None:
    """Something outside of pods takes the node's memory."""
    machine = hit.site.world.physics.machine(hit.node)
    minutes = 2 if hit.strength == "strong" else 6
    ramp(hit.site, minutes, lambda done: setattr(machine, "memory_stolen", 0.97 * done))


def loses_packets(hit: Hit) -> None:
    """The node's network loses packets."""
    machine = hit.site.world.physics.machine(hit.node)
    machine.loss = {"medium": 0.25, "strong": 0.7}[hit.strength]
    machine.delay_ms = {"medium": 120.0, "strong": 400.0}[hit.strength]


def cpu_stolen(hit: Hit) -> None:
    """A process outside of pods takes the node's CPU."""
    machine = hit.site.world.physics.machine(hit.node)
    machine.cpu_stolen = {"medium": 0.97, "strong": 1.12}[hit.strength]


def _rise(hit: Hit, factor: float) -> None:
    physics = hit.site.world.physics
    ramp(hit.site, 3, lambda done: setattr(physics, "load", 1 + (factor - 1) * done))


def _needed(hit: Hit) -> float:
    """By how much the load must rise to be more than the victim's pods can take."""
    served = hit.site.traffic.now[hit.app.name]
    return 1.25 / max(0.02, served.share)


def scaler_blind(hit: Hit) -> None:
    """Metrics-server has no pods, and the load rises."""
    held = next(a for a in system_apps(hit.site.layout) if a.name == "metrics-server")
    scale(hit.site, held, 0)
    _rise(hit, _needed(hit))


def scaler_ceiling(hit: Hit) -> None:
    """The autoscaler's maximum is its minimum, and the load rises."""
    world = hit.site.world
    found = world.get("HorizontalPodAutoscaler", hit.site.layout.namespace, hit.app.name)
    if found is not None:
        found["spec"]["maxReplicas"] = found["spec"]["minReplicas"]
        world.touch(found)
    note_edit(hit.site, hit.app, hit.chance)
    _rise(hit, _needed(hit))


def drain_held_up(hit: Hit) -> None:
    """A budget of as many pods as there are, and a node that is drained."""
    world = hit.site.world
    budget = world.get("PodDisruptionBudget", hit.site.layout.namespace, hit.app.name)
    if budget is not None:
        budget["spec"]["minAvailable"] = int(workload_of(hit.site, hit.app)["spec"]["replicas"])
        world.touch(budget, spec=True)
    node = hit.node
    item = world.get("Node", "", node)
    if item is not None:
        cordon(hit.site, item)
    note(hit.site, node, "maintenance", f"kubectl drain {node} --ignore-daemonsets --delete-emptydir-data")
    covered = hit.site.layout.selector(hit.app)

    for other in hit.site.layout.apps:
        if other.kind not in ("Deployment", "StatefulSet") or hit.site.layout.selector(other) == covered:
            continue
        for pod in pods_of(world, hit.site.layout.space(other), hit.site.layout.selector(other)):
            if pod["spec"].get("nodeName") == node and other.name not in hit.site.layout.budgets:
                remove(world, pod)


def too_many_visitors(hit: Hit) -> None:
    """The load rises until the first app cannot follow."""
    shares = [s.share for s in hit.site.traffic.now.values() if s.share]
    _rise(hit, {"medium": 1.3, "strong": 2.2}[hit.strength] / max(shares))
