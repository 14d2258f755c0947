"""A home that an older aitia wrote (`released/make.py`), opened by this one: nothing is lost, and what waited goes on."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from aitia.cli.app import run
from aitia.core import copying, migrations
from aitia.core.postgres import Postgres
from aitia.core.store import RunStore, list_runs
from aitia.jobs import Jobs
from aitia.jobs.table import JobTable
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Query
from tests.database import Server
from tests.jobs.test_jobs import carry_out
from tests.shop import CAUSE, small_settings

HOME = Path(__file__).parent / "released" / "home.tar.xz"


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, Any]]:
    """The home, in force, and what the older aitia said of it. The site's folder is the working one."""
    with tarfile.open(HOME) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "site")
    return tmp_path / "home", json.loads((tmp_path / "expected.json").read_text())


def asked(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    assert run([*command, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_runs_are_read_shown_and_the_report_is_the_same_bytes(
    older: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    home, told = older
    kept = RunStore.open(home, told["run"])
    assert len(list_runs(home)) == 1
    assert hashlib.sha256(kept.report_json()).hexdigest() == told["report"]
    assert (kept.report().component, kept.report().fault) == CAUSE
    assert run(["report", told["run"], "--full"]) == 0
    assert "orders" in capsys.readouterr().out
    assert told["run"] in json.dumps(asked(capsys, "runs", "list"))


def test_jobs_stay_and_the_one_that_waited_is_diagnosed_by_this_version(
    older: tuple[Path, dict[str, Any]],
) -> None:
    home, told = older
    jobs = Jobs(home, small_settings())
    done = jobs.get(told["done"][0])
    assert [done.id, done.state, done.component, done.fault, done.run] == told["done"]
    assert jobs.get(told["waits"]).state == "queued"
    carry_out(jobs)
    after = jobs.get(told["waits"])
    assert (after.state, after.component) == ("done", CAUSE[0])
    assert jobs.get(done.id) == done


def test_incidents_outcomes_dictionary_and_audit_stay_and_go_on(
    older: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    home, told = older
    with MemoryStore(home, embedder=None) as memory:
        assert sorted(i.id for i in memory.all()) == told["incidents"]
        (outcome,) = memory.outcomes(told["run"])
        assert outcome.by == "ann"
        before = memory.audit()
        assert {"put", "record"} & {entry.what for entry in before}
        assert memory.search(Query(text="checkout 5xx postgres connections"))
        memory.remove(told["incidents"][:1], by="new")
        assert memory.audit()[: len(before)] == before
    assert "odd_metric_7" in json.dumps(asked(capsys, "dictionary", "show"))
    assert run(["audit", "verify"]) == 0


@pytest.mark.server
def test_it_goes_to_a_server_whose_schema_goes_back_and_forward(
    older: tuple[Path, dict[str, Any]],
    database_server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, told = older
    jobs = {job.id: job for job in JobTable(home).jobs()}
    url = database_server.database()
    at = Postgres(url)
    assert all(each.whole for each in copying.copy(home, at))
    monkeypatch.setenv("AITIA_DATABASE", url)
    with MemoryStore(tmp_path / "new", embedder=None) as memory:
        assert sorted(i.id for i in memory.all()) == told["incidents"]
    for step in range(len(migrations.STEPS) - 1, 0, -1):
        migrations.migrate(at, step)
        assert migrations.version(at) == step
    migrations.migrate(at)
    assert {job.id: job for job in JobTable(tmp_path / "new").jobs()} == jobs
    carry_out(Jobs(tmp_path / "new", small_settings()))
    assert Jobs(tmp_path / "new", small_settings()).get(told["waits"]).state == "done"
