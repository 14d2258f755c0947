"""A person corrects a diagnosis in words: "it began at nine", "not the database, we checked". It goes on from there.

One that is under way, wherever, is told so and goes on by itself (`tell`); of one that is over it is the next revision
(`correct`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from aitia import api
from aitia.core.clock import RecordedClock
from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.llm import Llm
from aitia.core.protocols import Source
from aitia.core.redact import Redactor, load_key
from aitia.core.steering import Said, say
from aitia.core.store import RunStore, surviving
from aitia.core.words import Component, Correction, Incident, Inventory, Report, Result, Window
from aitia.engine import AUTO, OnEvent
from aitia.incoming import baselines_of
from aitia.readers import recorded_readers
from aitia.settings import Settings
from aitia.tools import Registry
from aitia.tools.mcp import recorded_mcp, with_mcp

if TYPE_CHECKING:
    from aitia.core.words import Understood

LONGEST = 500  # characters of a correction
MOST = 20  # corrections of one run
Meaning = Literal["stop", "correction", ""]
_STOP: Final = re.compile(
    r"(?:please |pls |bitte |stp |svp |por favor |per favore )?"
    r"(?:stop|halt|cancel|abort|stopp|abbrechen|brich ab|arrête|annule|para|detente|cancela|ferma|fermati|annulla|interrompi)"
    r"(?: (?:it|that|this|now|the (?:diagnosis|run)|die diagnose|le diagnostic|el diagnóstico|la diagnosi))?[\s.!]*",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(
    r"\W*(?:no,? )?(?:the [\w -]{2,40} (?:is|was)(?: not|n't) (?:it|the (?:cause|problem|reason))\b"
    r"|(?:(?:it|that|this)(?:'s| is| was)(?: not|n't)|(?:it|that) (?:isn|wasn)'t|not"
    r"|(?:es|das) (?:ist|war|liegt) nicht|nicht"
    r"|(?:ce|c')? ?n'(?:est|était) pas|pas|no (?:es|fue|era)|non (?:è|era)) "
    r"(?:the|a|an|at|der|die|das|ein|eine|le|la|les|un|une|el|los|il|lo)\b)",
    re.IGNORECASE,
)


def meant(text: str, store: RunStore) -> Meaning:
    """What a sentence wants of a run: that it stops (of one that is under way), that it goes on otherwise, or neither."""
    from aitia.agent.asking.question.sorting import asks

    if _STOP.fullmatch(text.strip()) and store.meta().get("state") == "running":
        return "stop"
    return "" if asks(text) or corrects(text, store) is None else "correction"


def denies(text: str) -> bool:
    """Whether a sentence says of something that it is not the cause, and asks nothing: "not the deploy, we rolled it back"."""
    from aitia.agent.asking.question.sorting import asks

    return bool(_DENIES.match(text)) and "?" not in text and not asks(text)


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


def corrects(text: str, store: RunStore) -> Correction | None:
    """What a sentence corrects of a run: when it began, or what it is not; None where it says neither, or asks."""
    from aitia.tools.meaning.incidents.reading import read_components, read_start
    from aitia.tools.meaning.incidents.spoken_hours import with_clock

    meta = store.meta()
    if len(text) > LONGEST or text.rstrip().endswith("?") or "incident" not in meta:
        return None
    opened = meta.get("opened", {})
    incident = Incident.model_validate(opened.get("incident") or meta["incident"])
    components = Inventory.model_validate(opened.get("inventory", {})).components or tuple(
        Component.model_validate(c) for c in meta.get("components", ())
    )
    read: Understood = read_components(read_start(with_clock(text), incident.window.end), text, components)
    start = read.start if read.start and read.start <= incident.window.end else None
    excluded = tuple(dict.fromkeys(s.component for s in read.excluded))
    complains = {s.component for s in read.affected} - set(excluded)
    if complains or (start is None and not excluded):
        return None  # who complains of a component tells of a trouble
    return Correction(text=text, at=datetime.now(tz=UTC), start=start, excluded=excluded)


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
