"""The diagnose machine: open → recall → plan → run_task → gather → weigh → explain → verify → mitigate → publish."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import Any, cast

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from aitia.agent.taxonomy import Taxonomy
from aitia.agent.weights import Weights
from aitia.core.clock import Clock, RecordedClock, Stopwatch
from aitia.core.errors import BadInput, StoreError, WaitsForPerson
from aitia.core.events import Event, NodeDone, RunFailed, RunFinished, RunStarted
from aitia.core.incidents import redacted
from aitia.core.llm import NO_READERS, Llm, Readers
from aitia.core.protocols import Source
from aitia.core.steering import Interjected, heard, unstopped
from aitia.core.store import RunStore, surviving
from aitia.core.telemetry import traced_run
from aitia.core.words import Component, Incident, Report
from aitia.graphs.isolation import apart
from aitia.graphs.judgement import remembered
from aitia.graphs.live import live, recorded_tools
from aitia.graphs.nodes import closing, collecting, explaining, judging, planning
from aitia.graphs.report import assemble
from aitia.graphs.state import Context, Options, State
from aitia.graphs.steered import steered
from aitia.graphs.steps import any_kept, forget, steps_of, thread_of
from aitia.tools import Registry

__all__ = ["Options", "build", "diagnose", "resume"]

OnEvent = Callable[[Event], None]


def build(
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[State, Context, State, State]:
    """The compiled machine. Its drawing is kept in docs/graph.md by a test."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("open", collecting.open_run)
    graph.add_node("recall", collecting.recall)
    graph.add_node("plan", planning.plan)
    graph.add_node("run_task", collecting.run_task)
    graph.add_node("gather", judging.gather)
    graph.add_node("weigh", judging.weigh_suspects)
    graph.add_node("explain", explaining.explain)
    graph.add_node("verify", explaining.verify)
    graph.add_node("mitigate", closing.mitigate)
    graph.add_node("approve", closing.approve)
    graph.add_node("publish", closing.publish)
    graph.add_node("remember", closing.remember)
    graph.add_edge(START, "open")
    graph.add_edge("open", "recall")
    graph.add_edge("recall", "plan")
    graph.add_conditional_edges("plan", planning.dispatch, ["run_task", "gather"])
    graph.add_edge("run_task", "gather")
    graph.add_conditional_edges("gather", planning.after_gather, ["run_task", "plan", "weigh"])
    graph.add_edge("weigh", "explain")
    graph.add_edge("explain", "verify")
    graph.add_edge("verify", "mitigate")
    graph.add_conditional_edges("mitigate", closing.after_mitigate, ["approve", "publish"])
    graph.add_edge("approve", "publish")
    graph.add_edge("publish", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=checkpointer)


def diagnose(
    incident: Incident,
    sources: Sequence[Source],
    *,
    store: RunStore,
    llm: Llm | None,
    options: Options,
    clock: Clock,
    readers: Readers = NO_READERS,
    components: Sequence[Component] = (),
    on_event: OnEvent | None = None,
    model_note: str = "",
    registry: Registry | None = None,
    taxonomy: Taxonomy | None = None,
    weights: Weights | None = None,
    runbook: Mapping[str, Any] | None = None,
) -> Report:
    """Diagnose an incident from its sources. Every step is in the store, so that a killed run can be resumed.

    `readers` are asked what names and messages mean that no word explains; where there are none, the `llm`. With a `runbook`
    (plain values of `aitia.tools.incidents.runbook_program`) the calls that it names are the plan.
    """
    registry = registry or Registry.load()
    incident = redacted(incident, store.home)

    def begin() -> Report:
        store.update_meta(
            title=incident.title,
            incident=incident.model_dump(mode="json"),
            components=[c.model_dump(mode="json") for c in components],
            options=options.plain(),
            model={"name": llm.name, "sha256": llm.sha256} if llm else {},
            model_note=model_note,
            tools=list(registry.names()),
            now=clock.now().isoformat(),
            versions={"aitia": version("aitia"), "langgraph": version("langgraph")},
            **({"runbook": dict(runbook)} if runbook else {}),
            **remembered(taxonomy, weights),
        )
        _emit(store, on_event, RunStarted(run=store.id, title=incident.title, at=clock.now()))
        return steered(
            store,
            lambda: live(store, sources, llm, clock, registry, readers=_or(readers, llm)),
            partial(run, on_event=on_event),
            {},
            emit=partial(_emit, store, on_event),
        )

    return surviving(store, begin, steps=False)


def _or(readers: Readers, llm: Llm | None) -> Readers:
    """The readers, and who narrates where there is none."""
    return replace(readers, names=readers.names or llm, messages=readers.messages or llm)


def resume(
    store: RunStore,
    sources: Sequence[Source],
    *,
    llm: Llm | None,
    on_event: OnEvent | None = None,
    answers: Mapping[str, bool] | None = None,
    registry: Registry | None = None,
) -> Report:
    """Go on with a run that was killed, interrupted, or waits for approval (`answers` by call hash)."""
    meta = store.meta()
    if meta.get("state") == "finished":
        return store.report()
    if "options" not in meta:
        raise BadInput(f"Run {store.id} was stopped before its first step. Start it again.")
    began = {k: (meta.get("model") or {}).get(k, "") for k in ("name", "sha256")}
    if began != {"name": llm.name if llm else "", "sha256": llm.sha256 if llm else ""}:
        raise BadInput(f"Resume run {store.id} with the model it started with: {began['name'] or 'none'}.")

    def go_on() -> Report:
        unstopped(store)
        store.update_meta(state="running")
        clock = RecordedClock(datetime.fromisoformat(meta["now"]))
        tools = registry or recorded_tools(meta)
        approved = sorted(call for call, said in (answers or {}).items() if said)
        start: Any = (
            None if has_begun(store) else {}
        )  # without checkpoints from the start, on what was read before
        if start is None and answers is not None and _asks(store):
            start = Command(resume={"approved": approved})
        return steered(
            store,
            lambda: live(store, sources, llm, clock, tools, readers=_or(Readers(), llm)),
            partial(run, on_event=on_event),
            start,
            emit=partial(_emit, store, on_event),
        )

    return surviving(store, go_on, steps=True)


def _asks(store: RunStore) -> bool:
    """Whether the run stopped at a question that nobody's answer has reached yet."""
    with steps_of(store) as saver:
        stopped = build(saver).get_state({"configurable": {"thread_id": thread_of(store)}})
        return bool(stopped.interrupts)


def has_begun(store: RunStore) -> bool:
    """Whether a first step of the run was kept, from which it can go on."""
    return any_kept(store)


def run(context: Context, start: Any, *, on_event: OnEvent | None = None, checkpoint: bool = True) -> Report:
    """Stream the machine to its end; its events go to the store and to `on_event`."""
    if not checkpoint:  # a recording that is played back is no run of its own
        return _run(context, start, on_event=on_event, checkpoint=False)
    with traced_run(context.store.id) as spans:

        def heard(event: Event) -> None:
            spans.hear(event)
            if on_event is not None:
                on_event(event)

        return _run(context, start, on_event=heard, checkpoint=True)


def _run(context: Context, start: Any, *, on_event: OnEvent | None, checkpoint: bool) -> Report:
    store, options = context.store, context.options
    config: Any = {
        "configurable": {"thread_id": thread_of(store) if checkpoint else store.id},
        # One worker of LangGraph's pool waits on the stream: with a pool of one nothing would ever run.
        "max_concurrency": options.max_concurrency + 1,
        "recursion_limit": 60,
    }
    state: dict[str, Any] = {}
    waiting, asked = False, {}
    try:
        with steps_of(store) if checkpoint else nullcontext() as saver:
            machine = build(saver)
            emit, lap = partial(_emit, store if checkpoint else None, on_event), Stopwatch()
            alone = apart()
            stream: Any = machine.stream(
                start, config, context=context, stream_mode=["updates", "custom", "values"], version="v2"
            )
            try:
                while (part := alone.run(next, stream, None)) is not None:
                    state = _consume(part, state, emit, lap)
                    _listen(store, checkpoint=checkpoint)
            finally:
                alone.run(stream.close)  # its threads write checkpoints: they end before the connection does
            _listen(store, checkpoint=checkpoint)
            stopped = machine.get_state(config) if saver is not None else None
            waiting = stopped is not None and bool(stopped.next)
            asked = {h: call for i in (stopped.interrupts if stopped else ()) for h, call in i.value.items()}
    except (StoreError, Interjected):
        raise  # it goes on: elsewhere, where what it is cannot be written here, or with what was said
    except BaseException as error:
        if checkpoint:
            word = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            store.update_meta(state=word)
            _emit(store, on_event, RunFailed(run=store.id, message=_safe(f"{word}: {error}", store)))
        raise
    if waiting:
        store.update_meta(state="waiting")
        raise WaitsForPerson(store.id, asked)
    report = (
        store.report() if context.publish else store.redactor.word(assemble(cast("State", state), context))
    )
    if checkpoint:
        forget(store)
        _emit(
            store, on_event, RunFinished(run=store.id, verdict=report.verdict, probability=report.probability)
        )
    return report


def _listen(store: RunStore, *, checkpoint: bool) -> None:
    """Between two steps: what a person said meanwhile ends them. Raises Interjected."""
    if checkpoint and (said := heard(store)) is not None:
        raise Interjected(said)


def _consume(part: Any, state: dict[str, Any], emit: OnEvent, lap: Callable[[], float]) -> dict[str, Any]:
    kind, data = part["type"], part["data"]
    if kind == "values":
        return dict(data)
    if kind == "custom":
        emit(data)
    elif kind == "updates":
        for node in data:
            if not node.startswith("__"):  # LangGraph's own entries, as for writes restored from a checkpoint
                emit(NodeDone(node=node, seconds=lap()))
    return state


def _safe(message: str, store: RunStore) -> str:
    return store.redactor.text(message)


def _emit(store: RunStore | None, on_event: OnEvent | None, event: Event) -> None:
    if store is not None:
        event = store.redactor.word(event)
        store.event(event)
    if on_event is not None:
        on_event(event)
