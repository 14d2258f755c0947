"""A person corrects a diagnosis in words: "it began at nine", "not the database, we checked". It goes on from there.

One that is under way, wherever, is told so and goes on by itself (`tell`); of one that is over it is the next revision
(`correct`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aitia import api
from aitia.core.clock import RecordedClock
from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.llm import Llm
from aitia.core.protocols import Source
from aitia.core.redact import Redactor, load_key
from aitia.core.steering import Said, say
from aitia.core.store import RunStore, surviving
from aitia.core.words import Component, Correction, Incident, Report, Result, Window
from aitia.correction_words import corrects
from aitia.engine import AUTO, OnEvent
from aitia.incoming import baselines_of
from aitia.readers import recorded_readers
from aitia.settings import Settings
from aitia.tools import Registry
from aitia.tools.mcp import recorded_mcp, with_mcp

if TYPE_CHECKING:
    pass

MOST = 20  # corrections of one run


def tell(store: RunStore, text: str, *, by: str = "", settings: Settings | None = None) -> bool:
    """Correct a run that is under way: it goes on from there by itself. False where it is not under way.

    What was read is not read again where the correction leaves the window as it is. BadInput where it corrects nothing.
    """

    def corrected(said: Said) -> Said:
        before = said.incident or Incident.model_validate(store.meta()["incident"])
        told = with_correction(before, text, store, by=by, settings=settings or Settings())
        return said.model_copy(update={"incident": told, "text": text, "by": by[:200]})

    return say(store, corrected)


def stop(store: RunStore, *, by: str = "") -> bool:
    """Stop a run between two of its steps; it can be resumed. False where it is not under way."""
    return say(store, lambda said: said.model_copy(update={"stop": True, "by": by[:200]}))


def correct(
    run: str,
    text: str,
    *,
    by: str = "",
    sources: Sequence[Source] = (),
    settings: Settings | None = None,
    model: str | Llm | None = AUTO,
    threads: int | None = None,
    home: Path | None = None,
    on_event: OnEvent | None = None,
    trust: Sequence[str | Path] = (),
) -> Report:
    """Diagnose a run's incident with what a person says of it: the next revision, over the same time.

    What was read is not read again where the correction leaves the window as it is.

    by        who said it
    sources   readers in place of the recorded ones
    settings  whose window rules are used where it began at another time
    trust     folders of runs that another home made: their word is taken
    Raises BadInput where the sentence corrects nothing, and for a run that is still running.
    """
    store = RunStore.open(home or aitia_home(), run)
    meta = store.meta()
    if meta.get("state") in ("running", "waiting") or "options" not in meta:
        raise BadInput(f"Stop or finish run {store.id} first; then it can be corrected.")
    before = Incident.model_validate(meta["incident"])
    incident = with_correction(before, text, store, by=by, settings=settings or Settings())
    readers = recorded_readers(store, sources, trust)
    kept = store.results() if incident.window == before.window else {}
    llm = api.same_model(meta, model, threads, on_event) if meta.get("model") else None
    return _go_on(store, incident, readers, llm, kept, on_event)


def with_correction(
    incident: Incident, text: str, store: RunStore, *, by: str, settings: Settings
) -> Incident:
    """The incident as a person says it is. Raises BadInput where the sentence says nothing of that."""
    said = corrects(text, store)
    if said is None:
        raise BadInput(
            'I read no correction in that. Say when it began or what it is not: "it began at 09:00", "not the database".'
        )
    if len(incident.corrections) >= MOST:
        raise BadInput(f"This run was corrected {MOST} times already. Start a new diagnosis.")
    redact = Redactor(load_key(store.home)).text
    return _with(incident, said.model_copy(update={"by": by[:200], "text": redact(text)}), settings)


def _with(incident: Incident, said: Correction, settings: Settings) -> Incident:
    """The incident with the correction, and where it moved its beginning with the window and baselines of that."""
    told = incident.model_copy(update={"corrections": (*incident.corrections, said)})
    if said.start is None or said.start == incident.started_at:
        return told
    rules = settings.window
    start = said.start - timedelta(seconds=rules.for_s + max(rules.lead_s, 1.0))
    window = Window(start=min(start, incident.window.end - timedelta(seconds=1)), end=incident.window.end)
    return told.model_copy(
        update={"started_at": said.start, "window": window, "baselines": baselines_of(window, rules)}
    )


def _go_on(
    store: RunStore,
    incident: Incident,
    readers: Sequence[Source],
    llm: Llm | None,
    kept: dict[int, Result],
    on_event: OnEvent | None,
) -> Report:
    from aitia.graphs.diagnose import Options, diagnose
    from aitia.graphs.judgement import taxonomy_of, weights_of

    meta = store.meta()
    surviving(store, store.revise, steps=False)
    for result in kept.values():
        store.put_result(result)
    with api.failure_noted(store):
        return diagnose(
            incident,
            readers,
            store=store,
            llm=llm,
            options=Options(**meta["options"]),
            clock=RecordedClock(datetime.fromisoformat(str(meta["now"]))),
            components=[Component.model_validate(c) for c in meta["components"]],
            on_event=on_event,
            model_note=str(meta.get("model_note", "")),
            registry=with_mcp(Registry.load(), recorded_mcp(meta)),
            taxonomy=taxonomy_of(meta),
            weights=weights_of(meta) if meta.get("weights") else None,
        )
