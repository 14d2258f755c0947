"""A RootCauseBench case in the forms that aitia reads: a table, log files, OTLP spans, a journal and a Git repository.

Only `environment/data` is opened. `metrics.csv` is read as it is. Log lines go unchanged into a file per service, since
one file is one component. Spans become OTLP; deploys and flags a change journal; commits a repository with their times,
authors, subjects and file names.
"""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aitia.core.config import Columns, SourceConfig
from aitia.core.words import Incident, SourceRef
from aitia.incoming import make_incident

Row = dict[str, Any]
DATA = Path("environment/data")
NANO = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is given of a case, and how the changes that aitia reads lead back to the set's commits."""

    incident: Incident
    sources: list[SourceConfig]
    deployed: dict[int, str]  # line of the journal: commit, "" for a flag
    committed: dict[str, str]  # hash in the repository: commit
    not_given: list[str]

    def commit_of(self, change: SourceRef) -> str:
        """The set's commit id of a change that aitia cites by where it was read, "" where the change is a flag."""
        if change.source == "commits":
            return self.committed[change.query.rpartition(" ")[2]]
        return self.deployed[change.lines[0]] if change.lines else ""


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
    def services(self) -> list[str]:
        """Every service that a file names."""
        told = [json.loads(line) for line in self.lines]
        named = {str(x["service"]) for x in (*told, *self.spans, *self.deploys, *self.flags, self.alert)}
        return sorted(named | {row[1] for row in self.metrics})

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
    """Write a case below `out`, and say how to read it."""
    sources = [
        SourceConfig(
            name="metrics", kind="metrics", type="table", path=str((case / DATA / "metrics.csv").resolve()),
            columns=Columns(time="timestamp", component="service"),
        ),
        *_logs(files, out),
    ]  # fmt: skip
    if files.spans:
        (out / "spans.json").write_text(json.dumps(_otlp(files.spans)), encoding="utf-8")
        sources.append(SourceConfig(name="spans", kind="traces", type="otlp", path="spans.json"))
    deployed = _journal(files, out / "changes.jsonl")
    if deployed:
        sources.append(SourceConfig(name="deploys", kind="changes", type="changes", path="changes.jsonl"))
    committed = _repository(files.commits, out / "commits.git")
    if committed:
        folders = ", ".join(f"{s}={s}, services/{s}={s}" for s in files.services)
        sources.append(
            SourceConfig(name="commits", kind="changes", type="git", path="commits.git", options={"components": folders})
        )  # fmt: skip
    return Given(
        incident=make_incident(_alert(files.alert), now=files.end),
        sources=sources,
        deployed=deployed,
        committed=committed,
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


def _logs(files: Files, out: Path) -> Iterator[SourceConfig]:
    held: dict[str, list[str]] = defaultdict(list)
    for line in files.lines:
        held[str(json.loads(line)["service"])].append(line)
    for number, (service, lines) in enumerate(sorted(held.items())):
        path = f"log{number}.jsonl"
        (out / path).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        yield SourceConfig(
            name=f"log{number}", kind="logs", type="log_files", path=path, component=service
        )  # fmt: skip


def _otlp(spans: Sequence[Row]) -> Row:
    """One request. Ids become hexadecimal ones of OTLP's length; `same` stands for the trace of the span before."""
    groups, trace = [], ""
    for span in spans:
        trace = trace if span["trace_id"] == "same" else str(span["trace_id"])
        begun = round(moment(span["start"]).timestamp()) * NANO
        known = ("trace_id", "span_id", "parent_id", "service", "name", "start", "duration_ms", "status")
        other = {k: v for k, v in span.items() if k not in (*known, "attributes")} | span.get(
            "attributes", {}
        )
        told = {
            "traceId": _id(trace, 32),
            "spanId": _id(f"{trace} {span['span_id']}", 16),
            "parentSpanId": _id(f"{trace} {span['parent_id']}", 16) if span["parent_id"] else "",
            "name": span["name"],
            "startTimeUnixNano": str(begun),
            "endTimeUnixNano": str(begun + round(float(span["duration_ms"]) * NANO / 1000)),
            "status": {"code": 2 if span["status"] == "ERROR" else 1, "message": str(span.get("error", ""))},
            "attributes": [{"key": k, "value": {"stringValue": str(v)}} for k, v in other.items()],
        }
        resource = [{"key": "service.name", "value": {"stringValue": str(span["service"])}}]
        groups.append({"resource": {"attributes": resource}, "scopeSpans": [{"spans": [told]}]})
    return {"resourceSpans": groups}


def _id(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def _journal(files: Files, path: Path) -> dict[int, str]:
    """Deploys and flags, one a line; the commit of each line by its number."""
    entries = [
        (d, "deploy", f"{d['version']} of commit {d['commit_sha']}", d["commit_sha"] or "")
        for d in files.deploys
    ]
    entries += [(f, "flag", f"{f['flag']} {f['change']} by {f['actor']}", "") for f in files.flags]
    with path.open("w", encoding="utf-8") as out:
        for raw, kind, text, _ in entries:
            told = {"at": raw["timestamp"], "component": raw["service"], "kind": kind, "text": text}
            out.write(json.dumps(told) + "\n")
    return {number: sha for number, (_, _, _, sha) in enumerate(entries, start=1)}


def _repository(commits: Sequence[Row], path: Path) -> dict[str, str]:
    """A bare repository of the commits in the order of their times; what a file holds is its commit's id and diff.

    Before them stands an empty one: a repository's first commit changes nothing.
    """
    if not commits:
        return {}
    ordered = sorted(commits, key=lambda c: moment(c["timestamp"]))
    began = int(moment(ordered[0]["timestamp"]).timestamp()) - 1
    stream = f"commit refs/heads/main\ncommitter nobody <> {began} +0000\ndata 0\n\n".encode()
    stream += b"".join(_imported(number, commit) for number, commit in enumerate(ordered, start=1))
    marks = path.with_suffix(".marks")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    subprocess.run(
        ["git", "-C", str(path), "fast-import", "--quiet", f"--export-marks={marks.resolve()}"],
        input=stream,
        check=True,
    )
    hashes = dict(line.split() for line in _text(marks).splitlines())
    return {hashes[f":{number}"]: commit["sha"] for number, commit in enumerate(ordered, start=1)}


def _imported(number: int, commit: Row) -> bytes:
    who = f"{commit['author']} <> {int(moment(commit['timestamp']).timestamp())} +0000"
    lines = [
        f"commit refs/heads/main\nmark :{number}\nauthor {who}\ncommitter {who}\n",
        _blob(commit["message"]),
    ]
    for file in commit["files_changed"]:
        name = json.dumps(file, ensure_ascii=False)
        lines.append(f"M 100644 inline {name}\n{_blob(commit['sha'] + chr(10) + (commit['diff'] or ''))}")
    return "".join(lines).encode() + b"\n"


def _blob(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _left_out(case: Path, files: Files) -> list[str]:
    """What aitia cannot be given today, counted."""
    path = case / DATA / "patterns.json"
    patterns = len(json.loads(_text(path))) if path.exists() else 0
    diffs = sum(bool(c["diff"]) for c in files.commits)
    own = {f"{s}/" for s in files.services} | {f"services/{s}/" for s in files.services}
    loose = sum(not any(f.startswith(tuple(own)) for f in c["files_changed"]) for c in files.commits)
    return [
        f"{patterns} clustered log patterns with their counts (no source type)",
        f"{diffs} diffs (the git source reads no content)",
        f"the component of {loose} of {len(files.commits)} commits (no folder named as a service)",
    ]
