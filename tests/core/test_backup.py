"""A home as one archive while others write to it, and back: whole, checked, and never over what is there."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tarfile
import threading
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from aitia.access import IssuedTokens
from aitia.cli.app import run
from aitia.core.backup import MANIFEST, backup, restore
from aitia.core.errors import BadInput
from aitia.core.redact import load_key


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    IssuedTokens(made).issue("ann", ["see"], by="me")
    (made / "runs" / "r1").mkdir(parents=True)
    (made / "runs" / "r1" / "run.json").write_text('{"id": "r1"}')
    (made / "models").mkdir()
    (made / "models" / "large.gguf").write_text("fetched again")
    return made


def test_what_was_kept_comes_back(home: Path, tmp_path: Path) -> None:
    key = load_key(home)
    made = backup(home, tmp_path / "out")
    assert Path(made.file).stat().st_mode & 0o777 == 0o600
    back = restore(Path(made.file), tmp_path / "new")
    assert (back.files, back.bytes) == (made.files, made.bytes)
    assert [t.name for t in IssuedTokens(tmp_path / "new").all()] == ["ann"]
    assert load_key(tmp_path / "new") == key
    assert (tmp_path / "new/runs/r1/run.json").read_text() == '{"id": "r1"}'
    assert not (tmp_path / "new/models").exists()
    assert (tmp_path / "new/access.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_table_is_as_it_was_at_one_moment_whoever_writes(home: Path, tmp_path: Path) -> None:
    file, over = home / "busy.sqlite", threading.Event()
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("pragma journal_mode=wal")
        db.execute("create table pair (a integer, b integer)")

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as own:
            n = 0
            while not over.is_set():
                n += 1
                own.execute("begin immediate")
                own.execute("insert into pair values (?, 0)", [n])
                own.execute("update pair set b = a where b = 0")
                own.execute("commit")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = [backup(home, tmp_path / f"out{n}") for n in range(3)]
    finally:
        over.set()
        thread.join()
    for number, each in enumerate(made):
        restore(Path(each.file), tmp_path / f"new{number}")
        with closing(sqlite3.connect(tmp_path / f"new{number}" / "busy.sqlite")) as db:
            assert db.execute("pragma integrity_check").fetchone() == ("ok",)
            assert db.execute("select count(*) from pair where a <> b").fetchone() == (0,)


def test_nothing_is_restored_over_what_is_there(home: Path, tmp_path: Path) -> None:
    made = backup(home, tmp_path / "out")
    with pytest.raises(BadInput, match="Give an empty home"):
        restore(Path(made.file), home)
    with pytest.raises(BadInput, match="outside of"):
        backup(home, home / "in")


def rewritten(archive: Path, **members: bytes | None) -> Path:
    """The archive with members changed (None: left out) or added."""
    to = archive.with_name("changed.tar.gz")
    with tarfile.open(archive) as old, tarfile.open(to, "w:gz") as new:
        for member in old:
            data = members.pop(member.name, old.extractfile(member).read())  # type: ignore[union-attr]
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
        for name, data in members.items():
            extra = tarfile.TarInfo(name)
            extra.size = len(data or b"")
            new.addfile(extra, io.BytesIO(data or b""))
    return to


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"runs/r1/run.json": b"changed"}, "was changed: 'runs/r1/run.json'"),
        ({"runs/r1/run.json": None}, "was changed: 'runs/r1/run.json'"),
        ({"runs/r1/more": b"x"}, "was changed: 'runs/r1/more'"),
        ({MANIFEST: None}, "its list of files is missing"),
        ({MANIFEST: json.dumps({"form": 2, "files": {}}).encode()}, "another version"),
        ({"../evil": b"x"}, "is no file of one"),
        ({"/etc/evil": b"x"}, "is no file of one"),
    ],
)
def test_an_archive_that_is_not_whole_brings_nothing(
    home: Path, tmp_path: Path, members: dict[str, bytes | None], says: str
) -> None:
    archive = rewritten(Path(backup(home, tmp_path / "out").file), **members)
    with pytest.raises(BadInput, match=says):
        restore(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "evil").exists()


def test_an_archive_that_was_cut_off_or_is_none(home: Path, tmp_path: Path) -> None:
    whole = Path(backup(home, tmp_path / "out").file)
    for data in (whole.read_bytes()[:-200], b"no archive", gzip.compress(b"neither")):
        (tmp_path / "cut.tar.gz").write_bytes(data)
        with pytest.raises(BadInput, match=r"Cannot read|was cut off"):
            restore(tmp_path / "cut.tar.gz", tmp_path / "new")


def test_on_the_command_line(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITIA_HOME", str(home))
    assert run(["state", "backup", "--output", "out", "--json"]) == 0
    file = json.loads(capsys.readouterr().out)["file"]
    assert run(["state", "restore", file]) == 2
    assert "Give an empty home" in capsys.readouterr().err
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "new"))
    assert run(["state", "restore", file]) == 0
    monkeypatch.delenv("AITIA_HOME")
    assert run(["state", "restore", file]) == 2
    assert "Set AITIA_HOME" in capsys.readouterr().err


def test_a_large_file_is_never_whole_in_memory(home: Path, tmp_path: Path) -> None:
    with (home / "runs" / "r1" / "large.bin").open("wb") as file:
        file.truncate(64_000_000)
    tracemalloc.start()
    try:
        made = backup(home, tmp_path / "out")
        back = restore(Path(made.file), tmp_path / "new")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert back.bytes == made.bytes > 64_000_000
