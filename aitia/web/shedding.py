"""While the queue is full, a few messages are read at a time: some join a diagnosis, or end one. The others are told at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.types import Scope

from aitia.web.problems import BUSY_S, Problem

PATH: Final = "/v1/diagnoses"
FULL_S: Final = 2.0  # how long a queue that was full counts as full, unless one finds a place before


class Shedding:
    """How many requests for a diagnosis are under way, and whether the queue was full a moment ago. For one event loop."""

    def __init__(self, most: int, on_shed: Callable[[], None]) -> None:
        self._most, self._on_shed = most, on_shed
        self._inside, self._until = 0, 0.0

    def full(self) -> None:
        """A request found no place."""
        self._until = time.monotonic() + FULL_S

    def room(self) -> None:
        """A request found one."""
        self._until = 0.0

    def refusal(self, scope: Scope) -> Problem | None:
        """Why a request is turned away before anything of it is read; None where it is let in."""
        if not _asks(scope) or time.monotonic() > self._until or self._inside < self._most:
            return None
        self._on_shed()
        return Problem(503, "The queue is full. Send it again later.", retry_s=BUSY_S)

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """Count a request while it is read and answered."""
        counts = int(_asks(scope))
        self._inside += counts
        try:
            yield
        finally:
            self._inside -= counts


def _asks(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and scope["path"] == PATH)
