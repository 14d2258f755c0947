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


def test_the_arrows_go_one_way(tree: Path) -> None:
    done = _lint(tree)
    assert done.returncode == 0, done.stdout
    assert "2 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("aitia/core/clock.py", "from aitia.tools.registry import Limits"),
        ("aitia/tools/registry.py", "from aitia.agent.weigher import weigh"),
        ("aitia/graphs/nodes/closing.py", "from aitia.render.text import clean"),
        ("aitia/render/text.py", "import aitia.cli.app"),
        ("aitia/tools/metrics/scan.py", "from aitia.tools.rank.scores import nsigma"),
        ("aitia/tools/series/derive.py", "from aitia.tools.logs.facts import evidence"),
    ],
)
def test_a_planted_upward_or_sideways_import_is_seen(tree: Path, low: str, high: str) -> None:
    file = tree / low
    file.write_text(file.read_text() + f"\n\ndef _planted() -> None:\n    {high}\n")
    done = _lint(tree)
    assert done.returncode != 0
    assert "broken" in done.stdout.casefold()


def test_a_module_that_no_layer_names_is_seen(tree: Path) -> None:
    (tree / "aitia" / "stray.py").write_text("")
    assert _lint(tree).returncode != 0
