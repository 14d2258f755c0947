"""Task lists that models write by themselves (`--planner free`) against the rules' first round: validity, repetition, recall.

    python benchmarks/model/free_plans.py --data FILE_OR_DIR --models a,b,c [--cases GLOB] [--seconds N] --json OUT

An incident is one JSON line: id, title, text, hints, sources (kinds), components (id, type, calls), and the expert paths
`path` and `other` (tool, args), which only the scorer reads. As in the pipeline, the first scan and the recall have run
before the plan; their calls count, so that a plan has room for what they leave of 8. `recall of tools` is the share of
the shorter path's tools among these 8 calls; `recall of calls` also wants the path's component, named or covered by a
call of everything; a reference to a result covers none. `no_model` is the rules' best-scored plan of as many calls,
without memory and runbooks, `no_model untargeted` what a run takes where calls are plenty. Incidents come in a shuffled
order that is always the same, so that a run cut by `--seconds` (per model) is a sample. Repeated calls are counted in the
model's first list (`before`) and in the plan (`after`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.planning import planner
from aitia.agent.planning.free_plan import FreePlan, read_list, write_plan
from aitia.agent.planning.score import NO_GUIDES
from aitia.core.llm import Llm
from aitia.core.words import Component, Holding, Incident, Inventory, Link, Task, Window
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.tools import Registry
from benchmarks.contract import chosen, finish, parser, rows

MODELS = "smollm2-135m,qwen2.5-coder-0.5b,qwen2.5-coder-1.5b"
CALLS = 8
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Line = Mapping[str, Any]


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--models", default=MODELS, help="catalogue names or GGUF files, comma-separated")
    made.add_argument("--threads", type=int, default=None)
    made.add_argument(
        "--seconds", type=float, default=float("inf"), help="begin no incident after these, per model"
    )
    given = made.parse_args()
    began, registry = time.monotonic(), Registry.load()
    lines = read(Path(given.data))
    lines = [lines[i] for i in chosen(lines, given.cases)]
    Random(0).shuffle(lines)
    cases = [
        score(line, system, planned_by_rules(line, registry, ordered=ordered), registry)
        for system, ordered in (("no_model", True), ("no_model untargeted", False))
        for line in lines
    ]
    for name in given.models.split(","):
        llm, start = load_llm(name, threads=given.threads), time.monotonic()
        for line in lines:
            if time.monotonic() - start > given.seconds:
                break
            cases.append(score(line, name, planned_by(llm, line, registry), registry))
            print(f"{name} {line['id']} {cases[-1]['values']}", file=sys.stderr, flush=True)
        if isinstance(llm, LlamaCpp):
            llm.close()
    finish("model/free_plans", table_rows(cases), cases, n=len(lines), began=began, out=given.json)


def read(path: Path) -> dict[str, Line]:
    """The incidents of a file, or of all `.jsonl` files of a folder, by id."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    lines = [json.loads(text) for f in files for text in f.read_text(encoding="utf-8").splitlines() if text]
    if not lines:
        raise SystemExit(f"Give a file with one incident a line: {path} has none.")
    return {line["id"]: line for line in lines}


def site_of(line: Line) -> tuple[Incident, Inventory]:
    """What the planner sees of an incident: nothing of its paths."""
    components = tuple(
        Component(
            id=c["id"],
            type=c.get("type", "unknown"),
            links=tuple(Link(relation="calls", to=to) for to in c.get("calls", ())),
        )
        for c in line["components"]
    )
    incident = Incident(
        id=line["id"],
        title=line["title"],
        text=line["text"],
        hints=tuple(line["hints"]),
        started_at=NOON,
        window=Window(start=NOON - timedelta(hours=1), end=NOON),
    )
    holdings = tuple(Holding(source=kind, kind=kind, count=1) for kind in line["sources"])
    return incident, Inventory(holdings=holdings, components=components)


def before(inventory: Inventory, registry: Registry) -> list[Task]:
    """What has run before the first plan: the first scan and the recall."""
    scan = planner.scan_tasks(registry, inventory)
    return [*scan, *planner.recall_tasks(registry, inventory, after=len(scan))]


def planned_by(llm: Llm, line: Line, registry: Registry) -> tuple[FreePlan, float]:
    """The model's plan and its seconds."""
    incident, inventory = site_of(line)
    start, done = time.monotonic(), before(inventory, registry)
    plan = write_plan(registry, inventory, incident, done, llm, max_tasks=CALLS - len(done))
    return plan, time.monotonic() - start


def planned_by_rules(line: Line, registry: Registry, *, ordered: bool) -> tuple[FreePlan, float]:
    """The rules' first round, in the same shape: as in a run, or the best-scored calls up to the limit."""
    incident, inventory = site_of(line)
    start, done = time.monotonic(), before(inventory, registry)
    left = CALLS - len(done)
    if ordered:
        made = planner.ordered(registry, inventory, incident, limit=left, done=done)
    else:
        made = planner.opening(
            registry, inventory, incident, done, results=(), guides=NO_GUIDES, limit=left, llm=None
        )
    return FreePlan(tasks=made.plan.tasks), time.monotonic() - start


def score(line: Line, system: str, made: tuple[FreePlan, float], registry: Registry) -> dict[str, Any]:
    """One case: the plan's values against the shorter expert path."""
    plan, seconds = made
    done = before(site_of(line)[1], registry)
    calls = [*done, *plan.tasks][:CALLS]
    paths = sorted((p for p in (line["path"], line.get("other", ())) if p), key=len)
    steps = paths[0]
    either = {s["tool"] for p in paths for s in p}
    values: dict[str, float] = {
        "recall of tools": share(any(t.tool == s["tool"] for t in calls) for s in steps),
        "recall of calls": share(any(covers(t, s) for t in calls) for s in steps),
        "tasks per plan": len(plan.tasks),
        "repeated after": planner.repeated([*done, *plan.tasks]),
        "seconds": seconds,
    }
    if plan.tasks:
        values["precision of tools"] = share(t.tool in either for t in plan.tasks)
    if plan.attempts:
        values |= written(plan, done)
    return {
        "id": f"{system}/{line['id']}",
        "system": system,
        "values": {k: round(v, 4) for k, v in values.items()},
        "tasks": [t.model_dump(mode="json", exclude={"why"}) for t in plan.tasks],
        "dropped": plan.dropped,
        "raw": plan.raw,
    }


def covers(task: Task, step: Line) -> bool:
    """Whether a call does a step of a path."""
    wanted, got = (a.get("component", "") for a in (step.get("args", {}), task.args))
    return task.tool == step["tool"] and (not wanted or not got or wanted == got)


def written(plan: FreePlan, done: Sequence[Task]) -> dict[str, float]:
    """What the model wrote, and what code had to mend."""
    lists = [[i for i in read_list(text)[0] if isinstance(i, dict)] for text in plan.raw]
    taken = lists[-1 if plan.repaired else 0] if lists else []
    keys = [json.dumps([t.tool, t.args]) for t in done]
    keys += [json.dumps([i.get("tool"), i.get("args")]) for i in (lists[0] if lists else [])]
    values: dict[str, float] = {
        "valid at first try": plan.attempts == 1 and not plan.dropped,
        "valid after repair": bool(plan.tasks) and not plan.dropped,
        "valid after dropping": bool(plan.tasks),
        "repeated before": len(keys) - len(set(keys)),
        "prompt tokens evaluated": plan.prompt_tokens,
        "prompt tokens restored": plan.restored_tokens,
        "tokens written": plan.generated_tokens,
    }
    if taken:
        values["tasks dropped"] = 1 - len(plan.tasks) / len(taken)
    return values


def share(found: Any) -> float:
    every = list(found)
    return sum(every) / len(every)


def table_rows(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    systems = list(dict.fromkeys(c["system"] for c in cases))
    made = []
    for system in systems:
        some = [c["values"] for c in cases if c["system"] == system]
        names = dict.fromkeys(n for c in some for n in c)
        made += rows(system, {n: [c[n] for c in some if n in c] for n in names})
    return made


if __name__ == "__main__":
    main()
