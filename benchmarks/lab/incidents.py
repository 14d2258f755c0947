"""Incidents of the scenario lab: verdict, component and kind of fault right, wrong causes told, calibration.

    python benchmarks/lab/incidents.py --data DIR [--split develop|tune|never] [--parallel N] [--model NAME] --json OUT

DIR is any folder of scenario folders, at any depth; `twins/` and `dropped/` are passed over. Systems of the split `never`
are scored with `--split never` alone, which tells totals only and writes down that it was done (scorings.jsonl).
A system from which `agent/culprit.json` was learned is weighed by what was learned without it.
A cause whose component is right and whose kind is left open is neither right nor wrong and has a row of its own.
The answers are read by the scorer only. A case that fails is an error in the JSON and counts as wrong.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.taxonomy import covers
from aitia.agent.topology import Topology
from aitia.agent.weigher import OPEN
from aitia.core.llm import Llm
from aitia.core.scenario import Expected, Scenario, load_scenario
from aitia.core.words import Component
from aitia.graphs.replay import Replayed, replay
from aitia.graphs.state import Options
from benchmarks import contract
from benchmarks.contract import Case
from benchmarks.lab import baselines
from benchmarks.lab.data import NEVER, Incident, data_hash, incidents, left_out, of_split
from benchmarks.rca.product import RULES
from benchmarks.rca.product import components as ranking

SCORINGS = Path(__file__).parent / "scorings.jsonl"
TRIVIAL = {"trivial newest error": baselines.newest_error, "trivial most moved": baselines.most_moved}
SURE = 0.8
GROUPED = ("answer", "component@1", "kind", "false cause on healthy")  # told by system, family and kind too
CASES_A_PROCESS = 25
Work = Callable[[Incident], list[Case]]
Done = tuple[Incident, list[Case] | None]

_llm: list[Llm | None] = []  # of this process


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--split", choices=("develop", "tune", NEVER), default="")
    parser.add_argument("--parallel", type=int, default=1, help="processes")
    args = parser.parse_args()
    if args.split == NEVER and args.cases != "*":
        parser.error("--split never is scored whole: leave out --cases")
    try:
        found = of_split(incidents(Path(args.data), args.cases), args.split)
    except KeyError as error:
        parser.error(error.args[0])
    if not found:
        print(f"error: --data {args.data!r} holds no scenario.yaml for these arguments", file=sys.stderr)
        return 2
    began = time.monotonic()
    cases = scored(found, args.model, args.parallel)
    sealed = args.split == NEVER
    rows = [row for system in systems(args.model) for row in rows_of(system, cases, grouped=not sealed)]
    if sealed:
        written_down(found, rows)
    contract.finish(
        "lab/incidents", rows, [] if sealed else cases, n=len(found), began=began, out=args.json,
        judged=[] if sealed else [_judged(c) for c in cases if c["system"] == "no_model"],
    )  # fmt: skip
    failed = {c["id"] for c in cases if "error" in c}
    if failed:
        print(f"{len(failed)} cases failed" + ("" if sealed else f": {', '.join(sorted(failed))}"))
    return 0


def systems(model: str) -> list[str]:
    """What is compared."""
    return [*([] if model == "none" else ["ours"]), "no_model", *TRIVIAL]


def scored(found: Sequence[Incident], model: str, parallel: int) -> list[Case]:
    """All cases of all incidents, in their order; of one that ended its process the error."""
    made: dict[str, list[Case]] = {}
    for incident, cases in worked(found, partial(_cases, model=model), model, parallel):
        made[incident.id] = cases or [counted_wrong(incident, s, "its process died") for s in systems(model)]
        print(f"\r{len(made)} of {len(found)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [case for incident in found for case in made[incident.id]]


def worked(found: Sequence[Incident], work: Work, model: str, parallel: int) -> Iterator[Done]:
    """Each incident with its cases, as they are done, None where the process died. What a death takes along is done again alone.

    Processes are made anew for every batch: what libraries keep does not add up over thousands of cases.
    """
    size = CASES_A_PROCESS * parallel
    for first in range(0, len(found), size):
        lost: list[Incident] = []
        for incident, cases in _batch(found[first : first + size], work, model, parallel):
            if cases is None:
                lost.append(incident)
            else:
                yield incident, cases
        for incident in lost:
            yield from _batch([incident], work, model, 1)


def _batch(found: Sequence[Incident], work: Work, model: str, parallel: int) -> Iterator[Done]:
    threads = max(1, (os.cpu_count() or 1) // parallel)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(parallel, context, _begin, (model, threads)) as pool:
        futures = {pool.submit(work, incident): incident for incident in found}
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                yield futures[future], None


def _begin(model: str, threads: int) -> None:
    """Load the model once a process."""
    if model != "none":
        from aitia.models.load import load_llm

        _llm.append(load_llm(model, threads=threads, fetch_missing=True))


def _cases(incident: Incident, model: str) -> list[Case]:
    """What each system says of one incident, scored."""
    llm = _llm[0] if _llm else None
    return [_case(incident, system, llm) for system in systems(model)]


def _case(incident: Incident, system: str, llm: Llm | None) -> Case:
    try:
        scenario = load_scenario(incident.folder)
        with tempfile.TemporaryDirectory() as home:
            if system in TRIVIAL:
                named = TRIVIAL[system](scenario, incident.folder, Path(home))
                said = {"verdict": "cause", "component": "", "fault": "", "probability": 1.0, "seconds": 0.0}
                said |= {"component": named[0]} if named else {}
                return beside_answer(incident, system, scenario, said, named, scenario.components)
            options = Options() if system == "ours" else RULES
            model = llm if system == "ours" else None
            with left_out(incident.system):
                done = replay(incident.folder, home=Path(home), llm=model, options=options)
        return _of_report(incident, system, done)
    except Exception as error:  # a defect in one case must neither end the run nor leave the case out
        return counted_wrong(incident, system, f"{type(error).__name__}: {error}")


def _of_report(incident: Incident, system: str, done: Replayed) -> Case:
    said = {k: done.score[k] for k in ("verdict", "component", "fault", "probability", "seconds")}
    parts = done.report.inventory.components
    case = beside_answer(incident, system, done.scenario, said, ranking(done.report), parts)
    lost = [f"{call.tool}: {call.message}" for call in done.report.calls if call.status == "error"]
    more = {"failed_calls": lost, "given_up": done.score["given_up"]}
    return case | {"answer": bool(done.score["correct"])} | more


def beside_answer(
    incident: Incident,
    system: str,
    scenario: Scenario,
    said: dict[str, Any],
    named: Sequence[str],
    parts: Sequence[Component],
) -> Case:
    """A verdict beside the answer, by the rules of `aitia replay`: part and whole are one component, a kind covers its own."""
    expected, topology = scenario.expected, Topology(parts)
    answers = _answers(expected)
    accepted = {name for component, _ in answers for name in topology.family(component)}
    cause = said["verdict"] == "cause"
    right_place = cause and expected.verdict == "cause" and said["component"] in accepted
    kind = cause and any(covers(fault, said["fault"]) for _, fault in answers)
    return _of(incident, system) | said | {
        "ranking": list(named[:3]),
        "expected": expected.verdict,
        "answer": said["verdict"] == expected.verdict and expected.verdict != "cause",
        "component@1": contract.hits(named, accepted, 1),
        "component@3": contract.hits(named, accepted, 3),
        "kind_right": kind,
        "told_right": right_place,
        "kind_open": right_place and said["fault"] == OPEN,
    }  # fmt: skip


def _answers(expected: Expected) -> list[tuple[str, str]]:
    return [(expected.component, expected.fault), *((a.component, a.fault) for a in expected.alternatives)]


def _of(incident: Incident, system: str) -> Case:
    made = {"of_system": incident.system, "of_family": incident.family, "of_kind": incident.kind}
    return {"id": incident.id, "system": system} | made


def counted_wrong(incident: Incident, system: str, why: str) -> Case:
    """A case that counts as wrong in whatever it would have counted."""
    try:
        expected = load_scenario(incident.folder).expected.verdict
    except Exception:  # not even its answer can be read
        expected = "cause"
    wrong = dict.fromkeys(
        ("answer", "component@1", "component@3", "kind_right", "kind_open", "told_right"), False
    )
    said = {"verdict": "error", "component": "", "fault": "", "probability": 0.0, "ranking": []}
    return _of(incident, system) | said | wrong | {"expected": expected, "error": why[:500]}


def rows_of(system: str, cases: Sequence[Case], *, grouped: bool) -> list[dict[str, Any]]:
    """All rows of a system, and with `grouped` the main ones by system, family and kind of the lab."""
    mine = [c for c in cases if c["system"] == system]
    rows = contract.rows(system, measured(mine))
    for by in ("system", "family", "kind") if grouped else ():
        for name in sorted({c[f"of_{by}"] for c in mine} - {""}):
            part = measured([c for c in mine if c[f"of_{by}"] == name])
            rows += contract.rows(system, {f"{m} by {by} {name}": part[m] for m in GROUPED})
    return rows


def measured(cases: Sequence[Case]) -> dict[str, list[float]]:
    """The values of each metric over the cases that it is about."""
    faults = [c for c in cases if c["expected"] == "cause"]
    healthy = [c for c in cases if c["expected"] == "healthy"]
    # "Not enough evidence" claims nothing, however sure it is.
    sure = [c for c in cases if c["probability"] >= SURE and c["verdict"] in ("cause", "healthy")]
    half: Callable[[Case], bool] = lambda c: c.get("kind_open", False)  # noqa: E731
    wrong: Callable[[Case], bool] = lambda c: c["verdict"] == "cause" and not c["answer"] and not half(c)  # noqa: E731
    return {
        "answer": [c["answer"] for c in cases],
        "verdict": [c["verdict"] == c["expected"] for c in cases],
        "component@1": [c["component@1"] for c in faults],
        "component@3": [c["component@3"] for c in faults],
        "kind": [c["kind_right"] for c in faults],
        "component right, kind open": [half(c) for c in faults],
        "wrong component told": [c["verdict"] == "cause" and not c["told_right"] for c in cases],
        "wrong cause": [wrong(c) for c in cases],
        f"wrong cause at {SURE}": [wrong(c) and c["probability"] >= SURE for c in cases],
        "false cause on healthy": [c["verdict"] in ("cause", "error") for c in healthy],
        "false healthy on faults": [c["verdict"] in ("healthy", "error") for c in faults],
        "unknown": [c["verdict"] == "unknown" for c in cases],
        "a tool failed": [bool(c.get("failed_calls")) for c in cases],
        f"right where at {SURE}": [c["answer"] for c in sure],
        f"told where at {SURE}": [c["probability"] for c in sure],
        "failed": ["error" in c for c in cases],
        "seconds": [c["seconds"] for c in cases if c.get("seconds")],
    }


def _judged(case: Case) -> Case:
    return {k: case[k] for k in ("id", "verdict", "probability")} | {"right": case["answer"]}


def written_down(found: list[Incident], rows: Sequence[dict[str, Any]], task: str = "") -> None:
    """That the incidents which nobody looks at were scored, when, by which code and what came out; `task`: another script."""
    line = ({"task": task} if task else {}) | {
        "at": f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%SZ}",
        "commit": contract.commit(),
        "data": data_hash(found),
        "n": len(found),
        "totals": {f"{r['system']} {r['metric']}": r["value"] for r in rows},
    }
    with SCORINGS.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
