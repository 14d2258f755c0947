"""Recorded answers of read-only questions, `{"Tool:{json arguments}": answer}`, as JSON or xz-compressed JSON."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

FILES: Final = ("tool_cache.json.xz", "tool_cache.json")
TOOLS: Final[Mapping[str, str]] = {
    "get": "GetResources",
    "describe": "DescribeResource",
    "yaml": "GetAppYAML",
    "logs": "GetErrorLogs",
    "node_service": "CheckNodeServiceStatus",
    "alerts": "GetAlerts",
    "dependencies": "GetServiceDependencies",
}
_SINGULAR: Final = {"resourcequotas": "resourcequota"}
CLUSTER_WIDE: Final = frozenset({"nodes", "namespaces", "persistentvolumes", "storageclasses"})
UNTOLD: Final = datetime(2025, 1, 1, tzinfo=UTC)  # of a recording that does not say when it was made
_Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A verb of `TOOLS` with its arguments; `resource` is the system service for `node_service`."""

    verb: str
    resource: str = ""
    name: str = ""
    namespace: str = ""
    wide: bool = False
    labels: bool = False


class Answers:
    """One file of recorded answers."""

    def __init__(self, raw: Mapping[str, Any], namespace: str = "") -> None:
        self._found: dict[_Key, str] = {}
        for key, answer in raw.items():
            parsed = _key(key)
            if parsed is not None and answer is not None:
                text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
                self._found.setdefault(parsed, text)
        said = raw.get("collection_timestamp")
        at = datetime.fromisoformat(said) if isinstance(said, str) else UNTOLD
        self.at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        self.namespace = namespace

    @classmethod
    def of(cls, folder: Path, namespace: str = "") -> Answers:
        """The recording of a case."""
        path = next(p for name in FILES if (p := folder / name).is_file())
        with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as file:
            return cls(json.loads(file.read()), namespace)

    def ask(self, question: Question) -> str | None:
        """The answer as text, "" for an empty list, None where it was not recorded or was refused."""
        for arguments in _spellings(question, self.namespace):
            found = self._found.get((TOOLS.get(question.verb, ""), arguments))
            if found is not None:
                return None if found.startswith("Error from server (Forbidden)") else found
        return None

    def names(self, tool: str, argument: str) -> list[str]:
        """The values that an argument of a tool has among the questions."""
        return sorted({v for t, args in self._found if t == TOOLS[tool] for k, v in args if k == argument})

    def described(self, resource: str) -> list[str]:
        """The names of a resource's described objects."""
        found = [dict(args) for tool, args in self._found if tool == TOOLS["describe"]]
        kind = _SINGULAR.get(resource, resource)
        return sorted({a["name"] for a in found if a.get("resource_type") == kind and a.get("name")})


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


def _spellings(call: Question, namespace: str) -> list[frozenset[tuple[str, str]]]:
    """The ways in which a recorder may have written a call: with or without a namespace."""
    base = {
        "get": {"resource_type": call.resource, "name": call.name},
        "describe": {"resource_type": call.resource, "name": call.name},
        "yaml": {"app_name": call.name},
        "logs": {"service_name": call.name},
        "dependencies": {"service_name": call.name},
        "node_service": {"node_name": call.name, "service_name": call.resource},
    }.get(call.verb, {})
    base["resource_type"] = _SINGULAR.get(base.get("resource_type", ""), base.get("resource_type", ""))
    base |= {"output_wide": "true" if call.wide else "", "show_labels": "true" if call.labels else ""}
    spaces = [call.namespace, ""]
    if call.resource in CLUSTER_WIDE or (call.verb in ("yaml", "logs") and not call.namespace):
        spaces.append(namespace)
    made = [frozenset((k, v) for k, v in (base | {"namespace": s}).items() if v) for s in spaces]
    return list(dict.fromkeys(made))
