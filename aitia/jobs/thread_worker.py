"""A worker on a thread of this process: for a door that holds telemetry itself, such as traces that were sent to it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Final

from aitia.core.protocols import Source
from aitia.engine import Engine
from aitia.jobs.jobs import Jobs
from aitia.jobs.owner import owner_of
from aitia.jobs.words import Job
from aitia.jobs.work import Work

IDLE_S: Final = 0.2
_log: Final = logging.getLogger("aitia.jobs")


class Here:
    """Carries out one job at a time. `on_end` is told of each job that it ended, on the worker's thread."""

    def __init__(
        self,
        jobs: Jobs,
        engine: Engine,
        *,
        sources: Sequence[Source] = (),
        on_end: Callable[[Job], None] = lambda job: None,
    ) -> None:
        self._jobs, self._told = jobs, on_end
        self._work = Work(jobs.table, jobs.home, jobs.settings, engine, sources=sources)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aitia-worker", daemon=True)
        self.busy = ""  # the job that is worked on

    def start(self) -> None:
        """Queue again what dead workers of this host held, and start."""
        self._jobs.table.free_dead()
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Begin nothing more and wait for what runs; False where that takes longer. It is resumed at the next start."""
        self._stop.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if not self._one():
                    self._stop.wait(IDLE_S)
            except Exception:  # the only worker: a locked table or a closed stdout must not end it
                _log.exception("the worker continues")
                self._stop.wait(IDLE_S)

    def _one(self) -> bool:
        """Carry out one job; False where none waits."""
        service = self._jobs.settings.service
        claim = self._jobs.table.claim(
            owner_of(os.getpid()), lease_s=service.lease_s, attempts=service.attempts
        )
        if claim is None:
            return False
        self.busy = claim.job.id
        try:
            self._work.run(claim)
        finally:
            self.busy = ""
        self._told(self._jobs.get(claim.job.id))
        return True
