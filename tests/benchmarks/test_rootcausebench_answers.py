"""The benchmark of incidents with commits reads answers in its scorer only, and joins what a verdict cites back to commits."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aitia.core.words import Window
from aitia.tools.sources import open_sources
from aitia.tools.sources.base import ChangeSource, LogSource, MetricSource, TraceSource

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.adapters.rootcausebench import read, write  # noqa: E402
from benchmarks.rca.rootcausebench import reward  # noqa: E402

BEGAN = datetime(2030, 5, 1, 9, tzinfo=UTC)
GUILTY, IDLE, LOOSE = "a" * 40, "b" * 40, "c" * 40


def at(minute: float) -> str:
    return f"{BEGAN + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"


def made(case: Path) -> Path:
    """`cart` fails from minute 62 on, two minutes after its deploy; `shop` calls it."""
    data, chance = case / "environment" / "data", random.Random(4)
    (data / "context").mkdir(parents=True)
    (case / "tests").mkdir()
    rows, lines = ["timestamp,service,metric,value"], []
    for minute in range(75):
        bad = minute >= 62
        for service in ("cart", "shop"):
            share = (0.4 if bad else 0.002) * chance.uniform(0.9, 1.1)
            rows.append(f"{at(minute)},{service},http_5xx_ratio,{share:.4f}")
        rows.append(f"{at(minute)},depot,http_5xx_ratio,{0.002 * chance.uniform(0.9, 1.1):.5f}")
        for second in range(0, 60, 15):
            said = {
                "timestamp": at(minute + second / 60),
                "service": "cart",
                "severity_text": "INFO",
                "msg": "item added",
            }
            lines.append(json.dumps(said))
            if bad:
                lines.append(
                    json.dumps(said | {"severity_text": "ERROR", "msg": "unhandled exception: KeyError: sku"})
                )
    (data / "metrics.csv").write_text("\n".join(rows) + "\n")
    (data / "logs.ndjson").write_text("\n".join(lines) + "\n")
    spans = [
        {"trace_id": "t1", "span_id": "a", "parent_id": None, "service": "shop", "name": "GET /", "start": at(63),
         "duration_ms": 200, "status": "ERROR", "error": "cart failed"},
        {"trace_id": "same", "span_id": "b", "parent_id": "a", "service": "cart", "name": "Add", "start": at(63),
         "duration_ms": 100, "status": "ERROR"},
    ]  # fmt: skip
    alert = {"service": "shop", "metric": "http_5xx_ratio", "threshold": 0.05, "observed": 0.4, "fired_at": at(64),
             "severity": "critical", "monitor": "shop-5xx", "summary": "shop fails"}  # fmt: skip
    commits = [
        {"sha": LOOSE, "author": "Änne", "timestamp": at(70), "message": "docs", "files_changed": ["lib/x.py"], "diff": None},
        {"sha": GUILTY, "author": "bo", "timestamp": at(55), "message": "tidy", "files_changed": ["services/cart/a b.py"], "diff": "+x"},
        {"sha": IDLE, "author": "bo", "timestamp": at(20), "message": "tidy", "files_changed": ["services/cart/a b.py"], "diff": None},
    ]  # fmt: skip
    deploys = [
        {"timestamp": at(60), "service": "cart", "commit_sha": GUILTY, "version": "v2"},
        {"timestamp": at(63), "service": "depot", "commit_sha": IDLE, "version": "v9"},
    ]
    flags = [{"timestamp": at(30), "flag": "sale", "service": "depot", "change": "off->on", "actor": "cy"}]
    files = {"alert": alert, "traces": spans, "patterns": [{"signature": "x"}], "context/commits": commits,
             "context/deploys": deploys, "context/flags": flags}  # fmt: skip
    for name, held in files.items():
        (data / f"{name}.json").write_text(json.dumps(held))
    return case


def run(data: Path, answer: dict[str, Any], out: Path) -> dict[str, Any]:
    (data / "x1" / "tests" / "ground_truth.json").write_text(json.dumps(answer))
    command = [sys.executable, "benchmarks/rca/rootcausebench.py", "--data", str(data), "--json", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_predictions_do_not_depend_on_answers(tmp_path: Path) -> None:
    made(tmp_path / "data" / "x1")
    answer = {"root_cause_commit": GUILTY, "first_failing_service": "cart", "blast_radius": ["shop"],
              "remediation": "rollback", "decoy_deploy_commits": [IDLE]}  # fmt: skip
    right = run(tmp_path / "data", answer, tmp_path / "a.json")
    noise = {"root_cause_commit": "none", "first_failing_service": "?", "blast_radius": [], "remediation": "?",
             "decoy_deploy_commits": [GUILTY]}  # fmt: skip
    wrong = run(tmp_path / "data", noise, tmp_path / "b.json")

    def bare(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [{k: v for k, v in case.items() if k != "seconds"} for case in told["per_case"]]

    assert bare(right) == bare(wrong)
    score = {(r["system"], r["metric"]): r["value"] for r in right["rows"]}
    assert score["no_model", "commit or none, right"] == score["no_model", "graded reward"] == 1.0
    assert score["trivial latest deploy", "graded reward"] == 0.0  # a decoy
    assert {(r["system"], r["metric"]): r["value"] for r in wrong["rows"]}["no_model", "graded reward"] == 0.0


def test_all_that_is_given_is_read_and_leads_back(tmp_path: Path) -> None:
    case = made(tmp_path / "x1")
    given = write(case, read(case), tmp_path)
    span = Window(start=BEGAN, end=BEGAN + timedelta(hours=2))
    sources = {s.name: s for s in open_sources(given.sources, tmp_path)}
    metrics, logs, spans = sources["metrics"], sources["logs"], sources["spans"]
    assert isinstance(metrics, MetricSource)
    assert isinstance(logs, LogSource)
    assert isinstance(spans, TraceSource)
    assert len(metrics.read(span)) == 3
    assert [s.component for s in logs.streams()] == ["cart"]
    first, second = sorted(spans.spans(span), key=lambda s: s.parent)
    assert (second.trace, second.parent, first.error) == (first.trace, first.id, True)
    found = [
        (c.component, c.kind, c.id)
        for n in ("flags", "deploys", "commits")
        if isinstance(s := sources[n], ChangeSource)
        for c in s.read(span)
    ]
    assert found == [
        ("depot", "flag", "sale"), ("cart", "deploy", GUILTY), ("depot", "deploy", IDLE),
        ("cart", "deploy", IDLE), ("cart", "deploy", GUILTY), ("", "deploy", LOOSE),
    ]  # fmt: skip
    assert given.incident.hints == ("shop",)
    commits = sources["commits"]
    assert isinstance(commits, ChangeSource)
    assert [c.diff for c in commits.read(span) if c.diff] == ["+x"]
    assert [line.split()[0] for line in given.not_given] == ["1"]


def test_the_graded_reward() -> None:
    truth = {"root_cause_commit": "x", "first_failing_service": "s", "blast_radius": ["a", "b"], "remediation": "scale",
             "decoy_deploy_commits": ["d"]}  # fmt: skip
    said = {
        "root_cause_commit": "none",
        "first_failing_service": "s",
        "blast_radius": ["a"],
        "remediation": "scale",
    }
    assert reward(said, truth) == 0.5 * (0.5 + 0.3 * 0.5 + 0.2)
    assert reward(said | {"root_cause_commit": "d"}, truth) == 0.0
    assert reward(said | {"root_cause_commit": "x"}, truth) == 1.0
