"""The limits of benchmarks/attack on its small copy, with the room that its number of runs needs; answers stay unread."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from scipy.stats import binom

from benchmarks.attack.score import AIMS

ROOT = Path(__file__).parents[2]
CHANCE = 0.975  # how often a system that just meets an aim stays within the limit of the small copy


def benchmark(out: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "benchmarks/attack/poison.py", *arguments, "--json", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return dict(json.loads(out.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    told = benchmark(tmp_path_factory.mktemp("small") / "small.json", "--data", "scenarios", "--small")
    return {r["metric"]: r for r in told["rows"] if r["system"] == "no_model"}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("measure", AIMS)
def test_the_small_copy_keeps_the_limits(small: dict[str, dict[str, Any]], measure: str) -> None:
    row = small[measure]
    assert row["n"] >= 20
    assert round(row["value"] * row["n"]) <= binom.ppf(CHANCE, row["n"], AIMS[measure]), row


@pytest.mark.timeout(1200)
def test_clean_incidents_are_judged_as_before(small: dict[str, dict[str, Any]]) -> None:
    assert small["clean_right"]["value"] == 1.0


@pytest.mark.timeout(1200)
def test_noise_for_answers_changes_no_prediction(tmp_path: Path) -> None:
    for name in ("slow-dependency", "false-alarm"):
        shutil.copytree(ROOT / "scenarios" / name, tmp_path / "data" / name)
    asked = ("--data", str(tmp_path / "data"), "--cases", "slow-dependency,false-alarm", "--per-family", "2", "--families", "several")  # fmt: skip
    before = predictions(benchmark(tmp_path / "before.json", *asked))
    for file in (tmp_path / "data").glob("*/scenario.yaml"):
        scenario = yaml.safe_load(file.read_text(encoding="utf-8"))
        cause = scenario["expected"]["verdict"] == "cause"
        noise = {"verdict": "cause", "component": "redis", "fault": "machine.looseness"}
        scenario["expected"] = noise if cause else {"verdict": "unknown"}
        file.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    after = predictions(benchmark(tmp_path / "after.json", *asked))
    assert len(before) == 4
    assert after == before


def predictions(told: dict[str, Any]) -> list[dict[str, Any]]:
    timed = ("seconds", "commit")
    return [{k: v for k, v in case.items() if k not in timed} for case in told["per_case"]]
