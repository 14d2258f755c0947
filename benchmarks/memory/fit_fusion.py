"""Fit the shipped weights and floors of `tools/incidents/fusion.json` to both retrieval tasks.

python benchmarks/memory/fit_fusion.py --data DIR/knowledge [--vectors FOLDER] --json tools/incidents/fusion.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.errors import ModelError
from aitia.tools.incidents.index import Floats
from benchmarks.contract import parser
from benchmarks.memory.fusing import chosen_penalty, fit, place
from benchmarks.memory.runbooks import predictions
from benchmarks.memory.tasks import Ranked, Task, answers_of, vectors

KEPT = 0.95  # share of the right first documents that a floor keeps


def rows_of(
    found: dict[str, tuple[Task, Ranked]], data: Path, system: str, tasks: list[str]
) -> tuple[list[Floats], list[int], list[Floats]]:
    """Parts, answer and likeness of every query that has an answer."""
    parts, answers, alike = [], [], []
    for name in tasks:
        task, ranking = found[name]
        told = answers_of(task, data)
        for q, p, a in zip(task.questions, ranking.parts[system], ranking.alike[system], strict=True):
            if q.name in told:
                parts.append(p)
                answers.append(told[q.name])
                alike.append(a)
    return parts, answers, alike


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--vectors", default="")
    args = asked.parse_args()
    data = Path(args.data)
    dense, note = vectors(Path(args.vectors))
    if dense is None:
        raise ModelError(f"Install the extra `memory` to fit: {note}.")
    found = predictions(data, dense)
    made: dict[str, object] = {}
    for system, key in (("no_model", "words"), ("ours", "meaning")):
        for name, other in (("alerts", "postmortems"), ("postmortems", "alerts")):
            known, truth, _ = rows_of(found, data, system, [name])
            weights = fit(known, truth, chosen_penalty(known, truth))
            asked_parts, wanted, _ = rows_of(found, data, system, [other])
            places = np.array([place(p @ weights, a) for p, a in zip(asked_parts, wanted, strict=True)])
            print(
                f"{system}: learned from {name}, {other}: R@1 {np.mean(places == 1):.3f} MRR {np.mean(1 / places):.3f}"
            )
        known, truth, alike = rows_of(found, data, system, sorted(found))
        penalty = chosen_penalty(known, truth)
        weights = fit(known, truth, penalty)
        first = [
            float(a[t]) for p, t, a in zip(known, truth, alike, strict=True) if place(p @ weights, t) == 1
        ]
        made[key] = [round(float(w), 2) for w in weights]
        made[f"least_{key}"] = round(float(np.quantile(first, 1 - KEPT)), 2)
        print(f"{system}: penalty {penalty}, weights {made[key]}, floor {made[f'least_{key}']}")
    if args.json:
        Path(args.json).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
