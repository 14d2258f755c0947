"""Objects of a cluster, read: which are not well, and what that is a sign of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from aitia.tools.cluster import live
from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.finding import quote
from aitia.tools.cluster.objects import Claim, Event, LogLine, Node, Pod, Quota, Service, Spec
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.reading import Reader
from aitia.tools.cluster.signs import Reading, Thing, event_signs, made, thing

RECENT_S: Final = 3600.0  # a restart before that is another story
MOST_POINTS: Final = 8
_KINDS: Final = {"pod": "pods", "replicaset": "replicasets", "deployment": "deployments", "node": "nodes"}
_STATES: Final = (
    ("pod.image_pull", r"ImagePull|ErrImage|InvalidImage"),
    ("pod.crash_loop", r"CrashLoop|^Error$|StartError|RunContainerError"),
    ("pod.oom", r"OOMKilled"),
    ("pod.config", r"CreateContainerConfig"),
    ("pod.creating", r"ContainerCreating|PodInitializing|^Init:"),
    ("pod.pending", r"^Pending$"),
    ("pod.lost", r"^(?:Unknown|NodeLost|Terminating|Evicted)$"),
)
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


def listing(resource: str, reader: Reader) -> Reading | None:
    """`get RESOURCE`, or None where it could not be read."""
    if reader.known(resource) is None:
        return None
    docs = reader.listed(resource)
    match resource:
        case "pods":
            return pods(reader.pods)
        case "deployments" | "statefulsets" | "daemonsets" | "replicasets":
            return workloads(resource, docs)
        case "services":
            return services([live.service(d, reader.namespace, None) for d in docs])
        case "endpoints":
            return endpoints(docs)
        case "nodes":
            return nodes([live.node(d) for d in docs])
        case "resourcequotas":
            return quotas([live.quota(d) for d in docs])
        case "jobs":
            return jobs(docs)
        case "horizontalpodautoscalers":
            return scalers(docs)
        case "poddisruptionbudgets":
            return budgets(docs)
        case "persistentvolumeclaims":
            return claims([m.claim_of(d, reader.namespace) for d in docs])
        case "events":
            return events(reader.events)
        case _:
            seen = [thing(resource, m.name_of(d)) for d in docs]
            return made(f"get {resource}: {len(docs)}", [f"{resource}.listed"], (), seen)


def pods(found: Sequence[Pod]) -> Reading:
    """`get pods`."""
    signs: list[str] = []
    unwell: list[Thing] = []
    seen: list[Thing] = []
    counted = ready = 0
    for pod in found:
        one = thing("pods", pod.name, node=pod.node) | {"component": pod.app}
        owner = pod.name.rpartition("-")[0]
        seen += [one, *([thing("replicasets", owner) | {"component": pod.app}] if owner != pod.app else [])]
        if pod.status in ("Completed", "Succeeded"):
            continue
        counted += 1
        ready += pod.healthy
        restarted = pod.restarts > 0 and (pod.restart_s is None or pod.restart_s < RECENT_S)
        if not pod.healthy or restarted:
            state = pod.status if pod.status != "Running" else "not ready" if not pod.healthy else "restarted"
            sign = next((s for s, words in _STATES if re.search(words, pod.status)), "pod.not_ready")
            signs += [sign] if not pod.healthy else []
            signs += ["pod.restarts"] if restarted else []
            unwell.append(one | {"state": state})
    unwell.sort(key=lambda t: t["state"] == "restarted")
    signs = signs or ["pods.all_ready" if counted else "pods.none"]
    return made(f"get pods: {ready} of {counted} ready", signs, unwell, seen)


def workloads(resource: str, docs: Sequence[m.Doc]) -> Reading:
    """`get deployments`, `statefulsets`, `daemonsets` or `replicasets`."""
    signs: list[str] = []
    unwell: list[Thing] = []
    for one in (live.workload(d, (), None) for d in docs):
        shown = thing(resource, one.name)
        if not one.desired and resource in ("deployments", "statefulsets"):
            signs.append("workload.zero")
            unwell.append(shown | {"state": "scaled to 0 replicas"})
        elif one.ready < one.desired:
            signs.append("workload.short")
            unwell.append(shown | {"state": f"{one.ready}/{one.desired} ready"})
    seen = [thing(resource, m.name_of(d)) for d in docs]
    return made(f"get {resource}: {len(docs)}", signs or ["workloads.complete"], unwell, seen)


def services(found: Sequence[Service]) -> Reading:
    """`get services`."""
    common = Counter(p.protocol for s in found for p in s.ports).most_common(1)
    seen: list[Thing] = []
    odd: list[Thing] = []
    for service in found:
        address = service.cluster_ip if service.cluster_ip != "None" else ""
        outside = service.type in ("NodePort", "LoadBalancer")
        one = thing("services", service.name, address=address, outside=outside)
        seen.append(one)
        if service.ports and common and all(p.protocol != common[0][0] for p in service.ports):
            odd.append(one | {"state": service.ports[0].protocol})
    return made(f"get services: {len(found)}", ["service.protocol" if odd else "services.listed"], odd, seen)


def endpoints(docs: Sequence[m.Doc]) -> Reading:
    """`get endpoints`."""
    empty = [
        m.name_of(d)
        for d in docs
        if not any(m.listed(m.at(s, "addresses")) for s in m.listed(d.get("subsets")))
    ]
    unwell = [thing("endpoints", n, state="no endpoints") for n in empty]
    what = f"get endpoints: {len(docs) - len(empty)} of {len(docs)} services have some"
    signs = ["endpoints.empty"] if empty else ["endpoints.all"]
    return made(what, signs, unwell, [thing("endpoints", m.name_of(d)) for d in docs])


def nodes(found: Sequence[Node]) -> Reading:
    """`get nodes`; a cordoned control plane is as it should be."""
    signs: list[str] = []
    unwell: list[Thing] = []
    seen: list[Thing] = []
    for node in found:
        control = bool(re.search(r"master|control-plane", node.roles))
        one = thing("nodes", node.name, control=control)
        seen.append(one)
        signs += ["node.tainted"] if any("unschedulable" not in t for t in node.taints) else []
        if node.ready != "True":
            signs.append("node.not_ready")
            unwell.append(one | {"state": "NotReady"})
        elif node.unschedulable and not control:
            signs.append("node.cordoned")
            unwell.append(one | {"state": "cordoned"})
    ready = sum(n.ready == "True" for n in found)
    signs = signs if unwell else [*signs, "nodes.ready"]
    return made(f"nodes: {ready} of {len(found)} ready", signs, unwell, seen)


def quotas(found: Sequence[Quota]) -> Reading:
    """`get resourcequotas`; one is full where a further tenth would not fit."""
    unwell: list[Thing] = []
    for quota in found:
        for what, limit in quota.hard.items():
            have, most = quantity(quota.used.get(what, "0")), quantity(limit)
            if have is not None and most is not None and have >= 0.9 * most:
                state = f"{what} {quota.used.get(what)}/{limit}"
                unwell.append(thing("resourcequotas", quota.name, state=state))
    signs = ["quota.full"] if unwell else ["quota.room"] if found else ["quota.none"]
    seen = [thing("resourcequotas", q.name) for q in found]
    return made(f"resource quotas: {len(found)}", signs, unwell, seen)


def events(found: Sequence[Event]) -> Reading:
    """`get events`: what was warned of, by object."""
    warned = [e for e in found if e.type == "Warning"]
    told = {(_KINDS[e.kind], e.name): e.reason for e in reversed(warned) if e.kind in _KINDS}
    unwell = [thing(r, n, state=reason) for (r, n), reason in told.items()]
    what = f"get events: {len(warned)} warnings among {len(found)}"
    return made(what, [*event_signs(warned), *([] if warned else ["events.calm"])], unwell, unwell)


def jobs(docs: Sequence[m.Doc]) -> Reading:
    """`get jobs`: which failed."""
    failed = [d for d in docs if live.conditions(d).get("Failed", ("",))[0] == "True"]
    unwell = [thing("jobs", m.name_of(d), state=live.conditions(d)["Failed"][1] or "failed") for d in failed]
    signs = ["job.failed" if failed else "jobs.listed"]
    return made(f"get jobs: {len(docs)}", signs, unwell, [thing("jobs", m.name_of(d)) for d in docs])


def scalers(docs: Sequence[m.Doc]) -> Reading:
    """`get horizontalpodautoscalers`: which cannot scale, or are at their limit."""
    unwell: list[Thing] = []
    signs: list[str] = []
    for one in map(live.scaler, docs):
        if one.problem or (one.most and one.wanted >= one.most):
            signs.append("autoscaler.stuck" if one.problem else "autoscaler.limit")
            state = one.problem[:120] or f"at its limit of {one.most}"
            unwell.append(thing("horizontalpodautoscalers", one.name, state=state))
    seen = [thing("horizontalpodautoscalers", m.name_of(d)) for d in docs]
    return made(f"get horizontalpodautoscalers: {len(docs)}", signs or ["autoscalers.listed"], unwell, seen)


def budgets(docs: Sequence[m.Doc]) -> Reading:
    """`get poddisruptionbudgets`: which allow no further pod to be taken away."""
    spent = [m.name_of(d) for d in docs if m.at(d, "status", "disruptionsAllowed") == 0]
    unwell = [thing("poddisruptionbudgets", n, state="no disruption allowed") for n in spent]
    seen = [thing("poddisruptionbudgets", m.name_of(d)) for d in docs]
    signs = ["budget.spent" if spent else "budgets.listed"]
    return made(f"get poddisruptionbudgets: {len(docs)}", signs, unwell, seen)


def claims(found: Sequence[Claim]) -> Reading:
    """`get persistentvolumeclaims`."""
    loose = [c for c in found if c.status != "Bound"]
    unwell = [thing("persistentvolumeclaims", c.name, state=c.status) for c in loose]
    seen = [thing("persistentvolumeclaims", c.name) for c in found]
    signs = ["volume.unbound"] if loose else ["volume.bound"] if found else ["volume.none"]
    return made(f"get persistentvolumeclaims: {len(found)}", signs, unwell, seen)


def description(resource: str, name: str, reader: Reader) -> Reading | None:
    """`describe` of one object: its conditions and the events about it."""
    doc = next((d for d in reader.listed(resource) if m.name_of(d) == name), None)
    if doc is None:
        return None
    warned = [e for e in reader.about(str(doc["kind"]).lower(), name) if e.type == "Warning"]
    signs = event_signs(warned)
    seen = [thing(resource, name)]
    if resource == "pods":
        more, seen = _pod(next(p for p in reader.pods if p.name == name), warned)
        signs += more
    elif resource in ("deployments", "statefulsets", "daemonsets"):
        told = live.conditions(doc)
        signs += ["create.failed"] if told.get("ReplicaFailure", ("",))[0] == "True" else []
        signs += ["workload.short"] if told.get("Available", ("",))[0] == "False" else []
        sets = [d for d in reader.listed("replicasets") if live.owner(d)[1] == name]
        seen += [thing("replicasets", m.name_of(d)) | {"component": name} for d in sets]
    elif resource == "nodes":
        node = live.node(doc)
        signs += ["node.not_ready"] if node.ready != "True" else ["nodes.ready"]
        signs += (
            ["node.pressure"]
            if any(s == "True" for k, (s, _) in node.conditions.items() if "Pressure" in k)
            else []
        )
        signs += ["node.runtime"] if re.search(r"(?i)runtime", node.ready_message) else []
    elif resource == "resourcequotas":
        return quotas([live.quota(doc)])
    elif resource == "persistentvolumeclaims":
        signs += ["volume.bound" if m.at(doc, "status", "phase") == "Bound" else "volume.unbound"]
    state = "; ".join(dict.fromkeys(e.reason for e in warned))
    state += f' ("{quote(warned[0].message, 120)}")' if warned else ""
    bad = [s for s in signs if s not in ("nodes.ready", "volume.bound") and not s.startswith("spec.")]
    unwell = [thing(resource, name, state=state or bad[0])] if bad else []
    return made(f"describe {resource} {name}", signs or ["describe.calm"], unwell, seen)


def _pod(pod: Pod, warned: Sequence[Event]) -> tuple[list[str], list[Thing]]:
    signs = []
    for container in pod.spec.containers:
        signs += ["container.oom"] if "OOMKilled" in (container.reason, container.last_reason) else []
        signs += ["container.crash"] if container.exit_code and not container.init else []
    signs += ["spec.node_selector"] if pod.spec.node_selector else []
    signs += ["spec.claims"] if pod.spec.claims else []
    if not warned and pod.status == "Pending":
        signs.append("silent.on_node" if pod.node else "silent.unplaced")
    one = thing("pods", pod.name, node=pod.node) | {"component": pod.app}
    return signs, [one, *([thing("nodes", pod.node)] if pod.node else [])]


def manifest(name: str, reader: Reader) -> Reading | None:
    """What an app declares that can go wrong elsewhere."""
    workload = next((w for w in reader.workloads if w.name == name), None)
    if workload is None:
        return None
    spec = workload.manifest or workload.spec
    said: tuple[tuple[str, Any], ...] = (
        ("spec.affinity", spec.affinity),
        ("spec.anti_affinity", spec.anti_affinity),
        ("spec.node_selector", spec.node_selector),
        ("spec.claims", spec.claims),
        ("spec.pull_secrets", spec.pull_secrets),
        ("spec.references", _references(spec)),
    )
    seen = [thing("persistentvolumeclaims", c) for c in spec.claims]
    signs = [sign for sign, value in said if value]
    return made(f"manifest of {name}: {workload.kind}", signs or ["manifest.plain"], (), seen)


def _references(spec: Spec) -> list[object]:
    return [*spec.references, *(r for c in spec.containers for r in c.references)]


def logs(name: str, reader: Reader) -> Reading | None:
    """Error lines of an app, and whom they fail to reach."""
    workload = next((w for w in reader.workloads if w.name == name), None)
    lines = reader.error_lines(workload, [p for p in reader.pods if p.app == name]) if workload else None
    return None if lines is None else said(name, lines)


def said(name: str, lines: Sequence[LogLine]) -> Reading:
    """What error lines are a sign of."""
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
