"""The context of a live run: it reads the sources and records what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from aitia.agent.planning.defaults import MAX_TEXT
from aitia.agent.planning.outside import KNOWN, nearest, offered
from aitia.agent.planning.plan_prompt import nearby
from aitia.agent.planning.plans import PlanStore
from aitia.agent.planning.references import unresolved
from aitia.agent.planning.score import Guides
from aitia.core.clock import Clock
from aitia.core.deadline import TookTooLong, within
from aitia.core.energy import Meter
from aitia.core.errors import StoreError
from aitia.core.llm import Llm, Readers
from aitia.core.protocols import Source
from aitia.core.redact import Names, Redactor
from aitia.core.resolve import Resolver
from aitia.core.store import RunStore
from aitia.core.words import Component, Incident, Inventory, Result, Task
from aitia.graphs.curves import with_curves
from aitia.graphs.judgement import taxonomy_of, weights_of
from aitia.graphs.outcome import learned
from aitia.graphs.recording import RecordingLlm
from aitia.graphs.state import Context, Opened, Options
from aitia.graphs.understanding import Read, read, understood
from aitia.graphs.window import fitted
from aitia.models.calibration import vote_weight
from aitia.tools import Limits, Registry, SourceSet, ToolContext
from aitia.tools.alerts.source import AlertSource, several
from aitia.tools.mcp import recorded_mcp, with_mcp
from aitia.tools.memory.vectors import open_embedder
from aitia.tools.registry import EVIDENCE
from aitia.tools.sources import build_inventory

_TELEMETRY = frozenset({"metrics", "logs", "traces", "signals", "cluster"})


def recorded_tools(meta: Mapping[str, Any]) -> Registry:
    """The installed tools that the run knew: a tool that was installed since must not change its plan."""
    known = set(meta.get("tools", ()))
    return with_mcp(Registry(s for s in Registry.load() if s.name in known), recorded_mcp(meta))


def live(
    store: RunStore,
    sources: Sequence[Source],
    llm: Llm | None,
    clock: Clock,
    registry: Registry,
    *,
    readers: Readers,
) -> Context:
    """A context that reads the sources and records what it reads."""
    meta = store.meta()
    options = Options(**meta["options"])
    timings: dict[str, float] = dict(meta.get("timings", {}))
    before, meter = dict(timings), Meter()
    counted: Mapping[str, Callable[[], float]] = {
        "total": clock.elapsed, "processor": meter.processor_s, "joules": meter.joules,
    }  # fmt: skip
    resolver = Resolver(Component.model_validate(c) for c in meta["components"])
    opened: list[tuple[Opened, Names]] = []
    shared: list[
        ToolContext
    ] = []  # of all tools: what one has read of the sources the next does not read again
    redactor = store.redactor

    def measured(name: str) -> float:
        if name not in timings or name in counted:
            since = "total" if name not in counted else name
            timings[name] = round(before.get(since, 0.0) + counted[since](), 3)
            store.update_meta(timings=timings)
        return timings[name]

    def open_sources() -> tuple[Opened, Names]:
        if not opened:
            incident = Incident.model_validate(meta["incident"])
            told = [AlertSource(incident.alerts, resolver)] if several(incident.alerts) else []
            given = [*sources, *told]
            texts = readers.texts or llm
            opened.append(_open(incident, given, resolver, store, llm, options.task_seconds, texts, registry))
            found, names = opened[0]
            shared.append(
                _with_words(_context(found, names, given, resolver, clock, options), readers, store)
            )
        return opened[0]

    def call(task: Task) -> Result:
        known = store.result(task.id)
        if known is not None and (known.tool, known.args) == (task.tool, task.args):
            return known
        _, names = open_sources()
        refused: list[StoreError] = []

        def put_artifact(data: bytes, suffix: str = "") -> str:
            try:
                return store.put_artifact(data, suffix)
            except StoreError as error:  # no failure of the tool, which would be kept as its result
                refused.append(error)
                raise

        given = replace(
            shared[0],
            put_artifact=put_artifact,
            found=names.real(_consumed(task, store, registry)),
        )
        result = unresolved(task) or registry.call(names.word(task), given)
        result = with_curves(result, given, put_artifact)
        if refused:
            raise refused[0]
        result = safe_result(result, redactor).model_copy(update={"args": dict(task.args)})
        store.put_result(result)
        return result

    return Context(
        open=lambda: open_sources()[0],
        call=call,
        measured=measured,
        registry=registry,
        taxonomy=taxonomy_of(meta),
        weights=weights_of(meta),
        options=options,
        store=store,
        llm=RecordingLlm(llm, store) if llm is not None else None,
        model_note=meta.get("model_note", ""),
        versions=meta["versions"],
    )


def _context(
    found: Opened,
    names: Names,
    sources: Sequence[Source],
    resolver: Resolver,
    clock: Clock,
    options: Options,
) -> ToolContext:
    """What all tools of the run share."""
    return ToolContext(
        incident=names.word(found.incident),
        sources=SourceSet(_readable(sources, found.inventory)),
        inventory=names.word(found.inventory),
        resolver=resolver,
        limits=Limits(seconds=options.task_seconds),
        clock=clock,
    )


def _with_words(shared: ToolContext, readers: Readers, store: RunStore) -> ToolContext:
    """With what models say of words that nobody explains: asked when the run is opened, on a resume what was said then."""
    opened = store.meta()["opened"]
    if "read" in opened:
        found = Read.model_validate(opened["read"])
    else:
        found = read(shared, readers, store.home)
        store.update_meta(opened=opened | {"read": store.redactor.word(found).model_dump(mode="json")})
    return replace(shared, names=found.entries, messages=found.heard)


def _consumed(task: Task, store: RunStore, registry: Registry) -> dict[str, Any]:
    """What the tasks that this one waited for have produced, of what its tool consumes; and as `evidence` all facts so far."""
    wanted = registry[task.tool].consumes if task.tool in registry.names() else ()
    results = store.results() if wanted and (task.dep or EVIDENCE in wanted) else {}
    done = [results[n] for n in task.dep if n in results]
    found = {name: value for r in done for name, value in r.data.items() if name in wanted}
    if EVIDENCE in wanted:
        earlier = (r for number, r in sorted(results.items()) if number < task.id)
        found[EVIDENCE] = [e.model_dump(mode="json") for r in earlier for e in r.evidence]
    return found


def safe_result(result: Result, redactor: Redactor) -> Result:
    """A result of which no field holds a secret, names among them: nothing else of it is stored, shown or read by a model."""
    return redactor.word(result)


def _readable(sources: Sequence[Source], inventory: Inventory) -> list[Source]:
    """The sources without those that could not be read: each tool would wait for them once more."""
    unread = {h.source for h in inventory.holdings if h.unread}
    return [s for s in sources if s.name not in unread]


def _open(
    incident: Incident,
    sources: Sequence[Source],
    resolver: Resolver,
    store: RunStore,
    llm: Llm | None,
    seconds: float,
    texts: Llm | None,
    registry: Registry,
) -> tuple[Opened, Names]:
    """See what can be reached, from the earliest baseline to the window's end; on a resume, what was seen then."""
    known = store.meta().get("opened")
    if known:  # empty where a person corrected the incident meanwhile
        held = Inventory.model_validate(known["inventory"])
        seen = build_inventory(_readable(sources, held), incident.window, resolver, seconds=seconds)
        return Opened(incident=Incident.model_validate(known["incident"]), inventory=held), Names(
            store.redactor, [seen]
        )
    span = incident.window
    for baseline in incident.baselines:
        if baseline.window.start < span.start:
            span = span.model_copy(update={"start": baseline.window.start})
    inventory = build_inventory(sources, span, resolver, seconds=seconds)
    try:
        readable = _readable(sources, inventory)
        incident = within(seconds, partial(fitted, incident, readable), name="window")
    except TookTooLong:
        told = "Where the data begin was not looked up: the window is as it was given."
        inventory = inventory.model_copy(update={"given_up": (*inventory.given_up, told)})
    incident = incident.model_copy(update={"hints": tuple(resolver.resolve(h) or h for h in incident.hints)})
    home = store.home
    watched = {
        resolver.resolve(c) or c for h in inventory.holdings if h.kind in _TELEMETRY for c in h.components
    }
    incident = understood(incident, inventory.components, texts, home, watched=watched)
    guides = _guides(incident, inventory, llm, home, registry)
    lessons = learned(home).known_to(store.id, incident.started_at)
    names = Names(store.redactor, [inventory])
    incident, inventory = store.redactor.word(incident), store.redactor.word(inventory)
    opened = {"incident": incident, "inventory": inventory, "guides": guides, "learned": lessons}
    store.update_meta(opened={name: word.model_dump(mode="json") for name, word in opened.items()})
    return Opened(incident=incident, inventory=inventory), names


def _guides(
    incident: Incident, inventory: Inventory, llm: Llm | None, home: Path, registry: Registry
) -> Guides:
    """The nearest past plans and the weight of the model's vote, kept with the run: a rerun must plan the same."""
    plans = PlanStore(home)
    past = tuple(plans.nearest(incident, inventory))
    weight = vote_weight(llm.sha256, "next_check", home) if llm is not None else 0.0
    notes = list(plans.notes)
    if llm is not None and not weight:
        notes.insert(
            0,
            (
                f"{llm.name} was not asked: its calibration gives its votes no weight, or it has no "
                "calibration"
            ),
        )
    near = _nearest(incident, inventory, registry, home)
    return Guides(past=past, vote_weight=weight, nearest=near, note="; ".join(notes))


def _nearest(incident: Incident, inventory: Inventory, registry: Registry, home: Path) -> tuple[str, ...]:
    """The tools left to a choice that rank first for the incident; kept, so that a rerun needs no embedding model."""
    if not (specs := offered(registry)):
        return ()
    embedder, _ = open_embedder(home)
    told = f"{incident.title}. {incident.text}"[:MAX_TEXT]
    embed = embedder.embed if embedder is not None else None
    known = [c.id for c in nearby(inventory, incident)]
    return tuple(nearest(told, specs, embed, KNOWN, known))
