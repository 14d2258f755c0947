"""A RootCauseBench case as aitia reads it: the files of `environment/data` as they lie there, and its alert.

Only two things are put otherwise: the monitor's alert becomes one of Alertmanager, and a span whose trace is called `same`
gets that of the span before it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aitia.core.config import Columns, SourceConfig
from aitia.core.words import Incident
from aitia.incoming import make_incident

Row = dict[str, Any]
DATA = Path("environment/data")


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is given of a case."""

    incident: Incident
    sources: list[SourceConfig]
    not_given: list[str]


@dataclass(frozen=True, kw_only=True)
class Files:
    """The parsed files of a case."""

    alert: Row
    deploys: list[Row]
    flags: list[Row]
    commits: list[Row]
    spans: list[Row]
    lines: list[str]  # of the log, each as it stands
    metrics: list[list[str]]  # time, service, metric, value

    @property
    def end(self) -> datetime:
        """A second after the last sample, line or span, and not before the alarm."""
        stamps = [
            self.alert["fired_at"],
            *(r[0] for r in self.metrics),
            *(json.loads(x)["timestamp"] for x in self.lines),
        ]
        ends = [moment(s["start"]) + timedelta(milliseconds=float(s["duration_ms"])) for s in self.spans]
        return max([*map(moment, stamps), *ends]) + timedelta(seconds=1)


def read(case: Path) -> Files:
    """The files of `environment/data` but the clustered patterns."""
    folder = case / DATA
    parsed = {n: json.loads(_text(folder / "context" / f"{n}.json")) for n in ("deploys", "flags", "commits")}
    return Files(
        alert=json.loads(_text(folder / "alert.json")),
        spans=json.loads(_text(folder / "traces.json")),
        lines=[line for line in _text(folder / "logs.ndjson").splitlines() if line.strip()],
        metrics=[r for r in csv.reader(_text(folder / "metrics.csv").splitlines()[1:]) if r],
        **parsed,
    )


def write(case: Path, files: Files, out: Path) -> Given:
    """Say how to read a case; what is written lies below `out`."""
    data = (case / DATA).resolve()
    sources = [
        SourceConfig(
            name="metrics", kind="metrics", type="table", path=str(data / "metrics.csv"),
            columns=Columns(time="timestamp", component="service"),
        ),
        SourceConfig(name="logs", kind="logs", type="log_files", path=str(data / "logs.ndjson")),
    ]  # fmt: skip
    if files.spans:
        (out / "spans.json").write_text(json.dumps(list(_traced(files.spans))), encoding="utf-8")
        sources.append(SourceConfig(name="spans", kind="traces", type="spans", path="spans.json"))
    held = {"deploys": files.deploys, "flags": files.flags, "commits": files.commits}
    sources += [
        SourceConfig(name=name, kind="changes", type="changes", path=str(data / "context" / f"{name}.json"))
        for name, entries in held.items()
        if entries
    ]
    return Given(
        incident=make_incident(_alert(files.alert), now=files.end),
        sources=sources,
        not_given=_left_out(case, files),
    )


def moment(text: str) -> datetime:
    """An ISO time of the set."""
    return datetime.fromisoformat(text)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _alert(alert: Row) -> Row:
    """The monitor's alert as Alertmanager sends one."""
    labels = {"alertname": alert["monitor"], "service": alert["service"], "severity": alert["severity"]}
    said = f"{alert['metric']} is {alert['observed']}, threshold {alert['threshold']}"
    notes = {"summary": alert["summary"], "description": said}
    return {
        "alerts": [
            {"status": "firing", "labels": labels, "annotations": notes, "startsAt": alert["fired_at"]}
        ]
    }


def _traced(spans: list[Row]) -> Iterator[Row]:
    """The spans, `same` replaced by the trace of the span before."""
    trace = ""
    for span in spans:
        trace = trace if span["trace_id"] == "same" else str(span["trace_id"])
        yield span | {"trace_id": trace}


def _left_out(case: Path, files: Files) -> list[str]:
    """What aitia cannot be given today, counted."""
    path = case / DATA / "patterns.json"
    patterns = len(json.loads(_text(path))) if path.exists() else 0
    return [f"{patterns} clustered log patterns with their counts (no source type)"]
