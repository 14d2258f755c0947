"""The time of a stream whose clocks are not to be trusted line by line."""

from __future__ import annotations

from typing import Final

_BELIEVED: Final = 20  # records in a row that make a step of the clock true


class Clock:
    """Moments that never go back, from those that records name.

    A record that is late counts now. One that is more than `step_s` away from the others is taken for a wrong date, unless
    as many as 20 in a row agree: then the clock was set (`steps` counts how often).
    """

    def __init__(self, step_s: float) -> None:
        self._step = step_s
        self._odd = 0
        self._stepped = 0.0
        self.now = float("-inf")
        self.late = self.wrong = self.steps = 0

    def moment(self, at: float) -> tuple[float, bool]:
        """When a record counts, and whether the clock was set."""
        if self.now == float("-inf"):
            self.now = at
        away = abs(at - self.now) > self._step
        if not away:
            self._odd = 0
            self.late += at < self.now
            self.now = max(self.now, at)
            return self.now, False
        self._odd = self._odd + 1 if self._odd and abs(at - self._stepped) <= self._step else 1
        self._stepped = at
        self.wrong += 1
        if self._odd < _BELIEVED:
            return self.now, False
        self.wrong -= self._odd
        self._odd, self.now = 0, at
        self.steps += 1
        return at, True
