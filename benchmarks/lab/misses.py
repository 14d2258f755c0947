"""Where verdicts on real servers miss: each visit's top suspects beside its answer, and the misses by what they lack.

    python benchmarks/lab/misses.py --data DIR [--cases GLOB] [--arms alone] [--kept FOLDER] --json OUT

DIR holds visits of benchmarks/lab/rig.py, of systems that may be looked at, diagnosed anew as benchmarks/lab/again.py does.
With `--kept` the reports are kept in a folder, and one that is there is weighed anew on its facts in place of a diagnosis, which
shows what a change of kinds and weights alone does. A row's figures are of one system left to itself: a rule is written from
four systems and judged on the fifth.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import NAMED, OPEN, weigh
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Report, Suspect
from aitia.graphs.replay import accepted
from benchmarks import contract
from benchmarks.contract import Case
from benchmarks.lab import again, visit
from benchmarks.lab.data import NEVER, Incident, incidents, splits
from benchmarks.lab.rig import Names, live_of, named_by_lab

SHOWN: Final = 3  # suspects a case
MISSES: Final = (
    "right", "kind open, told", "kind wrong, told", "component wrong, told",
    "both first, not told", "component first, kind not, not told", "component not first, not told",
)  # fmt: skip


def main() -> int:
    """Diagnose or weigh anew, and print the table."""
    parser = contract.parser(__doc__)
    parser.add_argument("--arms", default=visit.ARMS[0], help="what `init` finds: alone, journal")
    parser.add_argument("--kept", type=Path, default=None, help="the folder of the reports")
    args = parser.parse_args()
    began, known = time.monotonic(), splits()
    found = [i for i in incidents(Path(args.data), args.cases) if (live_of(i) / visit.NAMES).exists()]
    if closed := sorted({i.system for i in found if known.get(i.system, NEVER) == NEVER}):
        parser.error(f"--data holds {', '.join(closed)}, at which nobody looks: leave them out")
    cases = [
        _case(incident, arm, report)
        for incident in found
        for arm in args.arms.split(",")
        if (report := _report(incident, arm, args.kept)) is not None
    ]
    for case in cases:
        print(_shown(case))
    contract.finish("lab/misses", _rows(cases), cases, n=len(found), began=began, out=args.json)
    return 0


def _report(incident: Incident, arm: str, kept: Path | None) -> Report | None:
    then = again.then_told(incident, arm)
    if then is None:
        return None
    file = kept / f"{incident.id.replace('/', '+')}.{arm}.json" if kept else None
    if file and file.exists():
        return _weighed(Report.model_validate_json(file.read_text(encoding="utf-8")))
    scenario = load_scenario(incident.folder)
    report = again.told_now(scenario, incident.folder, then, changes=arm != visit.ARMS[0])
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(report.model_dump_json(), encoding="utf-8")
    return report


def _weighed(report: Report) -> Report:
    """The report with the verdict that its facts have today."""
    now = weigh(
        report.evidence, report.inventory, bundled(), alarmed=report.incident.hints,
        given_up=[g.what for g in report.given_up],
    )  # fmt: skip
    told = {
        "verdict": now.verdict, "component": now.component, "fault": now.fault, "probability": now.probability,
        "suspects": now.suspects,
    }  # fmt: skip
    return report.model_copy(update=told)


def _case(incident: Incident, arm: str, report: Report) -> Case:
    scenario = load_scenario(incident.folder)
    names: Names = json.loads((live_of(incident) / visit.NAMES).read_text(encoding="utf-8"))
    top = [s for s in report.suspects if s.component][:SHOWN]
    healthy, unknown = (
        next((s.probability for s in report.suspects if s.fault == kind and not s.component), 0.0)
        for kind in ("healthy", "unknown")
    )
    return {
        "id": incident.id, "system": incident.system, "arm": arm, "fault of the lab": incident.kind,
        "expected": _expected(scenario), "verdict": report.verdict, "component": report.component, "fault": report.fault,
        "probability": report.probability, "healthy": healthy, "unknown": unknown,
        "suspects": [_suspect(s, scenario, names) for s in top],
        "miss": _miss(report, scenario, names, top),
    }  # fmt: skip


def _expected(scenario: Scenario) -> list[str]:
    e = scenario.expected
    pairs = [(e.component, e.fault), *((a.component, a.fault) for a in e.alternatives)]
    return [e.verdict] if e.verdict != "cause" else [f"{c} {f}" for c, f in pairs]


def _suspect(suspect: Suspect, scenario: Scenario, names: Names) -> dict[str, Any]:
    called = named_by_lab(suspect.component, names)
    return {
        "component": suspect.component, "fault": suspect.fault, "probability": suspect.probability,
        "place": called in _places(scenario), "pair": accepted(scenario.expected, (), called, suspect.fault),
    }  # fmt: skip


def _places(scenario: Scenario) -> set[str]:
    expected = scenario.expected
    return {expected.component, *(a.component for a in expected.alternatives)} - {""}


def _miss(report: Report, scenario: Scenario, names: Names, top: Sequence[Suspect]) -> str:
    """Which of `MISSES` a case is; of a healthy one whether it was told, or what was told in its place."""
    expected, called = scenario.expected, named_by_lab(report.component, names)
    if expected.verdict != "cause":
        return "right" if report.verdict == expected.verdict else f"{expected.verdict}: told {report.verdict}"
    if report.verdict == "cause":
        if accepted(expected, (), called, report.fault):
            return "right"
        if called not in _places(scenario):
            return "component wrong, told"
        return "kind open, told" if report.fault == OPEN else "kind wrong, told"
    if report.verdict == "healthy":
        return "cause: told healthy"
    first = named_by_lab(top[0].component, names) if top else ""
    if first not in _places(scenario):
        return "component not first, not told"
    pair = accepted(expected, (), first, top[0].fault)
    return "both first, not told" if pair else "component first, kind not, not told"


def _rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """How often each miss is, of each system and of all; and how sure what was told is."""
    rows: list[dict[str, Any]] = []
    kinds = [*MISSES, *sorted({c["miss"] for c in cases} - set(MISSES))]
    for system in [*dict.fromkeys(c["system"] for c in cases), "all"]:
        mine = [c for c in cases if system in (c["system"], "all")]
        measured = {miss: [float(c["miss"] == miss) for c in mine] for miss in kinds}
        told = [c for c in mine if c["verdict"] == "cause"]
        for low, high in ((NAMED, 0.65), (0.65, 0.8), (0.8, 1.01)):
            band = [c for c in told if low <= c["probability"] < high]
            measured[f"right of causes told at {low} to {min(high, 1.0)}"] = [
                float(c["miss"] == "right") for c in band
            ]
        rows += contract.rows(f"no_model {system}", measured)
    return rows


def _shown(case: Case) -> str:
    told = f"{case['verdict']} {case['component']} {case['fault']} {case['probability']:.2f}"
    lines = [
        f"\n{case['id']} {case['arm']} ({case['fault of the lab']}): {case['miss']}",
        f"    told  {told}",
    ]
    lines += [f"    true  {' | '.join(case['expected'])}"]
    for s in case["suspects"]:
        mark = "**" if s["pair"] else "* " if s["place"] else "  "
        lines.append(f"    {mark} {s['probability']:.2f} {s['component']} {s['fault']}")
    return "\n".join([*lines, f"       healthy {case['healthy']:.2f}, unknown {case['unknown']:.2f}"])


if __name__ == "__main__":
    sys.exit(main())
