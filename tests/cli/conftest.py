"""A private home, the command line in this process, and a scenario of the repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

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
def small(tmp_path: Path) -> Path:
    """A scenario of one service with one series and one log: for what is not about the verdict."""
    folder, end = tmp_path / "small", datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    (folder / "logs").mkdir(parents=True)
    times = [end - timedelta(seconds=30 * n) for n in range(140, 0, -1)]
    bad = [at > end - timedelta(minutes=2) for at in times]
    rows = [
        f"{at.isoformat()},shop,errors_per_second,{9 if b else 0.1}" for at, b in zip(times, bad, strict=True)
    ]
    lines = [
        f"{at.isoformat()} {'ERROR odd' if b else 'INFO served'}" for at, b in zip(times, bad, strict=True)
    ]
    (folder / "metrics.csv").write_text("\n".join(["time,component,metric,value", *rows]) + "\n")
    (folder / "logs" / "shop.log").write_text("\n".join(lines) + "\n")
    begin = end - timedelta(minutes=10)
    told = {
        "id": "small", "title": "small", "recorded": {"by": "a test"},
        "incident": {"title": "shop answers with errors", "started_at": end - timedelta(minutes=2)},
        "now": end, "window": {"start": begin, "end": end},
        "baselines": [{"name": "preceding", "window": {"start": begin - timedelta(hours=1), "end": begin}}],
        "sources": [{"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.csv"},
                    {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"}],
        "expected": {"verdict": "cause", "component": "shop", "fault": "software.failure"},
    }  # fmt: skip
    (folder / "scenario.yaml").write_text(yaml.safe_dump(told))
    return folder


@pytest.fixture
def scenario() -> Path:
    return REPOSITORY / "scenarios" / "connection-exhaustion"
