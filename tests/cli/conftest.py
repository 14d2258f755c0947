"""A private home, the command line in this process, and a scenario of the repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Aitia = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("AITIA_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def aitia(home: Path, capsys: pytest.CaptureFixture[str]) -> Aitia:
    def run(*arguments: str) -> Outcome:
        from aitia.cli.app import run as run_cli

        code = run_cli([str(a) for a in arguments])
        got = capsys.readouterr()
        return Outcome(code, got.out, got.err)

    return run


@pytest.fixture
def scenario() -> Path:
    return REPOSITORY / "scenarios" / "connection-exhaustion"
