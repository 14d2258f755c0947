"""Slow degradation of machines: months of operation, one failure mode on its way to a stated limit, and healthy twins.

python benchmarks/machines/made_slow.py --out build/machines/slow

A failure mode's damage is scaled so that severity 1 brings its point to the limit in the unit's median operation. The
truth `limit_time` comes from the simulated life: the clean point's median over 8 running hours is beyond the limit.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

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
from benchmarks.machines.made_operation import Operation, operate
from benchmarks.machines.made_plant import Mode, Plant, gain, limit, moved
from benchmarks.machines.made_plants import HALF, PLANTS

FRACTIONS = (0.25, 0.5, 0.75)  # of the way from onset to limit, where the data end
PAST = 1.1  # the data end after the limit
UNITS = 3  # failing units of a kind, each cut at every fraction; one more is cut at PAST
HEALTHY = 4  # healthy units of a kind
LEAD_DAYS = (25, 55)
WAY_DAYS = (28, 95)
MEDIAN_HOURS = 8.0  # running hours whose median must be beyond the limit
FIRST_HOURS = 2.0  # running hours without a break beyond the limit: the first alarm that stays
SHARPNESS = 3.0  # exponent of the exponential law over the way
BACKGROUND = (0.02, 0.08)  # severity that builds up between routine cleanings of a healthy asset

Law = Literal["linear", "exponential", "power 0.6", "power 1.8"]
LAWS: tuple[Law, ...] = ("linear", "exponential", "power 0.6", "power 1.8")


def shaped(law: Law, way: Floats) -> Floats:
    """Severity by the share of the way, 1 at 1."""
    if law == "linear":
        return way
    if law == "exponential":
        return np.expm1(SHARPNESS * way) / np.expm1(SHARPNESS)
    return way ** float(law.split()[1])


def way_gone(
    rng: np.random.Generator, op: Operation, mode: Mode, onset: int, rows: int, case: dict[str, Any]
) -> Floats:
    """The share of the way gone by each row: only while running for wear and fouling, with pauses and a cleaning."""
    worn = mode.kind in ("wear", "fouling", "clogging")
    rate = (op.on / max(op.on.mean(), 0.1) if worn else np.ones(len(op.on))) / rows
    rate[:onset] = 0
    case["pauses"] = []
    for _ in range(rng.integers(0, 3)):
        begin = onset + int(rng.uniform(0.1, 0.8) * rows)
        end = begin + int(rng.uniform(0.05, 0.15) * rows)
        rate[begin:end] = 0
        case["pauses"].append([iso(op.times[begin]), iso(op.times[min(end, len(rate) - 1)])])
    gone = np.cumsum(rate)
    if mode.kind in ("fouling", "clogging") and rng.random() < 0.3:
        at = onset + int(rng.uniform(0.3, 0.6) * rows)
        gone[at:] -= 0.4 * gone[at]
        case["maintenance"].append({"time": iso(op.times[at]), "what": "partly cleaned"})
    return gone


def background(rng: np.random.Generator, op: Operation, case: dict[str, Any]) -> Floats:
    """The little severity that builds up between routine cleanings of any asset."""
    n, every = len(op.on), int(rng.uniform(20, 45) * DAY_MINUTES / op.step)
    phase = (np.arange(n) + rng.integers(every)) % every
    case["maintenance"] = [
        {"time": iso(op.times[i]), "what": "routine service"} for i in np.flatnonzero(phase == 0) if i
    ]
    return float(rng.uniform(*BACKGROUND)) * phase / every


def begins(rng: np.random.Generator, plant: Plant) -> pd.Timestamp:
    """A start of the recording in the season in which the asset works."""
    month = {"cooling": (3, 5), "heating": (9, 11)}.get(plant.pattern, (1, 12))
    day = pd.Timestamp(int(rng.integers(2021, 2026)), int(rng.integers(month[0], month[1] + 1)), 1, tz="UTC")
    return day + pd.Timedelta(minutes=int(rng.integers(28 * 24 * 12)) * 5)


def crossing(op: Operation, clean: Floats, value: float, side: str, hours: float, share: float) -> int | None:
    """First row at which more than `share` of the last running hours lie beyond the limit; None if never."""
    rows = np.flatnonzero(op.running)
    beyond = clean[rows] > value if side == "high" else clean[rows] < value
    window = max(1, int(hours * 60 / op.step))
    crossed = np.flatnonzero(pd.Series(beyond.astype(float)).rolling(window).mean().to_numpy() > share)
    return int(rows[crossed[0]]) if len(crossed) else None


def life(
    plant: Plant, mode: Mode | None, *seed: object
) -> tuple[dict[str, Any], Operation, dict[str, Floats]] | None:
    """One unit's life: what is true of it, its operation and clean channels; None if its limit is not reached."""
    rng = generator("slow", plant.name, *seed)
    per_day = DAY_MINUTES / plant.step
    onset = int(rng.uniform(*LEAD_DAYS) * per_day)
    rows = int(rng.uniform(*WAY_DAYS) * per_day)
    times = pd.date_range(
        begins(rng, plant), periods=int(onset + 1.6 * rows), freq=pd.Timedelta(minutes=plant.step)
    )
    op = operate(rng, plant.pattern, times, plant.step)
    case: dict[str, Any] = {"system": plant.name, "asset": f"{plant.prefix}-{rng.integers(101, 800)}"}
    likely = mode or plant.modes[rng.integers(len(plant.modes))]
    size, severity = gain(plant, likely, op), background(rng, op, case)
    if mode is None:
        case |= {
            "class": "healthy",
            "onset": None,
            "channel": None,
            "channels": [],
            "limit_time": None,
            "fraction": None,
        }
        end = int((rng.uniform(*LEAD_DAYS) + rng.uniform(*WAY_DAYS) * 0.75) * per_day)
        return (
            case | {"end": min(end, len(times) - 1)},
            op,
            plant.channels(op, {likely.name: size * severity}),
        )
    law = LAWS[rng.integers(len(LAWS))]
    severity = severity + shaped(law, way_gone(rng, op, mode, onset, rows, case))
    clean = plant.channels(op, {mode.name: size * severity})
    value, tag = limit(plant, mode), plant.tag(mode.point)
    reached = crossing(op, clean[mode.point], value, mode.side, MEDIAN_HOURS, 0.5)
    first = crossing(op, clean[mode.point], value, mode.side, FIRST_HOURS, 0.999)
    if (
        reached is None
        or first is None
        or first < onset + 0.4 * (reached - onset)
        or reached > onset + 1.4 * rows
    ):
        return None
    case |= {
        "class": "slow",
        "mode": mode.name,
        "kind": mode.kind,
        "law": law,
        "channel": tag.name(case["asset"]),
        "calculated": bool(tag.formula),
        "channels": [plant.tag(p).name(case["asset"]) for p in moved(plant, mode, op)],
        "limit": value,
        "side": mode.side,
        "limit_holds_while": "running",
        "onset": iso(times[onset]),
        "limit_time": iso(times[reached]),
        "limit_first": iso(times[first]),
    }
    return case | {"rows": (onset, reached), "severity": severity}, op, clean


def write(
    folder: Path, plant: Plant, lived: tuple[dict[str, Any], Operation, dict[str, Floats]], fraction: float
) -> None:
    """Cut the life at a fraction of the way and write it as measured; each cut has noise of its own."""
    case, op, clean = dict(lived[0]), lived[1], lived[2]
    end = case.pop("end", None)
    if end is None:
        onset, reached = case.pop("rows")
        end = int(onset + fraction * (reached - onset))
        case |= {"fraction": fraction, "severity_at_end": round(float(case.pop("severity")[end]), 4)}
    last = iso(op.times[end])
    case["maintenance"] = [m for m in case["maintenance"] if m["time"] <= last]
    case["pauses"] = [p for p in case.get("pauses", []) if p[0] <= last]
    case |= {
        "id": folder.name,
        "half": HALF[plant.name],
        "begin": iso(op.times[0]),
        "end": last,
        "step_minutes": plant.step,
    }
    rng = generator("noise", folder.name, plant.name)
    shown = {t.point: measured(rng, clean[t.point][: end + 1], t, plant.step) for t in plant.sensors}
    write_case(
        folder,
        case["asset"],
        with_gaps(rng, pd.DataFrame(shown, index=op.times[: end + 1])),
        plant.tags,
        case,
    )


def lives(plant: Plant, seed: int) -> list[tuple[Mode | None, float, int]]:
    """The cases of a kind of asset: failure mode (None: healthy), where the data end, unit; in a mixed order."""
    modes = plant.modes
    made: list[tuple[Mode | None, float, int]] = [
        (modes[u % len(modes)], f, u) for u in range(UNITS) for f in FRACTIONS
    ]
    made += [(modes[(UNITS + seed) % len(modes)], PAST, UNITS)]
    made += [(None, 0.0, UNITS + 1 + u) for u in range(HEALTHY)]
    order = generator("order", plant.name, seed).permutation(len(made))
    return [made[i] for i in order]


def lived(
    plant: Plant, mode: Mode | None, seed: int, unit: int
) -> tuple[dict[str, Any], Operation, dict[str, Floats]]:
    """The first life of this unit, by try, that reaches its limit."""
    for attempt in range(60):
        if found := life(plant, mode, seed, unit, attempt):
            return found
    raise RuntimeError(f"Lower the limit of {plant.name}: no life of unit {unit} reaches it in time")


def main() -> None:
    args = parser(__doc__, "build/machines/slow").parse_args()
    for plant in PLANTS:
        for i, (mode, fraction, unit) in enumerate(lives(plant, args.seed), 1):
            folder = args.out / HALF[plant.name] / f"{plant.name.replace(' ', '-')}-{i:02d}"
            write(folder, plant, lived(plant, mode, args.seed, unit), fraction)
        print(f"{plant.name}: {i} cases")


if __name__ == "__main__":
    main()
