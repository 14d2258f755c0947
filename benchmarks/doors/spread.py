"""Units over processes and a Ray cluster of this machine: two workers against one, what handing out costs, how it grows.

    python benchmarks/doors/spread.py --data FOLDER --assets 200 --incidents 8 --counts 10,100,1000,10000 --json OUT

Needs the extra `ray`. Assets are simulated sources, made in the worker by their number: four points with a few thousand samples
in the comparison of workers, a hundred in the growth. Incidents are a bundled scenario, without a model. Processor time of a
unit is what its worker counts; what is beyond is told as that of whoever hands out.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

os.environ["RAY_AUTH_MODE"] = "disabled"
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: a second thread of its would count as work
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.apart import Apart, Replay
from aitia.core.redaction.keys import mark_of
from aitia.core.spread import Crew, Need, spread
from aitia.tools.signals.condition.assess import assess
from aitia.tools.signals.condition.words import AssetSignals, Point
from benchmarks.contract import finish, parser, rows
from tests.spread.nodes import running_cluster

SAMPLES, FEW = 4000, 100
STEP_S = 600.0
POINTS = {
    "current": (1.0, "A"),
    "flow": (3.0, "m3/h"),
    "vibration": (0.04, "mm/s"),
    "temperature": (0.9, "°C"),
}
T0 = 1_790_000_000.0
SCENARIO = Path(__file__).parents[2] / "scenarios" / "false-alarm"
Done = tuple[float, int]  # processor seconds of the unit, and its findings


def asset(seed: int, *, samples: int) -> Done:
    """One simulated source, made and judged."""
    began = time.process_time()
    chance, t = np.random.default_rng(seed), T0 + STEP_S * np.arange(samples)
    load = 50 + 5 * np.sin(2 * np.pi * t / 86_400)
    points = {
        name: Point(t=t, v=factor * load + chance.normal(0, factor, samples), unit=unit)
        for name, (factor, unit) in POINTS.items()
    }
    found = assess(AssetSignals(name=f"P-{seed}", points=points))
    return time.process_time() - began, len(found.findings)


def incident(folder: Path, *, work: Replay) -> Done:
    """One scenario, replayed; 1 where it is right."""
    began = time.process_time()
    told: Apart = work(folder)
    return time.process_time() - began, int(bool(told.score["correct"]))


def lost(unit: object, why: str) -> Done:
    """None may be."""
    raise RuntimeError(f"{unit}: {why}")


def trial(work: Any, units: dict[int, Any], crew: Crew) -> dict[str, float]:
    """Seconds from the first result, when all workers are up, to the last; processor time by unit."""
    began, own = time.monotonic(), _own()
    first, done = 0.0, list[Done]()
    for _, told in spread(work, units, crew=crew, need=lambda _: Need(), lost=lost):
        first = first or time.monotonic()
        done.append(told)
    assert len(done) == len(units)
    settled = done[len(done) // 4 :]  # before that the workers still import what they need
    return {
        "seconds": time.monotonic() - began,
        "seconds after the first": time.monotonic() - first,
        "processor ms a unit": 1e3 * sum(s for s, _ in settled) / len(settled),
        "processor ms of handing out a unit": 1e3 * (_own() - own) / len(units) if crew.ray else 0.0,
        "found": float(sum(n for _, n in done)),
    }


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def crews(home: Path, work: Any, units: dict[int, Any]) -> dict[str, dict[str, float]]:
    """One and two workers, by processes and on a cluster."""
    told = {f"{n} processes": trial(work, units, Crew(jobs=n)) for n in (1, 2)}
    for n in (1, 2):
        with running_cluster(home, cores=n) as cluster:
            told[f"ray {n}"] = trial(work, units, Crew(ray=cluster.address))
    return told


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--assets", type=int, default=200)
    arguments.add_argument("--incidents", type=int, default=8)
    arguments.add_argument("--counts", default="10,100,1000,10000")
    given = arguments.parse_args()
    began, made, cases = time.monotonic(), list[dict[str, Any]](), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory(dir=given.data) as place:
        home = Path(place)
        os.environ["AITIA_HOME"] = place
        with running_cluster(home, cores=2) as cluster:
            for count in [int(n) for n in given.counts.split(",") if n]:
                told = trial(
                    partial(asset, samples=FEW), dict(enumerate(range(count))), Crew(ray=cluster.address)
                )
                cases.append(
                    {"what": "growth", "system": "ray 2", "units": count, "load": os.getloadavg()[0]} | told
                )
                print(cases[-1], flush=True)
        mark = mark_of(home)
        compared = {
            "assets": (partial(asset, samples=SAMPLES), dict(enumerate(range(given.assets)))),
            "incidents": (partial(incident, work=Replay(mark=mark, model=None)), dict.fromkeys(range(given.incidents), SCENARIO)),
        }  # fmt: skip
        for name, (work, units) in compared.items():
            if units:
                for system, told in crews(home, work, units).items():
                    cases.append(
                        {"what": name, "system": system, "units": len(units), "load": os.getloadavg()[0]}
                        | told
                    )
                    print(cases[-1], flush=True)
    for case in cases:
        named = {
            f"{case['what']} {case['units']}, {k}": [v]
            for k, v in case.items()
            if isinstance(v, float) and k != "load"
        }
        made += rows(f"ours {case['system']}", named)
    finish("doors/spread", made, cases, n=len(cases), began=began, out=given.json)


if __name__ == "__main__":
    main()
