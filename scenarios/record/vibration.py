"""Vibration of a rolling-element bearing in a motor or pump, from documented equations.

Geometry and fault frequencies, the impulse train with random slip, and the load-zone modulation follow
P. D. McFadden and J. D. Smith, "Model for the vibration produced by a single point defect in a rolling element
bearing", J. Sound and Vibration 96 (1984), and R. B. Randall and J. Antoni, "Rolling element bearing
diagnostics - a tutorial", Mechanical Systems and Signal Processing 25 (2011), section 2.

With shaft speed f_r, n balls of diameter d on pitch diameter D at contact angle a, and q = d/D cos a:

    BPFO = n/2 (1 - q) f_r       BPFI = n/2 (1 + q) f_r
    FTF  = 1/2 (1 - q) f_r       BSF  = D/(2d) (1 - q^2) f_r

    x(t) = sum_k m(t_k) A e^{-z w (t - t_k)} sin(w (t - t_k)) + shaft + gear or vane mesh + noise
    t_{k+1} = t_k + T (1 + s e_k),  e_k standard normal, s = 0.01..0.02 (slip)
    m = 1 (outer race), 1 + cos(2 pi f_r t) (inner race), 1 + cos(2 pi FTF t) (ball, which strikes at 2 BSF)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Fault = Literal["outer_race", "inner_race", "ball", "imbalance", "none"]
FAULTS: tuple[Fault, ...] = ("outer_race", "inner_race", "ball", "imbalance", "none")


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A deep-groove ball bearing; lengths in mm, angle in degrees."""

    balls: int
    ball_mm: float
    pitch_mm: float
    contact_deg: float = 0.0

    def orders(self) -> dict[str, float]:
        """Fault frequencies as multiples of the shaft speed."""
        q = self.ball_mm / self.pitch_mm * math.cos(math.radians(self.contact_deg))
        return {
            "bpfo": self.balls / 2 * (1 - q),
            "bpfi": self.balls / 2 * (1 + q),
            "bsf": self.pitch_mm / (2 * self.ball_mm) * (1 - q * q),
            "ftf": (1 - q) / 2,
        }


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What the sensor hears besides the bearing. Amplitudes in g, frequencies in Hz or orders of the shaft."""

    geometry: Geometry
    fs: float = 12_000.0
    resonance_hz: float = 3_200.0
    damping: float = 0.035
    slip: float = 0.012
    imbalance_g: float = 0.06
    second_g: float = 0.02
    mesh_order: float = 7.0  # vanes of the impeller, or teeth
    mesh_g: float = 0.05
    noise_g: float = 0.08


def strikes(rng: np.random.Generator, *, period: float, slip: float, seconds: float) -> NDArray[np.float64]:
    """Moments of impact in [0, seconds): a renewal process around `period`."""
    count = int(seconds / period * 1.2) + 8
    steps = period * (1.0 + slip * rng.standard_normal(count))
    moments = rng.uniform(0, period) + np.concatenate(([0.0], np.cumsum(steps)))
    return np.asarray(moments[moments < seconds], dtype=np.float64)


def impulses(
    rig: Rig, rng: np.random.Generator, *, fault: Fault, rpm: float, seconds: float
) -> NDArray[np.float64]:
    """The bearing's part of the signal at unit RMS; zeros for a fault that is not the bearing's."""
    n = round(seconds * rig.fs)
    if fault in ("none", "imbalance"):
        return np.zeros(n)
    shaft, orders = rpm / 60.0, rig.geometry.orders()
    rate = {"outer_race": orders["bpfo"], "inner_race": orders["bpfi"], "ball": 2 * orders["bsf"]}[
        fault
    ] * shaft
    turns = {"outer_race": 0.0, "inner_race": shaft, "ball": orders["ftf"] * shaft}[fault]
    moments = strikes(rng, period=1.0 / rate, slip=rig.slip, seconds=seconds)
    phase = rng.uniform(0, 2 * math.pi)
    weight = 1.0 + (0.9 * np.cos(2 * math.pi * turns * moments + phase) if turns else 0.0)
    weight = weight * (1.0 + 0.1 * rng.standard_normal(moments.size))
    x = np.zeros(n)
    omega = 2 * math.pi * rig.resonance_hz
    ring = np.arange(round(6.0 / (rig.damping * omega) * rig.fs)) / rig.fs
    for at, a in zip(moments, weight, strict=True):
        first = math.ceil(at * rig.fs)
        tau = ring[: n - first] + (first / rig.fs - at)
        x[first : first + tau.size] += a * np.exp(-rig.damping * omega * tau) * np.sin(omega * tau)
    return x / max(float(np.sqrt(np.mean(x**2))), 1e-12)


def waveform(
    rig: Rig,
    rng: np.random.Generator,
    *,
    fault: Fault,
    rpm: float,
    snr_db: float,
    severity: float,
    seconds: float = 1.0,
) -> NDArray[np.float64]:
    """Acceleration in g. `severity` 0..1 scales the fault; at 1 its power is `snr_db` above the noise's."""
    t = np.arange(round(seconds * rig.fs)) / rig.fs
    turn = 2 * math.pi * rpm / 60.0 * t + rng.uniform(0, 2 * math.pi)
    gain = rig.noise_g * 10 ** (snr_db / 20.0)
    first = rig.imbalance_g + (severity * gain * math.sqrt(2) if fault == "imbalance" else 0.0)
    x = first * np.sin(turn) + rig.second_g * np.sin(2 * turn + rng.uniform(0, 2 * math.pi))
    x += rig.mesh_g * (1 + 0.3 * np.cos(turn)) * np.sin(rig.mesh_order * turn + rng.uniform(0, 2 * math.pi))
    x += rig.noise_g * rng.standard_normal(t.size)
    x += severity * gain * impulses(rig, rng, fault=fault, rpm=rpm, seconds=seconds)
    return x


def quantise(x: NDArray[np.float64], *, step: float = 2.0**-11) -> NDArray[np.float32]:
    """What a 16-bit converter with +-16 g range delivers."""
    codes = np.clip(np.round(x / step), -32768, 32767)
    return (codes * step).astype(np.float32)
