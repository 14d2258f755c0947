"""Findings: what is inconsistent in a cluster, why it matters, and where it can be read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aitia.core.words import Scalar

MAX_QUOTE = 200
# How sure a reason is: specs that contradict each other, what the cluster itself said, what fits and was not excluded.
CONTRADICTION, SAID, LIKELY, POSSIBLE, SYMPTOM = 0.96, 0.9, 0.75, 0.5, 0.35


@dataclass(frozen=True, kw_only=True)
class ClusterCall:
    """Where something can be read again: `get`, `describe`, `manifest` of an object, an app's `logs`, or a `metrics` query."""

    verb: str
    resource: str = ""
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One inconsistency (or, with `symptom`, one sign of trouble) about an app, a node or a namespace."""

    aspect: str
    component: str
    statement: str
    strength: float
    call: ClusterCall
    values: Mapping[str, Scalar] = field(default_factory=dict)
    symptom: bool = False
    quotes: bool = False  # the statement quotes text from outside


def quote(text: str, limit: int = MAX_QUOTE) -> str:
    """Outside text on one line with its quotation marks tamed and what looks like a password left out."""
    line = " ".join(text.replace('"', "'").split())
    line = re.sub(r"(?i)(password|passwd|secret|token)\s*[=:]\s*\S+", r"\1=***", line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def citation(call: ClusterCall) -> str:
    """The call as a kubectl command line."""
    space = f" -n {call.namespace}" if call.namespace else ""
    match call.verb:
        case "manifest":
            return f"kubectl get deployment,service {call.name}{space} -o yaml"
        case "logs":
            return f"kubectl logs deployment/{call.name}{space} --all-containers"
        case "metrics":
            return call.name
        case _:
            name = f" {call.name}" if call.name else ""
            return f"kubectl {call.verb} {call.resource}{name}{space}"


def get(resource: str, namespace: str, name: str = "") -> ClusterCall:
    """A `get` to cite."""
    return ClusterCall(verb="get", resource=resource, name=name, namespace=namespace)


def describe(resource: str, namespace: str, name: str) -> ClusterCall:
    """A `describe` to cite."""
    return ClusterCall(verb="describe", resource=resource, name=name, namespace=namespace)


def manifest(app: str, namespace: str) -> ClusterCall:
    """A manifest to cite."""
    return ClusterCall(verb="manifest", name=app, namespace=namespace)


def logs(app: str, namespace: str) -> ClusterCall:
    """Logs to cite."""
    return ClusterCall(verb="logs", name=app, namespace=namespace)
