"""One part of a Kubernetes object as a person reads it: images, node, labels, limits, state, why it is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aitia.tools.cluster.live import ago
from aitia.tools.cluster.live import status as pod_status
from aitia.tools.cluster.manifest import at, listed, mapping, name_of
from aitia.tools.cluster.reading import Reader

Doc = Mapping[str, Any]
_HIDDEN: Final = ("configmaps", "secrets")  # of which no content is told


def part_of(doc: Doc, kind: str, part: str, reader: Reader) -> str:
    """The part as text, "" where the object has none."""
    if part == "age":
        seconds = ago(at(doc, "metadata", "creationTimestamp"), reader.now)
        return "" if seconds is None else _duration(seconds)
    if part == "why":
        return _why(doc, kind, reader)
    make = _PARTS.get(part)
    return (
        make(doc, kind)
        if make and kind not in _HIDDEN
        else _PARTS["labels"](doc, kind)
        if part == "labels"
        else ""
    )


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _pod_spec(doc: Doc, kind: str) -> Mapping[str, Any]:
    if kind in ("pods", "containers"):
        path: tuple[str, ...] = ("spec",)
    else:
        path = (
            ("spec", "jobTemplate", "spec", "template", "spec")
            if kind == "cronjobs"
            else ("spec", "template", "spec")
        )
    found = at(doc, *path)
    return found if isinstance(found, Mapping) else {}


def _containers(doc: Doc, kind: str) -> Iterator[Mapping[str, Any]]:
    yield from (c for c in listed(_pod_spec(doc, kind).get("containers")) if isinstance(c, Mapping))


def _statuses(doc: Doc) -> Iterator[Mapping[str, Any]]:
    yield from (s for s in listed(at(doc, "status", "containerStatuses")) if isinstance(s, Mapping))


def _each(doc: Doc, kind: str, told: Callable[[Mapping[str, Any]], str]) -> str:
    parts = [(str(c.get("name") or ""), told(c)) for c in _containers(doc, kind)]
    held = [(n, t) for n, t in parts if t]
    return held[0][1] if len(parts) == 1 and held else ", ".join(f"{n}: {t}" for n, t in held)


def _amounts(which: str) -> Callable[[Doc, str], str]:
    def told(doc: Doc, kind: str) -> str:
        if kind in ("resourcequotas", "nodes"):
            where = ("status", "allocatable") if kind == "nodes" else ("spec", "hard")
            return _pairs(mapping(at(doc, *where)))
        return _each(doc, kind, lambda c: _pairs(mapping(at(c, "resources", which))))

    return told


def _pairs(held: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v}" for k, v in held.items())


def _replicas(doc: Doc, kind: str) -> str:
    if kind == "horizontalpodautoscalers":
        least = at(doc, "spec", "minReplicas")
        ends = f"{1 if least is None else least} to {at(doc, 'spec', 'maxReplicas')}"
        return f"{ends}, now {at(doc, 'status', 'currentReplicas') or 0}"
    wanted = (
        at(doc, "status", "desiredNumberScheduled") if kind == "daemonsets" else at(doc, "spec", "replicas")
    )
    return "" if wanted is None else str(wanted)


def _state(doc: Doc, kind: str) -> str:
    if kind == "pods":
        states = list(_statuses(doc))
        return f"{pod_status(doc)}, {sum(s.get('ready') is True for s in states)}/{len(states)} ready"
    conditions = {
        str(c.get("type")): str(c.get("status"))
        for c in listed(at(doc, "status", "conditions"))
        if isinstance(c, Mapping)
    }
    if kind == "nodes":
        return {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "Unknown")
    if kind in ("deployments", "statefulsets", "replicasets"):
        return f"{at(doc, 'status', 'readyReplicas') or 0}/{_replicas(doc, kind)} ready"
    if kind == "jobs":
        return next(
            (n for n in ("Failed", "Complete", "Suspended") if conditions.get(n) == "True"), "Running"
        )
    if kind == "resourcequotas":
        hard, used = (
            mapping(at(doc, "status", "hard")) or mapping(at(doc, "spec", "hard")),
            mapping(at(doc, "status", "used")),
        )
        return ", ".join(f"{k} {used.get(k, '?')} of {v}" for k, v in hard.items())
    if kind == "horizontalpodautoscalers":
        return f"{_replicas(doc, kind)}, wanted {at(doc, 'status', 'desiredReplicas') or 0}"
    if kind == "poddisruptionbudgets":
        allowed = at(doc, "status", "disruptionsAllowed") or 0
        healthy = f"{at(doc, 'status', 'currentHealthy') or 0} of {at(doc, 'status', 'desiredHealthy') or 0} needed pods healthy"
        return f"allows {allowed} disruptions, {healthy}"
    if kind == "daemonsets":
        return f"{at(doc, 'status', 'numberReady') or 0}/{_replicas(doc, kind)} ready"
    return str(at(doc, "status", "phase") or "")


def _why(doc: Doc, kind: str, reader: Reader) -> str:
    """What an object says of its own trouble: waiting and ended containers, false conditions, its last warning."""
    told: list[str] = []
    for one in _statuses(doc):
        for where in (("state", "waiting"), ("state", "terminated"), ("lastState", "terminated")):
            found = at(one, *where)
            if isinstance(found, Mapping) and found.get("reason") not in (None, "Completed"):
                code = f", exit code {found['exitCode']}" if found.get("exitCode") is not None else ""
                message = f": {str(found['message'])[:200]}" if found.get("message") else ""
                told.append(f"{one.get('name')} {found['reason']}{code}{message}")
    for c in listed(at(doc, "status", "conditions")):
        bad = isinstance(c, Mapping) and (
            c.get("status") == "False" or c.get("type") in ("Failed", "ReplicaFailure")
        )
        if bad and c.get("message"):
            told.append(f"{c.get('type')} {c.get('reason') or ''}: {str(c['message'])[:200]}")
    singular = {"pods": "pod", "jobs": "job", "nodes": "node"}.get(kind, kind.removesuffix("s"))
    warnings = [e for e in reader.about(singular, name_of(doc)) if e.type == "Warning"]
    told += [f"{e.reason}: {e.message[:200]}" for e in warnings[-1:]]
    return "; ".join(dict.fromkeys(told))


def _ports(doc: Doc, kind: str) -> str:
    if kind == "services":
        ports = [p for p in listed(at(doc, "spec", "ports")) if isinstance(p, Mapping)]
        return ", ".join(
            f"{p.get('port')}→{p.get('targetPort', p.get('port'))}/{p.get('protocol', 'TCP')}" for p in ports
        )
    told = [
        str(p.get("containerPort"))
        for c in _containers(doc, kind)
        for p in listed(c.get("ports"))
        if isinstance(p, Mapping)
    ]
    return ", ".join(told)


def _since(doc: Doc, kind: str) -> str:
    """When an object came into the state that it is in, as the cluster tells it (RFC 3339)."""
    taints = [t for t in listed(at(doc, "spec", "taints")) if isinstance(t, Mapping)]
    barred = [
        t for t in taints if str(t.get("key")) == "node.kubernetes.io/unschedulable" and t.get("timeAdded")
    ]
    if barred:
        return str(barred[0]["timeAdded"])
    held = {str(c.get("type")): c for c in listed(at(doc, "status", "conditions")) if isinstance(c, Mapping)}
    for name in ("Failed", "Complete", "Ready", "Available", "Progressing"):
        if name in held and (kind != "jobs" or held[name].get("status") == "True"):
            return str(held[name].get("lastTransitionTime") or "")
    return ""


def _exit_code(doc: Doc, kind: str) -> str:
    """The exit code with which its container ended last."""
    for one in _statuses(doc):
        for where in ("state", "lastState"):
            if (code := at(one, where, "terminated", "exitCode")) is not None:
                return str(code)
    return ""


def _owner(doc: Doc, kind: str) -> str:
    owners = [o for o in listed(at(doc, "metadata", "ownerReferences")) if isinstance(o, Mapping)]
    return ", ".join(f"{o.get('kind')} {o.get('name')}" for o in owners)


def _claims(doc: Doc, kind: str) -> str:
    if kind == "persistentvolumeclaims":
        size, kind_of = (
            at(doc, "spec", "resources", "requests", "storage"),
            at(doc, "spec", "storageClassName"),
        )
        return f"{size or ''}{f' of {kind_of}' if kind_of else ''}"
    volumes = [v for v in listed(_pod_spec(doc, kind).get("volumes")) if isinstance(v, Mapping)]
    return ", ".join(str(n) for v in volumes if (n := at(v, "persistentVolumeClaim", "claimName")))


def _ip(doc: Doc, kind: str) -> str:
    if kind == "services":
        given = [g for g in listed(at(doc, "status", "loadBalancer", "ingress")) if isinstance(g, Mapping)]
        outer = [str(g.get("ip") or g.get("hostname") or "") for g in given]
        outer += [str(a) for a in listed(at(doc, "spec", "externalIPs"))]
        told = str(at(doc, "spec", "clusterIP") or "")
        return f"{told} (external {', '.join(outer)})" if any(outer) else told
    addresses = [a for a in listed(at(doc, "status", "addresses")) if isinstance(a, Mapping)]
    return str(
        at(doc, "status", "podIP")
        or next((a.get("address") for a in addresses if a.get("type") == "InternalIP"), "")
    )


_PARTS: Final[Mapping[str, Callable[[Doc, str], str]]] = {
    "image": lambda doc, kind: _each(doc, kind, lambda c: str(c.get("image") or "")),
    "node": lambda doc, kind: str(at(doc, "spec", "nodeName") or ""),
    "ip": _ip,
    "labels": lambda doc, kind: _pairs(mapping(at(doc, "metadata", "labels"))),
    "limits": _amounts("limits"),
    "requests": _amounts("requests"),
    "restarts": lambda doc, kind: str(sum(int(s.get("restartCount") or 0) for s in _statuses(doc))),
    "replicas": _replicas,
    "state": _state,
    "ports": _ports,
    "schedule": lambda doc, kind: str(at(doc, "spec", "schedule") or ""),
    "namespace": lambda doc, kind: str(at(doc, "metadata", "namespace") or ""),
    "owner": _owner,
    "claims": _claims,
    # Values of an environment may be secrets: its names alone are told.
    "environment": lambda doc, kind: _each(
        doc,
        kind,
        lambda c: ", ".join(str(e.get("name")) for e in listed(c.get("env")) if isinstance(e, Mapping)),
    ),
    "since": _since,
    "exit_code": _exit_code,
    "type": lambda doc, kind: str(at(doc, "spec", "type") or ""),
    "taints": lambda doc, kind: ", ".join(
        f"{t.get('key')}={t.get('value') or ''}:{t.get('effect')}"
        for t in listed(at(doc, "spec", "taints"))
        if isinstance(t, Mapping)
    ),
}
