"""Changes from a cluster's own state: rollouts by the age of replica sets, scalings and drains by events.

Kubernetes keeps no journal of deploys. What it keeps is when each replica set was made, which is a rollout of its
deployment, and events for about an hour. Ages count back from the moment at which the answer was given.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window
from aitia.tools.sources.base import ClusterCall, ClusterSource, Configured, RecordedChange, open_source

ROLLOUT_S: Final = 600.0  # scaling so soon after a new replica set was made is part of its rollout
WORKLOADS: Final = ("deployments", "statefulsets", "daemonsets")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 31_536_000}
_AGE = re.compile(r"(\d{1,9})([smhdy])")
_SCALED = re.compile(r"Scaled (up|down) replica set (\S+?)(?: to (\d+))?(?: from (\d+))?(?: to (\d+))?$")
_HASH = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}$")
Row = dict[str, str]


class ClusterChanges(Configured):
    """A change source over a cluster source: option `reader` names its type (`kubectl` or `cluster_recorded`).

    The other fields are those of that type. Option `now` (ISO 8601) tells when a recording was made, where it does not say.
    """

    KIND = "changes"

    def __init__(self, config: SourceConfig, root: Path) -> None:
        super().__init__(config, root)
        reader = str(config.options.get("reader", "kubectl"))
        asked = config.model_copy(update={"type": reader, "kind": "cluster"})
        opened = open_source(asked, root)
        if not isinstance(opened, ClusterSource):
            raise SourceError(
                f"Set `options.reader` of source {config.name!r} to a cluster source, not {reader!r}."
            )
        self._cluster: ClusterSource = opened

    def describe(self, window: Window) -> Holding:
        """The applications that were rolled out or scaled before the window's end."""
        found = [c for c in self._all(window) if c.at < window.end]
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
        return [c for c in self._all(window) if window.contains(c.at)]

    def _all(self, window: Window) -> list[RecordedChange]:
        now = self._now(window)
        spaces = self._cluster.namespaces()
        twice = self._twice(spaces)
        found = [
            replace(c, component=f"{namespace}/{c.component}") if c.component in twice else c
            for namespace in spaces
            for c in self._namespace(namespace, now)
        ]
        found += self._drains(now)
        return sorted(set(found), key=lambda c: (c.at, c.component, c.kind, c.text))

    def _twice(self, spaces: Sequence[str]) -> set[str]:
        """Applications of several namespaces, which the cluster source calls `namespace/name`."""
        known: set[str] = set()
        twice: set[str] = set()
        for namespace in spaces if len(spaces) > 1 else ():
            names = {row.get("NAME", "") for r in WORKLOADS for row in self._table(r, namespace, wide=True)}
            twice |= known & names
            known |= names
        return twice

    def _namespace(self, namespace: str, now: datetime) -> Iterator[RecordedChange]:
        rollouts: dict[str, list[datetime]] = {}
        for app, sets in sorted(_by_app(self._dated("replicasets", namespace, now)).items()):
            sets.sort(key=lambda dated: (-dated[0].timestamp(), dated[1]["NAME"]))
            befores: list[Row] = [*(row for _, row in sets[1:]), {}]
            for (at, row), before in zip(sets, befores, strict=True):
                rollouts.setdefault(app, []).append(at)
                yield self._change(
                    at, app, "deploy", _rollout(row, before), "get replicasets -o wide", namespace
                )
        for resource in ("statefulsets", "daemonsets"):
            for at, row in self._dated(resource, namespace, now):
                yield self._change(at, row["NAME"], "deploy", f"{resource[:-1]} created: {row.get('IMAGES', '')}".rstrip(": "),
                                   f"get {resource} -o wide", namespace)  # fmt: skip
        for at, row in self._dated("events", namespace, now):
            yield from self._event(at, row, rollouts, namespace)

    def _event(
        self, at: datetime, row: Row, rollouts: dict[str, list[datetime]], namespace: str
    ) -> Iterator[RecordedChange]:
        app, message = row.get("OBJECT", "").partition("/")[2], row.get("MESSAGE", "")
        if row.get("REASON") == "ScalingReplicaSet" and (told := _SCALED.search(message)):
            near = any(abs((at - made).total_seconds()) <= ROLLOUT_S for made in rollouts.get(app, ()))
            if not near:
                kind = "deploy" if told[4] == "0" or told[3] == "0" else "scale"
                yield self._change(at, app, kind, message, "get events", namespace)
        elif row.get("REASON") == "SuccessfulRescale":
            yield self._change(at, app, "scale", f"autoscaler: {message}", "get events", namespace)
        elif row.get("REASON") in ("DeploymentRollback", "RollbackDone"):
            yield self._change(at, app, "deploy", message, "get events", namespace)

    def _drains(self, now: datetime) -> Iterator[RecordedChange]:
        """Nodes that somebody cordoned: their events lie in the namespace `default`, which not every source may read."""
        for at, row in self._dated("events", "default", now):
            if row.get("REASON") in ("NodeNotSchedulable", "NodeSchedulable"):
                node = row.get("OBJECT", "").partition("/")[2]
                yield self._change(at, node, "maintenance", row.get("MESSAGE", ""), "get events", "default")

    def _change(
        self, at: datetime, component: str, kind: str, text: str, query: str, namespace: str
    ) -> RecordedChange:
        ref = SourceRef(source=self.name, query=f"kubectl {query} -n {namespace}")
        return RecordedChange(at=at, component=component, kind=kind, text=text, ref=ref)

    def _dated(self, resource: str, namespace: str, now: datetime) -> list[tuple[datetime, Row]]:
        """The rows whose age is told, with the moment to which it counts back."""
        column = "LAST SEEN" if resource == "events" else "AGE"
        found = []
        for row in self._table(resource, namespace, wide=resource != "events"):
            age = age_s(row.get(column, "").split(" ")[0])
            if age is not None and (resource == "events" or row.get("NAME")):
                with contextlib.suppress(OverflowError):
                    found.append((now - timedelta(seconds=age), row))
        return found

    def _table(self, resource: str, namespace: str, *, wide: bool = False) -> list[Row]:
        answer = self._cluster.ask(ClusterCall(verb="get", resource=resource, namespace=namespace, wide=wide))
        if not answer and wide:
            answer = self._cluster.ask(ClusterCall(verb="get", resource=resource, namespace=namespace))
        return rows(answer or "")

    def _now(self, window: Window) -> datetime:
        """When the ages were read: said by the configuration or by the recording; of a live cluster, now."""
        told = self._config.options.get("now") or getattr(self._cluster, "recorded_at", None)
        if isinstance(told, datetime):
            return told.astimezone(UTC)
        if told:
            try:
                at = datetime.fromisoformat(str(told))
            except ValueError:
                raise SourceError(
                    f"Write `options.now` of source {self.name!r} as ISO 8601, not {told!r}."
                ) from None
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        live = str(self._config.options.get("reader", "kubectl")) == "kubectl"
        return datetime.now(tz=UTC) if live else window.end


def rows(text: str) -> list[Row]:
    """The rows of a table that kubectl printed, by column name. Cells are cut where the header's columns begin."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not re.match(r"[A-Z]", lines[0]):
        return []
    names = [(m.group().strip(), m.start()) for m in re.finditer(r"\S+(?: \S+)*", lines[0])]
    ends = [start for _, start in names[1:]] + [None]
    return [
        {name: line[start:end].strip() for (name, start), end in zip(names, ends, strict=True)}
        for line in lines[1:]
    ]


def age_s(text: str) -> float | None:
    """Seconds of an age as kubectl prints it: `61s`, `4m3s`, `2d5h`; None for anything else."""
    found = _AGE.findall(text)
    return float(sum(int(n) * _UNITS[u] for n, u in found)) if found else None


def _by_app(sets: Sequence[tuple[datetime, Row]]) -> dict[str, list[tuple[datetime, Row]]]:
    found: dict[str, list[tuple[datetime, Row]]] = {}
    for at, row in sets:
        found.setdefault(_HASH.sub("", row["NAME"]), []).append((at, row))
    return found


def _rollout(row: Row, before: Row) -> str:
    images, old = row.get("IMAGES", ""), before.get("IMAGES", "")
    what = f"rollout of replica set {row['NAME']}"
    if images and old and images != old:
        return f"{what}: {old} -> {images}"
    return f"{what}: {images}" if images else what
