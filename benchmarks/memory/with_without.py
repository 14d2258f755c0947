"""Diagnosis with and without memory on recorded scenarios: never worse, and what it saves in calls.

    python benchmarks/memory/with_without.py --data scenarios [--cases GLOB] --json OUT

Each scenario is diagnosed with fewer and fewer tool calls allowed (default: 24, 6, 5, 4, 3):

without   no incident store, no past plans, nothing learned
with      the outcomes of all other scenarios, each confirmed a week before: their incidents, plans and lessons
seen      and of an occurrence of the same fault a week before as well

The scenario's own `incidents` source is left out in all three. What is remembered lies before the scenario's window, and its
own run and outcome are never among it. The answers are read by the scorer, and as what a person said of the earlier runs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.planning.plans import PastPlan, PlanStore, from_run
from aitia.core.clock import RecordedClock
from aitia.core.errors import BadInput
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.graphs.diagnose import diagnose
from aitia.graphs.replay import score
from aitia.graphs.state import Options
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Outcome, PastIncident, fingerprint_of
from aitia.tools.sources import open_sources
from benchmarks.contract import chosen, finish, parser, rows

WEEK: Final = timedelta(days=7)
SYSTEMS: Final = {"without": "trivial", "with": "no_model", "seen": "no_model (seen before)"}
Memory = tuple[PastIncident, Outcome, PastPlan | None]


def main() -> int:
    """Remember every scenario, then diagnose each with and without what the others taught."""
    began = time.monotonic()
    made = parser(__doc__)
    made.add_argument("--calls", default="24,6,5,4,3", help="how many calls are allowed, comma-separated")
    arguments = made.parse_args()
    folders = {p.parent.name: p.parent for p in Path(arguments.data).glob("*/scenario.yaml")}
    names = chosen(folders, arguments.cases)
    if not names:
        print("error: give --data a folder of scenario folders", file=sys.stderr)
        return 2
    allowed = [int(n) for n in arguments.calls.split(",")]
    memories = {name: _memory(folders[name]) for name in folders}
    per_case: list[dict[str, Any]] = []
    for name in names:
        others = [m for n, m in memories.items() if n != name and m is not None]
        own = [m] if (m := memories[name]) is not None else []
        for system, held in (("without", []), ("with", others), ("seen", [*others, *own])):
            if system == "seen" and not own:
                continue
            for calls in allowed:
                per_case.append(_case(folders[name], system, held, calls))
                print(_line(per_case[-1]), flush=True)
    sure = {
        c["id"]: c["probability"]
        for c in per_case
        if c["system"] == "without" and c["allowed"] == max(allowed)
    }
    told = [
        row
        for system in SYSTEMS
        for row in _rows(system, [c for c in per_case if c["system"] == system], allowed, sure)
    ]
    finish("memory/with_without", told, per_case, n=len(names), began=began, out=arguments.json)
    return 0


def _diagnosed(folder: Path, home: Path, calls: int) -> tuple[Scenario, RunStore, Report]:
    scenario = load_scenario(folder)
    sources = [s for s in scenario.sources if s.kind != "incidents"]
    store = RunStore.create(home, meta={"sources": [], "root": str(folder.resolve())})
    report = diagnose(
        scenario.as_incident(),
        open_sources(sources, folder),
        store=store,
        llm=None,
        options=Options(planner="rules", narrator="template", max_calls=calls),
        clock=RecordedClock(scenario.now),
        components=scenario.components,
    )
    return scenario, store, report


def _memory(folder: Path) -> Memory | None:
    """What a person's word on an earlier occurrence, a week before, leaves in the stores; None where nothing was wrong."""
    with tempfile.TemporaryDirectory() as home:
        scenario, store, report = _diagnosed(folder, Path(home), 24)
        expected = scenario.expected
        if expected.verdict != "cause":
            return None
        right = bool(score(scenario, report)["correct"])
        component, fault = (report.component, report.fault) if right else (expected.component, expected.fault)
        run = f"before-{folder.name}"
        at, end = report.incident.started_at - WEEK, report.incident.window.end - WEEK
        incident = PastIncident(
            id=run,
            title=report.incident.title,
            text=report.incident.text,
            at=at,
            resolved_at=end,
            component=component,
            labels=report.incident.labels,
            fingerprint=fingerprint_of(report.evidence),
            cause=report.fault_title,
            fault=fault,
            confirmed=True,
            run=run,
        )
        said = Outcome(
            run=run, right=right, component=component, fault=fault, named=report.component,
            named_fault=report.fault, at=end,
        )  # fmt: skip
        try:
            plan = from_run(report, store.results().values()).model_copy(
                update={"id": run, "confirmed": True}
            )
        except BadInput:
            plan = None
        return incident, said, plan if right else None


def _case(folder: Path, system: str, held: Sequence[Memory], calls: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        if held:
            with MemoryStore(home, embedder=None) as memory:
                memory.put([incident for incident, _, _ in held], by="benchmark")
                for _, said, _ in held:
                    memory.record(said)
            plans = PlanStore(home)
            for _, _, plan in held:
                if plan is not None:
                    plans.add(plan)
        began = time.monotonic()
        scenario, _, report = _diagnosed(folder, home, calls)
        seconds = time.monotonic() - began
    told = score(scenario, report)
    return {
        "system": system, "allowed": calls, "id": folder.name, "correct": told["correct"], "rank": told["rank"],
        "verdict": report.verdict, "component": report.component, "fault": report.fault,
        "probability": report.probability, "calls": report.cost.calls, "seconds": round(seconds, 2),
        "recalled": sum(e.kind == "incident.similar" for e in report.evidence),
    }  # fmt: skip


def _line(c: dict[str, Any]) -> str:
    named = f"{c['component']} {c['fault']}".strip() or c["verdict"]
    mark = "+" if c["correct"] else "-"
    return f"{c['id']:<24}{c['system']:<9}{c['allowed']:>3} {mark} {named:<36}{c['probability']:.2f} {c['calls']} calls"


def _rows(
    system: str, cases: Sequence[dict[str, Any]], allowed: Sequence[int], sure: Mapping[str, float]
) -> list[dict[str, Any]]:
    measured: dict[str, list[float]] = {}
    for calls in allowed:
        mine = [c for c in cases if c["allowed"] == calls]
        measured[f"right, {calls} calls"] = [float(c["correct"]) for c in mine]
        measured[f"seconds, {calls} calls"] = [c["seconds"] for c in mine]
    by_id: dict[str, list[dict[str, Any]]] = {}
    for c in cases:
        by_id.setdefault(c["id"], []).append(c)
    # The fewest allowed from which on it is right and stays so; one more than the most where it never is.
    measured["fewest calls allowed"] = [_fewest(mine, max(allowed)) for mine in by_id.values()]
    # The fewest calls with which it is right and as sure as without memory and with all calls; the same in seconds.
    best = [
        min((c for c in mine if c["correct"] and c["probability"] >= sure[name]), key=_cost, default=None)
        for name, mine in by_id.items()
        if mine[0]["verdict"] == "cause"
    ]
    measured["calls to be as sure"] = [float(c["calls"]) for c in best if c]
    measured["seconds to be as sure"] = [c["seconds"] for c in best if c]
    return rows(SYSTEMS[system], measured)


def _cost(case: dict[str, Any]) -> tuple[int, int]:
    return case["calls"], case["allowed"]


def _fewest(cases: Sequence[dict[str, Any]], most: int) -> float:
    fewest = most + 1
    for c in sorted(cases, key=lambda c: -c["allowed"]):
        if not c["correct"]:
            break
        fewest = c["allowed"]
    return float(fewest)


if __name__ == "__main__":
    sys.exit(main())
