"""Sock Shop: which service of a metric window holds the injected fault (AC@1, Avg@5). Saturated: a smoke test.

python benchmarks/rca/sockshop.py --data DIR/rca/sockshop [--cases 'carts-cpu*'] [--json OUT]

DIR holds .../SERVICE-FAULT/REPETITION/{normal,anomalous}.csv, wide tables whose columns are SERVICE_METRIC.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.llm import Llm
from benchmarks.contract import Case, chosen, finish, hits, parser, rows
from benchmarks.rca.metric_cases import Column, Floats, MetricCase, Table, remapped
from benchmarks.rca.metric_peers import baro_scores, by_component, ranking, z_scores
from benchmarks.rca.metric_runs import (
    Prediction,
    accuracy,
    by_group,
    predicted,
    told,
    trivial,
    verdict_rows,
    verdicts,
)
from benchmarks.rca.product import model

MEANS = {"lod": "workload", "lat": "latency", "mem": "memory"}  # what the data's abbreviations stand for
LEFT_OUT = ("lat_50", "lat_99")  # as in RCAEval: one latency quantile is kept


def read_wide(path: Path) -> tuple[list[str], Floats, Floats]:
    """(column names, times, values) of a wide table with a `time` column; infinite and empty cells are NaN."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    names = rows[0]
    data = np.array([[_number(x) for x in row] for row in rows[1:] if row], dtype=np.float64)
    data = data.reshape(-1, len(names))[np.argsort(data[:, names.index("time")], kind="stable")]
    kept = [i for i, name in enumerate(names) if name != "time"]
    return [names[i] for i in kept], data[:, names.index("time")], data[:, kept]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return float("nan")
    return value if np.isfinite(value) else float("nan")


def service(name: str) -> str:
    """The service that a component belongs to: a database counts as its service's (RCAEval's rule)."""
    return name.replace("-db", "")


def folders(data: Path) -> Iterator[Path]:
    """The repetition folders of all cases, sorted."""
    yield from sorted(p.parent for p in data.rglob("normal.csv") if (p.parent / "anomalous.csv").exists())


def name_of(folder: Path) -> str:
    """SERVICE-FAULT/REPETITION."""
    return "/".join(folder.parts[-2:])


def read_answer(folder: Path) -> tuple[str, str]:
    """(service, fault) from the folder's name; only the scorer calls this."""
    where, _, fault = folder.parts[-2].rpartition("-")
    return where, fault


def case_of(folder: Path, number: int) -> MetricCase:
    """A case: the normal table as the baseline, the anomalous one right behind it. Its name is a number."""
    names, t, base = read_wide(folder / "normal.csv")
    there, _, now = read_wide(folder / "anomalous.csv")
    shared = [n for n in names if n in there and not n.endswith(LEFT_OUT)]
    step = float(np.median(np.diff(t))) if t.size > 1 else 1.0
    t_base, t_now = remapped(base, now, step=step)
    table = Table(
        columns=tuple(_column(n) for n in shared),
        t_base=t_base,
        base=base[:, [names.index(n) for n in shared]],
        t_now=t_now,
        now=now[:, [there.index(n) for n in shared]],
    )
    return MetricCase(
        name=f"case-{number}",
        table=table,
        title="An anomaly was reported",
        started_at=float(t_now[0]),
    )


def _column(name: str) -> Column:
    component, _, metric = name.partition("_")
    word, cut, rest = metric.partition("_")
    return Column(component, MEANS.get(word, word) + cut + rest)


def peers(case: MetricCase) -> dict[str, list[str]]:
    """n-sigma and BARO over all series."""
    return {
        "peer nsigma": ranking(by_component(case.table, z_scores(case.table))),
        "peer BARO": ranking(by_component(case.table, baro_scores(case.table))),
    }


def predictions(data: Path, pattern: str, llm: Llm | None = None) -> list[tuple[Path, Prediction]]:
    """All systems on all chosen cases. The folder's name, which is the answer, is not part of a case."""
    every = list(folders(data))
    wanted = set(chosen([name_of(f) for f in every], pattern))
    found = []
    for number, folder in enumerate(every):
        if name_of(folder) in wanted:
            case = case_of(folder, number)
            found.append((folder, predicted(case, peers(case), name=service, llm=llm)))
    return found


def scored(
    found: list[tuple[Path, Prediction]],
) -> tuple[list[dict[str, Any]], list[Case], list[Case]]:
    """The rows (A@k, Avg@5, A@1 by kind of fault), the cases, and what is said of each verdict."""
    answers = [read_answer(folder) for folder, _ in found]
    truths = [service(where) for where, _ in answers]
    kept = trivial([p for _, p in found], truths)
    systems = list(kept[0].orders)
    made = accuracy(kept, truths, systems, (1, 3))
    for system in systems:
        places = [
            [float(hits(p.orders[system], [t], k)) for k in range(1, 6)]
            for p, t in zip(kept, truths, strict=True)
        ]
        made += rows(system, {"Avg@5": [sum(five) / 5.0 for five in places]})
    made += by_group(kept, truths, [fault for _, fault in answers], systems, (1,), label="fault")
    judged = verdicts(kept, truths)
    return made + verdict_rows(judged), told(kept, truths), judged


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    found = predictions(Path(args.data), args.cases, model(args.model))
    made, cases, judged = scored(found)
    finish("rca/sockshop", made, cases, n=len(found), began=began, out=args.json, judged=judged)


if __name__ == "__main__":
    main()
