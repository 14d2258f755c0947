"""The webhook's door: what it takes, what it refuses, and that one alert group is one run."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.alerts import parse_notice
from aitia.cli.app import run as aitia
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.store import RunStore, list_runs
from aitia.engine import LEAST_CALLS, choose_engine
from aitia.jobs import Here, Job, Jobs
from aitia.listen import LARGEST, Listener, Taken, take
from aitia.settings import ModelChoice, Service, Settings, WindowRules
from aitia.tools.sources.traces.otlp_receiver import OtlpReceiver

from .conftest import ROOT, free_port, wait_for

NOW = datetime.now(tz=UTC)


def message(
    group: str = "g", *, status: str = "firing", alerts: int = 1, began_s: float = 60
) -> dict[str, Any]:
    started = (NOW - timedelta(seconds=began_s)).isoformat()
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
    """A listener over a job table that nobody works on."""

    def __init__(self, home: Path, *, places: int = 2, connections: int = 8, **how: Any) -> None:
        self.jobs = Jobs(home, Settings(service=Service(places=places, join_minutes=0)))
        self.server = Listener(("127.0.0.1", 0), self.jobs, connections=connections, **how)
        self.port = int(self.server.server_address[1])

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told

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
    with tempfile.TemporaryDirectory() as folder:
        door = Door(Path(folder), **how)
        thread = threading.Thread(target=lambda: door.server.serve_forever(poll_interval=0.05), daemon=True)
        thread.start()
        try:
            yield door
        finally:
            door.server.shutdown()
            door.server.server_close()
            thread.join(5)


def test_a_notification_is_accepted_once() -> None:
    with opened() as door:
        status, told, _ = door.post(message())
        assert (status, told["status"]) == (202, "queued")
        assert door.post(message())[1] == {"status": "queued again", "job": told["job"]}
        (job,) = door.jobs.list()
        assert (job.id, job.state, job.origin, job.alert) == (told["job"], "queued", "alertmanager", "firing")


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"[" * 200_000, {}, 400),
        (json.dumps({"version": "3"}).encode(), {}, 400),
        (json.dumps(message() | {"groupKey": ""}).encode(), {}, 400),
        (json.dumps(message() | {"groupKey": "k" * 10_001}).encode(), {}, 400),
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
        assert not door.jobs.list()


def test_other_paths_are_not_found_and_health_is_told() -> None:
    with opened() as door:
        assert door.post(message(), path="/admin")[0] == 404
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
        connection.request("GET", "/healthz")
        assert json.loads(connection.getresponse().read()) == {
            "queued": 0, "running": 0, "waiting": 0, "done": 0, "failed": 0,
        }  # fmt: skip
        connection.close()


def test_a_listener_whose_worker_is_gone_is_not_healthy() -> None:
    with opened(alive=lambda: False) as door:
        status, told = door.get("/healthz")
        assert (status, told["error"]) == (503, "The worker of aitia listen has ended. Restart aitia listen.")


def test_without_a_token_no_foreign_name_is_answered() -> None:
    for token, status in (("", 403), ("s3cret", 200)):
        with opened(token=token, places=9) as door:
            for name in ("evil.example", "evil.example:8765", "127.0.0.1.evil.example", ""):
                assert door.get("/healthz", Host=name)[0] == status
                posted = door.post(message(name or "none"), Host=name, Authorization=f"Bearer {token}")[0]
                assert posted == (202 if token else 403)
            assert bool(door.jobs.list()) == bool(token)
    with opened() as door:
        for name in ("localhost", "LOCALHOST:80", "[::1]:80", f"127.0.0.1:{door.port}"):
            assert door.get("/healthz", Host=name)[0] == 200


def test_half_a_character_and_a_year_without_telemetry_are_refused() -> None:
    with opened() as door:
        halves = message()
        halves["alerts"][0]["annotations"]["summary"] = "\ud800"
        assert door.post(halves)[1]["error"].startswith("A string contains an unpaired surrogate. Send")
        for year in ("0002-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"):
            early = message()
            early["alerts"][0]["startsAt"] = year
            status, told, _ = door.post(early)
            assert (status, told["error"]) == (
                400,
                f"{year!r} is not a valid time. Give one from 1970 to 9999 (UTC).",
            )
        assert not door.jobs.list()


def test_a_bug_is_an_answer_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(taken: Taken) -> None:
        raise RuntimeError("a secret of the house")

    with opened(on_taken=broken) as door:
        status, told, _ = door.post(message())
        assert (status, told) == (
            500,
            {"error": "Internal error. Please report it as an aitia bug; the log has details."},
        )
        assert door.get("/healthz")[0] == 200
    assert "a secret of the house" in caplog.text


def test_a_token_is_asked_for_where_one_is_set() -> None:
    with opened(token="s3cret-ü") as door:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
            status, _, answered = door.post(message(), **headers)
            assert status == 401
            assert answered["WWW-Authenticate"] == "Bearer"
        assert not door.jobs.list()
    with opened(token="s3cret") as door:
        assert door.post(message(), Authorization="Bearer s3cret")[0] == 202


def test_a_full_queue_says_when_to_come_back_and_a_group_takes_one_place() -> None:
    with opened(places=2) as door:
        assert door.post(message("a"))[0] == 202
        assert door.post(message("a", alerts=3))[1]["status"] == "queued again"
        assert door.post(message("b"))[0] == 202
        status, told, headers = door.post(message("c"))
        assert (status, headers["Retry-After"]) == (503, "60")
        assert "later" in told["error"]
        assert door.post(message("b"))[0] == 202  # one that waits already needs no further place
        assert {j.title for j in door.jobs.list()} == {"s0 is slow (and 2 more alerts)", "s0 is slow"}


def test_a_time_that_is_none_is_refused_at_once() -> None:
    broken = message()
    broken["alerts"][0]["startsAt"] = "soon"
    with opened() as door:
        status, told, _ = door.post(broken)
        assert (status, "startsAt" in told["error"]) == (400, True)


def test_a_client_that_sends_nothing_holds_up_nobody() -> None:
    with opened() as door:
        silent = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
        silent.connect()
        assert door.post(message())[0] == 202
        silent.close()


def test_beyond_the_bound_the_connection_that_waits_longest_makes_room() -> None:
    with opened(connections=2, per_client=2) as door:
        idle, second = (socket.create_connection(("127.0.0.1", door.port), timeout=5) for _ in range(2))
        with idle, second:
            second.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")  # and never ends its head
            assert door.post(message())[0] == 202
            assert idle.recv(1) == b""


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.listen.BODY_S", 0.2)
    with opened() as door, socket.create_connection(("127.0.0.1", door.port), timeout=5) as slow:
        slow.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
        assert slow.recv(100) == b""
        assert not door.jobs.list()


@settings(max_examples=100)
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
        max_calls=LEAST_CALLS,
    )


class Site:
    """A listener's job table with the worker of `aitia listen`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.jobs = Jobs(self.home, table(folder))
        self.ended: list[Job] = []
        engine = choose_engine(
            None, settings=self.jobs.settings, planner=None, narrator=None, threads=None, on_event=None
        )
        self.worker = Here(self.jobs, engine, on_end=self.ended.append)
        self.worker.start()

    def hear(self, told: dict[str, Any], *, ends: bool = True) -> Taken:
        before = len(self.ended)
        taken = take(self.jobs, parse_notice(json.dumps(told).encode()))
        if ends:
            wait_for(lambda: len(self.ended) > before, "the diagnosis")
        return taken


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """Starts a listener anew on the same home; the one before is stopped."""
    started: list[Site] = []

    def start() -> Site:
        if started:
            assert started[-1].worker.stop(10)
        started.append(Site(tmp_path))
        return started[-1]

    yield start
    assert started[-1].worker.stop(10)


def test_a_group_is_one_run_whatever_comes_later(site: Callable[[], Site]) -> None:
    first = site()
    taken = first.hear(message(alerts=3))
    assert first.hear(message(alerts=2)).said == "queued again"
    assert first.hear(message(alerts=2), ends=False).said == "known already"
    assert [(j.run, j.revision, j.message) for j in first.ended] == [
        (first.ended[0].run, n, "") for n in (1, 2)
    ]
    assert len(list_runs(first.home)) == 1
    store = RunStore.open(first.home, first.ended[0].run)
    before, after = store.revision(1).report(), store.report()
    assert set(before.incident.hints) == {"s0", "s1", "s2"}
    assert after.run == before.run
    assert after.incident.window.start == before.incident.window.start
    assert after.incident.window.end > before.incident.window.end
    # A listener that starts anew knows the group; once it is resolved, the next alert is another incident.
    second = site()
    second.hear(message())
    assert (second.ended[0].run, second.ended[0].revision) == (store.id, 3)
    resolved = second.hear(message(status="resolved"), ends=False)
    assert resolved.said == "nothing fires"
    assert resolved.job is not None
    assert taken.job is not None
    assert (resolved.job.id, resolved.job.alert) == (taken.job.id, "resolved")
    second.hear(message(began_s=30))
    assert second.ended[1].run != store.id
    assert len(list_runs(second.home)) == 2


def test_resolved_alone_starts_nothing(site: Callable[[], Site]) -> None:
    assert site().hear(message(status="resolved"), ends=False).job is None


def test_what_a_kill_left_in_the_making_goes_on_at_the_next_start(
    site: Callable[[], Site], tmp_path: Path
) -> None:
    first = site()
    first.hear(message())
    assert first.worker.stop(10)
    job = first.ended[0]
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    RunStore.open(first.home, job.run).update_meta(state="running")
    first.jobs.table.set(
        job.id, state="running", owner=f"{socket.gethostname()}/{dead.pid}/1", lease_until="9999"
    )
    again = Site(tmp_path)
    wait_for(lambda: bool(again.ended), "the diagnosis")
    assert again.worker.stop(10)
    assert (again.ended[0].run, again.ended[0].state) == (job.run, "done")


def test_a_listener_that_also_takes_traces_reads_its_other_sources_at_every_revision(tmp_path: Path) -> None:
    made = Jobs(tmp_path, table(tmp_path))
    engine = choose_engine(
        None, settings=made.settings, planner=None, narrator=None, threads=None, on_event=None
    )
    ended: list[Job] = []
    with OtlpReceiver(host="127.0.0.1", port=0) as receiver:
        worker = Here(made, engine, sources=[receiver], on_end=ended.append)
        worker.start()
        for alerts in (1, 2):
            take(made, parse_notice(json.dumps(message(alerts=alerts)).encode()))
            wait_for(lambda: len(ended) == alerts, "the diagnosis")  # noqa: B023
        assert worker.stop(10)
    kinds = [made.run_store(ended[0].id).revision(n).report().inventory.holdings for n in (1, 2)]
    assert [sorted(h.kind for h in found if h.kind != "alerts") for found in kinds] == [
        ["metrics", "traces"]
    ] * 2


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
        process.send_signal(how)
        assert process.wait(timeout=60) == 0
        assert b"Traceback" not in said.read()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "AITIA_LISTEN_TOKEN"),
        (["--port", "taken"], "--port"),
        (["-c", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_the_command_says_what_to_change(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    (tmp_path / "aitia.yaml").write_text(
        "sources: [{name: m, kind: logs, type: log_files, path: .}]\nmodel: {name: none}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    with opened() as door:
        words = [str(door.port) if a == "taken" else a for a in arguments]
        assert aitia(["listen", "--port", str(free_port()), *words]) == 2
    assert said in capsys.readouterr().err
