"""Finished runs in an S3 store: sent whole, brought where they are asked for, and nothing lost while the store is away."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aitia import api
from aitia.cli.app import app
from aitia.core import archive as archives
from aitia.core.archive import Archive, ArchiveAway, check_url
from aitia.core.errors import RunNotFound, StoreDamaged
from aitia.core.store import RunStore, find_run
from aitia.retention import retain
from aitia.settings import Retention, Settings
from tests.graphs import lab

moto = pytest.importorskip("moto.server", reason="moto[server] is not installed")
pytest.importorskip("s3fs", reason="the extra s3 is not installed")
pytestmark = pytest.mark.server
URL = "s3://runs/site-a"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    made = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    made.start()
    yield f"http://127.0.0.1:{port}"
    made.stop()


@pytest.fixture
def store(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An empty bucket."""
    import boto3
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "never-to-be-shown-41",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AITIA_RUNS": URL,
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="runs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    archives._looked.clear()
    yield Archive(URL)
    s3fs.S3FileSystem.clear_instance_cache()
    for found in client.list_objects_v2(Bucket="runs").get("Contents", []):
        client.delete_object(Bucket="runs", Key=found["Key"])
    client.delete_bucket(Bucket="runs")


def home_of(tmp_path: Path, name: str) -> Path:
    """A home with the key that all replicas have."""
    home = tmp_path / name
    home.mkdir()
    key = tmp_path / "redaction.key"
    if key.is_file():
        shutil.copy(key, home)
    return home


def made(tmp_path: Path, store: Archive) -> tuple[Path, RunStore]:
    """A finished run, sent as `aitia.diagnose` sends it."""
    home = home_of(tmp_path, "one")
    run, _ = lab.run(home, *lab.GOOD)
    shutil.copy(home / "redaction.key", tmp_path)
    api._sent(run)
    return home, run


def test_a_run_is_shown_where_it_was_not_made(
    tmp_path: Path, store: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = made(tmp_path, store)
    other = home_of(tmp_path, "two")
    monkeypatch.setenv("AITIA_HOME", str(other))
    commands = CliRunner()
    assert json.loads(commands.invoke(app, ["runs", "list", "--archived", "--json"]).stdout) == {
        "runs": [run.id]
    }
    shown = commands.invoke(app, ["runs", "show", run.id[:17], "--json"])  # by its beginning
    assert shown.exit_code == 0, shown.output
    there = RunStore.open(other, run.id)
    assert there.report_json() == run.report_json()
    assert not there.is_own(), "what is brought is read, and goes on only where it is trusted"
    assert {p.relative_to(there.path) for p in there.path.rglob("*") if p.is_file()} == {
        p.relative_to(run.path) for p in run.path.rglob("*") if p.is_file() and not p.name.endswith(".lock")
    }
    assert find_run(other, "20260101-000000-abcdef") is None
    with pytest.raises(RunNotFound):
        RunStore.open(other, "20260101")


def test_retention_frees_the_disk_and_removal_removes_both(
    tmp_path: Path, store: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = made(tmp_path, store)
    report = run.report_json()
    run.update_meta(state="finished")
    gone = retain(home, Retention(runs=1, days=1), now=lab.shop.T0.replace(year=2050))
    assert gone == [run.id]
    assert not run.path.exists()
    assert RunStore.open(home, run.id).report_json() == report, "it comes back from the store"
    monkeypatch.setenv("AITIA_HOME", str(home))
    assert CliRunner().invoke(app, ["runs", "rm", run.id]).exit_code == 0
    assert store.ids() == []
    with pytest.raises(RunNotFound):
        RunStore.open(home, run.id)


def test_a_later_revision_is_brought_anew(
    tmp_path: Path, store: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = made(tmp_path, store)
    other = home_of(tmp_path, "two")
    assert RunStore.open(other, run.id).meta().get("note") is None
    run.update_meta(note="looked at again")
    api._sent(run)
    monkeypatch.setattr(archives, "LOOK_S", 0.0)
    assert RunStore.open(other, run.id).meta()["note"] == "looked at again"


def test_while_the_store_is_away_runs_wait_here_and_are_not_deleted(
    tmp_path: Path, store: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import s3fs

    monkeypatch.setattr(archives, "_TIMES", {"connect_timeout": 1, "retries": {"max_attempts": 1}})
    good = archives.os.environ["AWS_ENDPOINT_URL"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    home, run = made(tmp_path, store)
    run.update_meta(state="finished")
    assert (home / "unsent" / run.id).is_file()
    assert "never-to-be-shown" not in caplog.text
    assert retain(home, Retention(runs=1, days=1), now=lab.shop.T0.replace(year=2050)) == []
    with pytest.raises(ArchiveAway, match="does not answer"):
        store.ids()
    assert find_run(tmp_path / "elsewhere", run.id) is None, (
        "a page that asks for many runs is shown without this one"
    )
    with pytest.raises(ArchiveAway, match="does not answer"):
        RunStore.open(tmp_path / "elsewhere", run.id)
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", good)
    second, _ = lab.run(home, *lab.GOOD)
    api._sent(second)
    assert set(store.ids()) == {run.id, second.id}, "what waited went with the next"
    assert not any((home / "unsent").iterdir())


def test_a_copy_that_is_damaged_is_said_and_changes_nothing(tmp_path: Path, store: Archive) -> None:
    import boto3

    _, run = made(tmp_path, store)
    client, key = boto3.client("s3"), f"site-a/{run.id}.tar.gz"
    body = client.get_object(Bucket="runs", Key=key)["Body"].read()
    for wrong in (body[: len(body) // 2], b"no archive", body[:-40] + bytes(40)):
        client.put_object(Bucket="runs", Key=key, Body=wrong)
        other = tmp_path / f"other-{len(wrong)}"
        with pytest.raises(StoreDamaged, match="is damaged"):
            RunStore.open(other, run.id)
        assert list((other / "runs").iterdir()) == []


def test_a_bucket_that_there_is_not_is_said(store: Archive) -> None:
    with pytest.raises(ArchiveAway, match="no such bucket"):
        Archive("s3://nowhere/x").ids()


@pytest.mark.parametrize(
    "wrong", ["/mnt/runs", "s3://", "http://x/y", "s3://key:secret@bucket/x", "s3://b/x?y=1"]
)
def test_what_is_no_archive_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        check_url(wrong)
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        Settings(runs=wrong)
