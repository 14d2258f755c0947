"""The site, built once as `make docs` builds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import REPOSITORY

ALONE = (
    ["unshare", "-rn"] if shutil.which("unshare") and not subprocess.call(["unshare", "-rn", "true"]) else []
)
"""Without a network, where the system lets us."""


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders as they look when installed, as `make tree` lays them."""
    root = tmp_path_factory.mktemp("tree")
    (root / "aitia").mkdir()
    parts = [p for p in (REPOSITORY / "aitia").iterdir() if p.name != "__pycache__"]
    for part in [*parts, *(REPOSITORY / name for name in ("agent", "graphs", "models", "tools"))]:
        (root / "aitia" / part.name).symlink_to(part)
    return root


@pytest.fixture(scope="session")
def site(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for package in ("material", "mkdocstrings"):
        pytest.importorskip(package, reason="the docs extra is not installed")
    done = subprocess.run(
        [*ALONE, sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)],
        cwd=REPOSITORY, env={**os.environ, "AITIA_TREE": str(tree)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
