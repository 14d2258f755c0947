"""Sensor faults planted in real recordings, beside real process faults and healthy stretches of the same.

python benchmarks/machines/made_sensors.py --data ../shared/data/signals --out build/machines/sensors

A fault is planted where the value is recorded: the process and its loops go on as they were. The recordings keep their
own licences; what is written holds pieces of them and stays on this machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd

from benchmarks.machines.made_common import LICENCE, Floats, deal, generator, iso, parser, write_case
from benchmarks.machines.made_recordings import SOURCES, Recording

Kind = Literal["stuck", "drift", "spike", "bias", "swapped", "wrong unit"]

EACH: tuple[Kind, ...] = ("stuck", "drift", "spike", "bias")
OF_EACH = 10  # cases a kind and data set
PAIRED: tuple[Kind, ...] = ("swapped", "wrong unit")  # telemetry without units has neither
OF_PAIRED = 12
PROCESS = {"skab": 34, "tep": 28, "cmapss": 24}
HEALTHY = {"skab": 14, "tep": 8, "batadal": 12, "smap_msl": 12, "cmapss": 14}
ROWS = {
    "skab": (500, 1150),
    "tep": (460, 960),
    "batadal": (700, 1500),
    "smap_msl": (650, 2000),
    "cmapss": (90, 300),
}
SIGNIFICANT = {"cmapss": 6}  # digits written; 5 elsewhere, as in the coarsest recording
WHOLE_SKAB = 0.4  # share of SKAB's healthy stretches from the long anomaly-free file
SIZES: Mapping[str, tuple[float, float]] = {
    "drift": (3, 8),
    "bias": (2.5, 7),
    "spike": (8, 20),
}  # in `step_of` units
ENDS = 0.25  # share of stuck and biased sensors that come back before the end
CONVERSIONS: dict[tuple[str, str], tuple[str, float, float]] = {  # quantity, unit → unit, factor, offset
    ("temperature", "°C"): ("°F", 1.8, 32.0),
    ("temperature", "°R"): ("K", 1 / 1.8, 0.0),
    ("pressure", "bar"): ("psi", 14.5038, 0.0),
    ("pressure", "kPa"): ("psi", 0.145038, 0.0),
    ("pressure", "psia"): ("bar", 0.0689476, 0.0),
    ("pressure", "m"): ("bar", 0.0980665, 0.0),
    ("level", "m"): ("ft", 3.28084, 0.0),
    ("flow", "L/min"): ("m³/h", 0.06, 0.0),
    ("flow", "L/s"): ("m³/h", 3.6, 0.0),
    ("flow", "m³/h"): ("gal/min", 4.40287, 0.0),
    ("flow", "km³/h"): ("1000 ft³/h", 35.3147, 0.0),
    ("mass flow", "kg/h"): ("lb/h", 2.20462, 0.0),
    ("mass flow", "lb/s"): ("kg/s", 0.453592, 0.0),
    ("power", "kW"): ("hp", 1.34102, 0.0),
    ("rotational speed", "rpm"): ("Hz", 1 / 60, 0.0),
    ("vibration acceleration", "g"): ("m/s²", 9.80665, 0.0),
    ("voltage", "V"): ("kV", 0.001, 0.0),
}


def step_of(x: Floats) -> float:
    """A size that is small but visible: the geometric mean of the spread and of the sample-to-sample noise."""
    spread = float(np.std(x))
    noise = 1.4826 * float(np.median(np.abs(np.diff(x)))) / np.sqrt(2)
    return float(np.sqrt(spread * max(noise, 0.05 * spread)))


def cut(rng: np.random.Generator, whole: Recording) -> Recording:
    """A stretch of a recording, of a length usual for its data set; around the onset where it has one."""
    n, (least, most) = len(whole.values), ROWS[whole.system]
    long = min(n, int(rng.integers(least, most)))
    if whole.onset is None:
        begin = int(rng.integers(0, n - long + 1))
        return replace(whole, values=whole.values.iloc[begin : begin + long].reset_index(drop=True))
    begin = int(rng.uniform(0, 0.35) * whole.onset)
    after = max(40, int(rng.uniform(0.3, 1.0) * (n - whole.onset)))
    values = whole.values.iloc[begin : whole.onset + after].reset_index(drop=True)
    return replace(whole, values=values, onset=whole.onset - begin)


def stuck(rng: np.random.Generator, x: Floats, onset: int, size: float) -> Floats:
    return np.where(np.arange(len(x)) < onset, x, x[onset])


def drift(rng: np.random.Generator, x: Floats, onset: int, size: float) -> Floats:
    return x + size * np.clip((np.arange(len(x)) - onset) / (len(x) - onset), 0, None)


def bias(rng: np.random.Generator, x: Floats, onset: int, size: float) -> Floats:
    return x + size * (np.arange(len(x)) >= onset)


def spike(rng: np.random.Generator, x: Floats, onset: int, size: float) -> Floats:
    """One to six spikes of one to three rows, the first at the onset."""
    made = x.copy()
    for at in [onset, *rng.integers(onset, len(x), rng.integers(0, 6))]:
        made[at : at + rng.integers(1, 4)] += size * rng.uniform(0.7, 1.3) * rng.choice([-1, 1])
    return made


PLANT: dict[str, Callable[[np.random.Generator, Floats, int, float], Floats]] = {
    "stuck": stuck,
    "drift": drift,
    "bias": bias,
    "spike": spike,
}


def planted(
    rng: np.random.Generator, part: Recording, kind: Kind
) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """The stretch with a sensor fault, and what is true of it; None if no channel of it can have this fault."""
    values, n = part.values.copy(), len(part.values)
    onset = int(rng.uniform(0.35, 0.8) * n)
    known = {t.point: t for t in part.points}
    able = [p for p in part.plantable if values[p].nunique() > 12 and values[p][:onset].std() > 0]
    if kind == "wrong unit":
        able = [p for p in able if (known[p].quantity, known[p].unit) in CONVERSIONS]
    if kind == "swapped":
        able = [p for p in able if partners(part, able, p, onset)]
    if not able:
        return None
    point = str(rng.choice(able))
    x, truth = values[point].to_numpy(float), {"points": [point]}
    size = step_of(x[:onset]) * rng.uniform(*SIZES.get(kind, (1, 1)))
    if kind == "swapped":
        other = str(rng.choice(partners(part, able, point, onset)))
        values.loc[onset:, [point, other]] = values.loc[onset:, [other, point]].to_numpy()
        return values, {"points": [point, other], "onset": onset}
    if kind == "wrong unit":
        unit, factor, offset = CONVERSIONS[known[point].quantity, known[point].unit]
        values.loc[onset:, point] = x[onset:] * factor + offset
        return values, truth | {"onset": onset, "unit": unit}
    made = PLANT[kind](rng, x, onset, size * float(rng.choice([-1, 1])))
    if kind in ("stuck", "bias") and rng.random() < ENDS:
        end = onset + max(20, int(rng.uniform(0.4, 0.8) * (n - onset)))
        made[end:] = x[end:]
        truth["fault_end"] = min(end, n - 1)
    values[point] = made
    told = (
        {}
        if kind == "stuck"
        else {"size": float(f"{size:.4g}"), "size_in_spreads": round(size / float(np.std(x[:onset])), 2)}
    )
    return values, truth | told | {"onset": onset}


def partners(part: Recording, able: list[str], point: str, onset: int) -> list[str]:
    """Points of the same quantity and unit at another level."""
    known = {t.point: (t.quantity, t.unit) for t in part.points}
    before = part.values[:onset]
    least = 2 * step_of(before[point].to_numpy(float))
    level = before.mean()
    alike = [p for p in able if p != point and known[p] == known[point]]
    return [p for p in alike if abs(level[p] - level[point]) > least]


def drawn(rng: np.random.Generator, recordings: list[Recording], faulty: bool) -> Recording:
    """A recording with or without a process fault; SKAB's long one more often than each of its short ones."""
    fit = [r for r in recordings if (r.onset is not None) == faulty]
    if fit[0].system == "skab" and not faulty and rng.random() < WHOLE_SKAB:
        return max(fit, key=lambda r: len(r.values))
    return fit[rng.integers(len(fit))]


def example(
    rng: np.random.Generator, recordings: list[Recording], kind: str, turn: int
) -> tuple[Recording, dict[str, Any]]:
    """A stretch of class and kind, with its truth in rows and points; process faults go round the recordings."""
    if kind == "process":
        faulty = [r for r in recordings if r.onset is not None]
        part = cut(rng, faulty[turn % len(faulty)])
        return part, {"class": "process", "kind": part.fault, "points": list(part.moved), "onset": part.onset}
    if kind == "healthy":
        return cut(rng, drawn(rng, recordings, False)), {
            "class": "healthy",
            "kind": None,
            "points": [],
            "onset": None,
        }
    while True:
        part = cut(rng, drawn(rng, recordings, False))
        if made := planted(rng, part, kind):  # type: ignore[arg-type]
            return replace(part, values=made[0]), {"class": "sensor", "kind": kind, **made[1]}


def write(folder: Path, rng: np.random.Generator, part: Recording, truth: dict[str, Any], half: str) -> None:
    """Write a stretch under a time of its own, so that the date tells nothing."""
    begin = pd.Timestamp(2023, 1, 1, tz="UTC") + pd.Timedelta(minutes=int(rng.integers(700 * 1440)))
    times = pd.date_range(
        begin, periods=len(part.values), freq=pd.Timedelta(seconds=round(part.minutes * 60))
    )
    names = {t.point: t.name(part.asset) for t in part.points}
    channels = [names[p] for p in truth.pop("points")]
    row = lambda i: None if i is None else iso(times[i])  # noqa: E731
    case = truth | {
        "id": folder.name,
        "half": half,
        "system": part.system,
        "asset": part.asset,
        "source": part.source,
        "licence": f"annotation {LICENCE}, values under the licence of {part.system}",
        "channel": channels[0] if channels else None,
        "channels": channels,
        "onset": row(truth["onset"]),
        "fault_end": row(truth.get("fault_end")),
        "notes": list(part.notes),
    }
    digits = SIGNIFICANT.get(part.system, 5)
    text = part.values.set_index(times).map(lambda v: f"{v:.{digits}g}")
    write_case(folder, part.asset, text.map(float), part.points, case)


def main() -> None:
    arguments = parser(__doc__, "build/machines/sensors")
    arguments.add_argument("--data", type=Path, required=True, help="the folder of the real recordings")
    args = arguments.parse_args()
    half = deal(PROCESS) | deal(set(SOURCES) - set(PROCESS))  # process faults in both halves
    for system, read in SOURCES.items():
        recordings = list(read(args.data))
        kinds = [k for k in EACH for _ in range(OF_EACH)]
        kinds += [k for k in PAIRED for _ in range(OF_PAIRED) if system != "smap_msl"]
        kinds += ["process"] * PROCESS.get(system, 0) + ["healthy"] * HEALTHY[system]
        order = generator("order", system, args.seed).permutation(len(kinds))
        for i, turn in enumerate(order, 1):
            rng = generator("sensors", system, args.seed, int(turn))
            part, truth = example(rng, recordings, kinds[turn], int(turn))
            write(args.out / half[system] / f"{system}-{i:03d}", rng, part, truth, half[system])
        print(f"{system}: {len(kinds)} cases, {half[system]}")


if __name__ == "__main__":
    main()
