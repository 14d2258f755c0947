"""Diagnose again, ten minutes later: the same run, its next revision; the earlier one is kept."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import aitia
from aitia import api
from aitia.cli.app import run as aitia_run
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, RunNotFound
from aitia.core.store import RunStore, list_runs, report_bytes
from aitia.core.words import Report
from aitia.graphs.rerun import rerun
from aitia.settings import Settings, WindowRules

BEGAN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def write(folder: Path, *, until: datetime) -> None:
    """Two services, sampled every ten seconds until a moment; at 10:01 `basket` becomes slow."""
    rows = ["time,component,metric,value"]
    at = BEGAN - timedelta(hours=1)
    while at <= until:
        n = int(at.timestamp())
        wave = (n * 7919) % 130 / 1300
        bad = at >= BEGAN + timedelta(minutes=1)
        rows += [f"{at.isoformat()},basket,request_latency_seconds,{(3.0 if bad else 0.2) + wave / 10:.4f}"]
        rows += [f"{at.isoformat()},search,request_latency_seconds,{0.2 + wave / 10:.4f}"]
        at += timedelta(seconds=10)
    (folder / "m.csv").write_text("\n".join(rows) + "\n")


def settings(folder: Path) -> Settings:
    source = SourceConfig(name="m", kind="metrics", type="table", path=str(folder / "m.csv"), step_s=10)
    return Settings(sources=(source,), window=WindowRules(lead_s=300, baselines=("preceding",)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """Looked at when nothing had happened yet."""
    folder = tmp_path_factory.mktemp("first")
    write(folder, until=BEGAN + timedelta(seconds=30))
    report = aitia.diagnose(
        "basket is slow", config=settings(folder), model=None, started_at=BEGAN, at=BEGAN + timedelta(seconds=30),
        home=folder / "home",
    )  # fmt: skip
    return folder, report


@pytest.fixture
def first(tmp_path: Path, made: tuple[Path, Report]) -> Report:
    """The same in a folder of the test's own: the run reads its telemetry there, and its home takes it for its own."""
    shutil.copytree(made[0], tmp_path, dirs_exist_ok=True)
    recorded = made[0] / "m.csv"
    recorded.unlink()
    recorded.symlink_to(tmp_path / "m.csv")
    RunStore.open(tmp_path / "home", made[1].run).sign()
    return made[1]


def later(folder: Path, run: str, minutes: float = 10, told: str | None = None) -> Report:
    write(folder, until=BEGAN + timedelta(minutes=minutes))
    return api.again(
        run, incident=told, config=settings(folder), at=BEGAN + timedelta(minutes=minutes), home=folder / "home"
    )  # fmt: skip


def test_the_next_revision_sees_what_came_since_and_the_earlier_is_kept(
    tmp_path: Path, first: Report
) -> None:
    assert not any(e.direction == "up" for e in first.evidence)
    before = RunStore.open(tmp_path / "home", first.run).report_json()
    second = later(tmp_path, first.run)
    assert second.run == first.run
    assert second.incident.window.end == BEGAN + timedelta(minutes=10)
    assert second.incident.started_at == first.incident.started_at
    assert any(e.component == "basket" and e.direction == "up" for e in second.evidence)
    store = RunStore.open(tmp_path / "home", first.run)
    assert len(list_runs(tmp_path / "home")) == 1
    assert store.meta()["revision"] == 2
    assert store.meta()["state"] == "finished"
    assert store.report() == second
    assert store.revision(1).report_json() == before
    assert store.revision(2) is store
    assert [e.type for e in store.revision(1).events()][-1] == "run_finished"
    assert report_bytes(rerun(store)) == store.report_json()
    with pytest.raises(RunNotFound, match="from 1 to 2"):
        store.revision(7)


def test_a_third_look_and_what_is_told_by_then(tmp_path: Path, first: Report) -> None:
    later(tmp_path, first.run)
    third = later(tmp_path, first.run, 20, "basket and search are slow")
    assert third.incident.title == "basket and search are slow"
    assert third.incident.id == first.incident.id
    store = RunStore.open(tmp_path / "home", first.run)
    assert store.meta()["revision"] == 3
    assert store.revision(2).report().incident.window.end == BEGAN + timedelta(minutes=10)


def test_an_earlier_moment_and_an_unfinished_run_are_refused(tmp_path: Path, first: Report) -> None:
    with pytest.raises(BadInput, match="Give a later time"):
        later(tmp_path, first.run, 0)
    store = RunStore.open(tmp_path / "home", first.run)
    store.update_meta(state="running")
    with pytest.raises(BadInput, match="aitia resume"):
        later(tmp_path, first.run)
    assert store.report() == first


def test_a_look_that_failed_is_not_a_revision(
    tmp_path: Path, first: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise BadInput("no")

    with monkeypatch.context() as patched:
        patched.setattr("aitia.graphs.diagnose.diagnose", broken)
        with pytest.raises(BadInput, match="no"):
            later(tmp_path, first.run)
    store = RunStore.open(tmp_path / "home", first.run)
    assert store.meta()["state"] == "failed"
    assert store.revision(1).report() == first
    later(tmp_path, first.run)
    assert store.meta()["revision"] == 2
    assert store.revision(1).report() == first


def test_a_kill_between_two_revisions_loses_nothing(tmp_path: Path, first: Report) -> None:
    store = RunStore.open(tmp_path / "home", first.run)
    (store.path / "revisions" / "1").mkdir(parents=True)
    (store.path / "events.jsonl").rename(
        store.path / "revisions" / "1" / "events.jsonl"
    )  # as far as the kill let it
    later(tmp_path, first.run)
    assert store.revision(1).report() == first
    assert list(store.revision(1).events())
    assert store.meta()["revision"] == 2


def test_the_commands(
    tmp_path: Path, first: Report, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    later = BEGAN + timedelta(minutes=10)
    (tmp_path / "aitia.yaml").write_text(settings(tmp_path).model_dump_json(exclude_defaults=True))
    write(tmp_path, until=later)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    code = aitia_run(["diagnose", "--again", first.run, "--at", later.isoformat(), "--json"])
    told = capfd.readouterr()
    assert code in (0, 10, 11), told.err
    assert json.loads(told.out)["run"] == first.run
    assert aitia_run(["report", first.run, "--revision", "1", "--json"]) in (0, 10, 11)
    assert json.loads(capfd.readouterr().out) == json.loads(report_bytes(first))
    assert aitia_run(["diagnose", "--again", first.run, "--since", "5m"]) == 2
    assert "--again" in capfd.readouterr().err
