"""Remaining life of turbofan engines: error, NASA score and coverage, 5-fold by engine.

python benchmarks/signals/cmapss.py --data DIR/signals/cmapss [--cases 'FD001/*'] [--seeds 5] --json OUT

Layout: train_NAME.txt (unit, cycle, 3 settings, sensors; whitespace; each unit runs to failure), any number of them. Where
test_NAME.txt and RUL_NAME.txt are there too, the engines of the test table are scored against the latter.
A case is an engine, NAME/UNIT. It is cut at a random cycle, once a seed; what comes after the cut is the answer, and
models are fitted on the engines of the other folds. Life is capped at 125 in truth and prediction (Heimes 2008); the score is
that of Saxena et al. (2008). Intervals are a bootstrap over engines. No language model takes part: `ours` is `no_model`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.life import fleet as fleets
from aitia.tools.signals.life.histories import History, cut
from aitia.tools.signals.life.trend import TrendLife
from aitia.tools.sources.rows import Floats
from benchmarks.adapters.cmapss import engines_of
from benchmarks.contract import Case, chosen, finish, parser
from benchmarks.signals.life_peers import PEER, SAME, Point, peers, trend

FOLDS, CAP = 5, 125.0
OURS, TREND = "ours", "ours trend"
POINTS = (OURS, PEER, SAME, "trivial", "trivial linear", TREND)


def folds(count: int) -> NDArray[np.int64]:
    """The fold of each engine, by chance."""
    return np.random.default_rng(0).permutation(np.arange(count) % FOLDS)


def cuts(lengths: Sequence[int], seeds: int) -> NDArray[np.int64]:
    """How many rows of each engine are seen, shape (seeds, engines): at least 1, and at least 1 is left."""
    return np.array(
        [[np.random.default_rng([s, n]).integers(1, k) for n, k in enumerate(lengths)] for s in range(seeds)]
    )


def predictions(
    engines: Sequence[History], part: NDArray[np.int64], seen: NDArray[np.int64], *, jobs: int = 1
) -> list[Case]:
    """What every system says of every engine at each cut. Engines of the other folds are seen whole, its own to the cut."""
    tasks = []
    for fold in sorted(set(part.tolist())):
        train = [h for h, p in zip(engines, part, strict=True) if p != fold]
        asked = [
            (seed, cut(engines[n], int(rows)))
            for n in np.flatnonzero(part == fold)
            for seed, rows in enumerate(seen[:, n])
        ]
        tasks.append((train, asked, fold))
    if jobs == 1:
        return [case for task in tasks for case in said(*task)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return [case for made in pool.map(said, *zip(*tasks, strict=True)) for case in made]


def said(train: Sequence[History], asked: Sequence[tuple[int, History]], seed: int = 0) -> list[Case]:
    """What every system that has learned from `train` says of other engines at their last row."""
    model = fleets.fit(train, cap=CAP, seed=seed)
    told, alone = peers(train, model.prepared), trend(train, model.prepared)
    return [{"unit": h.machine, "seed": s, "row": h.t.size, **_said(model, told, alone, h)} for s, h in asked]


def _said(
    model: fleets.Fleet,
    told: dict[str, Point],
    alone: Callable[[History], TrendLife | None],
    history: History,
) -> Case:
    x = model.prepared.features(history)[-1:]
    point, low, high = (float(v[0]) for v in model.of_features(x))
    found = alone(history)
    shown = found is not None and found.life is not None
    return {
        OURS: point, "low": low, "high": high, **{name: told[name](history) for name in told},
        TREND: min(found.life, CAP) if found is not None and found.life is not None else CAP,
        "trend shown": shown, "trend low": found.low if found and shown else 0.0,
        "trend high": found.high if found and shown else None,
    }  # fmt: skip


def scored(name: str, found: Sequence[Case]) -> list[dict[str, Any]]:
    """Rows of one table; every case carries its `truth`."""
    units = sorted({c["unit"] for c in found})
    mine = [np.array([n for n, c in enumerate(found) if c["unit"] == u]) for u in units]
    truth = np.minimum([float(c["truth"]) for c in found], CAP)
    off = {who: np.array([float(c[who]) for c in found]) - truth for who in POINTS}
    low, high = (np.array([float(c[k]) for c in found]) for k in ("low", "high"))
    inside = ((low <= truth) & (truth <= high)).astype(float)
    chance = np.random.default_rng(0)
    drawn = [
        np.concatenate([mine[k] for k in chance.integers(0, len(units), len(units))]) for _ in range(1000)
    ]

    def row(system: str, metric: str, of: Callable[[NDArray[np.int64]], float]) -> dict[str, Any]:
        spread = np.nanquantile([of(d) for d in drawn], [0.025, 0.975])
        return {"system": system, "metric": f"{name} {metric}", "value": round(of(np.arange(len(found))), 4),
                "n": len(units), "ci95": [round(float(v), 4) for v in spread]}  # fmt: skip

    def rmse(who: str) -> Callable[[NDArray[np.int64]], float]:
        return lambda d: float(np.sqrt(np.mean(off[who][d] ** 2)))

    def score(who: str) -> Callable[[NDArray[np.int64]], float]:
        cost = np.where(off[who] < 0, np.exp(-off[who] / 13), np.exp(off[who] / 10)) - 1
        return lambda d: float(100 * np.mean(cost[d]))

    made = []
    for who in POINTS:
        made += [row(who, "RMSE", rmse(who)), row(who, "score per 100", score(who))]
    for who in (PEER, SAME):
        other, own = rmse(who), rmse(OURS)
        made.append(row(OURS, f"RMSE / {who}", lambda d, other=other, own=own: own(d) / other(d)))
    made.append(row(OURS, "90 % coverage", lambda d: float(np.mean(inside[d]))))
    made.append(row(OURS, "interval width", lambda d: float(np.mean((high - low)[d]))))
    below = truth < CAP
    if below.any():
        made.append(row(OURS, "coverage, life below the cap", lambda d: _mean(inside[d[below[d]]])))
    return made + _of_trends(row, found, off[TREND])


def _of_trends(
    row: Callable[..., dict[str, Any]], found: Sequence[Case], off: Floats
) -> list[dict[str, Any]]:
    """How often a trend is shown, and what it is worth then; its interval is of the life without a cap."""
    shown = np.array([bool(c["trend shown"]) for c in found])
    if not shown.any():
        return []
    inside = np.array(
        [c["trend low"] <= c["truth"] and (c["trend high"] or np.inf) >= c["truth"] for c in found],
        dtype=float,
    )
    return [
        row(TREND, "trend shown", lambda d: float(np.mean(shown[d]))),
        row(TREND, "RMSE where shown", lambda d: float(np.sqrt(_mean(off[d[shown[d]]] ** 2)))),
        row(TREND, "90 % coverage", lambda d: _mean(inside[d[shown[d]]])),
    ]


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if values.size else float("nan")


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--seeds", type=int, default=5, help="cuts of each engine")
    asked.add_argument("--jobs", type=int, default=2, help="folds at the same time")
    args = asked.parse_args()
    began = time.monotonic()
    data = Path(args.data)
    table: list[dict[str, Any]] = []
    per_case: list[Case] = []
    for path in sorted(data.glob("train_*.txt")):
        name = path.stem.removeprefix("train_")
        engines = engines_of(path)
        wanted = set(chosen((f"{name}/{h.machine}" for h in engines), args.cases))
        if not wanted:
            continue
        ends = {h.machine: h.t for h in engines}
        found = predictions(
            engines, folds(len(engines)), cuts([h.t.size for h in engines], args.seeds), jobs=args.jobs
        )
        found = [
            {
                "case": f"{name}/{c['unit']}",
                "truth": float(ends[c["unit"]][-1] - ends[c["unit"]][c["row"] - 1]),
                **c,
            }
            for c in found
            if f"{name}/{c['unit']}" in wanted
        ]
        table += scored(name, found)
        answers = data / f"RUL_{name}.txt"
        if (data / f"test_{name}.txt").is_file() and answers.is_file():
            held = said(engines, [(0, h) for h in engines_of(data / f"test_{name}.txt")])
            left = np.loadtxt(answers, ndmin=1)
            held = [
                {"case": f"{name} test/{c['unit']}", "truth": float(r), **c}
                for c, r in zip(held, left, strict=True)
            ]
            table += scored(f"{name} test", held)
            found += held
        per_case += found
    table += [{**row, "system": "no_model"} for row in table if row["system"] == OURS]
    finish(
        "signals/cmapss", table, per_case, n=len({c["case"] for c in per_case}), began=began, out=args.json
    )


if __name__ == "__main__":
    main()
