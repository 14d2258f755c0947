"""What goes into and comes out of an analysis of one asset's condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from aitia.core.words import Moment, Unit01, Word
from aitia.tools.sources.rows import Floats

Class = Literal["process", "sensor"]
SensorKind = Literal["stuck", "drift", "spike", "bias", "swapped", "unit"]
ProcessKind = Literal["trend", "step", "swing"]
Severity = Literal["watch", "plan", "act"]
LimitOrigin = Literal["tag", "user", "iso"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a point in its own unit; None where there is none on that side. `origin`: who set them.

    `zones`: boundaries of zones of vibration, lowest first, each the limit of a level below it; `clause` says whose they are.
    """

    low: float | None = None
    high: float | None = None
    origin: LimitOrigin = "tag"
    zones: tuple[float, ...] = ()
    clause: str = ""

    def above(self, level: float) -> float | None:
        """The limit that a rising level comes to: the next boundary of a zone, the last once it is past all, else `high`."""
        if not self.zones:
            return self.high
        return next((z for z in self.zones if z > level), self.zones[-1])


@dataclass(frozen=True, kw_only=True)
class Point:
    """One tag of an asset: epoch seconds and values of equal length, in any order, NaN where unknown.

    quantity   what it measures (`temperature`, `flow`, `speed`, …, as `aitia.tools.meaning` names it); "" is read from the name
    unit       as the file states it; "" where nobody does
    """

    t: Floats
    v: Floats
    quantity: str = ""
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class AssetSignals:
    """The signals of one asset by the names of its points. `kind` is the kind of machine, "" where unknown."""

    name: str
    points: Mapping[str, Point]
    kind: str = ""
    notes: tuple[str, ...] = field(default=())


class Span(Word):
    """A half-open span of time."""

    start: Moment
    end: Moment


class Regime(Word):
    """A way of running: its share of the time, and the usual level and spread of each point in it (own units)."""

    name: str
    share: Unit01
    rows: int = Field(description="buckets of the reference in this regime; with few its levels say little")
    usual: dict[str, tuple[float, float]] = Field(
        default={}, description="point: median, robust standard deviation"
    )


class Transients(Word):
    """Starts, stops and set-point changes, which raise no alarm."""

    starts: int = 0
    stops: int = 0
    changes: int = Field(0, description="of a set point or of load, by a step")
    settling_s: float = Field(0.0, description="time after each that is left out, by the reference itself")


class Reference(Word):
    """What counts as normal."""

    span: Span
    by: Literal["named", "proposed"]
    why: str
    drivers: tuple[str, ...] = Field(
        default=(), description="points that say how the asset is run, by which the others are corrected"
    )

    @property
    def epoch(self) -> tuple[float, float]:
        """Its start and end, epoch seconds."""
        return self.span.start.timestamp(), self.span.end.timestamp()


class TimeToLimit(Word):
    """When a trend reaches a limit, from `now`: hours and dates, median and 80 % interval. `high` null: maybe never."""

    limit: float
    origin: LimitOrigin
    clause: str = Field(
        "", description="the standard whose zone begins there, where the limit is such a boundary"
    )
    hours: float
    low: float
    high: float | None
    at: Moment
    earliest: Moment
    latest: Moment | None
    shape: str = Field(description="linear, bent, exponential: the trend that fits best")


class Moved(Word):
    """A point that left with the one that a finding is told by: levels as in the finding."""

    point: str
    quantity: str = ""
    unit: str = ""
    shape: Literal["trend", "step"]
    direction: Literal["up", "down"]
    onset: Moment
    before: float
    now_level: float
    times_threshold: float


class Finding(Word):
    """What is wrong with an asset, or with one of its instruments.

    `before`, `now_level`, `rate_per_day` are in `unit`, corrected to the usual way of running; `size` is in standard
    deviations of the reference's held-out blocks; `times_threshold` is 1 where an alarm is just raised.
    """

    cls: Class
    kind: SensorKind | ProcessKind
    point: str
    channels: tuple[str, ...] = Field(description="all points that left, the one that shows it best first")
    unit: str = ""
    quantity: str = Field("", description="what `point` measures")
    onset: Moment
    onset_error_s: float
    until: Moment | None = Field(
        None, description="when it was last seen, of an instrument that shows it itself"
    )
    direction: Literal["up", "down", "changed"]
    before: float | None = None
    now_level: float | None = None
    rate_per_day: float | None = None
    size: float
    times_threshold: float
    severity: Severity
    confidence: Unit01
    why: str = Field(description="why sensor or process")
    limit: TimeToLimit | None = None
    no_limit: str = Field("", description="why no time to a limit is given")
    beside: tuple[Moved, ...] = Field((), description="points that left with `point`, the plainest first")
    statement: str


class Condition(Word):
    """The condition of one asset at `now`; `status` is no_data where nothing could be judged."""

    asset: str
    status: Literal["ok", "no_data"]
    now: Moment | None = None
    seen: Span | None = None
    reference: Reference | None = None
    regimes: tuple[Regime, ...] = ()
    transients: Transients = Transients()
    findings: tuple[Finding, ...] = ()
    not_judged: dict[str, str] = Field(default={}, description='point (or "" for the asset): why not')
    false_alarms_per_month: float = Field(description="the rate at which alarms are set, for the whole asset")
    bucket_s: float = Field(0.0, description="length of the buckets whose medians are judged")
    sparkline: dict[str, tuple[float, ...]] = Field(
        default={}, description="at most 60 levels, corrected, of points with a finding (first finding first)"
    )
