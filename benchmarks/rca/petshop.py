"""PetShop: which node of a call graph explains a slow or failing entry point (top-1, top-3).

python benchmarks/rca/petshop.py --data DIR/rca/petshop [--cases 'low_traffic*'] [--json OUT]

DIR holds SCENARIO/graph.csv, SCENARIO/noissue/metrics.csv and SCENARIO/PART/issue_N/{metrics.csv,target.json} as
published (Hardt et al., 2023). Only `target` of target.json is shown to what is tested.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.llm import Llm
from aitia.core.words import Component, Link
from benchmarks.contract import Case, chosen, finish, parser
from benchmarks.rca.metric_cases import Column, Floats, MetricCase, Table, remapped
from benchmarks.rca.metric_peers import (
    baro_scores,
    by_component,
    correlation_scores,
    ranking,
    traversal,
    z_scores,
)
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

STEP_S = 300.0


def read_frame(path: Path) -> tuple[list[Column], Floats, Floats]:
    """(series, times, values): a header of three rows (node, metric, statistic), then the index' name, then rows."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    columns = [Column(a, f"{b}_{c}") for a, b, c in zip(rows[0][1:], rows[1][1:], rows[2][1:], strict=True)]
    body = [row for row in rows[3:] if row and _is_number(row[0])]
    t = np.array([float(row[0]) for row in body])
    values = [[float(x) if _is_number(x) else np.nan for x in row[1:]] for row in body]
    order = np.argsort(t, kind="stable")
    return columns, t[order], np.array(values, dtype=np.float64).reshape(len(body), len(columns))[order]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def read_graph(path: Path) -> dict[str, list[str]]:
    """Caller -> callees of an adjacency matrix with names in its first row and column."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    names = rows[0][1:]
    return {
        r[0]: [n for n, x in zip(names, r[1:], strict=True) if _is_number(x) and float(x) != 0]
        for r in rows[1:]
        if r
    }


def read_target(folder: Path) -> dict[str, Any]:
    """What is shown of a case: the node and metric that raised the alarm, and when."""
    target: dict[str, Any] = json.loads((folder / "target.json").read_text(encoding="utf-8"))["target"]
    return target


def read_answer(folder: Path) -> str:
    """The node that was at fault; only the scorer calls this."""
    return str(json.loads((folder / "target.json").read_text(encoding="utf-8"))["root_cause"]["node"])


def folders(data: Path) -> Iterator[Path]:
    """The issue folders of all scenarios, sorted."""
    yield from sorted(p.parent for p in data.glob("*/*/*/target.json"))


def case_of(folder: Path, data: Path) -> MetricCase:
    """A case: normal rows as the baseline, the issue's rows right behind them as the window."""
    scenario = folder.parents[1]
    columns, _, base = read_frame(scenario / "noissue" / "metrics.csv")
    here, times, now = read_frame(folder / "metrics.csv")
    graph, target = read_graph(scenario / "graph.csv"), read_target(folder)
    shared = [c for c in columns if c in set(here)]
    t_base, t_now = remapped(base, now, step=STEP_S)
    table = Table(
        columns=tuple(shared),
        t_base=t_base,
        base=base[:, [columns.index(c) for c in shared]],
        t_now=t_now,
        now=now[:, [here.index(c) for c in shared]],
    )
    alarm = float(target["timestamp"]) - float(times[0]) if times.size else 0.0
    names = sorted({*graph, *(c.component for c in shared)})
    return MetricCase(
        name=folder.relative_to(data).as_posix(),
        table=table,
        title=f"{target['node']} {target['metric']}",
        text=f"The {target['agg']} {target['metric']} of {target['node']} left its normal range.",
        started_at=float(t_now[0]) + min(max(alarm, 0.0), float(t_now[-1] - t_now[0])),
        hints=(str(target["node"]),),
        components=tuple(
            Component(
                id=name,
                type="service",
                links=tuple(Link(relation="calls", to=to) for to in graph.get(name, [])),
            )
            for name in names
        ),
        extra={"target": str(target["node"]), "metric": str(target["metric"]), "agg": str(target["agg"])},
    )


def peers(case: MetricCase) -> dict[str, list[str]]:
    """The published methods on the target's own metric and statistic, as their authors run them."""
    target, wanted = case.extra["target"], f"{case.extra['metric']}_{case.extra['agg']}"
    same = case.table.take(lambda c: c.metric == wanted)
    graph = {c.id: [link.to for link in c.links] for c in case.components}
    correlated = by_component(same, correlation_scores(same, target))
    return {
        "peer ranked correlation": ranking(correlated, without=[target]),
        "peer traversal": traversal(same, graph, target),
        "peer max|z|": ranking(by_component(same, z_scores(same))),
        "peer BARO": ranking(by_component(same, baro_scores(same))),
    }


def predictions(data: Path, pattern: str, llm: Llm | None = None) -> list[Prediction]:
    """All systems on all chosen cases. Nothing here reads an answer."""
    names = {folder.relative_to(data).as_posix(): folder for folder in folders(data)}
    found = []
    for name in chosen(names, pattern):
        case = case_of(names[name], data)
        found.append(predicted(case, peers(case), llm=llm))
    return found


def scored(data: Path, found: list[Prediction]) -> tuple[list[dict[str, Any]], list[Case], list[Case]]:
    """The rows (all, by answer, and by metric), the cases, and what is said of each verdict."""
    truths = [read_answer(data / p.name) for p in found]
    found = trivial(found, truths)
    systems = list(found[0].orders)
    made = accuracy(found, truths, systems, (1, 3))
    made += by_group(found, truths, [p.extra["metric"] for p in found], systems, (1, 3), label="metric")
    made += by_group(found, truths, truths, systems, (1, 3), label="answer")
    judged = verdicts(found, truths)
    return made + verdict_rows(judged), told(found, truths), judged


def main() -> None:
    args = parser(__doc__).parse_args()
    began, data = time.monotonic(), Path(args.data)
    found = predictions(data, args.cases, model(args.model))
    if not found:
        sys.exit(f"error: --data {args.data!r} holds no issue of PetShop that --cases {args.cases!r} names")
    made, cases, judged = scored(data, found)
    finish("rca/petshop", made, cases, n=len(found), began=began, out=args.json, judged=judged)


if __name__ == "__main__":
    main()
