"""Reading one namespace of a cluster source: each list once, several at a time, and what could not be read kept in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Final

from aitia.core.deadline import Deadline
from aitia.core.errors import OutOfTime, SourceError
from aitia.tools.cluster import live
from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.manifest import Doc, at, mapping, name_of
from aitia.tools.cluster.objects import Event, LogLine, Pod, Workload
from aitia.tools.registry import ToolContext
from aitia.tools.sources.base import ClusterSource
from aitia.tools.sources.cluster.object_kinds import CLUSTER_WIDE
from aitia.tools.sources.logs.error_lines import last_words, summary

MOST_UNREAD: Final = 40
AT_ONCE: Final = 4
WORKLOADS: Final = ("deployments", "statefulsets", "daemonsets", "jobs", "cronjobs")
OWNERS: Final = ("replicasets", "jobs", "cronjobs")
Key = tuple[str, str]  # resource, namespace


def reader_of(ctx: ToolContext, source: ClusterSource, namespace: str) -> Reader:
    """The reader of a namespace that all tools of a run share: they see one state."""
    key = ("cluster", "reader", source.name, namespace)
    found: Reader = ctx.sources.once(key, lambda: Reader(source, namespace))
    return found


class Reader:
    """The objects of one namespace. A list that is not to be had is [] and a line of `unread`: never a quiet answer.

    Until the first answer a failure is raised: the cluster cannot be reached. Later it is a list that was not read.
    """

    def __init__(self, source: ClusterSource, namespace: str, deadline: Deadline | None = None) -> None:
        self._source, self.namespace, self.deadline = source, namespace, deadline
        self._known: dict[Key, list[Doc] | None] = {}
        self._reached = False
        self.asked = 0
        self.unread: list[str] = []
        self.late: list[str] = []
        """What of it was not read because its time was over."""
        self.now = source.observed_at()

    def ahead(self, resources: Iterable[str]) -> None:
        """Read several lists at once; they are kept."""
        keys = [k for r in dict.fromkeys(resources) if (k := self._key(r, "")) not in self._known]
        if keys and not self._reached:
            self._ask(keys.pop(0))
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            list(pool.map(self._ask, keys))

    def known(self, resource: str, namespace: str = "") -> list[Doc] | None:
        """The objects of a resource, manifests too, or None where they could not be read."""
        key = self._key(resource, namespace)
        if key not in self._known:
            self._ask(key)
        return self._known.get(key)

    def listed(self, resource: str, namespace: str = "") -> list[Doc]:
        """The objects that exist; [] where they could not be read."""
        return [d for d in self.known(resource, namespace) or () if not live.declared(d)]

    def manifests(self, resource: str) -> dict[str, Doc]:
        """How objects were applied, by name, where the source holds that too."""
        return {name_of(d): d for d in self.known(resource) or () if live.declared(d)}

    def names(self, resource: str) -> frozenset[str] | None:
        """The names of what exists, or None where that could not be read."""
        return None if self.known(resource) is None else frozenset(map(name_of, self.listed(resource)))

    @cached_property
    def workloads(self) -> list[Workload]:
        """What owns pods, with its own events and those of its sets that lack pods; and pods that nothing owns."""
        docs = [d for r in WORKLOADS for d in self.listed(r)]
        docs = [
            d for d in docs if live.root(str(d["kind"]), name_of(d), self._owners) == (d["kind"], name_of(d))
        ]
        applied = {n: m.spec_of(d) for r in WORKLOADS for n, d in self.manifests(r).items()}
        lacking: dict[str, list[Event]] = {}
        for one in self.listed("replicasets"):
            if at(one, "spec", "replicas") != (at(one, "status", "replicas") or 0):
                above = live.root("ReplicaSet", name_of(one), self._owners)[1]
                lacking.setdefault(above, []).extend(self.about("replicaset", name_of(one)))
        found = []
        for doc in docs:
            name, kind = name_of(doc), str(doc["kind"])
            told = [*self.about(kind.lower(), name), *lacking.get(name, ())]
            found.append(live.workload(doc, told, applied.get(name)))
        names = {w.name for w in found}
        alone = [p for p in self.pods if p.app not in names]
        return [*found, *(live.bare(p) for p in alone if p.app == p.name)]

    @cached_property
    def pods(self) -> list[Pod]:
        """The pods with their events; of a cron job those of its last job alone: earlier ones are history."""
        old = self._earlier_jobs()
        return [
            live.pod(d, self._owners, self.about("pod", name_of(d)), self.now)
            for d in self.listed("pods")
            if live.owner(d) not in old
        ]

    def _earlier_jobs(self) -> set[tuple[str, str]]:
        last: dict[str, tuple[str, str]] = {}
        for job in self.listed("jobs"):
            kind, above = live.owner(job)
            if kind == "CronJob":
                last[above] = max(
                    last.get(above, ("", "")), (str(at(job, "metadata", "creationTimestamp")), name_of(job))
                )
        kept = {name for _, name in last.values()}
        return {
            ("Job", name_of(j))
            for j in self.listed("jobs")
            if live.owner(j)[0] == "CronJob" and name_of(j) not in kept
        }

    @cached_property
    def _owners(self) -> live.Owners:
        told = live.owners(d for r in ("pods", *OWNERS) for d in self.listed(r))
        makers = [(str(d["kind"]), name_of(d)) for r in WORKLOADS for d in self.listed(r)]
        return {**live.by_name(self.listed("pods"), makers, told), **told}

    @cached_property
    def events(self) -> list[Event]:
        """The events of the namespace, the one that was seen last at the end."""
        return live.events(self.listed("events"), self.now)

    @cached_property
    def _by_object(self) -> dict[tuple[str, str], list[Event]]:
        found: dict[tuple[str, str], list[Event]] = {}
        for event in self.events:
            found.setdefault((event.kind, event.name), []).append(event)
        return found

    def about(self, kind: str, name: str) -> list[Event]:
        """The events about one object; `kind` in small letters."""
        return self._by_object.get((kind, name), [])

    def error_lines(self, workload: Workload, pods: Iterable[Pod]) -> tuple[LogLine, ...]:
        """Recent error lines of a workload's pods, counted by shape."""
        found = summary(self.lines(workload, pods)).get("patterns", ())
        return tuple(LogLine(text=p["sample"], count=p["count"]) for p in found)

    def lines(self, workload: Workload, pods: Iterable[Pod]) -> list[str]:
        """Recent lines of a workload's pods."""
        labels = dict(workload.selector) or next((mapping(p.spec.labels) for p in pods), {})
        if not labels and workload.kind != "Pod":
            self.miss(f"logs of {workload.name}: no labels to select its pods by")
            return []
        alone = "" if labels else workload.name
        ask = lambda: self._source.logs(self.namespace, labels, pod=alone)  # noqa: E731
        return self._tried(f"logs of {workload.name}", ask) or []

    def last_words(self, pod: Pod) -> tuple[str, ...]:
        """What a pod that ended said last, word for word."""
        ask = lambda: self._source.logs(self.namespace, {}, pod=pod.name)  # noqa: E731
        return last_words(self._tried(f"logs of {pod.name}", ask) or ())

    def _is_over(self, what: str) -> bool:
        over = self.deadline is not None and self.deadline.left <= 0
        if over:
            self.miss(f"{what}: no time left", is_late=True)
        return over

    def miss(self, what: str, *, is_late: bool = False) -> None:
        """Note what was not read."""
        if is_late and what not in self.late:
            self.late.append(what)
        if what not in self.unread and len(self.unread) < MOST_UNREAD:
            self.unread.append(what)

    def _key(self, resource: str, namespace: str) -> Key:
        return resource, "" if resource in CLUSTER_WIDE else namespace or self.namespace

    def _ask(self, key: Key) -> None:
        if self._is_over(key[0]):
            return  # another question of this run may have time for it
        resource, space = key
        where = f"{resource}{f' in {space}' if space else ''}"
        self._known[key] = self._tried(where, lambda: self._source.objects(resource, space))

    def _tried(self, what: str, ask: Callable[[], list[Any] | None]) -> list[Any] | None:
        if self._is_over(what):
            return None
        self.asked += 1
        try:
            answer = ask()
        except SourceError as error:
            if not self._reached:
                raise
            self.miss(f"{what}: {str(error)[:160]}", is_late=isinstance(error, OutOfTime))
            return None
        self._reached = True
        if answer is None:
            self.miss(f"{what}: not recorded or not allowed")
        return answer
