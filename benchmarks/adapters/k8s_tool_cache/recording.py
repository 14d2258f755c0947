"""A case's answers as a recorded cluster: one file of objects, and logs by pod; its metrics as a table."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.config import SourceConfig
from benchmarks.adapters.k8s_tool_cache import objects as o
from benchmarks.adapters.k8s_tool_cache import parts as p
from benchmarks.adapters.k8s_tool_cache.answers import Answers, Question
from benchmarks.adapters.k8s_tool_cache.text import Branch, Row, rows, trees

WORKLOADS: Final[Mapping[str, str]] = {
    "deployments": "Deployment",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
}
NAMES_ONLY: Final[Mapping[str, str]] = {"secrets": "Secret", "serviceaccounts": "ServiceAccount"}
_EVENT = re.compile(
    r"^(?P<Age>\S+(?: \(x\d+ over \S+\))?)\s+(?P<Type>Normal|Warning)\s+(?P<Reason>\S+)"
    r"\s+(?P<object>[a-zA-Z.]+/\S+)\s+(?P<Message>.*)$"
)
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) ")
_CALLEE = re.compile(r"^[├└]── ([a-z0-9][a-z0-9.-]*)", re.MULTILINE)
MOST_REPEATED: Final = 60  # lines of one sample: a reader takes the last lines of a log
_KINDS: Final = {
    "pods": "Pod", "replicasets": "ReplicaSet", "services": "Service", "endpoints": "Endpoints", "nodes": "Node",
    "persistentvolumeclaims": "PersistentVolumeClaim", "jobs": "Job", **WORKLOADS,
}  # fmt: skip


def transcribed(case: Path, namespace: str, out: Path) -> list[SourceConfig]:
    """Write a case below `out` and name its sources: the recorded cluster, and its metrics where it has some."""
    answers = Answers.of(case, namespace)
    write(answers, namespace, out / "cluster")
    made = [cluster_source(out / "cluster", namespace)]
    if components := dependencies(answers):
        (out / "topology.json").write_text(json.dumps({"components": components}), encoding="utf-8")
        path = str((out / "topology.json").resolve())
        made.append(SourceConfig(name="map", kind="topology", type="topology", path=path))
    if (case / "metrics.csv").is_file():
        write_metrics(case / "metrics.csv", out / "metrics.csv")
        path = str((out / "metrics.csv").resolve())
        made.append(SourceConfig(name="metrics", kind="metrics", type="table", path=path))
    return made


def dependencies(answers: Answers) -> list[dict[str, Any]]:
    """Who calls whom, as the recorded dependency tool says it: the first level below each service."""
    found: list[dict[str, Any]] = []
    for app in answers.names("dependencies", "service_name"):
        text = answers.ask(Question(verb="dependencies", name=app)) or ""
        links = [{"relation": "calls", "to": callee} for callee in _CALLEE.findall(text)]
        found += [{"id": app, "type": "app", "links": links}] if links else []
    return found


def cluster_source(folder: Path, namespace: str) -> SourceConfig:
    """What reads a folder that `write` made."""
    options = {"namespaces": namespace}
    return SourceConfig(
        name="cluster", kind="cluster", type="cluster_recorded", path=str(folder.resolve()), options=options
    )


def write(answers: Answers, namespace: str, folder: Path) -> None:
    """Objects and logs of a namespace."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Transcript(answers, namespace)
    lists = [{"kind": f"{kind}List", "items": []} for kind in sorted(made.asked)]
    stamp = {"creationTimestamp": answers.at.isoformat()}
    whole = {"kind": "List", "metadata": stamp, "items": [*lists, *made.items]}
    (folder / "objects.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    for pod, lines in made.logs().items():
        path = folder / "namespaces" / namespace / "pods" / pod / "current.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_metrics(source: Path, target: Path) -> None:
    """The set's wide table (`COMPONENT-METRIC` columns) as a long one."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        heading, *lines = csv.reader(file)
    with target.open("w", encoding="utf-8", newline="") as file:
        to = csv.writer(file)
        to.writerow(["time", "component", "metric", "value"])
        for line in lines:
            for column, value in zip(heading[1:], line[1:], strict=False):
                component, _, metric = column.rpartition("-")
                if value != "":
                    to.writerow([line[0], component, metric, value])


class Transcript:
    """The objects of one namespace, in the order in which they were recorded. `asked` are the kinds that were asked for."""

    def __init__(self, answers: Answers, namespace: str) -> None:
        self._answers, self.namespace = answers, namespace
        self.asked: set[str] = set()
        self.items: list[o.Object] = []
        self._events: dict[tuple[str, str, str, str], o.Object] = {}
        now, space = answers.at, namespace
        self._workloads()
        jobs = self._table("jobs", "Job")
        told = self._described("jobs", jobs)
        self._add(o.job(r, told.get(r["NAME"], o.GONE), space, now) for r in jobs)
        sets = self._table("replicasets", "ReplicaSet")
        told = self._described("replicasets", sets)
        self._add(o.replica_set(r, told.get(r["NAME"], o.GONE), space, now) for r in sets)
        owners = [f"ReplicaSet/{r['NAME']}" for r in sets]
        owners += [
            f"{i['kind']}/{i['metadata']['name']}"
            for i in self.items
            if i["kind"] in (*WORKLOADS.values(), "Job")
        ]
        pods = self._table("pods", "Pod", wide=True)
        told = self._described("pods", pods)
        self._add(o.pod(r, told.get(r["NAME"], o.GONE), space, now, owners) for r in pods)
        self._services()
        for resource, kind in NAMES_ONLY.items():
            self._add(p.named(kind, r, space) for r in self._table(resource, kind))
        self._storage()
        self._rest()
        self._nodes()
        self._listed_events()
        self._manifests()
        for number, event in enumerate(self._events.values()):
            event["metadata"] |= {"name": f"event-{number}", "uid": f"event-{number}"}
            self.items.append(event)

    def _add(self, found: Iterable[o.Object]) -> None:
        self.items += found

    def _get(self, resource: str, *, wide: bool = False, labels: bool = False, space: str = "") -> str | None:
        where = space or self.namespace
        answer = self._answers.ask(
            Question(verb="get", resource=resource, namespace=where, wide=wide, labels=labels)
        )
        if answer is None and (wide or labels):
            return self._get(resource, space=space)
        return answer

    def _table(self, resource: str, kind: str, *, wide: bool = False, labels: bool = False) -> list[Row]:
        answer = self._get(resource, wide=wide, labels=labels)
        if answer is not None:
            self.asked.add(kind)
        return [r for r in rows(answer or "") if r.get("NAME")]

    def _described(self, resource: str, listed: Iterable[Row]) -> dict[str, Branch]:
        """The descriptions of listed objects; their events are kept."""
        found: dict[str, Branch] = {}
        whole = self._answers.ask(Question(verb="describe", resource=resource, namespace=self.namespace))
        texts = [whole] if whole else [self._text(resource, r["NAME"]) for r in listed]
        for branch in (b for text in texts for b in trees(text)):
            if name := branch.text("Name"):
                found[name] = branch
                space = "default" if resource == "nodes" else self.namespace
                for row in branch.table("Events"):
                    self._event(_KINDS.get(resource, ""), name, space, row)
        return found

    def _text(self, resource: str, name: str) -> str:
        asked = Question(verb="describe", resource=resource, name=name, namespace=self.namespace)
        return self._answers.ask(asked) or ""

    def _event(self, kind: str, name: str, space: str, told: Row) -> None:
        key = (kind.lower(), name, told.get("Reason", ""), told.get("Message", ""))
        if told.get("Reason"):
            self.asked.add("Event")
            self._events.setdefault(key, o.event(kind, name, space, self._answers.at, told))

    def _workloads(self) -> None:
        for resource, kind in WORKLOADS.items():
            listed = self._table(resource, kind, wide=True)
            told = self._described(resource, listed)
            for row in listed:
                branch = told.get(row["NAME"], o.GONE)
                self.items.append(o.workload(kind, row, branch, self.namespace, self._answers.at))

    def _services(self) -> None:
        listed = self._table("services", "Service", wide=True)
        told = self._described("services", listed)
        self._add(p.service(r, told.get(r["NAME"], o.GONE), self.namespace, self._answers.at) for r in listed)
        ends = self._table("endpoints", "Endpoints")
        waiting = self._described("endpoints", ends)
        for row in ends:
            name = row["NAME"]
            about = told.get(name, o.GONE), waiting.get(name, o.GONE)
            self.items.append(p.endpoints(name, row.get("ENDPOINTS", ""), *about, self.namespace))

    def _storage(self) -> None:
        listed = self._table("persistentvolumeclaims", "PersistentVolumeClaim")
        told = self._described("persistentvolumeclaims", listed)
        self._add(p.claim(r, told.get(r["NAME"], o.GONE), self.namespace) for r in listed)
        self._add(p.volume(r) for r in self._table("persistentvolumes", "PersistentVolume", labels=True))
        self._add(p.named("StorageClass", r) for r in self._table("storageclasses", "StorageClass"))

    def _rest(self) -> None:
        quotas = self._table("resourcequotas", "ResourceQuota")
        told = self._described("resourcequotas", quotas)
        self._add(p.quota(r, told.get(r["NAME"], o.GONE), self.namespace) for r in quotas)
        for row in self._table("configmaps", "ConfigMap"):
            self.items.append(
                p.config_map(row["NAME"], self._text("configmaps", row["NAME"]), self.namespace)
            )
        told = self._described("ingresses", self._table("ingresses", "Ingress"))
        self._add(p.ingress(b, self.namespace) for b in told.values())
        told = self._described("networkpolicies", self._table("networkpolicies", "NetworkPolicy"))
        self._add(p.policy(b, self.namespace) for b in told.values())

    def _nodes(self) -> None:
        listed = self._table("nodes", "Node", labels=True)
        told = self._described("nodes", listed)
        for row in listed:
            name = row["NAME"]
            asked = {s: Question(verb="node_service", resource=s, name=name) for s in p.NODE_SERVICES}
            services = {s: text for s, q in asked.items() if (text := self._answers.ask(q))}
            self.items.append(p.node(row, told.get(name, o.GONE), services))
        for row in rows(self._get("pods", wide=True, space="kube-system") or ""):
            self.items.append(o.pod(row, o.GONE, "kube-system", self._answers.at, ()))

    def _listed_events(self) -> None:
        for space in (self.namespace, "default", "kube-system"):
            text = self._get("events", space=space)
            if text is not None:
                self.asked.add("Event")
            for match in (m for line in (text or "").split("\n") if (m := _EVENT.match(line))):
                kind, _, name = match["object"].partition("/")
                self._event(kind, name, space, match.groupdict())

    def _manifests(self) -> None:
        """Files as they were applied: without what an API server adds."""
        for app in self._answers.names("yaml", "app_name"):
            text = self._answers.ask(Question(verb="yaml", name=app))
            for doc in _documents(text or ""):
                meta = doc.get("metadata")
                kept = {"name", "namespace", "labels", "annotations"}
                plain = {k: v for k, v in meta.items() if k in kept} if isinstance(meta, Mapping) else {}
                cluster_wide = doc.get("kind") in ("PersistentVolume", "StorageClass")
                plain |= {} if cluster_wide else {"namespace": self.namespace}
                self.items.append({k: v for k, v in doc.items() if k != "status"} | {"metadata": plain})

    def logs(self) -> dict[str, list[str]]:
        """The error lines of each service, a sample as often as it was counted, below the first pod of its name."""
        found: dict[str, list[str]] = {}
        pods = [i["metadata"]["name"] for i in self.items if i["kind"] == "Pod"]
        for app in self._answers.names("logs", "service_name"):
            text = self._answers.ask(Question(verb="logs", name=app, namespace=self.namespace)) or ""
            pod = next(
                (
                    n
                    for n in pods
                    if n == app or re.fullmatch(rf"{re.escape(app)}(?:-[a-z0-9]{{4,10}})?-[a-z0-9]+", n)
                ),
                "",
            )
            if pod and (lines := _lines(text)):
                found[pod] = lines
        return found


def _lines(text: str) -> list[str]:
    """A JSON summary of patterns, pieces of a log by container (`{"previous": [...], "app": [...]}`), or plain lines."""
    if not text.lstrip().startswith(("{", "[")):
        return [line for line in text.split("\n") if line.strip()]
    told = json.loads(text)
    if not isinstance(told, Mapping) or "patterns" not in told:
        return _pieces(told)
    patterns = [q for q in told["patterns"] if q.get("sample")]
    return [
        " ".join(str(q["sample"]).split("\n"))
        for q in patterns
        for _ in range(min(MOST_REPEATED, q.get("count") or 1))
    ]


def _pieces(told: object) -> list[str]:
    """The lines of pieces of a log, which overlap, without the moments that `kubectl logs --timestamps` puts before each;
    what the container before this one said comes first.
    """
    by_container = dict(told) if isinstance(told, Mapping) else {"": told}
    order = sorted(by_container, key=lambda name: name != "previous")
    pieces = [str(q) for name in order for q in by_container[name] if isinstance(by_container[name], list)]
    lines = dict.fromkeys(line for piece in pieces for line in piece.split("\n"))
    return [bare for line in lines if (bare := _STAMP.sub("", line)).strip()]


def _documents(text: str) -> list[dict[str, Any]]:
    """The documents of a YAML stream up to the first broken one."""
    found: list[dict[str, Any]] = []
    try:
        for part in yaml.safe_load_all(text):
            inner = (
                part.get("items")
                if isinstance(part, dict) and str(part.get("kind")).endswith("List")
                else [part]
            )
            found += [d for d in inner if isinstance(d, dict)]
    except (yaml.YAMLError, ValueError):
        return found
    return found
