"""Bearing records of simulated rigs, second family: other physics than `benchmarks/signals/rigs.py`, from the literature.

A rig's name seeds all that is drawn for it; the SHA-256 of the name deals it to *shown* or *held* (`split`). Nothing is read
from disk and nothing is tuned: ranges are those of the papers, or of ordinary plant practice where none is named.

  structure    modes of a housing as damped oscillations (300 Hz to .45 of the rate), and how the sensor is mounted: a stud passes
               all, a magnet resonates at 2 to 6 kHz and passes little above (ISO 5348)
  race defect  a spall of finite width: each element unloads at its entry (a slow half wave) and strikes at its exit
               (Epps 1991; Sawalhi and Randall 2011); load zone by Stribeck's distribution (McFadden and Smith 1984)
  ball defect  one strike on each race a spin, by the load zone at the cage's speed, while its axis wanders
  extended     rough, spread damage: noise modulated at the defect's rate, hardly any impulses (Antoni and Randall 2003)
  slip         deviations of a mean that add up (Randall and Antoni 2011), 0.3 to 1.5 % an impact
  background   shaft orders, gear mesh with AM and FM sidebands of another shaft, twice the mains and slot lines, a converter's
               carrier with sidebands, broadband flow noise modulated at the blades, coloured noise, 14-bit quantisation
  no defect    healthy; a neighbour's impacts at a rate of its own; a loose foot; cavitation; starved lubrication (random
               bursts); a gear with one worn tooth; knocks
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aitia.tools.signals.vibration import Geometry
from benchmarks.signals.synthetic import Floats

FAULTS = ("outer_race", "outer_race", "inner_race", "inner_race", "ball", "extended")
OTHERS = ("healthy", "neighbour", "loose", "cavitation", "starved", "gear", "knocks")
RECORDS = len(FAULTS) + 4  # a rig's: every fault, a healthy one, and three of the others
# Z, d/D and contact angle as makers publish them (deep groove, angular contact, cylindrical and spherical roller bearings).
BEARINGS = (
    (8, 0.2367, 0), (9, 0.2034, 0), (9, 0.206, 0), (10, 0.185, 0), (7, 0.265, 0), (8, 0.241, 0), (8, 0.229, 0), (11, 0.166, 0),
    (12, 0.238, 0), (12, 0.222, 40), (13, 0.195, 0), (14, 0.2, 0), (16, 0.1176, 15.17), (15, 0.155, 10), (19, 0.115, 9),
)  # fmt: skip
SEVERITY_DB = (-14.0, 6.0)  # RMS of the defect's answer over that of the noise
BITS = 14


def split(name: str) -> str:
    """`shown` or `held`, by the hash of a rig's name."""
    return "shown" if hashlib.sha256(name.encode()).digest()[0] % 5 < 2 else "held"


def seeded(text: str) -> np.random.Generator:
    """Randomness that a text alone decides."""
    return np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What was drawn for a rig; frequencies in Hz, `zone` Stribeck's ε, `slip` a share of the impacts' spacing."""

    name: str
    geometry: Geometry
    fs: float
    seconds: float
    rpm: float
    drift: float
    modes: tuple[tuple[float, float, float], ...]  # Hz, damping ratio, size
    magnet: float  # Hz of the sensor's mounting resonance; 0: stud
    zone: float
    slip: float
    mains: float
    converter: bool


def rig(name: str) -> Rig:
    """The rig of a name."""
    rng = seeded(name)
    z, ratio, angle = BEARINGS[int(rng.integers(len(BEARINGS)))]
    fs = float(rng.choice([10_240.0, 12_800.0, 20_000.0, 25_600.0, 51_200.0]))
    return Rig(
        name=name,
        geometry=Geometry(rolling_elements=z, element_diameter=ratio, pitch_diameter=1.0, contact_angle=angle),
        fs=fs,
        seconds=float(rng.choice([1.5, 3.0, 5.0, 10.0])),
        rpm=float(np.exp(rng.uniform(np.log(500), np.log(3_600)))),
        drift=float(rng.choice([0.0, 0.001, 0.004, 0.012])),
        modes=tuple(
            (float(np.exp(rng.uniform(np.log(300), np.log(0.45 * fs)))), float(rng.uniform(0.01, 0.06)),
             float(rng.uniform(0.2, 1)))
            for _ in range(int(rng.integers(3, 9)))
        ),
        magnet=float(rng.choice([0.0, rng.uniform(2_000, 6_000)])),
        zone=float(rng.uniform(0.3, 0.6)),
        slip=float(rng.uniform(0.003, 0.015)),
        mains=float(rng.choice([50.0, 60.0])),
        converter=bool(rng.uniform() < 0.4),
    )  # fmt: skip


def turned(made: Rig, rng: np.random.Generator) -> Floats:
    """The shaft's angle in turns: a slow drift of the speed and a wander of a tenth of it."""
    t = np.arange(int(made.fs * made.seconds)) / made.fs
    slow = made.drift * (t / made.seconds - 0.5) + 0.1 * made.drift * np.sin(
        2 * np.pi * rng.uniform(0.5, 3) * t
    )
    return np.asarray(np.cumsum(made.rpm / 60 * (1 + slow)) / made.fs, dtype=np.float64)


def answered(made: Rig, force: Floats) -> Floats:
    """A force at the bearing as the sensor sees it: the sum of the modes, then its mounting."""
    f = np.fft.rfftfreq(force.size, 1 / made.fs)
    gain = sum(a * 2 * d * f**2 / (f0**2 - f**2 + 2j * d * f0 * f) for f0, d, a in made.modes)
    return mounted(made, np.asarray(np.fft.irfft(np.fft.rfft(force) * gain, force.size), dtype=np.float64))


def mounted(made: Rig, x: Floats) -> Floats:
    """What a magnet lets through (a resonance of Q 5, 12 dB an octave above it); all with a stud."""
    if not made.magnet:
        return x
    f = np.fft.rfftfreq(x.size, 1 / made.fs)
    gain = made.magnet**2 / (made.magnet**2 - f**2 + 0.2j * made.magnet * f)
    return np.asarray(np.fft.irfft(np.fft.rfft(x) * gain, x.size), dtype=np.float64)


def load(made: Rig, turn: Floats) -> Floats:
    """Stribeck's load at an angle in turns from the middle of the load zone, 0 to 1, for point contact."""
    return np.maximum(0.0, 1 - (1 - np.cos(2 * np.pi * turn)) / (2 * made.zone)) ** 1.5


def strikes(made: Rig, rng: np.random.Generator, angle: Floats, order: float) -> Floats:
    """Angles in turns at which a defect is struck: spaced by 1/order, slipping."""
    count = int(angle[-1] * order * 1.1) + 8
    gaps = (1 + made.slip * rng.standard_normal(count)) / (order * (1 + rng.uniform(-0.008, 0.004)))
    at = np.cumsum(gaps) + angle[0]
    return np.asarray(at[at < angle[-1] - 0.05], dtype=np.float64)


def spall(
    made: Rig, rng: np.random.Generator, angle: Floats, order: float, size: Callable[[Floats], Floats]
) -> Floats:
    """Entry and exit of each element at a spall; `size` of the strikes by their angle."""
    at = strikes(made, rng, angle, order)
    heights = size(at) * (1 + 0.15 * rng.standard_normal(at.size))
    wide = rng.uniform(0.02, 0.15) / order  # turns between entry and exit
    force = impulses(angle, at + wide, heights)
    slow = max(int(wide / float(np.mean(np.diff(angle)))), 3)
    entry = np.convolve(impulses(angle, at, heights), np.hanning(slow) / slow, mode="same")
    return force + rng.uniform(0.5, 3) * entry


def impulses(angle: Floats, at: Floats, heights: Floats) -> Floats:
    """Unit impulses between samples, shared by both neighbours."""
    where = np.interp(at, angle, np.arange(angle.size))
    low = np.minimum(where.astype(int), angle.size - 2)
    made = np.zeros(angle.size)
    np.add.at(made, low, heights * (1 - (where - low)))
    np.add.at(made, low + 1, heights * (where - low))
    return made


def force(made: Rig, rng: np.random.Generator, angle: Floats, fault: str) -> Floats:
    """The force of a defect of the bearing, of any size."""
    o = made.geometry.orders
    if fault == "outer_race":
        place = float(rng.uniform(-0.08, 0.08))
        return spall(
            made, rng, angle, o.bpfo, lambda at: np.full(at.size, float(load(made, np.array([place]))[0]))
        )
    if fault == "inner_race":
        begin = float(rng.uniform())
        return spall(made, rng, angle, o.bpfi, lambda at: load(made, at + begin) + 0.03)
    if fault == "extended":
        swing = np.maximum(0.0, np.cos(2 * np.pi * o.bpfo * 0.995 * angle)) ** 3
        return rng.standard_normal(angle.size) * (0.15 + swing)
    begin, switch = float(rng.uniform()), rng.uniform(30, 150)
    uneven = float(rng.uniform(0.1, 0.8))

    def size(at: Floats) -> Floats:
        axis = np.cumsum(rng.uniform(size=at.size) < 1 / switch) % 2
        return (
            load(made, at * o.ftf + begin)
            * (1 + uneven * (-1.0) ** np.arange(at.size))
            * np.where(axis, 1.0, 0.15)
        )

    return spall(made, rng, angle, 2 * o.bsf, size)


def other(made: Rig, rng: np.random.Generator, angle: Floats, kind: str) -> Floats:
    """What shakes a machine whose bearing is well, as the sensor sees it, of any size."""
    white = rng.standard_normal(angle.size)
    if kind == "neighbour":  # an own speed, an own bearing, through the foundation
        return answered(made, _even(made, rng, angle, float(rng.uniform(2.3, 9.7))))
    if kind == "loose":
        swing = np.cos(2 * np.pi * angle) + 0.5 * np.cos(np.pi * angle + rng.uniform(0, 6))
        return answered(made, np.maximum(0.0, swing - 0.6) + 0.02 * white)
    if kind == "cavitation":  # bursts by chance, more of them when a blade passes
        blades = int(rng.integers(3, 9))
        rate = 0.02 * (1 + 0.5 * np.cos(2 * np.pi * blades * angle))
        return answered(made, (rng.uniform(size=angle.size) < rate) * rng.exponential(1.0, angle.size))
    if kind == "starved":
        return answered(
            made, (rng.uniform(size=angle.size) < 0.002) * rng.exponential(1.0, angle.size) + 0.05 * white
        )
    if kind == "gear":
        return answered(made, _even(made, rng, angle, 1.0, slip=0.0))
    few = np.zeros(angle.size)
    few[rng.integers(0, angle.size, max(3, int(made.seconds)))] = 1.0
    return answered(made, few)


def _even(made: Rig, rng: np.random.Generator, angle: Floats, order: float, *, slip: float = 0.002) -> Floats:
    count = int(angle[-1] * order) + 8
    at = np.cumsum((1 + slip * rng.standard_normal(count)) / order)
    at = at[at < angle[-1] - 0.05]
    return impulses(angle, at, 1 + 0.1 * rng.standard_normal(at.size))


def background(made: Rig, rng: np.random.Generator, angle: Floats) -> tuple[Floats, Floats]:
    """The noise of unit RMS, and the lines of shaft, gear, mains and converter, as the sensor sees them."""
    t = np.arange(angle.size) / made.fs
    f = np.fft.rfftfreq(angle.size, 1 / made.fs)
    pink = np.fft.irfft(
        np.fft.rfft(rng.standard_normal(angle.size)) / np.maximum(f, 30) ** rng.uniform(0, 0.5), angle.size
    )
    noise = mounted(made, pink / np.std(pink)) + 0.7 * _unit(answered(made, rng.standard_normal(angle.size)))
    own = seeded(f"{made.name}/machine")  # a rig's lines are its own, record by record
    blades, ratio, teeth = int(own.integers(4, 9)), float(own.uniform(0.25, 4)), int(own.integers(15, 60))
    noise = _unit(noise) * (1 + own.uniform(0, 0.25) * np.cos(2 * np.pi * blades * angle))
    lines = sum(
        own.exponential(1.2) / k**1.3 * np.cos(2 * np.pi * k * angle + own.uniform(0, 6)) for k in range(1, 9)
    )
    wobble = 0.3 * np.sin(2 * np.pi * ratio * angle)
    lines = lines + own.exponential(0.6) * (1 + own.uniform(0, 0.5) * np.cos(2 * np.pi * angle)) * np.cos(
        2 * np.pi * teeth * angle + wobble
    )
    for k in (1, 2, 3, 6):
        lines = lines + own.exponential(0.25) * np.cos(4 * np.pi * k * made.mains * t + own.uniform(0, 6))
    if made.converter:
        carrier = float(own.uniform(2_000, 0.4 * made.fs))
        beat = 1 + 0.6 * np.cos(4 * np.pi * float(own.uniform(15, 60)) * t)
        lines = lines + own.exponential(0.5) * beat * np.cos(2 * np.pi * carrier * t)
    return _unit(noise), mounted(made, np.asarray(lines, dtype=np.float64))


def _unit(x: Floats) -> Floats:
    return x / max(float(np.std(x)), 1e-12)


def plan(name: str) -> list[str]:
    """What is wrong in each record of a rig; `RECORDS` of them."""
    rng = seeded(f"{name}/plan")
    return [
        *FAULTS,
        "healthy",
        *(str(k) for k in rng.choice(OTHERS[1:], size=RECORDS - len(FAULTS) - 1, replace=False)),
    ]


def record(name: str, number: int) -> tuple[Floats, Rig]:
    """A record's samples in g, and its rig; what is wrong with it says `plan`."""
    made, kind = rig(name), plan(name)[number]
    rng = seeded(f"{name}/{number}")
    angle = turned(made, rng)
    noise, lines = background(made, rng, angle)
    x = noise + lines
    if kind != "healthy":
        answer = (
            answered(made, force(made, rng, angle, kind)) if kind in FAULTS else other(made, rng, angle, kind)
        )
        x = x + 10 ** (float(rng.uniform(*SEVERITY_DB)) / 20) * _unit(answer)
    step = float(np.max(np.abs(x))) * 1.2 / 2 ** (BITS - 1)
    return np.asarray(0.2 * np.round(x / step) * step, dtype=np.float64), made


def told_rpm(name: str, number: int) -> float:
    """The speed as an operator would log it: right to 1 %."""
    return rig(name).rpm * (1 + 0.01 * float(seeded(f"{name}/{number}/rpm").uniform(-1, 1)))
