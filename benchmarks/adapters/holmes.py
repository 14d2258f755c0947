"""Recorded Kubernetes incidents of HolmesGPT as aitia reads them: what is asked, and the sources beside it.

A case is CASE/{question.txt or alert.json, store.json, kubeconfig} and, where recorded, logs/, spans.json, metrics.csv and
runbooks/. Files are handed on as they lie there. The set's kubectl.py answers `describe`, tables, events and logs as they were
recorded, but its `-o json` holds neither containers nor why they wait, which no API server leaves out: so what it prints is
transcribed into the API's objects. `expected.json` is never opened here.
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
from benchmarks.adapters.k8s_tool_cache import recording
from benchmarks.adapters.k8s_tool_cache.answers import Answers, Question

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


class Printed(Answers):
    """What kubectl.py prints of a case; None where it refuses."""

    def __init__(self, folder: Path, kubectl: Path) -> None:
        super().__init__({}, str(store(folder)["namespace"]))
        self.at = moment(folder)
        self._folder, self._kubectl = folder, kubectl

    def ask(self, question: Question) -> str | None:
        """The text of a `get` or `describe`."""
        if question.verb not in ("get", "describe"):
            return None
        name = [question.name] if question.name else []
        shown = [
            *(["--output=wide"] if question.wide else []),
            *(["--show-labels"] if question.labels else []),
        ]
        space = [f"--namespace={question.namespace}"] if question.namespace else []
        return _asked(self._kubectl, self._folder, question.verb, question.resource, *name, *space, *shown)

    def logs(self, pod: str) -> str:
        """What its containers said, those that ended before them first."""
        asked = ("logs", pod, f"--namespace={self.namespace}", "--all-containers")
        parts = [_asked(self._kubectl, self._folder, *asked, *more) for more in (("--previous",), ())]
        return "".join(part for part in parts if part)


def _asked(kubectl: Path, folder: Path, *words: str) -> str | None:
    command = [sys.executable, str(kubectl), "--kubeconfig", str(folder / "kubeconfig"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return None if done.returncode else done.stdout


def sources(folder: Path, kubectl: Path, made: Path) -> list[SourceConfig]:
    """The cluster as `kubectl` prints it, transcribed below `made`, and the files that were recorded."""
    where, printed = folder.resolve(), Printed(folder, kubectl)
    recording.write(printed, printed.namespace, made / "cluster")
    for row in recording.rows(
        printed.ask(Question(verb="get", resource="pods", namespace=printed.namespace)) or ""
    ):
        if text := printed.logs(row["NAME"]):
            path = made / "cluster" / "namespaces" / printed.namespace / "pods" / row["NAME"] / "current.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    files = [
        SourceConfig(name=name, kind=kind, type=reader, path=str(where / path))
        for name, kind, reader, path in FILES
        if (where / path).exists()
    ]
    return [recording.cluster_source(made / "cluster", printed.namespace), *files]


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
    return next(_warnings(_asked(kubectl, folder, "get", "events", "--no-headers") or ""), "")


def _warnings(listed: str) -> Iterator[str]:
    for line in reversed(listed.splitlines()):
        parts = line.split(maxsplit=4)
        if len(parts) == 5 and parts[1] == "Warning":
            yield " ".join(parts[2:])
