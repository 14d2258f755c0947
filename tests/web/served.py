"""The HTTP service in tests: its app on a thread of this process, or all of `aitia serve` as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from aitia.core.serving import listening
from aitia.jobs import Jobs
from aitia.settings import Service, Settings
from aitia.web.app import create_app
from aitia.web.limits import Bounds
from aitia.web.server import server, url_of

PATIENT = Bounds(per_s=10_000.0, burst=10_000)
OVER = ("done", "failed")


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)
    return found


@contextmanager
def opened(
    home: Path, settings: Settings | None = None, *, bounds: Bounds = PATIENT, **how: Any
) -> Iterator[httpx.Client]:
    """A client of the app, which runs in this process without workers."""
    settings = settings or Settings(service=Service(join_minutes=0))
    listener = listening("127.0.0.1", 0)
    running = server(create_app(Jobs(home, settings), settings, bounds=bounds, **how))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with httpx.Client(base_url=url_of(listener), timeout=30, trust_env=False) as client:
            wait_for(lambda: running.started)
            yield client
    finally:
        running.should_exit = True
        thread.join(20)


class Served:
    """`aitia serve` with its workers, over a home of its own."""

    def __init__(self, folder: Path, config: Path, *options: str, **env: str) -> None:
        self.folder, self._config, self._options = folder, config, options
        self._env = {**os.environ, "AITIA_HOME": str(folder / "home"), "AITIA_TOKEN": "", **env}
        self.process: subprocess.Popen[str] | None = None
        self.client: httpx.Client

    def start(self) -> Served:
        argv = [sys.executable, "-c", "from aitia.cli import main; main()", "serve", "--port", "0", "--json"]
        argv += ["--config", str(self._config), "--model", "none", *self._options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                argv, env=self._env, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder
            )
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        assert told, self.log()
        headers = {"Authorization": f"Bearer {self._env['AITIA_TOKEN']}"} if self._env["AITIA_TOKEN"] else {}
        self.client = httpx.Client(
            base_url=json.loads(told)["url"], headers=headers, timeout=30, trust_env=False
        )
        wait_for(lambda: self.client.get("/readyz").status_code == 200)
        return self

    def ask(self, body: Any, **headers: str) -> dict[str, Any]:
        answer = self.client.post("/v1/diagnoses", json=body, headers=headers)
        assert answer.status_code in (200, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ended(self, id: str, seconds: float = 110.0) -> dict[str, Any]:
        """The diagnosis once it is over."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.client.get(f"/v1/diagnoses/{id}").json()
            return found if found["state"] in OVER else None

        found: dict[str, Any] = wait_for(look, seconds)
        return found

    def kill(self) -> None:
        """kill -9: the service gets no chance to say anything; its workers end by themselves."""
        assert self.process is not None
        self.process.kill()
        self._gone()

    def stop(self) -> int:
        """As a service manager stops it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self._gone()

    def _gone(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        code = self.process.wait(30)
        self.process.stdout.close()
        self.client.close()
        self.process = None
        return code

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def __enter__(self) -> Served:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.stop()


def told(client: httpx.Client, url: str, **headers: str) -> Iterator[dict[str, str]]:
    """The server-sent events of a stream, each with its fields."""
    with client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(":")
                event[name] = value.strip()
            elif event:
                yield event
                event = {}
