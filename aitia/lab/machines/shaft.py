"""The response of a fan's rotor to forces: the rotor by ROSS, the forces of its failures by published models.

ROSS (Timbo et al. 2020) gives the matrices of an overhung fan on two bearings in housings; the response is

    a(f) = -w^2 [K - w^2 M + i w (C + W G)]^-1 F(f),   w = 2 pi f, W the shaft's speed

Forces (N): imbalance U W^2; misalignment of the coupling at 1x, 2x and 4x, 2x most (Xu and Marangoni 1994); a rub pushes back
while the shaft is beyond its clearance, k (r - d) with friction (Muszynska 1989); a loose foot is a stiffness that acts in one
direction only (same); a bearing defect gives impacts with slip, modulated by the load zone (McFadden and Smith 1984; Randall and
Antoni 2011), which also ring the housing's plate.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitia.lab.machines.case import Floats

FS, N = 6_400.0, 8_192  # 2.56 times 2500 Hz; 1.28 s a block
LONG = 2 * N  # simulated, of which the middle is kept
T = np.arange(LONG) / FS
PLATE_HZ, PLATE_DAMPING = 2_150.0, 0.035
BALLS, BALL_MM, PITCH_MM = 10, 19.05, 85.0  # a deep-groove bearing of size 6312, two of them
BLADES = 11
SLIP = 0.012
CHANNELS = ("AS-H", "AS-V", "BS-H", "BS-V")  # drive end and fan end, horizontal and vertical
G = 9.80665
Forces = dict[tuple[str, int], Floats]  # place and axis (0 horizontal, 1 vertical): N over time


def orders() -> dict[str, float]:
    """Defect frequencies as multiples of the shaft's speed."""
    q = BALL_MM / PITCH_MM
    return {
        "bpfo": BALLS / 2 * (1 - q), "bpfi": BALLS / 2 * (1 + q),
        "bsf": PITCH_MM / (2 * BALL_MM) * (1 - q * q), "ftf": (1 - q) / 2,
    }  # fmt: skip


@lru_cache(maxsize=1)
def rotor() -> Any:
    """Overhung fan: shaft of 1.2 m, impeller of about 90 kg at its end, bearings in housings on a steel frame."""
    with muted():
        import ross
    steel = ross.Material("steel", rho=7_850, E=211e9, G_s=81.2e9)
    shaft = [ross.ShaftElement(0.2, 0.0, 0.085, material=steel) for _ in range(6)]
    disks = [
        ross.DiskElement.from_geometry(n=6, material=steel, width=0.045, i_d=0.085, o_d=0.58),
        ross.DiskElement.from_geometry(n=0, material=steel, width=0.06, i_d=0.085, o_d=0.2),
    ]
    bearings = [
        element
        for node, housing in ((1, 7), (4, 8))
        for element in (
            ross.BearingElement(n=node, n_link=housing, kxx=1.2e8, kyy=1.6e8, cxx=3e3, cyy=3e3),
            ross.BearingElement(n=housing, kxx=0.5e8, kyy=0.9e8, cxx=1.5e4, cyy=1.5e4),
        )
    ]
    return ross.Rotor(
        shaft, disks, bearings, point_mass_elements=[ross.PointMass(n=7, m=24), ross.PointMass(n=8, m=24)]
    )


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """A library that ROSS loads writes of a missing REFPROP past Python's own stdout and stderr."""
    with open(os.devnull, "w") as nowhere:
        kept = {fd: os.dup(fd) for fd in (1, 2)}
        try:
            for fd in kept:
                os.dup2(nowhere.fileno(), fd)
            yield
        finally:
            for fd, copy in kept.items():
                os.dup2(copy, fd)
                os.close(copy)


@dataclass(frozen=True)
class Response:
    """From a force at a place and axis to the acceleration of the four channels, by frequency."""

    gains: dict[tuple[str, int], NDArray[np.complex128]]  # channels x lines

    def acceleration(self, forces: Forces) -> dict[str, Floats]:
        """In g, of the middle of the time that was simulated."""
        total = sum(self.gains[key] * np.fft.rfft(force)[None, :] for key, force in forces.items())
        found = np.fft.irfft(np.asarray(total), LONG, axis=1)[:, N // 2 : N // 2 + N] / G
        return dict(zip(CHANNELS, found, strict=True))


@lru_cache(maxsize=8)
def response(rpm: float) -> Response:
    """At one speed; the shaft's gyroscopic terms depend on it."""
    model, turn = rotor(), rpm * math.pi / 30
    coarse = np.concatenate([np.arange(2.0, 400.0, 1.0), np.arange(400.0, FS / 2 + 10, 10.0)])
    per = model.number_dof
    places = {"impeller": 6, "coupling": 0, "AS": 1, "BS": 4, "foot AS": 7, "foot BS": 8}
    inputs = {
        (place, axis): _dof(model, node, axis, per) for place, node in places.items() for axis in (0, 1)
    }
    outputs = [_dof(model, node, axis, per) for node in (7, 8) for axis in (0, 1)]
    k, m, c, g = model.K(turn), model.M(turn), model.C(turn), model.G()
    unit = np.zeros((k.shape[0], len(inputs)))
    unit[list(inputs.values()), range(len(inputs))] = 1.0
    found = np.empty((coarse.size, len(outputs), len(inputs)), dtype=np.complex128)
    for i, f in enumerate(coarse):
        w = 2 * math.pi * f
        solved = np.linalg.solve(k - w * w * m + 1j * w * (c + turn * g), unit)
        found[i] = -w * w * solved[outputs]
    lines = np.fft.rfftfreq(LONG, 1 / FS)
    gains = {
        key: np.array([np.interp(lines, coarse, found[:, o, j], left=0.0) for o in range(len(outputs))])
        for j, key in enumerate(inputs)
    }
    return Response(gains)


def _dof(model: Any, node: int, axis: int, per: int) -> int:
    """The index of a degree of freedom; housings come after the shaft's nodes."""
    shaft_nodes = 7
    if node < shaft_nodes:
        return per * node + axis
    size = (int(model.ndof) - per * shaft_nodes) // 2
    return per * shaft_nodes + size * (node - shaft_nodes) + axis


def background(rng: np.random.Generator, rpm: float, unbalance: float, load: float) -> Forces:
    """A fan that is well: some imbalance, a little of the coupling, blade passing, flow noise."""
    w = rpm * math.pi / 30
    phase = rng.uniform(0, 2 * math.pi, 4)
    turn = w * T
    mesh = 2.2 * load * (rpm / 1_480) ** 2 * np.cos(BLADES * turn + phase[1]) * (1 + 0.2 * np.cos(turn))
    return {
        ("impeller", 0): unbalance * w * w * np.cos(turn + phase[0]) + mesh,
        ("impeller", 1): unbalance * w * w * np.sin(turn + phase[0]) + 0.7 * mesh,
        ("coupling", 0): 9.0 * np.cos(2 * turn + phase[2]),
        ("coupling", 1): 6.0 * np.cos(2 * turn + phase[3]),
        **{
            (f"foot {end}", axis): 9.0 * load * rng.standard_normal(LONG) for end in ("AS", "BS") for axis in (0, 1)
        },
    }  # fmt: skip


def misaligned(rng: np.random.Generator, rpm: float) -> Forces:
    """Forces of a misaligned coupling at an amplitude of 1 N at 2x."""
    turn = rpm * math.pi / 30 * T + rng.uniform(0, 2 * math.pi)
    x = 0.35 * np.cos(turn) + np.cos(2 * turn + 0.6) + 0.2 * np.cos(4 * turn + 1.1)
    y = 0.2 * np.cos(turn + 1.2) + 0.7 * np.cos(2 * turn + 2.0) + 0.15 * np.cos(4 * turn)
    return {("coupling", 0): x, ("coupling", 1): y}


def rubbing(rng: np.random.Generator, rpm: float) -> Forces:
    """Contact over a part of each turn, harder at every second one, with friction; 1 N at its peak."""
    turn = rpm * math.pi / 30 * T + rng.uniform(0, 2 * math.pi)
    lift = np.cos(turn) + 0.35 * np.cos(turn / 2 + rng.uniform(0, 6.28)) + 0.03 * rng.standard_normal(LONG)
    push = np.maximum(0.0, lift - 0.72)
    push /= push.max()
    return {("impeller", 0): -push, ("impeller", 1): 0.25 * push}


def loose(rng: np.random.Generator, rpm: float, end: str) -> Forces:
    """A foot that lifts: its stiffness acts in one direction only, and no landing is like the one before; 1 N at its usual peak."""
    turn = rpm * math.pi / 30 * T + rng.uniform(0, 2 * math.pi)
    count = (turn / (2 * math.pi)).astype(int)
    swing = np.sin(turn) * (1 + 0.15 * rng.standard_normal(int(count[-1]) + 1))[count] + 0.3 * np.sin(
        turn / 2 + 0.4
    )
    land = np.maximum(0.0, swing - 0.35)
    land -= land.mean()
    return {(f"foot {end}", 1): land, (f"foot {end}", 0): 0.3 * land}


def impacts(rng: np.random.Generator, rpm: float, part: str) -> Floats:
    """Impulses of a bearing defect over time, mean size 1."""
    shaft, of = rpm / 60, orders()
    rate = {"outer": of["bpfo"], "inner": of["bpfi"], "ball": 2 * of["bsf"]}[part] * shaft
    zone = {"outer": 0.0, "inner": shaft, "ball": of["ftf"] * shaft}[part]
    steps = (1 + SLIP * rng.standard_normal(int(T[-1] * rate * 1.1) + 4)) / rate
    moments = np.cumsum(steps)
    moments = moments[moments < T[-1]]
    size = 1.0 + (0.9 * np.cos(2 * math.pi * zone * moments + rng.uniform(0, 6.28)) if zone else 0.0)
    size = size * (1 + 0.1 * rng.standard_normal(moments.size))
    x = np.zeros(LONG)
    np.add.at(x, (moments * FS).astype(int), size)
    return x


def ringing(hits: Floats) -> Floats:
    """What the housing's plate makes of impacts: a decaying oscillation after each, at unit RMS."""
    from scipy import signal

    w = 2 * math.pi * PLATE_HZ
    t = np.arange(round(8 / (PLATE_DAMPING * w) * FS)) / FS
    x = signal.fftconvolve(hits, np.exp(-PLATE_DAMPING * w * t) * np.sin(w * t))[:LONG]
    return np.asarray(x / np.sqrt(np.mean(x**2)), dtype=np.float64)


def velocity(acceleration: Floats) -> float:
    """RMS velocity in mm/s between 10 and 1000 Hz (ISO 20816) of an acceleration in g."""
    f = np.fft.rfftfreq(acceleration.size, 1 / FS)
    window = np.hanning(acceleration.size)
    power = (
        np.abs(np.fft.rfft(acceleration * window * G * 1_000)) ** 2
        / np.sum(window**2)
        * 2
        / acceleration.size
    )
    band = (f >= 10) & (f <= 1_000)
    return float(np.sqrt(np.sum(power[band] / (2 * math.pi * f[band]) ** 2)))
