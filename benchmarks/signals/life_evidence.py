"""Remaining life as a diagnosis tells it: how often a machine is told, is said to be near its end, and is.

python benchmarks/signals/life_evidence.py --data DIR/signals/cmapss [--cases 'FD001/*'] [--seeds 3] --json OUT

Layout as for cmapss.py. A fleet is fitted on the first half of the engines (on those of FD001 the method was chosen) and
asked about the other half. A case is an engine cut at a random cycle, once a seed, written as a table of process signals with a
sample an hour and read back through the source and `life_facts`; the incident's window ends with its last row. "Near its end"
is a fact that weighs (the interval's upper bound under a quarter of the fleet's median life); it is true where no more than
that quarter is left. `trivial` says so by age alone: the fleet's median life less the age. Intervals treat cases as
independent; the cuts of one engine are not quite.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.config import SourceConfig
from aitia.core.words import Incident, Window
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.signals.life import fleet as fleets
from aitia.tools.signals.life import store
from aitia.tools.signals.life.evidence import life_facts
from aitia.tools.signals.life.histories import History, cut
from aitia.tools.signals.life.report import remaining
from aitia.tools.sources import open_source
from benchmarks.adapters.cmapss import engines_of
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.signals.cmapss import CAP, cuts

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = 0.25


def asked(history: History, folder: Path) -> ToolContext:
    """The context of an incident on one machine whose table ends with the window."""
    wide = np.hstack([history.settings, history.sensors, history.t[:, None]])
    names = (*history.setting_names, *history.sensor_names, "cycle")
    lines = ["time,component,metric,value"]
    for t, row in zip(history.t, wide, strict=True):
        at = (BEGAN + timedelta(hours=float(t))).isoformat()
        lines += [f"{at},engine,{name},{value:.9g}" for name, value in zip(names, row, strict=True)]
    (folder / "plant.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = SourceConfig(
        name="plant", kind="metrics", type="table", path="plant.csv",
        options={"life_model": "fleet.npz", "life_time": "cycle", "life_unit": "cycles"},
    )  # fmt: skip
    end = BEGAN + timedelta(hours=float(history.t[-1]), minutes=30)
    window = Window(start=end - timedelta(hours=6), end=end)
    incident = Incident(id="i", title="engine", started_at=window.start, window=window)
    return ToolContext(incident=incident, sources=SourceSet([open_source(config, folder)]))


def told(model: fleets.Fleet, engines: Sequence[History], seen: np.ndarray, name: str) -> Iterator[Case]:
    """What is said of each engine at each of its cuts; only rows up to the cut are written."""
    with TemporaryDirectory() as held:
        folder = Path(held)
        store.save(model, folder / "fleet.npz", data="")
        for n, engine in enumerate(engines):
            for seed, count in enumerate(seen[:, n]):
                history = cut(engine, int(count))
                facts, notes = life_facts(asked(history, folder))
                same = remaining(model, history)
                fact = facts[0] if facts else None
                yield {
                    "case": f"{name}/{engine.machine}", "seed": seed, "row": int(count), "age": same.age,
                    "shown": fact is not None, "near": fact is not None and fact.direction == "down",
                    "strength": fact.strength if fact else 0.0, "high": fact.values.get("high") if fact else None,
                    "low": fact.values["low"] if fact else None, "note": " ".join(notes),
                    "as by the command": fact is None or fact.values["life"] == same.life,
                }  # fmt: skip


def measured(system: str, near: Sequence[bool], left: np.ndarray, usual: float) -> list[dict[str, object]]:
    """Precision and recall of "near its end"."""
    said, true = np.array(near), left <= QUARTER * usual
    return rows(
        system,
        {
            "said near its end": said.astype(float).tolist(),
            "true where said": true[said].astype(float).tolist(),
            "said where true": said[true].astype(float).tolist(),
        },
    )


def main() -> None:
    args = parser(__doc__)
    args.add_argument("--seeds", type=int, default=3, help="cuts of each engine")
    given = args.parse_args()
    began, made, per_case = time.monotonic(), [], []
    for path in sorted(Path(given.data).glob("train_*.txt")):
        name = path.stem.removeprefix("train_")
        engines = engines_of(path)
        half = len(engines) // 2
        held = [
            h
            for h in engines[half:]
            if f"{name}/{h.machine}" in chosen((f"{name}/{h.machine}" for h in engines), given.cases)
        ]
        if not held:
            continue
        model = fleets.fit(engines[:half], cap=CAP)
        found = list(told(model, held, cuts([h.t.size for h in held], given.seeds), name))
        ends = {f"{name}/{h.machine}": h for h in held}
        left = np.array([float(ends[c["case"]].t[-1] - ends[c["case"]].t[c["row"] - 1]) for c in found])
        shown = np.array([c["shown"] for c in found])
        high = np.array([np.inf if c["high"] is None else float(c["high"]) for c in found])
        low = np.array([0.0 if c["low"] is None else float(c["low"]) for c in found])
        inside = (low <= left) & (left <= high)
        for system in ("ours", "no_model"):
            made += rows(
                system,
                {
                    "shown": shown.astype(float).tolist(),
                    "life inside the interval, where shown": inside[shown].astype(float).tolist(),
                    "as by the command": [float(c["as by the command"]) for c in found],
                },
            )
            made += measured(system, [c["near"] for c in found], left, model.life)
        made += measured(
            "trivial", [model.life - c["age"] <= QUARTER * model.life for c in found], left, model.life
        )
        per_case += [c | {"truth": float(v)} for c, v in zip(found, left, strict=True)]
    finish(
        "signals/life_evidence",
        made,
        per_case,
        n=len({c["case"] for c in per_case}),
        began=began,
        out=given.json,
    )


if __name__ == "__main__":
    main()
