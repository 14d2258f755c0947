"""Watching a machine's signals while they come: an alarm with its onset as soon as one changes, in memory that stays."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from aitia.core.errors import BadInput
from aitia.tools.signals.changepoints import bootstrap_error, located
from aitia.tools.signals.sequential import DriftScale, OnlineCusum
from aitia.tools.signals.streaming import REFRACTORY, NeighbourStream
from aitia.tools.sources.rows import Floats

LEAST, MOST = 30, 100_000  # rows of a reference
GAP: Final = 5.0  # usual steps; a longer silence is a gap
_KEPT: Final = 240  # rows that an onset is looked for in
_BEFORE: Final = 60  # rows right before an onset that show the level before
Detector = Literal["level", "pattern"]


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An alarm in rows: the channel, how many rows ago it began (this one included), and the half-width of that."""

    channel: int
    age: int
    error: float
    direction: Literal["up", "down", "changed"]


class Watcher(Protocol):
    """Learns from a reference and then takes one row (channels) at a time; never looks ahead."""

    def update(self, row: Floats) -> Raised | None:
        """The alarm that this row raises, if any."""
        ...


class LevelWatch:
    """Changes of level in any of the channels: `OnlineCusum` on samples scaled by the drift of the reference."""

    def __init__(self, reference: Floats, *, limit: float) -> None:
        self._scale = DriftScale().fit(reference)
        self._cusum = OnlineCusum(limit=limit)
        self._kept: deque[Floats] = deque(maxlen=_KEPT)  # since the last alarm

    def update(self, row: Floats) -> Raised | None:
        """The alarm that this row raises, if any; a NaN leaves its channel as it was."""
        z = np.where(np.isnan(row), np.nan, self._scale.transform(row))
        self._kept.append(z)
        if not self._cusum.update(z):
            return None
        raised = self._raised()
        self._kept.clear()
        return raised

    def _raised(self) -> Raised:
        """The last alarm, its onset where a single change of level fits best (least squares)."""
        found = self._cusum.raised_
        v = np.array([kept[found.channel] for kept in self._kept])[-(found.age + _BEFORE) :]
        rows = np.flatnonzero(np.isfinite(v))
        edge = located(v[rows]) if rows.size > 1 else 0
        after = rows.size - edge
        error = bootstrap_error(v[rows], edge) if after >= 3 else float(after)
        return Raised(
            channel=found.channel,
            age=int(v.size - rows[edge]),
            error=max(1.0, error),
            direction="up" if found.up else "down",
        )


class PatternWatch:
    """Unusual shapes of one channel: `NeighbourStream`'s mean surprise over a limit, one alarm in 100 samples."""

    def __init__(self, reference: Floats, *, limit: float) -> None:
        if reference.shape[1] != 1:
            raise BadInput(
                f"There are {reference.shape[1]} columns. Keep one (--drop the others), or use --detector "
                "level."
            )
        self._stream, self._limit = NeighbourStream(), limit
        self._last, self._over, self._free = 0.0, 0, 0
        for value in reference[:, 0]:
            self.update(np.array([value]))
        self._free = 0

    def update(self, row: Floats) -> Raised | None:
        """The alarm that this row raises, if any; a NaN takes the value before it."""
        value = float(row[0])
        self._last = self._last if math.isnan(value) else value
        score = self._stream.update(self._last)
        self._over = self._over + 1 if score > self._limit / 2 else 0
        self._free = max(0, self._free - 1)
        if score <= self._limit or self._free:
            return None
        self._free = REFRACTORY
        # the shortest sub-sequence that is unlike the past may have begun so many samples before
        return Raised(channel=0, age=self._over, error=8.0, direction="changed")


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What an alarm says: `at` and `onset` in epoch seconds, the levels before the onset and since it."""

    row: int
    at: float
    onset: float
    error_s: float
    channel: str
    direction: Literal["up", "down", "changed"]
    before: float
    since: float


class Watch:
    """Rows in, alarms out. The first `reference` rows are normal operation and raise none; or it is given beforehand."""

    def __init__(
        self,
        channels: Sequence[str],
        *,
        detector: Detector = "level",
        limit: float = 0.0,
        reference: int = 400,
    ) -> None:
        if not LEAST <= reference <= MOST:
            raise BadInput(f"Set --reference to {LEAST} to {MOST} rows of normal operation, not {reference}.")
        self.channels, self._detector, self._wanted = tuple(channels), detector, reference
        self._limit = limit or (12.0 if detector == "level" else 3.0)
        self._normal: list[tuple[float, Floats]] = []
        self._watcher: Watcher | None = None
        self._kept: deque[tuple[float, Floats]] = deque(maxlen=_KEPT)
        self.rows = self.alarms = self.gaps = 0
        self.longest_gap_s, self.first, self.last = 0.0, math.nan, math.nan
        self.missing = np.zeros(len(self.channels), dtype=np.int64)

    @property
    def ready(self) -> bool:
        """Whether the reference is learned."""
        return self._watcher is not None

    def learn(self, times: Floats, x: Floats) -> None:
        """Learn from rows of normal operation (samples, channels). Raises BadInput where nothing can be learned."""
        if x.shape[0] < LEAST:
            raise BadInput(f"Give at least {LEAST} rows of normal operation: there are {x.shape[0]}.")
        dead = [c for c, v in zip(self.channels, x.T, strict=True) if not np.isfinite(v).any()]
        if dead:
            raise BadInput(
                f"The reference has no values for {', '.join(dead)[:200]}. Leave these columns out (--drop)."
            )
        x = np.where(np.isfinite(x), x, np.nanmedian(x, axis=0))
        self._step = float(np.median(np.diff(times)))
        kind = LevelWatch if self._detector == "level" else PatternWatch
        self._watcher = kind(x, limit=self._limit)
        self._kept.extend(zip(times[-_KEPT:].tolist(), x[-_KEPT:], strict=True))

    def update(self, at: float, row: Floats) -> Alarm | None:
        """Take one row (epoch s, channels; NaN is missing) that is later than the one before; its alarm, if any."""
        self.rows += 1
        self.missing += np.isnan(row)
        self.first = at if math.isnan(self.first) else self.first
        before, self.last = self.last, at
        if self._watcher is None:
            self._normal.append((at, row))
            if len(self._normal) == self._wanted:
                self.learn(np.array([t for t, _ in self._normal]), np.stack([x for _, x in self._normal]))
                self._normal.clear()
            return None
        if at - before > GAP * self._step:
            self.gaps += 1
            self.longest_gap_s = max(self.longest_gap_s, at - before)
        self._kept.append((at, row))
        raised = self._watcher.update(row)
        return self._alarm(raised) if raised else None

    def _alarm(self, raised: Raised) -> Alarm:
        self.alarms += 1
        t = np.array([at for at, _ in self._kept])
        v = np.array([row[raised.channel] for _, row in self._kept])
        onset = max(0, t.size - raised.age)
        width = math.ceil(raised.error)
        # the change lies somewhere after the sample before it, so that a silence there is part of the error
        early, late = t[max(0, onset - width)], t[min(t.size - 1, onset + width)]
        return Alarm(
            row=self.rows,
            at=float(t[-1]),
            onset=float(t[onset]),
            error_s=float(max(t[onset] - early, late - t[onset], self._step)),
            channel=self.channels[raised.channel],
            direction=raised.direction,
            before=_mean(v[max(0, onset - _BEFORE) : onset]),
            since=_mean(v[onset:]),
        )


def _mean(v: Floats) -> float:
    """The mean of the known values, NaN where there is none."""
    known = v[np.isfinite(v)]
    return float(known.mean()) if known.size else math.nan
