"""Nezha's one-minute files of logs, spans and metrics as the product reads them: OTLP lines, container logs, a table."""

from __future__ import annotations

import calendar
import csv
import gzip
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

NANO: Final = 10**9
_LABELS: Final = ("time", "timestamp", "podname")


@dataclass(frozen=True, kw_only=True)
class SpanRow:
    """A row of a trace file. `start` and `end` in nanoseconds."""

    trace: str
    id: str
    parent: str
    pod: str
    operation: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """A row of a log file. `at` in nanoseconds."""

    at: int
    pod: str
    text: str


def epoch(text: str) -> int:
    """Epoch seconds of `YYYY-MM-DD HH:MM:SS` in UTC."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S"))


def _found(folder: Path, stem: str) -> Path | None:
    return next((p for p in (folder / f"{stem}.csv.gz", folder / f"{stem}.csv") if p.is_file()), None)


def _lines(path: Path) -> Iterator[str]:
    packed = path.suffix == ".gz"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        for line in file:
            yield line.decode("utf-8", "replace").rstrip("\r\n")


def stamp_of(folder: Path, minute: int) -> str:
    """The minute file that is diagnosed: two minutes after the fault's, else one. "" where there is neither."""
    for later in (2, 1):
        stamp = time.strftime("%H_%M", time.gmtime(minute + 60 * later))
        if _found(folder / "trace", f"{stamp}_trace"):
            return stamp
    return ""


def reference_stamp(folder: Path) -> str:
    """The one fault-free minute of a day."""
    stamps = sorted(p.name[:5] for p in (folder / "trace").glob("*_trace.csv*"))
    return stamps[0] if stamps else ""


def read_spans(folder: Path, stamp: str) -> list[SpanRow]:
    """The spans of one minute file."""
    path = _found(folder / "trace", f"{stamp}_trace")
    out = []
    for row in csv.DictReader(_lines(path)) if path else ():
        try:
            start, end = int(row["StartTimeUnixNano"]), int(row["EndTimeUnixNano"])
        except (ValueError, TypeError):
            continue
        parent = row["ParentID"] if row["ParentID"] != "root" else ""
        out.append(
            SpanRow(
                trace=row["TraceID"], id=row["SpanID"], parent=parent, pod=row["PodName"],
                operation=row["OperationName"], start=start, end=end,
            )
        )  # fmt: skip
    return out


def read_logs(folder: Path, stamp: str) -> list[LogRow]:
    """The log lines of one minute file: seven fields, then the container runtime's JSON with its quotes doubled."""
    path = _found(folder / "log", f"{stamp}_log")
    out = []
    for line in list(_lines(path))[1:] if path else ():
        fields = line.split(",", 7)
        if len(fields) == 8 and fields[1].isdigit():
            out.append(LogRow(at=int(fields[1]), pod=fields[3], text=_said(fields[7])))
    return out


def _said(quoted: str) -> str:
    """What the program wrote."""
    inner = quoted[1:-1].replace('""', '"') if quoted.startswith('"') and quoted.endswith('"') else quoted
    try:
        told = json.loads(inner)
    except ValueError:
        return inner
    return str(told.get("log", inner)) if isinstance(told, dict) else inner


def write_spans(path: Path, spans: list[SpanRow], *, shift: int) -> None:
    """One OTLP request per trace and line; a pod is named by `k8s.pod.name` alone. `shift` in nanoseconds."""
    traces: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for s in spans:
        traces[s.trace][s.pod].append(
            {
                "traceId": s.trace, "spanId": s.id, "parentSpanId": s.parent, "name": s.operation,
                "startTimeUnixNano": str(s.start + shift), "endTimeUnixNano": str(s.end + shift),
            }
        )  # fmt: skip
    with path.open("a", encoding="utf-8") as file:
        for pods in traces.values():
            groups = [
                {
                    "resource": {"attributes": [{"key": "k8s.pod.name", "value": {"stringValue": pod}}]},
                    "scopeSpans": [{"scope": {}, "spans": held}],
                }
                for pod, held in sorted(pods.items())
            ]
            file.write(json.dumps({"resourceSpans": groups}) + "\n")


def write_logs(folder: Path, logs: list[LogRow], *, shift: int) -> None:
    """One file per pod, in the json-file format of the container runtime, in order of time."""
    pods: dict[str, list[LogRow]] = defaultdict(list)
    for row in logs:
        pods[row.pod].append(row)
    folder.mkdir(exist_ok=True)
    for pod, rows in sorted(pods.items()):
        with (folder / f"{pod}.log").open("a", encoding="utf-8") as file:
            for row in sorted(rows, key=lambda r: r.at):
                at = row.at + shift
                whole = datetime.fromtimestamp(at // NANO, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
                told = {"log": row.text, "stream": "stdout", "time": f"{whole}.{at % NANO:09d}Z"}
                file.write(json.dumps(told, ensure_ascii=False) + "\n")


def write_metrics(path: Path, day: Path, *, start: int, end: int) -> None:
    """The day's series of all pods in [start, end) as a long table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["time", "component", "metric", "value"])
        for source in sorted((day / "metric").glob("*_metric.csv*")):
            pod = source.name.split(".")[0].removesuffix("_metric")
            for row in csv.DictReader(_lines(source)):
                try:
                    at = epoch(row["Time"])
                except ValueError:
                    continue
                if start <= at < end:
                    for name, value in row.items():
                        if name and name.lower() not in _LABELS and value:
                            out.writerow([at, pod, name, value])
