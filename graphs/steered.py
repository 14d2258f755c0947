"""A run that a person may stop or correct while it is under way: its steps end, and it goes on with what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aitia.core.events import Corrected, Event, RunFailed
from aitia.core.steering import Interjected, Said, Stopped, heard
from aitia.core.store import RunStore, surviving
from aitia.core.words import Incident, Report
from aitia.graphs.state import Context
from aitia.graphs.steps import drop

Steps = Callable[[Context, Any], Report]


def steered(
    store: RunStore,
    context: Callable[[], Context],
    steps: Steps,
    start: Any,
    *,
    emit: Callable[[Event], None],
) -> Report:
    """What the steps come to, begun anew each time a person corrects the incident meanwhile. Raises Stopped.

    start  from where the steps go on; {} for a new run
    """
    while True:
        try:
            if (said := heard(store)) is not None:  # while nobody carried the run out
                raise Interjected(said)
            return steps(context(), start)
        except Interjected as told:
            _heed(store, told.said, emit)
            start = {}


def _heed(store: RunStore, said: Said, emit: Callable[[Event], None]) -> None:
    """Put the incident as it was told in place of the one that was looked at; stop where that was wanted. Raises Stopped."""
    if said.incident is not None:
        _correct(store, said.incident)
        emit(Corrected(text=said.text, by=said.by))
    if said.stop:
        store.update_meta(state="interrupted")
        message = f"stopped by {said.by}" if said.by else "stopped"
        emit(RunFailed(run=store.id, message=message))
        raise Stopped(f"Run {store.id} was {message}. Continue it with `aitia resume {store.id}`.")


def _correct(store: RunStore, incident: Incident) -> None:
    """What was read stays where the window does; of a report that was written meanwhile this is the next revision."""
    meta = store.meta()
    same = incident.window == Incident.model_validate(meta["incident"]).window
    kept, opened = (store.results(), meta.get("opened", {})) if same else ({}, {})
    if (store.path / "report.json").is_file():
        surviving(store, store.revise, steps=False)
    else:
        drop(store)
    for result in kept.values():
        store.put_result(result)
    if opened:
        said = incident.model_dump(mode="json", include={"corrections"})
        opened = opened | {"incident": opened["incident"] | said}
    store.update_meta(incident=incident.model_dump(mode="json"), opened=opened, state="running")
