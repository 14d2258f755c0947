"""The import rule has teeth: a planted wrong import makes lint-imports fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The folders as they lie when installed; `aitia/` mapped, the editable map out of the way."""
    if not LINT.exists():
        pytest.skip("needs import-linter (the dev extra)")
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "aitia", tmp_path / "aitia", ignore=skipped)
    for name in ("agent", "graphs", "models", "tools"):
        shutil.copytree(REPOSITORY / name, tmp_path / "aitia" / name, ignore=skipped)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def _lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--config", "pyproject.toml", "--no-cache"], cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


PLANTED = (
    ("aitia.core.clock", "aitia.tools.registry", "Limits"),
    ("aitia.tools.registry", "aitia.agent.weigher", "weigh"),
    ("aitia.graphs.nodes.closing", "aitia.render.text", "clean"),
    ("aitia.render.text", "aitia.cli.app", "run"),
    ("aitia.tools.metrics.scan", "aitia.tools.rank.scores", "nsigma"),
    ("aitia.tools.series.derive", "aitia.tools.logs.facts", "evidence"),
)


def test_each_planted_upward_or_sideways_import_is_seen(tree: Path) -> None:
    """That there is none without them is what `make imports` says."""
    for low, high, name in PLANTED:
        file = tree / f"{low.replace('.', '/')}.py"
        file.write_text(file.read_text() + f"\n\ndef _planted() -> None:\n    from {high} import {name}\n")
    done = _lint(tree)
    assert done.returncode != 0
    assert "0 kept, 2 broken" in done.stdout
    assert [f"{low} -> {high}" for low, high, _ in PLANTED if f"{low} -> {high}" not in done.stdout] == []


def test_a_module_that_no_layer_names_is_seen(tree: Path) -> None:
    (tree / "aitia" / "stray.py").write_text("")
    assert _lint(tree).returncode != 0
