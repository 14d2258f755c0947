"""Bearing records of rigs that no rule was set on: right, abstained and wrong, simulated rigs and a real one.

python benchmarks/machines/bearings.py --data DIR [--split held] [--cases 'hall-0*'] [--rigs 40] [--json OUT]

Simulated: the rigs of `bearing_rigs.py`, dealt by the hash of their name; those *shown* were looked at while rules were
changed, the rows are of those *held*, by totals alone. Real (--split real): the .mat files of the MFPT fault data (Bechhoefer
2013) in DIR.
What is tested sees samples, rate, logged speed and the bearing's geometry; the kind of fault is the scorer's. Told is what is
said above .5: at or under it a verdict is a lead and counts as abstained. With no fault of the bearing right is to name none.
Systems: ours; ours without the speed; peer: the envelope rule, which cannot abstain; trivial: the most frequent fault.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.vibration import Geometry, diagnose
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.machines import bearing_rigs
from benchmarks.signals.envelope_rule import envelope_rule
from benchmarks.signals.synthetic import Floats

SURE = 0.5  # at or under it a verdict is a lead
NONE = "none"
BEARING = ("outer_race", "inner_race", "ball", "cage")
RIGHT = {"extended": "outer_race"}  # spread damage of the outer race
NICE = Geometry(rolling_elements=8, element_diameter=0.235, pitch_diameter=1.245)  # of the MFPT rig, inches
WORDS = ("right", "abstained", "wrong")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is tested sees of a record."""

    name: str
    x: Floats
    fs: float
    rpm: float
    geometry: Geometry


def simulated(names: Sequence[str]) -> Iterator[Shown]:
    """The records of the rigs."""
    for name in names:
        for number in range(bearing_rigs.RECORDS):
            x, rig = bearing_rigs.record(name, number)
            rpm = bearing_rigs.told_rpm(name, number)
            yield Shown(name=f"{name}/{number}", x=x, fs=rig.fs, rpm=rpm, geometry=rig.geometry)


def real(data: Path) -> Iterator[Shown]:
    """The MFPT records in a folder, the longest side by side at their own rate."""
    from scipy.io import loadmat

    for path in sorted(data.rglob("*.mat")):
        found: Any = loadmat(path, squeeze_me=True, struct_as_record=False)["bearing"]
        yield Shown(name=f"mfpt/{path.stem}", x=np.asarray(found.gs, dtype=np.float64), fs=float(found.sr),
                    rpm=60 * float(found.rate), geometry=NICE)  # fmt: skip


def predicted(one: Shown) -> Case:
    """What each system says of a record; nothing here reads an answer."""
    made: Case = {"id": one.name}
    for system, rpm in (("ours", one.rpm), ("ours without speed", None)):
        found = diagnose(one.x, fs=one.fs, rpm=rpm, bearing=one.geometry)
        made[system] = (found.fault, found.confidence) if found.fault in BEARING else (NONE, 0.0)
    made["peer envelope"] = (envelope_rule(one.x, one.fs, one.rpm / 60, one.geometry.orders, "full"), 1.0)
    return made


def answer(name: str) -> str:
    """What is wrong in a record; only the scorer calls this."""
    rig, number = name.rsplit("/", 1)
    if rig == "mfpt":
        return "inner_race" if "Inner" in number else "outer_race" if "Outer" in number else "healthy"
    return bearing_rigs.plan(rig)[int(number)]


def outcome(said: tuple[str, float], truth: str) -> str:
    """right, abstained or wrong."""
    told = said[0] if said[1] > SURE else NONE
    wanted = RIGHT.get(truth, truth if truth in BEARING else NONE)
    return "right" if told == wanted else "abstained" if told == NONE else "wrong"


def scored(found: Sequence[Case], truths: Sequence[str]) -> list[dict[str, Any]]:
    """Right, abstained, wrong: of all records, of those with a fault, of each kind, and of those without one."""
    faulty = [t for t in truths if RIGHT.get(t, t) in BEARING]
    most = Counter(RIGHT.get(t, t) for t in faulty).most_common(1)[0][0]
    systems = {s: [c[s] for c in found] for s in ("ours", "ours without speed", "peer envelope")}
    systems["trivial"] = [(most, 1.0)] * len(found)
    kinds = {
        "all": tuple(truths),
        "a bearing fault": tuple(faulty),
        "none": tuple(t for t in truths if t not in faulty),
    }
    kinds |= {f"  {kind}": (kind,) for kind in sorted(set(truths))}
    made: list[dict[str, Any]] = []
    for system, said in systems.items():
        each = [(outcome(s, t), t) for s, t in zip(said, truths, strict=True)]
        for kind, names in kinds.items():
            told = [o for o, t in each if t in names]
            made += rows(system, {f"{kind}: {word}": [o == word for o in told] for word in WORDS if told})
    return made


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--split", default="held", choices=("held", "shown", "real"))
    asked.add_argument("--rigs", type=int, default=40)
    args = asked.parse_args()
    began = time.monotonic()
    names = [n for n in (f"hall-{i:03d}" for i in range(args.rigs)) if bearing_rigs.split(n) == args.split]
    records = real(Path(args.data)) if args.split == "real" else simulated(chosen(names, args.cases))
    found = [predicted(one) for one in records]
    if not found:
        raise SystemExit(f"No records: {args.data!r} has no .mat file, or --cases takes no rig.")
    table = scored(found, [answer(c["id"]) for c in found])
    finish("machines/bearings", table, found, n=len(found), began=began, out=args.json)


if __name__ == "__main__":
    main()
