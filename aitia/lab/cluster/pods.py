"""Pods as the API server makes them: admission, defaults, phases, deletion."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from aitia.lab.cluster.admission import denied
from aitia.lab.cluster.world import Object, World, condition, labels_of, set_condition

NOT_READY_S: Final = 300  # DefaultTolerationSeconds
API_ACCESS: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


def new_pod(world: World, owner: Object | None, name: str, space: str, template: Mapping[str, Any],
            labels: Mapping[str, str], *, generate: str = "", pinned: str = "") -> Object | str:  # fmt: skip
    """A pod that the API server took, or what it answered instead."""
    spec = copy.deepcopy(dict(template["spec"]))
    annotations = template.get("metadata", {}).get("annotations")
    meta: Object = {"name": name, **({"generateName": generate} if generate else {}), "namespace": space}
    meta |= {"labels": dict(labels), **({"annotations": dict(annotations)} if annotations else {})}
    if refusal := denied(world, space, generate or name, name, spec, owner):
        return refusal
    access = f"kube-api-access-{name[-5:] if generate else 'x' + name[-4:]}"
    mount = {"name": access, "readOnly": True, "mountPath": API_ACCESS}
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        container.setdefault("volumeMounts", []).append(dict(mount))
    spec.setdefault("volumes", []).append(_access_volume(access))
    spec |= {
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": spec.get("priority", 0),
        "enableServiceLinks": True,
    }
    tolerations = spec.setdefault("tolerations", [])
    for key in ("not-ready", "unreachable"):
        seconds: Object = {} if owner and owner["kind"] == "DaemonSet" else {"tolerationSeconds": NOT_READY_S}
        made = {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute"} | seconds
        if not any(t.get("key") == made["key"] for t in tolerations):
            tolerations.append(made)
    if pinned:
        field = {"key": "metadata.name", "operator": "In", "values": [pinned]}
        required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
        tolerations += [
            {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoSchedule"}
            for key in ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
        ]
    status = {"phase": "Pending", "qosClass": qos(spec)}
    made_pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}
    return world.create(made_pod, owner)


def _access_volume(name: str) -> Object:
    token = {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    authority = {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}
    field = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return {"name": name, "projected": {"sources": [token, authority, {"downwardAPI": {"items": [field]}}], "defaultMode": 420}}  # fmt: skip


def qos(spec: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort, by the requests and limits of all containers."""
    held = [c.get("resources", {}) for c in spec["containers"]]
    if not any(r.get("requests") or r.get("limits") for r in held):
        return "BestEffort"
    full = all(
        set(r.get("limits", {})) >= {"cpu", "memory"} and r.get("requests", r["limits"]) == r["limits"]
        for r in held
    )
    return "Guaranteed" if full else "Burstable"


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether its Ready condition holds."""
    return condition(dict(pod), "Ready").get("status") == "True"


def is_over(pod: Mapping[str, Any]) -> bool:
    """Whether it ended."""
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def is_going(pod: Mapping[str, Any]) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def fail_pod(world: World, pod: Object, reason: str, message: str) -> None:
    """The kubelet gave the pod up: an eviction, an exit that is not retried."""
    pod["status"] |= {"phase": "Failed", "reason": reason, "message": message}
    for kind in ("Ready", "ContainersReady"):
        set_condition(world, pod, kind, "False", "PodFailed", probe=True)
    world.touch(pod)


def pods_of(world: World, space: str, selector: Mapping[str, str]) -> list[Object]:
    """The pods of a namespace with these labels."""
    return [p for p in world.all_of("Pod", space) if selector and selector.items() <= labels_of(p).items()]


def fresh_status(container: Mapping[str, Any], reason: str) -> Object:
    """The status of a container that has not been started."""
    return {
        "name": container["name"],
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container["image"],
        "imageID": "",
        "started": False,
    }
