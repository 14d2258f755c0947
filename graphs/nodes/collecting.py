"""Opening a run, looking into memory, and running tasks."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from aitia.agent.planning import planner
from aitia.core.events import Findings, Glimpse, Ranked, TaskDone
from aitia.core.words import Evidence, Result, Task
from aitia.graphs.nodes.judging import in_passing, number_evidence, weigh_so_far
from aitia.graphs.state import Call, Context, State, runbook_of
from aitia.graphs.view import View

MAX_FINDINGS = 5  # facts of the first scan that are shown
MAX_GLIMPSES, LONGEST_GLIMPSE = 3, 300  # facts of a call that are shown as it returns, and characters of one


def open_run(state: State, runtime: Runtime[Context]) -> State:
    """Normalise the incident, build the inventory, and return first findings from a deterministic scan."""
    context = runtime.context
    opened = context.open()
    tasks = planner.scan_tasks(context.registry, opened.inventory)
    results = [_call(task, runtime) for task in tasks]
    strongest = _moved([e for r in results for e in r.evidence])[:MAX_FINDINGS]
    statements = tuple(_cut(e.statement) for e in strongest)
    runtime.stream_writer(Findings(statements=statements, seconds=context.measured("first_findings")))
    return {
        "incident": opened.incident.model_dump(mode="json"),
        "inventory": opened.inventory.model_dump(mode="json"),
        "round": 0,
        **_plain(tasks, results),
    }


def recall(state: State, runtime: Runtime[Context]) -> State:
    """Fetch matching runbooks; similar incidents are asked for by what the calls of the first round find."""
    view = View(state)
    tasks = planner.recall_tasks(runtime.context.registry, view.inventory, after=len(view.tasks))
    results = [_call(task, runtime) for task in tasks]
    if runbook_of(runtime.context):
        results = [_beside_the_one_that_runs(r) for r in results]
    so_far = number_evidence([*view.results, *results], view.inventory.components)
    weighed = weigh_so_far(so_far, view, runtime.context)
    runtime.stream_writer(Ranked(suspects=in_passing(weighed), settled=False))
    return _plain(tasks, results)


def _beside_the_one_that_runs(result: Result) -> Result:
    """A search that found no runbook, of a run that carries one out: nothing is missing."""
    if result.tool != "runbooks_search" or result.status != "no_data":
        return result
    return result.model_copy(update={"status": "ok", "message": "no other runbook matches"})


def run_task(state: Call, runtime: Runtime[Context]) -> State:
    """Run one task; whatever happens, there is a result. The task is kept as it was called."""
    task = Task.model_validate(state["task"])
    return _plain([task], [_call(task, runtime)])


def _call(task: Task, runtime: Runtime[Context]) -> Result:
    result = runtime.context.call(task)
    runtime.stream_writer(
        TaskDone(
            task=result.task,
            tool=result.tool,
            status=result.status,
            message=result.message,
            facts=len(result.evidence),
            seconds=result.seconds,
            strongest=tuple(_glimpse(e) for e in _moved(result.evidence)[:MAX_GLIMPSES]),
        )
    )
    return result


def _plain(tasks: Sequence[Task], results: Sequence[Result]) -> State:
    return {
        "tasks": {t.id: t.model_dump(mode="json") for t in tasks},
        "results": {r.task: r.model_dump(mode="json") for r in results},
    }


def _glimpse(evidence: Evidence) -> Glimpse:
    said = _cut(evidence.statement)
    return Glimpse(component=evidence.component, statement=said, strength=evidence.strength)


def _cut(said: str) -> str:
    return said if len(said) <= LONGEST_GLIMPSE else said[: LONGEST_GLIMPSE - 1] + "…"


def _moved(evidence: Sequence[Evidence]) -> list[Evidence]:
    """What is not as usual, strongest first."""
    moved = [e for e in evidence if e.direction != "steady"]
    return sorted(moved, key=lambda e: (-e.strength, e.statement))
