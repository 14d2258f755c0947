"""A damaged, full or read-only store: the diagnosis is made and shown, what is broken is named, nothing intact is lost."""

from __future__ import annotations

import errno
import json
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia import api
from aitia.cli.app import run as cli
from aitia.core import disk, memory_folder
from aitia.core.clock import RecordedClock
from aitia.core.errors import EXIT_CAUSE, NoAccess, NoRoom, StoreDamaged
from aitia.core.redact import load_key
from aitia.core.runs import list_runs, not_stored
from aitia.core.store import RunStore
from aitia.jobs.table import FILE, JobTable
from aitia.models.files import sha256_of
from aitia.settings import Retention
from aitia.tools.memory.store import MemoryStore

sys.path.append(
    str(Path(__file__).parents[2])
)  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.attack.faults_store import line, site

TOLD = EXIT_CAUSE  # of the small incident


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose spare store lies beside it; lines are told anew in each test."""
    beside = tmp_path / "memory"
    beside.mkdir()
    monkeypatch.setattr(memory_folder, "_MEMORY", beside)
    monkeypatch.setattr(memory_folder, "_places", lambda: [beside])
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    disk._TOLD.clear()
    return tmp_path / "home"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small incident of the measurement."""
    return site(tmp_path_factory.mktemp("case") / "small")


def finished(home: Path) -> RunStore:
    store = RunStore.create(home, meta={"title": "t"})
    store.update_meta(state="finished")
    return store


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "missing": lambda p: (p.unlink(), (p.parent / "report.json").write_text("kept")),
    "empty": lambda p: p.write_bytes(b""),
    "cut": lambda p: p.write_bytes(p.read_bytes()[:40]),
    "garbage": lambda p: p.write_bytes(os.urandom(200)),
    "deep": lambda p: p.write_bytes(b"[" * 100_000),
    "list": lambda p: p.write_bytes(b"[]"),
    "object": lambda p: p.write_bytes(b'{"schema_version": 1}'),
    "newer": lambda p: p.write_text(json.dumps(json.loads(p.read_text()) | {"schema_version": 99})),
    "kind": lambda p: p.write_text(json.dumps(json.loads(p.read_text()) | {"incident": 7})),
    "folder": _folder,
    "link": _link,
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_broken_run_is_named_once_and_passed_by(
    home: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole, broken = finished(home), finished(home)
    DAMAGES[how](broken.path / "run.json")
    assert [run["id"] for run in list_runs(home)] == [whole.id]
    assert [run["id"] for run in list_runs(home)] == [whole.id]
    (told,) = [r.getMessage() for r in caplog.records]
    assert broken.id in told
    assert ("Use the aitia version" if how == "newer" else "or restore its run.json from a copy.") in told
    with pytest.raises(StoreDamaged, match=broken.id):
        RunStore.open(home, broken.id)
    assert RunStore.open(home, "last").id == whole.id
    api.retain(home, Retention(days=1, runs=1), now=datetime.now(tz=UTC) + timedelta(days=400))
    assert broken.path.exists(), "a damaged run is not swept away"
    assert cli(["runs", "rm", broken.id]) == 0
    assert not broken.path.exists()


def test_what_a_kill_leaves_of_a_beginning_is_swept(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "runs" / "20260101-000000-abcdef" / "results").mkdir(parents=True)
    assert list_runs(home) == []
    assert not caplog.records
    api.retain(home, Retention(), now=datetime.now(tz=UTC) + timedelta(hours=2))
    assert list((home / "runs").iterdir()) == []


def diagnosed(case: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli(line(case))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_lost_report_is_played_back_into_its_place(
    home: Path, case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diagnosed(case, capsys)[0] == TOLD
    file = RunStore.open(home, "last").path / "report.json"
    before = file.read_bytes()
    file.write_bytes(before[:100])
    assert cli(["report", "last"]) == 2
    assert "aitia rerun" in capsys.readouterr().err
    assert cli(["rerun", "last"]) == TOLD
    assert file.read_bytes() == before
    (aside,) = file.parent.glob("report.json.damaged-*")
    assert aside.read_bytes() == before[:100]


@pytest.mark.parametrize("how", ["file", "short", "fills"])
def test_a_report_is_shown_where_it_cannot_be_stored_and_stored_when_there_is_room(
    home: Path, case: Path, how: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        if how == "file":
            home.write_text("no folder")
        elif how == "short":
            patched.setattr(disk, "free_bytes", lambda path: 1000)
        else:
            patched.setattr("aitia.core.store.write_whole", full := _FullAfter(home, 3))
            patched.setattr(disk, "free_bytes", full.free)
        code, out, err = diagnosed(case, capsys)
    assert code == 3
    assert "orders" in out
    assert "this report is not stored" in err
    assert not list((home / "runs").glob("*")) if home.is_dir() else True
    (run,) = list_runs(home)
    said = not_stored(home, run["id"])
    assert ("Move it away" if how == "file" else "Free ") in said
    assert cli(["report", run["id"], "--format", "html"]) == 3
    if how == "file":
        home.unlink()
    (home / "runs").mkdir(parents=True, exist_ok=True)
    api.retain(home, Retention(), now=datetime.now(tz=UTC))
    assert not not_stored(home, run["id"])
    assert (home / "runs" / run["id"] / "report.json").is_file()
    assert cli(["rerun", run["id"]]) == TOLD


class _FullAfter:
    """A disk that is full after so many files."""

    def __init__(self, home: Path, writes: int) -> None:
        self.home, self.left = home, writes

    def __call__(self, path: Path, data: bytes, *, durable: bool = False) -> None:
        if path.is_relative_to(self.home):
            if not self.left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            self.left -= 1
        disk.write_whole(path, data, durable=durable)

    def free(self, path: Path) -> int:
        return disk.ROOM if self.left else 0


def test_a_folder_that_others_can_read_is_not_taken_for_the_spare_store(home: Path) -> None:
    why = NoRoom("Free some")
    runs = memory_folder.make_spare(home, why)
    runs.parent.chmod(0o755)
    assert memory_folder.spare_runs(home) is None
    with pytest.raises(NoRoom):
        memory_folder.make_spare(home, why)


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.EDQUOT, NoRoom), (errno.ENOSPC, NoRoom), (errno.EROFS, NoAccess), (errno.EACCES, NoAccess)],
)
def test_what_the_file_system_refuses_begins_with_what_to_change(
    number: int, kind: type, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=r"(Free|Check) "), disk.storing(tmp_path):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("spoiled", [b"no database " * 900, b"SQLite format 3\0" + bytes(8000)])
def test_a_damaged_job_table_is_set_aside_and_begun_anew(
    home: Path, spoiled: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    home.mkdir()
    (home / FILE).write_bytes(spoiled)
    assert JobTable(home).counts()["queued"] == 0
    (aside,) = home.glob(f"{FILE}.damaged-*")
    assert aside.read_bytes() == spoiled
    assert any("Restore" in r.getMessage() and aside.name in r.getMessage() for r in caplog.records)
    assert JobTable(home).counts()["queued"] == 0
    assert len(list(home.glob(f"{FILE}.damaged-*"))) == 1


def test_an_intact_or_newer_or_missing_database_is_never_set_aside(home: Path) -> None:
    home.mkdir()
    JobTable(home)
    with closing(sqlite3.connect(home / FILE)) as db:
        db.execute("pragma user_version = 99")
    with pytest.raises(Exception, match="Use the version that wrote it"):
        JobTable(home)
    (home / FILE).unlink()
    (home / FILE).symlink_to("/nowhere/jobs.sqlite")
    with pytest.raises(NoAccess, match=r"is a broken link. Restore its target, or remove"):
        JobTable(home)
    assert not list(home.glob("*.damaged-*"))


def test_a_lease_from_before_the_clock_was_set_back_is_over(home: Path) -> None:
    from aitia.jobs import Jobs
    from aitia.settings import Settings

    home.mkdir()
    jobs = Jobs(home, Settings())
    job = jobs.submit("orders fail", origin="api").job
    assert jobs.table.claim("elsewhere/1/1", lease_s=30, attempts=3)
    assert jobs.table.claim("here/1/1", lease_s=30, attempts=3) is None
    jobs.table.set(job.id, lease_until=(datetime.now(tz=UTC) + timedelta(hours=1)).isoformat())
    assert jobs.table.claim("here/1/1", lease_s=30, attempts=3)


def test_a_damaged_memory_is_set_aside(home: Path) -> None:
    file = home / "memory" / "incidents.sqlite"
    MemoryStore(home, embedder=None).close()
    for path in file.parent.glob("incidents.sqlite*"):
        path.unlink()
    file.write_bytes(b"no database" * 900)
    with MemoryStore(home, embedder=None) as memory:
        assert list(memory.all()) == []
    assert len(list(file.parent.glob("*.damaged-*"))) == 1


def test_a_damaged_key_is_set_aside_with_the_mapping_that_it_opens(home: Path) -> None:
    home.mkdir()
    first = load_key(home)
    (home / "redaction.key").write_bytes(first[:7])
    (home / "redaction.map").write_bytes(b"sealed")
    assert load_key(home) == load_key(home) != first
    assert next(home.glob("redaction.key.damaged-*")).read_bytes() == first[:7]
    assert next(home.glob("redaction.map.damaged-*")).read_bytes() == b"sealed"


def test_a_revision_on_a_full_disk_leaves_the_run_as_it_was(
    home: Path, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli(line(case)) == TOLD
    store = RunStore.open(home, "last")
    before = {p.name: p.read_bytes() for p in store.path.iterdir() if p.is_file()}
    monkeypatch.setattr("aitia.core.store.write_whole", _FullAfter(home, 0))
    with pytest.raises(NoRoom):
        store.revise()
    assert {p.name: p.read_bytes() for p in store.path.iterdir() if p.is_file()} == before


def test_a_run_without_usable_checkpoints_is_resumed_on_what_it_had_read(home: Path, case: Path) -> None:
    assert cli(line(case)) == TOLD
    store = RunStore.open(home, "last")
    whole = json.loads(store.report_json())
    (store.path / "checkpoints.sqlite").write_bytes(b"garbage" * 500)
    (store.path / "report.json").unlink()
    (store.path / "results" / "1.json").write_bytes(b"{")
    store.update_meta(state="interrupted")
    assert cli(["resume", store.id]) == TOLD
    again = json.loads(store.report_json())
    assert [e["statement"] for e in again["evidence"]] == [e["statement"] for e in whole["evidence"]]
    assert again["suspects"] == whole["suspects"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file that was written a while ago, as far as its change time tells."""
    file = tmp_path / "m.gguf"
    file.write_bytes(b"a" * 5000)
    return file


def test_a_model_file_changed_in_place_with_its_time_restored_is_noticed(
    model: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aitia.models.files._SETTLED_S", 0.0)
    first, before = sha256_of(model, home=home), model.stat()
    assert list((home / "models" / ".hashes").iterdir()), "the hash is remembered"
    with model.open("r+b") as file:
        file.write(b"b")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (model.stat().st_mtime_ns, model.stat().st_size) == (before.st_mtime_ns, before.st_size)
    assert sha256_of(model, home=home) != first


def test_a_hash_is_not_remembered_of_a_file_that_was_just_written(model: Path, home: Path) -> None:
    sha256_of(model, home=home)
    assert not (home / "models" / ".hashes").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="mounts a disk")
def test_a_disk_that_is_really_full(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", place], check=False, capture_output=True
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        monkeypatch.setenv("AITIA_HOME", str(place / "home"))
        monkeypatch.setattr(memory_folder, "_places", lambda: [tmp_path])
        monkeypatch.setattr("aitia.core.store.need_room", lambda path: None)  # it fills within the run
        monkeypatch.setattr(RecordedClock, "elapsed", _filling(place, RecordedClock.elapsed))
        code, out, err = diagnosed(case, capsys)
        assert code == 3
        assert "orders" in out
        assert "Free 17 MB" in err
        assert list((place / "home" / "runs").iterdir()) == []
        assert cli(["confirm", "last", "--wrong", "--actual", "gateway"]) in (2, 3)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _filling(place: Path, elapsed: Callable[[RecordedClock], float]) -> Callable[[RecordedClock], float]:
    def fill(self: RecordedClock) -> float:
        with (place / "filler").open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        return elapsed(self)

    return fill


def test_lines_about_the_store_reach_stderr_without_any_logging_set_up(home: Path, tmp_path: Path) -> None:
    broken = finished(home)
    (broken.path / "run.json").write_bytes(b"")
    told = subprocess.run(
        [sys.executable, "-c", "from aitia.cli import main; main()", "runs", "list"],
        env=os.environ | {"AITIA_HOME": str(home)}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert told.stderr.count(f"Run {broken.id} is damaged") == 1
    assert logging.getLogger("aitia.store").level == logging.NOTSET


def test_a_key_that_cannot_be_made_is_told_once_though_what_is_told_is_redacted_by_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("")
    told: list[bytes] = []

    class Redacting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(load_key(home))

    disk.log.addHandler(handler := Redacting())
    try:
        keys = {load_key(home), load_key(home)}
    finally:
        disk.log.removeHandler(handler)
    assert [*keys] == told  # one key, told of once
