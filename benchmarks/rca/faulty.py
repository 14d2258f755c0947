"""Faulty windows of machines: how often "nothing is wrong" is said of a plant in which something is, by its signals alone.

    python benchmarks/rca/faulty.py --data DATA [--cases 'tep-*'] --json OUT        (DATA holds signals/skab, signals/tep)

SKAB: a window around each labelled anomaly's beginning, and one before it as control. TEP: 40 samples that begin with the
fault, after samples of the fault-free run, and as control stretches of the fault-free test run. The labels say where a
window is cut (the alarm's time), and nothing else. `trivial` takes every alarm at its word. No fault kind is asked
for: most of these faults have none in the taxonomy, so that "unknown" is right, and naming a bearing would not be.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.words import Component
from benchmarks import contract
from benchmarks.rca.healthy import FOLDS
from benchmarks.rca.metric_cases import T0, Column, Floats, MetricCase, Table
from benchmarks.rca.product import diagnosed
from benchmarks.signals import skab_files, tep

SKAB_ROWS, SKAB_BEFORE, SKAB_CONTROL, TEP_ROWS = 300, 10, 150, 40
SURE = 0.8


def main() -> int:
    """Run the benchmark."""
    args = contract.parser(__doc__).parse_args()
    began = time.monotonic()
    cases = {c.name: c for c in windows(Path(args.data))}
    per_case = []
    for name in contract.chosen(cases, args.cases):
        case = cases[name]
        with tempfile.TemporaryDirectory() as folder:
            report = diagnosed(
                case.incident(), case.write(Path(folder)), Path(folder), components=case.components
            )
        told = {"verdict": report.verdict, "component": report.component, "fault": report.fault}
        per_case.append({"id": name, "group": case.group, "probability": report.probability, **told})
        print(f"{name:<24}{report.verdict:<9}{report.probability:.2f} {report.component} {report.fault}", flush=True)  # fmt: skip
    if not per_case:
        print("error: give --data a folder that holds signals/skab or signals/tep", file=sys.stderr)
        return 2
    made = contract.rows("no_model", measured(per_case)) + contract.rows("trivial", trivial(per_case))
    contract.finish("rca/faulty", made, per_case, n=len(per_case), began=began, out=args.json)
    return 0


def measured(cases: list[contract.Case]) -> dict[str, list[float]]:
    """Shares by group: `healthy` said, with .8 or more, a cause named."""
    found: dict[str, list[float]] = {}
    for group in sorted({c["group"] for c in cases}):
        own = [c for c in cases if c["group"] == group]
        healthy = [c["verdict"] == "healthy" for c in own]
        sure = [h and c["probability"] >= SURE for h, c in zip(healthy, own, strict=True)]
        found[f"{group}: nothing is wrong"] = [float(x) for x in healthy]
        found[f"{group}: the same with {SURE:g} or more"] = [float(x) for x in sure]
        found[f"{group}: a cause"] = [float(c["verdict"] == "cause") for c in own]
    return found


def trivial(cases: list[contract.Case]) -> dict[str, list[float]]:
    """An alarm is always right."""
    return {
        f"{g}: nothing is wrong": [0.0 for c in cases if c["group"] == g] for g in {c["group"] for c in cases}
    }


def windows(data: Path) -> Iterator[MetricCase]:
    """Every faulty window and its controls."""
    if (data / "signals/skab").is_dir():
        yield from _skab(data / "signals/skab")
    if (data / "signals/tep/d00.dat").is_file():
        yield from _tep(data / "signals/tep")


def _skab(data: Path) -> Iterator[MetricCase]:
    for name, path in sorted(skab_files.paths(data).items()):
        recording = skab_files.read(path, data)
        faulty = np.flatnonzero(skab_files.answer(path, "anomaly"))
        if not faulty.size:
            continue
        columns = [Column("pump", c) for c in recording.channels]
        label = name.replace("/", "-")
        for group, at, rows in (
            ("fault", int(faulty[0]) - SKAB_BEFORE, SKAB_ROWS),
            ("control", int(faulty[0]) - SKAB_CONTROL - 1, SKAB_CONTROL),
        ):
            first = max(0, at - FOLDS * rows)
            if at - first >= SKAB_CONTROL and at + rows <= len(recording.t):
                yield _case(
                    f"skab-{label}-{group}", recording.t, recording.x, columns, first, at, rows,
                    title="Pump: condition monitoring alarm", group=f"skab {group}",
                )  # fmt: skip


def _tep(data: Path) -> Iterator[MetricCase]:
    normal, quiet = tep.read(data / "d00.dat"), tep.read(data / "d00_te.dat")
    names = [*(f"xmeas_{i}" for i in range(1, 42)), *(f"xmv_{i}" for i in range(1, 12))]
    columns = [Column("reactor", name) for name in names]
    before = normal[-FOLDS * TEP_ROWS :]
    parts = [(run.name, run.faulty[:TEP_ROWS], "fault") for run in tep.runs(data, "*")]
    starts = range(0, len(quiet) - TEP_ROWS + 1, 2 * TEP_ROWS)
    parts += [(f"d00_te-{i:03d}", quiet[i : i + TEP_ROWS], "control") for i in starts]
    for name, now, group in parts:
        x = np.vstack([before, now])
        t = T0 + 180.0 * np.arange(len(x), dtype=np.float64)
        yield _case(
            f"tep-{name}-{group}", t, x, columns[: x.shape[1]], 0, len(before), len(now),
            title="Plant: process alarm", group=f"tep {group}",
        )  # fmt: skip


def _case(
    name: str,
    t: Floats,
    x: Floats,
    columns: list[Column],
    first: int,
    at: int,
    rows: int,
    *,
    title: str,
    group: str,
) -> MetricCase:
    table = Table(
        columns=tuple(columns),
        t_base=t[first:at],
        base=x[first:at],
        t_now=t[at : at + rows],
        now=x[at : at + rows],
    )
    return MetricCase(
        name=name,
        table=table,
        title=title,
        started_at=float(t[at + rows // 2]),
        hints=(columns[0].component,),
        components=(Component(id=columns[0].component, type="machine"),),
        group=group,
    )


if __name__ == "__main__":
    sys.exit(main())
