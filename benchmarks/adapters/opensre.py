"""A case of the OpenSRE set as the files that aitia reads, transcribed: no threshold, no choice of what matters, no answer.

CloudWatch series, RDS events and Datadog's logs are read where they lie. The load of Performance Insights and its top
statements by wait become what its API answers, a pod's log a file, the cluster's summaries what kubectl prints. The alert has
no time: the diagnosis is asked for when the evidence ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
AVERAGES: Final = {
    "top_wait_events": ("name", "db.wait_event.name"),
    "top_users": ("name", "db.user.name"),
    "top_hosts": ("id", "db.host.name"),
}
"""Lists of Performance Insights: under which key they name what, and the dimension by which the API groups it."""


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
        found = self._file(name)
        return _json(found) if found else None

    def _file(self, name: str) -> Path | None:
        files = [p / f"{name}.json" for p in (self.folder, self._base)]
        return next((f for f in files if f.is_file()), None) if name in self.readable else None

    def _metric_files(self) -> list[Path]:
        """The CloudWatch results: in one file, or in one a metric."""
        for place in (self.folder, self._base):
            whole, parts = (
                place / "aws_cloudwatch_metrics.json",
                sorted(place.glob("aws_cloudwatch_metrics_*.json")),
            )
            if whole.is_file() or parts:
                return [whole] if whole.is_file() else parts
        return []

    def series(self) -> list[dict[str, Any]]:
        """The CloudWatch results."""
        read = map(_json, self._metric_files() if "aws_cloudwatch_metrics" in self.readable else [])
        return [m for r in read for m in r.get("metric_data_results", [r] if "values" in r else [])]

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
        self.not_given += ["datadog_monitors"] if self.evidence("datadog_monitors") else []
        return made

    def _metrics(self, out: Path) -> Iterator[SourceConfig]:
        if self.series():
            first, *more = self._metric_files()
            yield _source(
                "cloudwatch",
                "metrics",
                "cloudwatch",
                first.with_name("aws_cloudwatch_metrics_*.json") if more else first,
            )
        insights = self.evidence("aws_performance_insights")
        if insights and (load := insights.get("db_load")):
            pairs = zip(load["timestamps"], load["values"], strict=True)
            entry = {
                "Key": {"Metric": "DBLoad"},
                "DataPoints": [{"Timestamp": at, "Value": v} for at, v in pairs],
            }
            told = {
                "Identifier": insights["db_instance_identifier"],
                "MetricList": [
                    entry,
                    *_statements(insights, load["timestamps"][-1]),
                    *_groups(insights, load["timestamps"][-1]),
                ],
            }
            (out / "insights.json").write_text(json.dumps(told), encoding="utf-8")
            yield _source("insights", "metrics", "cloudwatch", out / "insights.json")

    def _logs(self, out: Path) -> Iterator[SourceConfig]:
        for name, key, file in (
            ("rds-events", "events", "aws_rds_events"),
            ("datadog", "logs", "datadog_logs"),
        ):
            path = self._file(file)
            if path and _json(path).get(key):
                yield _source(name, "logs", "log_files", path)
        if pod := self.evidence("eks_pod_logs"):
            (out / f"{pod['pod_name']}.log").write_text(pod["logs"].rstrip("\n") + "\n", encoding="utf-8")
            yield _source("pod-logs", "logs", "log_files", out / f"{pod['pod_name']}.log")

    def _changes(self, out: Path) -> Iterator[SourceConfig]:
        path = self._file("aws_rds_events")
        if path and _json(path).get("events"):
            yield _source("rds-changes", "changes", "changes", path)

    def _cluster(self, out: Path) -> Iterator[SourceConfig]:
        if objects := recording(self.evidence, self.now):
            path = out / "cluster"
            path.mkdir()
            if pod := self.evidence("eks_pod_logs"):  # what `kubectl logs` prints lies beside the objects
                (at := path / pod["namespace"] / "pods" / pod["pod_name"]).mkdir(parents=True)
                (at / "current.log").write_text(pod["logs"], encoding="utf-8")
            (path / "objects.json").write_text(json.dumps(objects, ensure_ascii=False), encoding="utf-8")
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


def _statements(insights: Mapping[str, Any], at: str) -> Iterator[dict[str, Any]]:
    """The average load of each statement and wait, as the API groups it; averages have no time: that of the end is given."""
    for one in insights.get("top_sql") or ():
        for wait in one.get("wait_events") or ():
            names = {"db.sql.statement": one["statement"], "db.wait_event.name": wait["name"]}
            yield {
                "Key": {"Metric": "db.load.avg", "Dimensions": names},
                "DataPoints": [{"Timestamp": at, "Value": wait["db_load_avg"]}],
            }


def _groups(insights: Mapping[str, Any], at: str) -> Iterator[dict[str, Any]]:
    """The average load by wait, by user and by host."""
    for key, (named, dimension) in AVERAGES.items():
        for one in insights.get(key) or ():
            yield {
                "Key": {"Metric": "db.load.avg", "Dimensions": {dimension: one[named]}},
                "DataPoints": [{"Timestamp": at, "Value": one["db_load_avg"]}],
            }


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
