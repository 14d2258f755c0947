"""A case of the OpenSRE set as the files that aitia reads, transcribed: no threshold, no choice of what matters, no answer.

CloudWatch series and the load of Performance Insights become a table, RDS events and logs become log files, RDS events
that AWS itself files under a change a journal, the cluster's summaries what kubectl prints. The alert has no time:
the diagnosis is asked for when the evidence ends.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.config import SourceConfig
from aitia.core.words import Incident
from aitia.incoming import make_incident
from benchmarks.adapters.opensre_cluster import recording

HIDDEN: Final = ("failure_mode", "adversarial_signals", "scenario_difficulty")
NAMES: Final = {"db_instance_identifier": "instance", "kube_deployment": "deployment", "kube_pod": "pod"}
"""Annotations that name an object, and the label under which an alert of Alertmanager names it."""
PROSE: Final = ("summary", "description", "error", "suspected_symptom")
CHANGES: Final = {
    "configuration change": "config",
    "maintenance": "maintenance",
}  # AWS event category -> kind
AVERAGES: Final = ("top_sql", "top_wait_events", "top_users", "top_hosts")


class OpenSre:
    """One case's folder with what it takes from its base, less what is hidden."""

    def __init__(self, folder: Path, *, alert_at: float = 1.0) -> None:
        """`alert_at` puts the alert that share into the metrics' span; 1 leaves it where the evidence ends."""
        self.folder, self._alert_at = folder, alert_at
        own = _yaml(folder / "scenario.yml")
        self._base = folder.parent / str(own["base"]) if own.get("base") else folder
        told = _yaml(self._base / "scenario.yml") | own
        self.facts = {k: v for k, v in told.items() if k not in HIDDEN}
        self.readable: list[str] = list(self.facts.get("available_evidence") or ())
        self.not_given: list[str] = []

    def evidence(self, name: str) -> Any:
        """An evidence file's content, the base's where the case has none; None where it may not be read or is none."""
        files = [p / f"{name}.json" for p in (self.folder, self._base)]
        found = next((f for f in files if f.is_file()), None)
        return _json(found) if found and name in self.readable else None

    def series(self) -> list[dict[str, Any]]:
        """The CloudWatch results: in one file, or in one a metric."""
        if "aws_cloudwatch_metrics" not in self.readable:
            return []
        for place in (self.folder, self._base):
            whole = place / "aws_cloudwatch_metrics.json"
            parts = sorted(place.glob("aws_cloudwatch_metrics_*.json"))
            if whole.is_file() or parts:
                read = [_json(f) for f in ([whole] if whole.is_file() else parts)]
                return [m for r in read for m in r.get("metric_data_results", [r] if "values" in r else [])]
        return []

    @property
    def now(self) -> datetime:
        """One second after the last time that the evidence holds."""
        read = [self.evidence(name) for name in self.readable]
        return max(_times([*read, self.series()]), default=datetime(2026, 1, 1, tzinfo=UTC)) + timedelta(
            seconds=1
        )

    def incident(self) -> Incident:
        """The alert in Alertmanager's form: its title as the summary, all further prose as the description."""
        raw = _json(self.folder / "alert.json")
        notes = {k: v for k, v in raw["commonAnnotations"].items() if not k.endswith(HIDDEN)}
        labels = raw["commonLabels"] | {label: notes[k] for k, label in NAMES.items() if notes.get(k)}
        text = " ".join(str(notes[k]) for k in PROSE if notes.get(k))
        alert = {"labels": labels, "annotations": {"summary": raw["title"], "description": text}}
        message = {"alerts": [alert], "commonLabels": labels}
        return make_incident(message, now=self.now, started_at=self._started_at())

    def _started_at(self) -> datetime | None:
        times = sorted(_times(self.series()))
        inside = self._alert_at < 1.0 and times
        return times[0] + (times[-1] - times[0]) * self._alert_at if inside else None

    def write(self, out: Path) -> list[SourceConfig]:
        """All evidence as files below `out`, and the sources that read them; what has no form goes to `not_given`."""
        made = [
            *self._metrics(out),
            *self._logs(out),
            *self._changes(out),
            *self._cluster(out),
            *self._topology(out),
        ]
        insights = self.evidence("aws_performance_insights") or {}
        self.not_given += [f"aws_performance_insights: {k}" for k in AVERAGES if insights.get(k)]
        self.not_given += ["datadog_monitors"] if self.evidence("datadog_monitors") else []
        return made

    def _metrics(self, out: Path) -> Iterator[SourceConfig]:
        rows = [
            (at, m["dimensions"][0]["Value"], m["metric_name"], value)
            for m in self.series()
            for at, value in zip(m["timestamps"], m["values"], strict=True)
        ]
        insights = self.evidence("aws_performance_insights")
        if insights and (load := insights.get("db_load")):
            of = insights["db_instance_identifier"]
            rows += [(at, of, "DBLoad", v) for at, v in zip(load["timestamps"], load["values"], strict=True)]
        if rows:
            with (out / "metrics.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("time", "component", "metric", "value"), *rows])
            yield _source("cloudwatch", "metrics", "table", out / "metrics.csv")

    def _logs(self, out: Path) -> Iterator[SourceConfig]:
        events = (self.evidence("aws_rds_events") or {}).get("events", [])
        lines = (self.evidence("datadog_logs") or {}).get("logs", [])
        pod = self.evidence("eks_pod_logs")
        told = {
            "rds-events": [(e["source_identifier"], json.dumps(e, ensure_ascii=False)) for e in events],
            "datadog": [(e["service"], json.dumps(e, ensure_ascii=False)) for e in lines],
            "pod-logs": [(pod["pod_name"], pod["logs"].rstrip("\n"))] if pod else [],
        }
        for name, found in told.items():
            for component, text in found:
                file = out / name / f"{component}.log"
                file.parent.mkdir(exist_ok=True)
                with file.open("a", encoding="utf-8") as log:
                    log.write(f"{text}\n")
            if found:
                yield _source(name, "logs", "log_files", out / name)

    def _changes(self, out: Path) -> Iterator[SourceConfig]:
        events = (self.evidence("aws_rds_events") or {}).get("events", [])
        rows = [
            {"at": e["date"], "component": e["source_identifier"], "kind": kind, "text": e["message"]}
            for e in events
            if (kind := next((CHANGES[c] for c in e["event_categories"] if c in CHANGES), None))
        ]
        if rows:
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
            (out / "changes.jsonl").write_text(text, encoding="utf-8")
            yield _source("rds-changes", "changes", "changes", out / "changes.jsonl")

    def _cluster(self, out: Path) -> Iterator[SourceConfig]:
        if objects := recording(self.evidence, self.now):
            path = out / "cluster.json"
            path.write_text(json.dumps(objects, ensure_ascii=False), encoding="utf-8")
            yield _source("cluster", "cluster", "cluster_recorded", path)
            yield _source("rollouts", "changes", "cluster_changes", path, reader="cluster_recorded")

    def _topology(self, out: Path) -> Iterator[SourceConfig]:
        """The instance, its cluster and its replica, as the scenario and the alert name them."""
        notes = _json(self.folder / "alert.json")["commonAnnotations"]
        instance, replica = notes.get("db_instance_identifier"), notes.get("read_replica")
        if not instance:
            return
        group = notes.get("db_cluster") or self.facts.get("db_cluster")
        links = [{"relation": "part_of", "to": group}] if group else []
        links += [{"relation": "feeds", "to": replica}] if replica else []
        others = [{"id": name, "type": "service"} for name in (group, replica) if name]
        found = [{"id": instance, "type": "service", "links": links}, *others]
        (out / "topology.json").write_text(json.dumps({"components": found}), encoding="utf-8")
        yield _source("map", "topology", "topology", out / "topology.json")


def _source(name: str, kind: str, of: str, path: Path, **options: Any) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": name, "kind": kind, "type": of, "path": str(path), "options": options}
    )


def _times(raw: Any) -> Iterator[datetime]:
    """All values that are a time and nothing else."""
    if isinstance(raw, dict | list):
        for value in raw.values() if isinstance(raw, dict) else raw:
            yield from _times(value)
    elif isinstance(raw, str) and raw[:4].isdigit() and "T" in raw:
        try:
            at = datetime.fromisoformat(raw)
        except ValueError:
            return
        yield at if at.tzinfo else at.replace(tzinfo=UTC)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _yaml(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found
