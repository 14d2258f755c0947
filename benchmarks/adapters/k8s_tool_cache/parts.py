"""What `kubectl` prints of services, volumes, quotas, nodes, config maps and policies, as the API's objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from benchmarks.adapters.k8s_tool_cache.objects import Object, conditions, meta, number, stamp
from benchmarks.adapters.k8s_tool_cache.text import Branch, Row, pairs

_UNHEALTHY: Final[Mapping[str, str]] = {
    "kubelet": "KubeletUnhealthy",
    "containerd": "ContainerRuntimeUnhealthy",
    "kube-proxy": "KubeProxyUnhealthy",
    "kube-scheduler": "KubeSchedulerUnhealthy",
}
NODE_SERVICES: Final = tuple(_UNHEALTHY)
_MODES: Final = {
    "RWO": "ReadWriteOnce",
    "ROX": "ReadOnlyMany",
    "RWX": "ReadWriteMany",
    "RWOP": "ReadWriteOncePod",
}


def service(row: Row, branch: Branch, namespace: str, now: datetime) -> Object:
    """A row of `get services -o wide` and its description."""
    kind = branch.text("Type") or row.get("TYPE", "ClusterIP")
    external = branch.text("External Name") or (row.get("EXTERNAL-IP", "") if kind == "ExternalName" else "")
    spec = {
        "type": kind,
        "selector": branch.pairs("Selector") or pairs(row.get("SELECTOR", "")),
        "ports": list(_ports(branch)) or list(_listed_ports(row)),
        "clusterIP": branch.text("IP") or row.get("CLUSTER-IP", ""),
        "externalName": external,
    }
    return {
        "kind": "Service",
        "metadata": meta(row["NAME"], namespace, stamp(now, row.get("AGE", ""))),
        "spec": {k: v for k, v in spec.items() if v},
    }


def _ports(branch: Branch) -> Iterable[Object]:
    """Port and TargetPort lines, which alternate."""
    made: Object = {}
    for child in branch.children:
        if child.key == "Port" and (match := re.search(r"^(\S+)?\s*([0-9]{1,5})/(\w+)$", child.value)):
            name = match.group(1) or ""
            made = {"port": int(match.group(2)), "protocol": match.group(3)}
            made |= {} if name in ("", "<unset>") else {"name": name}
        elif child.key == "TargetPort" and made:
            target = child.value.partition("/")[0]
            yield made | {"targetPort": number(target) or target}
            made = {}


def _listed_ports(row: Row) -> Iterable[Object]:
    for part in row.get("PORT(S)", "").split(","):
        if match := re.match(r"^([0-9]{1,5})(?::\d+)?/(\w+)$", part.strip()):
            yield {"port": int(match.group(1)), "protocol": match.group(2)}


def endpoints(name: str, listed: str, service_branch: Branch, branch: Branch, namespace: str) -> Object:
    """A row of `get endpoints`, else the addresses in a service's description; and those that are not ready."""
    told = [c.value for c in service_branch.children if c.key == "Endpoints"]
    parts = re.findall(r"([0-9a-f.:]+?):([0-9]{1,5})(?=,|\s|$)", listed) or re.findall(
        r"([0-9a-f.:]+?):([0-9]{1,5})(?=,|\s|$)", " ".join(told)
    )
    by_port: dict[int, list[str]] = {}
    for address, port in parts:
        by_port.setdefault(int(port), []).append(address)
    subsets: list[Object] = [
        {"addresses": [{"ip": a} for a in addresses], "ports": [{"port": port}]}
        for port, addresses in by_port.items()
    ]
    waiting = [a for a in branch.get("Subsets").text("NotReadyAddresses").split(",") if a]
    subsets += [{"notReadyAddresses": [{"ip": a} for a in waiting]}] if waiting and not parts else []
    return {"kind": "Endpoints", "metadata": meta(name, namespace), "subsets": subsets}


def quota(row: Row, branch: Branch, namespace: str) -> Object:
    """A row of `get resourcequota` (`pods: 10/10, requests.cpu: 9/10`), else the table of its description."""
    used: dict[str, str] = {}
    hard: dict[str, str] = {}
    for column in ("REQUEST", "LIMIT"):
        for part in row.get(column, "").split(","):
            name, _, numbers = part.strip().partition(": ")
            first, _, second = numbers.partition("/")
            if name and second:
                used[name], hard[name] = first, second
    for line in [*branch.more, *(m for c in branch.children for m in c.more)] if not hard else ():
        words = line.split()
        if len(words) == 3 and words[1][:1].isdigit() and words[2][:1].isdigit():
            used[words[0]], hard[words[0]] = words[1], words[2]
    return {
        "kind": "ResourceQuota",
        "metadata": meta(row["NAME"], namespace),
        "spec": {"hard": hard},
        "status": {"used": used, "hard": hard},
    }


def claim(row: Row, branch: Branch, namespace: str) -> Object:
    """A claim; of an unbound one kubectl prints neither size nor modes."""
    declared = branch.get("StorageClass").value if branch.children else row.get("STORAGECLASS", "")
    spec: Object = {"storageClassName": "" if declared in ("<unset>", "<none>") else declared}
    spec |= {"volumeName": v} if (v := branch.text("Volume") or row.get("VOLUME", "")) else {}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": meta(row["NAME"], namespace),
        "spec": spec,
        "status": {"phase": branch.text("Status") or row.get("STATUS", "")},
    }


def volume(row: Row) -> Object:
    """A row of `get persistentvolumes --show-labels`."""
    space, _, name = row.get("CLAIM", "").rpartition("/")
    return {
        "kind": "PersistentVolume",
        "metadata": meta(row["NAME"], labels=pairs(row.get("LABELS", ""))),
        "spec": {
            "capacity": {"storage": row.get("CAPACITY", "")},
            "accessModes": [_MODES.get(m, m) for m in row.get("ACCESS MODES", "").split(",") if m],
            "storageClassName": row.get("STORAGECLASS", ""),
        }
        | ({"claimRef": {"namespace": space, "name": name}} if name else {}),
        "status": {"phase": row.get("STATUS", "")},
    }


def node(row: Row, branch: Branch, services: Mapping[str, str]) -> Object:
    """A node; the status of its system services as the conditions that a health checker on it reports."""
    told = conditions(branch)
    words = row.get("STATUS", "").split(",")
    if not any(c["type"] == "Ready" for c in told):
        ready = {"Ready": "True", "NotReady": "False"}.get(words[0], "Unknown")
        told.append({"type": "Ready", "status": ready})
    told += [{"type": _UNHEALTHY[s], **_systemd(text)} for s, text in services.items()]
    labels = branch.pairs("Labels") or pairs(row.get("LABELS", ""))
    roles = [r for r in (branch.text("Roles") or row.get("ROLES", "")).split(",") if r and r != "<none>"]
    labels |= {f"node-role.kubernetes.io/{r}": "" for r in roles}
    cordoned = branch.text("Unschedulable") == "true" or "SchedulingDisabled" in words
    return {
        "kind": "Node",
        "metadata": meta(row["NAME"], labels=labels),
        "spec": {
            "taints": [_taint(t) for t in branch.lines("Taints")],
            **({"unschedulable": True} if cordoned else {}),
        },
        "status": {
            "conditions": told,
            "allocatable": {c.key: c.value for c in branch.get("Allocatable").children},
        },
    }


def _systemd(text: str) -> Object:
    """What systemd says of a unit: anything but `active` is unhealthy."""
    active = re.search(r"Active:\s*active", text)
    down = re.search(
        r"(?i)Active:\s*(?:inactive|failed|(?:de)?activating)|not running|Process not found", text
    )
    line = next((ln.strip() for ln in text.splitlines() if "Active:" in ln), down.group() if down else "")
    return {"status": str(bool(down and not active)), "message": line}


def _taint(text: str) -> Object:
    body, _, effect = text.rpartition(":")
    key, _, value = body.partition("=")
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


def config_map(name: str, text: str, namespace: str) -> Object:
    """A described config map: `KEY:`, a line of dashes, the value, for each of its keys."""
    body = text.partition("\nData\n====\n")[2].partition("\nBinaryData\n")[0]
    parts = re.split(r"(?m)^([A-Za-z0-9_.-]+):\n-{3,}\n", body)
    data: dict[str, Any] = {k: v.rstrip("\n") for k, v in zip(parts[1::2], parts[2::2], strict=True)}
    return {"kind": "ConfigMap", "metadata": meta(name, namespace), "data": data}


def ingress(branch: Branch, namespace: str) -> Object:
    """The rules of a described ingress: `/path   service:port (endpoints)` below a host."""
    paths = []
    for line in [*branch.get("Rules").more, *(f"{c.key}:{c.value}" for c in branch.get("Rules").children)]:
        if match := re.search(r"(/\S*)\s+([a-z0-9-]+):(\d+|[a-z-]+)", line):
            named = match.group(3)
            port = {"number": number(named)} if named.isdigit() else {"name": named}
            paths.append(
                {"path": match.group(1), "backend": {"service": {"name": match.group(2), "port": port}}}
            )
    return {
        "kind": "Ingress",
        "metadata": meta(branch.text("Name"), namespace),
        "spec": {"rules": [{"http": {"paths": paths}}]},
    }


def policy(branch: Branch, namespace: str) -> Object:
    """A described network policy: its pods, and whether it allows any traffic in."""
    spec = branch.get("Spec")
    lines = [spec.value, *spec.more, *(m for c in spec.children for m in (c.value, *c.more))]
    types = [t.strip() for t in spec.text("Policy Types").split(",") if t.strip()]
    closed = any("isolated for ingress" in line for line in lines)
    return {
        "kind": "NetworkPolicy",
        "metadata": meta(branch.text("Name"), namespace),
        "spec": {
            "podSelector": {"matchLabels": spec.pairs("PodSelector")},
            "policyTypes": types,
            "ingress": [] if closed else [{}],
        },
    }


def named(kind: str, row: Row, namespace: str = "") -> Object:
    """An object of which the list tells no more than its name (and a secret's type)."""
    made: Object = {"kind": kind, "metadata": meta(row["NAME"], namespace)}
    return made | ({"type": row["TYPE"]} if kind == "Secret" and row.get("TYPE") else {})
