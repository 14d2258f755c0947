"""The rig's scorer: answers are read by it alone, names are those of the lab, what failed counts as wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia import api
from aitia.lab.ports import block_of_ports
from aitia.lab.servers.load import load_system
from aitia.lab.servers.rig import Rig
from benchmarks.lab import rig as script
from benchmarks.lab import visit

ROOT = Path(__file__).parents[2]
FAULT, HEALTHY = "slow-dependency", "false-alarm"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What aitia says of two scenarios."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AITIA_HOME", str(tmp_path_factory.mktemp("home")))
        told = {name: api.replay(ROOT / "scenarios" / name, model=None).report for name in (FAULT, HEALTHY)}
    return {name: report.model_dump_json() for name, report in told.items()}


@pytest.fixture
def data(reports: dict[str, str], tmp_path: Path) -> Path:
    for name, report in reports.items():
        recorded(tmp_path / "data", name, report, "web-proxy")
    return tmp_path / "data"


def recorded(data: Path, name: str, report: str, system: str) -> None:
    shutil.copytree(ROOT / "scenarios" / name, data / name)
    told = {"order": {"system": system, "fault": "x", "seed": 1}, "kind": "servers", "family": "none"}
    (data / name / "lab.json").write_text(json.dumps(told))
    live = data / "live" / name
    component = json.loads(report)["component"]
    names = {component: [component, "its-job", "both"], "other": ["other", "both"]} if component else {}
    for arm in visit.ARMS:
        (live / arm).mkdir(parents=True)
        (live / arm / "diagnose.out").write_text(report)
        done = {"status": 0 if component else 10, "seconds": 2.0}
        said = {
            "init": {"status": 0, "seconds": 1.0},
            "diagnose": done,
            "peers": {"newest error": ["its-job"]},
        }
        (live / arm / visit.SAID).write_text(json.dumps(said))
    (live / visit.NAMES).write_text(json.dumps(names))


def run(data: Path, out: Path, *more: str) -> dict[str, Any]:
    assert script.main(["score", "--data", str(data), "--json", str(out), *more]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def value(found: dict[str, Any], system: str, metric: str) -> float:
    (row,) = [r for r in found["rows"] if (r["system"], r["metric"]) == (system, metric)]
    return float(row["value"])


def predicted(found: dict[str, Any]) -> list[dict[str, Any]]:
    kept = ("id", "system", "verdict", "component", "fault", "probability", "ranking")
    return [{k: case[k] for k in kept} for case in found["per_case"]]


def said_as(data: Path, component: str) -> None:
    for arm in visit.ARMS:
        file = data / "live" / FAULT / arm / "diagnose.out"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"component": component}))


def test_noise_for_answers_changes_no_prediction(data: Path, tmp_path: Path) -> None:
    before = run(data, tmp_path / "a.json")
    assert value(before, "no_model", "answer") == 1.0
    assert value(before, "no_model journal", "answer by system web-proxy") == 1.0
    assert value(before, "peer newest error", "component@1") == 1.0
    assert value(before, "peer newest error", "false cause on healthy") == 1.0
    assert value(before, "no_model", "init failed") == 0.0
    for file in data.glob("*/scenario.yaml"):
        told = yaml.safe_load(file.read_text())
        told["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
        file.write_text(yaml.safe_dump(told, sort_keys=False))
    after = run(data, tmp_path / "b.json")
    assert predicted(after) == predicted(before)
    assert value(after, "no_model", "answer") == 0.0


@pytest.mark.parametrize(
    ("called", "right"), [("its-job", 1.0), ("ITS-JOB", 1.0), ("both", 0.5), ("frontend", 0.5)]
)
def test_a_name_counts_where_only_one_component_goes_by_it(
    data: Path, tmp_path: Path, called: str, right: float
) -> None:
    said_as(data, called)
    found = run(data, tmp_path / "a.json")
    assert value(found, "no_model", "answer") == right
    assert value(found, "no_model", "named what the lab does not know") == (0.5 if right < 1 else 0.0)


def test_what_failed_counts_as_wrong(data: Path, tmp_path: Path) -> None:
    for arm in visit.ARMS:
        place = data / "live" / FAULT / arm
        (place / visit.SAID).write_text(json.dumps({"init": {"status": 2, "seconds": 1.0}, "peers": {}}))
        (place / "init.err").write_text("error: no")
    found = run(data, tmp_path / "a.json")
    assert value(found, "no_model", "answer") == 0.5
    assert value(found, "no_model", "init failed") == 0.5
    assert value(found, "no_model", "false healthy on faults") == 1.0
    assert value(found, "no_model", "failed") == 0.5


def test_what_nobody_looks_at_is_told_in_totals_alone(
    reports: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("benchmarks.lab.incidents.SCORINGS", tmp_path / "scorings.jsonl")
    for name, report in reports.items():
        recorded(tmp_path / "data", name, report, "of-no-split")
    assert script.main(["score", "--data", str(tmp_path / "data")]) == 2
    assert "--totals" in capsys.readouterr().err
    found = run(tmp_path / "data", tmp_path / "a.json", "--totals")
    assert found["per_case"] == found["judged"] == []
    assert not any("of-no-split" in row["metric"] for row in found["rows"])
    assert json.loads((tmp_path / "scorings.jsonl").read_text())["task"] == "lab/rig"


def test_the_stranger_gets_the_logs_and_no_more(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
    small = re.search(r"```yaml\n(schema: 1\n.*?)```", page, re.DOTALL)
    assert small is not None
    (tmp_path / "small.yaml").write_text(small[1])
    system, folder = load_system(tmp_path / "small.yaml"), tmp_path / "run-x"
    folder.mkdir()
    with block_of_ports(folder) as ports:
        stack = Rig(system, tmp_path, folder, ports, seed=1)
        with stack.receiver:  # it has its port already
            pass
        _, access, error = stack.log_files(system.programs[0])
        access.parent.mkdir(parents=True, exist_ok=True)
        access.write_text("GET /\n")
        error.write_text("")
        stack.host_log.write_text("started\n")
        visit.link_logs(stack, tmp_path / "visit")
        table = visit.names(stack)
    files = sorted(p.relative_to(tmp_path / "visit").as_posix() for p in (tmp_path / "visit").rglob("*.*"))
    assert files == ["access.log", "messages.log"]
    assert (tmp_path / "visit" / "access.log").samefile(access)
    assert {"web", "nginx-exporter", "access", "error"} <= set(table["web"])
    assert "edge-7" in table["edge-7"]
