"""Jobs: one run for each request, whatever is killed, sent twice, or sent again with more in it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.core.events import NodeDone, RunFinished, RunStarted
from aitia.core.store import list_runs
from aitia.engine import choose_engine
from aitia.jobs import Full, Job, JobNotFound, Jobs, Workers
from aitia.jobs.event_stream import parse_cursor
from aitia.jobs.owner import is_alive, owner_of
from aitia.jobs.table import JobTable
from aitia.jobs.work import Work
from aitia.settings import Settings
from tests.shop import CAUSE, shop_alert, small_settings


def wait_for(what: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


def jobs(home: Path, **service: object) -> Jobs:
    return Jobs(home, small_settings(**service))


def carry_out(made: Jobs, owner: str = "me/1/1") -> None:
    """What a worker does, once, in this process."""
    claim = made.table.claim(owner, lease_s=30, attempts=3)
    assert claim is not None
    Work(made.table, made.home, made.settings, engine(made.settings)).run(claim, lost=lambda: None)


def engine(settings: Settings):  # type: ignore[no-untyped-def]
    return choose_engine(None, settings=settings, planner=None, narrator=None, threads=None, on_event=None)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Jobs:
    """One finished job."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AITIA_DATABASE", new_database())
        made = jobs(tmp_path_factory.mktemp("home"))
        made.submit(shop_alert(), origin="alertmanager", key="k", group="g", by="alertmanager")
        carry_out(made)
    return made


def test_a_finished_job_tells_the_cause_and_where_its_run_is(done: Jobs) -> None:
    (job,) = done.list()
    assert (job.state, job.verdict, job.component, job.fault) == ("done", "cause", *CAUSE)
    assert done.run_store(job.id).report().run == job.run
    assert job.finished_at is not None
    assert job.revision == job.attempts + 1 == 1


def test_the_same_key_is_the_same_job(done: Jobs) -> None:
    again = done.submit(shop_alert(), origin="alertmanager", key="k", group="g")
    assert not again.new
    assert again.job.state == "done"
    assert len(done.list()) == 1


def test_all_events_are_told_once_and_a_cursor_goes_on_behind_them(done: Jobs) -> None:
    (job,) = done.list()
    updates = list(done.follow(job.id))
    events = [e for u in updates for e in u.events]
    assert isinstance(events[0][1], RunStarted)
    assert isinstance(events[-1][1], RunFinished)
    tag = job.run[-6:]
    assert [c for c, _ in events] == [f"1-{n}-{tag}" for n in range(1, len(events) + 1)]
    assert [e for u in done.follow(job.id, after="1-5") for e in u.events] == events[5:]
    another = [e for u in done.follow(job.id, after="1-5-abcdef") for e in u.events]
    assert another == events  # that was of a run that came to nothing
    rest = [e for u in done.follow(job.id, after=events[4][0]) for e in u.events]
    assert rest == events[5:]

    async def collect() -> list[str]:
        return [c async for u in done.afollow(job.id, after=events[-3][0]) for c, _ in u.events]

    assert asyncio.run(collect()) == [c for c, _ in events[-2:]]


@pytest.mark.parametrize("wrong", ["x", "1-", "-1", "1-2-3", "1-2-abcdeg", "9" * 30 + "-1"])
def test_a_cursor_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput, match="cursor"):
        parse_cursor(wrong)


def test_a_job_that_nobody_asked_for_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(JobNotFound):
        jobs(tmp_path).get("20260101-000000-00000000")


def test_a_full_queue_refuses(tmp_path: Path) -> None:
    made = jobs(tmp_path, places=2)
    for n in range(2):
        made.submit(f"trouble {n}", origin="api")
    with pytest.raises(Full, match="later"):
        made.submit("trouble 3", origin="api")
    assert made.counts()["queued"] == 2


def test_nothing_secret_is_kept_of_a_request(tmp_path: Path, database: str) -> None:
    made = jobs(tmp_path)
    made.submit(
        "login fails with password=hunter2-Zq9Lm4 for anna@example.org",
        origin="api",
        key="token=abcdefgh12345",
    )
    stored = b"".join(f.read_bytes() for f in tmp_path.glob("jobs.sqlite*"))
    if database:
        stored = repr(tuple(made.table.row(made.list()[0].id))).encode()
    assert b"login fails" in stored
    assert b"hunter2" not in stored
    assert b"anna@example" not in stored
    assert b"abcdefgh12345" not in stored


def test_two_requests_of_one_key_at_the_same_moment_are_one_job(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    gate = threading.Barrier(8)
    new: list[bool] = []

    def send() -> None:
        gate.wait()
        new.append(made.submit(shop_alert(), origin="alertmanager", key="k").new)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [False] * 7 + [True]
    assert len(made.list()) == 1


def test_two_workers_never_hold_one_job(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    made.submit("trouble", origin="api")
    first = made.table.claim("a", lease_s=30, attempts=3)
    assert first is not None
    assert made.table.claim("b", lease_s=30, attempts=3) is None


def test_a_lease_that_ran_out_is_claimed_again_and_the_first_holder_changes_nothing_more(
    tmp_path: Path,
) -> None:
    made = jobs(tmp_path)
    made.submit("trouble", origin="api")
    first = made.table.claim("a", lease_s=-1, attempts=3)
    second = made.table.claim("b", lease_s=30, attempts=3)
    assert first is not None
    assert second is not None
    assert not made.table.renew(first, lease_s=30)
    assert not made.table.settle(first, "failed", message="late")
    assert made.table.settle(second, "failed", message="in time")
    assert made.list()[0].message == "in time"


def test_a_job_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit("trouble", origin="api").job
    for _ in range(3):
        assert made.table.claim("a", lease_s=-1, attempts=3) is not None
    assert made.table.claim("a", lease_s=-1, attempts=3) is None
    assert made.get(job.id).state == "failed"
    assert "3 times" in made.get(job.id).message


def test_a_later_notice_with_more_in_it_is_the_next_revision(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    first = made.submit(shop_alert(), origin="alertmanager", key="k", group="g").job
    carry_out(made)
    seen = [c for u in made.follow(first.id) for c, _ in u.events][-1]
    told = made.submit(shop_alert(severity="critical"), origin="alertmanager", key="k2", group="g")
    assert (told.new, told.job.id, told.job.state, told.job.revision) == (False, first.id, "queued", 2)
    carry_out(made)
    job = made.get(first.id)
    assert (job.state, job.revision, job.run) == ("done", 2, made.get(first.id).run)
    later = [c for u in made.follow(job.id, after=seen) for c, _ in u.events]
    assert later[0].startswith("2-1-")
    assert made.run_store(job.id).report().incident.labels["severity"] == "critical"
    assert len(list_runs(tmp_path)) == 1


def test_a_notice_that_comes_while_its_job_runs_is_looked_at_afterwards(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="alertmanager", key="k").job
    claim = made.table.claim("me", lease_s=30, attempts=3)
    assert claim is not None
    made.submit(shop_alert(severity="critical"), origin="alertmanager", key="k")
    Work(made.table, tmp_path, made.settings, engine(made.settings)).run(claim, lost=lambda: None)
    assert (made.get(job.id).state, made.get(job.id).revision) == ("queued", 2)
    carry_out(made)
    assert (made.get(job.id).state, made.get(job.id).revision) == ("done", 2)


def test_a_group_that_is_resolved_and_fires_again_is_a_new_job(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    first = made.submit(shop_alert(), origin="alertmanager", key="k", group="g").job
    resolved = made.resolve("g")
    assert resolved is not None
    assert resolved.alert == "resolved"
    assert made.submit(shop_alert(), origin="alertmanager", key="k3", group="g").job.id != first.id


def test_bad_telemetry_fails_the_job_with_what_to_change(tmp_path: Path) -> None:
    made = Jobs(tmp_path, Settings())
    job = made.submit("slow", origin="api").job
    carry_out(made)
    assert made.get(job.id).state == "failed"
    assert "source" in made.get(job.id).message


def test_look_again_is_refused_while_it_runs_and_counts_as_a_revision(done: Jobs) -> None:
    (job,) = done.list()
    assert done.again(job.id, by="me").revision == 2
    with pytest.raises(BadInput, match="Wait"):
        done.again(job.id, by="me")
    carry_out(done)
    assert (done.get(job.id).state, done.get(job.id).revision) == ("done", 2)


def test_places_are_merged(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit("slow", origin="slack", place={"channel": "C1"}).job
    assert made.place(job.id, ts="1.2").place == {"channel": "C1", "ts": "1.2"}


def test_whether_a_worker_lives() -> None:
    assert is_alive(owner_of(os.getpid()))
    assert is_alive("another-host/1/5")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    owner = owner_of(dead.pid)
    dead.wait()
    assert not is_alive(owner)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path, small_settings(workers=1, lease_s=5), model="none")
    made.start()
    yield made
    made.stop(5)


@pytest.mark.server
def test_a_worker_that_is_killed_is_replaced_and_its_run_goes_on(tmp_path: Path, workers: Workers) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="alertmanager").job
    wait_for(lambda: _steps(made, job) >= 1)
    os.kill(workers._processes[0][0].pid, signal.SIGKILL)
    wait_for(lambda: made.get(job.id).over)
    ended = made.get(job.id)
    assert (ended.state, ended.attempts, ended.component) == ("done", 0, CAUSE[0])
    assert len(list_runs(tmp_path)) == 1
    assert workers.replaced == 1
    cursors = [c for u in made.follow(job.id) for c, _ in u.events]
    assert len(cursors) == len(set(cursors))


def _steps(made: Jobs, job: Job) -> int:
    found = made.get(job.id)
    if not found.run:
        return 0
    return sum(isinstance(e, NodeDone) for e in made.run_store(job.id).events())


DOOR = """
import sys, time
from pathlib import Path
from aitia.jobs import Workers
from tests.shop import small_settings
w = Workers(Path(sys.argv[1]), small_settings(workers=int(sys.argv[2])), model="none")
w.start()
print("started", flush=True)
time.sleep(600)
"""


@pytest.mark.server
@pytest.mark.parametrize(("crew", "waiting"), [(1, 2), pytest.param(2, 4, marks=pytest.mark.long)])
def test_a_door_that_is_killed_takes_its_workers_with_it_and_its_jobs_go_on_at_the_next_start(
    tmp_path: Path, crew: int, waiting: int
) -> None:
    made = jobs(tmp_path)
    ids = [made.submit(f"checkout fails {n}", origin="api").job.id for n in range(waiting)]
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", DOOR, str(tmp_path), str(crew)]
    door = subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE)
    wait_for(lambda: made.counts()["running"] > 0 and any(_steps(made, made.get(i)) for i in ids))
    owners = made.table.owners()
    door.kill()
    door.wait()
    assert door.stdout is not None
    door.stdout.close()
    wait_for(lambda: not any(is_alive(o) for o in owners), 10)
    second = Workers(tmp_path, small_settings(workers=crew), model="none")
    second.start()
    try:
        wait_for(lambda: all(made.get(i).over for i in ids))
    finally:
        second.stop(5)
    assert [made.get(i).state for i in ids] == ["done"] * waiting
    # A worker that was killed before its run's first step left a folder, which retention sweeps.
    assert sum(run.get("state") == "finished" for run in list_runs(tmp_path)) == waiting


def test_a_worker_killed_before_its_first_step_was_kept_begins_anew(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="alertmanager").job
    carry_out(made)
    run = made.get(job.id).run
    store = made.run_store(job.id)
    store.update_meta(state="running")
    (store.path / "report.json").unlink()
    for file in store.path.glob("checkpoints.sqlite*"):
        file.unlink()
    (store.path / "checkpoints.sqlite").touch()  # made, and nothing in it
    made.table.set(job.id, state="queued", reported=0)
    carry_out(made)
    ended = made.get(job.id)
    assert (ended.state, ended.component) == ("done", CAUSE[0])
    assert ended.run != run
    assert len(list_runs(tmp_path)) == 1


def test_a_follower_goes_over_to_a_run_that_begins_anew(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit(shop_alert(), origin="alertmanager").job
    carry_out(made)
    made.table.set(job.id, state="running")
    watch = made.follow(job.id, poll_s=0.01)
    first = next(watch)
    made.table.set(job.id, state="queued", run="", reported=0)
    carry_out(made)
    later = [e for u in watch for _, e in u.events]
    assert isinstance(first.events[0][1], RunStarted)
    assert isinstance(later[0], RunStarted)
    assert isinstance(later[-1], RunFinished)


def test_the_first_answer_to_a_call_stands(tmp_path: Path) -> None:
    made = jobs(tmp_path)
    job = made.submit("slow", origin="api").job
    asked = [{"hash": h * 64, "tool": "restart", "args": {}} for h in "ab"]
    made.table.set(job.id, state="waiting", asked=json.dumps(asked))
    assert made.answer(job.id, {"a" * 64: False}, by="ann").state == "waiting"
    with pytest.raises(BadInput, match="already answered"):
        made.answer(job.id, {"a" * 64: True}, by="eve")
    assert made.answer(job.id, {"b" * 64: True}, by="ben").state == "queued"
    claim = made.table.claim("me", lease_s=30, attempts=3)
    assert claim is not None
    assert claim.answers == {"a" * 64: False, "b" * 64: True}


def test_the_table_is_private(tmp_path: Path, database: str) -> None:
    file = JobTable(tmp_path).file
    if database:
        assert not file.exists()
    else:
        assert file.stat().st_mode & 0o777 == 0o600
