"""The controllers of deployments, replica sets, stateful sets and daemon sets."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from typing import Any, Final

from aitia.lab.cluster.pods import is_going, is_over, is_ready, new_pod
from aitia.lab.cluster.world import (
    SAFE,
    Object,
    World,
    condition,
    digest,
    epoch,
    labels_of,
    safe,
    set_condition,
    stamp,
)

STAMPS: Final = ("lastUpdateTime", "lastTransitionTime")
FIRST_RETRY: Final = 0.005  # seconds, doubled at each failure (workqueue's exponential limiter)
REVISION: Final = "deployment.kubernetes.io/revision"


class Workloads:
    """The part of kube-controller-manager that makes pods of these kinds."""

    def __init__(self) -> None:
        self._retries: dict[str, tuple[int, int]] = {}  # uid: failures, next try
        self._hashes: dict[tuple[str, int], int] = {}  # uid and generation
        self._progress: dict[str, tuple[str, int]] = {}  # uid: what was reached, when

    def __call__(self, world: World) -> None:
        """One round over all."""
        for item in world.all_of("Deployment"):
            self._deployment(world, item)
        for item in world.all_of("ReplicaSet"):
            self._replica_set(world, item)
        for item in world.all_of("StatefulSet"):
            self._stateful_set(world, item)
        for item in world.all_of("DaemonSet"):
            self._daemon_set(world, item)

    def _hash(self, item: Object) -> int:
        key = (item["metadata"]["uid"], item["metadata"]["generation"])
        if key not in self._hashes:
            self._hashes[key] = template_hash(item["spec"]["template"])
        return self._hashes[key]

    def _deployment(self, world: World, item: Object) -> None:
        wanted, name = int(item["spec"]["replicas"]), item["metadata"]["name"]
        sets = world.owned("ReplicaSet", item)
        number = safe(self._hash(item), 9).lstrip("0")
        new = next((s for s in sets if labels_of(s).get("pod-template-hash") == number), None)
        surge, lacking = _bounds(item)
        if new is None:
            recreate = item["spec"]["strategy"]["type"] == "Recreate"
            olds = [s for s in sets if s["spec"]["replicas"]]
            if recreate and (olds or any(world.owned("Pod", s) for s in sets)):
                for old in olds:
                    self._scale(world, item, old, 0)
                return
            new = self._new_set(world, item, sets, number)
            sets.append(new)
            room = wanted if recreate else max(0, wanted + surge - sum(s["spec"]["replicas"] for s in sets))
            self._scale(world, item, new, min(wanted, room), fresh=True)
        olds = [s for s in sets if s is not new and s["spec"]["replicas"]]
        total = sum(s["spec"]["replicas"] for s in sets)
        if (not olds and new["spec"]["replicas"] != wanted) or new["spec"]["replicas"] > wanted:
            self._scale(world, item, new, wanted)
        elif new["spec"]["replicas"] < wanted and total < wanted + surge:
            self._scale(world, item, new, min(wanted, new["spec"]["replicas"] + wanted + surge - total))
        self._shrink(world, item, new, olds, wanted - lacking)
        self._tell(world, item, new, sets, wanted, lacking, name)

    def _new_set(self, world: World, item: Object, sets: list[Object], number: str) -> Object:
        meta, revision = item["metadata"], str(len(sets) + 1)
        template = copy.deepcopy(item["spec"]["template"])
        template["metadata"]["labels"]["pod-template-hash"] = number
        selector = {**item["spec"]["selector"]["matchLabels"], "pod-template-hash": number}
        surge, _ = _bounds(item)
        notes = {"desired-replicas": str(item["spec"]["replicas"]), "max-replicas": str(item["spec"]["replicas"] + surge), "revision": revision}  # fmt: skip
        made = world.create(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{meta['name']}-{number}",
                    "namespace": meta["namespace"],
                    "labels": template["metadata"]["labels"],
                    "annotations": {f"deployment.kubernetes.io/{k}": v for k, v in notes.items()},
                },
                "spec": {"replicas": 0, "selector": {"matchLabels": selector}, "template": template},
                "status": {"replicas": 0, "observedGeneration": 1},
            },
            item,
        )
        meta.setdefault("annotations", {})[REVISION] = revision
        set_condition(world, item, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{made["metadata"]["name"]}"', stamps=STAMPS)  # fmt: skip
        self._progress[meta["uid"]] = ("", world.now)
        world.at(item["spec"]["progressDeadlineSeconds"] + 1, lambda: world.touch(item))
        return made

    def _scale(
        self, world: World, item: Object, replica_set: Object, count: int, *, fresh: bool = False
    ) -> None:
        before = replica_set["spec"]["replicas"]
        if before == count:
            return
        way = "up" if count > before else "down"
        numbers = f"from {before} to {count}" if world.minor >= 32 else f"to {count}" + ("" if fresh else f" from {before}")  # fmt: skip
        replica_set["spec"]["replicas"] = count
        world.touch(replica_set, spec=True)
        told = f"Scaled {way} replica set {replica_set['metadata']['name']} {numbers}"
        world.event(item, "ScalingReplicaSet", told, "deployment-controller")

    def _shrink(self, world: World, item: Object, new: Object, olds: list[Object], least: int) -> None:
        """Old pods go as far as new ones are there; unready ones first."""
        ready = {s["metadata"]["uid"]: _ready(world, s) for s in (new, *olds)}
        total = sum(s["spec"]["replicas"] for s in (new, *olds))
        may = total - least - (new["spec"]["replicas"] - ready[new["metadata"]["uid"]])
        for old in olds:
            unready = old["spec"]["replicas"] - ready[old["metadata"]["uid"]]
            gone = min(may, unready)
            if gone > 0:
                self._scale(world, item, old, old["spec"]["replicas"] - gone)
                may -= gone
        spare = sum(ready.values()) - least
        for old in olds:
            gone = min(spare, may, old["spec"]["replicas"])
            if gone > 0:
                self._scale(world, item, old, old["spec"]["replicas"] - gone)
                spare, may = spare - gone, may - gone

    def _tell(self, world: World, item: Object, new: Object, sets: list[Object], wanted: int, lacking: int, name: str) -> None:  # fmt: skip
        pods = [p for s in sets for p in world.owned("Pod", s) if not is_over(p) and not is_going(p)]
        mine = [p for p in pods if p in world.owned("Pod", new)]
        ready = sum(map(is_ready, pods))
        counts = {
            "replicas": len(pods),
            "updatedReplicas": len(mine),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "unavailableReplicas": max(0, wanted - ready)
            if len(pods) <= wanted
            else max(0, len(pods) - ready),
        }
        told = {
            "observedGeneration": item["metadata"]["generation"],
            **{k: v for k, v in counts.items() if v},
        }
        status = item.setdefault("status", {})
        if {k: v for k, v in status.items() if k != "conditions"} != told:
            item["status"] = {**told, "conditions": status.get("conditions", [])}
            world.touch(item)
        enough = ready >= wanted - lacking
        has = "has" if enough else "does not have"
        set_condition(world, item, "Available", str(enough), f"MinimumReplicas{'Available' if enough else 'Unavailable'}", f"Deployment {has} minimum availability.", stamps=STAMPS)  # fmt: skip
        failure = condition(new, "ReplicaFailure")
        if failure:
            set_condition(world, item, "ReplicaFailure", "True", failure["reason"], failure["message"], stamps=STAMPS)  # fmt: skip
        elif condition(item, "ReplicaFailure"):
            item["status"]["conditions"] = [
                c for c in item["status"]["conditions"] if c["type"] != "ReplicaFailure"
            ]
        self._progressing(world, item, new, counts, wanted)

    def _progressing(self, world: World, item: Object, new: Object, counts: Mapping[str, int], wanted: int) -> None:  # fmt: skip
        uid, set_name = item["metadata"]["uid"], new["metadata"]["name"]
        old = counts["replicas"] - counts["updatedReplicas"]
        done = counts["updatedReplicas"] == wanted == counts["readyReplicas"] and not old
        before = condition(item, "Progressing")
        reached = f"{set_name} {counts['updatedReplicas']} {counts['readyReplicas']} {old}"
        if done:
            set_condition(world, item, "Progressing", "True", "NewReplicaSetAvailable", f'ReplicaSet "{set_name}" has successfully progressed.', stamps=STAMPS)  # fmt: skip
        elif before.get("reason") == "NewReplicaSetAvailable" and f'"{set_name}"' in before["message"]:
            pass  # a pod that is lost after the rollout is no rollout
        elif self._progress.get(uid, ("", 0))[0] != reached:
            set_condition(world, item, "Progressing", "True", "ReplicaSetUpdated", f'ReplicaSet "{set_name}" is progressing.', stamps=STAMPS)  # fmt: skip
            self._progress[uid] = (reached, world.now)
            world.at(item["spec"]["progressDeadlineSeconds"] + 1, lambda: world.touch(item))
        elif world.now - self._progress[uid][1] > item["spec"]["progressDeadlineSeconds"]:
            set_condition(world, item, "Progressing", "False", "ProgressDeadlineExceeded", f'ReplicaSet "{set_name}" has timed out progressing.', stamps=STAMPS)  # fmt: skip

    def _replica_set(self, world: World, item: Object) -> None:
        pods = [p for p in world.owned("Pod", item) if not is_over(p) and not is_going(p)]
        wanted, template = int(item["spec"]["replicas"]), item["spec"]["template"]
        name, space = item["metadata"]["name"], item["metadata"]["namespace"]
        while len(pods) < wanted:
            if not self._may_try(world, item):
                break
            number = world.uid("pod", name)
            full = f"{name}-{safe(digest(number), 5)}"
            made = new_pod(world, item, full, space, template, template["metadata"]["labels"], generate=f"{name}-")  # fmt: skip
            if isinstance(made, str):
                self._failed(world, item, "replicaset-controller", made)
                continue
            self._retries.pop(item["metadata"]["uid"], None)
            pods.append(made)
            world.event(
                item, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", "replicaset-controller"
            )
        unwanted = sorted(pods, key=lambda p: (bool(p["spec"].get("nodeName")), is_ready(p), -epoch(p["metadata"]["creationTimestamp"])))  # fmt: skip
        for pod in unwanted[: max(0, len(pods) - wanted)]:
            remove(world, pod)
            pods.remove(pod)
            world.event(
                item, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}", "replicaset-controller"
            )
        if len(pods) >= wanted and condition(item, "ReplicaFailure"):
            item["status"].pop("conditions")
        ready = sum(map(is_ready, pods))
        counts = {"fullyLabeledReplicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        told = {"replicas": len(pods), **{k: v for k, v in counts.items() if v}}
        told["observedGeneration"] = item["metadata"]["generation"]
        status = item["status"]
        if {k: v for k, v in status.items() if k != "conditions"} != told:
            item["status"] = told | ({"conditions": status["conditions"]} if status.get("conditions") else {})
            world.touch(item)

    def _may_try(self, world: World, item: Object) -> bool:
        return world.now >= self._retries.get(item["metadata"]["uid"], (0, 0))[1]

    def _failed(self, world: World, item: Object, source: str, message: str) -> None:
        """An event, a condition, and another try later, each time twice as late."""
        uid = item["metadata"]["uid"]
        failures = self._retries.get(uid, (0, 0))[0] + 1
        # The tries of the first second make one in this model of whole seconds.
        delay = max(1, round(FIRST_RETRY * 2 ** min(failures + 6, 17)))
        self._retries[uid] = (failures, world.now + delay)
        world.at(delay, lambda: world.touch(item))
        made = f"Error creating: {message}"
        world.event(item, "FailedCreate", made, source, warning=True)
        if item["kind"] == "ReplicaSet":
            set_condition(world, item, "ReplicaFailure", "True", "FailedCreate", message)

    def _stateful_set(self, world: World, item: Object) -> None:
        meta, spec = item["metadata"], item["spec"]
        name, space, wanted = meta["name"], meta["namespace"], int(spec["replicas"])
        number = f"{name}-{safe(self._hash(item), 10)}"
        held = {p["metadata"]["name"]: p for p in world.owned("Pod", item)}
        for ordinal in range(wanted):
            full = f"{name}-{ordinal}"
            pod = held.get(full)
            if pod is not None and is_over(pod):
                world.event(item, "RecreatingFailedPod", f"StatefulSet {space}/{name} is recreating failed Pod {full}", "statefulset-controller", warning=True)  # fmt: skip
                remove(world, pod)
                break
            if pod is None:
                self._member(world, item, full, ordinal, number)
                break
            if is_going(pod) or not is_ready(pod):
                break
        for full in sorted(set(held) - {f"{name}-{n}" for n in range(wanted)}, reverse=True):
            if not is_going(held[full]):
                remove(world, held[full])
                world.event(item, "SuccessfulDelete", f"delete Pod {full} in StatefulSet {name} successful", "statefulset-controller")  # fmt: skip
                break
        living = [p for p in held.values() if not is_going(p)]
        stale = [p for p in living if labels_of(p)["controller-revision-hash"] != number]
        if stale and len(living) == wanted and all(is_ready(p) for p in living if p not in stale):
            last = max(stale, key=lambda p: int(p["metadata"]["name"].rpartition("-")[2]))
            if all(map(is_ready, living)) or not is_ready(last):
                remove(world, last)
                world.event(item, "SuccessfulDelete", f"delete Pod {last['metadata']['name']} in StatefulSet {name} successful", "statefulset-controller")  # fmt: skip
        ready, fresh = sum(map(is_ready, living)), len(living) - len(stale)
        before = item.get("status", {})
        told: Object = {"observedGeneration": meta["generation"], "replicas": len(living)}
        told |= {k: v for k, v in (("readyReplicas", ready), ("availableReplicas", ready)) if v}
        done = not stale and fresh == wanted and ready == wanted
        current = number if done else before.get("currentRevision", number)
        told |= {"currentReplicas": fresh if current == number else len(stale), "updatedReplicas": fresh}
        told |= {"currentRevision": current, "updateRevision": number, "collisionCount": 0}
        world.write(item, "status", told)

    def _member(self, world: World, item: Object, full: str, ordinal: int, number: str) -> None:
        if not self._may_try(world, item):
            return
        name, space, spec = item["metadata"]["name"], item["metadata"]["namespace"], item["spec"]
        template = copy.deepcopy(spec["template"])
        for claim in spec.get("volumeClaimTemplates", ()):
            claim_name = f"{claim['metadata']['name']}-{full}"
            if world.get("PersistentVolumeClaim", space, claim_name) is None:
                labels = dict(spec["selector"]["matchLabels"])
                world.create({**claim, "metadata": {"name": claim_name, "namespace": space, "labels": labels}, "spec": copy.deepcopy(claim["spec"]), "status": {"phase": "Pending"}})  # fmt: skip
                world.event(item, "SuccessfulCreate", f"create Claim {claim_name} Pod {full} in StatefulSet {name} success", "statefulset-controller")  # fmt: skip
            source = {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}}
            template["spec"].setdefault("volumes", []).insert(0, source)
        template["spec"] |= {"hostname": full, "subdomain": spec["serviceName"]}
        labels = {**template["metadata"]["labels"], "apps.kubernetes.io/pod-index": str(ordinal)}
        labels |= {"controller-revision-hash": number, "statefulset.kubernetes.io/pod-name": full}
        made = new_pod(world, item, full, space, template, labels)
        if isinstance(made, str):
            told = f"create Pod {full} in StatefulSet {name} failed error: {made}"
            self._failed(world, item, "statefulset-controller", told)
            return
        self._retries.pop(item["metadata"]["uid"], None)
        world.event(item, "SuccessfulCreate", f"create Pod {full} in StatefulSet {name} successful", "statefulset-controller")  # fmt: skip

    def _daemon_set(self, world: World, item: Object) -> None:
        name, space = item["metadata"]["name"], item["metadata"]["namespace"]
        number = safe(self._hash(item), 10)
        held = {_pinned(p): p for p in world.owned("Pod", item) if not is_over(p)}
        nodes = [n["metadata"]["name"] for n in world.all_of("Node") if _tolerated(n, item)]
        for node in nodes:
            pod = held.get(node)
            if pod is None and self._may_try(world, item):
                template = item["spec"]["template"]
                labels = {
                    **template["metadata"]["labels"],
                    "controller-revision-hash": number,
                    "pod-template-generation": "1",
                }
                full = f"{name}-{safe(digest(world.uid('pod', name)), 5)}"
                made = new_pod(world, item, full, space, template, labels, generate=f"{name}-", pinned=node)
                if isinstance(made, str):
                    self._failed(world, item, "daemonset-controller", made)
                    break
                held[node] = made
                world.event(item, "SuccessfulCreate", f"Created pod: {full}", "daemonset-controller")
        ready = sum(1 for n in nodes if n in held and is_ready(held[n]))
        told = {
            "currentNumberScheduled": sum(1 for n in nodes if n in held),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(nodes),
            "numberReady": ready,
            "observedGeneration": item["metadata"]["generation"],
            "updatedNumberScheduled": len(nodes),
            **({"numberAvailable": ready} if ready else {}),
            **({"numberUnavailable": len(nodes) - ready} if ready < len(nodes) else {}),
        }
        world.write(item, "status", told)


def _ready(world: World, replica_set: Object) -> int:
    return sum(1 for p in world.owned("Pod", replica_set) if is_ready(p) and not is_going(p))


def _bounds(item: Object) -> tuple[int, int]:
    """How many more and how many fewer pods a rollout may have; without a rolling update none."""
    rolling = item["spec"]["strategy"].get("rollingUpdate")
    wanted = int(item["spec"]["replicas"])
    if rolling is None:
        return 0, 0
    share = [str(rolling[k]) for k in ("maxSurge", "maxUnavailable")]
    numbers = [int(s) if not s.endswith("%") else int(s[:-1]) / 100 * wanted for s in share]
    return math.ceil(numbers[0]), math.floor(numbers[1])


def _pinned(pod: Object) -> str:
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])


def _tolerated(node: Object, item: Object) -> bool:
    """Whether a daemon's pod may be on a node: taints of the node's own troubles do not count."""
    held = item["spec"]["template"]["spec"].get("tolerations", ())
    anything = any(t.get("operator") == "Exists" and not t.get("key") for t in held)
    taints = [t for t in node["spec"].get("taints", ()) if not t["key"].startswith("node.kubernetes.io/")]
    return anything or all(any(t["key"] == h.get("key") for h in held) for t in taints)


def template_hash(template: Mapping[str, Any]) -> int:
    """A number for a pod template; equal templates have equal numbers."""
    return digest(json.dumps(template, sort_keys=True)) % len(SAFE) ** 10


def remove(world: World, pod: Object, grace: int = 30) -> None:
    """Ask for a pod's deletion; its kubelet carries it out, and without one it is gone at once."""
    if is_going(pod):
        return
    node = pod["spec"].get("nodeName")
    if not node or is_over(pod):
        world.delete(pod)
        return
    pod["metadata"] |= {
        "deletionTimestamp": stamp(world.now + grace),
        "deletionGracePeriodSeconds": grace,
    }
    world.touch(pod)
    for kubelet in world.removed:
        kubelet(world, pod)
