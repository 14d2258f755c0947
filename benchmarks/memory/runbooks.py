"""Alert -> runbook among all runbooks, playbooks and post-mortems, the alerts' names removed from query and documents.

python benchmarks/memory/runbooks.py --data DIR/knowledge [--cases 'Kube*'] [--vectors FOLDER] --json OUT

Rows: ours (words and meaning), no_model (words alone), each fused by weights that were learned, penalty included, from
the other folds of ten; `part` rows are ours without fusion; peers; trivial (the order of files). Rules without a runbook
tell how often something wrong passes for similar.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.tools.incidents.dense import Dense
from aitia.tools.incidents.fusion import fusion
from aitia.tools.incidents.index import WORDS, Floats
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.memory.fusing import place
from benchmarks.memory.tasks import (
    Ranked,
    Task,
    alerts,
    answers_of,
    fused,
    measured,
    postmortems,
    ranked,
    vectors,
)


def predictions(data: Path, dense: Dense | None, *, every: bool = False) -> dict[str, tuple[Task, Ranked]]:
    """Both tasks by every system: the weights are one set, learned from both. Nothing here reads an answer."""
    made = (alerts(data), postmortems(data, every=every))
    return {task.name: (task, ranked(task, dense)) for task in made if task.questions}


def scored(
    data: Path, found: dict[str, tuple[Task, Ranked]], name: str, pattern: str = "*"
) -> tuple[list[dict[str, Any]], list[Case]]:
    """The rows and cases of one task."""
    answers = {task: answers_of(of, data) for task, (of, _) in found.items()}
    task, ranking = found[name]
    wanted = set(chosen((q.name for q in task.questions), pattern))
    told = {q: a for q, a in answers[name].items() if q in wanted}
    by_system = fused(found, answers, name)
    if "ours" in ranking.parts:
        for n, part in enumerate((*WORDS, "meaning")):
            by_system[f"part {part}"] = _by_query(task, [p[:, n] for p in ranking.parts["ours"]])
    by_system |= {system: _by_query(task, scores) for system, scores in ranking.scores.items()}
    made: list[dict[str, Any]] = []
    for system, scores in by_system.items():
        made += rows(system, measured(scores, told))
    made += _ratio(made) + _floor(task, ranking, answers[name])
    cases = [
        {"case": q, "document": task.ids[a]}
        | {system: place(scores[q], a) for system, scores in by_system.items() if q in scores}
        for q, a in sorted(told.items())
    ]
    return made, cases


def _by_query(task: Task, scores: list[Floats]) -> dict[str, Floats]:
    return {q.name: s for q, s in zip(task.questions, scores, strict=True)}


def _ratio(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ours to the best peer of each metric, as a ratio of the means; its interval is ours over the peer's mean."""
    value = {(r["system"], r["metric"]): r for r in made}
    best = {m: max(r["value"] for s, r in _of(made, m) if s.startswith("peer")) for m in ("R@1", "MRR")}
    return [
        {
            **value[system, metric],
            "metric": f"{metric} / best peer",
            "value": round(value[system, metric]["value"] / peer, 4),
            "ci95": [round(x / peer, 4) for x in value[system, metric]["ci95"]],
        }
        for system in ("ours", "no_model")
        for metric, peer in best.items()
        if (system, metric) in value and peer
    ]


def _of(made: list[dict[str, Any]], metric: str) -> list[tuple[str, dict[str, Any]]]:
    return [(r["system"], r) for r in made if r["metric"] == metric]


def _floor(task: Task, ranking: Ranked, answers: dict[str, int]) -> list[dict[str, Any]]:
    """How often the first document passes for similar: where it is right, and where no document is."""
    least = {"no_model": fusion().least_words, "ours": fusion().least_meaning}
    made: list[dict[str, Any]] = []
    for system, parts in ranking.parts.items():
        right, without, removed = [], [], []
        for q, part, alike in zip(task.questions, parts, ranking.alike[system], strict=True):
            score = fusion().fused(part)
            answer = answers.get(q.name)
            first = int(np.argmax(score))
            if answer is None:
                without.append(float(alike[first] >= least[system]))
                continue
            if first == answer:
                right.append(float(alike[first] >= least[system]))
            score[answer] = -1.0
            removed.append(float(alike[int(np.argmax(score))] >= least[system]))
        made += rows(
            system,
            {
                "right first, above the floor": right,
                "no runbook exists, one above the floor": without,
                "right one taken away, one above the floor": removed,
            },
        )
    return made


def main(name: str = "alerts", doc: str | None = __doc__) -> None:
    asked = parser(doc)
    asked.add_argument(
        "--vectors", default="", help="folder of the vectors (default: AITIA_HOME/bench-vectors)"
    )
    asked.add_argument(
        "--every", action="store_true", help="post-mortems: bodies without a blurb distract too"
    )
    args = asked.parse_args()
    began, data = time.monotonic(), Path(args.data)
    dense, note = vectors(Path(args.vectors))
    if note:
        print(note)
    found = predictions(data, dense, every=args.every)
    made, cases = scored(data, found, name, args.cases)
    task = {"alerts": "runbooks", "postmortems": "postmortems"}[name]
    finish(f"memory/{task}", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
