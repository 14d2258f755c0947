"""The metrics benchmarks on tiny folders: they find the culprit, and noise for answers changes no prediction."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import metric_folders

ROOT = Path(__file__).parents[2]


def ran(script: str, data: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", f"benchmarks/rca/{script}.py", "--data", str(data), "--json", str(out)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def predictions(found: dict[str, Any]) -> list[tuple[object, ...]]:
    return sorted(
        (str(c["predicted"]), c["verdict"], c["probability"], c["onset"]) for c in found["per_case"]
    )


def noise_petshop(data: Path) -> None:
    for file in data.rglob("target.json"):
        told = json.loads(file.read_text())
        told |= {"root_cause": {"node": "side", "metric": "x"}, "metadata": {"command": "nothing"}}
        file.write_text(json.dumps(told))


def noise_sockshop(data: Path) -> None:
    for folder in sorted((data / "data").iterdir()):
        folder.rename(folder.with_name("zz" + folder.name[::-1].replace("-", "") + "-xyz"))


def noise_nezha(data: Path) -> None:
    for file in data.rglob("*-fault_list.json"):
        told = json.loads(file.read_text())
        for entries in told.values():
            for entry in entries:
                entry |= {"inject_pod": "store-578fcf4766-9csqn", "inject_type": "noise"}
        file.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("script", "made", "noise", "answers"),
    [
        ("petshop", metric_folders.petshop, noise_petshop, {"back"}),
        ("sockshop", metric_folders.sockshop, noise_sockshop, {"api", "web"}),
        ("nezha_metrics", metric_folders.nezha, noise_nezha, {"api"}),
    ],
)
def test_the_culprit_is_found_and_noise_for_answers_changes_nothing(
    tmp_path: Path,
    script: str,
    made: Callable[[Path], Path],
    noise: Callable[[Path], None],
    answers: set[str],
) -> None:
    data = made(tmp_path / "data")
    before = ran(script, data, tmp_path / "before.json")
    assert before["n"] == 2
    assert {c["truth"] for c in before["per_case"]} == answers
    assert all(c["predicted"]["no_model (ranking alone)"][0] == c["truth"] for c in before["per_case"])
    systems = {r["system"].split(" ")[0] for r in before["rows"]}
    assert systems >= {"no_model", "peer", "trivial"}
    assert all({"value", "n", "ci95"} <= set(r) for r in before["rows"])
    copy = tmp_path / "noise"
    shutil.copytree(data, copy)
    noise(copy)
    assert predictions(ran(script, copy, tmp_path / "after.json")) == predictions(before)
