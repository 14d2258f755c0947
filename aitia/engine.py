"""Which model takes part in a diagnosis, in which roles, and why it does not where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aitia.core.errors import BadInput, ModelError
from aitia.core.events import Event
from aitia.core.llm import Llm
from aitia.model_use import Modes, Narrator, Planner, known_sha256, modes
from aitia.settings import ModelChoice, Settings

if TYPE_CHECKING:
    from aitia.graphs.diagnose import Options

OnEvent = Callable[[Event], None]
AUTO = "auto"
"""The model of the settings, or none (with a note in the report) where it cannot be loaded."""
LEAST_CALLS = 4


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The model that was chosen, how it is used, and why it is not used where it is not."""

    llm: Llm | None
    options: Options
    note: str = ""
    failed: bool = False  # a model was wanted and could not be loaded
    reader: Llm | None = None  # reads names that no word explains, whoever plans and narrates

    @property
    def model(self) -> Llm | None:
        """The model to hand on for further diagnoses."""
        return self.llm or self.reader


def choose_engine(
    model: str | Llm | None,
    *,
    settings: Settings,
    planner: Planner | None,
    narrator: Narrator | None,
    threads: int | None,
    max_calls: int | None = None,
    on_event: OnEvent | None,
) -> Engine:
    """The model and its roles. A model asked for by name must load; the settings' own may be absent, with a note."""
    from aitia.graphs.diagnose import Options

    plan, narrate = planner or settings.planner, narrator or settings.narrator
    llm, note, failed, reader = None, "", False, None
    by = " by its calibration" if "auto" in (plan, narrate) else ""
    chosen = idle = Modes(planner="rules", narrator="template")
    if model is None or model == "none" or (model == AUTO and settings.model.name == "none"):
        note = "switched off"
    elif not isinstance(model, str):
        llm, chosen = model, modes(plan, narrate, model.sha256, asked=True)
        reader = llm
    else:
        asked = model != AUTO
        chosen = modes(plan, narrate, known_sha256(model if asked else settings.model.name), asked=asked)
        if chosen.needs_model:
            llm, note = _load(model, settings.model, threads, on_event)
            failed = llm is None
            chosen = modes(plan, narrate, llm.sha256, asked=asked) if llm is not None else idle
        reader = llm or (None if failed else on_demand(model, settings.model, threads))
    if not failed and not note and not chosen.needs_model:
        llm, note = None, f"not needed{by}: planner rules, narrator template"
    calls = settings.max_calls if max_calls is None else max_calls
    if calls < LEAST_CALLS:
        raise BadInput(f"Allow at least {LEAST_CALLS} calls: scan and recall alone take up to three.")
    options = Options(planner=chosen.planner, narrator=chosen.narrator, max_calls=calls)
    return Engine(llm=llm, options=options, note=note, failed=failed, reader=reader)


def on_demand(model: str, configured: ModelChoice, threads: int | None = None) -> Llm | None:
    """The catalogue's model of this name where its file is here, loaded when it is asked."""
    from aitia.models.catalogue import catalogue
    from aitia.models.files import locate
    from aitia.models.on_demand import OnDemand

    found = catalogue()
    name = configured.name if model == AUTO else model
    entry = found.models.get(found.default if name == "default" else name)
    if entry is None or entry.kind != "gguf" or locate(entry) is None:
        return None

    def load() -> Llm:
        llm, note = _load(entry.name, configured, threads, None)
        if llm is None:
            raise ModelError(note)
        return llm

    return OnDemand(entry.name, entry.sha256, load)


def _load(
    model: str, configured: ModelChoice, threads: int | None, on_event: OnEvent | None
) -> tuple[Llm | None, str]:
    from aitia.models.load import load_llm

    name = configured.name if model == AUTO else model
    try:
        llm = load_llm(
            name,
            threads=threads or configured.threads,
            context=configured.context,
            flash_attention=configured.flash_attention,
            kv_cache=configured.kv_cache,
            on_progress=on_event,
        )
        return llm, ""
    except ModelError as error:
        if model != AUTO:
            raise
        return None, str(error)
