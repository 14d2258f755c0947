"""What strangers would be told today: the visits of benchmarks/lab/rig.py, diagnosed anew on the recordings that lie beside them.

    python benchmarks/lab/again.py --data DIR [--cases GLOB] [--arms alone,journal] [--totals] --json OUT

The topology is the one that `aitia init` proposes today; the incident, its window and the components' names are those of the
visit. `live` is what was told then. A recording has the lab's names and no types of metrics, which a Prometheus tells, so that
this is near to a visit and no visit. A system that `agent/culprit.json` was learned from is weighed without it. The answers are
read by the scorer only; systems that nobody looks at need --totals.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.config import SourceConfig
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Report, Window
from aitia.graphs.replay import accepted
from aitia.linking import calls, hosts_of, write_topology
from aitia.tools.sources import open_sources
from benchmarks import contract
from benchmarks.contract import Case
from benchmarks.lab import incidents as judge
from benchmarks.lab import visit
from benchmarks.lab.data import NEVER, Incident, incidents, left_out, splits
from benchmarks.lab.rig import Names, live_of, named_by_lab
from benchmarks.rca.product import components as ranking
from benchmarks.rca.product import diagnosed

STEP_S: Final = 5.0  # as `init` proposes for these servers
HOST_LOG: Final = "messages"  # as strangers find it


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--arms", default=",".join(visit.ARMS), help="what `init` finds: alone, journal")
    parser.add_argument("--totals", action="store_true", help="tell nothing of a case or a system")
    args = parser.parse_args()
    began, known = time.monotonic(), splits()
    found = [i for i in incidents(Path(args.data), args.cases) if (live_of(i) / visit.NAMES).exists()]
    if not found:
        parser.error(f"--data {args.data!r} holds no recording with a visit in {visit.LIVE}/")
    sealed = [i for i in found if known.get(i.system, NEVER) == NEVER]
    if sealed and not args.totals:
        parser.error(f"{len(sealed)} of these are of systems that nobody looks at: add --totals")
    cases = [case for incident in found for arm in args.arms.split(",") for case in _cases(incident, arm)]
    names = dict.fromkeys(c["system"] for c in cases)
    rows = [row for system in names for row in judge.rows_of(system, cases, grouped=not args.totals)]
    if sealed:
        judge.written_down(sealed, rows, "lab/again")
    shown = [] if args.totals else cases
    contract.finish(
        "lab/again", rows, shown, n=len(found), began=began, out=args.json, judged=[_judged(c) for c in shown]
    )
    return 0


def _cases(incident: Incident, arm: str) -> list[Case]:
    """What was told then and what is told now, where the visit ended in a report."""
    then = then_told(incident, arm)
    if then is None:
        return []
    scenario = load_scenario(incident.folder)
    names: Names = json.loads((live_of(incident) / visit.NAMES).read_text(encoding="utf-8"))
    try:
        with left_out(incident.system):
            now = told_now(scenario, incident.folder, then, changes=arm != visit.ARMS[0])
        mine = _case(incident, f"no_model {arm}", scenario, now, names)
    except Exception as error:  # a defect in one case must neither end the run nor leave the case out
        mine = judge.counted_wrong(incident, f"no_model {arm}", f"{type(error).__name__}: {error}")
    return [mine, _case(incident, f"live {arm}", scenario, then, names)]


def then_told(incident: Incident, arm: str) -> Report | None:
    """The report of the visit; None where it did not end in one."""
    kept = live_of(incident) / arm / "diagnose.out"
    if not kept.exists() or not kept.read_bytes().strip():
        return None
    return Report.model_validate_json(kept.read_text(encoding="utf-8"))


def told_now(scenario: Scenario, folder: Path, then: Report, *, changes: bool) -> Report:
    """The report that is made of the recording today; `changes`: with the journal of what was done."""
    kept = [_as_found(c, folder) for c in scenario.sources if c.kind in ("metrics", "logs")]
    read = open_sources(kept, folder)
    start = min(b.window.start for b in scenario.baselines)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "topology.yaml"
        write_topology(
            file, calls(read, Window(start=start, end=scenario.window.end))[0], hosts=hosts_of(read)
        )
        drawn = SourceConfig(name="topology", kind="topology", type="topology", path=str(file))
        more = [c for c in scenario.sources if changes and c.kind == "changes"]
        return diagnosed(then.incident, [*kept, *more, drawn], folder)


def _as_found(source: SourceConfig, folder: Path) -> SourceConfig:
    """A source as strangers meet it: the machine's log is called `messages`."""
    if source.kind == "metrics":
        return source.model_copy(update={"step_s": STEP_S})
    of_host = any((folder / source.path).glob(f"{HOST_LOG}.log*"))
    return source.model_copy(update={"component": HOST_LOG}) if of_host else source


def _case(incident: Incident, system: str, scenario: Scenario, report: Report, names: Names) -> Case:
    called = named_by_lab(report.component, names)
    said: dict[str, Any] = {
        "verdict": report.verdict, "component": called, "fault": report.fault, "probability": report.probability,
        "seconds": report.cost.seconds,
    }  # fmt: skip
    ranked = [named_by_lab(name, names) for name in ranking(report)]
    case = judge.beside_answer(incident, system, scenario, said, ranked, ())
    if report.verdict == scenario.expected.verdict == "cause":
        case["answer"] = accepted(scenario.expected, (), called, report.fault)
    return case


def _judged(case: Case) -> Case:
    return {k: case[k] for k in ("id", "system", "verdict", "probability")} | {"right": case["answer"]}


if __name__ == "__main__":
    sys.exit(main())
