"""The benchmark of logs alone reads answers in its scorer only, and nothing that was logged after the alarm."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.rca import logs_alone  # noqa: E402

AT = datetime(2026, 6, 1, 10, tzinfo=UTC)


def line(seconds: float, text: str) -> str:
    return f"{AT + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ} {text}\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    case = tmp_path / "data" / "heron"
    (case / "logs").mkdir(parents=True)
    loop = [
        line(60 * i - 400, "cutter 1.2 starting") + line(60 * i - 399, "cannot read table: 257 of 256")
        for i in range(6)
    ]
    (case / "logs" / "cutter-0.log").write_text(line(-1700, "cut 1.jpg") + "".join(loop))
    (case / "logs" / "web.log").write_text(line(-1700, "INFO served") + line(-350, "ERROR connection refused cutter") + line(60, "ERROR later"))  # fmt: skip
    asked = {"title": "web fails", "at": AT.isoformat(), "service": "web", "text": "pictures are missing"}
    (case / "incident.json").write_text(json.dumps(asked))
    return tmp_path / "data"


def run(data: Path, answer: dict[str, Any], out: Path) -> dict[str, Any]:
    (data / "heron" / "answer.json").write_text(json.dumps(answer))
    command = [sys.executable, "benchmarks/rca/logs_alone.py", "--data", str(data), "--json", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=200)
    told: dict[str, Any] = json.loads(out.read_text())
    return told


def test_predictions_do_not_depend_on_answers(data: Path, tmp_path: Path) -> None:
    right = {
        "healthy": False,
        "component": "cutter",
        "also_right": [],
        "kind": "crash",
        "key_line": "cannot read table",
    }
    first = run(data, right, tmp_path / "a.json")
    second = run(data, {"healthy": True, "component": "none", "also_right": [], "kind": "none", "key_line": ""}, tmp_path / "b.json")  # fmt: skip
    bare = [
        [{k: v for k, v in c.items() if k not in ("seconds", "report")} for c in told["per_case"]] for told in (first, second)
    ]  # fmt: skip
    assert bare[0] == bare[1]
    assert first["per_case"][0]["trivial"][0] == "web"
    assert "later" not in first["per_case"][0]["report"]
    values = {(r["system"], r["metric"]): r["value"] for r in first["rows"]}
    assert values["no_model", "component@1"] == 1.0
    assert values["no_model", "key line shown"] == 1.0
    assert values["trivial", "right"] == 0.0


@pytest.mark.parametrize(
    ("named", "right"),
    [("cutter", True), ("cutter-1", True), ("maps.example", True), ("web", False), ("", False)],
)
def test_pods_of_a_service_and_what_is_also_right_count(named: str, right: bool) -> None:
    answer = {"component": "cutter-0", "also_right": ["maps.example"]}
    assert logs_alone.is_right(named, answer) is right
