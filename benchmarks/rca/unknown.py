"""The culprit's telemetry removed: how often a wrong cause is named, and the coverage/risk curve with and without it.

    python benchmarks/rca/unknown.py --data scenarios --json OUT

Takes folders of scenario folders, recorded clusters, and those of PetShop, Nezha and Sock Shop as benchmarks/rca reads
them. The right
component's telemetry is hidden, so a wrong component at 80 % or more is the failure that counts; naming the right one
from its neighbours' view is allowed. The curve is over the same cases whole:
of the diagnoses at least so sure, how many there are and how many of them are wrong.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.words import Report
from benchmarks import contract
from benchmarks.rca.judged import Judged, judged, keep
from benchmarks.rca.labelled import Labelled, labelled

SURE = 0.8
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--keep", default="", help="keep the diagnoses here, for benchmarks/rca/fit.py")
    parser.add_argument("--also", nargs="*", default=[], help="further folders")
    args = parser.parse_args()
    began = time.monotonic()
    every = {f"{Path(d).name}: {c.name}": c for d in (args.data, *args.also) for c in labelled(Path(d))}
    per_case: list[contract.Case] = []
    kept: list[Judged] = []
    for name in contract.chosen(every, args.cases):
        case = every[name]
        for hide in (False, True):
            report = case.run(hide)
            per_case.append(judged_case(name, report, case.right, hide=hide))
            kept.append(_kept(name, case, report, hide=hide))
    if not per_case:
        print("error: --data holds no case with a known cause of a layout that is read here", file=sys.stderr)
        return 2
    if args.keep:
        keep(Path(args.keep), kept)
    hid = [c for c in per_case if c["hidden"]]
    made = contract.rows("no_model", measured(hid))
    made += contract.rows("no_model whole", measured([c for c in per_case if not c["hidden"]]))
    made += contract.rows("trivial", {"wrong_cause_at_80": [1.0] * len(hid)})
    print(curve(per_case))
    contract.finish("rca/unknown", made, per_case, n=len(hid), began=began, out=args.json, judged=per_case)
    return 0


def _kept(name: str, case: Labelled, report: Report, *, hide: bool) -> Judged:
    named = {c.id for c in report.inventory.components} | {e.component for e in report.evidence}
    accepted = [(c, "") for c in sorted(named) if c and case.right(c)]
    if hide:
        return judged(f"{name} hidden", case.group, report, "unknown", accepted)
    return judged(name, case.group, report, "cause", accepted)


def judged_case(name: str, report: Report, right: Callable[[str], bool], *, hide: bool) -> contract.Case:
    """What a report says, and whether its component is right."""
    return {
        "id": name,
        "system": "no_model",
        "hidden": hide,
        "verdict": report.verdict,
        "component": report.component,
        "fault": report.fault,
        "probability": report.probability,
        "right": right(report.component) if report.verdict == "cause" else None,
    }


def measured(cases: Sequence[contract.Case]) -> dict[str, list[float]]:
    """Wrong causes, sure wrong causes, right ones, and how often it was not told."""
    causes = [c["verdict"] == "cause" for c in cases]
    wrong = [c["right"] is False for c in cases]
    return {
        "wrong_cause": [float(w) for w in wrong],
        "wrong_cause_at_80": [
            float(w and c["probability"] >= SURE) for w, c in zip(wrong, cases, strict=True)
        ],
        "right_component": [float(c["right"] is True) for c in cases],
        "not_told": [float(not c) for c in causes],
    }


def curve(cases: Sequence[contract.Case]) -> str:
    """Coverage and risk by the probability that is asked for, whole cases and hidden ones."""
    lines = [f"{'at least':<10}{'coverage':<10}{'risk':<8}{'coverage, hidden':<18}risk, hidden"]
    for level in LEVELS:
        cells = []
        for hide in (False, True):
            of = [c for c in cases if c["hidden"] == hide]
            told = [c for c in of if c["verdict"] == "cause" and c["probability"] >= level]
            risk = sum(c["right"] is False for c in told) / len(told) if told else 0.0
            cells += [f"{len(told) / max(1, len(of)):.2f}", f"{risk:.2f}"]
        lines.append(f"{level:<10}{cells[0]:<10}{cells[1]:<8}{cells[2]:<18}{cells[3]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
