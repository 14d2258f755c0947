"""A live cluster through `kubectl`, read-only: objects as JSON (`get -o json`) and container logs.

Context, kubeconfig and namespaces come from the configuration alone; what is listed is a closed list of types.
Of Secret objects only names and types are asked for. Whatever comes back is redacted before anybody sees it.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Component, Holding, Window
from aitia.tools.sources.base import Configured, Object
from aitia.tools.sources.cluster import cluster_objects as objects
from aitia.tools.sources.cluster.cluster_redact import redacted_object
from aitia.tools.sources.cluster.kubectl import Denied, Kubectl, Unanswered
from aitia.tools.sources.cluster.object_kinds import (
    CLUSTER_WIDE,
    KINDS,
    NAMESPACED,
    SHARED,
    SYSTEM,
    WORKLOADS,
)
from aitia.tools.sources.paths import check_file

MOST_NAMESPACES: Final = 20
HELD_S: Final = 60.0
LOG_LINES, LOG_SINCE = 500, "1h"
_LABEL = re.compile(
    r"[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?(/[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?)?"
)
_RFC1123 = re.compile(r"[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?")  # `:` occurs in names of roles and bindings
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
    OPTIONS = frozenset({"context", "kubectl", "namespaces", "system"})

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        self._answers: dict[tuple[str, str], tuple[float, list[Object] | None]] = {}
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
            for resource in WORKLOADS:
                apps |= {str(i["metadata"]["name"]) for i in self.objects(resource, namespace) or ()}
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

    def objects(self, resource: str, namespace: str = "") -> list[Object] | None:
        """The objects of a type, [] where the cluster does not have it; None where they may not be read.

        The same list within a minute has the same answer, so that the tools of one run see one state. Raises SourceError
        where the cluster did not answer.
        """
        space = "" if resource in CLUSTER_WIDE else namespace
        if not self._may_ask(resource, space):
            return None
        now, key = time.monotonic(), (resource, space)
        known = self._answers.get(key)
        if known is None or now - known[0] > HELD_S:
            known = self._answers[key] = (now, self._listed(resource, space))
        return known[1]

    def _may_ask(self, resource: str, namespace: str) -> bool:
        """Whether a list is one that the configuration opens."""
        if resource not in KINDS or not (namespace or resource in CLUSTER_WIDE):
            return False
        if not namespace or namespace in self._namespaces:
            return True
        return bool(self._config.options.get("system", True)) and resource in SHARED.get(namespace, ())

    def _listed(self, resource: str, namespace: str) -> list[Object] | None:
        where = (f"--namespace={namespace}",) if namespace else ()
        try:
            if resource == "secrets":
                return self._secrets(namespace)
            items = self._json("get", *where, "--output=json", "--", resource).get("items")
        except Denied:
            self._denied.setdefault(namespace, set()).add(resource)
            return None
        except Unanswered:
            return []
        found = [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []
        return [redacted_object({**i, "kind": KINDS[resource]}, self._redactor) for i in found]

    def _secrets(self, namespace: str) -> list[Object]:
        """Names and types alone: the API server prints this list itself, so that no value leaves it."""
        rows = self._kubectl.run("get", f"--namespace={namespace}", "--no-headers", "--", "secrets")
        return [
            {"kind": "Secret", "metadata": {"name": name, "namespace": namespace, "uid": name}, "type": type_}
            for name, type_, *_ in (row.split() for row in rows.splitlines() if len(row.split()) > 2)
        ]

    def logs(self, namespace: str, selector: Mapping[str, str], pod: str = "") -> list[str] | None:
        """Recent lines of the containers of those pods, and what crashed ones said before they died.

        Of one `pod` the last lines come last, whenever it wrote them: it may have ended long ago.
        """
        plain = all(_LABEL.fullmatch(part) for pair in selector.items() for part in pair if part)
        named = bool(pod) and bool(_RFC1123.fullmatch(pod))
        if namespace not in self._namespaces or not (named if pod else selector and plain):
            return None
        flags = [f"--namespace={namespace}", "--all-containers", f"--tail={LOG_LINES}",
                 "--limit-bytes=1000000", "--ignore-errors"]  # fmt: skip
        if pod:
            return self._last_of(pod, flags)
        wanted = ",".join(f"{k}={v}" for k, v in sorted(selector.items()))
        flags += [f"--selector={wanted}", "--max-log-requests=50"]
        try:
            lines = self._kubectl.run("logs", *flags, f"--since={LOG_SINCE}").splitlines()
        except (Denied, Unanswered):
            return None
        with contextlib.suppress(SourceError):
            lines += self._kubectl.run("logs", *flags, "--previous").splitlines()
        return self._redacted(lines)

    def _last_of(self, pod: str, flags: list[str]) -> list[str] | None:
        lines: list[str] = []
        with contextlib.suppress(SourceError):
            lines += self._kubectl.run("logs", *flags, "--previous", "--", pod).splitlines()
        try:
            lines += self._kubectl.run("logs", *flags, "--", pod).splitlines()
        except (Denied, Unanswered):
            return self._redacted(lines) or None
        return self._redacted(lines)

    def _redacted(self, lines: list[str]) -> list[str]:
        return [self._redactor.text(line) for line in lines if not _NO_LOGS.match(line)]

    def observed_at(self) -> datetime:
        """Now: the cluster is live."""
        return datetime.now(tz=UTC)

    def components(self) -> list[Component]:
        """Applications, nodes and namespaces: pods, addresses, DNS names and container ids as aliases; who calls whom."""
        from aitia.tools.cluster.graph import components

        return components(self)

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
        refused = self._denied.get(namespace, set()) | self._denied.get("", set())
        wanted = (*NAMESPACED, *CLUSTER_WIDE)
        try:
            rules = self._kubectl.run("auth", "can-i", "--list", f"--namespace={namespace}", "--no-headers")
        except SourceError:
            return [w for w in wanted if w in refused]
        told = objects.not_listable(rules, wanted)
        return [w for w in wanted if w in told or w in refused]
