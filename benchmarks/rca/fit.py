"""Learn the weigher's factors: diagnose every case of the development folders, then fit, then write the weights.

    python benchmarks/rca/fit.py --scenarios DIR [DIR ...] [--judged FILE ...] -o agent/weights.json

Scenario folders (docs/scenarios.md) are replayed with the rules, as they are and with the culprit hidden; `--judged`
takes diagnoses that the other benchmarks kept with `--keep FILE`. Groups are never split between folds: a scenario's
group is its recorder and its fault.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.fit import Judged, fit
from aitia.agent.taxonomy import bundled
from aitia.graphs.replay import replay
from benchmarks.rca.judged import judged, keep, kept
from benchmarks.rca.labelled import labelled
from benchmarks.rca.product import RULES

RIDGES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def main() -> int:
    """Fit and write."""
    args = _arguments()
    cases = [case for folder in args.scenarios for case in _scenarios(Path(folder))]
    if args.keep:
        keep(Path(args.keep), cases)
    cases += [case for file in args.judged for case in kept(Path(file))]
    if not cases:
        print("error: give --scenarios a folder of scenario folders, or --judged a file", file=sys.stderr)
        return 2
    weights, told = fit(cases, bundled(), ridges=RIDGES)
    groups = {c.group for c in cases}
    made = weights.model_copy(
        update={
            "made_by": "benchmarks/rca/fit.py",
            "data": {"cases": len(cases), "groups": len(groups), "sha256": _digest(cases)},
            "cross_validated": told,
        }
    )
    print(json.dumps(told, indent=1))
    for term, factor in sorted(weights.factors.items()):
        print(f"{term:<22}{factor:6.2f}")
    if args.output:
        Path(args.output).write_text(json.dumps(made.model_dump(), indent=1) + "\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scenarios", nargs="*", default=[], help="folders of scenario folders")
    parser.add_argument("--judged", nargs="*", default=[], help="files of kept diagnoses")
    parser.add_argument("--keep", default="", help="keep the scenarios' diagnoses here")
    parser.add_argument("-o", "--output", default="", help="write the weights here")
    return parser.parse_args()


def _scenarios(folder: Path) -> list[Judged]:
    """Each scenario, and where its cause is known the same without the culprit's telemetry: `unknown` is right there."""
    found: list[Judged] = []
    groups: dict[str, str] = {}
    for file in sorted(folder.glob("*/scenario.yaml")):
        with tempfile.TemporaryDirectory() as home:
            done = replay(file.parent, home=Path(home), llm=None, options=RULES)
        expected = done.scenario.expected
        accepted = [(expected.component, expected.fault)] if expected.verdict == "cause" else []
        accepted += [(a.component, a.fault) for a in expected.alternatives]
        group = f"{done.scenario.recorded.by} {expected.verdict} {expected.fault}"
        found.append(judged(done.scenario.id, group, done.report, expected.verdict, accepted))
        groups[file.parent.name] = group
    for case in labelled(folder):
        found.append(judged(f"{case.name} hidden", groups[case.name], case.run(True), "unknown"))
    return found


def _digest(cases: Sequence[Judged]) -> str:
    digest = hashlib.sha256()
    for case in cases:
        for e in case.evidence:
            digest.update(e.statement.encode())
        digest.update(repr((case.id, case.verdict, case.accepted)).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
