"""Nodes: their objects, their health as kubelets and the node controller tell it, and what happens to their pods."""

from __future__ import annotations

from typing import Final

from aitia.lab.cluster.kubelet import Kubelet
from aitia.lab.cluster.pods import is_going, is_over
from aitia.lab.cluster.scheduler import requests
from aitia.lab.cluster.spec import Layout, NodeSpec
from aitia.lab.cluster.workloads import remove
from aitia.lab.cluster.world import Object, World, condition, digest, set_condition, stamp

GRACE_S: Final = 50  # node-monitor-grace-period
EVICT_S: Final = 300  # tolerationSeconds of not-ready and unreachable
DISK_KIB: Final = 103_084_600
DISK_LIMIT: Final = 0.90  # evictionHard nodefs.available 10 %
MEMORY_LIMIT: Final = 0.97
EVERY_S: Final = 20  # between two evictions of a node
_GOOD: Final = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("KubeletReady", "kubelet is posting ready status"),
}
_TIMES: Final = ("lastHeartbeatTime", "lastTransitionTime")
_TAINT: Final = "node.kubernetes.io/"


def node_object(layout: Layout, node: NodeSpec, number: int) -> Object:
    """A node as its kubelet registered it."""
    memory = int(node.memory_gib * 2**20) - 391_212
    capacity = {
        "cpu": str(node.cpu),
        "ephemeral-storage": f"{DISK_KIB}Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{memory}Ki",
        "pods": "110",
    }
    room = {**capacity, "ephemeral-storage": "95002767203", "memory": f"{memory - 307_200}Ki"}
    if node.gpus:
        capacity["nvidia.com/gpu"] = room["nvidia.com/gpu"] = str(node.gpus)
    known = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
    }
    key = f"{digest(layout.name, node.name):032x}"
    subnet = f"{layout.pods}.{number}.0/24"
    spec: Object = {"podCIDR": subnet, "podCIDRs": [subnet]}
    if node.taints:
        spec["taints"] = [{"key": k, **({"value": v} if v else {}), "effect": e} for k, v, e in node.taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {**known, **node.labels},
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": spec,
        "status": {
            "capacity": capacity,
            "allocatable": room,
            "addresses": [
                {"type": "InternalIP", "address": node.address},
                {"type": "Hostname", "address": node.name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": key,
                "systemUUID": f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}",
                "bootID": f"{key[24:]}-{key[4:8]}-{key[:4]}-{key[12:16]}-{key[8:20]}",
                "kernelVersion": layout.kernel,
                "osImage": layout.os_image,
                "containerRuntimeVersion": layout.runtime,
                "kubeletVersion": layout.version,
                "kubeProxyVersion": layout.version,
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }


class Nodes:
    """Kubelets' own status and the node lifecycle controller, looked at every few seconds."""

    def __init__(self, world: World, kubelet: Kubelet) -> None:
        self.world, self.kubelet = world, kubelet
        self._down: dict[str, int] = {}  # node: since when its kubelet is silent
        self._evicted: dict[str, int] = {}

    def register(self, layout: Layout) -> None:
        """Make the node objects."""
        for number, spec in enumerate(layout.nodes):
            node = self.world.create(node_object(layout, spec, number))
            if layout.network[0]:
                set_condition(self.world, node, "NetworkUnavailable", "False", *layout.network, stamps=_TIMES)
            for kind, (reason, message) in _GOOD.items():
                set_condition(self.world, node, kind, str(kind == "Ready"), reason, message, stamps=_TIMES)

    def watch(self) -> None:
        """One look at every node."""
        for node in self.world.all_of("Node"):
            name = node["metadata"]["name"]
            machine = self.world.physics.machine(name)
            if not machine.kubelet:
                self._silent(node, name)
                continue
            self._down.pop(name, None)
            self._runtime(node, name, machine.runtime)
            self._pressure(node, name, "DiskPressure", machine.disk_used >= DISK_LIMIT)
            self._pressure(
                node, name, "MemoryPressure", machine.memory_stolen + self._asked(node) >= MEMORY_LIMIT
            )

    def _asked(self, node: Object) -> float:
        """The share of a node's memory that its pods use, from their requests."""
        held = [p for p in self.world.all_of("Pod") if p["spec"].get("nodeName") == node["metadata"]["name"] and not is_over(p)]  # fmt: skip
        room = float(node["status"]["allocatable"]["memory"].removesuffix("Ki")) * 1024
        return sum(requests(p["spec"], "memory") for p in held) / room

    def _silent(self, node: Object, name: str) -> None:
        since = self._down.setdefault(name, self.world.now)
        waited = self.world.now - since
        if waited >= GRACE_S and condition(node, "Ready").get("status") != "Unknown":
            for kind in _GOOD:
                old = condition(node, kind)["lastHeartbeatTime"]
                set_condition(self.world, node, kind, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", stamps=_TIMES)  # fmt: skip
                condition(node, kind)["lastHeartbeatTime"] = old
            self._lost(node, name, "unreachable")

    def _runtime(self, node: Object, name: str, works: bool) -> None:
        ready = condition(node, "Ready")["status"]
        if not works and ready == "True":
            told = "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m4.2s ago; threshold is 3m0s]"
            set_condition(self.world, node, "Ready", "False", "KubeletNotReady", told, stamps=_TIMES)
            self._lost(node, name, "not-ready")

    def _lost(self, node: Object, name: str, taint: str) -> None:
        """The node controller: taints, an event, and the pods' own readiness; later their eviction."""
        world = self.world
        taints = node["spec"].setdefault("taints", [])
        for effect in ("NoSchedule", "NoExecute"):
            taints.append({"key": f"{_TAINT}{taint}", "effect": effect, "timeAdded": stamp(world.now)})
        world.touch(node)
        source = "node-controller"
        world.event(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady", source)
        pods = [p for p in world.all_of("Pod") if p["spec"].get("nodeName") == name and not is_over(p)]
        for pod in pods:
            if condition(pod, "Ready").get("status") == "True":
                set_condition(world, pod, "Ready", "False", probe=True)
                world.event(pod, "NodeNotReady", "Node is not ready", source, warning=True)
        world.at(EVICT_S, lambda: self._evict(node, name, f"{_TAINT}{taint}"))

    def _evict(self, node: Object, name: str, key: str) -> None:
        if not any(t["key"] == key for t in node["spec"].get("taints", ())):
            return
        for pod in self.world.all_of("Pod"):
            bounded = any(
                t.get("key") == key and "tolerationSeconds" in t for t in pod["spec"].get("tolerations", ())
            )
            if pod["spec"].get("nodeName") != name or is_over(pod) or is_going(pod) or not bounded:
                continue
            meta = pod["metadata"]
            self.world.event(pod, "TaintManagerEviction", f"Marking for deletion Pod {meta['namespace']}/{meta['name']}", "taint-eviction-controller")  # fmt: skip
            set_condition(self.world, pod, "DisruptionTarget", "True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", probe=True)  # fmt: skip
            remove(self.world, pod)

    def _pressure(self, node: Object, name: str, kind: str, holds: bool) -> None:
        world, word = self.world, kind.removesuffix("Pressure").lower()
        resource = "ephemeral-storage" if word == "disk" else "memory"
        key = f"{_TAINT}{word}-pressure"
        if holds != (condition(node, kind)["status"] == "True"):
            told = (f"KubeletHas{kind}", f"kubelet has {word} pressure") if holds and word == "disk" else ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available") if holds else _GOOD[kind]  # fmt: skip
            set_condition(world, node, kind, str(holds), *told, stamps=_TIMES)
            taints = [t for t in node["spec"].get("taints", ()) if t["key"] != key]
            if holds:
                taints.append({"key": key, "effect": "NoSchedule", "timeAdded": stamp(world.now)})
            node["spec"].pop("taints", None)
            if taints:
                node["spec"]["taints"] = taints
            state = f"NodeHas{kind}" if holds else "NodeHasNoDiskPressure" if word == "disk" else "NodeHasSufficientMemory"  # fmt: skip
            world.event(node, state, f"Node {name} status is now: {state}", "kubelet", host=name)
            world.touch(node)
        if not holds or world.now - self._evicted.get(name, 0) < EVERY_S:
            return
        self._evicted[name] = world.now
        world.event(node, "EvictionThresholdMet", f"Attempting to reclaim {resource}", "kubelet", host=name, warning=True)  # fmt: skip
        pods = [
            p for p in world.all_of("Pod")
            if p["spec"].get("nodeName") == name and p["status"]["phase"] == "Running" and not is_going(p)
            and p["metadata"]["namespace"] != "kube-system"
        ]  # fmt: skip
        pods.sort(key=lambda p: (_QOS[p["status"]["qosClass"]], digest(p["metadata"]["uid"])))
        if not pods:
            return
        pod = pods[0]
        machine = world.physics.machine(name)
        used = f"Container {pod['spec']['containers'][0]['name']} was using {40_000 + digest(pod['metadata']['uid']) % 90_000}Ki, request is 0, has larger consumption of {resource}. "  # fmt: skip
        most = DISK_KIB if word == "disk" else int(node["status"]["capacity"]["memory"].removesuffix("Ki"))
        least = f"{most // 10}Ki" if word == "disk" else "100Mi"
        free = int(most * max(0.004, 1 - (machine.disk_used if word == "disk" else 0.995)))
        self.kubelet.evict(pod, f"The node was low on resource: {resource}. Threshold quantity: {least}, available: {free}Ki. {used}")  # fmt: skip


_QOS: Final = {"BestEffort": 0, "Burstable": 1, "Guaranteed": 2}


def beat(world: World) -> None:
    """Write the last heartbeat of every kubelet that is alive: a status every five minutes, a lease every ten seconds."""
    for node in world.all_of("Node"):
        name = node["metadata"]["name"]
        alive = world.physics.machine(name).kubelet
        at = world.now - digest(name) % 290
        for one in node["status"]["conditions"]:
            if alive and one["type"] in _GOOD and one["lastHeartbeatTime"] < stamp(at):
                one["lastHeartbeatTime"] = stamp(at)
        lease = world.get("Lease", "kube-node-lease", name)
        if lease is not None and alive:
            lease["spec"]["renewTime"] = stamp(world.now - digest(name) % 10).replace("Z", ".000000Z")
