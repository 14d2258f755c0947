"""Where visits miss: the answer is read by the scorer alone, a kept report is weighed anew, and what nobody looks at is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia import api
from benchmarks.lab import misses as script
from tests.benchmarks.test_lab_rig import FAULT, ROOT, recorded


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, data: str = "data") -> dict[str, Any]:
    out = folder / "out.json"
    argv = ["misses.py", "--data", str(folder / data), "--kept", str(folder / "kept"), "--json", str(out)]
    monkeypatch.setattr(sys, "argv", argv)
    assert script.main() == 0
    (case,) = json.loads(out.read_text())["per_case"]
    return dict(case)


def test_a_miss_is_told_by_what_it_lacks_and_the_answer_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    report = api.replay(ROOT / "scenarios" / FAULT, model=None).report.model_dump_json()
    recorded(tmp_path / "data", FAULT, report, "web-proxy")
    first = run(tmp_path, monkeypatch)
    assert (tmp_path / "kept" / f"{FAULT}.alone.json").exists()
    file = tmp_path / "data" / FAULT / "scenario.yaml"
    told = yaml.safe_load(file.read_text())
    told["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
    file.write_text(yaml.safe_dump(told, sort_keys=False))
    again = run(tmp_path, monkeypatch)
    said = ("verdict", "component", "fault", "probability")
    assert [again[k] for k in said] == [first[k] for k in said], "weighed anew it is the same"
    assert first["verdict"] == "cause"
    assert again["miss"] == "component wrong, told"
    assert first["miss"] != again["miss"]
    recorded(tmp_path / "sealed", FAULT, report, "of-no-split")
    with pytest.raises(SystemExit):
        run(tmp_path, monkeypatch, "sealed")
    assert "at which nobody looks" in capsys.readouterr().err
