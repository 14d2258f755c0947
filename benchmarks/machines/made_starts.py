"""Weeks of machines that start, stop and change all the time, each healthy and once more with one fault planted.

python benchmarks/machines/made_starts.py --out build/machines/starts

A healthy case and its twin have the same operation and noise: they differ from the onset on.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd

from benchmarks.machines.made_common import (
    DAY_MINUTES,
    Floats,
    generator,
    iso,
    measured,
    parser,
    with_gaps,
    write_case,
)
from benchmarks.machines.made_operation import Operation, Pattern, operate
from benchmarks.machines.made_plant import Mode, Plant, gain, moved
from benchmarks.machines.made_plants import HALF, PLANTS

UNITS = 3  # units of a kind, each healthy and with a fault
STEPS = (1.0, 2.0, 5.0)  # logging interval by unit [min]
DAYS = (14, 21, 35)
BUSY = (12.0, 8.0, 8.0)  # how much oftener than in steady use the unit is stopped, stepped, set otherwise
FIXED: tuple[Pattern, ...] = ("grid", "battery")  # kinds that nobody runs in batches
SUDDEN = (0.15, 0.8)  # severity of a step; 1 brings the point to its limit
GROWN = (0.25, 1.0)  # severity at the end of a ramp
RAMP_HOURS = (6.0, 72.0)


def growth(rng: np.random.Generator, op: Operation, onset: int) -> tuple[Floats, dict[str, Any]]:
    """Severity over time: a step at the onset, or a ramp that stays."""
    rows = np.arange(len(op.load)) - onset
    if rng.random() < 0.5:
        size = float(rng.uniform(*SUDDEN))
        return size * (rows >= 0), {"shape": "step", "severity": round(size, 3)}
    size, hours = float(rng.uniform(*GROWN)), float(rng.uniform(*RAMP_HOURS))
    told = {"shape": "ramp", "severity": round(size, 3), "ramp_hours": round(hours, 1)}
    return size * np.clip(rows * op.step / 60 / hours, 0, 1), told


def fault(
    rng: np.random.Generator, plant: Plant, mode: Mode, op: Operation, asset: str
) -> tuple[dict[str, Any], dict[str, Floats]]:
    """One fault in the second half of the recording: what is true of it, and its damage."""
    onset = int(rng.uniform(0.45, 0.75) * len(op.load))
    severity, told = growth(rng, op, onset)
    seen = onset + int(np.argmax(op.running[onset:]))
    named = [plant.tag(p).name(asset) for p in moved(plant, mode, op)]
    truth = {
        "onset": iso(op.times[onset]),
        "running_from": iso(op.times[seen]),
        "asset": asset,
        "mode": mode.name,
        "kind": mode.kind,
        "channel": named[0],
        "calculated": bool(plant.tag(mode.point).formula),
        "channels": named,
    }
    return truth | told, {mode.name: severity * gain(plant, mode, op)}


def unit(plant: Plant, number: int, seed: int, names: tuple[str, str], out: Path) -> None:
    """Write a unit healthy and with a fault, under two names."""
    rng = generator("starts", plant.name, seed, number)
    begin = pd.Timestamp(2024, 1, 1, tz="UTC") + pd.Timedelta(minutes=int(rng.integers(600 * DAY_MINUTES)))
    step = STEPS[number % len(STEPS)]
    rows = int(DAYS[number % len(DAYS)] * DAY_MINUTES / step)
    pattern: Pattern = "batch" if number == 1 and plant.pattern not in FIXED else plant.pattern
    times = pd.date_range(begin, periods=rows, freq=pd.Timedelta(minutes=step))
    op = operate(rng, pattern, times, step, BUSY[number % len(BUSY)])
    asset = f"{plant.prefix}-{rng.integers(101, 800)}"
    mode = plant.modes[number % len(plant.modes)]
    truth, damage = fault(rng, plant, mode, op, asset)
    for name, twin, faults, done in ((*names, [], {}), (*names[::-1], [truth], damage)):
        clean = plant.channels(op, done)
        same = generator("starts noise", plant.name, seed, number)
        shown = {t.point: measured(same, clean[t.point], t, step) for t in plant.sensors}
        case = {
            "id": name,
            "half": HALF[plant.name],
            "system": plant.name,
            "asset": asset,
            "class": "fault" if faults else "healthy",
            "twin": twin,
            "pattern": pattern,
            "step_minutes": step,
            "begin": iso(times[0]),
            "end": iso(times[-1]),
            "faults": faults,
            "transients": op.transients(),
        }
        frame = with_gaps(same, pd.DataFrame(shown, index=times))
        write_case(out / HALF[plant.name] / name, asset, frame, plant.tags, case)


def main() -> None:
    args = parser(__doc__, "build/machines/starts").parse_args()
    for plant in PLANTS:
        order = generator("starts order", plant.name, args.seed).permutation(2 * UNITS) + 1
        names = [f"{plant.name.replace(' ', '-')}-{i:02d}" for i in order]
        for number in range(UNITS):
            unit(plant, number, args.seed, (names[2 * number], names[2 * number + 1]), args.out)
        print(f"{plant.name}: {2 * UNITS} cases")


if __name__ == "__main__":
    main()
