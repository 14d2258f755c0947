"""From a person's command to the result in the thread, over both ways that Slack delivers."""

from __future__ import annotations

import pytest

from .fake import FakeSlack
from .site import ANN, OPS, Site, until


@pytest.mark.parametrize("http", [True, False], ids=["signed http", "socket mode"])
def test_a_command_streams_its_steps_and_ends_with_a_result_and_the_report(
    site: Site, slack: FakeSlack, http: bool
) -> None:
    with site.door(http=http, workers=1):
        answer = slack.command(OPS, ANN, "gateway answers with 5xx since a minute")
        assert "Looking into it" in str(answer)
        until(site.over, 60)
    root, *replies = slack.messages
    assert root["text"].startswith("CAUSE")
    assert all(m["thread_ts"] == root["ts"] for m in replies)
    (stream,) = [m for m in replies if "stream" in m]
    assert stream["stream"] == "stopped"
    assert {t["status"] for t in stream["tasks"].values()} == {"complete"}
    assert stream["tasks"]["open"]["output"].endswith("first findings")
    (result,) = [m for m in replies if any(b["type"] == "actions" for b in m["blocks"])]
    assert result["blocks"][0]["text"]["text"].startswith("CAUSE")
    (upload,) = [m for m in replies if "files" in m]
    file = slack.files[upload["files"][0]["id"]]
    assert file["data"].startswith(b"<!doctype html>".upper()) or file["data"].lower().startswith(
        b"<!doctype html>"
    )
    assert len(file["data"]) < 300_000
    picture = slack.files[upload["files"][1]["id"]]
    assert picture["name"].endswith(".png")
    assert picture["data"].startswith(b"\x89PNG")
    assert len(picture["data"]) < 200_000
