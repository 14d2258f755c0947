"""Recorded Kubernetes incidents of HolmesGPT as aitia reads them: what is asked, and the sources beside it.

A case is CASE/{question.txt or alert.json, store.json, kubeconfig} and, where recorded, logs/, spans.json, metrics.csv and
runbooks/. Everything is handed on as it lies there: the cluster through the set's own kubectl.py in place of kubectl, the
rest as files. `expected.json` is never opened here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aitia.core.config import SourceConfig
from aitia.core.words import SourceKind

UNKNOWN: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""The moment of a recording that does not say when it was made; no log with dates is in any of those."""
FILES: Final[tuple[tuple[str, SourceKind, str, str], ...]] = (  # name, kind and type of a source, its path
    ("files", "logs", "log_files", "logs"),
    ("spans", "traces", "otlp", "spans.json"),
    ("metrics", "metrics", "table", "metrics.csv"),
    ("books", "runbooks", "runbooks", "runbooks"),
)
READ: Final = {  # recorded tool calls (by how their names begin) and the file that holds the same; "" = kubectl.py
    "kubectl_describe": "",
    "kubectl_events": "",
    "kubectl_find_resource": "",
    "kubectl_get_": "",
    "kubectl_lineage_": "",
    "kubectl_logs": "",
    "kubectl_previous_logs": "",
    "fetch_pod_logs": "",
    "argocd_": "logs/argocd.log",
    "execute_prometheus_": "metrics.csv",
    "fetch_tempo_": "spans.json",
    "fetch_webpage": "runbooks",
}
ALERT_FORMS: Final = ("request.json", "issue.json", "runbook_links.json")  # forms of another product's own


def cases(data: Path) -> list[str]:
    """The names of the recordings in a folder."""
    return [p.parent.name for p in data.glob("*/store.json")]


def store(folder: Path) -> dict[str, Any]:
    """The index of a recording."""
    found: dict[str, Any] = json.loads((folder / "store.json").read_text(encoding="utf-8"))
    return found


def question(folder: Path) -> str:
    """What the operator asks, in words; empty where an alert came instead."""
    file = folder / "question.txt"
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def reported(folder: Path) -> str:
    """What is given as the incident: the question, or the alert as Alertmanager sends it."""
    return question(folder) or (folder / "alert.json").read_text(encoding="utf-8")


def moment(folder: Path) -> datetime:
    """When somebody asked: the recording's last time, else the alert's own, else `UNKNOWN`."""
    at = store(folder)["at"]
    file = folder / "alert.json"
    if not at and file.exists():
        alerts = json.loads(file.read_text(encoding="utf-8"))
        at = max((str(a["startsAt"]) for a in alerts if a.get("startsAt")), default=None)
    return datetime.fromisoformat(at) if at else UNKNOWN


def sources(folder: Path, kubectl: Path) -> list[SourceConfig]:
    """The cluster behind `kubectl`, and the files that were recorded."""
    where = folder.resolve()
    cluster = SourceConfig(
        name="cluster",
        kind="cluster",
        type="kubectl",
        path=str(where / "kubeconfig"),
        options={"kubectl": str(kubectl.resolve()), "namespaces": str(store(folder)["namespace"])},
    )
    files = [
        SourceConfig(name=name, kind=kind, type=reader, path=str(where / path))
        for name, kind, reader, path in FILES
        if (where / path).exists()
    ]
    return [cluster, *files]


def not_given(folder: Path) -> list[str]:
    """What was recorded and has no form that aitia reads: tools, and forms of the alert."""
    calls = {c["tool"] for c in store(folder)["recorded"] if c["status"] == "success"}
    tools = sorted(tool for tool in calls if not _given(tool, folder))
    return tools + [name for name in ALERT_FORMS if (folder / name).exists()]


def _given(tool: str, folder: Path) -> bool:
    held = next((path for begin, path in READ.items() if tool.startswith(begin)), None)
    return held is not None and (not held or (folder / held).exists())


def last_warning(folder: Path, kubectl: Path) -> str:
    """The last warning that `kubectl get events` lists: the answer of somebody who looks at nothing else."""
    config = ("--kubeconfig", str(folder / "kubeconfig"))
    command = [sys.executable, str(kubectl), *config, "get", "events", "--no-headers"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return next(_warnings(listed), "")


def _warnings(listed: str) -> Iterator[str]:
    for line in reversed(listed.splitlines()):
        parts = line.split(maxsplit=4)
        if len(parts) == 5 and parts[1] == "Warning":
            yield " ".join(parts[2:])
