"""Answers that list no objects, read: error logs, connectivity, alerts, dependencies, manifests, nodes' services."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.answers import connection, log_lines
from aitia.tools.cluster.listed import nodes_of
from aitia.tools.cluster.objects import Spec
from aitia.tools.cluster.signs import Reading, Thing, made, thing
from aitia.tools.cluster.text import chunks

MOST_POINTS: Final = 8
_LOGS: Final = (
    ("logs.refused", r"(?i)connection refused|ECONNREFUSED|no route to host|connect failed"),
    ("logs.timeout", r"(?i)i/o timeout|timed out|deadline exceeded|ETIMEDOUT"),
    ("logs.no_host", r"(?i)no such host|UnknownHost|name resolution|ENOTFOUND|not known"),
    ("logs.denied", r"(?i)access denied|authentication failed|password|unauthori[sz]ed"),
    ("logs.connections", r"(?i)too many connections"),
    ("logs.read_only", r"(?i)read.only"),
    ("logs.port_taken", r"(?i)address already in use"),
    ("logs.permission", r"(?i)permission denied|read-only file system"),
    ("logs.placeholder", r"(?i)could not resolve placeholder|no such (?:key|variable)"),
    ("logs.routed", r"\b404\b|(?i:not found)"),
)
_ADDRESS = re.compile(r"\b(\d{1,3}(?:\.\d{1,3}){3}:\d{2,5})\b")
_HOST = re.compile(
    r"(?:lookup|://|host|to|from|server)\s?[\"']?([a-z][a-z0-9-]{2,60}?)(?:\.[a-z0-9.-]+)?(?::\d{2,5}|/| on |[\"'])"
)
_NODE_DOWN = re.compile(
    r"Active:\s*(?:inactive|failed|deactivating|activating)|(?i:not running|process not found)"
)
_CONTROL = re.compile(r"master|control-plane")


def logs(name: str, text: str) -> Reading:
    """Error lines of an app, and whom they fail to reach."""
    lines = log_lines(text)
    signs = [s for s, words in _LOGS if any(re.search(words, line.text) for line in lines)]
    points: Counter[str] = Counter()
    for line in lines:
        bare = line.text.replace("\\", "")
        points.update(dict.fromkeys({*_ADDRESS.findall(bare), *_HOST.findall(bare)} - {name}, line.count))
    if sum(bool(_ADDRESS.match(p)) for p in points) >= 3:
        signs.append("logs.many_targets")
    total = sum(line.count for line in lines)
    worst = max(lines, key=lambda line: line.count).text[:160] if lines else ""
    what = f"error logs of {name}: {total} lines" + (f", most often: {worst}" if worst else "")
    ranked = sorted(points, key=lambda p: (-points[p], p))
    return made(
        what, ["logs.errors" if lines else "logs.none", *signs], (), (), points=tuple(ranked[:MOST_POINTS])
    )


def connected(name: str, port: int, text: str) -> Reading:
    """A connectivity test, from one place or from each node."""
    test = connection(name, port, text)
    unwell = (
        [thing("nodes", n, state=f"cannot reach {name}:{port}") for n in test.failed_from]
        if test.ok_from
        else []
    )
    signs = ["connect.ok"] if test.ok else ["connect.from_some_nodes"] if test.ok_from else ["connect.failed"]
    if not test.ok and not test.ok_from:
        unwell = [thing("services", name, state=f"port {port} does not answer")]
    return made(f"connect {name}:{port}: {'ok' if test.ok else 'failed'}", signs, unwell, ())


def node_service(service: str, node: str, text: str) -> Reading:
    """The status of a node's system service."""
    down = bool(_NODE_DOWN.search(text)) and "Active: active" not in text
    unwell = [thing("nodes", node, state=f"{service} is not running")] if down else []
    return made(
        f"{service} on {node}{'' if down else ' runs'}",
        ["node_service.down" if down else "node_service.up"],
        unwell,
        (),
    )


def configuration(text: str) -> Reading | None:
    """The nodes of a cluster as JSON: readiness, taints, roles."""
    raw = _loaded(text)
    rows = [n for n in m.listed(m.at(raw, "nodes")) if isinstance(n, Mapping) and n.get("name")]
    if not rows:
        return None
    found = []
    for node in rows:
        taints = " ".join(str(t) for t in m.listed(node.get("taints")))
        roles = f"{node.get('role')} {m.mapping(node.get('labels')).get('kubernetes.io/role', '')} {taints}"
        if any(_CONTROL.search(label) for label in m.mapping(node.get("labels"))):
            roles += " control-plane"
        found.append((str(node["name"]), node.get("status") == "Ready", "unschedulable" in taints, roles))
    read = nodes_of(found)
    tainted = any(t for n in rows for t in m.listed(n.get("taints")) if "unschedulable" not in str(t))
    return Reading(
        statement=read.statement.replace("nodes:", "cluster configuration:", 1),
        signs=(*read.signs, *(("node.tainted",) if tainted else ())),
        unwell=read.unwell,
        seen=read.seen,
    )


def alerts(text: str) -> Reading:
    """Recorded alerts by component."""
    found = [a for a in m.listed(m.at(_loaded(text), "alerts")) if isinstance(a, Mapping) and a.get("name")]
    told = json.dumps([a.get("evidence") for a in found])
    words = (
        ("alerts.latency", "LATENCY|atency"),
        ("alerts.cpu", "cpu|SATURATION"),
        ("alerts.network", "NETWORK|etwork|Retrans"),
    )
    signs = [sign for sign, pattern in words if re.search(pattern, told)]
    unwell = [thing("nodes", str(a["name"]), state="alert") for a in found if a.get("type") == "Node"]
    signs += ["alerts.node"] if unwell else []
    points = [str(a["name"]) for a in sorted(found, key=lambda a: -len(m.listed(a.get("evidence"))))]
    what = f"alerts: {', '.join(points[:4]) or 'none'}"
    signs = signs or ["alerts.other" if found else "alerts.none"]
    return made(what, signs, unwell, (), points=tuple(points[:MOST_POINTS]))


def dependencies(name: str, text: str) -> Reading:
    """Whom a service calls, as a tree."""
    callees = [c for c in re.findall(r"[├└]──\s*([a-z0-9-]+)", text) if c != name]
    first = "entry" if re.search(r"(?i)entrypoint|user traffic", text) else "service"
    seen = [thing("services", c) for c in dict.fromkeys(callees)]
    return made(f"dependencies of {name} ({first}): {len(seen)} services", ["dependencies.shown"], (), seen)


def manifest(name: str, text: str) -> Reading:
    """What the manifest of an app declares that can go wrong elsewhere."""
    signs: list[str] = []
    seen: list[Thing] = []
    kinds = []
    for doc in m.documents(text):
        kind = str(doc.get("kind") or "")
        kinds.append(kind)
        if kind in m.WORKLOADS:
            signs += _declared(m.spec_of(doc))
        elif kind == "PersistentVolumeClaim" and m.name_of(doc):
            seen.append(thing("persistentvolumeclaims", m.name_of(doc)))
    what = f"manifest of {name}: {', '.join(k for k in dict.fromkeys(kinds) if k) or 'no object'}"
    return made(what, signs or ["manifest.plain"], (), seen)


def _declared(spec: Spec) -> list[str]:
    said: tuple[tuple[str, Any], ...] = (
        ("spec.affinity", spec.affinity),
        ("spec.anti_affinity", spec.anti_affinity),
        ("spec.node_selector", spec.node_selector),
        ("spec.claims", spec.claims),
        ("spec.pull_secrets", spec.pull_secrets),
        ("spec.references", spec.references),
    )
    return [sign for sign, value in said if value]


def lines(what: str, text: str) -> Reading:
    """Any other answer: how many lines it has."""
    return made(f"{what}: {sum(1 for _ in chunks(text))} lines", ["listed"], (), ())


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
