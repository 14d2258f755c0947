"""Changes from a cluster's own state: rollouts by when replica sets were made, scalings and drains by events.

Kubernetes keeps no journal of deploys. What it keeps is when each replica set was made, which is a rollout of its
deployment, and events for about an hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import ClusterSource, Configured, Object, RecordedChange
from aitia.tools.sources.cluster.cluster_recorded import moment
from aitia.tools.sources.cluster.object_kinds import WORKLOADS, entries, name_of, section
from aitia.tools.sources.opening import open_source

ROLLOUT_S: Final = 600.0  # scaling so soon after a new replica set was made is part of its rollout
_SCALED = re.compile(r"Scaled (up|down) replica set (\S+?)(?: to (\d+))?(?: from (\d+))?(?: to (\d+))?$")
_HASH = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}$")
_DRAINS: Final = ("NodeNotSchedulable", "NodeSchedulable")


class ClusterChanges(Configured):
    """A change source over a cluster source: option `reader` names its type (`kubectl` or `cluster_recorded`).

    The other fields are those of that type.
    """

    KIND = "changes"

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        reader = str(config.options.get("reader", "kubectl"))
        options = {k: v for k, v in config.options.items() if k != "reader"}
        asked = config.model_copy(update={"type": reader, "kind": "cluster", "options": options})
        opened = open_source(asked, root)
        if not isinstance(opened, ClusterSource):
            raise SourceError(
                f"Set `options.reader` of source {config.name!r} to a cluster source, not {reader!r}."
            )
        self._cluster: ClusterSource = opened

    def describe(self, window: Window) -> Holding:
        """The applications that were rolled out or scaled before the window's end."""
        found = [c for c in self._all() if c.at < window.end]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({c.component for c in found})),
            items=tuple(sorted({c.kind for c in found})),
            count=len(found),
            note="" if found else "no replica sets and no scaling events",
        )

    def read(self, window: Window) -> list[RecordedChange]:
        """The rollouts, scalings and drains of the window, in time order."""
        return [c for c in self._all() if window.contains(c.at)]

    def _all(self) -> list[RecordedChange]:
        spaces = self._cluster.namespaces()
        twice = self._twice(spaces)
        found = [
            replace(c, component=f"{namespace}/{c.component}") if c.component in twice else c
            for namespace in spaces
            for c in self._namespace(namespace)
        ]
        found += self._drains()
        return sorted(set(found), key=lambda c: (c.at, c.component, c.kind, c.text))

    def _twice(self, spaces: Sequence[str]) -> set[str]:
        """Applications of several namespaces, which the cluster source calls `namespace/name`."""
        known: set[str] = set()
        twice: set[str] = set()
        for namespace in spaces if len(spaces) > 1 else ():
            names = {name_of(i) for r in WORKLOADS for _, i in self._dated(r, namespace)}
            twice |= known & names
            known |= names
        return twice

    def _namespace(self, namespace: str) -> Iterator[RecordedChange]:
        rollouts: dict[str, list[datetime]] = {}
        sets: dict[str, list[tuple[datetime, Object]]] = {}
        for at, item in self._dated("replicasets", namespace):
            sets.setdefault(_deployment(item), []).append((at, item))
        for app, made in sorted(sets.items()):
            made.sort(key=lambda dated: (-dated[0].timestamp(), name_of(dated[1])))
            befores: list[Object] = [*(item for _, item in made[1:]), {}]
            for (at, item), before in zip(made, befores, strict=True):
                rollouts.setdefault(app, []).append(at)
                yield self._change(at, app, "deploy", _rollout(item, before), "replicasets", namespace)
        for resource in ("statefulsets", "daemonsets"):
            for at, item in self._dated(resource, namespace):
                text = f"{resource[:-1]} created: {_images(item)}".rstrip(": ")
                yield self._change(at, name_of(item), "deploy", text, resource, namespace)
        for at, event in self._dated("events", namespace):
            yield from self._event(at, event, rollouts, namespace)

    def _event(
        self, at: datetime, event: Object, rollouts: Mapping[str, list[datetime]], namespace: str
    ) -> Iterator[RecordedChange]:
        app, message = (
            str(section(event, "involvedObject").get("name") or ""),
            str(event.get("message") or ""),
        )
        if event.get("reason") == "ScalingReplicaSet" and (told := _SCALED.search(message)):
            near = any(abs((at - made).total_seconds()) <= ROLLOUT_S for made in rollouts.get(app, ()))
            if not near:
                kind = "deploy" if told[4] == "0" or told[3] == "0" else "scale"
                yield self._change(at, app, kind, message, "events", namespace)
        elif event.get("reason") == "SuccessfulRescale":
            yield self._change(at, app, "scale", f"autoscaler: {message}", "events", namespace)
        elif event.get("reason") in ("DeploymentRollback", "RollbackDone"):
            yield self._change(at, app, "deploy", message, "events", namespace)

    def _drains(self) -> Iterator[RecordedChange]:
        """Nodes that somebody cordoned: their events lie in the namespace `default`, which not every source may read."""
        for at, event in self._dated("events", "default"):
            if event.get("reason") in _DRAINS:
                node = str(section(event, "involvedObject").get("name") or "")
                yield self._change(
                    at, node, "maintenance", str(event.get("message") or ""), "events", "default"
                )

    def _change(
        self, at: datetime, component: str, kind: str, text: str, resource: str, namespace: str
    ) -> RecordedChange:
        ref = SourceRef(source=self.name, query=f"kubectl get {resource} -n {namespace}")
        return RecordedChange(at=at, component=component, kind=kind, text=text, ref=ref)

    def _dated(self, resource: str, namespace: str) -> list[tuple[datetime, Object]]:
        """The objects with when they were made, or events with when they were seen last."""
        found = []
        for item in self._cluster.objects(resource, namespace) or ():
            said = (item.get("lastTimestamp") or item.get("eventTime")) if resource == "events" else None
            if (at := moment(said or section(item, "metadata").get("creationTimestamp"))) is not None:
                found.append((at, item))
        return found


def _deployment(replica_set: Object) -> str:
    """What owns a replica set, else its name without the hash."""
    named = [o["name"] for o in entries(replica_set, "metadata", "ownerReferences") if o.get("name")]
    return str(named[0]) if named else _HASH.sub("", name_of(replica_set))


def _rollout(item: Object, before: Object) -> str:
    images, old = _images(item), _images(before)
    what = f"rollout of replica set {name_of(item)}"
    if images and old and images != old:
        return f"{what}: {old} -> {images}"
    return f"{what}: {images}" if images else what


def _images(item: Object) -> str:
    containers = entries(item, "spec", "template", "spec", "containers")
    return ",".join(str(c["image"]) for c in containers if c.get("image"))
