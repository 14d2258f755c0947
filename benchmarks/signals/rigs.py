"""Bearing records of simulated rigs that differ from CWRU's in rotor, bearing, resonances, speed, load, noise and rate.

python benchmarks/signals/rigs.py --out DIR [--rigs 40]     (needs the extra `lab`: ross-rotordynamics)

Writes DIR/records.json and a .npz a record (key `de`), as `cwru.py` reads them. A rig's name seeds all that is drawn
for it; the SHA-256 of the name deals it to *develop* or *held out* (`split`). ROSS (Timbo et al. 2020) gives the
rotor in its bearings and housings, its answer to a force at the bearing is taken to the housing, where plate
resonances are added. The forces:

  outer race   impacts at BPFO, hardly modulated
  inner race   impacts at BPFI, by the load zone once a turn (McFadden and Smith 1984)
  ball         impacts at 2×BSF, unequal on the two races, by the load zone at FTF, in bouts while its spin axis
               wanders; in half of the records also lines of both races (as Smith and Randall 2015 find them). The
               half is an assumption.
  cage         shocks and a modulated noise at FTF with harmonics
  both races   an outer and an inner race defect at once: an answer of either is right, a ball is wrong
  other        no bearing fault: loose foot (halves of the speed), belt or whirl near FTF, a gear with a worn tooth,
               knocks by chance
  normal       nothing; some at another speed or load, as references that do not fit
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.lab.machines.shaft import muted
from aitia.tools.signals.vibration.bearings import Geometry, Orders
from benchmarks.signals.synthetic import Floats, coloured

REFERENCES, LOADS = (
    3,
    (0.4, 1.0),
)  # healthy records at the tested speed and load; loads as a share of the rated one
FAULTS = (
    "outer_race",
    "outer_race",
    "inner_race",
    "inner_race",
    "ball",
    "ball",
    "cage",
    "both",
    "other",
    "normal",
)
OTHERS = ("loose", "belt", "gear", "knocks")
NODES = 7


def split(name: str) -> str:
    """`develop` or `held out`, by the hash of a rig's name."""
    return "develop" if hashlib.sha256(name.encode()).digest()[0] % 2 else "held out"


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What was drawn for a rig; frequencies in Hz, `slip` per impact, `zone` the share of the ring that bears load."""

    name: str
    geometry: Geometry
    rotor: Any
    bearing_node: int
    fs: float
    seconds: float
    rpm: float
    modes: tuple[tuple[float, float, float], ...]  # frequency, damping, size
    slip: float
    zone: float
    mains: float
    teeth: int

    @property
    def orders(self) -> Orders:
        """The defect orders that the tested code is told."""
        return self.geometry.orders


def rig(name: str) -> Rig:
    """The rig of a name."""
    rng = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    balls = int(rng.integers(7, 17))
    ratio = float(rng.uniform(0.5, 0.85) * np.sin(np.pi / balls))  # so many fit on the pitch circle
    pitch = float(rng.uniform(30, 160))
    angle = float(rng.choice([0.0, 0.0, 15.0, 25.0, 40.0]))
    fs = float(rng.choice([8_192.0, 12_800.0, 20_480.0, 25_600.0]))
    return Rig(
        name=name,
        geometry=Geometry(rolling_elements=balls, element_diameter=ratio * pitch, pitch_diameter=pitch, contact_angle=angle),
        rotor=_rotor(rng, 0.9e-3 * pitch), bearing_node=int(rng.choice([1, 4])), fs=fs,
        seconds=float(rng.choice([2.0, 4.0, 8.0])),
        rpm=float(np.exp(rng.uniform(np.log(600), np.log(3_500)))),
        modes=tuple((float(rng.uniform(0.06, 0.44) * fs), float(rng.uniform(0.005, 0.04)), float(rng.uniform(0.3, 1)))
                    for _ in range(int(rng.integers(2, 6)))),
        slip=float(rng.uniform(0.002, 0.015)), zone=float(rng.uniform(0.25, 0.7)), mains=float(rng.choice([50.0, 60.0])),
        teeth=int(rng.integers(17, 60)),
    )  # fmt: skip


def _rotor(rng: np.random.Generator, diameter: float) -> Any:
    """A shaft with one or two disks between or beyond two bearings, in housings on their feet."""
    with muted():
        import ross
    steel = ross.Material("steel", rho=7_850, E=211e9, G_s=81.2e9)
    shaft = [
        ross.ShaftElement(float(rng.uniform(4, 9)) * diameter / 6, 0.0, diameter, material=steel)
        for _ in range(NODES - 1)
    ]
    disks = [
        ross.DiskElement.from_geometry(n=int(n), material=steel, width=float(rng.uniform(0.3, 1)) * diameter, i_d=diameter,
                                       o_d=float(rng.uniform(2, 6)) * diameter)
        for n in rng.choice([0, 2, 3, 6], size=int(rng.integers(1, 3)), replace=False)
    ]  # fmt: skip
    hard, feet = (
        np.exp(rng.uniform(np.log(2e7), np.log(5e8), 2)),
        np.exp(rng.uniform(np.log(1e7), np.log(3e8), 2)),
    )
    bearings = [
        element
        for node, housing in ((1, NODES), (4, NODES + 1))
        for element in (
            ross.BearingElement(n=node, n_link=housing, kxx=hard[0], kyy=hard[1], cxx=2e3, cyy=2e3),
            ross.BearingElement(n=housing, kxx=feet[0], kyy=feet[1], cxx=8e3, cyy=8e3),
        )
    ]
    mass = float(np.exp(rng.uniform(np.log(2), np.log(40))))
    return ross.Rotor(
        shaft,
        disks,
        bearings,
        point_mass_elements=[ross.PointMass(n=NODES, m=mass), ross.PointMass(n=NODES + 1, m=mass)],
    )


def answer(made: Rig, rpm: float, n: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """From a vertical force at the bearing, and one at the first disk, to the housing's acceleration, by frequency of an FFT."""
    model, turn = made.rotor, rpm * np.pi / 30
    per = model.number_dof
    size = (int(model.ndof) - per * NODES) // 2
    house = per * NODES + size * (made.bearing_node > 1) + 1
    places = [per * made.bearing_node + 1, per * int(model.disk_elements[0].n) + 1]
    k, m, c, g = model.K(turn), model.M(turn), model.C(turn), model.G()
    coarse = np.concatenate([np.arange(2.0, 400.0, 2.0), np.arange(400.0, made.fs / 2 + 20, 20.0)])
    unit = np.zeros((k.shape[0], 2))
    unit[places, range(2)] = 1.0
    found = np.empty((coarse.size, 2), dtype=np.complex128)
    for i, f in enumerate(coarse):
        w = 2 * np.pi * f
        found[i] = -w * w * np.linalg.solve(k - w * w * m + 1j * w * (c + turn * g), unit)[house]
    lines = np.fft.rfftfreq(n, 1 / made.fs)
    gains = [np.interp(lines, coarse, found[:, j], left=0.0) for j in range(2)]
    plate = sum(
        a * lines**2 / (f0**2 - lines**2 + 2j * damping * f0 * lines) * 2 * damping
        for f0, damping, a in made.modes
    )
    level = float(np.median(np.abs(gains[0][lines > 200])))
    return gains[0] + 10 * level * plate, gains[1]


def turns(made: Rig, rng: np.random.Generator, rpm: float, n: int) -> Floats:
    """The shaft's angle in turns: its speed wanders by .2 %."""
    t = np.arange(n) / made.fs
    wander = 0.002 * np.sin(2 * np.pi * rng.uniform(0.05, 0.4) * t + rng.uniform(0, 6))
    return np.cumsum(rpm / 60 * (1 + wander)) / made.fs


def train(made: Rig, rng: np.random.Generator, angle: Floats, order: float, *, zone: float = 0.0, bouts: bool = False,
          uneven: float = 0.0) -> Floats:  # fmt: skip
    """Impacts of mean size 1 at an order of the shaft; `zone` the order at which the defect passes the load zone."""
    order *= 1 + float(rng.uniform(-0.008, 0.004))  # rolling elements fall behind
    count = int(angle[-1] * order * 1.05) + 8
    at = np.cumsum(1 + made.slip * rng.standard_normal(count)) / order
    at = at[at < angle[-1]]
    place = (2 * at * zone * np.pi + rng.uniform(0, 6.28)) if zone else np.zeros(at.size)
    loaded = (
        np.maximum(0.0, 1 - (1 - np.cos(place)) / (2 * made.zone)) ** 1.1 + 0.05 if zone else np.ones(at.size)
    )
    size = loaded * (1 + 0.15 * rng.standard_normal(at.size)) * (1 + uneven * (-1.0) ** np.arange(at.size))
    if bouts:  # the spin axis turns the defect away from the races for tens of strikes
        switch = rng.uniform(size=at.size) < 1 / rng.uniform(15, 60)
        size *= np.where(np.cumsum(switch) % 2 == 0, 1.0, rng.uniform(0.0, 0.3))
    where = np.interp(at, angle, np.arange(angle.size))
    low = np.minimum(where.astype(int), angle.size - 2)
    made_train, share = np.zeros(angle.size), where - low
    np.add.at(made_train, low, size * (1 - share))
    np.add.at(made_train, low + 1, size * share)
    return made_train / max(float(np.mean(size)), 1e-9)


def record(made: Rig, fault: str, *, rpm: float, load: float, number: int) -> tuple[Floats, dict[str, Any]]:
    """Samples in an arbitrary unit, and what the scorer knows of them."""
    rng = np.random.default_rng(list(hashlib.sha256(f"{made.name}/{fault}/{number}".encode()).digest()))
    n = int(made.fs * made.seconds)
    angle = turns(made, rng, rpm, n)
    at_bearing, at_disk = answer(made, rpm, n)
    through = lambda force: np.asarray(np.fft.irfft(np.fft.rfft(force) * at_bearing, n), dtype=np.float64)  # noqa: E731
    noise = through(coloured(rng, n, made.fs))
    x = noise / np.std(noise) * (0.7 + 0.3 * load)
    fixed = np.random.default_rng(
        list(hashlib.sha256(f"{made.name}/shaft".encode()).digest())
    )  # a rig's own shaft and gear
    unbalance = sum(
        fixed.exponential(1.0) / k**1.5 * np.cos(2 * np.pi * k * angle + fixed.uniform(0, 6.28))
        for k in range(1, 7)
    )
    shaft = np.fft.irfft(np.fft.rfft(unbalance) * at_disk, n)
    x += fixed.uniform(0.3, 2) * (rpm / made.rpm) ** 2 * shaft / max(float(np.std(shaft)), 1e-12)
    mesh = (1 + fixed.uniform(0, 0.4) * np.cos(2 * np.pi * angle)) * np.sin(2 * np.pi * made.teeth * angle)
    x += fixed.exponential(0.4) * load * mesh
    for k in (1, 2, 4, 6):
        x += fixed.exponential(0.15) * np.sin(
            2 * np.pi * k * made.mains * np.arange(n) / made.fs + fixed.uniform(0, 6.28)
        )
    severity = float(np.exp(rng.uniform(np.log(0.12), np.log(1.5))))
    force, kind, direct = _force(made, rng, angle, fault)
    if force is not None:
        response = through(force)
        x += severity * (0.5 + 0.5 * load) * response / max(float(np.std(response)), 1e-12)
    told = {"fault": fault, "other": kind, "direct": direct, "severity": round(severity, 3)}
    return x, told


def _force(made: Rig, rng: np.random.Generator, angle: Floats, fault: str) -> tuple[Floats | None, str, bool]:
    """The force of a fault; which of the others it is; whether a ball has no lines but its own."""
    o = made.orders
    outer = lambda: train(made, rng, angle, o.bpfo)  # noqa: E731
    inner = lambda: train(made, rng, angle, o.bpfi, zone=1.0)  # noqa: E731
    if fault == "outer_race":
        return outer(), "", True
    if fault == "inner_race":
        return inner(), "", True
    if fault == "both":
        return outer() * o.bpfi / o.bpfo + rng.uniform(0.4, 2.5) * inner(), "", True
    if fault == "ball":
        own = train(made, rng, angle, 2 * o.bsf, zone=o.ftf, bouts=True, uneven=float(rng.uniform(0, 0.7)))
        direct = bool(rng.uniform() < 0.5)
        races = 0.0 if direct else rng.uniform(0.3, 1) * outer() + rng.uniform(0.3, 1) * inner()
        return own + races, "", direct
    if fault == "cage":
        swing = (
            1
            + rng.uniform(0.4, 0.9) * np.cos(2 * np.pi * o.ftf * angle)
            + 0.3 * np.cos(4 * np.pi * o.ftf * angle + 1)
        )
        return rng.standard_normal(angle.size) * swing * 0.05 + 0.5 * train(made, rng, angle, o.ftf), "", True
    if fault == "other":
        kind = str(rng.choice(OTHERS))
        return _other(made, rng, angle, kind), kind, True
    return None, "", True


def _other(made: Rig, rng: np.random.Generator, angle: Floats, kind: str) -> Floats:
    if kind == "loose":
        swing = (
            np.cos(2 * np.pi * angle)
            + 0.4 * np.cos(np.pi * angle + rng.uniform(0, 6.28))
            + 0.05 * rng.standard_normal(angle.size)
        )
        return np.maximum(0.0, swing - 0.5)
    if kind == "belt":  # or an oil whirl: a rate near that of many cages, of the machine beside
        order = float(rng.uniform(0.34, 0.48))
        return rng.standard_normal(angle.size) * (1 + 0.6 * np.cos(2 * np.pi * order * angle))
    if kind == "gear":
        return train(made, rng, angle, 1.0) + 0.5 * np.sin(2 * np.pi * made.teeth * angle)
    hits = np.zeros(angle.size)
    hits[rng.integers(0, angle.size, max(4, int(angle[-1] / 3)))] = rng.exponential(1.0)
    return hits


def written(made: Rig, out: Path) -> list[dict[str, Any]]:
    """All records of a rig into files: faults and healthy ones, references at the same speed and load, and at others."""
    rng = np.random.default_rng(list(hashlib.sha256(f"{made.name}/plan".encode()).digest()))
    plan = [(fault, 1.0, LOADS[1]) for fault in FAULTS] + [("normal", 1.0, LOADS[1])] * REFERENCES
    plan += [("normal", float(rng.choice([0.6, 0.75, 1.25])), LOADS[1])] * 2 + [("normal", 1.0, LOADS[0])] * 2
    listing = []
    for number, (fault, faster, load) in enumerate(plan):
        rpm = faster * made.rpm * (1 + 0.002 * float(rng.standard_normal()))
        x, told = record(made, fault, rpm=rpm, load=load, number=number)
        file = f"{made.name}-{number:02d}.npz"
        np.savez(out / file, de=x.astype(np.float32))
        use = (
            "test"
            if number < len(FAULTS)
            else "same"
            if number < len(FAULTS) + REFERENCES
            else "speed"
            if load == LOADS[1]
            else "load"
        )
        listing.append({"file": file, "rig": made.name, "split": split(made.name), "use": use, "fs": made.fs, "load": load,
                        "rpm": round(rpm * (1 + float(rng.uniform(-0.005, 0.005))), 1),
                        "orders": made.orders.model_dump(), **told})  # fmt: skip
    return listing


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--out", required=True, type=Path)
    asked.add_argument("--rigs", type=int, default=40)
    args = asked.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    listing = [one for i in range(args.rigs) for one in written(rig(f"rig-{i:03d}"), args.out)]
    (args.out / "records.json").write_text(json.dumps(listing, indent=0) + "\n", encoding="utf-8")
    print(f"{len(listing)} records of {args.rigs} rigs in {args.out}")


if __name__ == "__main__":
    main()
