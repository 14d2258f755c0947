"""What one kind of telemetry adds: each incident diagnosed with it and without.

    python benchmarks/lab/without.py --data DIR --kind traces --json OUT

DIR holds what `aitia lab make` made, at any depth; incidents that have nothing of the kind are passed over. Without a model.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia import api
from aitia.drill.folders import copy_telemetry, made_of
from benchmarks import contract
from benchmarks.lab.data import incidents, of_split


def main() -> int:
    """Diagnose, and print a line an incident."""
    parser = contract.parser(__doc__)
    parser.add_argument("--kind", default="traces", help="the kind of sources that is left out")
    args = parser.parse_args()
    cases: list[dict[str, Any]] = []
    for incident in of_split(incidents(Path(args.data), args.cases), ""):
        stated = yaml.safe_load((incident.folder / "scenario.yaml").read_text(encoding="utf-8"))
        if not any(source["kind"] == args.kind for source in stated["sources"]):
            continue
        with tempfile.TemporaryDirectory() as place:
            less = Path(place) / "incident"
            copy_telemetry(incident.folder, less)
            stated["sources"] = [source for source in stated["sources"] if source["kind"] != args.kind]
            (less / "scenario.yaml").write_text(yaml.safe_dump(stated), encoding="utf-8")
            made = made_of(incident.folder)
            case = {
                "id": incident.id,
                "fault": made.order.fault if made else "",
                "recorded": stated["expected"],
                "with": said(incident.folder),
                "without": said(less),
            }
        cases.append(case)
        print(f"{case['id']:<24}{case['fault']:<20}")
        for how in ("with", "without"):
            one = case[how]
            mark = "right" if one["right"] else "wrong"
            first = f"{one['verdict']} {one['component']} {one['fault']} {one['probability']:.2f}"
            print(
                f"    {how:<8} {mark}  {first}; then {'; '.join(one['suspects'][1:4])}; {one['calls']} calls"
            )
    right = {how: sum(case[how]["right"] for case in cases) for how in ("with", "without")}
    print(f"{args.kind}: {right['with']} of {len(cases)} right with, {right['without']} without")
    if args.json:
        told = {
            "task": "lab/without",
            "kind": args.kind,
            "right": right,
            "cases": cases,
            "commit": contract.commit(),
        }
        Path(args.json).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


def said(folder: Path) -> dict[str, Any]:
    """What aitia says of a scenario folder."""
    done = api.replay(folder, model=None, threads=1)
    report = done.report
    return {
        "right": bool(done.score["correct"]),
        "verdict": report.verdict,
        "component": report.component,
        "fault": report.fault,
        "probability": round(report.probability, 3),
        "suspects": [f"{s.component} {s.fault} {s.probability:.2f}" for s in report.suspects[:5]],
        "calls": report.cost.calls,
    }


if __name__ == "__main__":
    sys.exit(main())
