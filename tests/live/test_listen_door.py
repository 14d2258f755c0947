"""The webhook's door: what it takes, what it refuses, and that one alert group is one run."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia import api
from aitia.alert_runs import GroupRuns, Notice, Outcome, parse_notice
from aitia.cli.listen import _printer
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.store import RunStore, list_runs
from aitia.listen import LARGEST, Desk, Listener
from aitia.settings import ModelChoice, Settings, WindowRules

from .conftest import ROOT, free_port, wait_for


def message(group: str = "g", *, status: str = "firing", alerts: int = 1) -> dict[str, Any]:
    started = (datetime.now(tz=UTC) - timedelta(seconds=60)).isoformat()
    return {
        "version": "4",
        "groupKey": group,
        "status": status,
        "commonLabels": {"alertname": "Slow"},
        "alerts": [
            {"status": status, "labels": {"service": f"s{n}"}, "annotations": {"summary": f"s{n} is slow"}, "startsAt": started}
            for n in range(alerts)
        ],
    }  # fmt: skip


class Door:
    """A listener whose desk only notes what it is given."""

    def __init__(self, *, token: str = "", places: int = 2, connections: int = 8) -> None:
        self.notices: list[Notice] = []
        self.hold = threading.Event()
        self.hold.set()
        self.desk = Desk(self._handle, places=places)
        self.server = Listener(("127.0.0.1", 0), self.desk, token=token, connections=connections)
        self.port = int(self.server.server_address[1])

    def _handle(self, notice: Notice) -> None:
        self.hold.wait(10)
        self.notices.append(notice)

    def post(
        self, body: bytes | dict[str, Any], path: str = "/", **headers: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        sent = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("POST", path, body=data, headers=sent)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told, dict(answer.getheaders())


@contextmanager
def opened(**how: Any) -> Iterator[Door]:
    door = Door(**how)
    thread = threading.Thread(target=lambda: door.server.serve_forever(poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield door
    finally:
        door.hold.set()
        door.server.shutdown()
        door.server.server_close()
        door.desk.close(5)
        thread.join(5)


def test_a_notification_is_accepted_and_handled_once() -> None:
    with opened() as door:
        assert door.post(message())[:2] == (202, {"status": "queued"})
        assert door.desk.idle(5)
        assert [n.group for n in door.notices] == ["g"]


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"[" * 200_000, {}, 400),
        (json.dumps({"version": "3"}).encode(), {}, 400),
        (json.dumps(message() | {"groupKey": ""}).encode(), {}, 400),
        (json.dumps(message() | {"groupKey": "k" * 3000}).encode(), {}, 400),
        (json.dumps(message() | {"alerts": []}).encode(), {}, 400),
        (json.dumps(message() | {"alerts": ["x"]}).encode(), {}, 400),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"", {"Content_Length": str(LARGEST + 1)}, 413),
        (b"", {"Content_Length": "9" * 400}, 413),
        (b"", {"Content_Length": "0" * 20 + "5"}, 413),
        (b"", {"Content_Length": "0" * 5000 + "5"}, 413),
        (b"", {"Content_Length": "-1"}, 411),
    ],
)
def test_what_is_no_notification_is_refused(body: bytes, headers: dict[str, str], code: int) -> None:
    with opened() as door:
        status, told, _ = door.post(body, **headers)
        assert status == code
        assert told["error"]
        assert not door.notices


def test_other_paths_are_not_found_and_health_is_told() -> None:
    with opened() as door:
        assert door.post(message(), path="/admin")[0] == 404
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
        connection.request("GET", "/healthz")
        assert json.loads(connection.getresponse().read()) == {"waiting": 0, "places": 2, "busy": False}
        connection.close()


def test_a_token_is_asked_for_where_one_is_set() -> None:
    with opened(token="s3cret-ü") as door:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
            status, _, answered = door.post(message(), **headers)
            assert status == 401
            assert answered["WWW-Authenticate"] == "Bearer"
        assert not door.notices
    with opened(token="s3cret") as door:
        assert door.post(message(), Authorization="Bearer s3cret")[0] == 202


def test_a_full_queue_says_when_to_come_back_and_a_group_takes_one_place() -> None:
    with opened(places=2) as door:
        door.hold.clear()
        door.post(message("busy"))
        wait_for(lambda: bool(door.desk.state()["busy"]), "the worker")
        assert door.post(message("a"))[0] == 202
        assert door.post(message("a", alerts=3))[:2] == (202, {"status": "queued again"})
        assert door.post(message("b"))[0] == 202
        status, told, headers = door.post(message("c"))
        assert (status, headers["Retry-After"]) == (503, "60")
        assert "full" in told["error"]
        assert door.post(message("b"))[0] == 202  # one that waits already needs no further place
        door.hold.set()
        assert door.desk.idle(5)
        assert [n.group for n in door.notices] == ["busy", "a", "b"]
        assert len(door.notices[1].message["alerts"]) == 3  # the later notification stands for both


def test_a_client_that_sends_nothing_holds_up_nobody() -> None:
    with opened() as door:
        silent = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
        silent.connect()
        assert door.post(message())[0] == 202
        silent.close()


def test_connections_beyond_the_bound_are_closed() -> None:
    with opened(connections=1) as door:
        held = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
        held.request("GET", "/healthz")
        held.getresponse().read()
        with socket.create_connection(("127.0.0.1", door.port), timeout=5) as beyond:
            assert beyond.recv(1) == b""
        held.close()


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.listen.BODY_S", 0.2)
    with opened() as door, socket.create_connection(("127.0.0.1", door.port), timeout=5) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        assert slow.recv(100) == b""
        assert not door.notices


def test_a_worker_that_fails_works_on(capsys: pytest.CaptureFixture[str]) -> None:
    handled: list[str] = []

    def handle(notice: Notice) -> None:
        handled.append(notice.group)
        if notice.group == "a":
            raise BrokenPipeError("nobody reads")

    desk = Desk(handle)
    for group in ("a", "b"):
        desk.take(Notice(group=group, firing=True, message={}))
    assert desk.idle(5)
    desk.close(5)
    assert handled == ["a", "b"]
    assert "BrokenPipeError: nobody reads" in capsys.readouterr().err


def test_any_group_key_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    _printer(as_json=True)(Outcome(group="\ud800", message="resolved"))
    told = capsys.readouterr().out
    assert told.isascii()
    assert json.loads(told)["group"] == "\ud800"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100) | st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["version", "groupKey", "alerts", "status"]), inner, max_size=4), max_leaves=8).map(lambda v: json.dumps(v).encode()))  # fmt: skip
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    try:
        notice = parse_notice(body)
    except BadInput:
        return
    assert notice.group
    assert notice.message["alerts"]


def table(folder: Path) -> Settings:
    """An hour of three calm services, of which `s0` went wrong five minutes ago."""
    now = datetime.now(tz=UTC)
    rows = ["time,component,metric,value"]
    for n in range(0, 3600, 10):
        at = (now - timedelta(seconds=3600 - n)).isoformat()
        wave = (n * 7919) % 13 / 13
        rows += [
            f"{at},s{k},request_latency_seconds,{(2.0 if k == 0 and n > 3300 else 0.1) + 0.01 * wave:.4f}"
            for k in range(3)
        ]
    (folder / "m.csv").write_text("\n".join(rows) + "\n")
    source = SourceConfig(name="m", kind="metrics", type="table", path=str(folder / "m.csv"), step_s=10)
    return Settings(
        sources=(source,),
        window=WindowRules(lead_s=300, baselines=("preceding",)),
        model=ModelChoice(name="none"),
    )


def runs_of(folder: Path) -> tuple[GroupRuns, list[Outcome]]:
    settings = table(folder)
    engine = api.choose_engine(
        None, settings=settings, planner=None, narrator=None, threads=None, on_event=None
    )
    told: list[Outcome] = []
    return GroupRuns(settings, engine, home=folder / "home", on_outcome=told.append), told


def test_a_group_is_one_run_whatever_comes_later(tmp_path: Path) -> None:
    runs, told = runs_of(tmp_path)
    runs(parse_notice(json.dumps(message(alerts=3)).encode()))
    runs(parse_notice(json.dumps(message(alerts=3)).encode()))
    assert [(o.run, o.revision, o.message) for o in told] == [(told[0].run, 1, ""), (told[0].run, 2, "")]
    assert len(list_runs(tmp_path / "home")) == 1
    store = RunStore.open(tmp_path / "home", told[0].run)
    first, second = store.revision(1).report(), store.report()
    assert set(first.incident.hints) == {"s0", "s1", "s2"}
    assert second.run == first.run
    assert second.incident.window.start == first.incident.window.start
    assert second.incident.window.end > first.incident.window.end
    assert len(str(store.meta()["alert_group"])) == 64  # the key holds label values: only its hash is kept
    # A listener that starts anew knows the group; once it is resolved, the next alert is another incident.
    again, heard = runs_of(tmp_path)
    again(parse_notice(json.dumps(message()).encode()))
    assert (heard[0].run, heard[0].revision) == (told[0].run, 3)
    again(parse_notice(json.dumps(message(status="resolved")).encode()))
    assert heard[1].message == "resolved"
    assert heard[1].report is None
    again(parse_notice(json.dumps(message()).encode()))
    assert heard[2].run != told[0].run
    assert len(list_runs(tmp_path / "home")) == 2


def test_resolved_alone_starts_nothing_and_a_failure_is_told(tmp_path: Path) -> None:
    runs, told = runs_of(tmp_path)
    runs(parse_notice(json.dumps(message(status="resolved")).encode()))
    assert not list_runs(tmp_path / "home")
    broken = message()
    broken["alerts"][0]["startsAt"] = "soon"
    runs(parse_notice(json.dumps(broken).encode()))
    assert "startsAt" in told[-1].message
    assert told[-1].report is None
    runs(parse_notice(json.dumps(message()).encode()))
    assert told[-1].report is not None


def test_a_resolved_group_whose_run_is_damaged_is_told(tmp_path: Path) -> None:
    runs, told = runs_of(tmp_path)
    runs(parse_notice(json.dumps(message()).encode()))
    (tmp_path / "home" / "runs" / told[0].run / "run.json").write_text("{")
    runs(parse_notice(json.dumps(message(status="resolved")).encode()))
    assert "JSONDecodeError" in told[1].message


def test_a_run_that_a_kill_left_in_the_making_is_looked_at_again(tmp_path: Path) -> None:
    runs, told = runs_of(tmp_path)
    runs(parse_notice(json.dumps(message()).encode()))
    RunStore.open(tmp_path / "home", told[0].run).update_meta(state="running")
    again, heard = runs_of(tmp_path)
    again(parse_notice(json.dumps(message()).encode()))
    assert (heard[0].run, heard[0].revision, heard[0].message) == (told[0].run, 2, "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_stops_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "aitia.yaml").write_text(
        "sources: [{name: m, kind: logs, type: log_files, path: .}]\nmodel: {name: none}\n"
    )
    port = free_port()
    argv = [
        sys.executable,
        "-c",
        "from aitia.cli import main; main()",
        "listen",
        "--port",
        str(port),
        "-c",
        str(tmp_path / "aitia.yaml"),
    ]
    process = subprocess.Popen(
        argv, stderr=subprocess.PIPE, cwd=ROOT, env={**os.environ, "AITIA_HOME": str(tmp_path / "home")}
    )
    assert process.stderr is not None
    with process.stderr as said:
        assert b"listening on" in said.readline()
        began = time.monotonic()
        process.send_signal(how)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 5
        assert b"Traceback" not in said.read()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "AITIA_LISTEN_TOKEN"),
        (["--port", "taken"], "--port"),
        (["-c", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_the_command_says_what_to_change(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "aitia.yaml").write_text(
        "sources: [{name: m, kind: logs, type: log_files, path: .}]\nmodel: {name: none}\n"
    )
    with opened() as door:
        words = [str(door.port) if a == "taken" else a for a in arguments]
        argv = [
            sys.executable,
            "-c",
            "from aitia.cli import main; main()",
            "listen",
            "--port",
            str(free_port()),
            *words,
        ]
        done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=30)
    assert done.returncode == 2
    assert said in done.stderr
