"""A Ray cluster whose nodes are processes of this machine: for tests and benchmarks."""

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aitia.core.errors import BadInput
from aitia.core.spread_ray import connected

ROOT = Path(__file__).parents[2]
START_S = 300.0


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
        with suppress(ProcessLookupError):  # it ended by itself, with all of its own
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()


@contextmanager
def running_cluster(home: Path, *, cores: int) -> Iterator[Cluster]:
    """One node whose AITIA_HOME is `home`, with a redaction key. Ray asks for no token: set RAY_AUTH_MODE before it is imported."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    if not (home / "redaction.key").exists():
        (home / "redaction.key").write_bytes(secrets.token_bytes(32))
    made = Cluster(home=home, place=Path(tempfile.mkdtemp(prefix="aitia-ray-")), address=f"127.0.0.1:{port}")
    head = ("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={made.place}")
    made.start(*head, cores=cores)
    try:
        _wait_for(made, lambda: made.start(*head, cores=cores))
        yield made
    finally:
        for node in list(made.nodes):
            made.kill(node)
        shutil.rmtree(made.place, ignore_errors=True)


def _wait_for(made: Cluster, again: Callable[[], object]) -> None:
    """A node gives up where it is not up within Ray's own thirty seconds, as on a busy machine: then it is started again."""
    until = time.monotonic() + START_S
    while True:
        try:
            with connected(made.address):
                return
        except BadInput as error:
            if time.monotonic() > until:
                said = (made.place / "node-0.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{error}\n{said}") from None
            if made.nodes[0].poll() is not None:
                made.kill(made.nodes[0])
                again()
            time.sleep(1.0)
