"""What a user gets from `pip install aitia`, outside the checkout."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PLACES = {
    "aitia": "aitia",
    "agent": "aitia/agent",
    "graphs": "aitia/graphs",
    "models": "aitia/models",
    "tools": "aitia/tools",
}
DATA = (".yaml", ".json", ".jsonl", ".txt", ".md", ".gbnf", ".gguf", ".npz", ".typed")


def _expected(suffixes: tuple[str, ...]) -> set[str]:
    found = set()
    for folder, place in PLACES.items():
        for path in (REPOSITORY / folder).rglob("*"):
            if path.is_file() and path.name.endswith(suffixes) and "__pycache__" not in path.parts:
                found.add(f"{place}/{path.relative_to(REPOSITORY / folder)}")
    return found


def test_the_wheel_holds_every_module(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = _expected((".py",))
    assert len(expected) > 60
    assert expected - held == set(), "add the package to `packages` in pyproject.toml"


def test_the_wheel_holds_the_data_files(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = _expected(DATA)
    assert {"aitia/py.typed", "aitia/agent/taxonomy.yaml", "aitia/models/catalogue.yaml"} <= expected
    assert expected - held == set(), "add the ending to `package-data` in pyproject.toml"


def test_nothing_lands_beside_the_package(wheel: Path) -> None:
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {t for t in top if not t.endswith(".dist-info")} == {"aitia"}


def test_the_installed_command_works_outside_the_checkout(fresh: Any, tmp_path: Path) -> None:
    where = fresh.run("python", "-c", "import aitia.agent; print(aitia.agent.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(fresh.folder)), where
    assert "diagnose" in fresh.run("aitia", "--help", cwd=tmp_path).stdout
    listed = fresh.run("aitia", "tools", "list", "--json", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    names = [t["name"] for t in json.loads(listed.stdout)["tools"]]
    assert {"metrics_scan", "logs_diff", "changes_list", "incidents_search"} <= set(names)
    assert len(names) == len(set(names))


def test_an_installed_copy_solves_a_scenario(fresh: Any, tmp_path: Path) -> None:
    scenario = str(REPOSITORY / "scenarios" / "slow-dependency")
    done = fresh.run("aitia", "replay", scenario, "--model", "none", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scenarios"][0]["correct"]
