"""Learn the weigher's factors: diagnose every case of the development folders, then fit, then write the weights.

    python benchmarks/rca/fit.py --scenarios DIR [DIR ...] [--judged FILE ...] -o agent/weights.json

Scenario folders (docs/scenarios.md) are replayed with the rules, as they are and with the culprit hidden; `--judged`
takes diagnoses that the other benchmarks kept with `--keep FILE`. Groups are never split between folds: a scenario's
group is its recorder and its fault. Prints, by data set, what hand-set factors and factors learned without the case's
data set make of each case.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.judged import Judged
from aitia.agent.taxonomy import bundled
from aitia.agent.topology import Topology
from aitia.agent.weigher import Weighed
from aitia.graphs.replay import replay
from benchmarks import contract
from benchmarks.rca.factors import fit
from benchmarks.rca.judged import digest_of, judged, keep, kept
from benchmarks.rca.labelled import labelled
from benchmarks.rca.product import RULES, ordered

RIDGES = (128.0, 512.0, 2048.0)
SURE = 0.8


def main() -> int:
    """Fit and write."""
    args = _arguments()
    began = time.monotonic()
    cases = [case for folder in args.scenarios for case in _scenarios(Path(folder))]
    if args.keep:
        keep(Path(args.keep), cases)
    cases += [case for file in args.judged for case in kept(Path(file))]
    if not cases:
        print("error: give --scenarios a folder of scenario folders, or --judged a file", file=sys.stderr)
        return 2
    fitted = fit(cases, bundled(), ridges=RIDGES)
    told = {"ridge": fitted.ridge}
    for name, weighed in (("hand_set", fitted.hand_set), ("learned", fitted.held_out)):
        both = list(zip(cases, weighed, strict=True))
        told[f"log_loss_{name}"] = round(contract.mean([c.log_loss(w) for c, w in both]), 4)
        told[f"right_{name}"] = round(contract.mean([float(c.is_right(w)) for c, w in both]), 4)
    for term, factor in sorted(fitted.weights.factors.items()):
        print(f"{term:<22}{factor:6.2f}")
    print(json.dumps(told, indent=1))
    per_case = [
        {"id": c.id, "data": f"{c.data} {c.verdict}", "system": system} | score(c, w)
        for system, weighed in (("ours", fitted.held_out), ("no_model", fitted.hand_set))
        for c, w in zip(cases, weighed, strict=True)
    ]
    made = [
        row
        for system in ("ours", "no_model")
        for data in sorted({p["data"] for p in per_case})
        for row in contract.rows(
            "hand-set" if system == "no_model" else "learned, held out",
            {
                f"{data} {metric}": [
                    float(p[metric])
                    for p in per_case
                    if p["system"] == system and p["data"] == data and p[metric] is not None
                ]
                for metric in METRICS
            },
        )
    ]
    contract.finish("rca/fit", made, per_case, n=len(cases), began=began, out=args.json)
    if args.output:
        weights = fitted.weights.model_copy(
            update={
                "made_by": "benchmarks/rca/fit.py",
                "data": {
                    "cases": len(cases),
                    "groups": len({c.group for c in cases}),
                    "sha256": digest_of(cases),
                },
                "cross_validated": told,
            }
        )
        Path(args.output).write_text(json.dumps(weights.model_dump(), indent=1) + "\n", encoding="utf-8")
    return 0


METRICS = ("component@1", "component@3", "verdict right", "wrong cause", "wrong cause at 80")


def score(case: Judged, weighed: Weighed) -> dict[str, float | None]:
    """What counts of a case: hits only where a cause is to be found, wrong causes everywhere."""
    best = ordered(weighed.suspects, case.evidence)
    topology = Topology(case.inventory.components)
    right = {m for c, _ in case.accepted for m in topology.family(c)}
    cause = case.verdict == "cause"
    wrong = weighed.verdict == "cause" and weighed.component not in right
    return {
        "component@1": float(contract.hits(best, right, 1)) if cause else None,
        "component@3": float(contract.hits(best, right, 3)) if cause else None,
        "verdict right": float(case.is_right(weighed)),
        "wrong cause": float(wrong),
        "wrong cause at 80": float(wrong and weighed.probability >= SURE),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scenarios", nargs="*", default=[], help="folders of scenario folders")
    parser.add_argument("--judged", nargs="*", default=[], help="files of kept diagnoses")
    parser.add_argument("--keep", default="", help="keep the scenarios' diagnoses here")
    parser.add_argument("--json", default="", help="write each case's verdicts here")
    parser.add_argument("-o", "--output", default="", help="write the weights here")
    return parser.parse_args()


def _scenarios(folder: Path) -> list[Judged]:
    """Each scenario, and where its cause is known the same without the culprit's telemetry: `unknown` is right there."""
    found: list[Judged] = []
    groups: dict[str, str] = {}
    answers: dict[str, list[tuple[str, str]]] = {}
    for file in sorted(folder.glob("*/scenario.yaml")):
        with tempfile.TemporaryDirectory() as home:
            done = replay(file.parent, home=Path(home), llm=None, options=RULES)
        expected = done.scenario.expected
        accepted = [(expected.component, expected.fault)] if expected.verdict == "cause" else []
        accepted += [(a.component, a.fault) for a in expected.alternatives]
        group = f"scenarios {done.scenario.recorded.by} {expected.verdict} {expected.fault}"
        found.append(judged(done.scenario.id, group, done.report, expected.verdict, accepted))
        groups[file.parent.name], answers[file.parent.name] = group, accepted
    for case in labelled(folder):
        found.append(
            judged(f"{case.name} hidden", groups[case.name], case.run(True), "unknown", answers[case.name])
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
