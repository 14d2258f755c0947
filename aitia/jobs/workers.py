"""Worker processes and who looks after them: one that dies is replaced, what it held is queued again."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from pathlib import Path
from typing import Final

from aitia.core.children import own_environment, python_module
from aitia.core.errors import DatabaseAway
from aitia.core.state import use_database
from aitia.engine import AUTO
from aitia.jobs.table import JobTable
from aitia.jobs.worker_options import Orders
from aitia.model_use import Narrator, Planner
from aitia.settings import Settings

LOOK_S: Final = 0.2
_log: Final = logging.getLogger("aitia.jobs")
LEAST_LIFE_S: Final = 2.0  # one that ends sooner could not start: the next waits longer and longer
LONGEST_PAUSE_S: Final = 30.0


class Workers:
    """Processes that carry out the jobs of a home. With this process they end; their jobs are resumed at the next start."""

    def __init__(
        self,
        home: Path,
        settings: Settings,
        *,
        count: int | None = None,
        model: str | None = AUTO,
        planner: Planner | None = None,
        narrator: Narrator | None = None,
        threads: int | None = None,
    ) -> None:
        use_database(settings.service.database)
        self._table = JobTable(home)
        self._orders = Orders(
            home=str(home.resolve()),
            settings=settings,
            model=model,
            planner=planner,
            narrator=narrator,
            threads=threads,
        )
        self._count = settings.service.workers if count is None else count
        self._processes: list[tuple[subprocess.Popen[bytes], float]] = []
        self._stop = threading.Event()
        self._pause = 0.0
        self._thread = threading.Thread(target=self._look, name="aitia-workers", daemon=True)
        self.replaced = 0  # workers that died and were replaced

    def start(self) -> None:
        """Queue again what dead workers of this host held, and start."""
        self._table.free_dead()
        self._processes = [self._begin() for _ in range(self._count)]
        self._thread.start()

    def alive(self) -> int:
        """How many run."""
        return sum(process.poll() is None for process, _ in self._processes)

    def stop(self, seconds: float) -> None:
        """Begin nothing more, wait for what runs, then end it: it is resumed at the next start."""
        self._stop.set()
        self._thread.join()
        for process, _ in self._processes:
            process.terminate()
        until = time.monotonic() + seconds
        for process, _ in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
            if process.poll() is None:
                process.kill()
                process.wait()
            _close(process)
        with contextlib.suppress(DatabaseAway):  # then the leases run out
            self._table.free_dead(orderly=True)

    def _begin(self) -> tuple[subprocess.Popen[bytes], float]:
        process = subprocess.Popen(
            python_module("aitia.jobs.worker"), stdin=subprocess.PIPE, env=own_environment()
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: replaced like any other
            process.stdin.write(self._orders.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        return process, time.monotonic()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self._replace()
            except Exception:  # a locked table or a full process table must not end the supervision
                _log.exception("checking the workers again")

    def _replace(self) -> None:
        for place, (process, began) in enumerate(self._processes):
            if process.poll() is None:
                continue
            self._table.free_dead()
            _close(process)
            short = time.monotonic() - began < LEAST_LIFE_S
            self._pause = min(LONGEST_PAUSE_S, max(0.5, self._pause * 2)) if short else 0.0
            if self._stop.wait(self._pause):
                return
            self._processes[place] = self._begin()
            self.replaced += process.returncode != 0


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
