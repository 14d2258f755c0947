"""Watching a machine's signals while they come: an alarm with its onset as soon as one changes, in memory that stays."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, Protocol

import numpy as np
from scipy.special import ndtri

from aitia.core.errors import BadInput
from aitia.tools.change.changepoints import bootstrap_error, located
from aitia.tools.change.scale import spread
from aitia.tools.signals.channel_blame import FIRST, occlusion
from aitia.tools.signals.detectors.libraries import LibraryDetector, library_detector
from aitia.tools.signals.detectors.thresholds import held_out
from aitia.tools.signals.sequential import DriftScale, OnlineCusum
from aitia.tools.signals.streaming import REFRACTORY, NeighbourStream
from aitia.tools.sources.rows import Floats

LEAST, MOST = 30, 100_000  # rows of a reference
GAP: Final = 5.0  # usual steps; a longer silence is a gap
LEVEL_LIMIT: Final = (
    12.0  # of the cumulative sums; simulated white noise, 20,000 rows of 8 channels: none, at 8 eleven
)
PATTERN_LIMIT: Final = (
    3.0  # mean surprise; by hand beside NAB; judged on sets left out: benchmarks/signals/limits.py
)
_KEPT: Final = 240  # rows that an onset is looked for in
_BEFORE: Final = 60  # rows right before an onset that show the level before


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
        self._over = self._free = 0  # the reference is normal: no alarm began in it

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


class DetectorWatch:
    """Rows that a library's detector finds unusual for long.

    A score counts by its rank among held-out scores of the reference, as a normal deviate, so that one limit fits every
    detector; `LevelWatch` takes the deviates as one channel.
    """

    def __init__(self, reference: Floats, *, limit: float, make: Callable[[], LibraryDetector]) -> None:
        self._detector = make().fit(reference)
        lookback = self._detector.lookback
        usual = held_out(make, reference, lookback=lookback)
        self._usual = np.sort(usual)
        self._level = LevelWatch(self._deviates(usual)[:, None], limit=limit)
        self._median = np.median(reference, axis=0)
        self._spread = spread(reference, self._median)
        self._kept = deque(reference[-_KEPT:], maxlen=_KEPT + lookback)

    def update(self, row: Floats) -> Raised | None:
        """The alarm that this row raises, if any; a NaN takes the value before it."""
        self._kept.append(np.where(np.isnan(row), self._kept[-1], row))
        score = self._detector.decision_function(self._last(self._detector.lookback))
        raised = self._level.update(self._deviates(score[-1:]))
        if raised is None or raised.direction == "down":  # back to normal is no alarm
            return None
        return self._blamed(raised)

    def _deviates(self, score: Floats) -> Floats:
        below, up_to = (np.searchsorted(self._usual, score, side=side) for side in ("left", "right"))
        return np.asarray(ndtri((below + up_to + 1.0) / (2.0 * self._usual.size + 2.0)), dtype=np.float64)

    def _last(self, rows: int) -> Floats:
        return np.stack(list(self._kept)[-rows:])

    def _blamed(self, raised: Raised) -> Raised:
        """The alarm with the channel that its last rows' scores come from, and where that channel went."""
        z = np.abs(self._last(min(raised.age, FIRST)) - self._median) / self._spread
        parts = self._parts(len(z)) + 1e-9 * z  # the furthest channel where none has a part
        channel = int(np.argmax(parts.sum(axis=0)))
        since = self._last(raised.age)[:, channel]
        before = self._last(raised.age + _BEFORE)[: -raised.age, channel]
        moved = (since.mean() - before.mean()) / self._spread[channel] if before.size else 0.0
        # a score that looks back may have risen as many rows from the change as it sees
        return replace(
            raised,
            channel=channel,
            error=raised.error + self._detector.lookback - 1,
            direction="up" if moved > 1.0 else "down" if moved < -1.0 else "changed",
        )

    def _parts(self, rows: int) -> Floats:
        """The channels' parts of the last rows' scores; none where the library takes no channel that stands still."""
        lead = self._detector.lookback - 1
        x = self._last(rows + lead)
        try:
            return occlusion(self._detector, x, self._median)[lead:]
        except BadInput:
            return np.zeros((rows, x.shape[1]))


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
    """Rows in, alarms out. The first `reference` rows are normal operation and raise none; or it is given beforehand.

    `detector` is level, pattern, or one of a library, such as pyod:ECOD.
    """

    def __init__(
        self,
        channels: Sequence[str],
        *,
        detector: str = "level",
        limit: float = 0.0,
        reference: int = 400,
    ) -> None:
        if not LEAST <= reference <= MOST:
            raise BadInput(f"Set --reference to {LEAST} to {MOST} rows of normal operation, not {reference}.")
        self.channels, self._wanted = tuple(channels), reference
        self._learned = partial(
            _watcher(detector), limit=limit or (PATTERN_LIMIT if detector == "pattern" else LEVEL_LIMIT)
        )
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
        self._watcher = self._learned(x)
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


def _watcher(detector: str) -> Callable[..., Watcher]:
    """What watches for a detector's name. Raises BadInput for an unknown one, ModelError for one not installed."""
    if detector in ("level", "pattern"):
        return LevelWatch if detector == "level" else PatternWatch
    if ":" not in detector:
        raise BadInput(
            f"There is no detector {detector!r}. Name level, pattern, or one of a library, such as pyod:ECOD."
        )
    library_detector(detector)  # a wrong name is told before the reference has come
    return partial(DetectorWatch, make=partial(library_detector, detector))


def _mean(v: Floats) -> float:
    """The mean of the known values, NaN where there is none."""
    known = v[np.isfinite(v)]
    return float(known.mean()) if known.size else math.nan
