"""Visits diagnosed anew: the answer is read by the scorer alone, and what nobody looks at needs --totals."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia import api
from benchmarks.lab import again as script
from tests.benchmarks.test_lab_rig import FAULT, ROOT, recorded, value


def run(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> dict[str, Any]:
    monkeypatch.setattr(
        sys, "argv", ["again.py", "--data", str(data), "--arms", "alone", "--json", str(out), *more]
    )
    assert script.main() == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_a_visit_is_diagnosed_anew_and_its_answer_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("benchmarks.lab.incidents.SCORINGS", tmp_path / "scorings.jsonl")
    report = api.replay(ROOT / "scenarios" / FAULT, model=None).report.model_dump_json()
    recorded(tmp_path / "data", FAULT, report, "web-proxy")
    first = run(tmp_path / "data", tmp_path / "a.json", monkeypatch)
    assert value(first, "live alone", "answer") == 1.0
    assert value(first, "no_model alone", "failed") == 0.0
    file = tmp_path / "data" / FAULT / "scenario.yaml"
    told = yaml.safe_load(file.read_text())
    told["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
    file.write_text(yaml.safe_dump(told, sort_keys=False))
    noise = run(tmp_path / "data", tmp_path / "b.json", monkeypatch)
    said = ("system", "verdict", "component", "fault", "probability", "ranking")
    assert [[c[k] for k in said] for c in noise["per_case"]] == [
        [c[k] for k in said] for c in first["per_case"]
    ]
    assert value(noise, "live alone", "answer") == 0.0

    recorded(tmp_path / "sealed", FAULT, report, "of-no-split")
    with pytest.raises(SystemExit):
        run(tmp_path / "sealed", tmp_path / "c.json", monkeypatch)
    assert "--totals" in capsys.readouterr().err
    sealed = run(tmp_path / "sealed", tmp_path / "c.json", monkeypatch, "--totals")
    assert sealed["per_case"] == sealed["judged"] == []
    assert json.loads((tmp_path / "scorings.jsonl").read_text())["task"] == "lab/again"
