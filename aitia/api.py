"""The Python API: `aitia.diagnose` and `aitia.replay`, synchronous, with the same engine as every other door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aitia.consent import found_settings
from aitia.core.archive import archive, use_archive
from aitia.core.clock import Clock, RecordedClock, WallClock
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, StoreError
from aitia.core.home import aitia_home
from aitia.core.incidents import redacted
from aitia.core.llm import Llm
from aitia.core.protocols import Source
from aitia.core.redact import use
from aitia.core.state import use_database
from aitia.core.store import RunStore, not_stored, surviving
from aitia.core.telemetry import use_telemetry
from aitia.core.trust import trusts
from aitia.core.words import HEALTHY, Baseline, Component, Incident, Report, Window
from aitia.engine import AUTO, OnEvent, choose_engine
from aitia.incoming import baselines_of, make_incident
from aitia.model_use import Narrator, Planner
from aitia.readers import configured_readers, recorded_readers, with_memory
from aitia.render.notebook import notebook_html, notebook_markdown
from aitia.retention import retain
from aitia.runbooks import read_program
from aitia.settings import Settings, load_settings
from aitia.tools import Registry
from aitia.tools.mcp import mcp_tools, recorded_mcp, with_mcp

if TYPE_CHECKING:
    from aitia.agent.taxonomy import Taxonomy
    from aitia.agent.weights import Weights
    from aitia.graphs.replay import Replayed

Report.drawn |= {"text/html": notebook_html, "text/markdown": notebook_markdown}


def diagnose(
    incident: str | Mapping[str, Any] | Incident,
    *,
    sources: Sequence[Source | SourceConfig] = (),
    config: Settings | str | Path | None = None,
    components: Sequence[Component] = (),
    model: str | Llm | None = AUTO,
    planner: Planner | None = None,
    narrator: Narrator | None = None,
    threads: int | None = None,
    max_calls: int | None = None,
    stop_at: float | None = None,
    at: datetime | None = None,
    started_at: datetime | None = None,
    window: Window | None = None,
    hints: Sequence[str] = (),
    typed: bool = True,
    healthy: Window | None = None,
    home: Path | None = None,
    on_event: OnEvent | None = None,
    runbook: str | Path | None = None,
    approvals: bool = False,
) -> Report:
    """Diagnose an incident: words, an alert (`aitia.alerts`), or an `Incident`.

    sources   readers or their configurations, besides those of `config`
    config    settings, or the path of an `aitia.yaml`; without it and without sources, ./aitia.yaml
    model     a catalogue name, a GGUF path, `openai:URL#model`, an `Llm`, or None for no model
    max_calls how many tools may be called, at least 4 (default 24)
    stop_at   probability that the verdict stands from which no further tool is called (default: the settings', 0: never)
    at        the moment to look from (default: now); aware datetime
    hints     the components that it is about, where the words are not to tell it
    typed     whether a person wrote the words: only a person may say what is not it
    healthy   a period that is known to be normal: what everything is compared with, in place of the spans before the window
    runbook   a Markdown runbook whose calls are the whole plan, beside the first scan and what memory knows
    approvals stop where a planned call may change something, and raise WaitsForPerson; `resume(answers=)` goes on
    """
    from aitia.graphs.diagnose import diagnose as run

    program = read_program(Path(runbook)) if runbook else None
    settings = settings_of(config, searching=not sources)
    readers, recorded = configured_readers(settings, sources)
    if not readers:
        raise BadInput(
            "No source is configured. Add one in aitia.yaml (`aitia init` proposes one), with "
            "--metrics/--logs."
        )
    clock: Clock = RecordedClock(at) if at else WallClock()
    found = incident_of(
        incident, settings, now=clock.now(), started_at=started_at, window=window, hints=hints, typed=typed
    )
    if healthy is not None:
        found = _against(found, healthy)
    engine = choose_engine(
        model,
        settings=settings,
        planner=planner,
        narrator=narrator,
        threads=threads,
        max_calls=max_calls,
        stop_at=stop_at,
        on_event=on_event,
    )
    taxonomy, weights = _judgement(settings)
    home = home or aitia_home()
    readers, recorded = with_memory(readers, recorded, home)
    asked = mcp_tools(settings.mcp, home)
    # What takes time and what may fail comes before the run: a kill until then leaves nothing to resume.
    registry, found = with_mcp(Registry.load(), asked), redacted(found, home)
    store = RunStore.create(
        home,
        meta={
            "sources": [c.model_dump(mode="json") for c in recorded],
            **({"mcp": [tool.model_dump(mode="json") for tool in asked]} if asked else {}),
            "asked_model": model if isinstance(model, str) else "",
        },
    )
    options = replace(engine.options, approvals=approvals)
    with failure_noted(store):
        report = run(
            found,
            readers,
            store=store,
            llm=engine.llm,
            readers=engine.readers,
            options=replace(options, max_rounds=1) if program else options,
            clock=clock,
            components=(*settings.components, *components),
            on_event=on_event,
            model_note=engine.note,
            registry=registry,
            taxonomy=taxonomy,
            weights=weights,
            runbook=program,
        )
    _sent(store)
    retain(home, settings.retention, now=datetime.now(tz=UTC))
    return report


def _sent(store: RunStore) -> None:
    """A finished run goes to the archive, where one is configured; one that is kept in memory only does not."""
    if (there := archive()) is not None and not not_stored(store.home, store.id):
        there.send(store.home, store.id, store.path)


def replay(
    folder: str | Path,
    *,
    model: str | Llm | None = AUTO,
    planner: Planner | None = None,
    narrator: Narrator | None = None,
    threads: int | None = None,
    max_calls: int | None = None,
    home: Path | None = None,
    on_event: OnEvent | None = None,
    trust: Sequence[str | Path] = (),
) -> Replayed:
    """Diagnose a recorded scenario anew and score the report against its expected answer.

    trust  folders (and what lies below them) whose scenarios may name servers, programs, credentials and files elsewhere
    """
    from aitia.graphs.replay import replay as run

    engine = choose_engine(
        model,
        settings=Settings(),
        planner=planner,
        narrator=narrator,
        threads=threads,
        max_calls=max_calls,
        on_event=on_event,
    )
    return run(
        Path(folder),
        home=home or aitia_home(),
        llm=engine.llm,
        readers=engine.readers,
        options=engine.options,
        on_event=on_event,
        model_note=engine.note,
        trusted=trusts(_folder_of(Path(folder)), trust),
    )


def _folder_of(scenario: Path) -> Path:
    return scenario if scenario.is_dir() else scenario.parent


def resume(
    run: str,
    *,
    sources: Sequence[Source] = (),
    model: str | Llm | None = AUTO,
    threads: int | None = None,
    home: Path | None = None,
    on_event: OnEvent | None = None,
    answers: Mapping[str, bool] | None = None,
    trust: Sequence[str | Path] = (),
) -> Report:
    """Carry on a run that was interrupted, from its last finished step. `sources` overrides the recorded ones.

    trust    folders of runs that another home made, or whose telemetry another folder holds: their word is taken
    answers  of a run that waits for a person: each call's hash (`WaitsForPerson.asked`) and whether it is approved
    """
    from aitia.graphs.diagnose import resume as carry_on

    store = RunStore.open(home or aitia_home(), run)
    if store.meta().get("state") == "finished":
        return store.report()
    readers = recorded_readers(store, sources, trust)
    report = carry_on(
        store,
        readers,
        llm=same_model(store.meta(), model, threads, on_event),
        on_event=on_event,
        answers=answers,
    )
    _sent(store)
    return report


def again(
    run: str,
    *,
    incident: str | Mapping[str, Any] | Incident | None = None,
    sources: Sequence[Source] = (),
    config: Settings | str | Path | None = None,
    model: str | Llm | None = AUTO,
    threads: int | None = None,
    at: datetime | None = None,
    home: Path | None = None,
    on_event: OnEvent | None = None,
    trust: Sequence[str | Path] = (),
) -> Report:
    """Diagnose a run's incident again, its window extended to now: the next revision of the same run.

    The report before stays as `revisions/N/report.json`. Model and roles are the run's own.

    incident  what is reported by now, such as the alert group's later message; else what was reported then
    sources   readers in place of the recorded ones
    config    settings whose window rules read `incident`; default ./aitia.yaml
    at        the moment to look from (default: now); aware datetime
    """
    store = RunStore.open(home or aitia_home(), run)
    meta = store.meta()
    if meta.get("state") in ("running", "waiting") or "incident" not in meta:
        raise BadInput(f"Finish run {store.id} first with `aitia resume {store.id}`.")
    if meta.get("root") and at is None:
        raise BadInput(
            f"Run {store.id} used recorded telemetry, which has no later data. Replay its scenario instead."
        )
    clock: Clock = RecordedClock(at) if at else WallClock()
    found = _extended(Incident.model_validate(meta["incident"]), incident, config, now=clock.now())
    readers = recorded_readers(store, sources, trust)
    llm = same_model(meta, model, threads, on_event) if meta.get("model") else None
    from aitia.graphs.diagnose import Options
    from aitia.graphs.diagnose import diagnose as start
    from aitia.graphs.judgement import taxonomy_of, weights_of

    options = Options(**meta["options"])
    surviving(store, store.revise, steps=False)
    with failure_noted(store):
        report = start(
            found,
            readers,
            store=store,
            llm=llm,
            options=options,
            clock=clock,
            components=[Component.model_validate(c) for c in meta["components"]],
            on_event=on_event,
            model_note=str(meta.get("model_note", "")),
            registry=with_mcp(Registry.load(), recorded_mcp(meta)),
            taxonomy=taxonomy_of(meta),
            weights=weights_of(meta) if meta.get("weights") else None,
        )
    _sent(store)
    return report


@contextmanager
def failure_noted(store: RunStore) -> Iterator[None]:
    """A run that fails is noted as failed; where even that cannot be written, the failure itself is what matters."""
    try:
        yield
    except BaseException:
        with suppress(StoreError):
            if store.meta().get("state") == "running":
                store.update_meta(state="failed")
        raise


def _against(incident: Incident, healthy: Window) -> Incident:
    """The incident with a named healthy period as its only baseline. Raises BadInput."""
    if healthy.end > incident.window.start:
        raise BadInput(
            f"The healthy period ends ({healthy.end.isoformat()}) after the incident's window starts "
            f"({incident.window.start.isoformat()}). Give one that ends before it, or another --window."
        )
    return incident.model_copy(update={"baselines": (Baseline(name=HEALTHY, window=healthy),)})


def _extended(
    before: Incident,
    told: str | Mapping[str, Any] | Incident | None,
    config: Settings | str | Path | None,
    *,
    now: datetime,
) -> Incident:
    """The incident as it is told now, with its first window (and baselines) extended to `now`."""
    if now < before.window.end:
        raise BadInput(
            f"The run already looked at everything up to {before.window.end.isoformat()}. Give a later time."
        )
    window = before.window.model_copy(update={"end": now})
    if told is None:
        return before.model_copy(update={"window": window})
    if isinstance(told, Incident) and told.corrections != before.corrections:
        # A person moved its beginning, or said what it is not: that counts, up to now.
        return told.model_copy(update={"window": told.window.model_copy(update={"end": now})})
    later = incident_of(told, settings_of(config), now=now, window=window)
    return later.model_copy(
        update={
            "id": before.id,
            "window": window,
            "started_at": min(before.started_at, later.started_at),
            "baselines": before.baselines,
            "hints": tuple(dict.fromkeys((*before.hints, *later.hints))),
            "origin": before.origin,
        }
    )


def _judgement(settings: Settings) -> tuple[Taxonomy | None, Weights | None]:
    """The taxonomy and weights of the settings, read before anything else so that a mistake in them is told first."""
    from aitia.agent.taxonomy import extended
    from aitia.agent.weights import load_weights

    own = [Path(path) for path in settings.taxonomy]
    return (
        extended(own) if own else None,
        load_weights(Path(settings.weights)) if settings.weights else None,
    )


def same_model(
    meta: Mapping[str, Any], model: str | Llm | None, threads: int | None, on_event: OnEvent | None
) -> Llm | None:
    """The model that the run began with; none where it began without one."""
    if not isinstance(model, str) or not meta.get("model"):
        return None if isinstance(model, str) else model
    from aitia.models.load import load_llm

    asked = str(meta.get("asked_model") or AUTO)
    recorded = asked if asked != AUTO else str(meta["model"]["name"])
    return load_llm(recorded if model == AUTO else model, threads=threads, on_progress=on_event)


def settings_of(config: Settings | str | Path | None, *, searching: bool = True) -> Settings:
    """The settings themselves, those of a file, or those of ./aitia.yaml where nothing is given.

    A file that is named is the user's word. One that is found is used as far as its user agreed (`aitia.consent`).
    """
    if isinstance(config, Settings):
        settings = config
    elif config is not None:
        settings = load_settings(Path(config))
    else:
        settings = found_settings(Path.cwd()) if searching else Settings()
    use(settings.redaction)
    use_database(settings.service.database)
    use_telemetry(settings.telemetry)
    use_archive(settings.runs)
    return settings


def incident_of(
    incident: str | Mapping[str, Any] | Incident,
    settings: Settings,
    *,
    now: datetime,
    started_at: datetime | None = None,
    window: Window | None = None,
    hints: Sequence[str] = (),
    typed: bool = True,
) -> Incident:
    """The incident; one made by the caller keeps its window and gets candidate baselines if it has none."""
    if not isinstance(incident, Incident):
        return make_incident(
            incident,
            now=now,
            rules=settings.window,
            started_at=started_at,
            window=window,
            hints=hints,
            typed=typed,
        )
    if incident.baselines:
        return incident
    return incident.model_copy(update={"baselines": baselines_of(incident.window, settings.window)})
