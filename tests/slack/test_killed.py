"""kill -9 of `aitia slack` at every point: after the restart nothing is there twice, and nothing is missing."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .canned import Canned
from .fake import BOT_USER, FakeSlack
from .site import ANN, OPS, Site, provokes, until


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.kill()
        out, err = process.communicate(timeout=20)
        assert "Traceback" not in err, err
        assert "xoxb-" not in out + err
        assert "xapp-" not in out + err


def killer(
    slack: FakeSlack, process: subprocess.Popen[str], point: Callable[[str, Mapping[str, Any]], bool]
) -> list[str]:
    """Kill when a call was carried out, before its answer is sent."""
    died: list[str] = []

    def strike(method: str, args: Mapping[str, Any]) -> None:
        if not died and point(method, args):
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            died.append(method)

    slack.after = strike
    return died


def parts(slack: FakeSlack) -> Counter[str]:
    """What the thread shows, by kind."""
    found: Counter[str] = Counter()
    for message in slack.messages:
        if message["user"] == BOT_USER:
            marks = [b.get("block_id", "") for b in message.get("blocks") or ()]
            name = (
                "file"
                if message.get("files")
                else "stream"
                if "stream" in message
                else next(m for m in marks if m).split()[-1]
            )
            found[name] += 1
    return found


def _nth(method: str, number: int) -> Callable[[str, Mapping[str, Any]], bool]:
    seen: list[str] = []

    def point(called: str, args: Mapping[str, Any]) -> bool:
        seen.append(called)
        return called == method and seen.count(method) == number

    return point


long = pytest.mark.long
STREAMED = {"thread": 1, "stream": 1, "result.1": 1, "file": 1}
UPDATED = {"thread": 1, "progress.1": 1, "result.1": 1, "file": 1}


@provokes("unacked")
@long
def test_a_stream_whose_start_was_cut_off_is_ended_though_the_run_is_over(
    make_site: Callable[..., Site], slack: FakeSlack, run: Path
) -> None:
    site = make_site(slack={"stream": True})
    with Canned(site.jobs, run, pause_s=0.1) as worker:
        with running(site.process("--workers", "0")) as first:
            until(slack.connected, 30)
            died = killer(slack, first, _nth("chat.startStream", 1))
            slack.command(OPS, ANN, "gateway answers with 5xx")
            until(lambda: died, 30)
        until(lambda: site.jobs.list()[0].over, 30)
        with running(site.process("--workers", "0")):
            until(site.over, 40)
    assert parts(slack) == STREAMED
    assert worker.claims == 1
    assert [m["stream"] for m in slack.messages if "stream" in m] == ["stopped"]


@provokes("unacked", "message_not_in_streaming_state")  # the second end of a stream that had ended
@pytest.mark.parametrize(
    ("method", "number", "streams", "expected"),
    [
        pytest.param("chat.postMessage", 1, True, STREAMED, marks=long),  # the thread's first message
        pytest.param("chat.startStream", 1, True, STREAMED, marks=long),
        pytest.param("chat.appendStream", 2, True, STREAMED, marks=long),
        ("chat.postMessage", 2, True, STREAMED),  # the result
        pytest.param("chat.stopStream", 1, True, STREAMED, marks=long),
        pytest.param("files.getUploadURLExternal", 1, True, STREAMED, marks=long),
        pytest.param("files.completeUploadExternal", 1, True, STREAMED, marks=long),
        pytest.param("chat.postMessage", 2, False, UPDATED, marks=long),  # the progress message
        pytest.param("chat.update", 1, False, UPDATED, marks=long),
    ],
)
def test_killed_after_a_call_was_carried_out_and_before_its_answer(
    make_site: Callable[..., Site],
    slack: FakeSlack,
    run: Path,
    method: str,
    number: int,
    streams: bool,
    expected: dict[str, int],
) -> None:
    site = make_site(slack={"stream": streams})
    # Before there is a stream the second door must be up while the run still goes on, or there is nothing to stream.
    pause = 0.4 if (method, number) in (("chat.postMessage", 1), ("chat.startStream", 1)) else 0.1
    with Canned(site.jobs, run, pause_s=pause) as worker:
        with running(site.process("--workers", "0")) as first:
            until(slack.connected, 30)
            died = killer(slack, first, _nth(method, number))
            slack.command(OPS, ANN, "gateway answers with 5xx")
            until(lambda: died, 30)
        with running(site.process("--workers", "0")):
            until(site.over, 40)
    assert parts(slack) == expected
    assert worker.claims == 1
    stream = [m for m in slack.messages if "stream" in m]
    assert all(m["stream"] == "stopped" for m in stream)
    assert all(t["status"] == "complete" for m in stream for t in m["tasks"].values())
    assert next(m for m in slack.messages if m["user"] == BOT_USER)["text"].startswith("CAUSE")


@provokes("unacked")
def test_killed_after_the_acknowledgement_and_before_the_work(
    site: Site, slack: FakeSlack, run: Path
) -> None:
    """What was acknowledged is not sent again by Slack: the door itself must remember it."""
    with Canned(site.jobs, run, pause_s=0.1) as worker:
        root = slack.say(OPS, "UALERT000", "Gateway 5xx ratio above 5 %", deliver=False)
        with running(site.process("--workers", "0")) as first:
            until(slack.connected, 30)
            died = killer(slack, first, _nth("conversations.replies", 1))
            slack.say(OPS, ANN, f"<@{BOT_USER}> look", thread=root["ts"])
            until(lambda: died, 20)
        assert site.jobs.list() == []
        with running(site.process("--workers", "0")):
            until(site.over, 40)
    assert worker.claims == 1
    assert parts(slack) == {"stream": 1, "result.1": 1, "file": 1}


@provokes("unacked")
@long
def test_killed_with_its_workers_in_the_middle_of_a_diagnosis(site: Site, slack: FakeSlack) -> None:
    with running(site.process()) as first:
        until(slack.connected, 30)
        slack.command(OPS, ANN, "gateway answers with 5xx")
        until(lambda: slack.named("chat.startStream"), 60)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    (job,) = site.jobs.list()
    with running(site.process()) as second:
        until(site.over, 90)
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    assert parts(slack) == STREAMED
    assert site.jobs.get(job.id).verdict == "cause"
    assert len(list((site.home / "runs").iterdir())) == 1
