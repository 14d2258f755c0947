"""`aitia doctor` on sources that are there but say nothing of now, and on the doors of the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import Untrusted
from aitia.core.words import Window
from aitia.doctor import Check, door_checks, embedding_checks, examine, source_check, trained_checks
from aitia.settings import load_settings

from .conftest import Aitia

NOW = datetime(2026, 11, 26, 0, 40, tzinfo=UTC)
HOUR = Window(start=NOW - timedelta(hours=1), end=NOW)


@pytest.mark.parametrize(
    ("ago", "state", "says"),
    [
        (timedelta(seconds=40), "ok", "1 component, 1 stream; newest line 40 s old"),
        (timedelta(minutes=12), "ok", "newest line 12 min old"),
        (timedelta(hours=23), "look", "newest line is 23 h old: nothing in the last hour"),
        (timedelta(days=5), "look", "newest line is 5 days old"),
    ],
)
def test_the_age_of_the_newest_line_is_told(tmp_path: Path, ago: timedelta, state: str, says: str) -> None:
    (tmp_path / "shop.log").write_text(f"{NOW - ago:%Y-%m-%dT%H:%M:%SZ} ERROR disk full\n")
    check = source_check(
        SourceConfig(name="logs", kind="logs", type="log_files", path=str(tmp_path / "shop.log")), HOUR
    )
    assert check.state == state
    assert says in check.detail
    assert not check.essential


def test_a_journal_does_not_age(tmp_path: Path) -> None:
    (tmp_path / "changes.jsonl").write_text('{"at": "2026-11-20T00:00:00Z", "kind": "deploy", "text": "x"}\n')
    config = SourceConfig(name="c", kind="changes", type="changes", path=str(tmp_path / "changes.jsonl"))
    assert source_check(config, HOUR).state == "ok"


@pytest.mark.parametrize("option", ["fault_model", "life_model"])
def test_a_model_that_cannot_be_read_is_told(tmp_path: Path, option: str) -> None:
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    for file in ("none.npz", "broken.npz"):
        options: dict[str, str | float | bool] = {option: str(tmp_path / file)}
        config = SourceConfig(name="plant", kind="metrics", type="table", path="plant.csv", options=options)
        (check,) = trained_checks(config)
        assert check.state == "missing"
        assert option in check.name
        assert file in check.detail


def test_no_source_is_not_everything_in_place(aitia: Aitia, tmp_path: Path) -> None:
    (tmp_path / "aitia.yaml").write_text("model: {name: none}\n")
    done = aitia("doctor")
    assert "everything essential is in place" not in done.out
    assert "check: sources" in done.out


def _doors(tmp_path: Path, text: str) -> dict[str, Check]:
    (tmp_path / "aitia.yaml").write_text(text)
    return {check.name: check for check in door_checks(load_settings(tmp_path / "aitia.yaml"))}


def test_doors_of_the_settings_need_their_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AITIA_TOKEN",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "CMDB_PASSWORD",
    ):
        monkeypatch.delenv(name, raising=False)
    text = (
        "service: {workers: 1}\nslack: {channels: [C1]}\n"
        "mcp: [{name: cmdb, command: [sh], env_names: [CMDB_PASSWORD]}, {name: gone, command: [no-such-program]}]\n"
    )
    assert _doors(tmp_path, "model: {name: none}\n") == {}
    found = _doors(tmp_path, text)
    assert "AITIA_TOKEN is not set: only requests from this machine are answered" in found["service"].detail
    assert found["slack"].detail == "not set: SLACK_BOT_TOKEN, SLACK_APP_TOKEN"
    assert found["mcp cmdb"].mend == "export CMDB_PASSWORD=…"
    assert (found["mcp gone"].state, "no-such-program" in found["mcp gone"].detail) == ("look", True)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-s3cr3t")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "s3cr3t")  # over HTTP no app token is needed
    told = _doors(tmp_path, text)["slack"]
    assert told.state == "ok"
    assert "s3cr3t" not in told.detail


def test_a_door_without_its_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent: Callable[[list[str]], list[str]] = lambda names: names[:1]  # noqa: E731
    monkeypatch.setattr("aitia.doctor._absent", absent)
    (tmp_path / "aitia.yaml").write_text("slack: {channels: [C1]}\n")
    first = next(door_checks(load_settings(tmp_path / "aitia.yaml")))
    assert (first.state, first.mend) == ("look", "pip install '.[slack]' in the checkout")


@pytest.mark.memory
def test_an_embedding_model_that_is_not_here_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="the [memory] extra is not installed")
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    (check,) = embedding_checks(tmp_path)
    assert (check.state, check.mend) == ("warning", "aitia models fetch minilm-l6-v2")
    assert "by words only" in check.detail


def test_settings_that_nobody_trusts_yet_are_there(
    aitia: Aitia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path) -> None:
        raise Untrusted("nobody has agreed to aitia.yaml")

    monkeypatch.setattr("aitia.doctor.found_settings", refused)
    (check,) = [c for c in examine(home=tmp_path) if c.name == "aitia.yaml"]
    assert (check.state, check.mend) == ("look", "aitia trust")
    assert "not trusted yet" in check.detail
