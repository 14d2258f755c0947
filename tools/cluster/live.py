"""Kubernetes objects (JSON of the API) to typed ones: how they are. `manifest` reads how they are meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.manifest import Doc, at, listed, mapping, name_of
from aitia.tools.cluster.objects import (
    Budget,
    Container,
    Event,
    Node,
    Pod,
    Policy,
    Quota,
    Scaler,
    Service,
    Spec,
    Webhook,
    Workload,
)
from aitia.tools.sources.cluster.cluster_recorded import moment

GATED: Final = "SchedulingGated"
_ROLE: Final = "node-role.kubernetes.io/"
Owners = Mapping[tuple[str, str], tuple[str, str]]  # (kind, name) of an object to that of what controls it


def declared(doc: Doc) -> bool:
    """Whether a document is a manifest: no API server has given it an id, a time or a status."""
    meta = at(doc, "metadata")
    return not (
        at(meta, "uid") or at(meta, "resourceVersion") or at(meta, "creationTimestamp") or doc.get("status")
    )


def ago(said: object, now: datetime | None) -> float | None:
    """Seconds before `now`, or None where either is not known."""
    then = moment(said)
    return None if then is None or now is None else max(0.0, (now - then).total_seconds())


def owner(doc: Doc) -> tuple[str, str]:
    """Kind and name of what controls an object; ("", "") where nothing does."""
    for reference in listed(at(doc, "metadata", "ownerReferences")):
        if isinstance(reference, Mapping) and reference.get("controller", True):
            return str(reference.get("kind") or ""), str(reference.get("name") or "")
    return "", ""


def owners(docs: Iterable[Doc]) -> Owners:
    """What controls what, for `root`."""
    return {(str(d.get("kind")), name_of(d)): above for d in docs if (above := owner(d))[1]}


def by_name(pods: Sequence[Doc], makers: Iterable[tuple[str, str]], told: Owners) -> Owners:
    """The workload of pods of which neither owner nor labels are told, as in a summary: names begin with that of their maker.

    Only a workload that no pod names as its owner can be the maker of such ones; of several the longest name.
    """
    known = {root("Pod", name_of(d), told) for d in pods}
    free = [maker for maker in makers if maker not in known]
    return {
        ("Pod", name): max(fits, key=lambda maker: len(maker[1]))
        for d in pods
        if not at(d, "metadata", "ownerReferences") and not at(d, "metadata", "labels")
        for name in [name_of(d)]
        if (fits := [maker for maker in free if name.startswith(f"{maker[1]}-")])
    }


def root(kind: str, name: str, above: Owners) -> tuple[str, str]:
    """The topmost owner that is no node (as of a static pod): a pod's workload; the object itself where nothing owns it."""
    here, seen = (kind, name), set()
    while here not in seen:
        seen.add(here)
        over = above.get(here, ("", ""))
        if not over[1] or over[0] == "Node":
            break
        here = over
    return here


def pod(doc: Doc, above: Owners, told: Sequence[Event], now: datetime | None) -> Pod:
    """A pod with the states of its containers and the events that are about it."""
    name = name_of(doc)
    states = {
        str(s.get("name")): s
        for part in ("initContainerStatuses", "containerStatuses")
        for s in listed(at(doc, "status", part))
        if isinstance(s, Mapping)
    }
    spec = m.spec_of(doc)
    containers = tuple(_with_state(c, states.get(c.name, {})) for c in spec.containers)
    main = [s for s in listed(at(doc, "status", "containerStatuses")) if isinstance(s, Mapping)]
    ended = [e for s in main if (e := ago(at(s, "lastState", "terminated", "finishedAt"), now)) is not None]
    restarts = sum(_count(s.get("restartCount")) for s in main)
    total = len(listed(at(doc, "spec", "containers"))) or len(main)
    return Pod(
        name=name,
        namespace=str(at(doc, "metadata", "namespace") or ""),
        app=_app(name, spec, above),
        status=status(doc),
        ready=(sum(s.get("ready") is True for s in main), total),
        restarts=restarts,
        restart_s=min(ended, default=None) if restarts else None,
        age_s=ago(at(doc, "metadata", "creationTimestamp"), now),
        node=str(at(doc, "spec", "nodeName") or ""),
        ip=str(at(doc, "status", "podIP") or ""),
        spec=replace(spec, containers=containers),
        message=str(at(doc, "status", "message") or ""),
        finalizers=tuple(str(f) for f in listed(at(doc, "metadata", "finalizers"))),
        overdue_s=ago(at(doc, "metadata", "deletionTimestamp"), now),
        conditions={k: v[0] for k, v in conditions(doc).items()},
        events=tuple(told),
    )


def _app(name: str, spec: Spec, above: Owners) -> str:
    kind, found = root("Pod", name, above)
    # A replica set that could not be read ends in the hash that its pods carry; what is before it is its deployment.
    return found.removesuffix(f"-{spec.labels.get('pod-template-hash')}") if kind == "ReplicaSet" else found


def status(doc: Doc) -> str:
    """STATUS as `kubectl get pods` puts it together: the phase, else why a container waits or ended."""
    reason = str(at(doc, "status", "reason") or at(doc, "status", "phase") or "")
    if conditions(doc).get("PodScheduled", ("", ""))[1] == GATED:
        reason = GATED
    before = [s for s in listed(at(doc, "status", "initContainerStatuses")) if isinstance(s, Mapping)]
    for place, one in enumerate(before):
        ended, waiting = at(one, "state", "terminated"), at(one, "state", "waiting", "reason")
        if (ended is not None and not at(ended, "exitCode")) or (at(one, "started") and one.get("ready")):
            continue
        why = _ended(ended) if ended is not None else waiting if waiting != "PodInitializing" else ""
        reason = f"Init:{why or f'{place}/{len(before)}'}"
        break
    else:
        reason = _by_containers(doc, reason)
    if at(doc, "metadata", "deletionTimestamp"):
        return "Unknown" if at(doc, "status", "reason") == "NodeLost" else "Terminating"
    return reason


def _by_containers(doc: Doc, reason: str) -> str:
    running = False
    for one in reversed(listed(at(doc, "status", "containerStatuses"))):
        waiting, ended = at(one, "state", "waiting", "reason"), at(one, "state", "terminated")
        if waiting:
            reason = str(waiting)
        elif ended is not None:
            reason = _ended(ended)
        elif at(one, "ready") and at(one, "state", "running") is not None:
            running = True
    if reason == "Completed" and running:
        return "Running" if conditions(doc).get("Ready", ("",))[0] == "True" else "NotReady"
    return reason


def _ended(state: object) -> str:
    number = (
        f"Signal:{at(state, 'signal')}" if at(state, "signal") else f"ExitCode:{at(state, 'exitCode') or 0}"
    )
    return str(at(state, "reason") or number)


def _with_state(container: Container, told: Doc) -> Container:
    now, last = at(told, "state"), at(told, "lastState")
    word = next((w for w in ("running", "waiting", "terminated") if at(now, w) is not None), "")
    code = at(last, "terminated", "exitCode")
    code = at(now, "terminated", "exitCode") if code is None else code
    return replace(
        container,
        state=word.capitalize(),
        reason=str(at(now, word, "reason") or ""),
        message=str(at(now, word, "message") or at(last, "terminated", "message") or ""),
        last_reason=str(at(last, "terminated", "reason") or ""),
        exit_code=code if isinstance(code, int) else None,
        ready=told.get("ready") is True,
        restarts=_count(told.get("restartCount")),
    )


def conditions(doc: Doc) -> dict[str, tuple[str, str]]:
    """Conditions by type: status and reason."""
    return {
        str(c["type"]): (str(c.get("status") or ""), str(c.get("reason") or ""))
        for c in listed(at(doc, "status", "conditions"))
        if isinstance(c, Mapping) and c.get("type")
    }


def workload(doc: Doc, told: Sequence[Event], applied: Spec | None) -> Workload:
    """A workload: how many pods it wants and has ready. A job that ended and a cron job between its jobs want none."""
    kind, wanted, has = str(doc.get("kind")), at(doc, "spec", "replicas"), at(doc, "status", "readyReplicas")
    if kind == "DaemonSet":
        wanted, has = at(doc, "status", "desiredNumberScheduled"), at(doc, "status", "numberReady")
    elif kind == "Job":
        ended = at(doc, "status", "completionTime") or conditions(doc).get("Failed", ("",))[0] == "True"
        idle = ended or at(doc, "spec", "suspend")
        wanted, has = 0 if idle else at(doc, "spec", "parallelism"), at(doc, "status", "ready")
    elif kind == "CronJob":
        wanted, has = 0, 0
    inner = {"spec": at(doc, "spec", "jobTemplate", "spec") or {}} if kind == "CronJob" else doc
    return Workload(
        kind=kind,
        name=name_of(doc),
        namespace=str(at(doc, "metadata", "namespace") or ""),
        desired=1 if wanted is None else _count(wanted),
        ready=_count(has),
        selector=mapping(at(doc, "spec", "selector", "matchLabels")),
        spec=m.spec_of(inner),
        manifest=applied,
        conditions=conditions(doc),
        events=tuple(told),
    )


def bare(one: Pod) -> Workload:
    """A pod that nothing owns, as a workload of one."""
    return Workload(
        kind="Pod",
        name=one.name,
        namespace=one.namespace,
        desired=0 if one.done else 1,
        ready=int(one.healthy),
        selector=one.spec.labels,
        spec=one.spec,
        events=one.events,
    )


def service(doc: Doc, namespace: str, ends: Mapping[str, Doc] | None) -> Service:
    """A service with its endpoints, where those were read."""
    found = replace(
        m.service_of(doc, namespace),
        cluster_ip=str(at(doc, "spec", "clusterIP") or ""),
        external=str(at(doc, "spec", "externalName") or ""),
    )
    if ends is None:
        return found
    subsets = listed(at(ends.get(found.name), "subsets"))
    return replace(
        found,
        endpoints=tuple(f"{a}:{p}" for s in subsets for a in _ips(s, "addresses") for p in _numbers(s)),
        not_ready=tuple(a for s in subsets for a in _ips(s, "notReadyAddresses")),
    )


def _ips(subset: object, key: str) -> list[str]:
    return [str(at(a, "ip")) for a in listed(at(subset, key)) if at(a, "ip")]


def _numbers(subset: object) -> list[str]:
    return [str(at(p, "port") or "") for p in listed(at(subset, "ports"))] or [""]


def quota(doc: Doc) -> Quota:
    """A resource quota with what is used of it."""
    hard = mapping(at(doc, "status", "hard")) or mapping(at(doc, "spec", "hard"))
    return Quota(
        name=name_of(doc),
        namespace=str(at(doc, "metadata", "namespace") or ""),
        used=mapping(at(doc, "status", "used")),
        hard=hard,
    )


def node(doc: Doc) -> Node:
    """A node: whether it is ready, and every other condition that it reports."""
    told = {str(c.get("type")): c for c in listed(at(doc, "status", "conditions")) if isinstance(c, Mapping)}
    ready = told.pop("Ready", {})
    labels = mapping(at(doc, "metadata", "labels"))
    roles = [k.removeprefix(_ROLE) for k in labels if k.startswith(_ROLE)] or [
        labels.get("kubernetes.io/role", "")
    ]
    return Node(
        name=name_of(doc),
        ready=str(ready.get("status") or ""),
        ready_message=f"{ready.get('reason') or ''} {ready.get('message') or ''}".strip(),
        unschedulable=at(doc, "spec", "unschedulable") is True,
        roles=",".join(r for r in roles if r),
        labels=labels,
        taints=tuple(_taint(t) for t in listed(at(doc, "spec", "taints")) if isinstance(t, Mapping)),
        allocatable=mapping(at(doc, "status", "allocatable")),
        conditions={k: (str(c.get("status") or ""), str(c.get("message") or "")) for k, c in told.items()},
    )


def _taint(raw: Doc) -> str:
    value = f"={raw['value']}" if raw.get("value") else ""
    return f"{raw.get('key')}{value}:{raw.get('effect')}"


def policy(doc: Doc) -> Policy:
    """A network policy: which pods it covers, and whether it lets nothing in."""
    kinds = listed(at(doc, "spec", "policyTypes")) or ["Ingress"]
    return Policy(
        name=name_of(doc),
        selector=mapping(at(doc, "spec", "podSelector", "matchLabels")),
        closed="Ingress" in kinds and not listed(at(doc, "spec", "ingress")),
    )


def scaler(doc: Doc) -> Scaler:
    """A horizontal pod autoscaler."""
    told = {str(c.get("type")): c for c in listed(at(doc, "status", "conditions")) if isinstance(c, Mapping)}
    stuck = [
        c for k, c in told.items() if k in ("AbleToScale", "ScalingActive") and c.get("status") == "False"
    ]
    return Scaler(
        name=name_of(doc),
        target=str(at(doc, "spec", "scaleTargetRef", "name") or ""),
        least=_count(at(doc, "spec", "minReplicas")) or 1,
        most=_count(at(doc, "spec", "maxReplicas")),
        wanted=_count(at(doc, "status", "desiredReplicas")),
        limited=at(told.get("ScalingLimited"), "status") == "True",
        problem=str(stuck[0].get("message") or stuck[0].get("reason") or "") if stuck else "",
    )


def budget(doc: Doc) -> Budget:
    """A pod disruption budget."""
    return Budget(
        name=name_of(doc),
        selector=mapping(at(doc, "spec", "selector", "matchLabels")),
        allowed=_count(at(doc, "status", "disruptionsAllowed")),
        expected=_count(at(doc, "status", "expectedPods")),
        wanted=_count(at(doc, "status", "desiredHealthy")),
    )


def webhooks(doc: Doc) -> list[Webhook]:
    """The webhooks of an admission configuration."""
    return [
        Webhook(
            name=str(w.get("name") or ""),
            service=str(at(w, "clientConfig", "service", "name") or ""),
            namespace=str(at(w, "clientConfig", "service", "namespace") or ""),
            closed=w.get("failurePolicy", "Fail") == "Fail",
        )
        for w in listed(doc.get("webhooks"))
        if isinstance(w, Mapping)
    ]


def events(docs: Iterable[Doc], now: datetime | None) -> list[Event]:
    """Events, the one that was seen last at the end."""
    found = [_event(d, now) for d in docs]
    return sorted(found, key=lambda e: -(e.last_s if e.last_s is not None else 0.0))


def _event(doc: Doc, now: datetime | None) -> Event:
    about: Any = at(doc, "involvedObject") or at(doc, "regarding")
    last = at(doc, "series", "lastObservedTime") or doc.get("lastTimestamp") or doc.get("eventTime")
    return Event(
        type=str(doc.get("type") or ""),
        reason=str(doc.get("reason") or ""),
        message=re.sub(r"\s+", " ", str(doc.get("message") or doc.get("note") or "")).strip(),
        kind=str(at(about, "kind") or "").lower(),
        name=str(at(about, "name") or ""),
        last_s=ago(last or at(doc, "metadata", "creationTimestamp"), now),
        count=_count(doc.get("count") or at(doc, "series", "count")) or 1,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
