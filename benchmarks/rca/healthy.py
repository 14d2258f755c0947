"""Healthy windows: how often a cause is named where nothing was wrong, though an alert text says something is.

    python benchmarks/rca/healthy.py --data DATA --json OUT     (DATA holds rca/petshop, rca/nezha, signals/skab, signals/tep)

Windows are cut from fault-free recordings: PetShop's `noissue`, SKAB's `anomaly-free`, TEP's `d00_te.dat`, and Nezha's
minutes outside every injection. `--part odd` (the default) scores every second window, `even` the others, which may be
developed on. Fault lists are read only to keep out of the injections' way.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.words import Component, Link
from benchmarks import contract
from benchmarks.rca import nezha_metrics, petshop
from benchmarks.rca.judged import Judged, judged, keep
from benchmarks.rca.metric_cases import T0, Column, Floats, MetricCase, Table
from benchmarks.rca.product import diagnosed

FOLDS = 6  # the baseline is six times as long as the window, as the product's own default


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--part", choices=("odd", "even", "all"), default="odd")
    parser.add_argument("--keep", default="", help="keep the diagnoses here, for benchmarks/rca/fit.py")
    args = parser.parse_args()
    began = time.monotonic()
    cases = {c.name: c for c in windows(Path(args.data)) if args.part == "all" or _part(c) == args.part}
    per_case, kept = [], list[Judged]()
    for name in contract.chosen(cases, args.cases):
        case = cases[name]
        with tempfile.TemporaryDirectory() as folder:
            sources = case.write(Path(folder))
            report = diagnosed(case.incident(), sources, Path(folder), components=case.components)
        kept.append(judged(name, f"healthy {case.group}", report, "healthy"))
        told = {"verdict": report.verdict, "component": report.component, "fault": report.fault}
        per_case.append(
            {"id": name, "group": case.group, "probability": report.probability, "system": "no_model"} | told
        )
        print(f"{name:<36}{report.verdict:<9}{report.probability:.2f} {report.component} {report.fault}")
    if not per_case:
        print("error: give --data a folder that holds rca/ and signals/ recordings", file=sys.stderr)
        return 2
    if args.keep:
        keep(Path(args.keep), kept)
    made = contract.rows("no_model", _measured(per_case)) + contract.rows(
        "trivial", {"false_cause": [1.0] * len(per_case)}
    )
    verdicts = [{**{k: c[k] for k in ("id", "verdict", "probability")}, "right": False} for c in per_case]
    contract.finish(
        "rca/healthy", made, per_case, n=len(per_case), began=began, out=args.json, judged=verdicts
    )
    return 0


def _part(case: MetricCase) -> str:
    return "odd" if int(case.name.rsplit("-", 1)[1]) % 2 else "even"


def _measured(cases: list[contract.Case]) -> dict[str, list[float]]:
    found = {
        "false_cause": [c["verdict"] == "cause" for c in cases],
        "said_healthy": [c["verdict"] == "healthy" for c in cases],
        "false_cause_at_80": [c["verdict"] == "cause" and c["probability"] >= 0.8 for c in cases],
    }
    for group in sorted({c["group"] for c in cases}):
        found[f"false_cause {group}"] = [c["verdict"] == "cause" for c in cases if c["group"] == group]
    return {k: [float(x) for x in v] for k, v in found.items()}


def windows(data: Path) -> Iterator[MetricCase]:
    """Every healthy window of the recordings that are there."""
    for folder in sorted((data / "rca/petshop").glob("*/noissue")):
        yield from _petshop(folder)
    for file in sorted((data / "signals/skab/anomaly-free").glob("*.csv")):
        yield from _skab(file)
    file = data / "signals/tep/d00_te.dat"
    if file.is_file():
        yield from _tep(file)
    for name in nezha_metrics.days(data / "rca/nezha"):
        yield from _nezha(data / "rca/nezha", name)


def _cut(
    name: str,
    t: Floats,
    values: Floats,
    columns: list[Column],
    *,
    rows: int,
    title: str,
    group: str,
    hints: tuple[str, ...] = (),
    components: tuple[Component, ...] = (),
    starts: list[int] | None = None,
) -> Iterator[MetricCase]:
    """Windows of some rows, one after the other, each with the rows before it as baseline."""
    places = starts if starts is not None else list(range(FOLDS * rows, len(t) - rows + 1, rows))
    for number, at in enumerate(places):
        table = Table(
            columns=tuple(columns),
            t_base=t[at - FOLDS * rows : at],
            base=values[at - FOLDS * rows : at],
            t_now=t[at : at + rows],
            now=values[at : at + rows],
        )
        yield MetricCase(
            name=f"{name}-{number:03d}",
            table=table,
            title=title,
            started_at=float(t[at + rows // 2]),
            hints=hints,
            components=components,
            group=group,
        )


def _petshop(folder: Path) -> Iterator[MetricCase]:
    columns, _, values = petshop.read_frame(folder / "metrics.csv")
    graph = petshop.read_graph(folder.parent / "graph.csv")
    called = {callee for callees in graph.values() for callee in callees}
    entries = sorted(set(graph) - called) or sorted(graph)
    yield from _cut(
        f"petshop-{folder.parent.name}",
        T0 + 300.0 * np.arange(len(values), dtype=np.float64),
        values,
        columns,
        rows=6,
        title=f"{entries[0]} latency above its threshold",
        group="petshop",
        hints=(entries[0],),
        components=tuple(
            Component(
                id=name, type="service", links=tuple(Link(relation="calls", to=to) for to in graph[name])
            )
            for name in sorted(graph)
        ),
        starts=list(range(36, len(values) - 6 + 1, 18)),
    )


def _skab(file: Path) -> Iterator[MetricCase]:
    with file.open(newline="", encoding="utf-8") as text:
        head, *rows = list(csv.reader(text, delimiter=";"))
    at = head.index("datetime")
    wanted = [i for i, name in enumerate(head) if i != at and name not in ("anomaly", "changepoint")]
    t = np.array([datetime.fromisoformat(r[at]).replace(tzinfo=UTC).timestamp() for r in rows])
    yield from _cut(
        f"skab-{file.stem}",
        t,
        np.array([[float(r[i]) for i in wanted] for r in rows]),
        [Column("pump", head[i]) for i in wanted],
        rows=300,
        title="Pump: condition monitoring alarm",
        group="skab",
        hints=("pump",),
    )


def _tep(file: Path) -> Iterator[MetricCase]:
    values = np.loadtxt(file)
    names = [f"xmeas_{i}" for i in range(1, 42)] + [f"xmv_{i}" for i in range(1, 12)]
    yield from _cut(
        "tep",
        T0 + 180.0 * np.arange(len(values), dtype=np.float64),
        values,
        [Column("reactor", n) for n in names[: values.shape[1]]],
        rows=40,
        title="Plant: process alarm",
        group="tep",
        hints=("reactor",),
    )


def _nezha(data: Path, name: str) -> Iterator[MetricCase]:
    """Windows that lie between the injections: none from a minute before one to ten minutes after it."""
    day, rows = nezha_metrics.read_day(data, name), 20
    bad = np.zeros(len(day.minutes), dtype=bool)
    for at in nezha_metrics.fault_minutes(data, name):
        bad |= (day.minutes >= at - 60) & (day.minutes <= at + 600)
    starts, row = list[int](), FOLDS * rows
    while row + rows <= len(day.minutes):
        if bad[row : row + rows].any():
            row += 1
        else:
            starts.append(row)
            row += 3 * rows
    yield from _cut(
        f"nezha-{name}",
        day.minutes,
        day.values,
        list(day.columns),
        rows=rows,
        title="Requests at the front end are slow",
        group="nezha",
        components=nezha_metrics.components_of(day),
        starts=starts,
    )


if __name__ == "__main__":
    sys.exit(main())
