"""A private home and settings over the telemetry of a recorded scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.consent import remember
from tests.shop import small_settings

SCENARIO = Path(__file__).parents[2] / "scenarios" / "connection-exhaustion"


@pytest.fixture(autouse=True)
def extra() -> None:
    pytest.importorskip("mcp", reason="pip install '.[mcp]'")


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a test runs: its home, its settings file, the moment that everything looks from."""

    home: Path
    file: Path
    at: datetime
    alert: str


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("AITIA_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def made(*, small: bool = False, **more: Any) -> Site:
        """With `small` few of its series and no logs: enough for the cause, where the door is what is tested."""
        told = yaml.safe_load((SCENARIO / "scenario.yaml").read_text(encoding="utf-8"))
        sources = [s | {"path": str(SCENARIO / s["path"])} for s in told["sources"]]
        if small:
            sources = small_settings().model_dump(mode="json", exclude_defaults=True)["sources"]
        settings = {"sources": sources, "model": {"name": "none"}, "service": {"at": told["now"]}} | more
        file = tmp_path / "aitia.yaml"
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        remember(file)
        return Site(
            home=home,
            file=file,
            at=datetime.fromisoformat(told["now"]),
            alert=(SCENARIO / "alert.json").read_text(encoding="utf-8"),
        )

    return made
