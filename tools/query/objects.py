"""Counts and lists of a cluster's objects, and one part of one object: its image, node, labels, limits, state …"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.core.words import SourceRef
from aitia.tools.cluster.live import status as pod_status
from aitia.tools.cluster.manifest import at, listed, mapping, name_of
from aitia.tools.cluster.quantity import quantity
from aitia.tools.cluster.reading import Reader
from aitia.tools.query.found import Figure, Found, unknown
from aitia.tools.query.machine_state import machine_state
from aitia.tools.query.parts import part_of
from aitia.tools.query.samples import has_labels
from aitia.tools.query.site import Site
from aitia.tools.query.words import Count, Get, List, State
from aitia.tools.sources.cluster.cluster_recorded import moment
from aitia.tools.sources.cluster.object_kinds import CLUSTER_WIDE

Doc = Mapping[str, Any]
OWNERS: Final = ("deployments", "statefulsets", "daemonsets", "cronjobs", "jobs", "pods")
"""Where an app's own object is looked for, in this order."""
_SHOWN: Final = 60
_STATE: Final = {
    "ready": "ready", "not_ready": "not ready", "running": "running", "pending": "pending", "failed": "failed",
    "evicted": "evicted", "memory_pressure": "under memory pressure", "disk_pressure": "under disk pressure",
    "cordoned": "cordoned", "restarted": "that restarted", "never_restarted": "that never restarted", "completed": "completed",
}  # fmt: skip


def count_objects(query: Count, site: Site) -> Found:
    """How many objects of a kind there are, of a state and with labels."""
    held = _at_node(
        selected(site, str(query.of), query.namespace, query.component, query.state, query.labels),
        query.node,
    )
    found = _told(held, site, str(query.of), query.state, query.labels, counts=True)
    if query.by not in ("node", "state", "namespace") or isinstance(held, Found):
        return found
    groups: dict[str, int] = {}
    for _, reader, d in held:
        key = part_of(d, str(query.of), query.by, reader).partition(",")[0] or "none"
        groups[key] = groups.get(key, 0) + 1
    by = sorted(groups.items(), key=lambda pair: (-pair[1], pair[0]))
    told = ", ".join(f"{k} {n}" for k, n in by)
    return found.model_copy(
        update={"kind": "names", "names": tuple(k for k, _ in by), "values": {k: str(n) for k, n in by},
                "said": f"{len(held)} {query.of} by {query.by}: {told}."}
    )  # fmt: skip


def list_objects(query: List, site: Site) -> Found:
    """Which there are, each with the part that is asked for."""
    held = _at_node(
        selected(site, query.of, query.namespace, query.component, query.state, query.labels), query.node
    )
    if isinstance(held, Found):
        return held
    found = _told(held, site, query.of, query.state, query.labels)
    part = query.part or ("restarts" if query.state == "restarted" else "")
    if not part or found.status != "found":
        return found
    values = {name_of(d): part_of(d, query.of, part, reader) for _, reader, d in held}
    if part == "restarts":
        values = dict(sorted(values.items(), key=lambda pair: (-float(pair[1] or 0), pair[0]))[: query.limit])
        found = found.model_copy(update={"names": tuple(values)})
    told = "; ".join(f"{n} {v or 'none'}" for n, v in list(values.items())[:_SHOWN])
    at = max((m for v in values.values() if (m := moment(v))), default=None) if part == "since" else found.at
    return found.model_copy(
        update={"values": values, "value": None, "at": at, "said": f"{found.said.rstrip('.')}: {told}."}
    )


def get_part(query: Get, site: Site) -> Found:
    """One part of what a name means: of its pods, or of the object that owns them."""
    if query.part == "state" and not site.readers() and (told := machine_state(site, query.component)):
        return told
    held = objects_of(site, query.component, query.of, query.part)
    if isinstance(held, Found):
        return held
    kind, found = held
    values = {name_of(d): part_of(d, kind, query.part, reader) for _, reader, d in found}
    distinct = list(dict.fromkeys(v for v in values.values() if v))
    refs = tuple(ref_of(source, kind, reader.namespace, name_of(d)) for source, reader, d in found[:4])
    if not distinct:
        return Found(
            status="empty",
            kind="text",
            said=f"{query.component} has no {_named(query.part)} set.",
            sources=refs,
        )
    one = distinct[0] if len(distinct) == 1 else "; ".join(f"{n}: {v or 'none'}" for n, v in values.items())
    number = (
        float(distinct[0]) if len(distinct) == 1 and distinct[0].replace(".", "", 1).isdecimal() else None
    )
    total = sum(float(v) for v in values.values()) if query.part == "restarts" else number
    unit = ""
    if query.part in ("limits", "requests") and len(distinct) == 1 and total is None:
        total, unit = _amount(distinct[0])
        one += f" ({total:.0f} bytes)" if total is not None and unit else ""
    amounts = _amounts(distinct[0]) if query.part in ("limits", "requests") and len(distinct) == 1 else ()
    since = max((m for v in distinct if (m := moment(v))), default=None) if query.part == "since" else None
    return Found(
        status="found",
        at=since,
        kind="time" if since else "number" if total is not None else "text",
        value=total,
        unit=unit,
        names=tuple(distinct),
        values=values,
        figures=amounts,
        said=f"{_named(query.part).capitalize()} of {query.component}: {one}.",
        sources=refs,
    )


def _amount(told: str) -> tuple[float | None, str]:
    """The number and unit of a single amount (`memory=768Mi`); None of several."""
    name, _, text = told.rpartition("=")
    name = name.rpartition(": ")[2]
    if "," in told or name not in _RESOURCES:
        return None, ""
    return quantity(text), "" if name == "cpu" else "bytes"


def _amounts(told: str) -> tuple[Figure, ...]:
    """Each of several amounts of one container: `cpu=500m, memory=140Mi`."""
    pairs = [_PAIR.fullmatch(p) for p in told.split(", ")]
    held = [(m[1], quantity(m[2])) for m in pairs if m]
    if len(held) != len(pairs):
        return ()
    return tuple(
        Figure(name=n, value=v, unit="cores" if n == "cpu" else "bytes")
        for n, v in held
        if v is not None and n in _RESOURCES
    )


_RESOURCES: Final = ("cpu", "memory", "storage", "ephemeral-storage")
_PAIR: Final = re.compile(r"([\w./-]+)=(\S+)")


def objects_of(
    site: Site, component: str, kind: str, part: str
) -> tuple[str, list[tuple[str, Reader, Doc]]] | Found:
    """The objects that a name means, of the kind that tells the part best."""
    if not site.readers():
        return unknown(
            f"No cluster source tells the {_named(part)} of {component}.",
            "a cluster source (kubectl or recorded)",
        )
    by_pod = part in ("node", "ip", "restarts", "state", "why", "age", "owner", "since", "exit_code")
    order = (
        [kind]
        if kind not in ("components", "machines")
        else [*(("pods",) if by_pod else OWNERS), *OWNERS, "nodes", "services"]
    )
    if part == "schedule":
        order = ["cronjobs"]
    if part in ("ports", "type"):
        order = ["services", *order]
    for one in dict.fromkeys(order):
        held = selected(site, one, "", component, "", "")
        if not isinstance(held, Found) and held:
            return one, held
    return unknown(f"The cluster has no object {component!r}.", "")


def selected(
    site: Site, of: str, namespace: str, component: str, state: State, labels: str
) -> list[tuple[str, Reader, Doc]] | Found:
    """The objects of a kind, of a component, state and labels, with their sources; why there is none to tell of."""
    readers = site.readers()
    if not readers:
        return unknown(
            f"No source holds {of} of a cluster.", "a cluster source (kubectl or recorded) in aitia.yaml"
        )
    found: list[tuple[str, Reader, Doc]] = []
    read = False
    for number, (source, reader) in enumerate(readers):
        if namespace and reader.namespace != namespace:
            continue
        if of in CLUSTER_WIDE and number:
            break
        try:
            docs = reader.known("pods" if of == "containers" else of)
        except SourceError as error:
            site.notes.append(str(error))
            continue
        if docs is None:
            continue
        read = True
        live = reader.listed("pods" if of == "containers" else of)
        found += [(source, reader, d) for d in live if _fits(d, of, reader, site, component, state, labels)]
    if not read:
        return unknown(f"{of.capitalize()} were not recorded or may not be read.", f"the right to list {of}")
    return found


def _at_node(held: list[tuple[str, Reader, Doc]] | Found, node: str) -> list[tuple[str, Reader, Doc]] | Found:
    """Those of pods that run on a node; all, where none is named."""
    if isinstance(held, Found) or not node:
        return held
    return [h for h in held if str(at(h[2], "spec", "nodeName") or "") == node]


def _fits(doc: Doc, of: str, reader: Reader, site: Site, component: str, state: State, labels: str) -> bool:
    if component and not _is_of(doc, of, reader, site, component):
        return False
    if labels and not has_labels({**mapping(at(doc, "metadata", "labels"))}, labels):
        return False
    return not state or state in states_of(doc, of)


def _is_of(doc: Doc, of: str, reader: Reader, site: Site, component: str) -> bool:
    name = name_of(doc)
    if name == component or site.name(name) == component or f"{reader.namespace}/{name}" == component:
        return True
    if of in ("pods", "containers"):
        held = next((p for p in reader.pods if p.name == name), None)
        return held is not None and component in (held.app, held.node, site.name(held.app), held.namespace)
    if of in ("jobs", "replicasets"):
        owners = [
            str(o.get("name"))
            for o in listed(at(doc, "metadata", "ownerReferences"))
            if isinstance(o, Mapping)
        ]
        return component in owners or component in map(site.name, owners)
    if of == "services":
        selector = mapping(at(doc, "spec", "selector"))
        return any(
            p.app == component and selector and selector.items() <= mapping(p.spec.labels).items()
            for p in reader.pods
        )
    if of == "persistentvolumeclaims":
        mounted = (
            str(at(v, "persistentVolumeClaim", "claimName") or "")
            for p in reader.listed("pods")
            if _is_of(p, "pods", reader, site, component)
            for v in listed(at(p, "spec", "volumes"))
            if isinstance(v, Mapping)
        )
        return name in mounted or component == reader.namespace
    return component == reader.namespace


def states_of(doc: Doc, of: str) -> frozenset[str]:
    """Which of the query's states an object is in."""
    if of in ("pods", "containers"):
        return _of_pod(doc)
    conditions = {
        str(c.get("type")): str(c.get("status"))
        for c in listed(at(doc, "status", "conditions"))
        if isinstance(c, Mapping)
    }
    phase = str(at(doc, "status", "phase") or "")
    if of == "nodes":
        pressed = {
            f"{k}_pressure"
            for k in ("memory", "disk")
            if conditions.get(f"{k.capitalize()}Pressure") == "True"
        }
        pressed |= {"cordoned"} if at(doc, "spec", "unschedulable") is True else set()
        return (
            frozenset({"ready", "running"} if conditions.get("Ready") == "True" else {"not_ready"}) | pressed
        )
    if of == "jobs":
        done, failed = (
            conditions.get("Complete") == "True",
            conditions.get("Failed") == "True" or bool(at(doc, "status", "failed")),
        )
        active = bool(at(doc, "status", "active"))
        told = (
            ("completed", done),
            ("ready", done),
            ("failed", failed),
            ("not_ready", failed),
            ("running", active),
        )
        return frozenset(s for s, yes in told if yes)
    if of in ("persistentvolumeclaims", "persistentvolumes", "namespaces"):
        ready = phase in ("Bound", "Active", "Available")
        return frozenset({"ready"} if ready else {"not_ready", phase.casefold()})
    else:
        wanted = (
            at(doc, "status", "desiredNumberScheduled") if of == "daemonsets" else at(doc, "spec", "replicas")
        )
        has = at(doc, "status", "numberReady") if of == "daemonsets" else at(doc, "status", "readyReplicas")
        ready = int(has or 0) >= int(1 if wanted is None else wanted)
    return frozenset({"ready", "running"} if ready else {"not_ready"})


def _of_pod(doc: Doc) -> frozenset[str]:
    shown = pod_status(doc)
    states = [s for s in listed(at(doc, "status", "containerStatuses")) if isinstance(s, Mapping)]
    restarts = sum(int(s.get("restartCount") or 0) for s in states)
    ready = shown == "Running" and bool(states) and all(s.get("ready") is True for s in states)
    found = {"restarted" if restarts else "never_restarted"}
    done = shown in ("Completed", "Succeeded")
    found |= {"evicted"} if shown == "Evicted" else set()
    found |= {"ready"} if ready else set() if done else {"not_ready"}
    found |= {"running"} if shown == "Running" else {"completed"} if done else set()
    found |= {"pending"} if at(doc, "status", "phase") == "Pending" else set()
    bad = not (
        ready
        or done
        or shown in ("Running", "Pending", "ContainerCreating", "Terminating", "PodInitializing")
    )
    return frozenset(found | ({"failed"} if bad else set()))


def _told(
    held: Sequence[tuple[str, Reader, Doc]] | Found,
    site: Site,
    of: str,
    state: State,
    labels: str,
    *,
    counts: bool = False,
) -> Found:
    if isinstance(held, Found):
        return held
    names = tuple(name_of(d) for _, _, d in held)
    number = len(names)
    if of == "containers":
        number = sum(len(listed(at(d, "spec", "containers"))) for _, _, d in held)
    spaces = sorted({reader.namespace for _, reader in site.readers()})
    where = "" if of in CLUSTER_WIDE else f" in {', '.join(spaces[:4])}"
    what = f"{number} {of if number != 1 else of.removesuffix('s')}{f' {_STATE[state]}' if state else ''}"
    what += f" with {labels!r}" if labels else ""
    shown = f": {', '.join(names[:_SHOWN])}" if names else ""
    return Found(
        status="found" if names or counts else "empty",
        kind="number" if counts else "names",
        value=float(number),
        unit=of,
        names=names,
        said=f"{what}{where}{shown}.",
        sources=tuple(_refs(held, site, of)),
    )


def _refs(held: Iterable[tuple[str, Reader, Doc]], site: Site, of: str) -> list[SourceRef]:
    spaces = {(source, reader.namespace) for source, reader, _ in held} or {
        (s, r.namespace) for s, r in site.readers()
    }
    kind = "pods" if of == "containers" else of
    refs = [
        SourceRef(source=s, query=f"kubectl get {kind}{'' if of in CLUSTER_WIDE else f' -n {n}'}")
        for s, n in sorted(spaces)
    ]
    return refs[:1] if of in CLUSTER_WIDE else refs[:4]


def ref_of(source: str, kind: str, namespace: str, name: str) -> SourceRef:
    """Where one object can be read again."""
    where = "" if kind in CLUSTER_WIDE else f" -n {namespace}"
    return SourceRef(source=source, query=f"kubectl get {kind} {name}{where} -o json")


def _named(part: str) -> str:
    told = {"why": "reason", "ip": "address", "since": "last change of state", "exit_code": "exit code"}
    return told.get(part, part)
