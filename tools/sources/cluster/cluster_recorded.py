"""A recorded cluster: Kubernetes objects as `kubectl get -o json` (or `-o yaml`) writes them, and container logs.

`path` is a file (`kubectl get -A -o json > file`) or a folder of any shape (a must-gather, `kubectl cluster-info dump`, or what
`aitia record` wrote). Logs are the files below `NAMESPACE/pods/POD/` or `NAMESPACE/POD/`. No name in a file chooses a path.
"""

from __future__ import annotations

import lzma
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.bounds import TooMuch, check_yaml, load_json
from aitia.core.errors import SourceError
from aitia.core.words import Component, Holding, Window
from aitia.tools.sources.base import Configured, Object
from aitia.tools.sources.cluster.object_kinds import CLUSTER_WIDE, KINDS, SYSTEM, section
from aitia.tools.sources.paths import iter_files

MAX_BYTES: Final = 256 * 2**20  # of one file, and of all logs together
MAX_YAML: Final = 2_000_000  # characters of one document file
MAX_ALIASES: Final = 50  # kubectl prints none; thousands of them are an attack
MOST_LINES: Final = 2000  # of one pod's logs, the last ones
_ALIAS = re.compile(r"[:\-\[,]\s*\*\w")
_LOG = re.compile(
    r"(?:^|/)(?P<space>[^/]+)/(?:pods/(?P<named>[^/]+)/(?:.+/)?[^/]+\.log|(?P<dumped>[^/]+)/logs\.txt)$"
)
_TIMES: Final = (
    "creationTimestamp", "lastTimestamp", "eventTime", "lastTransitionTime", "lastHeartbeatTime", "lastUpdateTime",
    "startTime", "startedAt", "finishedAt", "renewTime",
)  # fmt: skip


class RecordedCluster(Configured):
    """Recorded objects and logs. Options: `namespaces` picks some; `now` (ISO 8601) is when they were read."""

    KIND = "cluster"
    OPTIONS = frozenset({"namespaces", "now"})

    def namespaces(self) -> list[str]:
        """The configured namespaces, else those in which pods or workloads were recorded, without the system's own."""
        wanted = str(self._config.options.get("namespaces", "")).replace(",", " ").split()
        kinds = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
        return wanted or sorted({s for kind, s in self._objects if kind in kinds} - SYSTEM - {""})

    def objects(self, resource: str, namespace: str = "") -> list[Object] | None:
        """The recorded objects; None where no object of their kind was recorded anywhere, and no empty list of it."""
        kind = KINDS.get(resource)
        if kind is None or kind not in self._recorded[1]:
            return None
        return self._objects.get((kind, "" if resource in CLUSTER_WIDE else namespace), [])

    def logs(self, namespace: str, selector: Mapping[str, str], pod: str = "") -> list[str] | None:
        """The last recorded lines of the pods with these labels, or of one; None where no logs were recorded."""
        if not self._logs:
            return None
        names = [
            str(one["metadata"].get("name"))
            for one in self._objects.get(("Pod", namespace), [])
            if selector and selector.items() <= section(one, "metadata", "labels").items()
        ]
        names = [pod] if pod else names
        return [line for name in names for line in self._lines(namespace, name)]

    def observed_at(self) -> datetime | None:
        """When the objects were read: as the configuration or a list says, else the newest time in any of them."""
        said = self._config.options.get("now")
        if said is None:
            return self._recorded[2]
        found = moment(said)
        if found is None:
            raise SourceError(f"Write `options.now` of source {self.name!r} as ISO 8601, not {said!r}.")
        return found

    def components(self) -> list[Component]:
        """Applications, nodes and namespaces: where they run, what they are part of, whom they call."""
        from aitia.tools.cluster.graph import components

        return components(self)

    def describe(self, window: Window) -> Holding:
        """The applications of the recording and the kinds in it. Raises SourceError where it cannot be read."""
        count = sum(map(len, self._objects.values()))
        return Holding(
            source=self.name,
            kind="cluster",
            components=tuple(c.id for c in self.components() if c.type == "app"),
            items=tuple(r for r, kind in KINDS.items() if kind in self._recorded[1]),
            count=count,
            note="" if count else "the recording contains no Kubernetes objects",
            unread=not count,
        )

    @property
    def _objects(self) -> Mapping[tuple[str, str], list[Object]]:
        return self._recorded[0]

    @cached_property
    def _recorded(self) -> tuple[Mapping[tuple[str, str], list[Object]], frozenset[str], datetime | None]:
        """Objects by kind and namespace, the kinds that were asked for, and when."""
        found: dict[tuple[str, str], dict[str, Object]] = defaultdict(dict)
        kinds: set[str] = set()
        newest: datetime | None = None
        for path in iter_files(self._config, self._root):
            for item, listed in _read(path, self.name):
                kind = str(item.get("kind") or listed)
                if kind.endswith("List"):
                    kinds |= {kind.removesuffix("List")} & set(KINDS.values())
                    newest = max(filter(None, (newest, *_times(item.get("metadata")))), default=None)
                    continue
                meta = item.get("metadata")
                if kind not in KINDS.values() or not isinstance(meta, Mapping) or not meta.get("name"):
                    continue
                kinds.add(kind)
                newest = max(filter(None, (newest, *_times(item))), default=None)
                space = "" if kind in CLUSTER_WIDE.values() else str(meta.get("namespace") or "default")
                found[kind, space].setdefault(f"{meta.get('uid')}/{meta['name']}", {**item, "kind": kind})
        return {key: list(items.values()) for key, items in found.items()}, frozenset(kinds), newest

    @cached_property
    def _logs(self) -> Mapping[tuple[str, str], list[Path]]:
        found: dict[tuple[str, str], list[Path]] = defaultdict(list)
        for path in iter_files(self._config, self._root):
            if match := _LOG.search(path.as_posix()):
                found[match["space"], match["named"] or match["dumped"]].append(path)
        return found

    def _lines(self, namespace: str, pod: str) -> Iterator[str]:
        for path in self._logs.get((namespace, pod), ()):
            with path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - 1_000_000))
                yield from file.read().decode("utf-8", "replace").splitlines()[-MOST_LINES:]


def _read(path: Path, name: str) -> Iterator[tuple[Object, str]]:
    """The objects of a file with the kind that their list names; a list itself comes as one more object."""
    suffixes = [s for s in path.suffixes if s in (".json", ".yaml", ".yml", ".xz")]
    if not suffixes or suffixes[0] == ".xz":
        return
    where = f"{str(path)!r} (source {name!r})"
    try:
        with lzma.open(path) if suffixes[-1] == ".xz" else path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SourceError(f"Split {where}: it is larger than {MAX_BYTES >> 20} MiB.")
        parts: Iterable[Any] = (
            [load_json(data)] if suffixes[0] == ".json" else documents(data.decode("utf-8", "replace"))
        )
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise SourceError(f"Cannot read {where}: {error}.") from None
    except ValueError as error:
        raise SourceError(f"Fix {where}: it is not JSON of Kubernetes objects ({error}).") from None
    for part in parts:
        yield from _unfolded(part)


def documents(text: str) -> list[Any]:
    """The documents of a YAML stream; an unreadable one ends the reading. Never raises."""
    found: list[Any] = []
    if len(text) > MAX_YAML or len(_ALIAS.findall(text)) > MAX_ALIASES:
        return found
    try:
        check_yaml(text)
    except TooMuch:
        return found
    except yaml.YAMLError:
        pass  # the documents before the broken one are read
    try:
        for part in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            found.append(part)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError):
        return found
    return found


def _unfolded(part: object) -> Iterator[tuple[Object, str]]:
    if not isinstance(part, Mapping):
        return
    items, kind = part.get("items"), str(part.get("kind") or "")
    if isinstance(items, list) and (kind.endswith("List") or not kind):
        yield {**part, "kind": kind or "List"}, ""
        for item in items:
            for inner, named in _unfolded(item):
                yield inner, named or kind.removesuffix("List")
    else:
        yield part, ""


def _times(value: object, depth: int = 8) -> Iterator[datetime]:
    if isinstance(value, Mapping) and depth:
        for key, inner in value.items():
            if key in _TIMES and (at := moment(inner)) is not None:
                yield at
            else:
                yield from _times(inner, depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _times(inner, depth - 1)


def moment(said: object) -> datetime | None:
    """A time as the API writes it (RFC 3339), or None."""
    try:
        at = said if isinstance(said, datetime) else datetime.fromisoformat(str(said)) if said else None
        return at and (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
