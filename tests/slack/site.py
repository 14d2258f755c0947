"""A site with recorded telemetry, and the Slack door of it: in this process, or as `aitia slack` of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.jobs import Jobs, Workers
from aitia.settings import Settings, load_settings
from aitia.slack.app import PATH, served
from aitia.slack.follow import needs
from tests.shop import small_settings

from .fake import APP_TOKEN, BOT_TOKEN, SECRET, FakeSlack, crowded

WINDOW = {"lead_s": 130, "baselines": ["preceding"], "preceding_factor": 1.5}  # what was recorded
OPS, ANN, BEN, EVE = "C000OPS", "U000ANN", "U000BEN", "U000EVE"
ALERT = "Gateway 5xx ratio above 5 %"
TOKENS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": SECRET}


def write_settings(folder: Path, *, slack: Mapping[str, Any] | None = None, **more: Any) -> Path:
    """`aitia.yaml` over the small shop's telemetry, as it was at its moment."""
    service = {"workers": 2, "lease_s": 3, "join_minutes": 0} | dict(more.pop("service", {}))
    shop = small_settings(**service).model_dump(mode="json", exclude_defaults=True)
    body = {**shop, "slack": dict(slack or {}), "window": WINDOW, **more}
    file = folder / "aitia.yaml"
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    return file


class Site:
    """A home, its settings, and the fake Slack that its door speaks to."""

    def __init__(self, home: Path, file: Path, slack: FakeSlack) -> None:
        self.home, self.file, self.slack = home, file, slack
        self.settings: Settings = load_settings(file)
        self.jobs = Jobs(home, self.settings)

    @contextlib.contextmanager
    def door(self, *, http: bool = False, workers: int = 0) -> Iterator[None]:
        """The door in this process."""
        crew = Workers(self.home, self.settings, count=workers, model=None) if workers else None
        runner, began, stop = asyncio.Runner(), threading.Event(), asyncio.Event()
        failed: list[BaseException] = []
        port = free_port() if http else 0

        async def live() -> None:
            try:
                async with served(
                    self.home, self.settings, http=("127.0.0.1", port) if http else None, api=self.slack.url
                ):
                    began.set()
                    await stop.wait()
            except BaseException as error:
                failed.append(error)
                began.set()

        def run() -> None:
            with runner:  # as `aitia slack` does: tasks that are left when it ends are cancelled
                runner.run(live())

        thread = threading.Thread(target=run, name="door", daemon=True)
        if crew:
            crew.start()
        thread.start()
        try:
            assert began.wait(20)
            if failed:
                raise failed[0]
            if http:
                self.slack.http_target = f"http://127.0.0.1:{port}{PATH}"
            else:
                until(self.slack.connected, 10)
            yield
        finally:
            with contextlib.suppress(RuntimeError):  # it is closed where it failed
                runner.get_loop().call_soon_threadsafe(stop.set)
            thread.join(30 * crowded())
            left = thread.is_alive()
            if crew:
                crew.stop(1)
            self.slack.http_target = ""
        assert not left, "the door does not close"
        assert not failed, failed

    def process(self, *options: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """`aitia slack` as users run it."""
        process = subprocess.Popen(
            [sys.executable, "-c", "from aitia.cli import main; main()", "slack", "--config", str(self.file), "--model", "none", "--api-url", self.slack.url, *options],
            env=os.environ | TOKENS | {"AITIA_HOME": str(self.home)} | dict(env or {}),
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return process

    def over(self, states: tuple[str, ...] = ("done",)) -> bool:
        """Whether every job is shown to its end."""
        jobs = self.jobs.list(origin="slack", limit=200)
        return bool(jobs) and all(j.state in states and not needs(j) for j in jobs)


def provokes(*errors: str) -> Callable[[Any], Any]:
    """Errors that a test provokes: they do not fail it."""

    def mark(test: Any) -> Any:
        test.provokes = errors
        return test

    return mark


def until(met: Callable[[], Any], seconds: float) -> Any:
    """Wait until something holds; what it came to."""
    end = time.monotonic() + seconds * min(1.8, crowded())  # a test has two minutes in all
    while time.monotonic() < end:
        if found := met():
            return found
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {getattr(met, '__name__', met)}")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
