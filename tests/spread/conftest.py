"""A Ray cluster of the tests' own: its nodes are processes of this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START_S = 90.0


@dataclass
class Cluster:
    """One node with two cores; others come and go."""

    home: Path
    place: Path
    address: str = ""
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str, cores: int) -> subprocess.Popen[bytes]:
        """A node in a process group of its own, which is killed with it."""
        environment = os.environ | {
            "AITIA_HOME": str(self.home), "PYTHONPATH": str(ROOT), "RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_health_check_period_ms": "1000", "RAY_health_check_initial_delay_ms": "3000",
        }  # fmt: skip
        with (self.place / f"node-{len(self.nodes)}.log").open("wb") as log:
            node = subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", f"--num-cpus={cores}", "--object-store-memory=100000000",
                 "--disable-usage-stats", *arguments],
                env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=self.place,
            )  # fmt: skip
        self.nodes.append(node)
        return node

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """At once."""
        self.nodes.remove(node)
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with a home of its own, whose redaction key the tests' own homes can take."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_MODE", "disabled")  # before Ray is imported
    pytest.importorskip("ray", reason="needs the extra for clusters: pip install '.[ray]'")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    home = tmp_path_factory.mktemp("node")
    (home / "redaction.key").write_bytes(secrets.token_bytes(32))
    made = Cluster(home=home, place=Path(tempfile.mkdtemp(prefix="aitia-ray-")), address=f"127.0.0.1:{port}")
    made.start(
        "--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={made.place}", cores=2
    )  # fmt: skip
    try:
        _wait_for(made)
        yield made
    finally:
        for node in list(made.nodes):
            made.kill(node)
        shutil.rmtree(made.place, ignore_errors=True)
        patch.undo()


def _wait_for(made: Cluster) -> None:
    from aitia.core.errors import BadInput
    from aitia.core.spread_ray import connected

    until = time.monotonic() + START_S
    while True:
        try:
            with connected(made.address):
                return
        except BadInput:
            if time.monotonic() > until or made.nodes[0].poll() is not None:
                raise
            time.sleep(1.0)


@pytest.fixture
def home(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the key of the cluster's nodes."""
    own = tmp_path / "home"
    own.mkdir()
    shutil.copy(cluster.home / "redaction.key", own)
    monkeypatch.setenv("AITIA_HOME", str(own))
    return own
