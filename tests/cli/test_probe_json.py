"""`aitia init` tells JSON files by what they hold, and what it proposes can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aitia.probe import Probe, probe_json, probe_logs
from aitia.probe_json import json_form
from aitia.tools.sources import open_sources

AT = "2026-06-18T10:00:00Z"
SPAN = {"trace_id": "1", "span_id": "2", "service": "a", "name": "GET", "start": AT, "duration_ms": 3}
LOG = {"timestamp": AT, "service": "a", "level": "info", "message": "x"}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a-1", "namespace": "shop", "creationTimestamp": AT},
    "status": {},
}
HELD: dict[str, tuple[object, str]] = {
    "spans": ([SPAN], "spans"),
    "a trace of the ui": ({"data": [{"traceID": "1", "spans": [], "processes": {}}]}, "jaeger"),
    "exporter": ({"resourceSpans": []}, "otlp"),
    "logs": ([LOG], "logs"),
    "search": ({"hits": {"total": 1, "hits": [{"_source": {"@timestamp": AT, "message": "x"}}]}}, "logs"),
    "deploys": ([{"timestamp": AT, "service": "a", "commit_sha": "ab", "version": "1"}], "changes"),
    "flags": ([{"timestamp": AT, "flag": "f", "service": "a", "change": "on"}], "changes"),
    "github": ([{"sha": "ab", "commit": {"message": "x", "committer": {"date": AT}}}], "changes"),
    "rds": ({"Events": [{"Date": AT, "Message": "x", "EventCategories": ["backup"], "SourceIdentifier": "a"}]}, "events"),
    "kubectl": ({"apiVersion": "v1", "kind": "List", "items": [POD]}, "cluster"),
    "cloudwatch": ({"MetricDataResults": [{"Id": "m", "Label": "a CPU", "Timestamps": [AT], "Values": [1]}]}, "cloudwatch"),
    "graph": ({"nodes": [{"id": "a"}], "edges": [{"source": "a", "target": "b"}]}, "topology"),
    "orders": ([{"order": "1", "time": AT, "text": "greased", "asset": "P-1"}], "maintenance"),
    "something else": ({"a": 1}, ""),
    "numbers": ([1, 2], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_a_file_is_told_by_what_it_holds(tmp_path: Path, name: str) -> None:
    told, form = HELD[name]
    (tmp_path / "x.json").write_text(json.dumps(told))
    (tmp_path / "pretty.json").write_text(json.dumps(told, indent=2))
    assert json_form(tmp_path / "x.json") == form
    assert json_form(tmp_path / "pretty.json") == form


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"a":' * 100_000, "\x00\x01", "null", '"x"', '[{"a"']
)
def test_a_damaged_or_hostile_file_is_nothing_and_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert json_form(tmp_path / "x.json") == ""
    assert not [p for p in probe_json(tmp_path) if p.source]


def _write(folder: Path, files: dict[str, Any]) -> None:
    for name, told in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(told if isinstance(told, str) else json.dumps(told))


def _sources(found: list[Probe]) -> set[tuple[str, str, str]]:
    return {(p.source.kind, p.source.type, p.source.path) for p in found if p.source}


def test_a_folder_of_an_incident_becomes_sources_that_can_be_read(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "logs.ndjson": f"{json.dumps(LOG)}\n{json.dumps({**LOG, 'service': 'b'})}\n",
            "traces.json": [SPAN],
            "events.json": HELD["rds"][0],
            "cw.json": HELD["cloudwatch"][0],
            "map.json": HELD["graph"][0],
            "map.graphml": '<graphml><graph><node id="a"/></graph></graphml>',
            "docker-compose.yml": "services: {a: {}}",
            "other.json": {"a": 1},
            "context/deploys.json": HELD["deploys"][0],
            "context/flags.json": HELD["flags"][0],
        },
    )
    found = [*probe_logs(tmp_path), *probe_json(tmp_path)]
    assert _sources(found) == {
        ("logs", "log_files", "*.ndjson"),
        ("traces", "spans", "traces.json"),
        ("changes", "changes", "events.json"),
        ("logs", "log_files", "events.json"),
        ("metrics", "cloudwatch", "cw.json"),
        ("topology", "topology", "map.json"),
        ("topology", "topology", "map.graphml"),
        ("topology", "topology", "docker-compose.yml"),
        ("changes", "changes", "context/*.json"),
    }
    reasons = {p.source.path: p.reason for p in found if p.source and p.source.kind == "logs"}
    assert "components a, b; component from 'service' of the lines" in reasons["*.ndjson"]
    assert open_sources([p.source for p in found if p.source], tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("nodes.json", "shop/pods.json"),
        ("quay/cluster-scoped-resources/core/nodes/n.yaml", "quay/namespaces/shop/pods.yaml"),
    ],
)
def test_a_dump_of_a_cluster_is_one_source_and_nothing_else(tmp_path: Path, names: tuple[str, str]) -> None:
    nodes = {"apiVersion": "v1", "kind": "NodeList", "items": []}
    pods = {"apiVersion": "v1", "kind": "PodList", "items": [POD]}
    _write(tmp_path / "dump", {names[0]: nodes, names[1]: pods, "shop/a-1/logs.txt": "boom"})
    found = _sources(list(probe_json(tmp_path)))
    assert found == {("cluster", "cluster_recorded", "dump"), ("changes", "cluster_changes", "dump")}
    (inside,) = [p for p in probe_json(tmp_path / "dump") if p.what == "cluster"]
    assert inside.source
    assert inside.source.path == ("quay" if names[0].startswith("quay") else ".")
    assert "1 objects; components a-1" in inside.reason
