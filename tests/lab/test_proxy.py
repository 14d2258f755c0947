"""The proxy between programs: what it does to connections when it is told to."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aitia.lab.net import listening
from aitia.lab.proxy import tell
from aitia.lab.supervisor import wait_for

pytestmark = pytest.mark.server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, int]]:
    """An echo server behind a proxy."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(peer,), daemon=True).start()

    def echo(peer: socket.socket) -> None:
        with peer, contextlib.suppress(ConnectionError):
            while data := peer.recv(65_536):
                peer.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    found = {"listen": free_port(), "control": free_port()}
    edges = {"a>b": [found["listen"], server.getsockname()[1]]}
    (tmp_path / "edges.json").write_text(json.dumps({"edges": edges, "control": found["control"]}))
    with subprocess.Popen([sys.executable, "-m", "aitia.lab.proxy", str(tmp_path / "edges.json")]) as process:
        try:
            wait_for(lambda: listening(found["control"]), what="the proxy")
            yield found
        finally:
            process.kill()
            server.shutdown(socket.SHUT_RDWR)
            server.close()


def ask(port: int, size: int = 5, timeout: float = 5.0) -> float:
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        sock.sendall(b"x" * size)
        got = 0
        while got < size:
            data = sock.recv(65_536)
            if not data:
                raise ConnectionResetError
            got += len(data)
    return time.perf_counter() - start


def test_it_passes_throttles_and_forgets(ports: dict[str, int]) -> None:
    quick = ask(ports["listen"], 20_000)
    tell(ports["control"], "a>b", kb_s=50)
    assert ask(ports["listen"], 20_000) > quick + 0.5
    tell(ports["control"], "a>b")
    assert ask(ports["listen"], 20_000) < 0.5


def test_it_stalls_resets_and_refuses(ports: dict[str, int]) -> None:
    tell(ports["control"], "a>b", stall=1)
    with pytest.raises(TimeoutError):
        ask(ports["listen"], timeout=0.5)
    tell(ports["control"], "a>b", reset=1)
    with pytest.raises(ConnectionError):
        ask(ports["listen"])
    tell(ports["control"], "a>b", refuse=True)
    with pytest.raises(ConnectionRefusedError):
        ask(ports["listen"])
    tell(ports["control"], "a>b")
    wait_for(lambda: listening(ports["listen"]), what="the way")
    ask(ports["listen"])


def test_it_cuts_what_is_open(ports: dict[str, int]) -> None:
    with socket.create_connection(("127.0.0.1", ports["listen"]), timeout=5) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        tell(ports["control"], "a>b", cut=True)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(1) == b""
    ask(ports["listen"])
