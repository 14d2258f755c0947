"""A run that has no report yet, asked about: how far it is, from its events; and what it would report, from its results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from langgraph.runtime import Runtime

from aitia.agent.asking.answer import Answer, Citation, Reply
from aitia.agent.asking.questions import lists
from aitia.core import events as ev
from aitia.core.errors import NotRecorded
from aitia.core.percent import chance
from aitia.core.store import RunStore
from aitia.core.words import Report, Result, Suspect, Task
from aitia.graphs.nodes import closing, explaining, judging
from aitia.graphs.report import assemble
from aitia.graphs.rerun import recorded
from aitia.graphs.state import Context, State

MOST_SUSPECTS: Final = 3
MOST_FACTS: Final = 5
SURE: Final = 0.5  # by hand: what is known so far may turn


def asks_progress(question: str) -> bool:
    """Whether a question is of how far the run is."""
    return bool(lists().progress.search(question))


def report_so_far(store: RunStore) -> Report | None:
    """The report on what was returned by now, by code alone; None where nothing was. Nothing is called, asked or written."""
    meta, results = store.meta(), store.results()
    if not meta.get("opened") or not results:
        return None
    context = recorded(store, _nothing)
    context = replace(context, llm=None, options=replace(context.options, narrator="template"))
    opened = context.open()
    state: State = {
        "incident": opened.incident.model_dump(mode="json"),
        "inventory": opened.inventory.model_dump(mode="json"),
        "tasks": {
            n: Task(id=n, tool=r.tool, args=r.args).model_dump(mode="json") for n, r in results.items()
        },
        "results": {n: r.model_dump(mode="json") for n, r in results.items()},
        "round": 1,
    }
    runtime: Runtime[Context] = Runtime(context=context, stream_writer=_unheard)
    for node in (
        judging.gather,
        judging.weigh_suspects,
        explaining.explain,
        explaining.verify,
        closing.mitigate,
    ):
        state.update(node(state, runtime))
    return store.redactor.word(assemble(state, context))


def _nothing(task: Task) -> Result:
    raise NotRecorded(f"Task {task.id} ({task.tool}) has not returned.")


def _unheard(_: object) -> None:
    """Nobody follows a report that is only asked."""


def over(question: str, run: str, redact: Callable[[str], str]) -> Answer:
    """How far a run is that has its report."""
    return Answer(
        run=run,
        question=redact(question),
        status="answered",
        sure=1.0,
        replies=(Reply(text="This diagnosis is over; its report is there.", cites=("P1",)),),
        citations=(Citation(id="P1", text=f"the report of run {run}", source="report"),),
    )


def stands(state: str) -> str:
    """The state of a run in words."""
    return {"running": "still running", "waiting": "waiting for a person"}.get(state, state)


def so_far(
    question: str, run: str, state: str, events: Iterable[ev.Event], redact: Callable[[str], str]
) -> Answer:
    """The suspects and the strongest facts so far; each said to be of a run that is not over."""
    planned, done, last = 0, 0, ""
    tools: dict[int, str] = {}  # calls that have not returned
    suspects: tuple[Suspect, ...] = ()
    facts: list[ev.Glimpse] = []
    findings: tuple[str, ...] = ()
    for event in events:
        match event:
            case ev.RunStarted() | ev.Corrected():  # begun anew
                planned, done, facts, findings, tools = 0, 0, [], (), {}
            case ev.PlanMade():
                planned += len(event.tasks)
                tools |= {t.id: t.tool for t in event.tasks}
            case ev.TaskDone():
                done += 1
                tools.pop(event.task, None)
                facts += event.strongest
            case ev.Ranked():
                suspects = event.suspects
            case ev.Findings():
                findings = event.statements
            case ev.NodeDone():
                last = event.node
    still = f"; to come: {', '.join(dict.fromkeys(tools.values()))}" if tools else ""
    calls = f"{done} call{'' if done == 1 else 's'} returned"
    told = [f"This diagnosis is {stands(state)}: {calls}{f', last step {last}' if last else ''}{still}."]
    told += [_suspected(suspects)] if suspects else ["Nothing has been weighed yet."]
    strongest = [g.statement for g in sorted(facts, key=lambda g: -g.strength)] or list(findings)
    wanted = _about(question, strongest)
    replies = [Reply(text=redact(t), cites=("P1",)) for t in told]
    replies += [Reply(text=redact(t), cites=("P1",)) for t in wanted[:MOST_FACTS]]
    return Answer(
        run=run,
        question=redact(question),
        status="answered",
        sure=SURE,
        replies=tuple(replies),
        citations=(Citation(id="P1", text=f"the steps of run {run} so far", source="report"),),
        notes=("so far only: the report is not there yet, and this may turn",),
    )


def _suspected(suspects: tuple[Suspect, ...]) -> str:
    best = sorted(suspects, key=lambda s: -s.probability)[:MOST_SUSPECTS]
    told = "; ".join(
        f"{chance(s.probability)} {f'{s.component} {s.fault}' if s.component else s.fault}" for s in best
    )
    return f"So far: {told}."


def _about(question: str, statements: list[str]) -> list[str]:
    """The statements that speak of what the question names; all where none does."""
    words = {w.strip("?!.,:").casefold() for w in question.split()}
    mine = [s for s in statements if s.split(":")[0].casefold() in words]
    return list(dict.fromkeys(mine or statements))
