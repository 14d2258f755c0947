"""A thousand half-open connections against a service: are those that ask still answered, and how fast?"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import resource
import selectors
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import yaml

HELD: Final = 1000
ASKED: Final = 40  # requests while they are held
EVERY_S: Final = 0.25
_ADDRESS: Final = re.compile(r"http://[\d.]+:(\d+)/")


def half_open(aitia: str, door: str, data: Path) -> dict[str, Any]:
    """Seconds of the slowest and the median answer of `serve` or `listen`, and how many requests came to nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with tempfile.TemporaryDirectory() as place:
        table = (data / "false-alarm" / "topology.yaml").absolute()
        source = {"name": "topology", "kind": "topology", "type": "topology", "path": str(table)}
        Path(place, "aitia.yaml").write_text(yaml.safe_dump({"sources": [source], "model": {"name": "none"}}))
        environment = {**os.environ, "AITIA_HOME": f"{place}/home"}
        child = subprocess.Popen(
            [aitia, door, "--config", f"{place}/aitia.yaml", "--port", "0", "--model", "none"],
            cwd=place, env=environment, text=True, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard)), start_new_session=True,
        )  # fmt: skip
        try:
            assert child.stderr is not None
            port = next(int(m[1]) for line in child.stderr if (m := _ADDRESS.search(line)))
            quiet = [_ask(port) for _ in range(10)]
            with _Held(port) as held:
                loud = []
                for _ in range(ASKED):
                    loud.append(_ask(port))
                    time.sleep(EVERY_S)
                reached = held.reached
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    good = sorted(s for s in loud if s is not None)
    return {
        "quiet_max_s": max((s for s in quiet if s is not None), default=None),
        "half_open": reached,
        "asked": ASKED,
        "refused": sum(s is None for s in loud),
        "median_s": good[len(good) // 2] if good else None,
        "max_s": good[-1] if good else None,
    }


def _ask(port: int) -> float | None:
    """Seconds until /healthz is answered with 200; None where it is not within 15 s."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        return round(time.monotonic() - began, 3) if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class _Held:
    """So many connections that never end the head of their request; each that is closed is opened again."""

    def __init__(self, port: int) -> None:
        self._port, self._over, self.reached = port, threading.Event(), 0
        self._ready = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._hold, daemon=True)

    def __enter__(self) -> _Held:
        for _ in range(HELD):
            self._open()
        self.reached = len(self._ready.get_map())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for key in list(self._ready.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def _open(self) -> None:
        with contextlib.suppress(OSError):  # no room: tried again
            one = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            self._ready.register(one, selectors.EVENT_READ)

    def _hold(self) -> None:
        while not self._over.wait(0.1):
            for key, _ in self._ready.select(timeout=0.1)[:100]:
                self._ready.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
            for _ in range(min(100, HELD - len(self._ready.get_map()))):
                self._open()
