"""How an asset is run: load by shift, season and ambient, starts and stops, set-points and modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from benchmarks.machines.made_common import DAY_MINUTES as DAY
from benchmarks.machines.made_common import Bools, Floats, iso, lagged, piecewise, wander

Pattern = Literal["continuous", "shifts", "cooling", "heating", "grid", "battery", "batch"]

MODE_LOAD, MODE_SETPOINT = -0.1, 0.4  # what the other mode of operation changes
KICK_MINUTES = 3.0  # inrush, overshoot and run-up after a start
RUNNING = 0.2  # share of rated load above which a calculated quantity means something


@dataclass(frozen=True)
class Operation:
    """The course of an asset's operation, one value per row; load is a share of rated, 0 when off."""

    times: pd.DatetimeIndex
    step: float  # minutes
    load: Floats
    on: Floats
    ambient: Floats  # °C
    setpoint: Floats  # -1 to 1, the model scales it
    mode: Floats  # 0 normal, 1 the other mode of operation
    kick: Floats  # 1 at a start, decays within minutes
    campaign: Floats
    scale: float  # size of this unit
    offset: float  # build and mounting of this unit, about -1 to 1

    def lag(self, x: Floats, minutes: float) -> Floats:
        """First-order lag with a time constant in minutes."""
        return lagged(np.asarray(x, float) + 0 * self.load, minutes, self.step)

    @property
    def running(self) -> Bools:
        """Rows where the asset runs at a load that tells something."""
        return np.abs(self.load) > RUNNING

    def reference(self) -> Operation:
        """The same unit in steady operation at its median running load and ambient."""
        level = lambda x: np.full(4, float(np.median(x[self.running])))  # noqa: E731
        flat, ones = np.zeros(4), np.ones(4)
        load = np.full(4, float(np.median(np.abs(self.load[self.running]))))
        return Operation(
            self.times[:4],
            self.step,
            load,
            ones,
            level(self.ambient),
            flat,
            flat,
            flat,
            flat,
            self.scale,
            self.offset,
        )

    def transients(self) -> list[dict[str, Any]]:
        """Every start, stop, set-point change, load step and mode change with its time."""
        made: list[dict[str, Any]] = []
        for kind, course in (
            ("on", self.on),
            ("set-point change", self.setpoint),
            ("load step", self.campaign),
            ("mode change", self.mode),
        ):
            for i in np.flatnonzero(np.diff(course)) + 1:
                named = ("start" if course[i] else "stop") if kind == "on" else kind
                made.append(
                    {
                        "time": iso(self.times[i]),
                        "kind": named,
                        "from": round(course[i - 1], 3),
                        "to": round(course[i], 3),
                    }
                )
        return sorted(made, key=lambda t: str(t["time"]))


def operate(
    rng: np.random.Generator, pattern: Pattern, times: pd.DatetimeIndex, step: float, busy: float = 1.0
) -> Operation:
    """Draw a unit and its operation; `busy` multiplies how often it is stopped, stepped and set otherwise."""
    n = len(times)
    day = DAY / step
    hour = (times.hour + times.minute / 60).to_numpy(float)
    ambient = _ambient(rng, times, hour, step)
    campaign = piecewise(rng, n, 6 * day / busy, [-0.12, -0.06, 0.0, 0.06])
    setpoint = piecewise(rng, n, 12 * day / busy, [-1.0, -0.5, 0.0, 0.5, 1.0])
    mode = piecewise(rng, n, 1.5 * day, [0.0, 1.0]) if busy > 1 else np.zeros(n)
    drift = 0.035 * wander(rng, n, 240, step) + 0.03 * wander(rng, n, 4 * DAY, step)
    shape, on = _shape(rng, pattern, times, hour, ambient, step, busy)
    if pattern != "grid":
        on = on * _stops(rng, n, day, busy)
    setpoint, shape = (
        setpoint + MODE_SETPOINT * mode,
        shape + (MODE_LOAD * mode if pattern != "battery" else 0),
    )
    size = np.clip(shape + campaign + drift, 0.25, 1.05) if pattern != "battery" else shape * (1 + 2 * drift)
    since = _since_start(on) * step + rng.uniform(0, min(step, KICK_MINUTES))
    return Operation(
        times=times,
        step=step,
        load=size * on,
        on=on,
        ambient=ambient,
        setpoint=setpoint,
        mode=mode,
        kick=np.exp(-since / KICK_MINUTES) * on,
        campaign=campaign if pattern != "battery" else np.zeros(n),
        scale=float(rng.uniform(0.85, 1.15)),
        offset=float(rng.uniform(-1, 1)),
    )


def _ambient(rng: np.random.Generator, times: pd.DatetimeIndex, hour: Floats, step: float) -> Floats:
    """Outdoor temperature of a temperate site: season, day, weather [°C]."""
    season = np.cos(2 * np.pi * (times.dayofyear.to_numpy() - 201) / 365.25)
    weather = wander(rng, len(times), 3 * DAY, step)
    swing = (3.5 + 1.5 * season) * np.clip(1 + 0.4 * weather, 0.2, 1.6)
    return 11 + 9 * season + 2.8 * weather + swing * np.cos(2 * np.pi * (hour - 15) / 24)


def _shape(
    rng: np.random.Generator,
    pattern: Pattern,
    times: pd.DatetimeIndex,
    hour: Floats,
    ambient: Floats,
    step: float,
    busy: float,
) -> tuple[Floats, Floats]:
    """The expected load and whether the schedule has the asset run."""
    n, weekday = len(times), times.dayofweek.to_numpy()
    ones = np.ones(n)
    if pattern == "shifts":
        ends = rng.choice([14, 22]) + rng.normal(0, 0.3, 4000)[times.dayofyear.to_numpy()]
        return 0.74 * ones, ((weekday < rng.choice([5, 6])) & (hour >= 6) & (hour < ends)).astype(float)
    if pattern == "cooling":
        people = np.where((hour > 6) & (hour < 19) & (weekday < 5), 1.0, 0.72)
        return (0.4 + 0.48 / (1 + np.exp((15 - ambient) / 4))) * people, ones
    if pattern == "heating":
        return 0.3 + 0.55 / (1 + np.exp((ambient - 7) / 5)), ones
    if pattern == "grid":
        peaks = 0.14 * np.exp(-(((hour - 9) / 2.5) ** 2)) + 0.2 * np.exp(-(((hour - 18.5) / 2.5) ** 2))
        season = np.cos(2 * np.pi * (times.dayofyear.to_numpy() - 20) / 365.25)
        return 0.5 + peaks - 0.07 * (weekday >= 5) + 0.07 * season, ones
    if pattern == "battery":
        sun = 0.65 * np.exp(-(((hour - 12.5) / 2.2) ** 2)) - 0.7 * np.exp(-(((hour - 19.5) / 1.8) ** 2))
        return sun * (1 + 0.1 * wander(rng, n, DAY, step)), ones
    if pattern == "batch":
        return 0.74 * ones, _batches(rng, n, step, busy)
    return 0.76 + 0.03 * np.cos(2 * np.pi * (hour - 14) / 24), ones


def _batches(rng: np.random.Generator, n: int, step: float, busy: float) -> Floats:
    """Batches of hours with pauses between."""
    on, at = np.zeros(n), 0
    while at < n:
        long = int(rng.uniform(180, 420) / step / max(1.0, busy / 4))
        on[at : at + long] = 1
        at += long + max(1, int(rng.uniform(30, 90) / step))
    return on


def _stops(rng: np.random.Generator, n: int, day: float, busy: float) -> Floats:
    """1 but for stops: every 14 days for 3 to 20 hours, sooner and shorter when busy."""
    on, at = np.ones(n), int(rng.exponential(14 * day / busy)) + int(day / 8)
    while at < n:
        long = max(2, int(rng.uniform(3, 20) / 24 * day / np.sqrt(busy)))
        on[at : at + long] = 0
        at += long + int(rng.exponential(14 * day / busy)) + int(day / 12)
    return on


def _since_start(on: Floats) -> Floats:
    """Rows since the last start; large before the first."""
    rows = np.arange(len(on))
    begins = np.where((on > 0) & (np.r_[1.0, on[:-1]] == 0), rows, -100000)
    return (rows - np.maximum.accumulate(begins)).astype(float)
