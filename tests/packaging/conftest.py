"""One wheel per session, built from a copy, and a fresh environment that borrows this one's dependencies."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("aitia", "agent", "graphs", "models", "tools")


def sh(*command: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(c) for c in command],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env or None,
        timeout=240,
        check=False,
    )


def copy_sources(target: Path) -> Path:
    """The files that a build needs, without caches and build outputs."""
    skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in FOLDERS:
        shutil.copytree(REPOSITORY / name, target / name, ignore=skipped)
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(REPOSITORY / name, target / name)
    return target


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = copy_sources(tmp_path_factory.mktemp("source"))
    done = sh(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "dist", source)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (built,) = (source / "dist").glob("*.whl")
    return built


@dataclass(frozen=True)
class Fresh:
    """An environment with the wheel installed; dependencies come from this environment through a .pth file."""

    folder: Path

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        home = str(self.folder / "home")
        return sh(
            self.folder / "bin" / command[0], *command[1:], cwd=cwd, AITIA_HOME=home, HOME=home, COLUMNS="200"
        )

    def install(self, *what: Path | str) -> None:
        python = self.folder / "bin" / "python"
        arguments = [
            "--python",
            python,
            "install",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            *what,
        ]
        done = sh(sys.executable, "-m", "pip", *arguments)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    folder = tmp_path_factory.mktemp("fresh")
    done = sh(sys.executable, "-m", "venv", "--without-pip", folder)
    assert done.returncode == 0, done.stderr
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment = Fresh(folder)
    environment.install(wheel)
    return environment
