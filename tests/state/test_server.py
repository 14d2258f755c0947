"""State on a PostgreSQL server: what it refuses in words, its schema in steps, the way to it, and a restart in the middle."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.core import copying, migrations
from aitia.core.errors import BadInput, DatabaseAway
from aitia.core.postgres import Postgres, close_pools, shown
from aitia.core.state import database_url, use_database
from aitia.jobs import Jobs
from aitia.jobs.table import JobTable
from aitia.settings import Service, load_settings
from aitia.slack.dedupe import Entry, Inbox
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Query
from tests.database import PASSWORD, Server
from tests.jobs.test_jobs import carry_out
from tests.memory.site import SITE
from tests.shop import CAUSE, shop_alert, small_settings

RELEASED = Path(__file__).parent / "released"  # SQLite files as the last release wrote them, as SQL


@pytest.fixture
def url(database_server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    made = database_server.database()
    monkeypatch.setenv("AITIA_DATABASE", made)
    return made


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """One to stop."""
    from tests.database import running_server

    with running_server() as server:
        monkeypatch.setenv("AITIA_DATABASE", server.database())
        yield server


def refusal(url: str) -> str:
    with pytest.raises((BadInput, DatabaseAway)) as refused:
        Postgres(url)
    told = str(refused.value)
    assert PASSWORD not in told
    assert "not-this-one" not in told
    return told


def test_what_a_server_refuses_is_said_without_a_password(database_server: Server) -> None:
    assert "login was refused" in refusal(database_server.url(password="not-this-one"))
    assert "no such database" in refusal(database_server.url("nowhere"))
    assert "Start it" in refusal(f"postgresql://aitia:{PASSWORD}@127.0.0.1:1/x")
    assert "%40" in refusal(f"postgresql://aitia:{PASSWORD}@more@127.0.0.1:1/x")
    assert "postgresql://" in refusal(f"mysql://aitia:{PASSWORD}@127.0.0.1/x")
    assert "Fix the database's URL" in refusal(f"postgresql://aitia:{PASSWORD}@127.0.0.1:port/x?a")
    assert shown(database_server.url("x")) == f"127.0.0.1:{database_server.port}/x"


def test_settings_take_no_password(tmp_path: Path) -> None:
    file = tmp_path / "aitia.yaml"
    for wrong in (
        f"postgresql://me:{PASSWORD}@db/aitia",
        f"postgresql://db/aitia?password={PASSWORD}",
        "sqlite://x",
    ):
        file.write_text(json.dumps({"service": {"database": wrong}}))
        with pytest.raises(BadInput, match="database") as refused:
            load_settings(file)
        assert PASSWORD not in str(refused.value)
    assert Service(database="postgresql://me@db:5433/aitia").database


def test_the_environment_goes_before_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    use_database("postgresql://me@db/settings")
    try:
        assert database_url() == "postgresql://me@db/settings"
        monkeypatch.setenv("AITIA_DATABASE", "postgresql://me@db/environment")
        assert database_url() == "postgresql://me@db/environment"
    finally:
        use_database("")


def test_steps_forward_and_back_keep_what_they_do_not_bring(url: str, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, small_settings())
    job = jobs.submit(shop_alert(), origin="alertmanager", key="k", group="g").job
    with MemoryStore(tmp_path, embedder=None) as memory:
        memory.put(SITE, by="test")
    at = Postgres(url)
    assert migrations.version(at) == len(migrations.STEPS)
    names = [step.name for step in migrations.STEPS]
    assert migrations.migrate(at, 2) == names[:1:-1]
    assert "aitia state migrate" in refusal(url)
    assert migrations.migrate(at) == names[2:]
    assert Jobs(tmp_path, small_settings()).get(job.id) == job
    with MemoryStore(tmp_path, embedder=None) as memory:
        assert memory.count() == 0
        memory.put(SITE, by="test")
    assert migrations.migrate(at, 0) == names[::-1]
    assert migrations.migrate(at) == names


def test_a_step_that_fails_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    at = Postgres(url)
    wrong = migrations.Step(name="wrong", up="create table extra (a int); create table jobs (a int)", down="")
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, wrong))
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrations.migrate(at)
    assert migrations.version(at) == len(migrations.STEPS) - 1
    with at.reading() as db:
        assert db.execute("select to_regclass('extra')").fetchone()[0] is None


def test_a_newer_schema_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Postgres(url)
    monkeypatch.setattr(migrations, "STEPS", migrations.STEPS[:-1])
    assert "newer" in refusal(url)
    with pytest.raises(BadInput, match="newer"):
        migrations.migrate(Postgres(url, check=False))


def test_many_that_begin_at_once_make_the_tables_once(url: str, tmp_path: Path) -> None:
    made: list[int] = []
    threads = [
        threading.Thread(target=lambda: made.append(migrations.version(Postgres(url)))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert made == [len(migrations.STEPS)] * 6


def released(home: Path) -> Path:
    """A home with the files of the last release."""
    (home / "memory").mkdir(parents=True)
    for name in ("jobs", "slack", "memory/incidents"):
        with closing(sqlite3.connect(home / f"{name}.sqlite")) as db:
            db.executescript((RELEASED / f"{Path(name).name}.sql").read_text(encoding="utf-8"))
    return home


def test_files_of_the_last_release_are_copied_whole_and_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = released(tmp_path / "old")
    monkeypatch.setenv("AITIA_DATABASE", "")
    before = JobTable(home).jobs()
    with MemoryStore(home, embedder=None) as memory:
        kept, found = list(memory.all()), memory.search(Query(text="checkout 5xx postgres connections"))
    monkeypatch.setenv("AITIA_DATABASE", url)
    at, stops = Postgres(url), []
    monkeypatch.setattr(copying, "BATCH", 2)

    def stop(progress: object) -> None:
        stops.append(progress)
        if len(stops) in (1, 3, 6):
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            copying.copy(home, at, on_progress=stop)
    done = copying.copy(home, at)
    assert all(each.whole and not each.known for each in done)
    assert sum(each.rows for each in done) > 40
    assert copying.copy(home, at) == done
    assert JobTable(tmp_path / "new").jobs() == before
    assert [e.key for e in Inbox(tmp_path / "new").left()] == ["waits"]
    with MemoryStore(tmp_path / "new", embedder=None) as memory:
        assert list(memory.all()) == kept
        now = memory.search(Query(text="checkout 5xx postgres connections"))
        assert [(m.incident.id, m.similarity) for m in now] == [(m.incident.id, m.similarity) for m in found]
        assert memory.put([SITE[0].model_copy(update={"id": "new"})], by="test").added == 1
        assert memory.pending() == len(kept) + 1


def test_a_memory_that_is_not_empty_is_not_mixed(url: str, tmp_path: Path) -> None:
    with MemoryStore(tmp_path / "new", embedder=None) as memory:
        memory.put(SITE, by="test")
    with pytest.raises(BadInput, match="memory export"):
        copying.copy(released(tmp_path / "old"), Postgres(url))


def test_the_commands(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(released(tmp_path / "old")))
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    assert json.loads(run.invoke(app, ["state", "copy", "--json"]).stdout)[0]["whole"]
    told = json.loads(run.invoke(app, ["state", "status", "--json"]).stdout)
    assert (told["kept"], told["schema"], told["rows"]["jobs"]) == ("PostgreSQL", len(migrations.STEPS), 3)
    assert PASSWORD not in json.dumps(told)
    assert run.invoke(app, ["state", "migrate", "--to", "1"]).exit_code != 0
    back = json.loads(run.invoke(app, ["state", "migrate", "--to", "1", "--yes", "--json"]).stdout)
    assert back["to"] == 1
    monkeypatch.setenv("AITIA_DATABASE", "")
    files = json.loads(run.invoke(app, ["state", "status", "--json"]).stdout)
    assert (files["kept"], files["rows"]["jobs.sqlite jobs"]) == ("SQLite", 3)


def test_a_restart_of_the_server_in_the_middle_of_a_diagnosis_costs_nothing(
    own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aitia.graphs.nodes.explaining import narrate

    jobs = Jobs(tmp_path, small_settings())
    job = jobs.submit(shop_alert(), origin="alertmanager", key="k").job
    inbox = Inbox(tmp_path)

    def restarted(*args: object, **named: object) -> object:
        own_server.stop()
        threading.Timer(1.0, own_server.start).start()
        return narrate(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("aitia.graphs.nodes.explaining.narrate", restarted)
    carry_out(jobs)
    done = jobs.get(job.id)
    assert (done.state, done.component, done.attempts) == ("done", CAUSE[0], 0)
    assert inbox.put(Entry(key="a", kind="command"))
    with Postgres(database_url()).reading() as db:
        assert db.execute("select count(*) from checkpoints").fetchone()[0] == 0  # the run has ended


def test_a_server_that_stays_away_is_said_and_found_again(own_server: Server, tmp_path: Path) -> None:
    table = JobTable(tmp_path)
    with MemoryStore(tmp_path, embedder=None) as memory:
        own_server.stop()
        began = time.monotonic()
        with pytest.raises(DatabaseAway, match="Start it"):
            table.jobs()
        assert time.monotonic() - began < 30
        with pytest.raises(DatabaseAway):
            memory.count()
        own_server.start()
        assert memory.count() == 0
    close_pools()
    assert table.jobs() == []


def test_a_run_of_another_home_is_said_and_its_job_looked_at_again_goes_on_counting(
    url: str, tmp_path: Path
) -> None:
    first, second = (Jobs(tmp_path / name, small_settings()) for name in "ab")
    job = first.submit(shop_alert(), origin="alertmanager", key="k").job
    carry_out(first)
    with pytest.raises(BadInput, match="another replica"):
        second.run_store(job.id)
    second.submit(shop_alert(severity="critical"), origin="alertmanager", key="k")
    carry_out(second)
    ended = second.get(job.id)
    assert (ended.state, ended.revision, ended.component) == ("done", 2, CAUSE[0])
    second.submit(shop_alert(severity="page"), origin="alertmanager", key="k")
    carry_out(second)
    assert second.get(job.id).revision == 3
    assert second.run_store(job.id).report().incident.labels["severity"] == "page"


def test_a_database_without_an_encoding_gives_texts_all_the_same(database_server: Server) -> None:
    import psycopg

    with psycopg.connect(database_server.url(), autocommit=True) as db:
        db.execute("create database plain encoding 'SQL_ASCII' template template0 locale 'C'")
    with Postgres(database_server.url("plain")).writing() as db:
        db.execute("insert into meta (key, value) values ('k', ?)", ["Prüfung 检查"])
        assert db.execute("select value from meta where key = 'k'").fetchone()[0] == "Prüfung 检查"
