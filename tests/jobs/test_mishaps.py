"""What goes wrong around jobs: kills, locks, two processes, late notices. Nothing is lost and nothing is made twice."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aitia import api, retention
from aitia.core.errors import BadInput, SourceError
from aitia.core.store import RunStore, list_runs
from aitia.graphs.nodes.explaining import narrate as nodes_narrate
from aitia.jobs import Here, Job, Jobs, Workers
from aitia.jobs.claims import Claim
from aitia.jobs.table import JobTable
from aitia.jobs.work import Work
from aitia.settings import Retention
from tests.shop import CAUSE, shop_alert, small_settings

from .test_jobs import carry_out, engine, jobs, wait_for


def stopped_half_way(made: Jobs, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose worker was killed in the middle of its run."""
    job = made.submit(shop_alert(), origin="alertmanager", key="k", group="g").job
    with monkeypatch.context() as patched:
        patched.setattr(
            "aitia.graphs.nodes.explaining.narrate", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            carry_out(made, owner="gone/1/1")
    made.table.set(job.id, state="queued", owner="", lease_until="")
    return job


def test_a_notice_that_comes_when_the_run_is_half_done_is_looked_at_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = jobs(tmp_path)
    job = stopped_half_way(made, monkeypatch)
    made.submit(shop_alert(severity="critical"), origin="alertmanager", key="k", group="g")
    carry_out(made)
    assert (made.get(job.id).state, made.get(job.id).revision) == ("queued", 2)
    carry_out(made)
    assert (made.get(job.id).state, made.get(job.id).revision) == ("done", 2)
    assert made.run_store(job.id).report().incident.labels["severity"] == "critical"


def test_giving_up_does_not_give_up_what_was_reported_since(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="alertmanager", key="k").job
    for _ in range(3):
        assert made.table.claim("a", lease_s=-1, attempts=3) is not None
    made.submit(shop_alert(severity="critical"), origin="alertmanager", key="k")
    claim = made.table.claim("b", lease_s=30, attempts=3)
    assert claim is not None
    assert (claim.job.id, claim.job.attempts, claim.incident.labels["severity"]) == (job.id, 1, "critical")


def test_an_orderly_stop_is_no_failed_attempt(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    made.submit("slow", origin="api")
    for _ in range(5):
        assert made.table.claim(f"{_host()}/99999999/1", lease_s=30, attempts=3) is not None
        assert made.table.free_dead(orderly=True) == 1


def _host() -> str:
    import socket

    return socket.gethostname()


def test_an_answer_outlives_a_kill_between_its_resume_and_its_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    made = jobs(tmp_path)
    job = made.submit("slow", origin="api").job
    store = RunStore.create(tmp_path, meta={"incident": {}})
    made.table.set(job.id, state="queued", run=store.id, answers='{"aa": true}', begun=1)
    monkeypatch.setattr("aitia.graphs.diagnose.has_begun", lambda store: True)
    monkeypatch.setattr(api, "resume", lambda run, **how: said.append(how["answers"]) or _stop())
    carry_out(made)  # state is still "running", as the kill left it
    assert said == [{"aa": True}]


def _stop() -> Any:
    raise BadInput("enough")


def test_two_processes_change_one_run_without_losing_a_field(tmp_path: Path) -> None:
    store = RunStore.create(tmp_path, meta={})
    code = (
        "import sys; from pathlib import Path; from aitia.core.store import RunStore\n"
        "s = RunStore.open(Path(sys.argv[1]), sys.argv[2])\n"
        "for n in range(150): s.update_meta(**{f'{sys.argv[3]}{n}': n})"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), store.id, name]) for name in "ab"]
    assert [p.wait(60) for p in both] == [0, 0]
    assert sum(k[0] in "ab" and k[1:].isdigit() for k in store.meta()) == 300


def test_clean_up_by_two_processes_fails_no_diagnosis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        RunStore.create(tmp_path, meta={}).update_meta(state="finished")
    known = list_runs(tmp_path)
    assert len(retention.retain(tmp_path, Retention(runs=1), now=datetime.now(tz=UTC))) == 2
    monkeypatch.setattr(retention, "list_runs", lambda home: known)  # what the other process saw before
    assert len(retention.retain(tmp_path, Retention(runs=1), now=datetime.now(tz=UTC))) == 2
    assert len(list_runs(tmp_path)) == 1


def test_a_renewal_that_fails_once_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = jobs(tmp_path, lease_s=2)
    made.submit("slow", origin="api")
    claim = made.table.claim("me", lease_s=2, attempts=3)
    assert claim is not None
    real, calls = JobTable.renew, []

    def renew(table: JobTable, claim: Claim, *, lease_s: float) -> bool:
        calls.append(time.monotonic())
        if len(calls) == 1:
            raise sqlite3.OperationalError("database is locked")
        return real(table, claim, lease_s=lease_s)

    monkeypatch.setattr(JobTable, "renew", renew)
    monkeypatch.setattr(api, "diagnose", lambda *a, **k: time.sleep(3) or _stop())
    lost: list[bool] = []
    Work(made.table, tmp_path, made.settings, engine(made.settings)).run(
        claim, lost=lambda: lost.append(True)
    )
    assert len(calls) >= 4
    assert not lost
    assert made.list()[0].message == "enough"


def test_a_worker_that_lost_its_job_stops_at_the_next_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = jobs(tmp_path, lease_s=2)
    job = made.submit(shop_alert(), origin="alertmanager").job
    claim = made.table.claim("me", lease_s=2, attempts=3)
    assert claim is not None
    work = Work(made.table, tmp_path, made.settings, engine(made.settings))
    lost = threading.Event()

    def narrate(*args: Any, **how: Any) -> Any:
        made.table.set(job.id, owner="another/1/1")
        assert lost.wait(60)
        return nodes_narrate(*args, **how)

    monkeypatch.setattr("aitia.graphs.nodes.explaining.narrate", narrate)
    work.run(claim, lost=lost.set)
    row = made.table.row(job.id)
    assert (row["state"], row["owner"]) == ("running", "another/1/1")
    assert made.run_store(job.id).meta()["state"] != "finished"


@pytest.mark.parametrize(
    "error", [SourceError("Look at password=hunter2-Zq9Lm4 of anna@example.org."), KeyError("hunter2-Zq9Lm4")]
)
def test_no_secret_is_told_with_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    made = jobs(tmp_path)
    job = made.submit("slow", origin="api").job

    def fails(*args: Any, **how: Any) -> Any:
        raise error

    monkeypatch.setattr(api, "diagnose", fails)
    carry_out(made)
    told = made.get(job.id).message
    assert told
    assert "hunter2" not in told
    assert "anna@" not in told


def test_the_worker_of_a_listener_goes_on_whatever_fails_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = jobs(tmp_path)
    first = made.submit(shop_alert("a"), origin="alertmanager").job
    second = made.submit(shop_alert("b"), origin="alertmanager").job
    real, calls = JobTable.claim, []

    def claim(table: JobTable, owner: str, **how: Any) -> Claim | None:
        calls.append(owner)
        if len(calls) == 1:
            raise sqlite3.OperationalError("database is locked")
        return real(table, owner, **how)

    def told(job: Job) -> None:
        raise BrokenPipeError("nobody reads")

    monkeypatch.setattr(JobTable, "claim", claim)
    worker = Here(made, engine(made.settings), on_end=told)
    worker.start()
    wait_for(lambda: made.get(first.id).over and made.get(second.id).over)
    assert worker.alive()
    assert worker.stop(10)
    assert made.get(second.id).component == CAUSE[0]


@pytest.mark.server
def test_workers_are_still_looked_after_when_the_table_was_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers(tmp_path, small_settings(workers=1), model="none")
    workers.start()
    real, calls = JobTable.free_dead, []

    def free_dead(table: JobTable, *, orderly: bool = False) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise sqlite3.OperationalError("database is locked")
        return real(table, orderly=orderly)

    monkeypatch.setattr(JobTable, "free_dead", free_dead)
    try:
        workers._processes[0][0].kill()
        wait_for(lambda: workers.replaced == 1 and workers.alive() == 1, 30)
    finally:
        workers.stop(5)


def test_a_group_that_fires_again_under_its_key_is_firing(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="alertmanager", key="k", group="g").job
    made.resolve("g")
    assert made.submit(shop_alert(), origin="alertmanager", key="k", group="g").job.alert == "firing"
    assert made.submit(shop_alert(), origin="alertmanager", key="k2", group="g").job.id == job.id
