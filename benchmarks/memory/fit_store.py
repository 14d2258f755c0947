"""The incident store's fusion: the hand-set weights that ship, beside learned ones and every part alone.

python benchmarks/memory/fit_store.py --data DIR [--cases 'hotel,postmortems'] [--seed N] --json OUT

DIR holds `rca/tvdiag` and `knowledge` in the layouts of events.py and postmortems.py; what it lacks is left out. The tasks are
those of store_parts.py. Rows of each task, ours with meaning and no_model without it:

ours, no_model            the weights of tools/memory/fusion.py, set by hand
... learned               learned from the other folds of every task, the ridge chosen by a second cross-validation inside them
... elsewhere             learned from the other tasks alone: a system that was left out
part, peer RRF, trivial   one part alone; reciprocal rank fusion of all parts; the order of ids
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.home import aitia_home
from aitia.tools.memory.fusion import CONTENT, FLOOR, WEIGHTS
from aitia.tools.memory.vectors import open_embedder
from benchmarks.contract import finish, parser, rows
from benchmarks.memory.fusing import Floats
from benchmarks.memory.store_fit import candidates, group, learned, ranking, reciprocal, scores, with_parts
from benchmarks.memory.store_parts import PARTS, Vectors, text_parts
from benchmarks.memory.store_tasks import FOLDS, Task, tasks
from benchmarks.memory.tasks import alerts, postmortems

PRIOR: Final = np.array([WEIGHTS[p] for p in PARTS])
JUDGED: Final = PRIOR * np.array([p in CONTENT for p in PARTS])  # what the floor goes by
MODES: Final[Mapping[str, tuple[str, ...]]] = {"ours": (), "no_model": ("meaning",)}


class Learning:
    """What every candidate makes of every query, computed once; fold -1 is all queries."""

    def __init__(self, made: Sequence[Task], modes: Sequence[str]) -> None:
        self.modes = modes
        self.weights = candidates(PRIOR)
        self._ranks = {
            (task.name, mode, fold): reciprocal(
                group(asked, task.right, MODES[mode]), with_parts(self.weights)
            )
            for task in made
            for mode in modes
            for fold, asked in [(-1, task.every), *enumerate(task.learn)]
        }

    def of(self, fold: int, without: str = "") -> tuple[Floats, float]:
        """Weights and ridge from one fold's queries to learn from, or from those of all tasks but one."""
        return learned(
            {f"{t} {m}": r for (t, m, f), r in self._ranks.items() if f == fold and t != without},
            self.weights,
            PRIOR,
        )


def predictions(made: Sequence[Task], by: Learning) -> list[dict[str, Any]]:
    """The ids in the order of each system, of every query held out."""
    folded = [by.of(fold)[0] for fold in range(FOLDS)]
    found: list[dict[str, Any]] = []
    for task in made:
        elsewhere = by.of(-1, without=task.name)[0]
        for fold, asked in enumerate(task.test):
            systems = {"": PRIOR, " learned": folded[fold], " elsewhere": elsewhere}
            for a in asked:
                orders = {f"{m}{n}": ranking(a, w, MODES[m]) for m in by.modes for n, w in systems.items()}
                parts = [n for n in range(len(PARTS)) if not np.isnan(a.parts[:, n]).all()]
                orders |= {f"part {PARTS[n]}": ranking(a, np.eye(len(PARTS))[n]) for n in parts}
                orders["peer RRF"] = _rrf([orders[f"part {PARTS[n]}"] for n in parts], len(a.ids))
                orders["trivial"] = sorted(range(len(a.ids)), key=lambda n: a.ids[n])
                named = {s: [a.ids[n] for n in order] for s, order in orders.items()}
                found.append({"task": task.name, "id": a.name, "fold": fold, "orders": named})
    return found


def _rrf(orders: Sequence[Sequence[int]], n: int) -> list[int]:
    total = np.zeros(n)
    for order in orders:
        total[list(order)] += 1.0 / (60 + 1 + np.arange(len(order)))
    return sorted(range(len(total)), key=lambda n: (-total[n], n))


def scored(task: Task, found: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """R@1 and MRR of every system on one task, and how much learned weights gain over the hand-set ones."""
    places: dict[str, list[float]] = {}
    cases = []
    for row in found:
        own = {}
        for system, ids in row["orders"].items():
            at = next((n for n, i in enumerate(ids, 1) if task.right(row["id"], i)), None)
            if at is not None:
                own[system] = at
                places.setdefault(system, []).append(1.0 / at)
        cases.append({"case": f"{task.name}/{row['id']}", "fold": row["fold"], "places": own})
    made = []
    for system, values in places.items():
        made += rows(
            system, {f"{task.name} R@1": [float(v == 1.0) for v in values], f"{task.name} MRR": values}
        )
    for mode in MODES:
        if mode in places:
            gain = [a - b for a, b in zip(places[f"{mode} learned"], places[mode], strict=True)]
            made += rows(f"{mode} learned less ours", {f"{task.name} MRR": gain})
    return made, cases


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument(
        "--seed", type=int, default=0, help="which split into folds, and which generated incidents"
    )
    args = asked.parse_args()
    began = time.monotonic()
    model, note = open_embedder(aitia_home())
    if note:
        print(note)
    vectors = Vectors(model) if model is not None else None
    made = tasks(Path(args.data), args.cases, vectors, args.seed)
    by = Learning(made, list(MODES) if model is not None else ["no_model"])
    found = predictions(made, by)
    table, cases = [], []
    for task in made:
        more, own = scored(task, [row for row in found if row["task"] == task.name])
        table += more
        cases += own
    if any(task.name == "postmortems" for task in made):
        table += floors(Path(args.data) / "knowledge", made, by.modes, vectors)
    told = {"all": by.of(-1)} | {f"without fold {fold}": by.of(fold) for fold in range(FOLDS)}
    told |= {f"without {t.name}": by.of(-1, without=t.name) for t in made if len(made) > 1}
    for name, (learnt, strength) in told.items():
        said = ", ".join(f"{p} {w:.3f}" for p, w in zip(PARTS, learnt, strict=True))
        print(f"learned from {name}: {said} (ridge {strength})")
    finish("memory/fit_store", table, cases, n=len(cases), began=began, out=args.json)


def floors(
    data: Path, made: Sequence[Task], modes: Sequence[str], vectors: Vectors | None
) -> list[dict[str, Any]]:
    """How often the best content passes for similar: of blurbs that find their body first, of alerts over post-mortems."""
    (task,) = (t for t in made if t.name == "postmortems")
    unrelated = text_parts(
        dataclasses.replace(postmortems(data, every=True), questions=alerts(data).questions), vectors
    )
    table: list[dict[str, Any]] = []
    for mode in modes:
        held = np.array([p not in MODES[mode] for p in PARTS], dtype=float)
        passed: dict[str, list[float]] = {
            "right first, above the floor": [],
            "alerts over post-mortems, above the floor": [],
        }
        for metric, asked in zip(passed, (task.every, unrelated), strict=True):
            for a in asked:
                first = ranking(a, PRIOR, MODES[mode])[0]
                if asked is unrelated or task.right(a.name, a.ids[first]):
                    part = a.parts[first]
                    share = scores(np.nan_to_num(part), ~np.isnan(part) * held, JUDGED)
                    passed[metric].append(float(share >= FLOOR))
        table += rows(mode, passed)
    return table


if __name__ == "__main__":
    main()
