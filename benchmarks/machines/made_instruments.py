"""Wrong instruments planted in made machines of the shown half: as logged, few rows, one measured point, many points.

python benchmarks/machines/made_instruments.py --slow build/machines/slow/shown --starts build/machines/starts/shown \
    --out build/machines/instruments

Process faults and healthy recordings are those of `made_slow.py` and `made_starts.py`; the fault of an instrument is planted
in a healthy one as `made_sensors.py` does it. What it writes is for development: none of it is kept back.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd

from benchmarks.machines.made_common import Tag, generator, parser
from benchmarks.machines.made_recordings import Recording
from benchmarks.machines.made_sensors import EACH, Kind, planted, write

Shape = Literal["as", "few", "one", "many"]
SHAPES: tuple[Shape, ...] = ("as", "few", "one", "many")
ROWS: dict[Shape, int] = {"as": 1500, "few": 220, "one": 1500, "many": 1000}
OF_MANY = 4  # machines of one recording
GIVEN = ("load", "speed", "ambient", "inlet", "setpoint", "position", "state")
KINDS: tuple[Kind, ...] = (*EACH, *EACH, "wrong unit")
LATEST = 0.5  # of the way to the limit: process faults from there on are used


def main() -> None:
    """Write them."""
    arguments = parser(__doc__, "build/machines/instruments")
    arguments.add_argument("--slow", type=Path, required=True, help="shown half of `made_slow.py`")
    arguments.add_argument("--starts", type=Path, required=True, help="shown half of `made_starts.py`")
    args = arguments.parse_args()
    whole = [r for folder in (args.slow, args.starts) for r in recordings(folder)]
    systems = sorted({r.system for r in whole})
    for system in systems:
        for shape in SHAPES:
            own = [r for r in whole if r.system == system]
            healthy = [r for r in own if r.onset is None]
            faulty = [r for r in own if r.onset is not None]
            others = [r for r in whole if r.system != system and r.onset is None]
            wanted: list[str] = [*KINDS, *["process"] * (0 if shape == "one" else 5), *["healthy"] * 5]
            for i, kind in enumerate(wanted, 1):
                rng = generator("instruments", system, shape, args.seed, i)
                made = _case(rng, healthy, faulty, others, kind, shape)
                if made is None:
                    continue
                part, truth = made
                name = f"{system.replace(' ', '-')}-{shape}-{i:02d}"
                write(args.out / name, rng, part, truth | {"shape": shape}, "shown")


def recordings(folder: Path) -> Iterator[Recording]:
    """The recordings of a folder; rows with unknown values are left out."""
    for path in sorted(p for p in folder.iterdir() if (p / "case.json").is_file()):
        case = json.loads((path / "case.json").read_text(encoding="utf-8"))
        faults = [case] if case.get("class") == "slow" else case.get("faults", [])
        if case.get("class") == "slow" and case["fraction"] < LATEST:
            continue
        with (path / "tags.csv").open(encoding="utf-8", newline="") as file:
            rows = [r for r in csv.DictReader(file) if not _calculated(path, r["tag"])]
        values = pd.read_csv(path / "signals.csv", index_col="time")
        values.index = pd.to_datetime(values.index)
        values = values[[r["tag"] for r in rows]].dropna()
        points = tuple(Tag(r["point"], r["quantity"], r["unit"], None, None) for r in rows)
        onset = int(np.searchsorted(values.index, pd.Timestamp(faults[0]["onset"]))) if faults else None
        names = {r["tag"]: r["point"] for r in rows}
        moved = tuple(names[c] for c in faults[0]["channels"] if c in names) if faults else ()
        able = tuple(r["point"] for r in rows if not any(w in r["point"] for w in GIVEN))
        yield Recording(
            case["system"], path.name, case.get("asset") or faults[0]["asset"], _minutes(values),
            values.rename(columns=names).reset_index(drop=True), points, able, onset, moved,
            "process" if faults else "",
        )  # fmt: skip


def _calculated(path: Path, tag: str) -> bool:
    file = path / "calculated.csv"
    return file.is_file() and f"{tag}," in file.read_text(encoding="utf-8")


def _minutes(values: pd.DataFrame) -> float:
    return float(pd.Series(values.index).diff().median().total_seconds()) / 60.0


def _case(
    rng: np.random.Generator, healthy: list[Recording], faulty: list[Recording], others: list[Recording], kind: str,
    shape: Shape,
) -> tuple[Recording, dict[str, Any]] | None:  # fmt: skip
    source = faulty if kind == "process" else healthy
    part = _shaped(rng, source[rng.integers(len(source))], others, shape)
    if kind == "process":
        return part, {"class": "process", "kind": "process", "points": list(part.moved), "onset": part.onset}
    if kind == "healthy":
        return part, {"class": "healthy", "kind": None, "points": [], "onset": None}
    made = planted(rng, part, kind)  # type: ignore[arg-type]
    return (
        None
        if made is None
        else (replace(part, values=made[0]), {"class": "sensor", "kind": kind, **made[1]})
    )


def _shaped(rng: np.random.Generator, whole: Recording, others: list[Recording], shape: Shape) -> Recording:
    part = whole
    if shape == "few" and (running := _running(part)) is not None:
        part = _rows(part, running)
    if shape == "one":
        name = str(rng.choice(part.plantable))
        kept = [name, *[t.point for t in part.points if any(w in t.point for w in ("state", "setpoint"))]]
        part = replace(
            part,
            values=part.values[kept],
            points=tuple(t for t in part.points if t.point in kept),
            plantable=(name,),
        )
    if shape == "many":
        for k in rng.permutation(len(others))[: OF_MANY - 1]:
            part = _joined(part, others[k], int(k))
    every = max(1, len(part.values) // ROWS[shape])
    return _rows(part, np.arange(0, len(part.values), every)) if every > 1 else part


def _running(part: Recording) -> np.ndarray[tuple[int], np.dtype[np.intp]] | None:
    """Rows at which no flow, speed, power or current rests."""
    tells = [t.point for t in part.points if t.quantity in {"rotational speed", "flow", "power", "current"}]
    on = np.ones(len(part.values), dtype=bool)
    for name in tells:
        v = np.abs(part.values[name].to_numpy(float))
        on &= v > 0.1 * np.quantile(v, 0.9)
    return np.flatnonzero(on) if on.sum() > 300 else None


def _rows(part: Recording, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Recording:
    onset = None if part.onset is None else int(np.searchsorted(rows, part.onset))
    minutes = part.minutes * len(part.values) / max(1, len(rows))
    return replace(part, values=part.values.iloc[rows].reset_index(drop=True), onset=onset, minutes=minutes)


def _joined(one: Recording, two: Recording, k: int) -> Recording:
    """Points of another machine beside it, row by row, as of one plant."""
    n = len(one.values)
    place = np.arange(n) if len(two.values) >= n else np.arange(n) * len(two.values) // n
    names = {t.point: f"{two.system} {k} {t.point}" for t in two.points}
    beside = two.values.iloc[place].rename(columns=names).reset_index(drop=True)
    points = tuple(replace(t, point=names[t.point]) for t in two.points)
    return replace(
        one, values=pd.concat([one.values, beside], axis=1), points=(*one.points, *points),
        plantable=(*one.plantable, *(names[p] for p in two.plantable)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
