"""The lab's benchmark: answers are read by its scorer only, failures count, splits are kept."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.contract import Case
from benchmarks.lab import incidents as script
from benchmarks.lab.data import Incident, incidents, of_split, splits

ROOT = Path(__file__).parents[2]
NAMES = ("bearing-outer-race", "false-alarm")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, system in zip(NAMES, ("rotor", "web-proxy"), strict=True):
        shutil.copytree(ROOT / "scenarios" / name, folder / system / name)
        made(folder / system / name, system)
    return folder


def made(folder: Path, system: str) -> None:
    told = {"order": {"system": system, "fault": "x", "seed": 1}, "kind": "servers", "family": "bearing"}
    (folder / "lab.json").write_text(json.dumps(told))


def run(monkeypatch: pytest.MonkeyPatch, out: Path, *arguments: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["incidents.py", "--json", str(out), *arguments])
    assert script.main() == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def said(found: dict[str, Any]) -> list[dict[str, Any]]:
    kept = ("id", "system", "verdict", "component", "fault", "probability", "ranking")
    return [{k: c[k] for k in kept} for c in found["per_case"]]


def value(found: dict[str, Any], system: str, metric: str) -> tuple[float, int]:
    (row,) = [r for r in found["rows"] if (r["system"], r["metric"]) == (system, metric)]
    return row["value"], row["n"]


def test_noise_for_answers_changes_no_prediction(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(monkeypatch, tmp_path / "a.json", "--data", str(data), "--parallel", "2")
    assert len(before["per_case"]) == 6
    assert value(before, "no_model", "answer") == (1.0, 2)
    assert value(before, "no_model", "kind by system rotor") == (1.0, 1)
    assert value(before, "no_model", "false cause on healthy by kind servers") == (0.0, 1)
    assert value(before, "trivial most moved", "false cause on healthy") == (1.0, 1)
    for file in data.glob("*/*/scenario.yaml"):
        told = yaml.safe_load(file.read_text())
        told |= {"id": "noise", "title": "noise", "description": "", "recorded": {"by": "noise"}}
        told["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
        file.write_text(yaml.safe_dump(told, sort_keys=False))
    after = run(monkeypatch, tmp_path / "b.json", "--data", str(data))
    assert said(after) == said(before)
    assert value(after, "no_model", "answer") == (0.0, 2)


def test_a_case_that_fails_counts_as_wrong(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "rotor" / NAMES[0] / "scenario.yaml").write_text("schema: [")
    found = run(monkeypatch, tmp_path / "a.json", "--data", str(data))
    (failed,) = [c for c in found["per_case"] if c["system"] == "no_model" and "error" in c]
    assert failed["id"] == f"rotor/{NAMES[0]}"
    assert "Fix the YAML" in failed["error"]
    assert value(found, "no_model", "answer") == (0.5, 2)
    assert value(found, "no_model", "component@1") == (0.0, 1)
    assert value(found, "no_model", "failed") == (0.5, 2)


def dies(incident: Incident) -> list[Case]:
    """Ends the process of one case."""
    if incident.id == "two":
        os._exit(9)
    return [{"id": incident.id}]


def test_a_process_that_dies_takes_no_other_case_along() -> None:
    found = [Incident(name, Path(name)) for name in ("one", "two", "three")]
    done = {i.id: cases for i, cases in script.worked(found, dies, "none", 2)}
    assert done == {"one": [{"id": "one"}], "two": None, "three": [{"id": "three"}]}


def test_systems_that_are_never_looked_at_give_totals_alone_and_are_written_down(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made(data / "rotor" / NAMES[0], "battery")
    monkeypatch.setattr(script, "SCORINGS", tmp_path / "scorings.jsonl")
    assert [i.system for i in of_split(incidents(data), "")] == ["web-proxy"]
    sealed = run(monkeypatch, tmp_path / "b.json", "--data", str(data), "--split", "never")
    assert (sealed["n"], sealed["per_case"], sealed["judged"]) == (1, [], [])
    assert not [r for r in sealed["rows"] if " by " in r["metric"]]
    assert NAMES[0] not in capsys.readouterr().out
    (line,) = script.SCORINGS.read_text().splitlines()
    told = json.loads(line)
    assert told["n"] == 1
    assert told["totals"]["no_model answer"] == 1.0
    assert len(told["data"]) == 64
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path / "c.json", "--data", str(data), "--split", "never", "--cases", "x*")


def test_folders_are_found_at_any_depth_without_twins_and_dropped_ones(data: Path) -> None:
    for aside in ("twins", "dropped"):
        shutil.copytree(data / "rotor", data / aside / "rotor")
    assert [i.id for i in incidents(data)] == [f"rotor/{NAMES[0]}", f"web-proxy/{NAMES[1]}"]
    assert [i.system for i in of_split(incidents(data), "develop")] == ["rotor", "web-proxy"]
    assert of_split(incidents(data), "tune") == []


def test_a_system_of_no_split_is_refused(data: Path) -> None:
    made(data / "rotor" / NAMES[0], "newcomer")
    with pytest.raises(KeyError, match="newcomer"):
        of_split(incidents(data), "")


def test_each_system_is_in_one_split() -> None:
    raw = yaml.safe_load((ROOT / "benchmarks/lab/splits.yaml").read_text())
    assert set(raw) == {"develop", "tune", "never"}
    assert len(splits()) == sum(map(len, raw.values()))
