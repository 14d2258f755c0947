"""The Python API over real files."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia import api
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, ModelError
from aitia.core.events import Event, RunFinished
from aitia.core.scenario import load_scenario
from aitia.core.store import RunStore, list_runs
from aitia.model_use import Narrator, Planner, known_sha256, modes
from aitia.models.scripted import ScriptedLlm
from aitia.settings import ModelChoice, Retention, Settings
from aitia.tools.sources.metrics.table import TableSource


def test_a_scenario_is_replayed_and_scored(home: Path, small: Path) -> None:
    done = aitia.replay(small, model=None)
    assert done.score["correct"]
    assert done.report.model.planner == "rules"


def test_an_incident_with_its_sources_is_diagnosed_and_events_are_told(home: Path, small: Path) -> None:
    recorded = load_scenario(small)
    events: list[Event] = []
    sources = [s.model_copy(update={"path": str(small / s.path)}) for s in recorded.sources]
    report = aitia.diagnose(
        recorded.as_incident(), sources=sources, components=recorded.components, model=None, at=recorded.now,
        on_event=events.append,
    )  # fmt: skip
    assert report.verdict == "cause"
    assert isinstance(events[-1], RunFinished)
    store = RunStore.open(home, report.run)
    assert store.report() == report
    assert [s["name"] for s in store.meta()["sources"]] == [s.name for s in sources]
    assert api.resume(report.run) == report


def test_a_caller_s_own_model_is_used(home: Path, scenario: Path) -> None:
    llm = ScriptedLlm(lambda prompt: "Nonsense about the moon and 77 elephants.")
    done = aitia.replay(scenario, model=llm)
    assert done.report.model.name == llm.name
    assert done.report.cost.model_calls > 0
    said = [*done.report.summary, *done.report.chain, *(x.sentence for x in done.report.ruled_out)]
    assert not any("elephants" in s.text for s in said)
    assert any(s.refused for s in said)


def test_an_alert_as_mapping_and_a_settings_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_text("2026-11-25 10:00:00 INFO fine\n")
    (tmp_path / "aitia.yaml").write_text(
        "sources: [{name: logs, kind: logs, type: log_files, path: logs}]\nmodel: {name: none}\nwindow: {lead_s: 60}\n"
    )
    began = datetime(2026, 11, 25, 10, 1, tzinfo=UTC)
    alert = {"alerts": [{"labels": {"alertname": "X"}, "startsAt": began.isoformat()}]}
    report = aitia.diagnose(alert, config=tmp_path / "aitia.yaml", at=began + timedelta(minutes=5))
    assert report.incident.title == "X"
    # the log begins a minute before: its first half is what the second is held against
    assert report.incident.window.start == began - timedelta(seconds=30)
    assert report.model.note == "switched off"


def test_no_sources_is_said_before_anything_is_made(home: Path) -> None:
    with pytest.raises(BadInput, match=r"No source is configured. Add one in aitia.yaml"):
        aitia.diagnose("slow", config=Settings())
    assert list_runs(home) == [] if home.exists() else True


def test_the_settings_model_may_be_absent_but_an_asked_one_not(home: Path) -> None:
    absent = Settings(model=ModelChoice(name="qwen2.5-coder-1.5b"))
    engine = api.choose_engine(
        "auto", settings=absent, planner=None, narrator="model", threads=None, on_event=None
    )
    assert engine.llm is None
    assert engine.failed
    assert "aitia models fetch" in engine.note or "pip install" in engine.note
    assert (engine.options.planner, engine.options.narrator) == ("rules", "template")
    with pytest.raises(ModelError):
        api.choose_engine(
            "qwen2.5-coder-1.5b", settings=absent, planner=None, narrator=None, threads=None, on_event=None
        )


def test_a_model_that_adds_nothing_is_not_loaded_by_itself(home: Path) -> None:
    settings = Settings(model=ModelChoice(name="qwen2.5-coder-1.5b"))
    engine = api.choose_engine(
        "auto", settings=settings, planner=None, narrator=None, threads=None, on_event=None
    )
    assert (engine.llm, engine.failed) == (None, False)
    assert engine.note == "not needed by its calibration: planner rules, narrator template"


@pytest.mark.parametrize(
    ("planner", "narrator", "asked", "chosen"),
    [
        ("auto", "auto", False, ("rules", "template")),
        ("auto", "auto", True, ("model", "model")),
        ("rules", "auto", True, ("rules", "model")),
        ("free", "template", False, ("free", "template")),
    ],
)
def test_what_a_calibrated_model_does(
    planner: Planner, narrator: Narrator, asked: bool, chosen: tuple[str, str]
) -> None:
    got = modes(planner, narrator, known_sha256("qwen2.5-coder-1.5b"), asked=asked)
    assert (got.planner, got.narrator) == chosen
    assert modes("auto", "auto", "0" * 64, asked=False).needs_model  # a model without a calibration narrates


def test_retention_deletes_the_oldest_finished_runs(home: Path) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    ids = []
    for age, state in ((1, "finished"), (2, "finished"), (40, "finished"), (50, "running")):
        store = RunStore.create(
            home, meta={"created_at": (now - timedelta(days=age)).isoformat(), "state": state}
        )
        ids.append(store.id)
    assert api.retain(home, Retention(days=30), now=now) == [ids[2]]
    kept = {r["id"] for r in list_runs(home)}
    assert kept == {ids[0], ids[1], ids[3]}
    assert len(api.retain(home, Retention(runs=1), now=now)) == 1


def test_sources_of_an_unknown_type_are_named(home: Path) -> None:
    odd = SourceConfig(name="odd", kind="logs", type="carrier_pigeon", path="x")
    with pytest.raises(BadInput, match="carrier_pigeon"):
        aitia.diagnose("slow", sources=[odd], model=None)


def test_importing_the_package_loads_no_engine() -> None:
    program = (
        "import sys, aitia; print(aitia.__version__, *(m for m in sys.modules if m.startswith('aitia.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"{aitia.__version__}\n"
    assert json.dumps(aitia.__all__)
    with pytest.raises(AttributeError):
        aitia.nosuch  # noqa: B018


@pytest.mark.parametrize("hidden", ["auth.headers.Authorization", "options.password"])
def test_a_run_whose_source_holds_a_secret_is_not_carried_on_with_a_pseudonym(
    home: Path, small: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A type of a plug-in may take whatever options it wants.
    monkeypatch.setattr(TableSource, "OPTIONS", TableSource.OPTIONS | {"password"})
    recorded = load_scenario(small)
    value = "Bearer Qx7Lr2Vn9TbKw4Zp"
    auth, options = (
        ({"headers": {"Authorization": value}}, {}) if "auth" in hidden else ({}, {"password": value})
    )
    first, *others = [s.model_copy(update={"path": str(small / s.path)}) for s in recorded.sources]
    sources = [SourceConfig.model_validate(first.model_dump() | {"auth": auth, "options": options}), *others]
    report = aitia.diagnose(
        recorded.as_incident(), sources=sources, components=recorded.components, model=None, at=recorded.now
    )
    run = RunStore.open(home, report.run)
    assert "Qx7Lr2Vn9TbKw4Zp" not in (run.path / "run.json").read_text()
    run.update_meta(state="running")
    with pytest.raises(BadInput, match=rf"<secret:[0-9a-f]{{8}}>.* real {hidden} of source '{first.name}'"):
        api.resume(report.run)
