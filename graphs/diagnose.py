"""The diagnose machine: open → recall → plan → run_task → gather → weigh → explain → verify → mitigate → publish."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from typing import Any, cast

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from aitia.agent.taxonomy import Taxonomy, bundled
from aitia.core.clock import Clock, RecordedClock
from aitia.core.errors import BadInput
from aitia.core.events import Event, NodeDone, RunFailed, RunFinished, RunStarted
from aitia.core.llm import Llm
from aitia.core.protocols import Source
from aitia.core.redact import Redactor, load_key
from aitia.core.resolve import Resolver
from aitia.core.store import RunStore
from aitia.core.words import Component, Incident, Inventory, Report, Result, Task
from aitia.graphs import nodes
from aitia.graphs.recording import RecordingLlm
from aitia.graphs.report import assemble
from aitia.graphs.state import Context, Opened, Options, State
from aitia.graphs.window import fitted
from aitia.tools import Limits, Registry, SourceSet, ToolContext
from aitia.tools.sources import build_inventory

__all__ = ["Options", "build", "diagnose", "resume"]

OnEvent = Callable[[Event], None]


def build(checkpointer: SqliteSaver | None = None) -> CompiledStateGraph[State, Context, State, State]:
    """The compiled machine. Its drawing is kept in docs/graph.md by a test."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("open", nodes.open_run)
    graph.add_node("recall", nodes.recall)
    graph.add_node("plan", nodes.plan)
    graph.add_node("run_task", nodes.run_task)
    graph.add_node("gather", nodes.gather)
    graph.add_node("weigh", nodes.weigh_suspects)
    graph.add_node("explain", nodes.explain)
    graph.add_node("verify", nodes.verify)
    graph.add_node("mitigate", nodes.mitigate)
    graph.add_node("approve", nodes.approve)
    graph.add_node("publish", nodes.publish)
    graph.add_node("remember", nodes.remember)
    graph.add_edge(START, "open")
    graph.add_edge("open", "recall")
    graph.add_edge("recall", "plan")
    graph.add_conditional_edges("plan", nodes.dispatch, ["run_task", "gather"])
    graph.add_edge("run_task", "gather")
    graph.add_conditional_edges("gather", nodes.after_gather, ["run_task", "plan", "weigh"])
    graph.add_edge("weigh", "explain")
    graph.add_edge("explain", "verify")
    graph.add_edge("verify", "mitigate")
    graph.add_conditional_edges("mitigate", nodes.after_mitigate, ["approve", "publish"])
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
    components: Sequence[Component] = (),
    on_event: OnEvent | None = None,
    model_note: str = "",
    registry: Registry | None = None,
    taxonomy: Taxonomy | None = None,
) -> Report:
    """Diagnose an incident from its sources. Every step is in the store, so that a killed run can be resumed."""
    registry = registry or Registry.load()
    incident = _redacted(incident, store)
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
    )
    context = _live(store, sources, llm, clock, registry, taxonomy or bundled())
    _emit(store, on_event, RunStarted(run=store.id, title=incident.title, at=clock.now()))
    return run(context, {}, on_event=on_event)


def resume(
    store: RunStore,
    sources: Sequence[Source],
    *,
    llm: Llm | None,
    on_event: OnEvent | None = None,
    answers: Mapping[str, bool] | None = None,
    registry: Registry | None = None,
    taxonomy: Taxonomy | None = None,
) -> Report:
    """Go on with a run that was killed, interrupted, or waits for approval (`answers` by call hash)."""
    meta = store.meta()
    if meta.get("state") == "finished":
        return store.report()
    if not (store.path / "checkpoints.sqlite").exists():
        raise BadInput(f"Start run {store.id} anew: it was stopped before its first checkpoint.")
    began = {k: (meta.get("model") or {}).get(k, "") for k in ("name", "sha256")}
    if began != {"name": llm.name if llm else "", "sha256": llm.sha256 if llm else ""}:
        raise BadInput(f"Resume run {store.id} with the model it began with: {began['name'] or 'none'}.")
    store.update_meta(state="running")
    clock = RecordedClock(datetime.fromisoformat(meta["now"]))
    context = _live(store, sources, llm, clock, registry or recorded_tools(meta), taxonomy or bundled())
    approved = sorted(call for call, said in (answers or {}).items() if said)
    start: Any = Command(resume={"approved": approved}) if answers is not None else None
    return run(context, start, on_event=on_event)


def run(context: Context, start: Any, *, on_event: OnEvent | None = None, checkpoint: bool = True) -> Report:
    """Stream the machine to its end; its events go to the store and to `on_event`."""
    store, options = context.store, context.options
    config: Any = {
        "configurable": {"thread_id": store.id},
        # One worker of LangGraph's pool waits on the stream: with a pool of one nothing would ever run.
        "max_concurrency": options.max_concurrency + 1,
        "recursion_limit": 60,
    }
    state: dict[str, Any] = {}
    waiting = False
    try:
        with _checkpointer(store, checkpoint) as saver:
            machine = build(saver)
            stream = machine.stream(
                start, config, context=context, stream_mode=["updates", "custom", "values"], version="v2"
            )
            for part in stream:
                state = _consume(part, state, store if checkpoint else None, on_event)
            waiting = saver is not None and bool(machine.get_state(config).next)
    except BaseException as error:
        if checkpoint:
            word = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            store.update_meta(state=word)
            _emit(store, on_event, RunFailed(run=store.id, message=f"{word}: {error}"))
        raise
    if waiting:
        store.update_meta(state="waiting")
        raise BadInput(f"Answer the approvals of run {store.id} and resume it: it waits for a person.")
    report = store.report() if context.publish else assemble(cast("State", state), context)
    if checkpoint:
        _emit(
            store, on_event, RunFinished(run=store.id, verdict=report.verdict, probability=report.probability)
        )
    return report


def _consume(
    part: Any, state: dict[str, Any], store: RunStore | None, on_event: OnEvent | None
) -> dict[str, Any]:
    kind, data = part["type"], part["data"]
    if kind == "values":
        return dict(data)
    if kind == "custom":
        _emit(store, on_event, data)
    elif kind == "updates":
        for node in data:
            if not node.startswith("__"):  # LangGraph's own entries, as for writes restored from a checkpoint
                _emit(store, on_event, NodeDone(node=node))
    return state


def _emit(store: RunStore | None, on_event: OnEvent | None, event: Event) -> None:
    if store is not None:
        store.event(event)
    if on_event is not None:
        on_event(event)


@contextmanager
def _checkpointer(store: RunStore, wanted: bool) -> Iterator[SqliteSaver | None]:
    if not wanted:
        yield None
        return
    connection = sqlite3.connect(store.path / "checkpoints.sqlite", check_same_thread=False)
    try:
        connection.execute("pragma journal_mode=wal")
        yield SqliteSaver(connection)
    finally:
        connection.close()


def recorded_tools(meta: Mapping[str, Any]) -> Registry:
    """The installed tools that the run knew: a tool that was installed since must not change its plan."""
    known = set(meta.get("tools", ()))
    return Registry(spec for spec in Registry.load() if spec.name in known)


def _live(
    store: RunStore,
    sources: Sequence[Source],
    llm: Llm | None,
    clock: Clock,
    registry: Registry,
    taxonomy: Taxonomy,
) -> Context:
    """A context that reads the sources and records what it reads."""
    meta = store.meta()
    options = Options(**meta["options"])
    timings: dict[str, float] = dict(meta.get("timings", {}))
    before = timings.get("total", 0.0)
    resolver = Resolver(Component.model_validate(c) for c in meta["components"])
    opened: list[Opened] = []

    def measured(name: str) -> float:
        if name not in timings or name == "total":
            timings[name] = round(before + clock.elapsed(), 3)
            store.update_meta(timings=timings)
        return timings[name]

    def open_sources() -> Opened:
        if not opened:
            opened.append(_open(Incident.model_validate(meta["incident"]), sources, resolver, store))
        return opened[0]

    def call(task: Task) -> Result:
        known = store.results().get(task.id)
        if known is not None and (known.tool, known.args) == (task.tool, task.args):
            return known
        inventory = open_sources()
        result = registry.call(
            task,
            ToolContext(
                incident=inventory.incident,
                sources=SourceSet(sources),
                inventory=inventory.inventory,
                resolver=resolver,
                limits=Limits(seconds=options.task_seconds),
                clock=clock,
                put_artifact=store.put_artifact,
            ),
        )
        store.put_result(result)
        return result

    return Context(
        open=open_sources,
        call=call,
        measured=measured,
        registry=registry,
        taxonomy=taxonomy,
        options=options,
        store=store,
        llm=RecordingLlm(llm, store) if llm is not None else None,
        model_note=meta.get("model_note", ""),
        versions=meta["versions"],
    )


def _redacted(incident: Incident, store: RunStore) -> Incident:
    """The incident without secrets and personal data: nothing else of it is ever stored."""
    redactor = Redactor(load_key(store.path.parent.parent))

    def label(key: str, value: str) -> str:
        return redactor.text(f"{key}={value}").removeprefix(f"{key}=")

    return incident.model_copy(
        update={
            "title": redactor.text(incident.title),
            "text": redactor.text(incident.text),
            "labels": {key: label(key, value) for key, value in incident.labels.items()},
            "hints": tuple(redactor.text(hint) for hint in incident.hints),
        }
    )


def _open(incident: Incident, sources: Sequence[Source], resolver: Resolver, store: RunStore) -> Opened:
    """See what can be reached, from the earliest baseline to the window's end; on a resume, what was seen then."""
    known = store.meta().get("opened")
    if known is not None:
        build_inventory(sources, incident.window, resolver)
        held = Inventory.model_validate(known["inventory"])
        return Opened(incident=Incident.model_validate(known["incident"]), inventory=held)
    incident = fitted(incident, sources)
    span = incident.window
    for baseline in incident.baselines:
        if baseline.window.start < span.start:
            span = span.model_copy(update={"start": baseline.window.start})
    inventory = build_inventory(sources, span, resolver)
    incident = incident.model_copy(update={"hints": tuple(resolver.resolve(h) or h for h in incident.hints)})
    store.update_meta(
        opened={"incident": incident.model_dump(mode="json"), "inventory": inventory.model_dump(mode="json")}
    )
    return Opened(incident=incident, inventory=inventory)
