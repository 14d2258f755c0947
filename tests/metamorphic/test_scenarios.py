"""Each bundled scenario, changed in ways that must not matter: same verdict. Without its telemetry the culprit is not convicted."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.words import Report
from aitia.graphs.replay import replay
from aitia.graphs.state import Options
from aitia.tools import Registry

from . import transforms

ROOT = Path(__file__).parents[2] / "scenarios"
SCENARIOS = sorted(p.parent for p in ROOT.glob("*/scenario.yaml"))
OPTIONS = Options(planner="rules", narrator="template")


def diagnosed(folder: Path, home: Path, *, concurrency: int = 4) -> Report:
    options = Options(planner="rules", narrator="template", max_concurrency=concurrency)
    return replay(folder, home=home, llm=None, options=options).report


def answer(report: Report) -> tuple[str, str, str]:
    return (report.verdict, report.component, report.fault)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    home = tmp_path_factory.mktemp("home")
    return {s.name: diagnosed(s, home) for s in SCENARIOS}


@pytest.fixture(params=SCENARIOS, ids=lambda p: p.name)
def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    return request.param.name, transforms.copy(request.param, tmp_path / "scenario")


def test_at_least_six_scenarios_are_right(before: dict[str, Report], tmp_path: Path) -> None:
    assert len(SCENARIOS) >= 6
    scores = [replay(s, home=tmp_path, llm=None, options=OPTIONS).score for s in SCENARIOS]
    assert [s["id"] for s in scores if not s["correct"]] == []
    assert sum(s["repeated_calls"] for s in scores) == 0
    assert [s["id"] for s in scores if s["grounded"] < 1.0] == []


def test_other_names(scenario: tuple[str, Path], before: dict[str, Report], tmp_path: Path) -> None:
    name, folder = scenario
    new = transforms.rename(folder)
    after = diagnosed(folder, tmp_path / "home")
    was = before[name]
    assert answer(after) == (was.verdict, new.get(was.component, ""), was.fault)


def test_another_day(scenario: tuple[str, Path], before: dict[str, Report], tmp_path: Path) -> None:
    name, folder = scenario
    transforms.shift_time(folder)
    assert answer(diagnosed(folder, tmp_path / "home")) == answer(before[name])


def test_rows_and_tasks_in_another_order(
    scenario: tuple[str, Path], before: dict[str, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, folder = scenario
    transforms.shuffle_rows(folder)
    installed = list(Registry.load())
    monkeypatch.setattr(Registry, "load", classmethod(lambda cls: cls(reversed(installed))))
    assert answer(diagnosed(folder, tmp_path / "home", concurrency=1)) == answer(before[name])


def test_twenty_quiet_components_more(
    scenario: tuple[str, Path], before: dict[str, Report], tmp_path: Path
) -> None:
    name, folder = scenario
    transforms.add_quiet(folder)
    assert answer(diagnosed(folder, tmp_path / "home")) == answer(before[name])


def test_without_the_culprits_telemetry(
    scenario: tuple[str, Path], before: dict[str, Report], tmp_path: Path
) -> None:
    name, folder = scenario
    culprit = before[name].component
    if not culprit:
        pytest.skip("no culprit in this scenario")
    transforms.remove_telemetry(folder, culprit)
    after = diagnosed(folder, tmp_path / "home")
    assert (
        after.verdict == "unknown"
        or sum(s.probability for s in after.suspects if s.component == culprit) < 0.5
    )
