"""A small shop on loopback, all of it real programs: Redis, a service that needs it, and its monitoring."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import yaml

ROOT = Path(__file__).parents[2]
NEEDED = (
    "redis-server",
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-node-exporter",
    "prometheus-redis-exporter",
)
SERVICES = ("catalog", "search")  # both need the store
FAILED = 'sum by (job) (rate(http_requests_total{code=~"5.."}[4s]))'
RULE = {
    "alert": "ErrorRatioHigh",
    "expr": f"{FAILED} / sum by (job) (rate(http_requests_total[4s])) > 0.2",
    "for": "2s",
    "labels": {"severity": "page", "service": "{{ $labels.job }}"},
    "annotations": {
        "summary": "Error ratio of {{ $labels.job }} above 20 %",
        "description": "More than 20 % of the answers of {{ $labels.job }} are 5xx.",
    },
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.1)


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=1, trust_env=False).status_code == 200
    return False


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(kw_only=True)
class Lab:
    """The running programs, where they listen, and the settings with which aitia reads them."""

    folder: Path
    hook: int
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    started: float = 0.0

    def start(self, name: str, argv: list[str], **env: str) -> subprocess.Popen[bytes]:
        """A program whose output is its log."""
        with (self.folder / "logs" / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, "TZ": "UTC", **env}
            )  # fmt: skip
        return self.processes[name]

    def start_redis(self) -> None:
        """The store; its data is not kept."""
        port = self.ports["redis"]
        argv = [
            "redis-server",
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.start("redis", argv)
        wait_for(lambda: listening(port), "redis")

    def kill(self, name: str) -> None:
        """As the kernel's OOM killer does it."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(timeout=10)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def query(self, promql: str) -> list[float]:
        url = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query"
        got = httpx.get(url, params={"query": promql}, timeout=3, trust_env=False).json()
        return [float(row["value"][1]) for row in got["data"]["result"]]

    @property
    def settings(self) -> Path:
        """An `aitia.yaml` beside the programs."""
        file = self.folder / "aitia.yaml"
        url = f"http://127.0.0.1:{self.ports['prometheus']}"
        file.write_text(
            yaml.safe_dump(
                {
                    "sources": [
                        {"name": "prom", "kind": "metrics", "type": "prometheus", "url": url, "component_label": "job", "step_s": 1.0},
                        *({"name": n, "kind": "logs", "type": "log_files", "path": f"logs/{n}.log", "component": n} for n in (*SERVICES, "redis")),
                        {"name": "wiring", "kind": "topology", "type": "topology", "path": "topology.yaml"},
                    ],
                    "window": {"lead_s": 5, "baselines": ["preceding"], "preceding_factor": 2.5},
                }
            )
        )  # fmt: skip
        return file


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Redis, two services that need it under a little load, Prometheus with a rule, Alertmanager with a webhook."""
    for program in NEEDED:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    names = ("redis", *SERVICES, "redis-exporter", "node", "prometheus", "alertmanager")
    made = Lab(folder=tmp_path, hook=free_port(), ports={name: free_port() for name in names})
    done = threading.Event()
    (tmp_path / "logs").mkdir()
    loads = [threading.Thread(target=_load, args=(made.ports[n], done), daemon=True) for n in SERVICES]
    try:
        _start(made)
        for load in loads:
            load.start()
        yield made
    finally:
        done.set()
        made.stop()
        for load in loads:
            if load.is_alive():
                load.join(timeout=5)


def _load(port: int, done: threading.Event) -> None:
    item = 0
    with httpx.Client(timeout=3, trust_env=False) as client:
        while not done.wait(0.08):
            item = item % 200 + 1
            with contextlib.suppress(httpx.HTTPError):
                client.get(f"http://127.0.0.1:{port}/items/{item}")


def _start(lab: Lab) -> None:
    at = {name: f"127.0.0.1:{port}" for name, port in lab.ports.items()}
    lab.start_redis()
    for name in SERVICES:
        lab.start(
            name,
            [sys.executable, "-m", "tests.live.service", name, str(lab.ports[name]), str(lab.ports["redis"])],
        )
    lab.start("redis-exporter", ["prometheus-redis-exporter", f"-redis.addr=redis://{at['redis']}", f"-web.listen-address={at['redis-exporter']}"])  # fmt: skip
    collectors = [
        "--collector.disable-defaults",
        *(f"--collector.{c}" for c in ("cpu", "meminfo", "loadavg")),
    ]
    lab.start("node", ["prometheus-node-exporter", f"--web.listen-address={at['node']}", *collectors])
    for name in SERVICES:
        wait_for(lambda port=lab.ports[name]: listening(port), name)
    _write(lab, at)
    lab.start("alertmanager", ["prometheus-alertmanager", f"--config.file={lab.folder}/alertmanager.yml", f"--storage.path={lab.folder}/am",
                               f"--web.listen-address={at['alertmanager']}", "--cluster.listen-address="])  # fmt: skip
    lab.start("prometheus", ["prometheus", f"--config.file={lab.folder}/prometheus.yml", f"--storage.tsdb.path={lab.folder}/prom",
                             f"--web.listen-address={at['prometheus']}"])  # fmt: skip
    wait_for(lambda: answers(f"http://{at['prometheus']}/-/ready"), "Prometheus")
    wait_for(lambda: answers(f"http://{at['alertmanager']}/-/ready"), "Alertmanager")
    lab.started = time.monotonic()


def _write(lab: Lab, at: dict[str, str]) -> None:
    jobs = {**{n: n for n in SERVICES}, "redis": "redis-exporter", "node": "node"}
    prometheus = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [at["alertmanager"]]}]}]},
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [at[program]]}]} for job, program in jobs.items()],
    }  # fmt: skip
    hook = {"url": f"http://127.0.0.1:{lab.hook}/", "send_resolved": True}
    alertmanager = {
        "route": {"receiver": "aitia", "group_by": ["alertname"], "group_wait": "2s", "group_interval": "3s"},
        "receivers": [{"name": "aitia", "webhook_configs": [hook]}],
    }
    wiring = {
        "components": [
            *({"id": n, "type": "service", "links": [{"relation": "calls", "to": "redis"}, {"relation": "runs_on", "to": "node"}]} for n in SERVICES),
            {"id": "redis", "type": "service", "aliases": [at["redis"]], "links": [{"relation": "runs_on", "to": "node"}]},
            {"id": "node", "type": "node"},
        ]
    }  # fmt: skip
    for name, body in {
        "prometheus.yml": prometheus,
        "alertmanager.yml": alertmanager,
        "rules.yml": {"groups": [{"name": "shop", "interval": "1s", "rules": [RULE]}]},
        "topology.yaml": wiring,
    }.items():
        (lab.folder / name).write_text(yaml.safe_dump(body))


@pytest.fixture
def victorialogs(tmp_path: Path) -> Iterator[str]:
    """The address of a VictoriaLogs: the program at $AITIA_VICTORIALOGS, else `victoria-logs` on the path.

    Debian has no package of it, but its sources: `apt-get install golang-go golang-github-victoriametrics-*-dev
    golang-github-valyala-quicktemplate-dev`, then with GO111MODULE=off and GOPATH=/usr/share/gocode
    `go build -o victoria-logs github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs`.
    """
    program = os.environ.get("AITIA_VICTORIALOGS") or shutil.which("victoria-logs")
    if not program:
        pytest.skip("victoria-logs is not on the path and $AITIA_VICTORIALOGS does not name it")
    address = f"127.0.0.1:{free_port()}"
    argv = [program, f"-storageDataPath={tmp_path}/vl", f"-httpListenAddr={address}", "-retentionPeriod=100y"]
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: answers(f"http://{address}/health"), "VictoriaLogs")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=20)
