"""A live cluster's answers, written down as `cluster_recorded` reads them: `{"Tool:{json arguments}": answer}`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

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
MOST_DESCRIBED: Final = 60  # objects of one type in one namespace
Answers = dict[str, str]


def record_cluster(
    source: ClusterSource, redactor: Redactor, *, at: float, told: Callable[[str], None] = lambda _: None
) -> Answers:
    """All lists, descriptions, manifests and error logs of the source's namespaces, redacted. `at` is now, in epoch seconds.

    `told` hears what is being asked. Raises SourceError where the cluster cannot be reached.
    """
    found: Answers = {"collection_timestamp": from_epoch(at).isoformat()}
    for namespace in source.namespaces():
        told(f"lists of {namespace}")
        names = _lists(source, namespace, NAMESPACED, found, redactor)
        for resource in DESCRIBED:
            told(f"{resource} of {namespace}")
            _described(source, resource, namespace, names.get(resource, []), found, redactor)
        apps = dict.fromkeys(
            n for r in ("deployments", "statefulsets", "daemonsets") for n in names.get(r, [])
        )
        for app in apps:
            told(f"{app} of {namespace}")
            for verb in ("yaml", "logs", "dependencies"):
                _ask(source, ClusterCall(verb=verb, name=app, namespace=namespace), found, redactor)
    names = _lists(source, "", CLUSTER_WIDE, found, redactor)
    for resource in CLUSTER_WIDE:
        _described(source, resource, "", names.get(resource, []), found, redactor)
    for verb in ("configuration", "alerts"):
        _ask(source, ClusterCall(verb=verb), found, redactor)
    return dict(sorted(found.items()))


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
            return "GetAppYAML", {"app_name": call.name}
        case "logs":
            return "GetErrorLogs", {**space, "service_name": call.name}
        case "dependencies":
            return "GetServiceDependencies", {"service_name": call.name}
        case "connect":
            return "CheckServiceConnectivity", {**space, "service_name": call.name, "port": call.port}
        case "node_service":
            return "CheckNodeServiceStatus", {"node_name": call.name, "service_name": call.resource}
        case "configuration":
            return "GetClusterConfiguration", {}
        case _:
            return "GetAlerts", {}


def _lists(
    source: ClusterSource, namespace: str, resources: tuple[str, ...], found: Answers, redactor: Redactor
) -> dict[str, list[str]]:
    """Record the plain, the wide and the labelled list of each type; the names of its objects."""
    names: dict[str, list[str]] = {}
    for resource in resources:
        answer: str | None = None
        for wide, labels in ((False, False), (True, False), (False, True)):
            call = ClusterCall(verb="get", resource=resource, namespace=namespace, wide=wide, labels=labels)
            if (wide or labels) and not answer:  # an empty list is empty however it is shown
                found[key_of(call)] = ""
                continue
            answer = _ask(source, call, found, redactor)
            if answer is None:
                break
            if resource != "events":
                names.setdefault(resource, [row["NAME"] for row in rows(answer) if row.get("NAME")])
    return names


def _described(
    source: ClusterSource, resource: str, namespace: str, names: list[str], found: Answers, redactor: Redactor
) -> None:
    for name in names[:MOST_DESCRIBED]:
        call = ClusterCall(verb="describe", resource=resource, name=name, namespace=namespace)
        _ask(source, call, found, redactor)


def _ask(source: ClusterSource, call: ClusterCall, found: Answers, redactor: Redactor) -> str | None:
    answer = source.ask(call)
    if answer is None:
        return None
    is_json = call.verb in ("logs", "configuration", "alerts")
    found[key_of(call)] = _json(answer, redactor) if is_json else redacted(answer, redactor)
    return answer


def _json(answer: str, redactor: Redactor) -> str:
    """A JSON answer redacted text by text, so that it stays JSON; any other as a whole."""
    try:
        return json.dumps(clean(json.loads(answer), redactor), ensure_ascii=False)
    except ValueError:
        return redacted(answer, redactor)
