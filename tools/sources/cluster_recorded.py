"""A recorded cluster: answers of read-only questions, `{"Tool:{json arguments}": answer}`, as JSON or xz-compressed JSON.

What was not recorded answers None. The file is a recording, never a place to look further: no name in it chooses a path.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from aitia.core.bounds import load_json
from aitia.core.errors import SourceError
from aitia.core.words import Component, Holding, Window
from aitia.tools.sources.base import ClusterCall, Configured, check_file

MAX_BYTES: Final = 256 * 2**20
MAX_ANSWER: Final = 4 * 2**20
FILES: Final = ("tool_cache.json.xz", "tool_cache.json", "cluster.json.xz", "cluster.json")
TOOLS: Final[Mapping[str, str]] = {
    "get": "GetResources",
    "describe": "DescribeResource",
    "yaml": "GetAppYAML",
    "logs": "GetErrorLogs",
    "dependencies": "GetServiceDependencies",
    "connect": "CheckServiceConnectivity",
    "node_service": "CheckNodeServiceStatus",
    "configuration": "GetClusterConfiguration",
    "alerts": "GetAlerts",
}
CLUSTER_WIDE: Final = frozenset({"nodes", "namespaces", "persistentvolumes", "storageclasses"})
SYSTEM: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_SINGULAR: Final = {"resourcequotas": "resourcequota"}
_Key = tuple[str, frozenset[tuple[str, str]]]


class RecordedCluster(Configured):
    """Recorded answers of a cluster; `path` is the file or the folder that holds it, option `namespaces` picks some."""

    KIND = "cluster"

    def namespaces(self) -> list[str]:
        """The configured namespaces, else those whose pods were recorded, without the system's own."""
        wanted = str(self._config.options.get("namespaces", "")).replace(",", " ").split()
        if wanted:
            return wanted
        found = {dict(args).get("namespace", "") for tool, args in self._answers if tool == TOOLS["get"]}
        return sorted(found - SYSTEM - {""})

    def ask(self, call: ClusterCall) -> str | None:
        """The recorded answer as text, "" for an empty list, None where it was not recorded."""
        for arguments in _spellings(call, self.namespaces()):
            found = self._answers.get((TOOLS.get(call.verb, ""), arguments))
            if found is not None:
                return found[:MAX_ANSWER]
        return None

    def components(self) -> list[Component]:
        """Applications, nodes and namespaces: where they run, what they are part of, whom they call."""
        from aitia.tools.cluster.graph import components

        return components(self)

    def describe(self, window: Window) -> Holding:
        """The applications of the recording and what was asked. Raises SourceError where it cannot be read."""
        asked = sorted({tool for tool, _ in self._answers})
        apps = tuple(c.id for c in self.components() if c.type == "app")
        return Holding(
            source=self.name,
            kind="cluster",
            components=apps,
            items=tuple(asked),
            count=len(self._answers),
            note="" if self._answers else "the recording contains no answers",
        )

    @property
    def recorded_at(self) -> datetime | None:
        """When the recording was made, where it says so."""
        return self._recording[0]

    @property
    def _answers(self) -> dict[_Key, str]:
        return self._recording[1]

    @cached_property
    def _recording(self) -> tuple[datetime | None, dict[_Key, str]]:
        raw = _load(self._file(), self.name)
        found: dict[_Key, str] = {}
        for key, answer in raw.items():
            parsed = _key(key)
            if parsed is not None and answer is not None:
                text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
                found.setdefault(parsed, text)
        return _moment(raw.get("collection_timestamp")), found

    def _file(self) -> Path:
        path = check_file(self._config, self._root)
        if path.is_file():
            return path
        for name in FILES:
            if (path / name).is_file():
                return path / name
        raise SourceError(
            f"{str(path)!r} has none of the files {', '.join(FILES)}. Add one, or fix `path` of source "
            f"{self.name!r}."
        )


def _load(path: Path, name: str) -> Mapping[str, Any]:
    where = f"{str(path)!r} (source {name!r})"
    try:
        with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SourceError(f"Split {where}: it is larger than {MAX_BYTES >> 20} MiB.")
        raw = load_json(data)
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise SourceError(f"Cannot read {where}: {error}.") from None
    except ValueError as error:
        raise SourceError(f"Fix {where}: it is not a JSON object of recorded answers ({error}).") from None
    if not isinstance(raw, Mapping):
        raise SourceError(f"Fix {where}: it is not a JSON object of recorded answers.")
    return raw


def _moment(said: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
        return at and (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _key(key: str) -> _Key | None:
    """`Tool:{json}` as the tool and its arguments, empty ones left out; None for anything else in the file."""
    tool, _, arguments = key.partition(":")
    try:
        parsed = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    named = {str(k): _plain(v) for k, v in parsed.items()}
    kind = named.get("resource_type", "")
    if kind:
        named["resource_type"] = _SINGULAR.get(kind, kind)
    return tool, frozenset((k, v) for k, v in named.items() if v)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value) if isinstance(value, str | int | float) else ""


def _spellings(call: ClusterCall, namespaces: list[str]) -> list[frozenset[tuple[str, str]]]:
    """The ways in which a recorder may have written a call: with, without, or with any namespace."""
    base = {
        "get": {"resource_type": call.resource, "name": call.name},
        "describe": {"resource_type": call.resource, "name": call.name},
        "yaml": {"app_name": call.name},
        "logs": {"service_name": call.name},
        "dependencies": {"service_name": call.name},
        "connect": {"service_name": call.name, "port": str(call.port)},
        "node_service": {"node_name": call.name, "service_name": call.resource},
    }.get(call.verb, {})
    base["resource_type"] = _SINGULAR.get(base.get("resource_type", ""), base.get("resource_type", ""))
    base |= {"output_wide": "true" if call.wide else "", "show_labels": "true" if call.labels else ""}
    spaces = [call.namespace, ""]
    of_an_app = call.verb in ("yaml", "logs", "dependencies") and not call.namespace
    if call.resource in CLUSTER_WIDE or of_an_app:
        spaces += namespaces
    made = [frozenset((k, v) for k, v in (base | {"namespace": s}).items() if v) for s in spaces]
    return list(dict.fromkeys(made))
