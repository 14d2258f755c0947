"""Which model takes part in a diagnosis, in which roles, and why it does not where it does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aitia.core.errors import BadInput, ModelError
from aitia.core.events import Event
from aitia.core.home import aitia_home
from aitia.core.llm import NO_READERS, Llm, Readers
from aitia.model_use import Modes, Narrator, Planner, known_sha256, modes
from aitia.settings import ModelChoice, Settings
from aitia.tools.meaning.answers import ANSWERS, Answers

if TYPE_CHECKING:
    from aitia.graphs.diagnose import Options
    from aitia.models.adapters import Role
    from aitia.models.on_demand import OnDemand

OnEvent = Callable[[Event], None]
AUTO = "auto"
"""The model of the settings, or none (with a note in the report) where it cannot be loaded."""
LEAST_CALLS = 4
NAMES: Final = "names"
"""The role of the adapter with which a model reads names."""
MESSAGES: Final = "messages"
"""And messages."""
TEXTS: Final = "texts"
"""And what people write of trouble."""
PASSAGES: Final = "passages"
"""And what sentences of post-mortems and runbooks are for."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The model that was chosen, how it is used, and why it is not used where it is not."""

    llm: Llm | None
    options: Options
    note: str = ""
    failed: bool = False  # a model was wanted and could not be loaded
    readers: Readers = NO_READERS

    @property
    def model(self) -> Llm | None:
        """The model to hand on for further diagnoses."""
        return self.llm or self.readers.any


def choose_engine(
    model: str | Llm | None,
    *,
    settings: Settings,
    planner: Planner | None,
    narrator: Narrator | None,
    threads: int | None,
    max_calls: int | None = None,
    stop_at: float | None = None,
    on_event: OnEvent | None,
) -> Engine:
    """The model and its roles. A model asked for by name must load; the settings' own may be absent, with a note."""
    from aitia.graphs.diagnose import Options

    plan, narrate = planner or settings.planner, narrator or settings.narrator
    llm, note, failed, readers = None, "", False, NO_READERS
    by = " by its calibration" if "auto" in (plan, narrate) else ""
    chosen = idle = Modes(planner="rules", narrator="template")
    if model is None or model == "none" or (model == AUTO and settings.model.name == "none"):
        note = "switched off"
    elif not isinstance(model, str):
        llm, chosen = model, modes(plan, narrate, model.sha256, asked=True)
        readers = Readers(names=llm, messages=llm)
    else:
        asked = model != AUTO
        chosen = modes(plan, narrate, known_sha256(model if asked else settings.model.name), asked=asked)
        if chosen.needs_model:
            llm, note = _load(model, settings.model, threads, on_event)
            failed = llm is None
            chosen = modes(plan, narrate, llm.sha256, asked=asked) if llm is not None else idle
        if not failed:
            found = readers_of(model, settings.model, threads)
            readers = replace(found, names=found.names or llm, messages=found.messages or llm)
    if not failed and not note and not chosen.needs_model:
        llm, note = None, f"not needed{by}: planner rules, narrator template"
    calls = settings.max_calls if max_calls is None else max_calls
    least = settings.stop_at if stop_at is None else stop_at
    if not 0 <= least < 1:
        raise BadInput(
            f"Give stop_at as a share below 1, such as 0.95, or 0 for all planned calls, not {least}."
        )
    if calls < LEAST_CALLS:
        raise BadInput(f"Allow at least {LEAST_CALLS} calls: scan and recall alone take up to three.")
    options = Options(
        planner=chosen.planner,
        narrator=chosen.narrator,
        max_calls=calls,
        stop_at=least,
    )
    return Engine(llm=llm, options=options, note=note, failed=failed, readers=readers)


def readers_of(model: str, configured: ModelChoice, threads: int | None = None) -> Readers:
    """The installed models that read names, messages and, with an adapter only, texts; where one does both it is loaded once."""
    names = on_demand(model, configured, threads, role=NAMES)
    messages = on_demand(model, configured, threads, role=MESSAGES)
    same = (
        names is not None
        and messages is not None
        and names.sha256 == messages.sha256
        and not (names.adapter or messages.adapter)
    )
    texts = on_demand(model, configured, threads, role=TEXTS)
    tuned = texts if texts is not None and texts.adapter else None
    return Readers(names=names, messages=names if same else messages, texts=tuned)


def sentence_reader(model: str, configured: ModelChoice, home: Path | None = None) -> Answers | None:
    """The installed model that reads what sentences of documents are for: one with an adapter for it, asked each once; else None.

    Raises ModelError for a model asked for by name that has no such adapter.
    """
    if model == "none" or (model == AUTO and configured.name == "none"):
        return None
    found = on_demand(model, configured, role=PASSAGES)
    if found is None or not found.adapter:
        if model != AUTO:
            raise ModelError(f"Use --model auto or none: {model} has no adapter for sentences of documents.")
        return None
    return Answers(found, found.sha256, (home or aitia_home()) / ANSWERS)


def on_demand(
    model: str,
    configured: ModelChoice,
    threads: int | None = None,
    *,
    role: Role | None = None,
) -> OnDemand | None:
    """The model that reads names, messages, texts or questions (`role`), loaded when it is asked: the catalogue's of this name
    where its file is here.

    Left to itself (`auto`), one with an adapter for the role goes before the settings': it reads better, and without examples
    in a fraction of the time.
    """
    from aitia.models.adapters import adapter_for, bases_for
    from aitia.models.catalogue import catalogue
    from aitia.models.files import locate, sha256_of
    from aitia.models.on_demand import OnDemand

    found, wanted = catalogue(), configured.name if model == AUTO else model
    if wanted == "none":
        return None
    tuned: list[str] = []
    if role and model == AUTO:
        with suppress(ModelError):  # loading says it again, to who asks
            tuned = bases_for(role)
    own = found.default if wanted == "default" else wanted
    names = [*tuned, own]
    entries = (e for n in names if (e := found.models.get(n)) is not None)
    entry = next((e for e in entries if e.kind == "gguf" and locate(e) is not None), None)
    if entry is None:
        return None

    def load() -> Llm:
        return _loaded(entry.name, configured, threads, None, role=role)

    try:
        adapter = adapter_for(role, entry.sha256) if role else None
    except ModelError:  # loading says it again, to who asks: a diagnosis goes on without, and tells why
        adapter = None
    if adapter is None:
        return OnDemand(entry.name, entry.sha256, load)
    return OnDemand(entry.name, entry.sha256, load, role=role, adapter=sha256_of(adapter))


def _load(
    model: str, configured: ModelChoice, threads: int | None, on_event: OnEvent | None
) -> tuple[Llm | None, str]:
    name = configured.name if model == AUTO else model
    try:
        return _loaded(name, configured, threads, on_event), ""
    except ModelError as error:
        if model != AUTO:
            raise
        return None, str(error)


def _loaded(
    name: str,
    configured: ModelChoice,
    threads: int | None,
    on_event: OnEvent | None,
    *,
    role: Role | None = None,
) -> Llm:
    from aitia.models.load import load_llm

    return load_llm(
        name,
        threads=threads or configured.threads,
        context=configured.context,
        flash_attention=configured.flash_attention,
        kv_cache=configured.kv_cache,
        role=role,
        on_progress=on_event,
    )
