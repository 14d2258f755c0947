"""`aitia ask`: a question about a run, or about what runbooks and past incidents say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json, Model, Threads

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer, Citation
    from aitia.agent.asking.kinds import Embeds
    from aitia.agent.asking.lookup import Lookup
    from aitia.agent.asking.record import Record
    from aitia.core.llm import Llm
    from aitia.core.store import RunStore

MAX_SHOWN = 300  # characters of a cited line under an answer


def ask(
    words: Annotated[
        list[str],
        typer.Argument(
            help="A question, after a run's id where it is about a run.", metavar="[RUN] QUESTION"
        ),
    ],
    again: Annotated[
        bool, typer.Option("--again", help="Go on with the last conversation: “and the database?”.")
    ] = False,
    conversation: Annotated[
        str, typer.Option("--conversation", metavar="ID", help="Go on with this one.")
    ] = "",
    documents: Annotated[
        list[Path] | None, typer.Option("--documents", help="A folder of Markdown to ask; may be repeated.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings whose runbooks and incidents are asked.")
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample/--no-sample", help="Ask the sample runbooks last.")
    ] = True,
    model: Model = "auto",
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Answer a question from a run's evidence, or from runbooks and past incidents, with citations.

    Exit code: 0 answered, 11 not in what there is, 2 bad input.
    """
    from aitia.cli.console import print_json
    from aitia.core.errors import EXIT_CAUSE, EXIT_UNKNOWN, BadInput
    from aitia.core.home import aitia_home
    from aitia.core.redact import Redactor, load_key
    from aitia.core.store import RunStore
    from aitia.graphs.ask import AskContext
    from aitia.graphs.ask import ask as answer_of
    from aitia.graphs.conversations import last_conversation, new_conversation

    home = aitia_home()
    going_on = again or bool(conversation)
    if len(words) > (1 if going_on else 2):
        raise BadInput('Put the question in quotation marks: aitia ask [RUN] "why not the cache?".')
    if going_on and (documents or config):
        raise BadInput("Leave --documents and --config out with --again: the conversation has its own.")
    question = words[-1]
    if going_on:
        folder = last_conversation(home, conversation)
        about = json.loads((folder / "ask.json").read_text(encoding="utf-8"))
    else:
        store = RunStore.open(home, words[0]) if len(words) == 2 else None
        about = {
            "run": store.id if store else "",
            "documents": [str(p.expanduser().resolve()) for p in documents or ()],
            "config": str(config.resolve()) if config else str(Path("aitia.yaml").resolve()),
            "named": config is not None,
            "sample": sample,
        }
    redactor = Redactor(load_key(home))
    context = AskContext(redact=redactor.text, llm=_writer(model, threads))
    run_path: Path | None = None
    if about["run"]:
        store = RunStore.open(home, about["run"])
        context.record, run_path = _record(store), store.path
        context.meaning, context.notes = _meaning(home)
    else:
        context.shelves, context.notes = _shelves(about, home)
        context.reader = context.llm or _reader(model, threads)
    if not going_on:
        folder = new_conversation(home, run_path)
        (folder / "ask.json").write_text(json.dumps(about), encoding="utf-8")
    context.conversation = folder.name
    try:
        answer = answer_of(question, context, folder=folder)
    except BadInput:
        if not going_on:
            _forget(folder)
        raise
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        _show(answer)
    raise typer.Exit(EXIT_CAUSE if answer.status == "answered" else EXIT_UNKNOWN)


def _forget(folder: Path) -> None:
    """A conversation that was refused before it began leaves nothing."""
    import shutil

    shutil.rmtree(folder)


def _writer(name: str, threads: int | None) -> Llm | None:
    """A model that was asked for by name."""
    if name in ("none", "auto"):
        return None
    from aitia.models.load import load_llm

    return load_llm(name, threads=threads)


def _reader(name: str, threads: int | None) -> Llm | None:
    """The default model, where it is there and was measured at reading passages."""
    from aitia.agent.asking.reading import reader_fit
    from aitia.core.errors import ModelError
    from aitia.models.load import load_llm
    from aitia.modes import known_sha256

    if name != "auto" or reader_fit(known_sha256("default")) is None:
        return None
    try:
        return load_llm("default", threads=threads)
    except ModelError:  # not fetched, or no runtime: words and meaning decide alone
        return None


def _record(store: RunStore) -> Record:
    from aitia.agent.asking.record import Record
    from aitia.graphs.judgement import taxonomy_of

    return Record(store.report(), taxonomy_of(store.meta()))


def _meaning(home: Path) -> tuple[Embeds | None, list[str]]:
    """What compares questions over a run by meaning, or the sentence that says why words alone are compared."""
    from aitia.agent.asking.kinds import kinds
    from aitia.core.errors import ModelError
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
    from aitia.agent.asking.lookup import Lookup
    from aitia.agent.asking.shelf import own_documents, shelves
    from aitia.core.redact import use
    from aitia.settings import Settings, load_settings
    from aitia.tools.incidents.dense import open_dense
    from aitia.tools.sources import open_sources

    file = Path(str(about["config"]))
    settings = load_settings(file) if about["named"] or file.is_file() else Settings()
    use(settings.redaction)
    kinds = [s for s in settings.sources if s.kind in ("runbooks", "incidents")]
    own, notes = own_documents(open_sources(kinds, file.parent), [Path(p) for p in about["documents"]], home)
    dense, note = open_dense(home)
    held = [Lookup(documents, dense=dense) for documents in shelves(own, sample=bool(about["sample"]))]
    return held, [*notes, *([note] if note else [])]


def _show(answer: Answer) -> None:
    """The answer for a person: what is said with the numbers of what it rests on, then these."""
    from rich.text import Text

    from aitia.agent.asking.answer import NOT_KNOWN
    from aitia.cli.console import note, stdout_console
    from aitia.render.text import clean, clean_lines, clip, percent

    console = stdout_console()
    if answer.status == "not_known":
        console.print(Text(NOT_KNOWN, style="bold"))
    for reply in answer.replies:
        cites = " ".join(f"[{c}]" for c in reply.cites)
        if reply.by == "quote":
            place = next(c for c in answer.citations if c.id == reply.cites[0])
            console.print(Text.assemble((f"{cites} {clean(_place(place))}", "cyan")))
            console.print(Text(_indented(clean_lines(reply.text))))
        else:
            console.print(Text.assemble(clean(reply.text), (f" {cites}", "cyan")))
    for line in answer.nearest:
        console.print(Text(f"  nearest: {clean(line)}", style="dim"))
    rest = [c for c in answer.citations if not c.document]
    if rest:
        console.print()
    for c in rest:  # what was said already is not said again: only where it can be read
        told = "" if c.text.rstrip(".") in answer.text else clip(clean(c.text), MAX_SHOWN)
        where = (
            f"{clean(c.source)}: {clip(clean(c.query), MAX_SHOWN)}"
            if c.source != "report"
            else "this run's report"
        )
        console.print(Text.assemble((f"{c.id:>4} ", "cyan"), f"{told}  " if told else "", (where, "dim")))
    sure = (
        "how sure that this answers" if answer.status == "answered" else "how sure that nothing here answers"
    )
    note(f'{sure}: {percent(answer.sure)}; go on with: aitia ask --again "…"')
    for line in answer.notes:
        note(line)


def _place(citation: Citation) -> str:
    lines = f":{citation.lines[0]}-{citation.lines[1]}" if citation.lines else ""
    heading = f" > {citation.heading}" if citation.heading else ""
    return f"{citation.title}{heading} ({citation.source}: {citation.path}{lines})"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
