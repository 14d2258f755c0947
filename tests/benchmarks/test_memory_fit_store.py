"""Fitting the weights of the incident store: without the data sets, on the generated questions alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_script_takes_a_folder_without_the_data_sets(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    argv = [sys.executable, "benchmarks/memory/fit_store.py", "--data", str(tmp_path)]
    env = {**os.environ, "AITIA_HOME": str(tmp_path)}
    ran = subprocess.run(
        [*argv, "--cases", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False, env=env
    )
    assert ran.returncode
    assert "Give --cases a glob over generated: 'nothing'" in ran.stderr
    subprocess.run(
        [*argv, "--json", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env=env,
    )
    told = json.loads(out.read_text())
    value = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert value["no_model", "generated MRR"] > value["trivial", "generated MRR"]
    assert value["no_model", "generated MRR"] > value["part words", "generated MRR"]
