"""`aitia slack` on the command line: what it says where it cannot begin, and how it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aitia.cli.app import run as aitia

from .fake import FakeSlack
from .site import ANN, OPS, Site, free_port, provokes, until
from .test_killed import running


@pytest.mark.parametrize(
    ("unset", "options", "says"),
    [
        ({"SLACK_BOT_TOKEN": ""}, (), "Set SLACK_BOT_TOKEN: see docs/slack.md"),
        ({"SLACK_BOT_TOKEN": "xapp-no"}, (), "does not begin with xoxb-"),
        ({"SLACK_APP_TOKEN": ""}, (), "Set SLACK_APP_TOKEN"),
        ({"SLACK_SIGNING_SECRET": ""}, ("--http", "127.0.0.1:0"), "Set SLACK_SIGNING_SECRET"),
        ({}, ("--http", "3000"), "Write --http as HOST:PORT"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-revoked"},
            (),
            "Set SLACK_BOT_TOKEN to a valid token; Slack says invalid_auth",
        ),
        (
            {"SLACK_APP_TOKEN": "xapp-revoked"},
            (),
            "Set SLACK_APP_TOKEN to a valid token; Slack says invalid_auth",
        ),
        ({}, ("--api-url", "http://127.0.0.1:9/api/"), "Slack cannot be reached"),
        ({}, ("--config", "nowhere.yaml"), "Cannot read the settings file"),
    ],
)
def test_it_says_what_to_change(
    site: Site,
    slack: FakeSlack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    unset: dict[str, str],
    options: tuple[str, ...],
    says: str,
) -> None:
    for name, value in unset.items():
        monkeypatch.setenv(name, value)
    given = ["slack", "--config", str(site.file), "--api-url", slack.url, "--workers", "0", *options]
    assert aitia(given) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "revoked" not in told


test_it_says_what_to_change.provokes = ("invalid_auth",)  # type: ignore[attr-defined]


def test_a_site_without_sources_is_refused(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "aitia.yaml").write_text("sources: []\n")
    assert aitia(["slack", "--config", str(tmp_path / "aitia.yaml")]) == 2
    assert "No sources are configured. Add them to" in capsys.readouterr().err


@provokes()
def test_http_takes_signed_requests_and_sigterm_ends_it(site: Site, slack: FakeSlack) -> None:
    port = free_port()
    with running(site.process("--http", f"127.0.0.1:{port}", "--workers", "0")) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert f"listening on http://127.0.0.1:{port}/slack/events" in line
        slack.http_target = f"http://127.0.0.1:{port}/slack/events"
        status, text = slack.command(OPS, ANN, "gateway answers with 5xx")
        assert (status, "Looking into it" in text) == (200, True)
        until(lambda: site.jobs.counts()["queued"] == 1, 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert len(site.jobs.list()) == 1


def test_a_port_that_is_taken_is_told(make_site: Callable[..., Site], slack: FakeSlack, capsys: Any) -> None:
    site, taken = make_site(), slack.url.split(":")[2].split("/")[0]
    given = [
        "slack",
        "--config",
        str(site.file),
        "--api-url",
        slack.url,
        "--workers",
        "0",
        "--http",
        f"127.0.0.1:{taken}",
    ]
    assert aitia(given) == 2
    assert "Choose another --http" in capsys.readouterr().err
