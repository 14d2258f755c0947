"""The tables that an API server makes for `kubectl get`: columns and cells of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from aitia.lab.cluster.world import Object, epoch

Cells = Callable[[Object, int], list[Any]]


def age(at: str | None, now: int) -> str:
    """A duration as kubectl prints an age."""
    if not at:
        return "<unknown>"
    seconds = max(0, now - epoch(at))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{days}d{hours % 24}h" if days < 8 and hours % 24 else f"{days}d"


def _age(item: Object, now: int) -> str:
    return age(item["metadata"].get("creationTimestamp"), now)


def pod_status(pod: Object) -> str:
    """The STATUS column of a pod."""
    status = pod["status"]
    told = str(status.get("reason") or status["phase"])
    inits = status.get("initContainerStatuses", [])
    for index, one in enumerate(inits):
        ended, waiting = one["state"].get("terminated"), one["state"].get("waiting", {})
        if ended and ended["exitCode"] == 0:
            continue
        if ended:
            return f"Init:{ended.get('reason') or 'ExitCode:' + str(ended['exitCode'])}"
        if waiting.get("reason") not in (None, "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(inits)}"
    for one in reversed(status.get("containerStatuses", [])):
        state = one["state"]
        told = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason") or told
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating" if status.get("reason") != "NodeLost" else "Unknown"
    return told


def _pod(pod: Object, now: int) -> list[Any]:
    held = pod["status"].get("containerStatuses", [])
    restarts = sum(s["restartCount"] for s in held)
    last = max((s["lastState"]["terminated"]["finishedAt"] for s in held if s["lastState"].get("terminated")), default="")  # fmt: skip
    told = f"{restarts} ({age(last, now)} ago)" if restarts and last else str(restarts)
    ready = sum(s["ready"] for s in held)
    return [f"{ready}/{len(pod['spec']['containers'])}", pod_status(pod), told, _age(pod, now), pod["status"].get("podIP", "<none>"), pod["spec"].get("nodeName", "<none>"), "<none>", "<none>"]  # fmt: skip


def _deployment(item: Object, now: int) -> list[Any]:
    status = item.get("status", {})
    spec = item["spec"]["template"]["spec"]["containers"]
    return [f"{status.get('readyReplicas', 0)}/{item['spec']['replicas']}", status.get("updatedReplicas", 0), status.get("availableReplicas", 0), _age(item, now), ",".join(c["name"] for c in spec), ",".join(c["image"] for c in spec), _selector(item["spec"]["selector"]["matchLabels"])]  # fmt: skip


def _selector(labels: Mapping[str, str] | None) -> str:
    return ",".join(f"{k}={v}" for k, v in (labels or {}).items()) or "<none>"


def _service(item: Object, now: int) -> list[Any]:
    spec = item["spec"]
    ports = ",".join(
        f"{p['port']}{':' + str(p['nodePort']) if 'nodePort' in p else ''}/{p['protocol']}"
        for p in spec["ports"]
    )
    outside = ",".join(i["ip"] for i in item["status"]["loadBalancer"].get("ingress", ())) or "<none>"
    return [spec["type"], spec["clusterIP"], outside, ports, _age(item, now), _selector(spec.get("selector"))]


def _endpoints(item: Object, now: int) -> list[Any]:
    found = [f"{a['ip']}:{p['port']}" for s in item.get("subsets", ()) for p in s["ports"] for a in s.get("addresses", ())]  # fmt: skip
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [",".join(found[:3]) + more or "<none>", _age(item, now)]


def _node(item: Object, now: int) -> list[Any]:
    ready = next(c for c in item["status"]["conditions"] if c["type"] == "Ready")
    told = "Ready" if ready["status"] == "True" else "NotReady"
    told += ",SchedulingDisabled" if item["spec"].get("unschedulable") else ""
    roles = [
        k.rpartition("/")[2] for k in item["metadata"]["labels"] if k.startswith("node-role.kubernetes.io/")
    ]
    info = item["status"]["nodeInfo"]
    return [told, ",".join(roles) or "<none>", _age(item, now), info["kubeletVersion"], item["status"]["addresses"][0]["address"], "<none>", info["osImage"], info["kernelVersion"], info["containerRuntimeVersion"]]  # fmt: skip


def _event(item: Object, now: int) -> list[Any]:
    about = item["involvedObject"]
    return [age(item["lastTimestamp"], now), item["type"], item["reason"], f"{about['kind'].lower()}/{about['name']}", about.get("fieldPath", ""), item["source"]["component"], item["message"], age(item["firstTimestamp"], now), item["count"], item["metadata"]["name"]]  # fmt: skip


def _job(item: Object, now: int) -> list[Any]:
    status = item["status"]
    done = [c["type"] for c in status.get("conditions", ()) if c["status"] == "True" and c["type"] in ("Complete", "Failed")]  # fmt: skip
    ends = epoch(status["completionTime"]) if "completionTime" in status else now
    lasted = age(status.get("startTime"), ends)
    return [done[0] if done else "Running", f"{status.get('succeeded', 0)}/{item['spec']['completions']}", lasted, _age(item, now)]  # fmt: skip


def _cron_job(item: Object, now: int) -> list[Any]:
    status, spec = item.get("status", {}), item["spec"]
    last = age(status["lastScheduleTime"], now) if "lastScheduleTime" in status else "<none>"
    return [
        spec["schedule"],
        "<none>",
        str(spec["suspend"]),
        len(status.get("active", ())),
        last,
        _age(item, now),
    ]


def _claim(item: Object, now: int) -> list[Any]:
    status, spec = item["status"], item["spec"]
    return [status["phase"], spec.get("volumeName", ""), status.get("capacity", {}).get("storage", ""), "RWO" if status["phase"] == "Bound" else "", spec.get("storageClassName", ""), "<unset>", _age(item, now)]  # fmt: skip


def _volume(item: Object, now: int) -> list[Any]:
    spec = item["spec"]
    claim = spec.get("claimRef", {})
    return [spec["capacity"]["storage"], "RWO", spec["persistentVolumeReclaimPolicy"], item["status"]["phase"], f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "", spec["storageClassName"], "<unset>", "", _age(item, now)]  # fmt: skip


def _scaler(item: Object, now: int) -> list[Any]:
    spec, status = item["spec"], item.get("status", {})
    goal = spec["metrics"][0]["resource"]["target"]["averageUtilization"]
    current = (status.get("currentMetrics") or [{}])[0].get("resource", {}).get("current", {}).get("averageUtilization")  # fmt: skip
    told = f"cpu: {'<unknown>' if current is None else f'{current}%'}/{goal}%"
    return [f"Deployment/{spec['scaleTargetRef']['name']}", told, spec["minReplicas"], spec["maxReplicas"], status.get("currentReplicas", 0), _age(item, now)]  # fmt: skip


def _quota(item: Object, now: int) -> list[Any]:
    status = item.get("status", {})
    used = ", ".join(
        f"{k}: {status.get('used', {}).get(k, '0')}/{v}" for k, v in item["spec"]["hard"].items()
    )
    return [used, "", _age(item, now)]


def _budget(item: Object, now: int) -> list[Any]:
    return [item["spec"]["minAvailable"], "N/A", item["status"].get("disruptionsAllowed", 0), _age(item, now)]


def _ingress(item: Object, now: int) -> list[Any]:
    hosts = ",".join(r["host"] for r in item["spec"]["rules"])
    address = item["status"]["loadBalancer"]["ingress"][0]["ip"]
    return [item["spec"]["ingressClassName"], hosts, address, "80, 443" if "tls" in item["spec"] else "80", _age(item, now)]  # fmt: skip


def _daemon_set(item: Object, now: int) -> list[Any]:
    status = item.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    return [wanted, status.get("currentNumberScheduled", 0), status.get("numberReady", 0), status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0), _selector(item["spec"]["template"]["spec"].get("nodeSelector")), _age(item, now)]  # fmt: skip


def _replica_set(item: Object, now: int) -> list[Any]:
    return [item["spec"]["replicas"], item["status"].get("replicas", 0), item["status"].get("readyReplicas", 0), _age(item, now)]  # fmt: skip


def _stateful_set(item: Object, now: int) -> list[Any]:
    return [f"{item.get('status', {}).get('readyReplicas', 0)}/{item['spec']['replicas']}", _age(item, now)]


# Columns behind the bar are shown with `-o wide` alone.
_TABLES: Final[Mapping[str, tuple[str, Cells]]] = {
    "Pod": ("Ready,Status,Restarts,Age|IP,Node,Nominated Node,Readiness Gates", _pod),
    "Deployment": ("Ready,Up-to-date,Available,Age|Containers,Images,Selector", _deployment),
    "ReplicaSet": ("Desired,Current,Ready,Age", _replica_set),
    "StatefulSet": ("Ready,Age", _stateful_set),
    "DaemonSet": ("Desired,Current,Ready,Up-to-date,Available,Node Selector,Age", _daemon_set),
    "Service": ("Type,Cluster-IP,External-IP,Port(s),Age|Selector", _service),
    "Endpoints": ("Endpoints,Age", _endpoints),
    "Node": (
        "Status,Roles,Age,Version|Internal-IP,External-IP,OS-Image,Kernel-Version,Container-Runtime",
        _node,
    ),
    "Event": ("Last Seen,Type,Reason,Object|Subobject,Source,Message,First Seen,Count,Name", _event),
    "Job": ("Status,Completions,Duration,Age", _job),
    "CronJob": ("Schedule,Timezone,Suspend,Active,Last Schedule,Age", _cron_job),
    "PersistentVolumeClaim": (
        "Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age",
        _claim,
    ),
    "PersistentVolume": (
        "Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,Reason,Age",
        _volume,
    ),
    "HorizontalPodAutoscaler": ("Reference,Targets,MinPods,MaxPods,Replicas,Age", _scaler),
    "ResourceQuota": ("Request,Limit,Age", _quota),
    "PodDisruptionBudget": ("Min Available,Max Unavailable,Allowed Disruptions,Age", _budget),
    "Ingress": ("Class,Hosts,Address,Ports,Age", _ingress),
    "ConfigMap": ("Data,Age", lambda item, now: [len(item.get("data", {})), _age(item, now)]),
    "Secret": ("Type,Data,Age", lambda item, now: [item["type"], len(item.get("data", {})), _age(item, now)]),
    "Namespace": ("Status,Age", lambda item, now: [item["status"]["phase"], _age(item, now)]),
}
_SHOWN: Final = frozenset({"Message"})  # wide in the list above, and shown all the same


def table(kind: str, items: list[Object], now: int, version: str) -> Object:
    """The objects as a `meta.k8s.io/v1` Table."""
    names, cells = _TABLES.get(kind, ("Age", lambda item, at: [_age(item, at)]))
    usual, _, wide = names.partition("|")
    columns = [(n, 0) for n in usual.split(",")] + [
        (n, 0 if n in _SHOWN else 1) for n in wide.split(",") if n
    ]
    if kind == "Event":
        rows = [(cells(i, now), i) for i in items]
    else:
        columns.insert(0, ("Name", 0))
        rows = [([i["metadata"]["name"], *cells(i, now)], i) for i in items]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": [
            {"name": n, "type": "string", "format": "name" if n == "Name" else "", "description": "", "priority": p}
            for n, p in columns
        ],
        "rows": [
            {"cells": made, "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}}
            for made, item in rows
        ],
    }  # fmt: skip
