"""Questions: of live sources, a run's evidence, or what runbooks and past incidents say, with citations; turn by turn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aitia.asking_live import DOCUMENTS, live_site, looked, or_choices, question_reader
from aitia.asking_run import RunAsked
from aitia.consent import found_settings
from aitia.core.config import SourceConfig
from aitia.core.disk import storing, write_whole
from aitia.core.errors import BadInput, ModelError, NoRoom, StoreError
from aitia.core.home import aitia_home
from aitia.core.llm import Llm
from aitia.core.protocols import Source
from aitia.core.redact import Careful, Redactor, load_key, use
from aitia.core.store import RunStore
from aitia.engine import AUTO
from aitia.settings import FILE, Settings, load_settings

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer
    from aitia.agent.asking.kinds import Embeds
    from aitia.agent.asking.lookup import Lookup
    from aitia.agent.asking.record import Record
    from aitia.graphs.ask import AskContext
    from aitia.tools.query.site import Site


def ask(
    question: str,
    *,
    run: str = "",
    conversation: str = "",
    again: bool = False,
    documents: Sequence[str | Path] = (),
    config: str | Path | None = None,
    sample: bool = True,
    model: str | Llm | None = AUTO,
    threads: int | None = None,
    home: Path | None = None,
    sources: Sequence[Source | SourceConfig] = (),
    at: datetime | None = None,
    live: Settings | None = None,
    correcting: str = "",
) -> Answer:
    """Answer a question from a run's evidence, or (without a run) from live sources and documents, with citations.

    Of a run, a line's name alone (`E12`, `next 1`) looks at it again on the sources as they are now.

    question      a sentence, or a query such as `lines(component="web", level="error", limit=10)` (docs/ask.md)
    run           a run's id, a unique beginning of it, or `last`
    conversation  go on with the conversation of this id (`Answer.conversation`): it knows what it is about
    again         go on with the last conversation
    documents     folders of Markdown to ask, besides the runbooks and incidents of `config` (default ./aitia.yaml)
    sample        ask the sample runbooks last
    model         a model asked for by name writes one sentence; `auto` lets the one measured at it read passages; None for none
    sources       readers or their configurations that are looked at besides those of `config`
    at            the moment that counts as now (default: now, or the settings' `service.at`); aware datetime
    live          settings whose sources a question is put to that the run does not hold: lines, objects, counts, curves
    correcting    who asks, where a message that corrects the run ("not the deploy, we rolled it back") is to be taken as that:
                  the answer tells what it changed. Without it a correction is a question
    """
    from aitia.graphs.conversations import last_conversation

    home = home or aitia_home()
    going_on = again or bool(conversation)
    if going_on and (documents or config or sources):
        raise BadInput("A continued conversation has its own documents, sources and config. Leave them out.")
    if going_on:
        folder = last_conversation(home, conversation)
        about = _about(home, folder)
    else:
        about = {
            "run": RunStore.open(home, run).id if run else "",
            "documents": [str(Path(p).expanduser().resolve()) for p in documents],
            "config": str(Path(config or FILE).resolve()),
            "named": config is not None,
            "sample": sample,
            "at": at.isoformat() if at else "",
            "sources": [c.model_dump(mode="json") for c in sources if isinstance(c, SourceConfig)],
        }
    redactor = Redactor(load_key(home))

    def careful(llm: Llm | None) -> Llm | None:
        return None if llm is None else Careful(llm, redactor)

    question, about = _directed(question, about, home)
    kept = folder if going_on else None
    if kept is not None and (nothing := _withdrawn(question, kept)) is not None:
        return nothing
    given = [s for s in sources if not isinstance(s, SourceConfig)]
    if about["run"]:
        here = RunAsked(
            store=RunStore.open(home, about["run"]), settings=live, given=given, at=at, redactor=redactor
        )
        if correcting and (answer := _corrected(here, question, by=correcting)) is not None:
            return answer
        told = here.before(question, kept, lambda: _begun(home, here.store.path, about))
        if told is not None:
            return told
    else:
        site = _site(about, given, redactor)
        if site is not None:
            reader = question_reader(model, _settings_of(about), threads, home=home, redactor=redactor)
            found = looked(question, site, kept, lambda: _begun(home, None, about), redactor, reader)
            if found is not None:
                return found
    # Here, since it loads the machine of documents: half a second that a look can do without.
    from aitia.graphs.ask import AskContext
    from aitia.graphs.ask import ask as answer_of

    context = AskContext(redact=redactor.text, llm=careful(_writer(model, threads)))
    run_path: Path | None = None
    if about["run"]:
        context.record, run_path = _record(here), here.store.path
        context.meaning, context.notes = _meaning(home)
        context.notes = [*here.notes, *context.notes]
    else:
        context.shelves, context.notes = _shelves(about, home)
        context.reader = context.llm or careful(_reader(model, threads))
    if kept is None:
        try:
            kept = _begun(home, run_path, about)
        except StoreError as error:
            context.notes = [*context.notes, f"this conversation is not saved: {error}"]
    context.conversation = kept.name if kept is not None else ""
    try:
        answer = answer_of(question, context, folder=kept)
        if about["run"]:
            return here.after(answer, question, kept)
        answer = _or_steps(answer, question, about, context, redactor)
        return or_choices(answer, question, site, kept, redactor)
    except NoRoom as error:
        context.notes = [*context.notes, f"this conversation is not saved: {error}"]
        return answer_of(question, context)
    except BadInput:
        if not going_on and kept is not None:
            shutil.rmtree(kept)  # a conversation that was refused before it began leaves nothing
        raise


def _withdrawn(question: str, kept: Path) -> Answer | None:
    """What the turn before offered is for the next turn alone; a number that chooses none of it is told so."""
    from aitia.agent.asking.answer import Answer, Reply
    from aitia.agent.asking.question.choosing import NOTHING, chooses
    from aitia.graphs.looking import picked, withdraw

    if picked(question, kept) is not None:
        return None
    if chooses(question):  # what was offered stays
        told = (Reply(text=NOTHING, cites=()),)
        return Answer(conversation=kept.name, question=question, status="unclear", sure=1.0, replies=told)
    with suppress(StoreError):  # a full disk: keeping this turn says so
        withdraw(kept)
    return None


def _corrected(here: RunAsked, question: str, *, by: str) -> Answer | None:
    """What a correction changed, and the answer to what else the message asks; None where it corrects nothing."""
    from aitia.corrected import joined, taken

    run = here.store
    changed, asked = taken(run, question, by=by, settings=here.settings, sources=here.given)
    if changed is None or not asked:
        return changed
    return joined(changed, ask(asked, run=run.id, home=run.home, live=here.settings, at=here.at, model=None))


def _or_steps(
    answer: Answer, question: str, about: dict[str, Any], context: AskContext, redactor: Redactor
) -> Answer:
    """Where there are live systems, and no passage answers: the runbook that is about the trouble that is named."""
    from aitia.graphs.looking import steps

    live = not about["run"] and any(s.kind not in DOCUMENTS for s in _settings_of(about).sources)
    found = steps(question, context.shelves, redactor.text) if live and answer.status == "not_known" else None
    return (
        answer
        if found is None
        else found.model_copy(update={"conversation": answer.conversation, "turn": answer.turn})
    )


def _directed(question: str, about: dict[str, Any], home: Path) -> tuple[str, dict[str, Any]]:
    """A query that is no look at telemetry as the question that it holds: of documents, or of a run."""
    from aitia.tools.query.notation import is_query, parse
    from aitia.tools.query.words import Diagnose, Documents, Run

    if not is_query(question):
        return question, about
    query = parse(question, now=datetime.now(tz=UTC))
    if isinstance(query, Diagnose):
        raise BadInput(f"A question starts no diagnosis. Use: aitia diagnose {query.text[:200]!r}.")
    if isinstance(query, Run):
        return query.text, about | {"run": RunStore.open(home, query.run).id}
    return (f"how to: {query.text}" if isinstance(query, Documents) else question), about


def _site(about: dict[str, Any], given: Sequence[Source], redactor: Redactor) -> Site | None:
    """The live sources, None where there are none."""
    named = [SourceConfig.model_validate(c) for c in about.get("sources", ())]
    at = datetime.fromisoformat(about["at"]) if about.get("at") else None
    return live_site(_settings_of(about), named, given, at=at, redactor=redactor)


def _settings_of(about: dict[str, Any]) -> Settings:
    file = Path(str(about["config"]))
    return load_settings(file) if about["named"] else found_settings(file.parent)


def _about(home: Path, folder: Path) -> dict[str, Any]:
    """What a conversation is about. One that lies in a run is about that run, whatever it says: the run may be foreign."""
    from aitia.graphs.conversations import read_about

    if folder.parent.parent.parent == home / "runs":
        return {"run": RunStore.open(home, folder.parent.parent.name).id}
    return read_about(folder)


def _begun(home: Path, run: Path | None, about: dict[str, Any]) -> Path:
    """The folder of a new conversation. Raises StoreError."""
    from aitia.graphs.conversations import new_conversation

    with storing(run or home):
        folder = new_conversation(home, run)
        write_whole(folder / "ask.json", json.dumps(about).encode())
    return folder


def _writer(model: str | Llm | None, threads: int | None) -> Llm | None:
    """A model that was asked for by name."""
    if not isinstance(model, str):
        return model
    if model in ("none", AUTO):
        return None
    from aitia.models.load import load_llm

    return load_llm(model, threads=threads)


def _reader(model: str | Llm | None, threads: int | None) -> Llm | None:
    """The model that was measured at reading passages, where it is there."""
    from aitia.agent.asking.reading import measured_reader
    from aitia.models.catalogue import catalogue
    from aitia.models.load import load_llm

    fitted = measured_reader()
    name = next((n for n, e in catalogue().models.items() if e.sha256 == fitted), "")
    if model != AUTO or not name:
        return None
    try:
        return load_llm(name, threads=threads)
    except ModelError:  # not fetched, or no runtime: words and meaning decide alone
        return None


def _record(here: RunAsked) -> Record:
    from aitia.agent.asking.record import Record
    from aitia.graphs.judgement import taxonomy_of

    report = here.report
    assert report is not None  # without one the run has said how far it is
    return Record(report, taxonomy_of(here.store.meta()))


def _meaning(home: Path) -> tuple[Embeds | None, list[str]]:
    """What compares questions over a run by meaning, or the sentence that says why words alone are compared."""
    from aitia.agent.asking.kinds import kinds
    from aitia.models.embed import Embedder

    try:
        found = Embedder(home=home)
    except ModelError as error:
        return None, [f"compared by words only: {error}"]
    known = kinds().fit
    if known is None or known.model != found.sha256:
        return None, ["compared by words only: the questions were not fitted with this embedding model"]
    return found, []


def _shelves(about: dict[str, Any], home: Path) -> tuple[list[Lookup], list[str]]:
    """What is asked, in order, and notes on what could not be read or compared."""
    from aitia.agent.asking.documents import own_documents, shelves
    from aitia.agent.asking.lookup import Lookup
    from aitia.tools.incidents.dense import open_dense
    from aitia.tools.sources import open_sources

    settings = _settings_of(about)
    use(settings.redaction)
    kinds = [s for s in settings.sources if s.kind in DOCUMENTS]
    own, notes = own_documents(
        open_sources(kinds, Path(str(about["config"])).parent), [Path(p) for p in about["documents"]], home
    )
    dense, note = open_dense(home)
    held = [Lookup(documents, dense=dense) for documents in shelves(own, sample=bool(about["sample"]))]
    return held, [*notes, *([note] if note else [])]
