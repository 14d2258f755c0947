"""One simulated incident: its clock, its random streams, how far its failure has come, and what a simulation gives back."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from aitia.lab.words import Order

Floats = NDArray[np.float64]
Effect = Callable[[Floats], Floats]  # what a failing instrument makes of the value it should show

FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
DAYS = 270  # a recording begins on one of so many days
DAY_S, HOUR_S = 86_400.0, 3_600.0
LEVEL = {"weak": 0, "medium": 1, "strong": 2}


@dataclass(frozen=True, kw_only=True)
class Span:
    """How long a system is recorded: hours before the failure may begin, hours after it, and the step of its historian."""

    before_h: float
    after_h: float
    step_s: float
    lead_h: float  # from the window's start to the alarm
    tail_h: float  # from the alarm to the moment of the diagnosis


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that people did or that a controller wrote down: an entry of the journal or a work order."""

    at: float
    component: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer that only the scorer reads: component, path of the kind of fault, and what an expert would accept too."""

    component: str
    fault: str
    alternatives: tuple[tuple[str, str], ...] = ()
    why: str = ""


@dataclass(kw_only=True)
class Run:
    """What a simulation gave: true values by signal, failing instruments by signal, and what was written down meanwhile."""

    signals: dict[str, Floats]
    effects: dict[str, Effect] = field(default_factory=dict)
    journal: list[Happening] = field(default_factory=list)
    orders: list[Happening] = field(default_factory=list)
    decoys: list[str] = field(default_factory=list)


class Case:
    """One order with its clock. All but the failure depends on system and seed alone, so that a twin differs by nothing else."""

    def __init__(self, order: Order, span: Span, decoys: tuple[str, ...]) -> None:
        self.order, self.span = order, span
        pick = self.rng("plan")
        day = FIRST_DAY + DAY_S * int(pick.integers(DAYS))
        hour = float(pick.integers(0, 24)) * HOUR_S
        self.start = day + hour
        length = (span.before_h + span.after_h) * HOUR_S
        self.t: Floats = self.start + np.arange(0.0, length, span.step_s)
        play = min(1.0, span.before_h / 8) * HOUR_S  # the moment is not always the same one
        self.onset = self.start + span.before_h * HOUR_S + float(pick.uniform(0, play))
        drawn = [name for name in decoys if pick.uniform() < 0.35]
        self.decoys = order.decoys or tuple(drawn)

    def rng(self, *names: str) -> np.random.Generator:
        """A random stream of its own for each purpose: what one part draws moves no other."""
        text = "/".join((self.order.system, *names))
        return np.random.default_rng([self.order.seed, zlib.crc32(text.encode())])

    @property
    def fault(self) -> str:
        """The failure that happens; `none` in a healthy hour and in a twin."""
        return "none" if self.order.twin else self.order.fault

    @property
    def victim(self) -> str:
        """Who is hit."""
        return self.order.victim

    def by_strength(self, weak: float, medium: float, strong: float) -> float:
        """The value for the strength that was ordered."""
        return (weak, medium, strong)[LEVEL[self.order.strength]]

    def grown(self, rise_s: float = 0.0) -> Floats:
        """0 before the onset, 1 once the failure is there; a smooth rise over `rise_s`. All zero without a failure."""
        if self.fault == "none":
            return np.zeros(self.t.size)
        if rise_s <= 0:
            return np.asarray(self.t >= self.onset, dtype=np.float64)
        age = np.clip((self.t - self.onset) / rise_s, 0.0, 1.0)
        return np.asarray(age * age * (3 - 2 * age), dtype=np.float64)

    def hour_of_day(self) -> Floats:
        """Hours since midnight, 0 to 24."""
        return np.asarray(self.t % DAY_S / HOUR_S, dtype=np.float64)

    def moment(self, name: str) -> float:
        """When a decoy happens: in the last hours before or soon after the onset, where it may be taken for the cause."""
        low = max(self.start + HOUR_S, self.onset - 0.1 * self.span.before_h * HOUR_S)
        return float(self.rng("moment", name).uniform(low, self.onset + 0.3 * self.span.after_h * HOUR_S))

    def pulse(self, at: float, seconds: float, edge_s: float = 0.0) -> Floats:
        """1 from `at` on for so long, with soft edges."""
        if edge_s <= 0:
            return np.asarray((self.t >= at) & (self.t < at + seconds), dtype=np.float64)
        rise, fall = (self.t - at) / edge_s, (at + seconds - self.t) / edge_s
        return np.asarray(np.clip(np.minimum(rise, fall), 0.0, 1.0), dtype=np.float64)


def wander(rng: np.random.Generator, n: int, *, sigma: float, memory: float) -> Floats:
    """AR(1) noise with standard deviation `sigma` and a memory of so many samples."""
    from scipy import signal

    a = float(np.exp(-1.0 / memory))
    noise = rng.standard_normal(n) * sigma * np.sqrt(1 - a * a)
    first = [a * float(rng.standard_normal()) * sigma]  # begins in its steady state, not at zero
    return np.asarray(signal.lfilter([1.0], [1.0, -a], noise, zi=first)[0], dtype=np.float64)


def lagged(values: Floats, step_s: float, lag_s: float) -> Floats:
    """First-order lag, settled at the first value."""
    from scipy import signal

    if lag_s <= 0:
        return values
    a = float(np.exp(-step_s / lag_s))
    return np.asarray(
        signal.lfilter([1 - a], [1, -a], values, zi=[a * float(values[0])])[0], dtype=np.float64
    )
