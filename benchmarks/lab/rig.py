"""Real stacks that `aitia init` alone set up, diagnosed while they run.

    python benchmarks/lab/rig.py record --system NAME --fault ID|all|none --n N --seed S --out DIR [--parallel P] [--systems DIR]
    python benchmarks/lab/rig.py score --data DIR --json OUT [--totals]

`record` makes recordings as `aitia lab make` does and keeps beside them, in DIR/live, what a stranger was told who knew
an address and a folder (benchmarks/lab/visit.py). `score` alone reads the answers. Systems that nobody looks at are
scored with --totals, which is written down (scorings.jsonl).
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import AitiaError
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Report
from aitia.graphs.replay import accepted
from aitia.lab import plan
from aitia.lab.batch import Batch
from aitia.lab.catalog import system_of, systems
from aitia.lab.servers.record import Spans
from aitia.lab.servers.system import ServerSystem
from benchmarks import contract
from benchmarks.contract import Case
from benchmarks.lab import incidents as judge
from benchmarks.lab import visit
from benchmarks.lab.baselines import most_moved
from benchmarks.lab.data import NEVER, Incident, incidents, splits
from benchmarks.rca.product import components as ranking

PEERS = ("newest error", "most errors")
DONE = (0, 10, 11)  # exit codes of a diagnosis that was made
TRIVIAL = "trivial most moved"
Names = dict[str, list[str]]


def main(argv: Sequence[str] | None = None) -> int:
    """Record, or score."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    doing = parser.add_subparsers(dest="do", required=True)
    live = doing.add_parser("record")
    live.add_argument("--system", required=True)
    live.add_argument("--fault", default="all")
    live.add_argument("--n", type=int, default=1)
    live.add_argument("--seed", type=int, default=1)
    live.add_argument("--victim", default="")
    live.add_argument("--strength", default="")
    live.add_argument("--out", type=Path, required=True)
    live.add_argument("--parallel", type=int, default=1)
    live.add_argument("--systems", type=Path, default=None, help="a folder of system files")
    live.add_argument("--baseline-s", type=float, default=150)
    live.add_argument("--fault-s", type=float, default=90)
    scoring = doing.add_parser("score")
    scoring.add_argument("--data", required=True)
    scoring.add_argument("--cases", default="*", help="glob over case names")
    scoring.add_argument("--json", default="", help="write the result here")
    scoring.add_argument("--totals", action="store_true", help="tell nothing of a case or a system")
    args = parser.parse_args(argv)
    try:
        return record(args) if args.do == "record" else score(args)
    except AitiaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def record(args: argparse.Namespace) -> int:
    """Run live and keep what came of it; started again it skips what is finished."""
    system = system_of(args.system, systems(args.systems))
    if not isinstance(system, ServerSystem):
        print(f"error: {args.system} has no programs that run", file=sys.stderr)
        return 2
    planned = plan.orders(
        system, fault=args.fault, n=args.n, seed=args.seed, victim=args.victim, strength=args.strength or None
    )
    for stop in (signal.SIGINT, signal.SIGTERM):  # in the background of a script SIGINT would be ignored
        signal.signal(stop, signal.default_int_handler)
    batch = Batch(
        args.out, parallel=args.parallel, own=args.systems, spans=Spans(baseline_s=args.baseline_s, fault_s=args.fault_s),
        tell=lambda text: print(text, file=sys.stderr, flush=True), maker=(visit.__file__,),
    )  # fmt: skip
    outcome = batch.run(planned)
    for name, said in outcome.failed.items():
        print(f"failed: {name}: {said}", file=sys.stderr)
    print(f"{len(outcome.made)} made, {len(outcome.skipped)} were there, {len(outcome.failed)} failed")
    return 1 if outcome.failed else 0


def score(args: argparse.Namespace) -> int:
    """Judge all recordings that a stranger visited."""
    began, data = time.monotonic(), Path(args.data)
    found = [i for i in incidents(data, args.cases) if (live_of(i) / visit.NAMES).exists()]
    if not found:
        print(
            f"error: --data {args.data!r} holds no recording with a visit in {visit.LIVE}/", file=sys.stderr
        )
        return 2
    known = splits()
    sealed = [i for i in found if known.get(i.system, NEVER) == NEVER]
    if sealed and not args.totals:
        print(
            f"error: {len(sealed)} of these are of systems that nobody looks at: add --totals",
            file=sys.stderr,
        )
        return 2
    cases = [case for incident in found for case in _cases(incident)]
    rows = [
        row
        for system in dict.fromkeys(c["system"] for c in cases)
        for row in rows_of(system, cases, args.totals)
    ]
    if sealed:
        judge.written_down(sealed, rows, "lab/rig")
    contract.finish(
        "lab/rig", rows, [] if args.totals else cases, n=len(found), began=began, out=args.json,
        judged=[] if args.totals else [_judged(c) for c in cases if c["system"] in ("no_model", "no_model journal")],
    )  # fmt: skip
    return 0


def live_of(incident: Incident) -> Path:
    """Where the visit of a recording lies."""
    return incident.folder.parent / visit.LIVE / incident.folder.name


def _cases(incident: Incident) -> list[Case]:
    scenario, live = load_scenario(incident.folder), live_of(incident)
    names: Names = json.loads((live / visit.NAMES).read_text(encoding="utf-8"))
    found: list[Case] = []
    for arm in visit.ARMS:
        more = "" if arm == visit.ARMS[0] else f" {arm}"
        told = json.loads((live / arm / visit.SAID).read_text(encoding="utf-8"))
        found.append(_of_visit(incident, f"no_model{more}", scenario, live / arm, told, names))
        for peer in PEERS if not more else ():
            named = [named_by_lab(name, names) for name in told["peers"].get(peer, [])]
            found.append(_of_list(incident, f"peer {peer}", scenario, named))
    with tempfile.TemporaryDirectory() as home:
        found.append(_of_list(incident, TRIVIAL, scenario, most_moved(scenario, incident.folder, Path(home))))
    return found


def _of_visit(
    incident: Incident, system: str, scenario: Scenario, kept: Path, told: dict[str, Any], names: Names
) -> Case:
    """What the report says, in the lab's names; no report is an error, which is wrong in all that it would have counted."""
    statuses = {command: told.get(command, {"status": None})["status"] for command in ("init", "diagnose")}
    more = {"init_failed": statuses["init"] != 0 or "diagnose" not in told, "statuses": statuses}
    more |= {"init_seconds": told["init"]["seconds"]}
    if statuses["diagnose"] not in DONE:
        said = (kept / ("diagnose.err" if "diagnose" in told else "init.err")).read_text(errors="replace")
        return judge.counted_wrong(incident, system, said[-400:]) | more
    report = Report.model_validate_json((kept / "diagnose.out").read_text(encoding="utf-8"))
    called = named_by_lab(report.component, names)
    said_of = {
        "verdict": report.verdict, "component": called, "fault": report.fault, "probability": report.probability,
        "seconds": told["diagnose"]["seconds"],
    }  # fmt: skip
    ranked = [named_by_lab(name, names) for name in ranking(report)]
    case = judge.beside_answer(incident, system, scenario, said_of, ranked, ())
    if report.verdict == scenario.expected.verdict == "cause":
        case["answer"] = accepted(scenario.expected, (), called, report.fault)
    return (
        case
        | more
        | {"called": report.component, "no_name_of_the_lab": bool(report.component) and not called}
    )


def _of_list(incident: Incident, system: str, scenario: Scenario, named: Sequence[str]) -> Case:
    """One who always names a component, and of no kind."""
    said = {"verdict": "cause", "component": named[0] if named else "", "fault": "", "probability": 1.0}
    return judge.beside_answer(incident, system, scenario, said | {"seconds": 0.0}, named, ())


def named_by_lab(said: str, names: Names) -> str:
    """The component of the lab that a name means: its own name, else the one under which only this component may be met."""
    if said in names:
        return said
    meant = [component for component, called in names.items() if said.casefold() in map(str.casefold, called)]
    return meant[0] if len(meant) == 1 else ""


def rows_of(system: str, cases: Sequence[Case], totals: bool) -> list[dict[str, Any]]:
    """The rows of `incidents.py`, and those about `init`."""
    mine = [c for c in cases if c["system"] == system]
    rows = judge.rows_of(system, cases, grouped=not totals)
    visited = [c for c in mine if "init_failed" in c]
    more = {
        "init failed": [c["init_failed"] for c in visited],
        "out of time": [-1 in c["statuses"].values() for c in visited],
        "named what the lab does not know": [c.get("no_name_of_the_lab", False) for c in visited],
        "seconds of init": [c["init_seconds"] for c in visited],
    }
    return rows + contract.rows(system, more)


def _judged(case: Case) -> Case:
    return {k: case[k] for k in ("id", "system", "verdict", "probability")} | {"right": case["answer"]}


if __name__ == "__main__":
    sys.exit(main())
