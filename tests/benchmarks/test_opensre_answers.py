"""The benchmark of synthetic RDS and EKS incidents reads answers in its scorer only, and takes any folder of its layout."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from aitia.agent.taxonomy import bundled
from aitia.core.words import Window
from aitia.tools.sources import MetricSource, open_sources

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.adapters.opensre import OpenSre  # noqa: E402
from benchmarks.rca.opensre import CATEGORIES, category, said  # noqa: E402

POD, IMAGE = "cart-5f6d7c8b9-x2k4q", "shop/cart:v9"
RIGHT = {
    "db": {
        "root_cause_category": "healthy",
        "required_keywords": ["ledger"],
        "forbidden_keywords": ["meteorite"],
    },
    "pod": {
        "root_cause_category": "configuration_error",
        "required_keywords": ["IMAGEPULLBACKOFF", IMAGE],
        "ruling_out_keywords": ["meteorite"],
    },
}
NOISE = {
    name: {"root_cause_category": "infrastructure", "required_keywords": ["meteorite"]} for name in RIGHT
}


def alert(**notes: str) -> dict[str, Any]:
    told = {"summary": "Something is odd.", "error": "Requests fail."} | notes
    return {"title": "Alarm", "commonLabels": {"alertname": "Odd"}, "commonAnnotations": told}


def put(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def series(metric: str, values: list[float]) -> dict[str, Any]:
    times = [f"2026-05-04T{10 + i // 60:02}:{i % 60:02}:00Z" for i in range(len(values))]
    owner = [{"Name": "DBInstanceIdentifier", "Value": "ledger"}]
    return {"metric_name": metric, "dimensions": owner, "timestamps": times, "values": values}


def made(data: Path) -> None:
    """A calm database whose metrics lie in its base, and an image that does not exist."""
    event = {
        "date": "2026-05-04T10:03:00Z",
        "message": "Parameter group applied.",
        "source_identifier": "ledger",
        "event_categories": ["configuration change"],
    }
    base = {"engine": "postgres", "available_evidence": ["aws_cloudwatch_metrics", "aws_rds_events"]}
    metrics = {
        f"aws_cloudwatch_metrics_{name}": series(name, [level * (1 + 0.01 * (i * 7 % 5)) for i in range(200)])
        for name, level in (("CPUUtilization", 20.0), ("DatabaseConnections", 90.0), ("ReadLatency", 0.002))
    }
    put(data / "base_db", **metrics, aws_performance_insights={"top_sql": [{"statement": "SELECT 1"}]})
    (data / "base_db/scenario.yml").write_text(yaml.safe_dump(base))
    put(data / "db", aws_rds_events={"events": [event]})
    why = f'Failed to pull image "{IMAGE}": rpc error: code = NotFound desc = manifest for {IMAGE} not found'
    waiting = {"waiting": True, "reason": "ImagePullBackOff", "message": f'Back-off pulling image "{IMAGE}"'}
    container = {"name": "cart", "ready": False, "restart_count": 0, "state": waiting}
    pod = {"name": POD, "namespace": "shop", "phase": "Pending", "node_name": "n1", "containers": [container]}
    pod |= {"start_time": "2026-05-04T10:00:00Z", "conditions": []}
    times = {"first_time": "2026-05-04T10:00:00Z", "last_time": "2026-05-04T10:09:00Z"}
    failed = {"namespace": "shop", "reason": "Failed", "message": why, "type": "Warning", "count": 4}
    counts = {"desired": 1, "ready": 0, "available": 0, "unavailable": 1}
    put(
        data / "pod",
        eks_pods={"pods": [pod]},
        eks_events={"warning_events": [failed | times | {"involved_object": f"Pod/{POD}"}]},
        eks_deployments={"deployments": [{"name": "cart", "namespace": "shop"} | counts]},
        datadog_monitors={"monitors": [{"name": "restarts", "overall_state": "Alert"}]},
    )


def label(data: Path, answers: dict[str, dict[str, Any]], mode: str) -> None:
    """Write the answers and all that is hidden with them."""
    evidence = ["eks_pods", "eks_events", "eks_deployments", "datadog_monitors"]
    own = {
        "db": {"base": "base_db"},
        "pod": {"engine": "eks", "available_evidence": evidence},
    }
    for name, answer in answers.items():
        hidden = {"failure_mode": mode, "adversarial_signals": [mode], "scenario_difficulty": 1}
        (data / name / "scenario.yml").write_text(yaml.safe_dump(own[name] | hidden))
        (data / name / "answer.yml").write_text(yaml.safe_dump(answer))
    put(data / "db", alert=alert(db_instance_identifier="ledger", rds_failure_mode=mode))
    put(data / "pod", alert=alert(kube_pod=POD, k8s_failure_mode=mode))


def run(data: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "benchmarks/rca/opensre.py", "--data", str(data), "--json", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_predictions_do_not_depend_on_answers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made(data)
    label(data, RIGHT, "image_missing")
    right = run(data, tmp_path / "a.json")
    label(data, NOISE, "meteorite")
    wrong = run(data, tmp_path / "b.json")

    def bare(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [{k: v for k, v in c.items() if k not in ("seconds", "report")} for c in told["per_case"]]

    assert bare(right) == bare(wrong)
    assert not any("meteorite" in c["report"] for c in wrong["per_case"])
    assert [c["category"] for c in right["per_case"]] == ["healthy", "configuration_error"]
    assert [c["not_given"] for c in right["per_case"]] == [[], ["datadog_monitors"]]
    score = {(r["system"], r["metric"]): r["value"] for r in right["rows"]}
    assert score["no_model", "right"] == score["no_model", "category"] == 1.0
    assert score["no_model", "all ruling-out keywords"] == score["no_model", "false cause, healthy"] == 0.0
    assert score["trivial healthy", "category"] == 0.5
    assert {(r["system"], r["metric"]): r["value"] for r in wrong["rows"]}["no_model", "right"] == 0.0


def test_only_what_may_be_read_is_given(tmp_path: Path) -> None:
    made(tmp_path)
    label(tmp_path, RIGHT, "hidden_word")
    case = OpenSre(tmp_path / "db")
    sources = case.write(tmp_path)
    assert [s.name for s in sources] == ["cloudwatch", "rds-events", "rds-changes", "map"]
    assert case.evidence("aws_performance_insights") is None
    assert "hidden_word" not in case.incident().model_dump_json() + json.dumps(case.facts)
    metrics = next(s for s in open_sources(sources, tmp_path) if s.name == "cloudwatch")
    assert isinstance(metrics, MetricSource)
    day = Window(start=datetime(2026, 5, 4, tzinfo=UTC), end=datetime(2026, 5, 5, tzinfo=UTC))
    assert [s.v.size for s in metrics.read(day, component="ledger", metric="CPUUtilization")] == [200]


def test_keywords_are_sought_across_lines_and_frames() -> None:
    printed = "│ the WAL of │\n│ db  grew │"
    assert said(printed, ["wal OF db", "Grew", "shrank"]) == [True, True, False]


def test_every_fault_kind_has_a_category_and_every_prefix_a_kind() -> None:
    kinds = {f.id for f in bundled()} - {"unspecified"}
    assert all(category("cause", kind) != "unknown" for kind in kinds)
    assert all(any(f"{k}.".startswith(f"{prefix}.") for k in kinds) for prefix in CATEGORIES)
    assert category("cause", "scheduling.k8s.cpu_capacity") == "resource_exhaustion"
    assert category("cause", "scheduling.k8s.taint") == "configuration_error"
    assert (category("healthy", ""), category("unknown", "")) == ("healthy", "unknown")
