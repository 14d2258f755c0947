"""All benchmarks of an area by one command: each is run, a failure is told, and figures that moved are named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks import every  # noqa: E402


@pytest.mark.parametrize("area", sorted(every.AREAS))
def test_every_script_exists(area: str) -> None:
    for name in every.AREAS[area]:
        assert (ROOT / "benchmarks" / area / f"{name}.py").is_file()


def test_a_script_that_fails_is_told_and_the_rest_runs(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/every.py", "signals", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]  # fmt: skip
    done = subprocess.run(
        [*command, "--only", "batadal,tep"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout.count("failed") == 2
    assert "0 of 2" in done.stdout
    assert (tmp_path / "out" / "tep.txt").read_text(encoding="utf-8")


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/every.py", "logs", "--data", str(tmp_path), "--out", str(tmp_path), "--only", "x"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "takes none of" in done.stderr


def test_figures_that_moved_are_named_and_times_are_not(tmp_path: Path) -> None:
    rows = [("ours", "F1", 0.8), ("ours", "seconds", 3.0), ("peer", "F1", 0.7), ("ours", "recall", 0.5)]
    later = [("ours", "F1", 0.9), ("ours", "seconds", 9.0), ("peer", "F1", 0.701)]
    for name, made in (("old.json", rows), ("new.json", later)):
        told = {"rows": [{"system": s, "metric": m, "value": v} for s, m, v in made]}
        (tmp_path / name).write_text(json.dumps(told), encoding="utf-8")
    assert list(every.moved(tmp_path / "new.json", tmp_path / "old.json")) == [
        "ours, F1: 0.8 -> 0.9", "ours, recall: gone"]  # fmt: skip
