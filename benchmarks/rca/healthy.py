"""Healthy windows: how often a cause is named where nothing was wrong, though an alert text says something is.

    python benchmarks/rca/healthy.py --data DATA --json OUT     (DATA holds rca/petshop, rca/nezha, signals/skab, signals/tep)

Windows are cut from fault-free recordings: PetShop's `noissue`, SKAB's `anomaly-free`, TEP's `d00_te.dat`, and Nezha's
minutes outside every injection. `--part odd` (the default) scores every second window, `even` the others, which may be
developed on. Fault lists are read only to keep out of the injections' way.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.words import Component, Link
from benchmarks import contract
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
        kept.append(judged(name, case.group, report, "healthy"))
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
    contract.finish("rca/healthy", made, per_case, n=len(per_case), began=began, out=args.json)
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
    for folder in sorted((data / "rca/nezha/rca_data").glob("*")):
        yield from _nezha(folder)


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
    import pandas as pd

    frame = pd.read_csv(folder / "metrics.csv", header=[0, 1, 2], index_col=0)
    graph = pd.read_csv(folder.parent / "graph.csv", index_col=0)
    components = tuple(
        Component(
            id=caller,
            type="service",
            links=tuple(Link(relation="calls", to=c) for c in graph.columns if graph.loc[caller, c]),
        )
        for caller in sorted(graph.index)
    )
    t = T0 + 300.0 * np.arange(len(frame), dtype=np.float64)
    columns = [Column(str(c[0]), f"{c[1]}_{c[2]}") for c in frame.columns]
    starts = list(range(36, len(frame) - 6 + 1, 18))
    target = str(frame.columns[0][0]) if "PetSite" not in graph.index else "PetSite"
    yield from _cut(
        f"petshop-{folder.parent.name}",
        t,
        frame.to_numpy(dtype=np.float64),
        columns,
        rows=6,
        title=f"{target} latency above its threshold",
        group="petshop",
        hints=(target,),
        components=components,
        starts=starts,
    )


def _skab(file: Path) -> Iterator[MetricCase]:
    import pandas as pd

    frame = pd.read_csv(file, sep=";", index_col="datetime", parse_dates=True)
    frame = frame.drop(columns=[c for c in ("anomaly", "changepoint") if c in frame])
    t = frame.index.to_numpy(dtype="datetime64[ns]").astype(np.int64) / 1e9
    columns = [Column("pump", str(c)) for c in frame.columns]
    yield from _cut(
        f"skab-{file.stem}",
        t,
        frame.to_numpy(dtype=np.float64),
        columns,
        rows=300,
        title="Pump: condition monitoring alarm",
        group="skab",
        hints=("pump",),
    )


def _tep(file: Path) -> Iterator[MetricCase]:
    values = np.loadtxt(file)
    t = T0 + 180.0 * np.arange(len(values), dtype=np.float64)
    names = [f"xmeas_{i}" for i in range(1, 42)] + [f"xmv_{i}" for i in range(1, 12)]
    columns = [Column("reactor", n) for n in names[: values.shape[1]]]
    yield from _cut(
        "tep",
        t,
        values,
        columns,
        rows=40,
        title="Plant: process alarm",
        group="tep",
        hints=("reactor",),
    )


def _nezha(folder: Path) -> Iterator[MetricCase]:
    import pandas as pd

    files = sorted((folder / "metric").glob("*_metric.csv.gz"))
    frames = {f.name.removesuffix("_metric.csv.gz"): pd.read_csv(f) for f in files}
    series, columns = [], []
    for pod, frame in frames.items():
        at = pd.to_datetime(frame["Time"].str.slice(0, 19)).astype("datetime64[s]")
        numbers = frame.select_dtypes("number").drop(columns=["TimeStamp"], errors="ignore")
        numbers = numbers.set_index(at).sort_index().resample("1min").mean()
        series += [numbers[c] for c in numbers.columns]
        columns += [Column(pod, str(c)) for c in numbers.columns]
    table = pd.concat(series, axis=1)
    t = table.index.to_numpy(dtype="datetime64[ns]").astype(np.int64) / 1e9
    bad = _injected(folder, t)
    rows, starts, at_row = 20, [], FOLDS * 20
    while at_row + rows <= len(t):
        if not bad[at_row : at_row + rows].any():
            starts.append(at_row)
            at_row += 3 * rows
        else:
            at_row += 1
    yield from _cut(
        f"nezha-{folder.name}",
        t,
        table.to_numpy(dtype=np.float64),
        columns,
        rows=rows,
        title="Requests at the front end are slow",
        group="nezha",
        starts=starts,
    )


def _injected(folder: Path, t: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Minutes from an injection to ten minutes after it."""
    listed = json.loads((folder / f"{folder.name}-fault_list.json").read_text(encoding="utf-8"))
    bad = np.zeros(len(t), dtype=bool)
    for fault in (f for hour in listed.values() for f in hour):
        at = np.datetime64(fault["inject_time"]).astype("datetime64[s]").astype(np.int64)
        bad |= (t >= at - 60) & (t <= at + 600)
    return bad


if __name__ == "__main__":
    sys.exit(main())
