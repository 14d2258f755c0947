"""A recorded incident as a program gives it to aitia, with few of its series, and a planned call that a person must approve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aitia.agent.planning import planner
from aitia.core.home import aitia_home
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Plan, Task
from aitia.tools import Registry

from ..graphs import lab
from ..shop import small_settings

REPOSITORY = Path(__file__).parents[2]
SCENARIO = REPOSITORY / "scenarios" / "connection-exhaustion"


@dataclass(frozen=True)
class Shop:
    """Telemetry of the scenario that is enough for its cause, as `Given` of the doors."""

    recorded: Scenario
    given: dict[str, Any]
    alert: dict[str, Any]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return aitia_home()


@pytest.fixture
def shop(home: Path) -> Shop:
    recorded = load_scenario(SCENARIO)
    sources = small_settings().sources
    given = {"sources": sources, "components": recorded.components, "model": None, "at": recorded.now}
    return Shop(recorded, given, json.loads((SCENARIO / "alert.json").read_text()))


@pytest.fixture
def needs_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first round also plans `restart`, a tool that changes something."""
    first, every = planner.first_round, [*Registry.load(), *Registry([lab.restart])]

    def with_a_write(*args: Any) -> Plan:
        plan = first(*args)
        return plan.model_copy(update={"tasks": (*plan.tasks, Task(id=99, tool="restart"))})

    monkeypatch.setattr(planner, "first_round", with_a_write)
    monkeypatch.setattr(Registry, "load", lambda: Registry(every))
