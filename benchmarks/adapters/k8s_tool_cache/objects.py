"""What `kubectl describe` and `kubectl get` print, as the API's objects: pods, their templates, workloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.adapters.k8s_tool_cache.text import Branch, Row, age_s, pairs

Object = dict[str, Any]
_PROBE = re.compile(
    r"^(?P<kind>grpc|http-get|tcp-socket|exec)\s+(?P<where>.*?)\s*delay=(?P<delay>\d+)s\s+timeout=(?P<timeout>\d+)s"
    r"\s+period=(?P<period>\d+)s\s+#success=\d+\s+#failure=(?P<failures>\d+)"
)
_KEY_OF = re.compile(r"<set to the key '([^']+)' (?:in|of) (secret|config map) '([^']+)'>")
_FROM = re.compile(r"^(\S+)\s+(Secret|ConfigMap)\b")
_PORT: Final = re.compile(r"(\d+)/(TCP|UDP|SCTP)")
_RESTARTS = re.compile(r"^(\d+)(?: \((\S+) ago\))?")
PHASES: Final = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
GONE: Final = Branch(key="")


def number(text: str) -> int:
    """A count as it is printed; 0 for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def stamp(now: datetime, age: str) -> str | None:
    """The moment of an age as kubectl prints it."""
    seconds = age_s(age)
    return None if seconds is None or seconds > 3e9 else (now - timedelta(seconds=seconds)).isoformat()


def meta(name: str, namespace: str = "", created: str | None = None, **more: Any) -> Object:
    """Metadata of an object that exists."""
    made = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{namespace}-{name}",
        "creationTimestamp": created,
    }
    return {k: v for k, v in (made | more).items() if v}


def conditions(branch: Branch) -> list[Object]:
    """The rows of `Conditions`."""
    return [
        {
            "type": r["Type"],
            "status": r.get("Status", ""),
            "reason": r.get("Reason", ""),
            "message": r.get("Message", ""),
        }
        for r in branch.table("Conditions")
        if r.get("Type")
    ]


def owner(text: str) -> list[Object]:
    """`Controlled By: Kind/name` as an owner reference."""
    kind, _, name = text.partition("/")
    return [{"kind": kind, "name": name, "controller": True}] if name else []


def pod(row: Row, branch: Branch, namespace: str, now: datetime, sets: Iterable[str]) -> Object:
    """A row of `get pods -o wide` and its description. An undescribed pod belongs to the set that its name begins with."""
    name = row["NAME"]
    above = owner(branch.text("Controlled By")) or _by_name(name, sets)
    node = row.get("NODE", "") or branch.text("Node").partition("/")[0]
    listed = row.get("IP") or branch.text("IP")
    statuses = [_state(c) for c in branch.get("Containers").children]
    before = [_state(c) for c in branch.get("Init Containers").children]
    found = {
        "kind": "Pod",
        "metadata": meta(
            name,
            namespace,
            stamp(now, row.get("AGE", "")),
            labels=branch.pairs("Labels"),
            ownerReferences=above,
        ),
        "spec": pod_spec(branch) | ({} if node in ("", "<none>") else {"nodeName": node}),
        "status": {
            "phase": row.get("STATUS", ""),
            "conditions": conditions(branch),
            "containerStatuses": statuses,
            "initContainerStatuses": before,
            "podIP": "" if listed == "<none>" else listed,
        },
    }
    _as_listed(found, row, now)
    return found


def _by_name(pod_name: str, sets: Iterable[str]) -> list[Object]:
    fitting = max((s for s in sets if pod_name.startswith(s.partition("/")[2] + "-")), key=len, default="")
    return owner(fitting)


def _as_listed(found: Object, row: Row, now: datetime) -> None:
    """What only the list tells, or tells for a pod that was not described: STATUS, READY and RESTARTS."""
    status, state = found["status"], row.get("STATUS", "")
    ready, _, total = row.get("READY", "0/0").partition("/")
    restarts = _RESTARTS.match(row.get("RESTARTS", ""))
    statuses = status["containerStatuses"]
    if not statuses:
        running = number(ready)
        statuses += [
            {"name": f"container-{i}", "ready": i < running, "restartCount": 0}
            for i in range(min(100, number(total)))
        ]
        for one in statuses:
            one["state"] = {"running": {}} if one["ready"] else {}
    if statuses and restarts:
        most = max(statuses, key=lambda s: s["restartCount"])
        most["restartCount"] += max(0, int(restarts[1]) - sum(s["restartCount"] for s in statuses))
        if restarts[2]:
            most.setdefault("lastState", {}).setdefault("terminated", {})["finishedAt"] = stamp(
                now, restarts[2]
            )
    if state == "Terminating":
        found["metadata"]["deletionTimestamp"] = now.isoformat()
    status["phase"] = state if state in PHASES else "Succeeded" if state == "Completed" else "Running"
    init, reason = state.startswith("Init:"), state.removeprefix("Init:")
    if state in PHASES or state == "Terminating":
        return
    group = status["initContainerStatuses"] if init else statuses
    told = {s.get("reason") for one in group for s in one["state"].values()}
    if reason not in told and group and not re.fullmatch(r"\d+/\d+", reason):
        waiting = next((s for s in group if not s["ready"]), group[0])
        waiting["state"] = {"waiting": {"reason": reason}}
    if not group:
        status["reason"] = state


def _state(branch: Branch) -> Object:
    """A container's status."""
    restarts = branch.text("Restart Count")
    made = {
        "name": branch.key,
        "image": branch.text("Image"),
        "ready": branch.text("Ready") == "True",
        "restartCount": number(restarts),
        "state": _one_state(branch.get("State")),
    }
    last = _one_state(branch.get("Last State"))
    return made | ({"lastState": last} if last else {})


def _one_state(branch: Branch) -> Object:
    code = branch.text("Exit Code")
    word = branch.value.lower()
    told = {"reason": branch.text("Reason"), "message": branch.text("Message")}
    inner: Object = {k: v for k, v in told.items() if v}
    if re.fullmatch(r"[0-9]{1,3}", code):
        inner["exitCode"] = int(code)
    return {word: inner} if word in ("running", "waiting", "terminated") else {}


def pod_spec(branch: Branch) -> Object:
    """The pod specification as a pod's or a template's description shows it."""
    chosen = branch.pairs("Node-Selectors")
    made = {
        "initContainers": [_container(c) for c in branch.get("Init Containers").children],
        "containers": [_container(c) for c in branch.get("Containers").children],
        "nodeSelector": chosen,
        "tolerations": [_toleration(line) for line in branch.lines("Tolerations")],
        "serviceAccountName": branch.text("Service Account") or branch.text("Service account"),
        "volumes": [_volume(v) for v in branch.get("Volumes").children],
    }
    return {k: v for k, v in made.items() if v}


def _volume(branch: Branch) -> Object:
    kind, made = branch.text("Type"), {"name": branch.key}
    optional = {"optional": True} if branch.text("Optional") == "true" else {}
    if branch.text("ClaimName"):
        return made | {"persistentVolumeClaim": {"claimName": branch.text("ClaimName")}}
    if kind.startswith("HostPath"):
        return made | {"hostPath": {"path": branch.text("Path")}}
    if kind.startswith("Secret") and branch.text("SecretName"):
        return made | {"secret": {"secretName": branch.text("SecretName")} | optional}
    if kind.startswith("ConfigMap") and branch.text("Name"):
        return made | {"configMap": {"name": branch.text("Name")} | optional}
    return made


def _container(branch: Branch) -> Object:
    ports = _PORT.findall(branch.text("Port") or branch.text("Ports"))
    mounts = [m.group(1) for line in branch.get("Mounts").more if (m := re.search(r" from (\S+) \(", line))]
    bounds = {k: {c.key: c.value for c in branch.get(k.title()).children} for k in ("requests", "limits")}
    made = {
        "name": branch.key,
        "image": branch.text("Image"),
        "ports": [{"containerPort": int(n), "protocol": p} for n, p in ports],
        "env": [_variable(e) for e in branch.get("Environment").children],
        "envFrom": _sourced(branch.get("Environment Variables from")),
        "resources": {k: v for k, v in bounds.items() if v},
        "livenessProbe": probe(branch.text("Liveness")),
        "readinessProbe": probe(branch.text("Readiness")),
        "command": _words(branch.get("Command")),
        "args": _words(branch.get("Args")),
        "volumeMounts": [{"name": m} for m in mounts],
    }
    return {k: v for k, v in made.items() if v}


def _variable(branch: Branch) -> Object:
    match = _KEY_OF.search(branch.value)
    if match is None:
        return {"name": branch.key, "value": branch.value}
    kind = "secretKeyRef" if match.group(2) == "secret" else "configMapKeyRef"
    reference = {"name": match.group(3), "key": match.group(1), "optional": "Optional: true" in branch.value}
    return {"name": branch.key, "valueFrom": {kind: reference}}


def _sourced(branch: Branch) -> list[Object]:
    found = []
    for line in [*branch.more, *(f"{c.key}: {c.value}" for c in branch.children)]:
        if match := _FROM.match(line.strip()):
            kind = "secretRef" if match.group(2) == "Secret" else "configMapRef"
            found.append({kind: {"name": match.group(1), "optional": "Optional: true" in line}})
    return found


def _words(branch: Branch) -> list[str]:
    further = (f"{c.key}: {c.value}" for c in branch.children)
    return [*([branch.value] if branch.value else []), *branch.more, *further]


def probe(text: str) -> Object | None:
    """`grpc <pod>:8080  delay=5s timeout=1s period=10s #success=1 #failure=3`, or None."""
    match = _PROBE.match(text)
    if match is None:
        return None
    made: Object = {
        "initialDelaySeconds": int(match["delay"]),
        "timeoutSeconds": int(match["timeout"]),
        "periodSeconds": int(match["period"]),
        "failureThreshold": int(match["failures"]),
    }
    kind, where = match["kind"], match["where"].strip()
    if kind == "exec":
        return made | {"exec": {"command": where.split()}}
    hostport, path, scheme = where, "", ""
    if kind == "http-get":
        scheme, _, rest = where.partition("://")
        hostport, _, path = rest.partition("/")
    port: str | int = hostport.rpartition(":")[2].split()[0] if hostport.strip() else ""
    port = number(port) or port
    if kind == "http-get":
        return made | {"httpGet": {"port": port, "path": f"/{path}", "scheme": scheme.upper()}}
    return made | {"grpc" if kind == "grpc" else "tcpSocket": {"port": port}}


def _toleration(line: str) -> Object:
    head, _, rest = line.partition(" ")
    body, _, effect = head.partition(":")
    key, equal, value = body.partition("=")
    if key == "op" or line.startswith("op=Exists"):
        return {"operator": "Exists"}
    exists = "op=Exists" in rest or not equal
    made = {"key": key, "operator": "Exists" if exists else "Equal", "value": value, "effect": effect}
    return {k: v for k, v in made.items() if v}


def workload(kind: str, row: Row, branch: Branch, namespace: str, now: datetime) -> Object:
    """A row of `get deployments` (or sets) and its description."""
    ready, _, wanted = row.get("READY", "0/0").partition("/")
    if kind == "DaemonSet":
        ready, wanted = row.get("READY", "0"), row.get("DESIRED", "0")
    count, has = number(wanted), number(ready)
    template = branch.get("Pod Template")
    images = [
        {"name": f"container-{i}", "image": x}
        for i, x in enumerate(filter(None, row.get("IMAGES", "").split(",")))
    ]
    spec = pod_spec(template) or ({"containers": images} if images else {})
    selector = branch.pairs("Selector") or pairs(row.get("SELECTOR", ""))
    numbers = (
        {"desiredNumberScheduled": count, "numberReady": has}
        if kind == "DaemonSet"
        else {"readyReplicas": has}
    )
    return {
        "kind": kind,
        "metadata": meta(row["NAME"], namespace, stamp(now, row.get("AGE", ""))),
        "spec": {
            **({} if kind == "DaemonSet" else {"replicas": count}),
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": template.pairs("Labels")}, "spec": spec},
        },
        "status": {**numbers, "conditions": conditions(branch)},
    }


def job(row: Row, branch: Branch, namespace: str, now: datetime) -> Object:
    """A row of `get jobs` and its description. Older clients print no STATUS: then more failures than it may retry tell."""
    counts = {
        w: number(n) for n, w in re.findall(r"(\d+) (Active|Succeeded|Failed)", branch.text("Pods Statuses"))
    }
    done, _, wanted = row.get("COMPLETIONS", "0/1").partition("/")
    failed = row.get("STATUS") == "Failed" or counts.get("Failed", 0) > number(
        branch.text("Backoff Limit") or "6"
    )
    complete = number(done) >= number(wanted or "1") > 0
    return {
        "kind": "Job",
        "metadata": meta(row["NAME"], namespace, stamp(now, row.get("AGE", ""))),
        "spec": {
            "parallelism": number(branch.text("Parallelism") or "1"),
            "completions": number(wanted or "1"),
            "selector": {"matchLabels": branch.pairs("Selector")},
            "template": {
                "metadata": {"labels": branch.get("Pod Template").pairs("Labels")},
                "spec": pod_spec(branch.get("Pod Template")),
            },
        },
        "status": {
            "active": counts.get("Active", 0),
            "failed": counts.get("Failed", 0),
            "succeeded": number(done),
            "conditions": [{"type": "Failed", "status": "True"}] if failed else [],
        }
        | ({"completionTime": now.isoformat()} if complete else {}),
    }


def replica_set(row: Row, branch: Branch, namespace: str, now: datetime) -> Object:
    """A row of `get replicasets`; one that was not described belongs to the deployment of its name without the hash."""
    above = owner(branch.text("Controlled By")) or owner(
        f"Deployment/{re.sub(r'-[a-z0-9]{4,10}$', '', row['NAME'])}"
    )
    wanted, made, ready = (number(row.get(c, "0")) for c in ("DESIRED", "CURRENT", "READY"))
    images = [
        {"name": f"container-{i}", "image": x}
        for i, x in enumerate(filter(None, row.get("IMAGES", "").split(",")))
    ]
    return {
        "kind": "ReplicaSet",
        "metadata": meta(row["NAME"], namespace, stamp(now, row.get("AGE", "")), ownerReferences=above),
        "spec": {"replicas": wanted, "template": {"spec": {"containers": images}}},
        "status": {"replicas": made, "readyReplicas": ready},
    }


def event(kind: str, name: str, namespace: str, now: datetime, told: Mapping[str, str]) -> Object:
    """One event; `told` has Type, Reason, Age (`40s (x3 over 2m)`) and Message."""
    ages = re.match(r"^(\S+)(?: \(x(\d+) over \S+\))?", told.get("Age", ""))
    return {
        "kind": "Event",
        "metadata": {"namespace": namespace},
        "involvedObject": {"kind": kind, "name": name, "namespace": namespace},
        "type": told.get("Type", ""),
        "reason": told.get("Reason", ""),
        "message": told.get("Message", ""),
        "count": int(ages[2] or 1) if ages else 1,
        "lastTimestamp": stamp(now, ages[1]) if ages else None,
    }
