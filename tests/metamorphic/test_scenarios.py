"""Bundled scenarios, changed in ways that must not matter: same verdict. Without its telemetry the culprit is not convicted.

Each change is tried alone on a shop; a machine that vibrates and the other scenarios get all changes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aitia.agent.weigher import OPEN
from aitia.core.words import Report
from aitia.graphs.replay import replay
from aitia.graphs.state import Options
from aitia.tools import Registry

from . import transforms

ROOT = Path(__file__).parents[2] / "scenarios"
SCENARIOS = sorted(p.parent.name for p in ROOT.glob("*/scenario.yaml"))
SHOP, MACHINE = (
    "connection-exhaustion",
    "bearing-outer-race",
)  # containers, logs and a deploy; waveforms of a motor
NOBODY = ("blackout", "false-alarm")  # is the culprit there


def on(*names: str, long: tuple[str, ...] | list[str] = ()) -> pytest.MarkDecorator:
    """Try it on these scenarios, on others in the long tests."""
    more = [pytest.param(name, marks=pytest.mark.long) for name in long]
    return pytest.mark.parametrize("scenario", [*names, *more], indirect=True)


def again(folder: Path, home: Path, *, concurrency: int = 4) -> Report:
    options = Options(planner="rules", narrator="template", max_concurrency=concurrency)
    return replay(folder, home=home, llm=None, options=options).report


def answer(report: Report) -> tuple[str, str, str]:
    return (report.verdict, report.component, report.fault)


def share(report: Report, component: str) -> float:
    return sum(s.probability for s in report.suspects if s.component == component)


@pytest.fixture
def before(diagnosed: Callable[..., object]) -> Callable[[str], Report]:
    return lambda name: diagnosed(name).report  # type: ignore[attr-defined]


@pytest.fixture
def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    return request.param, transforms.copy(ROOT / request.param, tmp_path / "scenario")


@pytest.fixture
def tools_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = list(Registry.load())
    monkeypatch.setattr(Registry, "load", classmethod(lambda cls: cls(reversed(installed))))


def test_at_least_six_scenarios_are_right(diagnosed: Callable[..., object]) -> None:
    assert len(SCENARIOS) >= 6
    scores = [diagnosed(name).score for name in SCENARIOS]  # type: ignore[attr-defined]
    assert [s["id"] for s in scores if not s["correct"]] == []
    assert sum(s["repeated_calls"] for s in scores) == 0
    assert [s["id"] for s in scores if s["grounded"] < 1.0] == []


@on(SHOP)
def test_other_names(scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path) -> None:
    name, folder = scenario
    new = transforms.rename(folder)
    was = before(name)
    assert answer(again(folder, tmp_path / "home")) == (was.verdict, new.get(was.component, ""), was.fault)


@on(SHOP)
def test_another_day(scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path) -> None:
    name, folder = scenario
    transforms.shift_time(folder)
    assert answer(again(folder, tmp_path / "home")) == answer(before(name))


@on(SHOP)
@pytest.mark.usefixtures("tools_reversed")
def test_rows_and_tasks_in_another_order(
    scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path
) -> None:
    name, folder = scenario
    transforms.shuffle_rows(folder)
    assert answer(again(folder, tmp_path / "home", concurrency=1)) == answer(before(name))


@on(SHOP)
def test_twenty_quiet_components_more(
    scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path
) -> None:
    name, folder = scenario
    transforms.add_quiet(folder)
    assert answer(again(folder, tmp_path / "home")) == answer(before(name))


@on(MACHINE, long=[n for n in SCENARIOS if n not in (SHOP, MACHINE)])
@pytest.mark.usefixtures("tools_reversed")
def test_all_of_it_at_once(
    scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path
) -> None:
    name, folder = scenario
    transforms.add_quiet(folder)
    new = transforms.rename(folder)
    transforms.shift_time(folder)
    transforms.shuffle_rows(folder)
    was = before(name)
    after = again(folder, tmp_path / "home", concurrency=1)
    assert answer(after) == (was.verdict, new.get(was.component, ""), was.fault)


CULPRITS = on(
    "slow-dependency", MACHINE, long=[n for n in SCENARIOS if n not in ("slow-dependency", MACHINE, *NOBODY)]
)


@CULPRITS
def test_without_the_culprits_telemetry(
    scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path
) -> None:
    """It may still be told by what others measure or log of it, as a host that logs whom it killed, or its kind be open; not as another
    kind.
    """
    name, folder = scenario
    was = before(name)
    assert was.component
    transforms.remove_telemetry(folder, was.component)
    after = again(folder, tmp_path / "home")
    told = (answer(was), ("cause", was.component, OPEN))
    assert after.verdict == "unknown" or answer(after) in told or share(after, was.component) < 0.5


@CULPRITS
def test_without_anything_that_tells_of_the_culprit(
    scenario: tuple[str, Path], before: Callable[[str], Report], tmp_path: Path
) -> None:
    name, folder = scenario
    culprit = before(name).component
    assert culprit
    transforms.remove_telemetry(folder, culprit)
    transforms.remove_mentions(folder, culprit)
    after = again(folder, tmp_path / "home")
    assert after.verdict == "unknown" or share(after, culprit) < 0.5
