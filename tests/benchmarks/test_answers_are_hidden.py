"""The replay benchmark reads answers in its scorer only: with noise for answers, the predictions stay the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def predictions(data: Path, out: Path) -> list[dict[str, Any]]:
    command = [
        sys.executable,
        "benchmarks/replay/scenarios.py",
        "--data",
        str(data),
        "--json",
        str(out),
        "--model",
        "none",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["n"] == 2
    return [
        {k: c[k] for k in ("system", "verdict", "component", "fault", "probability")}
        for c in found["per_case"]
    ]


def test_noise_for_answers_changes_no_prediction(tmp_path: Path) -> None:
    for name in ("slow-dependency", "false-alarm"):
        shutil.copytree(ROOT / "scenarios" / name, tmp_path / "data" / name)
    before = predictions(tmp_path / "data", tmp_path / "before.json")
    for file in (tmp_path / "data").glob("*/scenario.yaml"):
        scenario = yaml.safe_load(file.read_text(encoding="utf-8"))
        scenario |= {"id": "noise", "title": "noise", "description": "", "recorded": {"by": "noise"}}
        scenario["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
        file.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    assert predictions(tmp_path / "data", tmp_path / "after.json") == before
