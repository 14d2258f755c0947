"""Clocks: a diagnosis never asks the machine for the time directly, so that a replay can answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """`now` is the moment of the incident's world; `elapsed` counts seconds of work."""

    def now(self) -> datetime: ...
    def elapsed(self) -> float: ...


class WallClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> datetime:
        """The current UTC time."""
        return datetime.now(tz=UTC)

    def elapsed(self) -> float:
        """Seconds since this clock was made."""
        return time.monotonic() - self._start


class RecordedClock(WallClock):
    """Stands still at a scenario's recorded moment; work is still timed."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        """The recorded moment."""
        return self._at


class Stopwatch:
    """Each call gives the seconds since the one before it."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self) -> float:
        """The seconds of this lap, to the millisecond."""
        before, self._last = self._last, time.monotonic()
        return round(self._last - before, 3)
