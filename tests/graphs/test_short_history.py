"""A CSV that begins shortly before the trouble: its beginning is the baseline, and the report says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aitia.core.clock import RecordedClock
from aitia.core.config import SourceConfig
from aitia.core.scenario import load_scenario
from aitia.core.store import RunStore
from aitia.core.words import Baseline, Incident, Report, Window
from aitia.graphs.diagnose import Options, diagnose
from aitia.tools.sources import open_sources

SCENARIO = Path(__file__).parents[2] / "scenarios" / "slow-dependency"


def reported(lead_s: float) -> Incident:
    """The scenario's incident as a user would give it: a window of `lead_s`, and the span before it."""
    scenario = load_scenario(SCENARIO)
    start = scenario.incident.started_at - timedelta(seconds=lead_s)
    before = Window(start=start - timedelta(seconds=6 * lead_s), end=start)
    window = Window(start=start, end=scenario.now)
    return scenario.as_incident().model_copy(
        update={"window": window, "baselines": (Baseline(name="preceding", window=before),)}
    )


def run(incident: Incident, home: Path, sources: tuple[SourceConfig, ...]) -> Report:
    return diagnose(
        incident,
        open_sources(sources, SCENARIO),
        store=RunStore.create(home, meta={}),
        llm=None,
        options=Options(),
        clock=RecordedClock(load_scenario(SCENARIO).now),
    )


def test_the_beginning_of_the_data_is_the_baseline(tmp_path: Path) -> None:
    report = run(reported(1800), tmp_path, load_scenario(SCENARIO).sources)
    assert report.baselines_used == ("start_of_data",)
    assert (report.verdict, report.component, report.fault) == ("cause", "payment", "network.delay")


def test_a_baseline_with_samples_is_kept(tmp_path: Path) -> None:
    report = run(reported(90), tmp_path, load_scenario(SCENARIO).sources)
    assert report.baselines_used == ("preceding",)


def test_of_changes_alone_nothing_is_narrowed(tmp_path: Path) -> None:
    sources = tuple(s for s in load_scenario(SCENARIO).sources if s.kind == "changes")
    assert run(reported(1800), tmp_path, sources).incident.window == reported(1800).window


def test_of_logs_alone_the_first_half_is_the_baseline(tmp_path: Path) -> None:
    sources = tuple(s for s in load_scenario(SCENARIO).sources if s.kind == "logs")
    report = run(reported(1800), tmp_path, sources)
    assert report.incident.window.start > reported(1800).window.start
    assert report.incident.baselines[-1].name == "start_of_logs"
    assert report.incident.baselines[-1].window.end == report.incident.window.start


@pytest.mark.parametrize(("said", "verdict"), [(True, "healthy"), (False, "unknown")])
def test_a_short_history_that_the_trouble_may_fill_is_not_called_healthy(
    tmp_path: Path, said: bool, verdict: str
) -> None:
    calm = SCENARIO.with_name("false-alarm")
    scenario = load_scenario(calm)
    began = scenario.incident.started_at if said else scenario.now
    window = Window(start=began - timedelta(seconds=1800), end=scenario.now)
    before = Window(start=window.start - timedelta(seconds=10800), end=window.start)
    incident = scenario.as_incident().model_copy(
        update={
            "started_at": began,
            "window": window,
            "baselines": (Baseline(name="preceding", window=before),),
        }
    )
    report = diagnose(
        incident,
        open_sources(scenario.sources, calm),
        store=RunStore.create(tmp_path, meta={}),
        llm=None,
        options=Options(),
        clock=RecordedClock(scenario.now),
    )
    assert report.baselines_used == ("start_of_data",)
    assert report.verdict == verdict
