"""Are the probabilities honest? Pools the per-case answers that the other benchmarks wrote.

    python benchmarks/rca/calibration.py OUT.json [OUT.json ...] [--json OUT]

Of each benchmark the rows of the product without the model are taken that name a cause. Prints, by how sure the reports
were: how many, how many of them right (component; and component with fault kind, where the benchmark scores it), the
expected calibration error. Of benchmarks/rca/unknown.py the hidden cases count, as a task of their own; its whole ones
are those of the other benchmarks again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import contract

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
SURE = 0.8


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("outputs", nargs="+", help="JSON files of other benchmarks")
    parser.add_argument("--json", default="", help="write the result here")
    args = parser.parse_args()
    began = time.monotonic()
    cases = [case for file in args.outputs for case in told(Path(file))]
    if not cases:
        print("error: none of the files holds a diagnosis that names a cause", file=sys.stderr)
        return 2
    made = []
    for task in [*sorted({c["task"] for c in cases}), "all"]:
        of = [c for c in cases if task in (c["task"], "all")]
        sure = [c for c in of if c["probability"] >= SURE]
        made += contract.rows(
            task,
            {
                "right": [float(c["right"]) for c in of],
                "mean probability": [c["probability"] for c in of],
                "right at .8": [float(c["right"]) for c in sure],
                "share at .8": [float(c["probability"] >= SURE) for c in of],
            },
        )
    print(reliability(cases))
    contract.finish("rca/calibration", made, cases, n=len(cases), began=began, out=args.json)
    return 0


def told(file: Path) -> list[contract.Case]:
    """The causes that a benchmark's run named."""
    run = json.loads(file.read_text(encoding="utf-8"))
    return [
        {
            "task": run["task"] + (" hidden" if c.get("hidden") else ""),
            "id": c["id"],
            "system": "no_model",
            "probability": float(c["probability"]),
            "right": bool(c["right"]),
        }
        for c in run.get("judged", [])
        if c["verdict"] == "cause" and c.get("hidden", True)
    ]


def reliability(cases: Sequence[contract.Case]) -> str:
    """Bins of probability with their share of right answers, and the expected calibration error over them."""
    lines, error = [f"{'probability':<14}{'n':>5}{'mean':>8}{'right':>8}"], 0.0
    for low, high in itertools.pairwise(BINS):
        inside = [c for c in cases if low <= c["probability"] < high]
        if inside:
            sure = contract.mean([c["probability"] for c in inside])
            right = contract.mean([float(c["right"]) for c in inside])
            error += abs(sure - right) * len(inside) / len(cases)
            lines.append(f"{low:.2f} - {min(high, 1):<7.2f}{len(inside):>5}{sure:>8.2f}{right:>8.2f}")
    return "\n".join([*lines, f"expected calibration error {error:.3f}", ""])


if __name__ == "__main__":
    sys.exit(main())
