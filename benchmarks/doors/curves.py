"""What the kept curves of a diagnosis take: bytes and files in the run, CPU while facts are made, and the size of the page.

python benchmarks/doors/curves.py --data scenarios [--cases GLOB] --json OUT
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.graphs import live
from aitia.graphs.curves import with_curves
from aitia.graphs.replay import replay
from aitia.graphs.state import Options
from aitia.render.html import render_html
from benchmarks.contract import chosen, finish, parser, rows

Measured = dict[str, float]


def measure(folder: Path) -> Measured:
    """One scenario, diagnosed by rules: what its curves take."""
    spent = [0.0]

    def timed(*given: Any) -> Any:
        began = time.thread_time()
        try:
            return with_curves(*given)
        finally:
            spent[0] += time.thread_time() - began

    live.with_curves = timed  # type: ignore[assignment]
    try:
        with tempfile.TemporaryDirectory() as home:
            began = time.process_time()
            options = Options(planner="rules", narrator="template")
            done = replay(folder, home=Path(home), llm=None, options=options)
            whole = time.process_time() - began
            return _of(done.report, Path(home) / "runs" / done.report.run, spent[0], whole)
    finally:
        live.with_curves = with_curves


def _of(report: Any, run: Path, spent: float, whole: float) -> Measured:
    kept = {p.name: p.read_bytes() for p in (run / "artifacts").glob("*.series.json")}
    every = sum(p.stat().st_size for p in run.rglob("*") if p.is_file())
    page, plain = render_html(report, artifacts=kept), render_html(report)
    return {
        "facts": len(report.evidence),
        "facts with a curve": sum(1 for e in report.evidence if e.artifact in kept),
        "curve files": len(kept),
        "curve KB": sum(map(len, kept.values())) / 1000,
        "run MB": every / 1e6,
        "curve CPU ms": spent * 1000,
        "diagnosis CPU s": whole,
        "page KB": len(page.encode()) / 1000,
        "page KB without curves": len(plain.encode()) / 1000,
    }


def main() -> None:
    """Measure every scenario that is chosen."""
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    folders = {p.parent.name: p.parent for p in sorted(Path(args.data).glob("*/scenario.yaml"))}
    cases: list[dict[str, Any]] = []
    for name in chosen(folders, args.cases):
        cases.append({"id": name, **measure(folders[name])})
        print(f"{name}: {cases[-1]}", flush=True)
    metrics = [k for k in (cases[0] if cases else {}) if k != "id"]
    made = rows("ours", {m: [float(c[m]) for c in cases] for m in metrics})
    finish("doors/curves", made, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
