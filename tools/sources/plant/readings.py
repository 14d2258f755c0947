"""What live sources send: samples whose names, times and values nobody vouches for, and the bounded box they wait in."""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

LONGEST: Final = 160  # characters of a name
MOST_WAITING: Final = 500_000  # samples that wait to be written, about 100 MB
MOST_SERIES: Final = 50_000  # names that one source may bring
MOST_PROBLEMS: Final = 50  # different ones that are counted
DAY_S: Final = 86_400.0
_EARLIEST: Final = 631_152_000.0  # 1990: before any historian; a clock that was never set tells 1970
_UNPRINTED: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_SCALES: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # epoch in ns, µs, ms above these figures
_WORDS: Final = {"on": 1.0, "off": 0.0, "true": 1.0, "false": 0.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One sample: `at` in epoch seconds, `value` NaN where the source marks it as bad or the machine as gone."""

    component: str
    metric: str
    at: float
    value: float
    unit: str = ""


class Feed(Protocol):
    """A live source: it connects, and puts what it reads into the box until it is told to stop."""

    def run(self, box: Box, stop: threading.Event) -> None:
        """Read until `stop` is set. Raises SourceError where the server cannot be reached or refuses."""
        ...


class Box:
    """Samples on their way from a feed to the disk, bounded in number and in names; what is lost is counted and told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Reading] = []
        self._problems: Counter[str] = Counter()
        self._series: set[tuple[str, str]] = set()
        self.connected = False

    def put(self, readings: Iterable[Reading]) -> None:
        """Take samples; those over a bound are counted and dropped."""
        with self._lock:
            for reading in readings:
                key = (reading.component, reading.metric)
                if key not in self._series and len(self._series) >= MOST_SERIES:
                    self._count(
                        f"values of more than {MOST_SERIES:,} signals, left out: narrow its topics or root"
                    )
                elif len(self._waiting) >= MOST_WAITING:
                    self._count("values that came faster than they could be written")
                else:
                    self._series.add(key)
                    self._waiting.append(reading)

    def problem(self, what: str) -> None:
        """Count something that could not be read."""
        with self._lock:
            self._count(what)

    def _count(self, what: str) -> None:
        if what in self._problems or len(self._problems) < MOST_PROBLEMS:
            self._problems[what] += 1

    def drain(self) -> list[Reading]:
        """All that waits."""
        with self._lock:
            found, self._waiting = self._waiting, []
            return found

    def back(self, readings: list[Reading]) -> None:
        """Return what could not be written, ahead of what came since."""
        with self._lock:
            self._waiting = (readings + self._waiting)[:MOST_WAITING]

    @property
    def problems(self) -> dict[str, int]:
        """What was lost or not understood, and how often."""
        with self._lock:
            return dict(self._problems)

    @property
    def signals(self) -> int:
        """How many signals were seen."""
        return len(self._series)


def name_of(text: object) -> str:
    """Foreign text as a name: one line, without control and direction marks, bounded."""
    return _UNPRINTED.sub(" ", str(text)).strip()[:LONGEST].strip()


def number_of(value: Any) -> float | None:
    """A number, a switch (1 or 0) or a text that is one; None for anything else."""
    if isinstance(value, bool | int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str) and len(value) <= 40:
        if (word := value.strip().lower()) in _WORDS:
            return _WORDS[word]
        try:
            return float(word) if word[:1] in "+-.0123456789" else None
        except ValueError:
            return None
    return None


def moment_of(value: Any, now: float) -> float | None:
    """Epoch seconds of a number (s, ms, µs, ns) or ISO text; None where it is no time from 1990 to a day from now."""
    at: float | None = None
    if isinstance(value, datetime):
        at = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        at = float(value) / next((scale for above, scale in _SCALES if value > above), 1.0)
    elif isinstance(value, str) and len(value) <= 40:
        try:
            at = moment_of(datetime.fromisoformat(value.strip()), now)
        except ValueError:
            return None
    return at if at is not None and _EARLIEST < at < now + DAY_S else None


def now() -> float:
    """The wall clock, epoch seconds: a recorder dates what comes without a time."""
    return time.time()
