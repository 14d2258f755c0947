"""Play a recording back: same clock, same tool results, same model outputs, hence the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aitia.core.errors import NotRecorded
from aitia.core.store import RunStore
from aitia.core.words import Incident, Inventory, Report, Result, Task
from aitia.graphs.diagnose import run
from aitia.graphs.judgement import taxonomy_of, weights_of
from aitia.graphs.live import recorded_tools
from aitia.graphs.recording import RecordedLlm
from aitia.graphs.state import Context, Opened, Options
from aitia.tools import Registry


def rerun(
    store: RunStore,
    *,
    max_concurrency: int = 4,
    registry: Registry | None = None,
) -> Report:
    """The report of a recorded run, made anew from its recording. Raises NotRecorded where the code asks for more."""
    meta, results = store.meta(), store.results()
    if not meta.get("opened"):
        raise NotRecorded(f"The recording of run {store.id} is not complete. Resume the run first.")

    def call(task: Task) -> Result:
        known = results.get(task.id)
        if known is None or (known.tool, known.args) != (task.tool, task.args):
            raise NotRecorded(
                f"Task {task.id} ({task.tool}) is not in the recording. Run a new diagnosis instead of a "
                "rerun."
            )
        return known

    context = recorded(store, call, registry=registry)
    return run(
        replace(context, options=replace(context.options, max_concurrency=max_concurrency)),
        {},
        checkpoint=False,
    )


def recorded(store: RunStore, call: Callable[[Task], Result], *, registry: Registry | None = None) -> Context:
    """A context that reads nothing but the recording, and writes nothing."""
    meta = store.meta()

    def opened() -> Opened:
        return Opened(
            incident=Incident.model_validate(meta["opened"]["incident"]),
            inventory=Inventory.model_validate(meta["opened"]["inventory"]),
        )

    return Context(
        open=opened,
        call=call,
        measured=lambda name: float(meta.get("timings", {}).get(name, 0.0)),
        registry=registry or recorded_tools(meta),
        taxonomy=taxonomy_of(meta),
        weights=weights_of(meta),
        options=Options(**meta["options"]),
        store=store,
        llm=RecordedLlm(store) if meta.get("model") else None,
        model_note=meta.get("model_note", ""),
        versions=meta["versions"],
        publish=False,
    )
