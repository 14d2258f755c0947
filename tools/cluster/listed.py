"""Lists and descriptions of a cluster's objects, read: which are not well, and what that is a sign of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from aitia.tools.cluster import described as d
from aitia.tools.cluster.finding import quote
from aitia.tools.cluster.objects import Event
from aitia.tools.cluster.objects_read import KINDS, listed_pod
from aitia.tools.cluster.signs import Reading, Thing, event_signs, made, owned, thing
from aitia.tools.cluster.text import Branch, Row, quantity

RECENT_S: Final = 3600.0  # a restart before that is another story
_STATES: Final = (
    ("pod.image_pull", r"ImagePull|ErrImage|InvalidImage"),
    ("pod.crash_loop", r"CrashLoop|^Error$|StartError|RunContainerError"),
    ("pod.oom", r"OOMKilled"),
    ("pod.config", r"CreateContainerConfig"),
    ("pod.creating", r"ContainerCreating|PodInitializing|^Init:"),
    ("pod.pending", r"^Pending$"),
    ("pod.lost", r"^(?:Unknown|NodeLost|Terminating|Evicted)$"),
)


def pods(rows: Sequence[Row], namespace: str) -> Reading:
    """`get pods`."""
    signs: list[str] = []
    unwell: list[Thing] = []
    seen: list[Thing] = []
    counted = ready = 0
    for row in rows:
        pod = listed_pod(row, namespace, ())
        one = thing("pods", pod.name, node=pod.node)
        sets = [thing("replicasets", pod.name.rpartition("-")[0])] if owned(pod.name) else []
        seen += [one, *sets]
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


def workloads(resource: str, rows: Sequence[Row]) -> Reading:
    """`get deployments`, `statefulsets`, `daemonsets` or `replicasets`."""
    signs: list[str] = []
    unwell: list[Thing] = []
    for row in rows:
        ready, _, wanted = row.get("READY", "").partition("/")
        ready, wanted = (ready, wanted) if wanted else (row.get("READY", ""), row.get("DESIRED", ""))
        one = thing(resource, row["NAME"])
        if wanted == "0" and resource != "replicasets":
            signs.append("workload.zero")
            unwell.append(one | {"state": "scaled to 0 replicas"})
        elif wanted.isdigit() and ready.isdigit() and int(ready) < int(wanted):
            signs.append("workload.short")
            unwell.append(one | {"state": f"{ready}/{wanted} ready"})
    kind = KINDS.get(resource, resource).lower()
    seen = [thing(resource, r["NAME"]) for r in rows]
    return made(f"get {resource}: {len(rows)} ({kind})", signs or ["workloads.complete"], unwell, seen)


def services(rows: Sequence[Row]) -> Reading:
    """`get services`."""
    seen: list[Thing] = []
    signs: list[str] = []
    unwell: list[Thing] = []
    protocols = [re.findall(r"/(TCP|UDP|SCTP)", r.get("PORT(S)", "")) for r in rows]
    common = max(("TCP", "UDP", "SCTP"), key=[p for used in protocols for p in used].count) if rows else "TCP"
    for row, used in zip(rows, protocols, strict=True):
        ports = [int(n) for n in re.findall(r"(?:^|,)(\d{1,5})", row.get("PORT(S)", ""))]
        outside = row.get("TYPE") in ("NodePort", "LoadBalancer")
        address = row.get("CLUSTER-IP", "")
        one = thing(
            "services",
            row["NAME"],
            ports=ports,
            address=address if address != "None" else "",
            outside=outside,
        )
        seen.append(one)
        if used and common not in used:
            signs.append("service.protocol")
            unwell.append(one | {"state": used[0]})
    return made(f"get services: {len(rows)}", signs or ["services.listed"], unwell, seen)


def endpoints(rows: Sequence[Row]) -> Reading:
    """`get endpoints`."""
    empty = [r["NAME"] for r in rows if r.get("ENDPOINTS", "").strip() in ("", "<none>")]
    unwell = [thing("endpoints", n, state="no endpoints") for n in empty]
    what = f"get endpoints: {len(rows) - len(empty)} of {len(rows)} services have some"
    signs = ["endpoints.empty"] if empty else ["endpoints.all"]
    return made(what, signs, unwell, [thing("endpoints", r["NAME"]) for r in rows])


def nodes(rows: Sequence[Row]) -> Reading:
    """`get nodes`; a cordoned control plane is as it should be."""
    found = [(r["NAME"], r.get("STATUS", "").split(","), r.get("ROLES", "")) for r in rows]
    return nodes_of([(n, s[0] == "Ready", "SchedulingDisabled" in s, roles) for n, s, roles in found])


def nodes_of(found: Sequence[tuple[str, bool, bool, str]]) -> Reading:
    """Nodes by name, readiness, cordon and roles."""
    signs: list[str] = []
    unwell: list[Thing] = []
    seen: list[Thing] = []
    for name, ready, cordoned, roles in found:
        control = bool(re.search(r"master|control-plane", roles))
        one = thing("nodes", name, control=control)
        seen.append(one)
        if not ready:
            signs.append("node.not_ready")
            unwell.append(one | {"state": "NotReady"})
        elif cordoned and not control:
            signs.append("node.cordoned")
            unwell.append(one | {"state": "cordoned"})
    ready_count = sum(ready for _, ready, _, _ in found)
    return made(f"nodes: {ready_count} of {len(found)} ready", signs or ["nodes.ready"], unwell, seen)


def quotas(found: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]) -> Reading:
    """Resource quotas by name: used and hard; one is full where a further tenth would not fit."""
    unwell: list[Thing] = []
    for name, (used, hard) in found.items():
        for what, limit in hard.items():
            have, most = quantity(used.get(what, "0")), quantity(limit)
            if have is not None and most is not None and have >= 0.9 * most:
                unwell.append(thing("resourcequotas", name, state=f"{what} {used.get(what)}/{limit}"))
    signs = ["quota.full"] if unwell else ["quota.room"] if found else ["quota.none"]
    return made(f"resource quotas: {len(found)}", signs, unwell, [thing("resourcequotas", n) for n in found])


def events(found: Sequence[Event]) -> Reading:
    """Events of a namespace: what was warned of, by object."""
    warned = [e for e in found if e.type == "Warning"]
    told: dict[tuple[str, str], str] = {}
    for event in warned:
        resource = {
            "pod": "pods",
            "replicaset": "replicasets",
            "deployment": "deployments",
            "node": "nodes",
        }.get(event.kind)
        if resource:
            told.setdefault((resource, event.name), event.reason)
    unwell = [thing(r, n, state=reason) for (r, n), reason in told.items()]
    what = f"get events: {len(warned)} warnings among {len(found)}"
    return made(what, [*event_signs(warned), *([] if warned else ["events.calm"])], unwell, unwell)


def description(resource: str, branch: Branch, namespace: str) -> Reading:
    """`describe` of one object."""
    name = branch.text("Name")
    warned = [e for e in d.events(branch) if e.type == "Warning"]
    signs = event_signs(warned)
    seen = [thing(resource, name)]
    if resource == "pods":
        more, seen = _pod(branch, warned)
        signs += more
    elif resource in KINDS:
        conditions = d.conditions(branch)
        signs += ["create.failed"] if conditions.get("ReplicaFailure", ("",))[0] == "True" else []
        signs += ["workload.short"] if conditions.get("Available", ("",))[0] == "False" else []
        sets = [w for key in ("NewReplicaSet", "OldReplicaSets") for w in branch.text(key).split()[:1]]
        seen += [thing("replicasets", s) for s in sets]
    elif resource == "nodes":
        node = d.node(branch)
        signs += ["node.not_ready"] if node.ready != "True" else ["nodes.ready"]
        signs += ["node.pressure"] if node.pressure else []
        signs += ["node.runtime"] if re.search(r"(?i)runtime", node.ready_message) else []
    elif resource in ("services", "endpoints"):
        service = d.service(branch)
        signs += [] if resource != "services" or service.endpoints else ["endpoints.empty"]
        seen = [thing(resource, name, ports=[p.number for p in service.ports], address=service.cluster_ip)]
    elif resource == "resourcequotas":
        quota = d.quota(branch)
        return quotas({name: (quota.used, quota.hard)})
    elif resource == "persistentvolumeclaims":
        signs += ["volume.unbound"] if branch.text("Status") != "Bound" else ["volume.bound"]
    state = "; ".join(dict.fromkeys(e.reason for e in warned))
    state += f' ("{quote(warned[0].message, 120)}")' if warned else ""
    bad = [s for s in signs if s not in ("nodes.ready", "volume.bound") and not s.startswith("spec.")]
    unwell = [thing(resource, name, state=state or bad[0])] if bad else []
    return made(f"describe {resource} {name}", signs or ["describe.calm"], unwell, seen)


def _pod(branch: Branch, warned: Sequence[Event]) -> tuple[list[str], list[Thing]]:
    name, node = branch.text("Name"), branch.text("Node").partition("/")[0]
    spec = d.spec(branch)
    signs = []
    for container in spec.containers:
        signs += ["container.oom"] if "OOMKilled" in (container.reason, container.last_reason) else []
        signs += ["container.crash"] if container.exit_code and not container.init else []
    signs += ["spec.node_selector"] if spec.node_selector else []
    signs += ["spec.claims"] if spec.claims else []
    if not warned and branch.text("Status") == "Pending":
        signs.append("silent.on_node" if node else "silent.unplaced")
    return signs, [thing("pods", name, node=node), *([thing("nodes", node)] if node else [])]


def claims(rows: Sequence[Row]) -> Reading:
    """`get persistentvolumeclaims`."""
    loose = [r for r in rows if r.get("STATUS") != "Bound"]
    unwell = [thing("persistentvolumeclaims", r["NAME"], state=r.get("STATUS", "")) for r in loose]
    seen = [thing("persistentvolumeclaims", r["NAME"]) for r in rows]
    signs = ["volume.unbound"] if loose else ["volume.bound"] if rows else ["volume.none"]
    return made(f"get persistentvolumeclaims: {len(rows)}", signs, unwell, seen)
