"""Remaining life where the fleet never had the failure: how often that is said, rightly and wrongly.

python benchmarks/signals/life_open.py --data DIR/signals/cmapss --lab DIR/rotor [--json OUT]

The fleet is engines 1-50 of C-MAPSS FD001 (one failure mode). Engines 51-100, cut at three random moments, are of the
fleet's own kind: to refuse a number there is wrong. The same engines fail otherwise where one sensor, drawn by
chance, moves as well: by exponential wear up to so many of its spreads at the end, or along the trend that a channel
of a simulated rotor took when its bearing, coupling or balance failed (the lab's split `develop`; scaled to its own
spread before the failure, at most `MOST` spreads). To refuse is right there, once the sensor has moved by a spread.
Systems: `ours` by the distance from the fleet's paths; `no_model`, the share of features outside the fleet's range
over .1, which was only told before; trivial: a number always. Intervals are over cuts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.signals.life.fleet import STRIDE, prepare
from aitia.tools.signals.life.histories import History, cut
from aitia.tools.signals.life.paths import Paths
from aitia.tools.signals.life.report import STRANGE
from benchmarks.adapters.cmapss import engines_of
from benchmarks.contract import Case, finish, parser, rows
from benchmarks.signals.limit_cases import Floats, of_lab

FLEET, CUTS, SIZES, MOST = 50, 3, (2.0, 4.0, 8.0), 20.0
MOVED = ((1.0, 1.5), (1.5, 2.5), (2.5, 4.0), (4.0, MOST + 1))
KNOWN, WEAR, TREND = "known", "wear", "rotor trend"


def wear(length: int, size: float) -> Floats:
    """Exponential growth from 0 to `size`, most of it in the last third of a life."""
    grown = np.expm1(5.0 * np.linspace(0, 1, length))
    return np.asarray(size * grown / grown[-1], dtype=np.float64)


def rotor_trends(folder: Path) -> Iterator[tuple[str, Floats]]:
    """The channel that moved most in each faulty rotor, in its own spreads before the failure."""
    for one in of_lab(folder, "rotor"):
        if one.labels.any():
            level = (one.x - one.reference.mean(axis=0)) / np.maximum(one.reference.std(axis=0), 1e-6)
            course = level[one.labels]
            worst = int(np.argmax(np.abs(course[-10:].mean(axis=0))))
            if abs(course[-10:, worst].mean()) > 1:
                yield one.name, np.clip(course[:, worst], -MOST, MOST)


def moved(engine: History, sensor: int, by: Floats, spread: float) -> History:
    """The engine with one sensor moved, `by` in its spreads."""
    sensors = engine.sensors.copy()
    sensors[:, sensor] += spread * np.interp(np.linspace(0, 1, engine.t.size), np.linspace(0, 1, by.size), by)
    return replace(engine, sensors=sensors)


def predictions(engines: Sequence[History], trends: Sequence[tuple[str, Floats]]) -> list[Case]:
    """What is said at every cut, of every kind of failure."""
    fleet, asked = engines[:FLEET], engines[FLEET:]
    prepared = prepare(fleet)
    x = [prepared.features(h)[::-STRIDE][::-1] for h in fleet]
    paths = Paths.fit([prepared.smoothed(one) for one in x])
    every = np.vstack(x)
    low, high = every.min(axis=0), every.max(axis=0)
    reach = 0.05 * (high - low)
    found = []
    for n, engine in enumerate(asked):
        chance = np.random.default_rng([0, n])
        sensor = engine.sensor_names.index(str(chance.choice(prepared.sensors)))
        spread = float(np.std(np.concatenate([h.sensors[:, sensor] for h in fleet])))
        ends = [int(k) for k in chance.integers(30, engine.t.size, CUTS)]
        for kind, by in failures(trends[n % len(trends)][1] if trends else None):
            history = moved(engine, sensor, by, spread)
            for end in ends:
                told = prepared.features(cut(history, end))[-1:]
                off = paths.off(prepared.smoothed(told))[0]
                found.append({
                    "id": f"{engine.machine}/{end}", "kind": kind,
                    "moved": round(float(np.interp(end / engine.t.size, np.linspace(0, 1, by.size), np.abs(by))), 2),
                    "off": round(float(off.max()) / paths.limit, 3),
                    "strange": float(np.mean((told < low - reach) | (told > high + reach))),
                    "named": prepared.sensors[int(np.argmax(off))] == engine.sensor_names[sensor],
                })  # fmt: skip
    return found


def failures(trend: Floats | None) -> Iterator[tuple[str, Floats]]:
    """How a sensor moves in each kind of failure: not at all in the fleet's own."""
    yield KNOWN, np.zeros(2)
    yield from ((WEAR, wear(100, size)) for size in SIZES)
    if trend is not None:
        yield TREND, trend


def scored(found: Sequence[Case]) -> list[dict[str, Any]]:
    """Refusals by kind and by how far the sensor has moved; where it has not by a spread yet, nothing is asked."""
    made: list[dict[str, Any]] = []
    systems: dict[str, Callable[[Case], bool]] = {
        "ours": lambda c: c["off"] > 1,
        "no_model": lambda c: c["strange"] > STRANGE,
        "trivial": lambda c: False,
    }
    for system, refuses in systems.items():
        known = [float(refuses(c)) for c in found if c["kind"] == KNOWN]
        made += rows(system, {"refused, the fleet's own failure (wrong)": known})
        for kind in sorted({c["kind"] for c in found} - {KNOWN}):
            for low, high in MOVED:
                mine = [float(refuses(c)) for c in found if c["kind"] == kind and low <= c["moved"] < high]
                made += rows(system, {f"refused, {kind}, moved {low:g} to {high:g} spreads (right)": mine})
    told = [
        float(c["named"]) for c in found if c["kind"] != KNOWN and c["moved"] >= MOVED[0][0] and c["off"] > 1
    ]
    return [*made, *rows("ours", {"the sensor that moved is named": told})]


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--lab", type=Path, help="folder of rotor incidents of the lab")
    args = asked.parse_args()
    began = time.monotonic()
    trends = list(rotor_trends(args.lab)) if args.lab else []
    found = predictions(engines_of(Path(args.data) / "train_FD001.txt"), trends)
    finish("signals/life_open", scored(found), found, n=len(found), began=began, out=args.json)


if __name__ == "__main__":
    main()
