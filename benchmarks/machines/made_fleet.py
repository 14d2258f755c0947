"""A fleet of assets with 20 tags each at 1/min: one Parquet file per asset, the truth in a file outside of the folder.

python benchmarks/machines/made_fleet.py --assets 500 --days 30 --out build/machines/fleet

An asset's data depend on the seed and its number alone; the faulty share is drawn over the fleet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import duckdb
import numpy as np
import pandas as pd

from benchmarks.machines.made_common import (
    LICENCE,
    Floats,
    Tag,
    generator,
    iso,
    measured,
    parser,
    tag_table,
    with_gaps,
)
from benchmarks.machines.made_operation import Operation, operate
from benchmarks.machines.made_plant import Mode, Plant, gain, moved
from benchmarks.machines.made_plants import PLANTS
from benchmarks.machines.made_sensors import PLANT, step_of

STEP = 1.0  # minutes
TAGS = 20
FAULTY = 0.03  # share of the fleet
AREA_SIZE = 10
BEGIN = pd.Timestamp("2025-03-03", tz="UTC")
SLOW, SUDDEN = (0.6, 1.3), (0.4, 0.9)  # severity at the end; 1 brings the point to its limit
SENSOR = (4.0, 9.0)  # size of a sensor's drift or bias, as made_sensors.step_of counts
# Kind → its machines, in the order in which their tags are taken; then its place in the flow of a site.
KINDS: dict[str, tuple[tuple[str, ...], int]] = {
    "boiler house": (("boiler", "air filter and fan", "control valve"), 0),
    "compressor package": (("screw compressor", "motor", "shell-and-tube exchanger"), 0),
    "water line": (("reverse osmosis membrane", "centrifugal pump", "motor"), 0),
    "chiller plant": (("chiller condenser", "centrifugal pump", "motor"), 1),
    "pump skid": (("centrifugal pump", "motor", "control valve"), 1),
    "conveyor line": (("conveyor", "gearbox", "motor"), 2),
}
PREFIX = {
    "boiler house": "BH",
    "compressor package": "CP",
    "water line": "WL",
    "chiller plant": "CS",
    "pump skid": "PS",
    "conveyor line": "CL",
}
BY_NAME = {plant.name: plant for plant in PLANTS}


def kind_of(number: int) -> str:
    """The kind of the asset with this number; they take turns."""
    return list(KINDS)[number % len(KINDS)]


def name_of(number: int) -> str:
    """The asset's identifier."""
    return f"{PREFIX[kind_of(number)]}-{number + 1:04d}"


def taken(kind: str) -> list[tuple[Plant, Tag]]:
    """The measured tags of a kind of asset with the machine each sits on, the first 20 of them."""
    return [(BY_NAME[m], t) for m in KINDS[kind][0] for t in BY_NAME[m].sensors][:TAGS]


def on_machine(plant: Plant, tag: Tag) -> Tag:
    """The tag with the machine's name before its point."""
    return Tag(f"{plant.name} {tag.point}", tag.quantity, tag.unit, tag.low, tag.high, tag.noise, tag.digits)


def planned(seed: int, count: int) -> dict[int, str]:
    """Which assets have a fault, and of which class; at least one."""
    rng = generator("fleet plan", seed, count)
    chosen = rng.choice(count, max(1, round(FAULTY * count)), replace=False)
    first = int(rng.integers(3))
    return {int(n): ("slow", "sudden", "sensor")[(first + i) % 3] for i, n in enumerate(chosen)}


def damaged(
    rng: np.random.Generator, kind: str, op: Operation, fault: str, onset: int
) -> tuple[Plant, Mode, Floats, float]:
    """A failure mode of one of the machines whose point is among the asset's tags, its damage and last severity."""
    shown = taken(kind)
    able = [
        (p, m)
        for p in {p.name: p for p, _ in shown}.values()
        for m in p.modes
        if (p, p.tag(m.point)) in shown
    ]
    plant, mode = able[rng.integers(len(able))]
    rows = np.arange(len(op.load)) - onset
    size = float(rng.uniform(*(SLOW if fault == "slow" else SUDDEN)))
    course = (
        np.clip(rows / (len(rows) - onset), 0, None) ** rng.uniform(0.8, 1.8)
        if fault == "slow"
        else rows >= 0
    )
    return plant, mode, size * course * gain(plant, mode, op), size


def asset(
    number: int, days: float, seed: int, fault: str | None
) -> tuple[pd.DataFrame, dict[str, Any] | None]:
    """An asset's recording and, with a fault, what is true of it."""
    rng, kind, name = generator("fleet", seed, number), kind_of(number), name_of(number)
    times = pd.date_range(BEGIN, periods=int(days * 1440), freq="min")
    op = operate(rng, BY_NAME[KINDS[kind][0][0]].pattern, times, STEP)
    onset = (
        int(rng.uniform(0.3, 0.5) * len(times))
        if fault == "slow"
        else int(rng.uniform(0.4, 0.85) * len(times))
    )
    truth: dict[str, Any] = {"asset": name, "class": fault, "onset": iso(times[onset])}
    damage: dict[str, dict[str, Floats]] = {}
    points: list[str] = []
    if fault in ("slow", "sudden"):
        plant, mode, course, size = damaged(rng, kind, op, fault, onset)
        damage[plant.name] = {mode.name: course}
        points = [f"{plant.name} {p}" for p in moved(plant, mode, op)]
        truth |= {
            "machine": plant.name,
            "mode": mode.name,
            "kind": mode.kind,
            "severity_at_end": round(size, 3),
        }
    clean = {m: BY_NAME[m].channels(op, damage.get(m, {})) for m in KINDS[kind][0]}
    shown = [(on_machine(p, t), measured(rng, clean[p.name][t.point], t, STEP)) for p, t in taken(kind)]
    values = {t.point: x for t, x in shown}
    if fault == "sensor":
        varied = [p for p, x in values.items() if len(np.unique(x)) > 50]
        point, how = str(rng.choice(varied)), str(rng.choice(["stuck", "drift", "bias"]))
        size = step_of(values[point][:onset]) * rng.uniform(*SENSOR) * rng.choice([-1, 1])
        digits = next(t.digits for t, _ in shown if t.point == point)
        values[point] = np.round(PLANT[how](rng, values[point], onset, size), digits)
        truth |= {"kind": how}
        points = [point]
    frame = with_gaps(rng, pd.DataFrame(values, index=times), per_rows=15000)
    frame.columns = [t.name(name) for t, _ in shown]
    if fault is None:
        return frame, None
    named = {t.point: t.name(name) for t, _ in shown}
    channels = [named[p] for p in points if p in named]
    return frame, truth | {"channel": channels[0], "channels": channels}


def topology(count: int, seed: int) -> pd.DataFrame:
    """Per asset its kind, area, criticality (A: stops the area), standby units and what it feeds in its area."""
    rng = generator("fleet topology", seed, count)
    rows = []
    for number in range(count):
        area, place = number // AREA_SIZE, KINDS[kind_of(number)][1]
        near = range(area * AREA_SIZE, min((area + 1) * AREA_SIZE, count))
        later = [n for n in near if KINDS[kind_of(n)][1] == place + 1]
        fed = (
            sorted(rng.choice(later, min(len(later), int(rng.integers(1, 4))), replace=False))
            if later
            else []
        )
        standby = int(rng.choice([0, 0, 0, 1, 1, 2]))
        criticality = "C" if standby == 2 else "B" if standby or (place == 2 and rng.random() < 0.5) else "A"
        feeds = ";".join(name_of(int(n)) for n in fed)
        rows.append((name_of(number), kind_of(number), f"area {area + 1}", criticality, standby, feeds))
    return pd.DataFrame(rows, columns=["asset", "kind", "area", "criticality", "standby", "feeds"])


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write the frame with its time in a column of UTC microseconds."""
    table = frame.astype("float32").reset_index(names="time")
    table["time"] = table["time"].dt.tz_localize(None).astype("datetime64[us]")
    with duckdb.connect(config={"threads": 1}) as base:
        base.register("table_", table)
        base.execute(f"COPY table_ TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def main() -> None:
    arguments = parser(__doc__, "build/machines/fleet")
    arguments.add_argument("--assets", type=int, default=500, help="number of assets")
    arguments.add_argument("--days", type=float, default=30.0, help="days of each")
    arguments.add_argument(
        "--truth", type=Path, help="file of the truth (default: OUT_truth.json beside the folder)"
    )
    args = arguments.parse_args()
    folder: Path = args.out
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    plan, truths, tables = planned(args.seed, args.assets), [], []
    for number in range(args.assets):
        frame, truth = asset(number, args.days, args.seed, plan.get(number))
        write_parquet(frame, folder / "assets" / f"{name_of(number)}.parquet")
        tables.append(tag_table(name_of(number), [on_machine(p, t) for p, t in taken(kind_of(number))]))
        truths += [truth] if truth else []
    topology(args.assets, args.seed).to_csv(folder / "assets.csv", index=False)
    pd.concat(tables).to_csv(folder / "tags.csv", index=False)
    told = {"licence": LICENCE, "seed": args.seed, "assets": args.assets, "days": args.days, "faults": truths}
    beside = args.truth or folder.with_name(f"{folder.name}_truth.json")
    beside.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{args.assets} assets, {len(truths)} with a fault; truth in {beside}")


if __name__ == "__main__":
    main()
