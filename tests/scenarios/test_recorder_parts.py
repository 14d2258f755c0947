"""The recorder's parts, each against the real thing: sockets, processes, HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import BadInput
from aitia.core.scenario import Expected
from aitia.lab.exposition import Exposition, resident_bytes, watch_process
from aitia.lab.net import outgoing_ports
from aitia.lab.proxy import tell
from aitia.lab.supervisor import Child, Supervisor, wait_for
from scenarios.record import fresh
from scenarios.record.faults import FAULTS, VICTIMS, Fault, answer, check, hidden, next_version
from scenarios.record.gateway_exporter import LINE
from scenarios.record.monitoring import rules
from scenarios.record.ports import CALLS, PROGRAMS, Wiring, callers_of
from scenarios.record.services import main
from scenarios.record.stack import check_ports

ROOT = Path(__file__).parents[2]
labels = st.dictionaries(st.sampled_from(["route", "code", "peer"]), st.text(max_size=12), max_size=3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@given(values=st.lists(st.tuples(labels, st.floats(0, 1e6)), max_size=8))
def test_counters_survive_the_text_format(values: list[tuple[dict[str, str], float]]) -> None:
    metrics, wanted = Exposition(), Counter[str]()
    for label, amount in values:
        metrics.count("things_total", amount, **label)
        wanted[json.dumps(label, sort_keys=True)] += amount  # type: ignore[assignment]
    lines = [line for line in metrics.text().split("\n") if line.startswith("things_total")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in lines) == pytest.approx(
        sum(wanted.values()), rel=1e-6
    )
    assert len(lines) == len(wanted)


def test_histogram_buckets_are_cumulative() -> None:
    metrics = Exposition()
    for value in (0.004, 0.2, 9.0):
        metrics.observe("took", value, buckets=(0.01, 0.25), route="/a")
    text = metrics.text()
    assert 'took_bucket{le="0.01",route="/a"} 1' in text
    assert 'took_bucket{le="0.25",route="/a"} 2' in text
    assert 'took_bucket{le="+Inf",route="/a"} 3' in text
    assert 'took_count{route="/a"} 3' in text
    assert 'took_sum{route="/a"} 9.204' in text


def test_process_metrics_are_those_of_this_process() -> None:
    metrics = Exposition()
    watch_process(metrics)
    values = dict(line.split(" ") for line in metrics.text().splitlines() if not line.startswith("#"))
    assert float(values["process_resident_memory_bytes"]) == pytest.approx(resident_bytes(), rel=0.2)
    assert abs(float(values["process_start_time_seconds"]) - time.time()) < 60


def test_gateway_line_is_read() -> None:
    line = (
        '127.0.0.1 - - [25/Nov/2026:01:03:25 +0000] "GET /api/catalog/items/2 HTTP/1.1" 200 23 "-" "shop-web/3.1" '
        "rt=0.002 ut=0.003 up=catalog"
    )
    found = LINE.search(line)
    assert found is not None
    assert (found["code"], found["took"], found["upstream"], found["name"]) == (
        "200",
        "0.002",
        "0.003",
        "catalog",
    )


def test_ports_are_distinct_and_every_edge_is_a_call() -> None:
    wiring = Wiring(base=40_000)
    ports = [wiring.port(p) for p in PROGRAMS] + [listen for listen, _ in wiring.edges.values()]
    assert len(set(ports)) == len(ports)
    assert len(wiring.edges) == sum(map(len, CALLS.values()))
    assert wiring.edges_into("postgres") == ["orders->postgres", "payment->postgres", "users->postgres"]


def test_ports_in_use_or_of_outgoing_connections_are_refused() -> None:
    with pytest.raises(BadInput, match="Give a --port-base below"):
        check_ports(Wiring(base=outgoing_ports() - 3))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 21_003))
        taken.listen()
        with pytest.raises(BadInput, match="port 21003 is in use"):
            check_ports(Wiring(base=21_000))


def test_callers_of_go_up_to_the_gateway() -> None:
    assert callers_of("payment") == {"orders"}
    assert callers_of("redis") == {"catalog", "orders"}
    assert hidden("blackout", "payment") == {"payment", "orders"}
    assert hidden("cpu_hog", "payment") == frozenset()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_a_valid_answer_for_each_sensible_victim(fault: Fault) -> None:
    for victim in VICTIMS[fault]:
        check(fault, victim)
        expected = Expected.model_validate(answer(fault, victim))
        assert expected.verdict == {"none": "healthy", "blackout": "unknown"}.get(fault, "cause")
        if expected.verdict == "cause":
            assert expected.component == victim
            assert 1 <= len(expected.evidence) <= 4
            main_answer = (expected.component, expected.fault)
            assert main_answer not in [(a.component, a.fault) for a in expected.alternatives]


@pytest.mark.parametrize(
    ("fault", "victim"), [("memory_leak", "redis"), ("blackout", "users"), ("cpu_hog", "moon")]
)
def test_a_senseless_victim_is_refused_before_anything_starts(
    fault: str, victim: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--fault", fault, "--victim", victim, "--out", str(tmp_path / "s")]) == 2
    assert "Give --victim one of" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_next_version_is_a_minor_release() -> None:
    assert next_version("2.13.4") == "2.14.0"


def test_tight_rules_come_only_with_the_false_alarm() -> None:
    def names(tight: bool) -> list[str]:
        return [rule["alert"] for rule in rules(tight=tight, usual_rate=10)["groups"][0]["rules"]]

    assert names(False) == ["GatewayErrorRatioHigh", "GatewayLatencyHigh"]
    assert set(names(True)) > set(names(False))


@pytest.mark.parametrize("seed", range(6))
def test_the_fresh_plan_has_the_right_mix_and_nothing_bundled(seed: int) -> None:
    jobs = fresh.plan(seed)
    assert jobs == fresh.plan(seed)
    told = [(job.module, *job.arguments[1:4:2]) for job in jobs]
    kinds = Counter(
        (module, fault if fault in ("none", "blackout") else "fault") for module, fault, _ in told
    )
    assert kinds == {("services", "none"): 2, ("services", "blackout"): 2, ("services", "fault"): 5,
                     ("bearing", "none"): 1, ("bearing", "fault"): 2}  # fmt: skip
    assert len(set(told)) == 12
    for module, fault, victim in told:
        assert (fault, victim) not in fresh.BUNDLED
        assert module == "bearing" or victim in VICTIMS[fault]  # type: ignore[index]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "host.log", host="shop-host") as running:
        yield running


def python(name: str, code: str, folder: Path, *, limit_mb: float = 0.0) -> Child:
    return Child(name=name, argv=[sys.executable, "-c", code], log=folder / f"{name}.log", limit_mb=limit_mb)


def test_a_child_over_its_memory_limit_is_killed_and_noted(supervisor: Supervisor, tmp_path: Path) -> None:
    code = "import time; kept = b'.' * (120 << 20); print('grown', flush=True); time.sleep(60)"
    supervisor.start(python("greedy", code, tmp_path, limit_mb=80))
    host = tmp_path / "host.log"
    wait_for(lambda: "OOMKilled" in host.read_text(), what="the kill", seconds=15)
    line = next(line for line in host.read_text().splitlines() if "OOMKilled" in line)
    assert "memory: greedy (pid" in line
    assert "of 80 MiB" in line


def test_a_child_that_exits_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(python("brief", "print('up', flush=True); raise SystemExit(3)", tmp_path))
    wait_for(lambda: (tmp_path / "brief.log").read_text().count("up") >= 2, what="the restart", seconds=15)
    assert "exited: brief (exit status 3; not expected)" in (tmp_path / "host.log").read_text()


def test_a_child_killed_for_good_stays_away(supervisor: Supervisor, tmp_path: Path) -> None:
    child = python("lost", "import time; print('up', flush=True); time.sleep(60)", tmp_path)
    supervisor.start(child)
    wait_for(lambda: "up" in (tmp_path / "lost.log").read_text(), what="the child")
    supervisor.kill_for_good("lost")
    wait_for(lambda: "autorestart is off" in (tmp_path / "host.log").read_text(), what="the note")
    time.sleep(2.6)
    assert (tmp_path / "lost.log").read_text().count("up") == 1


def test_leaving_the_supervisor_stops_its_children(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "host.log", host="h") as running:
        child = python("long", "import time; time.sleep(60)", tmp_path)
        running.start(child)
        process = child.process
    assert process is not None
    assert process.poll() is not None


def test_waiting_in_vain_says_what_to_do() -> None:
    with pytest.raises(BadInput, match="Free the machine or the ports"):
        wait_for(lambda: False, what="nothing", seconds=0.2)


class Echo:
    """A server that answers one line with itself."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            with peer:
                peer.sendall(peer.recv(100))

    def close(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join()


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[dict[str, int]]:
    ports = {"listen": free_port(), "target": free_port(), "control": free_port()}
    edges = {"edges": {"a->b": [ports["listen"], ports["target"]]}, "control": ports["control"]}
    (tmp_path / "mesh.json").write_text(json.dumps(edges))
    argv = [sys.executable, "-m", "aitia.lab.proxy", str(tmp_path / "mesh.json")]
    with subprocess.Popen(argv, cwd=ROOT) as process:
        try:
            wait_for(lambda: accepts(ports["control"]), what="the proxy")
            yield ports
        finally:
            process.kill()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(port: int) -> tuple[bytes, float]:
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(b"hello")
        return sock.recv(100), time.perf_counter() - start


def test_the_proxy_passes_delays_and_refuses(mesh: dict[str, int]) -> None:
    echo = Echo(mesh["target"])
    answer_, quick = ask(mesh["listen"])
    assert answer_ == b"hello"
    tell(mesh["control"], "a->b", delay_ms=200)
    answer_, slow = ask(mesh["listen"])
    assert answer_ == b"hello"
    assert slow - quick == pytest.approx(0.4, abs=0.25)  # both directions
    echo.close()
    with pytest.raises(ConnectionError):
        ask_until_refused(mesh["listen"])
    echo = Echo(mesh["target"])
    wait_for(lambda: accepts(mesh["listen"]), what="the proxy's return", seconds=5)
    assert ask(mesh["listen"])[0] == b"hello"
    echo.close()


def ask_until_refused(port: int) -> None:
    for _ in range(20):
        try:
            ask(port)
        except ConnectionRefusedError:
            raise
        except OSError:
            time.sleep(0.1)
