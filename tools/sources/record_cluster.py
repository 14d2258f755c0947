"""A live cluster's answers, written down as `cluster_recorded` reads them: `{"Tool:{json arguments}": answer}`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.words import from_epoch
from aitia.tools.sources.base import ClusterCall, ClusterSource
from aitia.tools.sources.changes_cluster import rows
from aitia.tools.sources.cluster_redact import redacted
from aitia.tools.sources.written import clean

NAMESPACED: Final = (
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "services", "endpoints", "ingresses",
    "networkpolicies", "configmaps", "secrets", "serviceaccounts", "rolebindings", "resourcequotas", "limitranges",
    "persistentvolumeclaims", "horizontalpodautoscalers", "events",
)  # fmt: skip
CLUSTER_WIDE: Final = ("nodes", "namespaces", "persistentvolumes", "storageclasses")
DESCRIBED: Final = (
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "services", "endpoints", "ingresses", "networkpolicies",
    "configmaps", "serviceaccounts", "resourcequotas", "limitranges", "persistentvolumeclaims", "nodes",
    "persistentvolumes", "storageclasses",
)  # fmt: skip
SHARED: Final = {
    "default": ("events",),
    "kube-system": ("pods", "deployments", "daemonsets", "services", "endpoints"),
}
"""Lists of other namespaces that tell of the whole cluster: events of nodes, and whether its DNS runs."""
WORKLOADS: Final = ("deployments", "statefulsets", "daemonsets")
WORKERS: Final = 4  # questions at once
MOST_DESCRIBED: Final = 60  # objects of one type in one namespace
Answers = dict[str, str]


@dataclass(kw_only=True)
class Snapshot:
    """Recorded answers by key, and what was left out."""

    answers: Answers
    notes: list[str] = field(default_factory=list)


def record_cluster(
    source: ClusterSource, redactor: Redactor, *, at: float, told: Callable[[str], None] = lambda _: None
) -> Snapshot:
    """All lists, descriptions, manifests and error logs of the source's namespaces, redacted. `at` is now, in epoch seconds.

    `told` hears what is being asked. A question that fails is noted. Raises SourceError where none is answered.
    """
    made = Snapshot(answers={"collection_timestamp": from_epoch(at).isoformat()})
    with ThreadPoolExecutor(WORKERS) as pool:
        recorder = _Recorder(source, redactor, made, pool)
        for namespace in source.namespaces():
            told(f"lists of {namespace}")
            names = recorder.lists(namespace, NAMESPACED)
            if recorder.failed and len(made.answers) == 1:
                raise recorder.failed[0][1]  # not one list: the cluster cannot be reached
            told(f"descriptions of {namespace}")
            recorder.descriptions(namespace, names)
            told(f"manifests and error logs of {namespace}")
            apps = dict.fromkeys(n for r in WORKLOADS for n in names.get(r, []))
            verbs = ("yaml", "logs", "dependencies")
            recorder.ask(ClusterCall(verb=v, name=app, namespace=namespace) for app in apps for v in verbs)
        told("nodes and what belongs to the whole cluster")
        recorder.descriptions("", recorder.lists("", CLUSTER_WIDE))
        recorder.ask(
            ClusterCall(verb="get", resource=resource, namespace=space, wide=wide)
            for space, resources in SHARED.items()
            for resource in resources
            for wide in (False, True)
        )
        recorder.ask(ClusterCall(verb=verb) for verb in ("configuration", "alerts"))
    if recorder.failed:
        if len(made.answers) == 1:
            raise recorder.failed[0][1]
        call, error = recorder.failed[0]
        said = redactor.text(str(error))
        made.notes.append(f"{len(recorder.failed)} queries failed, first {key_of(call)}: {said}")
    made.answers = dict(sorted(made.answers.items()))
    return made


class _Recorder:
    """Asks several questions at once and keeps their answers."""

    def __init__(self, source: ClusterSource, redactor: Redactor, made: Snapshot, pool: Executor) -> None:
        self._source, self._redactor, self._made, self._pool = source, redactor, made, pool
        self.failed: list[tuple[ClusterCall, SourceError]] = []

    def lists(self, namespace: str, resources: Sequence[str]) -> dict[str, list[str]]:
        """Record the plain, the wide and the labelled list of each type; the names of its objects."""
        plain = [ClusterCall(verb="get", resource=r, namespace=namespace) for r in resources]
        answers = dict(zip(resources, self.ask(plain), strict=True))
        wide = [replace(c, wide=True) for c in plain]
        shown = [*wide, *(replace(c, labels=True) for c in plain)]
        self._made.answers |= {
            key_of(c): "" for c in shown if answers[c.resource] == ""
        }  # empty however it is shown
        self.ask(c for c in shown if answers[c.resource])
        return {
            r: [row["NAME"] for row in rows(answer) if row.get("NAME")]
            for r, answer in answers.items()
            if answer and r != "events"
        }

    def descriptions(self, namespace: str, names: Mapping[str, Sequence[str]]) -> None:
        """Record the description of each object, up to a number of each type."""
        for resource in DESCRIBED:
            listed = names.get(resource, ())
            if len(listed) > MOST_DESCRIBED:
                self._made.notes.append(
                    f"only {MOST_DESCRIBED} of {len(listed)} {resource} of {namespace or 'the cluster'} were "
                    "described"
                )
            self.ask(
                ClusterCall(verb="describe", resource=resource, name=name, namespace=namespace)
                for name in listed[:MOST_DESCRIBED]
            )

    def ask(self, calls: Iterable[ClusterCall]) -> list[str | None]:
        """The answers in the order of the calls, recorded where there is one."""
        calls = list(calls)
        answers = list(self._pool.map(self._answer, calls))
        for call, answer in zip(calls, answers, strict=True):
            if answer is not None:
                is_json = call.verb in ("logs", "configuration", "alerts")
                told = _json(answer, self._redactor) if is_json else redacted(answer, self._redactor)
                self._made.answers[key_of(call)] = told
        return answers

    def _answer(self, call: ClusterCall) -> str | None:
        """One that fails leaves the others: what was answered is kept."""
        try:
            return self._source.ask(call)
        except SourceError as error:
            self.failed.append((call, error))
            return None


def key_of(call: ClusterCall) -> str:
    """The key under which a call's answer is recorded."""
    tool, arguments = _key(call)
    return f"{tool}:{json.dumps(arguments, ensure_ascii=False, separators=(',', ':'))}"


def _key(call: ClusterCall) -> tuple[str, dict[str, Any]]:
    space = {"namespace": call.namespace} if call.namespace else {}
    match call.verb:
        case "get":
            shown = ({"output_wide": True} if call.wide else {}) | (
                {"show_labels": True} if call.labels else {}
            )
            return "GetResources", {"resource_type": call.resource, "name": call.name, **space, **shown}
        case "describe":
            return "DescribeResource", {"resource_type": call.resource, "name": call.name, **space}
        case "yaml":
            return "GetAppYAML", {"app_name": call.name, **space}
        case "logs":
            return "GetErrorLogs", {**space, "service_name": call.name}
        case "dependencies":
            return "GetServiceDependencies", {"service_name": call.name, **space}
        case "connect":
            return "CheckServiceConnectivity", {**space, "service_name": call.name, "port": call.port}
        case "node_service":
            return "CheckNodeServiceStatus", {"node_name": call.name, "service_name": call.resource}
        case "configuration":
            return "GetClusterConfiguration", {}
        case _:
            return "GetAlerts", {}


def _json(answer: str, redactor: Redactor) -> str:
    """A JSON answer redacted text by text, so that it stays JSON; any other as a whole."""
    try:
        return json.dumps(clean(json.loads(answer), redactor), ensure_ascii=False)
    except ValueError:
        return redacted(answer, redactor)
