"""The scheduler: which node a pod fits on, and what it says where there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from aitia.lab.cluster.pods import is_over
from aitia.lab.cluster.spec import quantity
from aitia.lab.cluster.world import (
    Object,
    World,
    labels_of,
    selected,
    set_condition,
)

FLUSH_S: Final = 300  # unschedulable pods are tried again after this, whatever happened
BACKOFF: Final = (1, 10)  # seconds between two tries, least and most
IN_VAIN: Final = "Preemption is not helpful for scheduling"
NO_VICTIMS: Final = "No preemption victims found for incoming pod"


class Scheduler:
    """kube-scheduler's filters, each with its words."""

    def __init__(self) -> None:
        self.running = True
        self._tried: dict[
            str, tuple[int, str, int]
        ] = {}  # uid: when, what the cluster looked like, how often

    def __call__(self, world: World) -> None:
        """Give every pod without a node one."""
        if not self.running:
            return
        waiting = [p for p in world.all_of("Pod") if not p["spec"].get("nodeName") and not is_over(p)]
        if not waiting:
            return
        waiting.sort(
            key=lambda p: (
                p["metadata"]["creationTimestamp"],
                int(p["metadata"]["resourceVersion"]),
            )
        )
        for pod in waiting:
            uid, look = pod["metadata"]["uid"], _look(world)
            at, before, tries = self._tried.get(uid, (-FLUSH_S, "", 0))
            pause = min(BACKOFF[1], BACKOFF[0] * 2**tries)
            if world.now - at < pause or (look == before and world.now - at < FLUSH_S):
                if look != before:
                    world.at(pause, lambda pod=pod: world.touch(pod))  # type: ignore[misc]
                continue
            self._tried[uid] = (world.now, look, tries + 1)
            self._place(world, pod)

    def _place(self, world: World, pod: Object) -> None:
        nodes = world.all_of("Node")
        claims = _unbound(world, pod)
        why = {n["metadata"]["name"]: _refusal(world, pod, n) for n in nodes}
        fitting = [] if claims else [n for n in nodes if not why[n["metadata"]["name"]][0]]
        if not fitting:
            self._refuse(world, pod, claims, why)
            return
        taken = Counter(p["spec"]["nodeName"] for p in _placed(world))
        apart = {
            p["spec"]["nodeName"] for p in _placed(world) if labels_of(p).get(_grouping(pod)) == labels_of(pod).get(_grouping(pod))
        }  # fmt: skip
        best = min(
            fitting, key=lambda n: (n["metadata"]["name"] in apart, _load(world, n, taken), n["metadata"]["name"])
        )  # fmt: skip
        name = best["metadata"]["name"]
        pod["spec"]["nodeName"] = name
        set_condition(world, pod, "PodScheduled", "True", probe=True)
        meta = pod["metadata"]
        world.event(pod, "Scheduled", f"Successfully assigned {meta['namespace']}/{meta['name']} to {name}", "default-scheduler")  # fmt: skip
        for claim in _claims(world, pod):
            if claim["status"]["phase"] == "Pending":
                claim["metadata"].setdefault("annotations", {})["volume.kubernetes.io/selected-node"] = name
                world.touch(claim)
        for kubelet in world.assigned:
            kubelet(world, pod)

    def _refuse(
        self, world: World, pod: Object, claims: str, why: Mapping[str, tuple[tuple[str, ...], bool]]
    ) -> None:
        world.at(FLUSH_S, lambda: world.touch(pod) if world.alive(pod) else None)
        total = len(why)
        if claims:
            counts, helpful = [claims], 0
        else:
            reasons = Counter(r for found, _ in why.values() for r in found)
            counts = sorted(f"{n} {reason}" for reason, n in reasons.items())
            helpful = sum(1 for _, hope in why.values() if hope)
        vain = [f"{total - helpful} {IN_VAIN}"] if total > helpful else []
        vain += [f"{helpful} {NO_VICTIMS}"] if helpful else []
        head = f"0/{total} nodes are available: "
        told = f"{head}{', '.join(counts)}. preemption: {head}{', '.join(vain)}."
        set_condition(world, pod, "PodScheduled", "False", "Unschedulable", told, probe=True)
        world.event(pod, "FailedScheduling", told, "default-scheduler", warning=True)


def _grouping(pod: Object) -> str:
    """The label that the pods of one workload share."""
    return next(
        (k for k in ("pod-template-hash", "controller-revision-hash", "job-name") if k in labels_of(pod)),
        "app",
    )


def _look(world: World) -> str:
    """What a decision depends on: nodes, what runs on them, and claims."""
    nodes = "|".join(
        f"{sorted(map(str, n['spec'].items()))}{sorted(labels_of(n).items())}" for n in world.all_of("Node")
    )
    return f"{nodes} {len(_placed(world))} {[c['status']['phase'] for c in world.all_of('PersistentVolumeClaim')]}"


def _placed(world: World) -> list[Object]:
    return [p for p in world.all_of("Pod") if p["spec"].get("nodeName") and not is_over(p)]


def requests(spec: Mapping[str, Any], resource: str) -> float:
    """What a pod's containers ask for."""
    return sum(
        quantity(c.get("resources", {}).get("requests", {}).get(resource, "0")) for c in spec["containers"]
    )


def _load(world: World, node: Object, taken: Mapping[str, int]) -> float:
    name, room = node["metadata"]["name"], quantity(node["status"]["allocatable"]["cpu"])
    used = sum(requests(p["spec"], "cpu") for p in _placed(world) if p["spec"]["nodeName"] == name)
    return round(used / room, 2) + taken[name] / 1000


def _refusal(world: World, pod: Object, node: Object) -> tuple[tuple[str, ...], bool]:
    """Why a node does not take a pod, and whether evicting others there could help: the first filter that fails."""
    spec, held = pod["spec"], labels_of(node)
    if node["spec"].get("unschedulable") and not _tolerates(
        spec, "node.kubernetes.io/unschedulable", "NoSchedule"
    ):
        return ("node(s) were unschedulable",), False
    for taint in node["spec"].get("taints", ()):
        if taint["effect"] == "PreferNoSchedule" or taint["key"] == "node.kubernetes.io/unschedulable":
            continue
        if not _tolerates(spec, taint["key"], taint["effect"], taint.get("value", "")):
            return (f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}",), False
    if not _matches(spec, node, held):
        return ("node(s) didn't match Pod's node affinity/selector",), False
    for resource, word in (("cpu", "cpu"), ("memory", "memory"), ("nvidia.com/gpu", "nvidia.com/gpu")):
        wanted = requests(spec, resource)
        has = quantity(node["status"]["allocatable"].get(resource, "0"))
        on_it = [p for p in _placed(world) if p["spec"]["nodeName"] == node["metadata"]["name"]]
        if wanted and wanted + sum(requests(p["spec"], resource) for p in on_it) > has + 1e-9:
            return (f"Insufficient {word}",), wanted <= has
    if _repelled(world, pod, node):
        return ("node(s) didn't match pod anti-affinity rules",), True
    for claim in _claims(world, pod):
        volume = world.get("PersistentVolume", "", claim["spec"].get("volumeName", ""))
        at = (volume or {}).get("spec", {}).get("nodeAffinity", {}).get("required", {})
        if at and at["nodeSelectorTerms"][0]["matchExpressions"][0]["values"][0] != held.get(
            "kubernetes.io/hostname"
        ):
            return ("node(s) had volume node affinity conflict",), False
    return (), False


def _tolerates(spec: Mapping[str, Any], key: str, effect: str, value: str = "") -> bool:
    for one in spec.get("tolerations", ()):
        if one.get("key") not in (None, key) or one.get("effect") not in (None, effect):
            continue
        if one.get("operator", "Equal") == "Exists" or one.get("value", "") == value:
            return True
    return False


def _matches(spec: Mapping[str, Any], node: Object, held: Mapping[str, str]) -> bool:
    if spec.get("nodeSelector") and not selected(spec["nodeSelector"], held):
        return False
    required = (
        spec.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    )
    if not required:
        return True
    for term in required["nodeSelectorTerms"]:
        names = all(node["metadata"]["name"] in f["values"] for f in term.get("matchFields", ()))
        if names and all(held.get(e["key"]) in e["values"] for e in term.get("matchExpressions", ())):
            return True
    return False


def _repelled(world: World, pod: Object, node: Object) -> bool:
    rules = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
    name = node["metadata"]["name"]
    near = [p for p in _placed(world) if p["spec"]["nodeName"] == name]
    near = [p for p in near if p["metadata"]["namespace"] == pod["metadata"]["namespace"]]
    terms = rules.get("requiredDuringSchedulingIgnoredDuringExecution", ())
    return any(selected(t["labelSelector"]["matchLabels"], labels_of(p)) for t in terms for p in near)


def _claims(world: World, pod: Object) -> list[Object]:
    names = [
        v["persistentVolumeClaim"]["claimName"]
        for v in pod["spec"].get("volumes", ())
        if "persistentVolumeClaim" in v
    ]
    found = [world.get("PersistentVolumeClaim", pod["metadata"]["namespace"], n) for n in names]
    return [c for c in found if c is not None]


def _unbound(world: World, pod: Object) -> str:
    """The words for claims that are not there or that nothing binds before a pod is placed."""
    space = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes", ()):
        name = volume.get("persistentVolumeClaim", {}).get("claimName")
        if name and world.get("PersistentVolumeClaim", space, name) is None:
            return f'persistentvolumeclaim "{name}" not found'
    for claim in _claims(world, pod):
        kind = world.get("StorageClass", "", claim["spec"].get("storageClassName") or "")
        waits = kind is not None and kind["volumeBindingMode"] == "WaitForFirstConsumer"
        if claim["status"]["phase"] != "Bound" and not waits:
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""
