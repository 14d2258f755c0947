"""`aitia memory import`: files into the store, with what was kept, what was there already and what is broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json, Model

if TYPE_CHECKING:
    from aitia.tools.memory.importing.run import Imported

FORMATS = "jsonl, json, csv, workorders, markdown, pagerduty, jira"


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.", metavar="PATH...")],
    format: Annotated[
        str, typer.Option("--format", help=f"One of {FORMATS}. Default: by file extension and content.")
    ] = "",
    vectors: Annotated[
        bool,
        typer.Option(
            "--vectors/--no-vectors", help="Embed the imported incidents now, or leave it to `reindex`."
        ),
    ] = True,
    model: Model = "auto",
    as_json: Json = False,
) -> None:
    """Read incidents from files. What is kept already is passed over, so an interrupted import is simply repeated.

    Where neither fields nor headings say what was seen, why, and what helped, the sentences of the text do.
    """
    from aitia.api import settings_of
    from aitia.cli.console import note, print_json
    from aitia.cli.memory_progress import counting
    from aitia.core.errors import BadInput
    from aitia.engine import sentence_reader
    from aitia.tools.memory.importing.run import Imported, format_named, import_files
    from aitia.tools.memory.store import BATCH, MemoryStore

    chosen = format_named(format) if format else None
    done, embedded = Imported(), 0
    with MemoryStore() as store:
        try:
            with counting() as show:
                import_files(
                    store,
                    paths,
                    format=chosen,
                    by="aitia memory import",
                    done=done,
                    on_read=show.read,
                    model=sentence_reader(model, settings_of(None).model),
                )
                if done.counts.added + done.counts.updated > BATCH:
                    store.settle()
                if vectors and store.pending():
                    embedded = store.embed(on_progress=show.work)
        except KeyboardInterrupt:
            _told(done)
            note("all of that is saved; run the same command again to continue")
            raise
        left = store.pending()
        why = store.note
    if as_json:
        print_json(done.model_dump(mode="json") | {"embedded": embedded, "without_vector": left})
    else:
        _told(done)
        if done.note:
            note(done.note)
        for line in (*done.problems, *done.duplicates):
            note(f"  {line}")
        if left:
            note(
                f"{left} have no vector yet and are found by words and evidence"
                + (f" ({why})" if why else "")
            )
    if done.broken and not done.read - done.broken:
        raise BadInput(f"None of {done.broken} records could be read. Fix the errors listed above.")


def _told(done: Imported) -> None:
    from aitia.cli.console import note

    c = done.counts
    told = ""
    if done.told:
        told = f"; {done.told} of them read sentence by sentence (aitia memory show ID"
        told += f"; no cause was found in {done.without_cause})" if done.without_cause else ")"
    note(
        f"{done.read} records read: {c.added} added, {c.updated} updated, {c.unchanged} unchanged, "
        f"{done.repeated} duplicates, {done.broken} broken{told}"
    )
