"""A site of hundreds of assets: how long `aitia fleet` takes, what it needs of memory, and what it finds of planted faults.

The data are made by seed in --data (a work folder, kept for the next call): a Parquet table an asset, 20 tags at 1/min over 30
days, load and weather in all of them. One asset in ten gets a slow fault in one tag: a drift of 6 of its own standard deviations
over the last ten days, beside which the tag goes on as before. The answers lie in truth.json and are read by the scorer only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.contract import finish, parser, rows

DAYS, TAGS, FAULTY, DRIFT_DAYS, DRIFT = 30, 20, 0.1, 10, 6.0
T0 = 1_780_000_000.0
NAMES = (
    "flow_m3h", "suction_pressure_bar", "discharge_pressure_bar", "motor_current_A", "motor_power_kW", "speed_rpm",
    "vibration_de_mm_s", "vibration_nde_mm_s", "bearing_de_temperature_C", "bearing_nde_temperature_C",
    "winding_temperature_C", "seal_temperature_C", "oil_temperature_C", "oil_pressure_bar", "oil_level_mm",
    "ambient_temperature_C", "casing_temperature_C", "cooling_flow_m3h", "cooling_inlet_temperature_C",
    "cooling_outlet_temperature_C",
)  # fmt: skip
FIXED = {"ambient_temperature_C", "cooling_inlet_temperature_C"}  # not the machine's
SHOWS = (
    "vibration_de_mm_s",
    "bearing_de_temperature_C",
    "oil_temperature_C",
    "seal_temperature_C",
    "winding_temperature_C",
)


def table(seed: int) -> tuple[dict[str, Any], str]:
    """The columns of an asset and the tag that drifts, "" for none."""
    chance = np.random.default_rng(seed)
    n = DAYS * 1440
    t = T0 + 60.0 * np.arange(n)
    day = 2 * np.pi * (t % 86_400) / 86_400
    load = (
        0.75 + 0.1 * np.sin(day + chance.uniform(0, 6)) + 0.05 * np.repeat(chance.normal(0, 1, n // 240), 240)
    )
    weather = 18 + 6 * np.sin(day - 2) + np.repeat(chance.normal(0, 2, DAYS), 1440)
    faulty = SHOWS[int(chance.integers(len(SHOWS)))] if chance.random() < FAULTY else ""
    columns: dict[str, Any] = {"t": t}
    for name in NAMES:
        level, spread = chance.uniform(5, 80), chance.uniform(0.005, 0.02)
        moved = (
            weather
            if name in FIXED
            else level * (1 + chance.uniform(0.2, 0.8) * (load - 0.75)) + 0.02 * level * (weather - 18) / 6
        )
        noise = spread * level * chance.normal(0, 1, n)
        if name == faulty:
            noise += DRIFT * spread * level * np.clip((t - t[-1]) / (DRIFT_DAYS * 86_400) + 1, 0, 1)
        columns[name] = np.round(moved + noise, 3)
    return columns, faulty


def make(folder: Path, assets: int) -> dict[str, str]:
    """The tables that are not there yet, and the answers."""
    import duckdb

    data = folder / f"assets-{assets}"
    data.mkdir(parents=True, exist_ok=True)
    truth = {}
    for k in range(assets):
        name = f"P-{1000 + k}"
        columns, truth[name] = table(k)
        file = data / f"{name}.parquet"
        if not file.exists():
            with duckdb.connect(":memory:") as db:
                db.register("rows", columns)
                listed = ", ".join(f'"{c}"::FLOAT AS "{name}.{c}"' for c in NAMES)
                select = f"SELECT make_timestamptz((t * 1e6)::BIGINT) AS time, {listed} FROM rows"
                db.execute(f"COPY ({select}) TO '{file}.part' (FORMAT parquet)")
            Path(f"{file}.part").rename(file)
    (folder / f"truth-{assets}.json").write_text(json.dumps(truth))
    return truth


def ours(data: Path, home: Path, jobs: int) -> tuple[dict[str, str], dict[str, float]]:
    """The gravest point of each asset with a finding, and the cost: the command as a user runs it."""
    began, before = time.monotonic(), _processor_s()
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", "import sys; from aitia.cli import main; sys.exit(main())"]
    command += ["fleet", str(data), "--json", "--fresh", "--jobs", str(jobs)]
    out = home / "told.json"
    with (
        out.open("w") as file,
        subprocess.Popen(command, stdout=file, env=os.environ | {"AITIA_HOME": str(home)}) as process,
    ):
        peaks = Watched(process)
    told = json.loads(out.read_text())
    found = {
        a["asset"]: a["judged"]["findings"][0]["point"] for a in told["assets"] if a["judged"]["findings"]
    }
    return found, {
        "seconds": time.monotonic() - began,
        "processor seconds": _processor_s() - before,
        "parent, peak MiB": peaks.parent,
        "parent, growth in the second half MiB": peaks.growth,
        "largest process, peak MiB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _processor_s() -> float:
    """Of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Watched:
    """The resident memory of a process until it ends, looked at every second."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._seen = list[float]()
        while process.poll() is None:
            self._seen.append(_resident(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1.0)

    @property
    def parent(self) -> float:
        """The peak, MiB."""
        return max(self._seen, default=0.0)

    @property
    def growth(self) -> float:
        """The peak of the second half less that of the first, MiB."""
        half = len(self._seen) // 2
        return max(self._seen[half:], default=0.0) - max(self._seen[:half], default=0.0)


def _resident(pid: int) -> float:
    """MiB; 0 for a process that has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 2**20


def trivial(data: Path) -> tuple[dict[str, str], float]:
    """The tag whose last day lies furthest outside 3 standard deviations of its first ten days, in one SQL query an asset."""
    import duckdb

    began, found = time.monotonic(), {}
    for file in sorted(data.glob("*.parquet")):
        names = [f"{file.stem}.{n}" for n in NAMES]
        split, last = T0 + 10 * 86_400, T0 + (DAYS - 1) * 86_400
        columns = ", ".join(
            f'abs(avg("{n}") FILTER (epoch(time) >= {last}) - avg("{n}") FILTER (epoch(time) < {split}))'
            f' / stddev("{n}") FILTER (epoch(time) < {split})'
            for n in names
        )
        with duckdb.connect(":memory:") as db:
            off = db.execute(f"SELECT {columns} FROM '{file}'").fetchone() or ()
        best = int(np.argmax(off))
        if off[best] > 3.0:
            found[file.stem] = NAMES[best]
    return found, time.monotonic() - began


def scored(found: dict[str, str], truth: dict[str, str]) -> dict[str, list[float]]:
    """Faults found, the right tag named, and assets without a fault that are told of."""
    sick = [a for a, tag in truth.items() if tag]
    return {
        "faults found": [float(a in found) for a in sick],
        "gravest point is the planted one": [float(found.get(a) == truth[a]) for a in sick],
        "healthy assets told of": [float(a in found) for a, tag in truth.items() if not tag],
    }


def others(given: argparse.Namespace, began: float) -> None:
    """A folder that somebody else made (`made_fleet.py`), with its answers in --truth: faults found and their rank, by totals."""
    answers = json.loads(Path(given.truth).read_text())["faults"]
    data = Path(given.data)
    found, cost = ours(data, Path(given.home), given.jobs)
    told = json.loads((Path(given.home) / "told.json").read_text())["assets"]
    sick = {str(a["asset"]) for a in answers}
    order = [a["asset"] for a in told]
    by_risk = [a["asset"] for a in sorted(told, key=lambda a: -a["risk"])]
    made = rows(
        "ours",
        {
            "faults found": [float(a in found) for a in sick],
            "rank of the faulty by risk": [1.0 + by_risk.index(name) for name in sick],
            "healthy assets told of": [float(a in found) for a in order if a not in sick],
            **{k: [v] for k, v in cost.items()},
        },
    )
    finish(
        "machines/fleet of another author",
        made,
        [{"id": a} for a in order],
        n=len(order),
        began=began,
        out=given.json,
    )


def main() -> None:
    """Make, run, score."""
    arguments = parser(__doc__)
    arguments.add_argument("--assets", type=int, default=500)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument(
        "--truth", default="", help="the answers of a folder of made_fleet.py, given as --data"
    )
    arguments.add_argument(
        "--home", default="build/fleet", help="with --truth: where the command keeps its own"
    )
    given = arguments.parse_args()
    if given.truth:
        Path(given.home).mkdir(parents=True, exist_ok=True)
        others(given, time.monotonic())
        return
    began, folder = time.monotonic(), Path(given.data)
    truth = make(folder, given.assets)
    print(f"made in {time.monotonic() - began:.0f} s", file=sys.stderr)
    data = folder / f"assets-{given.assets}"
    found, cost = ours(data, folder / "home", given.jobs)
    naive, seconds = trivial(data)
    made = rows("ours", {**scored(found, truth), **{k: [v] for k, v in cost.items()}})
    made += rows("trivial", {**scored(naive, truth), "seconds": [seconds]})
    cases = [{"id": a, "found": found.get(a, ""), "trivial": naive.get(a, "")} for a in truth]
    finish("machines/fleet", made, cases, n=given.assets, began=began, out=given.json)


if __name__ == "__main__":
    main()
