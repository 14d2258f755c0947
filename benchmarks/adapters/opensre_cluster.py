"""The set's summaries of an EKS cluster, written as the Kubernetes objects of which they are summaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Object = dict[str, Any]
Summary = Mapping[str, Any]
PRESSURES = {
    "memory_pressure": "MemoryPressure",
    "disk_pressure": "DiskPressure",
    "pid_pressure": "PIDPressure",
}


def recording(read: Callable[[str], Any], now: datetime) -> Object:
    """A list of objects. `read` gives an evidence file by name, None where it may not be read; {} where none may be."""
    made = {"Pod": (_listed(read("eks_pods"), "pods"), _pod),
            "Deployment": (_listed(read("eks_deployments"), "deployments"), _deployment),
            "Event": (_listed(read("eks_events"), "warning_events"), _event),
            "Node": (_listed(read("eks_node_health"), "nodes"), _node)}  # fmt: skip
    told = {kind: [write(one) for one in found] for kind, (found, write) in made.items() if found is not None}
    if not told:
        return {}
    empty = [{"kind": f"{kind}List", "items": []} for kind in told]
    items = [{"kind": kind, **one} for kind, found in told.items() for one in found]
    return {"kind": "List", "metadata": {"creationTimestamp": now.isoformat()}, "items": [*empty, *items]}


def _listed(raw: Any, key: str) -> list[Summary] | None:
    return None if raw is None else list(raw.get(key) or [])


def _meta(one: Summary, name: str) -> Object:
    space = str(one.get("namespace") or "")
    return {"name": name, "uid": f"{space}/{name}", **({"namespace": space} if space else {})}


def _pod(pod: Summary) -> Object:
    meta = _meta(pod, str(pod["name"]))
    meta |= {"creationTimestamp": pod["start_time"]} if pod.get("start_time") else {}
    meta |= {"deletionTimestamp": pod["deletion_timestamp"]} if pod.get("deletion_timestamp") else {}
    names = [{"name": c["name"]} for c in pod["containers"]]
    return {
        "metadata": meta,
        "spec": {"nodeName": pod.get("node_name") or "", "containers": names},
        "status": {
            "phase": pod["phase"],
            "conditions": list(pod["conditions"]),
            "containerStatuses": [_status(c) for c in pod["containers"]],
        },
    }


def _status(one: Summary) -> Object:
    """A running container has no exit code: one that is told beside `running` is that of the last one."""
    state = one["state"]
    word = next((w for w in ("running", "waiting", "terminated") if state.get(w)), "")
    inner = {k: state[k] for k in ("reason", "message") if state.get(k)}
    code = {} if state.get("exit_code") is None else {"exitCode": state["exit_code"]}
    made = {"name": one["name"], "ready": bool(one["ready"]), "restartCount": int(one["restart_count"])}
    if word == "running":
        return made | {"state": {"running": {}}, **({"lastState": {"terminated": code}} if code else {})}
    return made | {"state": {word: inner | code} if word else {}}


def _deployment(one: Summary) -> Object:
    return {
        "metadata": _meta(one, str(one["name"])),
        "spec": {"replicas": int(one["desired"])},
        "status": {
            "readyReplicas": int(one["ready"]),
            "availableReplicas": int(one["available"]),
            "unavailableReplicas": int(one["unavailable"]),
        },
    }


def _event(one: Summary) -> Object:
    kind, _, name = str(one["involved_object"]).partition("/")
    space = str(one.get("namespace") or "")
    return {
        "metadata": _meta(one, f"{name}.{one['reason']}.{one.get('first_time')}"),
        "involvedObject": {"kind": kind, "name": name, "namespace": space},
        "type": one["type"],
        "reason": one["reason"],
        "message": one["message"],
        "count": int(one["count"]),
        "firstTimestamp": one.get("first_time"),
        "lastTimestamp": one.get("last_time"),
    }


def _node(node: Summary) -> Object:
    told = [{"type": shown, "status": node[key]} for key, shown in PRESSURES.items()]
    sizes = {
        part: {r: node[f"{part}_{r}"] for r in ("cpu", "memory")} for part in ("capacity", "allocatable")
    }
    return {
        "metadata": {
            "name": node["name"],
            "uid": node["name"],
            "labels": {"node.kubernetes.io/instance-type": node["instance_type"]},
        },
        "status": {
            "conditions": [*told, {"type": "Ready", "status": node["ready"]}],
            "addresses": [{"type": "InternalIP", "address": node["internal_ip"]}],
            **sizes,
        },
    }
