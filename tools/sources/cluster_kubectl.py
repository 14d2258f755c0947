"""A live cluster through `kubectl`, read-only: the questions of `ClusterCall`, answered as kubectl prints them.

Context, kubeconfig and namespaces come from the configuration alone; a name is an RFC 1123 name or it is not asked for.
Of Secret objects only the table of names is read. Whatever comes back is redacted before anybody sees it.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Component, Holding, Window
from aitia.tools.sources import cluster_objects as objects
from aitia.tools.sources.base import ClusterCall, Configured, check_file
from aitia.tools.sources.cluster_redact import redacted
from aitia.tools.sources.error_lines import summary
from aitia.tools.sources.kubectl import Denied, Kubectl, Unanswered
from aitia.tools.sources.record_cluster import SHARED

NAMESPACED: Final = (
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "services", "endpoints", "ingresses",
    "networkpolicies", "configmaps", "secrets", "serviceaccounts", "rolebindings", "resourcequotas", "limitranges",
    "persistentvolumeclaims", "poddisruptionbudgets", "horizontalpodautoscalers", "events",
)  # fmt: skip
CLUSTER_WIDE: Final = ("nodes", "namespaces", "persistentvolumes", "storageclasses")
OTHER_NAMES: Final = {"resourcequota": "resourcequotas", "quota": "resourcequotas", "pvc": "persistentvolumeclaims",
                      "pv": "persistentvolumes", "hpa": "horizontalpodautoscalers"}  # fmt: skip
SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
MOST_NAMESPACES: Final = 20
HELD_S: Final = 60.0
LOG_LINES, LOG_SINCE = 500, "1h"
_LABEL = re.compile(
    r"[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?(/[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?)?"
)
_RFC1123 = re.compile(r"[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?")  # `:` occurs in names of roles and bindings
_WORKLOADS: Final = ("deployments", "statefulsets", "daemonsets")
_COMPONENTS: Final = ("pods", "replicasets", "jobs", "services")
# What `kubectl logs --ignore-errors` writes among the lines of the containers.
_NO_LOGS = re.compile(
    r"error: (?:(?:previous terminated )?container \S+ in pod \S+ is |previous terminated container |container \S+ is not valid"
    r"|unable to retrieve container logs |Get \"https?://|Internal error occurred: |(?:pods|nodes) \"[^\"]*\" "
    r"|an error on the server |the server |net/http: |http2: |stream error: |context deadline exceeded)"
)


class KubectlSource(Configured):
    """A live cluster. `path` is the kubeconfig (in a pod: one that names the token's file).

    Options: `context`; `namespaces`, comma-separated or `*`; `kubectl`, the client's path; `system: false` keeps even the
    lists of nodes' events and of the cluster's own pods unread.
    """

    KIND = "cluster"

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._answers: dict[ClusterCall, tuple[float, str | None]] = {}
        self._selectors: dict[str, tuple[float, dict[str, str]]] = {}
        self._denied: dict[str, set[str]] = {}
        self._left_out = 0
        if not config.path:
            raise SourceError(f"Set `path` of source {config.name!r} to a kubeconfig file.")

    @cached_property
    def _kubectl(self) -> Kubectl:
        """The client. Without its kubeconfig kubectl would go to localhost: a missing file is an error here."""
        options, path = self._config.options, check_file(self._config, self._root)
        context = options.get("context")
        return Kubectl(
            source=self.name,
            binary=str(options.get("kubectl", "kubectl")),
            config=(f"--kubeconfig={path}", *((f"--context={context}",) if context else ())),
            timeout_s=self._config.timeout_s,
        )

    def describe(self, window: Window) -> Holding:
        """The applications of the namespaces and the types that may be listed. Raises SourceError where none can be read."""
        apps: set[str] = set()
        notes: list[str] = []
        count = 0
        closed: list[Denied] = []
        for namespace in self.namespaces():
            try:
                pods = self._kubectl.run("get", "pods", f"--namespace={namespace}", "--output=name")
                count += len(pods.splitlines())
            except Denied as error:
                closed.append(error)
                self._denied.setdefault(namespace, set()).add("pods")
            apps |= set(self._workloads(namespace))
            if kept := self._may_not(namespace):
                notes.append(f"the account is not allowed to list {', '.join(kept)} in {namespace}")
        if closed and len(closed) == len(self.namespaces()):
            raise closed[0]
        if self._left_out:
            notes.append(
                f"only {MOST_NAMESPACES} namespaces are read and {self._left_out} are not: list the ones you "
                "want in `options.namespaces`"
            )
        if not count and not apps:
            notes.insert(0, f"no pods in {', '.join(self.namespaces())}: check `options.namespaces`")
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted(apps)),
            items=(*NAMESPACED, *CLUSTER_WIDE) if count or apps else (),
            count=count,
            note="; ".join(notes),
        )

    def namespaces(self) -> list[str]:
        """The configured namespaces; for `*` all but the system's own; by default the context's."""
        return list(self._namespaces)

    def ask(self, call: ClusterCall) -> str | None:
        """The answer, "" for an empty list or an object that is not there; None for what cannot be answered read-only.

        The same question within a minute has the same answer, so that the tools of one run see one state. Raises
        SourceError where the cluster cannot be reached at all.
        """
        now = time.monotonic()
        known = self._answers.get(call)
        if known is None or now - known[0] > HELD_S:
            known = self._answers[call] = (now, self._allowed(call) if self._may_ask(call) else None)
        return known[1]

    def _may_ask(self, call: ClusterCall) -> bool:
        """Whether a question is about what the configuration opens, by a name that can only be a name."""
        if call.name and not _RFC1123.fullmatch(call.name):
            return False
        if not call.namespace or call.resource in CLUSTER_WIDE or call.namespace in self._namespaces:
            return True
        shared = bool(self._config.options.get("system", True)) and call.verb == "get"
        return shared and call.resource in SHARED.get(call.namespace, ())

    def _allowed(self, call: ClusterCall) -> str | None:
        try:
            return self._answer(call)
        except Denied:
            return None
        except Unanswered:
            return ""

    def components(self) -> list[Component]:
        """Applications, nodes and namespaces: pods, addresses, DNS names and container ids as aliases; who calls whom."""
        from aitia.tools.cluster.graph import components

        found: dict[str, list[Component]] = {}
        for namespace in self.namespaces():
            found[namespace] = objects.components(self._items(namespace, _COMPONENTS), namespace)
        return objects.merged([*objects.apart(found), *components(self)])

    def _answer(self, call: ClusterCall) -> str | None:
        match call.verb:
            case "get" | "describe":
                return self._listed(call)
            case "yaml":
                return self._yaml(call)
            case "logs":
                return self._logs(call)
            case "configuration":
                return self._configuration()
            case _:  # dependencies, connect, node_service, alerts: not to be had by reading the API
                return None

    def _listed(self, call: ClusterCall) -> str | None:
        resource = OTHER_NAMES.get(call.resource, call.resource)
        if resource not in NAMESPACED and resource not in CLUSTER_WIDE:
            return None
        if call.verb == "describe" and resource == "secrets":
            return None
        flags: list[str] = []
        if resource in NAMESPACED:
            flags.append(f"--namespace={call.namespace or self._namespaces[0]}")
        if call.verb == "get":
            flags += ["--output=wide"] if call.wide else []
            flags += ["--show-labels"] if call.labels else []
        named = [call.name] if call.name else []
        return redacted(self._kubectl.run(call.verb, *flags, "--", resource, *named), self._redactor)

    def _yaml(self, call: ClusterCall) -> str | None:
        if not call.name:
            return None
        types, closed = (*_WORKLOADS, "services"), False
        for namespace in [call.namespace] if call.namespace else self._namespaces:
            try:
                found = [self._manifest(namespace, ",".join(types), call.name)]
            except Denied:
                closed = True
                found = [*self._manifests(namespace, types, call.name)]
            if text := "---\n".join(part for part in found if part.strip()):
                return redacted(text, self._redactor)
        return None if closed else ""

    def _manifests(self, namespace: str, resources: Sequence[str], name: str) -> Iterator[str]:
        """The manifests of one name, of each type that the account may read."""
        for resource in resources:
            with contextlib.suppress(Denied):
                yield self._manifest(namespace, resource, name)

    def _manifest(self, namespace: str, resource: str, name: str) -> str:
        where = (f"--namespace={namespace}", "--ignore-not-found", "--output=yaml")
        return self._kubectl.run("get", *where, "--", resource, name)

    def _logs(self, call: ClusterCall) -> str | None:
        """Error lines of an application's pods, counted by shape, as JSON: total_log_count, total_errors, patterns."""
        if not call.name:
            return None
        closed = False
        for namespace in [call.namespace] if call.namespace else self._namespaces:
            selector = self._workloads(namespace).get(call.name, "")
            if selector:
                return json.dumps(summary(self._lines(namespace, selector)), ensure_ascii=False)
            closed = closed or bool(self._denied.get(namespace, set()).intersection(_WORKLOADS))
        return None if closed else ""

    def _lines(self, namespace: str, selector: str) -> list[str]:
        flags = [f"--namespace={namespace}", f"--selector={selector}", "--all-containers", f"--tail={LOG_LINES}",
                 "--limit-bytes=1000000", "--max-log-requests=50", "--ignore-errors"]  # fmt: skip
        lines = self._kubectl.run("logs", *flags, f"--since={LOG_SINCE}").splitlines()
        with contextlib.suppress(SourceError):  # what a container that crashed said before it died
            lines += self._kubectl.run("logs", *flags, "--previous").splitlines()
        return [self._redactor.text(line) for line in lines if not _NO_LOGS.match(line)]

    def _configuration(self) -> str:
        nodes = self._json("get", "--output=json", "--", "nodes").get("items", [])
        return json.dumps({"node_count": len(nodes), "nodes": [objects.node(n) for n in nodes]})

    def _workloads(self, namespace: str) -> dict[str, str]:
        """The label selector of each deployment, stateful set and daemon set, for a minute the same."""
        now = time.monotonic()
        known = self._selectors.get(namespace)
        if known is not None and now - known[0] <= HELD_S:
            return known[1]
        found: dict[str, str] = {}
        for item in self._items(namespace, _WORKLOADS):
            name, labels = objects.selector(item)
            if name and labels and all(_LABEL.fullmatch(part) for pair in labels.items() for part in pair):
                found[name] = ",".join(f"{k}={v}" for k, v in sorted(labels.items()))
        self._selectors[namespace] = (now, found)
        return found

    def _items(self, namespace: str, resources: Sequence[str]) -> list[objects.Object]:
        """The objects of those types that the cluster has and the account may list."""
        found: list[objects.Object] = []
        for resource in resources:
            try:
                raw = self._json("get", f"--namespace={namespace}", "--output=json", "--", resource)
            except Denied:
                self._denied.setdefault(namespace, set()).add(resource)
            except Unanswered:
                continue
            else:
                items = raw.get("items")
                found += [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []
        return found

    def _json(self, *arguments: str) -> dict[str, Any]:
        try:
            parsed = json.loads(self._kubectl.run(*arguments))
        except ValueError:
            raise SourceError(f"Update kubectl of source {self.name!r}: its JSON cannot be read.") from None
        return parsed if isinstance(parsed, dict) else {}

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(load_key(aitia_home()))

    @cached_property
    def _namespaces(self) -> tuple[str, ...]:
        wanted = str(self._config.options.get("namespaces", "")).strip()
        if wanted == "*":
            listed = self._kubectl.run("get", "--output=name", "--", "namespaces").split()
            every = sorted({n.removeprefix("namespace/") for n in listed} - SYSTEM)
            self._left_out = max(0, len(every) - MOST_NAMESPACES)
            return tuple(every[:MOST_NAMESPACES])
        if not wanted:
            wanted = (
                self._kubectl.run("config", "view", "--minify", "--output=jsonpath={..namespace}")
                or "default"
            )
        found = [part.strip() for part in wanted.replace(",", " ").split()]
        bad = next((n for n in found if not _RFC1123.fullmatch(n)), None)
        if bad is not None:
            raise SourceError(
                f"{bad[:60]!r} is not a namespace. Fix `options.namespaces` of source {self.name!r}."
            )
        return tuple(dict.fromkeys(found))

    def _may_not(self, namespace: str) -> list[str]:
        """Types that the account may not list there, by its own word (`auth can-i --list`) or as was found."""
        refused = self._denied.get(namespace, set())
        wanted = (*NAMESPACED, *CLUSTER_WIDE)
        try:
            rules = self._kubectl.run("auth", "can-i", "--list", f"--namespace={namespace}", "--no-headers")
        except SourceError:
            return [w for w in wanted if w in refused]
        told = objects.not_listable(rules, wanted)
        return [w for w in wanted if w in told or w in refused]
