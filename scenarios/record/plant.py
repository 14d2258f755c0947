"""A pair of cooling-water pumps: load, process signals every 10 s, and how far a developing fault has come."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from aitia.lab.folder import Row
from scenarios.record.vibration import Fault, Rig, waveform

STEP_S = 10.0
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Levels:
    """RMS acceleration (g) and velocity (mm/s, 10-1000 Hz) of the waveform model as functions of severity."""

    severity: Array
    acceleration: Array
    velocity: Array


def levels(rig: Rig, *, fault: Fault, rpm: float, snr_db: float, seed: int) -> Levels:
    """Measured on generated waveforms, so that the trend and the blocks tell the same story."""
    grid = np.linspace(0.0, 1.0, 6)
    acceleration, velocity = [], []
    for severity in grid:
        rng = np.random.default_rng(seed)
        x = waveform(rig, rng, fault=fault, rpm=rpm, snr_db=snr_db, severity=float(severity), seconds=4.0)
        acceleration.append(float(np.std(x)))
        velocity.append(velocity_rms(x, rig.fs))
    return Levels(severity=grid, acceleration=np.array(acceleration), velocity=np.array(velocity))


def velocity_rms(x: Array, fs: float) -> float:
    """Velocity RMS in mm/s between 10 and 1000 Hz, the band of ISO 20816."""
    f, power = signal.welch(x * 9.80665e3, fs, nperseg=int(fs))
    band = (f >= 10) & (f <= 1000)
    return float(np.sqrt(np.sum(power[band] / (2 * math.pi * f[band]) ** 2) * (f[1] - f[0])))


def wander(rng: np.random.Generator, n: int, *, sigma: float, memory: int) -> Array:
    """AR(1) noise with standard deviation `sigma` and a memory of `memory` samples."""
    a = math.exp(-1.0 / memory)
    e = rng.standard_normal(n) * sigma * math.sqrt(1 - a * a)
    return np.asarray(signal.lfilter([1.0], [1.0, -a], e), dtype=np.float64)


def load_of(rng: np.random.Generator, n: int) -> Array:
    """Relative load: operators move the set point now and then, the process wanders around it."""
    steps = np.full(n, 1.0)
    at = 0
    while at < n:
        length = int(rng.integers(180, 420))
        steps[at : at + length] = 1.0 + rng.uniform(-0.06, 0.06)
        at += length
    smooth = signal.lfilter([1 / 18], [1, -17 / 18], steps - 1.0)
    return np.asarray(1.0 + smooth + wander(rng, n, sigma=0.006, memory=30), dtype=np.float64)


def growth(t: Array, onset: float, *, rise_s: float) -> Array:
    """Severity of a developing fault: 0 before the onset, then a smooth approach to 1."""
    age = np.clip((t - onset) / rise_s, 0.0, 1.0)
    return np.asarray(age * age * (3 - 2 * age), dtype=np.float64)


def machine_series(
    rng: np.random.Generator,
    t: Array,
    *,
    load: Array,
    severity: Array,
    level: Levels,
    rpm: float,
    heat: float,
) -> dict[str, Array]:
    """Process signals of one pump. `heat` is the temperature rise (K) that the fault causes in the long run."""
    n = t.size

    def noise(sigma: float, memory: int = 3) -> Array:
        return wander(rng, n, sigma=sigma, memory=memory)

    lag = math.exp(-STEP_S / 600.0)  # the bearing housing warms with a time constant of 10 minutes
    warm = np.asarray(signal.lfilter([1 - lag], [1, -lag], 9.0 * (load - 1.0) + heat * severity))
    day = 1.2 * np.sin(2 * math.pi * (t - t[0]) / 86_400.0)
    vary = 1.0 + 0.25 * (load - 1.0)
    return {
        "bearing_temperature_celsius": 58.0 + day + warm + noise(0.25, 12),
        "motor_current_amperes": 86.0 * (0.35 + 0.65 * load) + noise(0.5),
        "flow_m3_per_hour": 312.0 * load + noise(2.2),
        "discharge_pressure_bar": 6.3 - 1.1 * (load - 1.0) + noise(0.025),
        "speed_rpm": rpm * (1.0 - 0.012 * (load - 1.0)) + noise(0.7),
        "vibration_acceleration_g": np.interp(severity, level.severity, level.acceleration) * vary
        * (1.0 + noise(0.035)),
        "vibration_velocity_mm_per_s": np.interp(severity, level.severity, level.velocity) * vary
        * (1.0 + noise(0.045)),
    }  # fmt: skip


UNITS = {
    "bearing_temperature_celsius": (1, "°C"),
    "motor_current_amperes": (1, "A"),
    "flow_m3_per_hour": (1, "m³/h"),
    "discharge_pressure_bar": (3, "bar"),
    "speed_rpm": (1, "rpm"),
    "vibration_acceleration_g": (4, "g"),
    "vibration_velocity_mm_per_s": (3, "mm/s"),
}


def rows_of(component: str, t: Array, series: dict[str, Array]) -> list[Row]:
    """Long rows, rounded as the historian stores them."""
    return [
        (
            float(at),
            component,
            metric,
            json.dumps({"unit": UNITS[metric][1]}, ensure_ascii=False),
            float(value),
        )
        for metric, values in series.items()
        for at, value in zip(t, np.round(values, UNITS[metric][0]), strict=True)
    ]
