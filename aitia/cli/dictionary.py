"""`aitia dictionary`: what names and messages of the site mean; built, shown, set by a person, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from aitia.cli.diagnose import Json, Model

if TYPE_CHECKING:
    from aitia.tools.meaning.dictionary import Dictionary, Entry, Message

E = TypeVar("E", "Entry", "Message")
app = typer.Typer(help="What the metric names and log messages of this site mean.", no_args_is_help=True)
File = Annotated[Path, typer.Option("--file", "-f", help="The dictionary.", dir_okay=False)]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
]
_FILE = Path("dictionary.yaml")
_TROUBLE = {
    "up": "when it rises",
    "down": "when it falls",
    "both": "either way",
    "none": "in neither direction",
}
_AT_FIRST = 200  # names that are read by the way when a configuration is written


@app.command("build")
def build(
    file: File = _FILE,
    config: Config = None,
    model: Model = "auto",
    last: Annotated[
        str, typer.Option("--last", help="What was measured and logged in this time before now.")
    ] = "1d",
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Most names and messages that the model is asked about.")
    ] = 2000,
    as_json: Json = False,
) -> None:
    """Collect the metric names and log messages of all sources; what their words do not tell goes into the dictionary.

    The model reads these, once each (none where none is installed, or with --model none); entries that it is not sure of wait
    for a person. Ctrl-C keeps what was read, and the next build goes on from there.
    """
    from aitia import dictionary
    from aitia.api import settings_of
    from aitia.cli.console import note, print_json
    from aitia.core.errors import EXIT_INTERRUPTED, BadInput

    settings = settings_of(config, searching=True)
    names, problems = dictionary.names_in(settings, last)
    if names is None:
        raise BadInput("No source is configured. Run `aitia init --write` first, or give --config.")
    for problem in problems:
        note(problem)
    readers = dictionary.models_for(model, settings)
    if readers.any is None and model == "auto":
        note("no model is installed, so the words alone read; to get one: aitia models fetch")
    messages, unread = dictionary.messages_in(settings, last) if readers.messages else ({}, [])
    for problem in unread:
        note(problem)
    try:
        made = dictionary.build(names, file, llm=readers.names, limit=limit, messages=messages,
                                listener=readers.messages, on_name=_progress)  # fmt: skip
    except KeyboardInterrupt:
        note(f"interrupted; what was read is in {file}")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    waiting = made.dictionary.waiting
    if as_json:
        print_json({"file": str(file), "names": made.names, "by_words": made.by_words, "kept": made.kept,
                    "messages": len(messages), "asked": made.asked, "left": made.left, "waiting": waiting,
                    "problems": [*problems, *unread]})  # fmt: skip
        return
    typer.echo(
        f"{made.names} names: {made.by_words} understood by their words, {len(made.names_by)} in {file}"
    )
    if made.messages_by:
        typer.echo(
            f"{len(made.messages_by)} messages in {file} of which words do not tell whether they mean a fault"
        )
    if waiting:
        note(f"{waiting} wait for a person: aitia dictionary show, then aitia dictionary set NAME QUANTITY")
    if made.left:
        note(f"{made.left} were left out by --limit {limit}; run it again to go on")
    if (made.names_by or made.messages_by) and config is None:
        note(
            f"a diagnosis reads it through aitia.yaml: {{name: dictionary, kind: dictionary, type: dictionary, path: {file}}}"
        )


def read(config: Path) -> bool:
    """Read the names of a new configuration that no word explains, as many as take a minute; whether a dictionary was begun.

    Where no model is installed nothing is written: a diagnosis tells by itself what nobody understands.
    """
    from aitia import dictionary
    from aitia.api import settings_of
    from aitia.cli.console import note

    file = config.parent / _FILE
    began = not file.exists()
    settings = settings_of(config)
    names, _ = dictionary.names_in(settings, "1d")
    llm = dictionary.models_for("auto", settings).names
    if not names or llm is None or dictionary.understood(names):
        return False
    note("the model reads names that no word explains (Ctrl-C leaves the rest to the first diagnosis)")
    try:
        dictionary.build(names, file, llm=llm, limit=_AT_FIRST, on_name=_progress)
    except KeyboardInterrupt:
        note("interrupted; what was read is kept")
    return began and file.exists()


def _meaning(entry: Message) -> str:
    what = "fault" if entry.fault else "normal"
    return f"{what}: {entry.kind}" if entry.kind else what


def _progress(done: int, of: int) -> None:
    from aitia.cli.console import note

    if done % 100 == 0:
        note(f"{done} of {of} read")


@app.command("show")
def show(file: File = _FILE, as_json: Json = False) -> None:
    """The entries of the dictionary: those that wait for a person first, then by how sure they are."""
    from aitia.cli.console import print_json

    found = _read(file)
    names, messages = _ordered(found.names), _ordered(found.messages)
    if as_json:
        parts = (("names", names), ("messages", messages))
        shown = {
            part: {n: e.model_dump(mode="json") | {"state": e.state} for n, e in of} for part, of in parts
        }
        print_json(shown | {"tags": {t: e.model_dump(mode="json") for t, e in found.tags.items()}})
        return
    rows = [(n, e.quantity, e.direction, f"{e.confidence:.0%}", e.by, _state(e.state)) for n, e in names]
    said = [(m, _meaning(e), f"{e.confidence:.0%}", e.by, _state(e.state)) for m, e in messages]
    if rows or not said:
        _show(("name", "quantity", "trouble", "sure", "by", ""), rows)
    if said:
        _show(("message", "means", "sure", "by", ""), said)
    if found.tags:
        cells = [
            [t, *(str(v) for v in (e.asset, e.point, e.quantity, e.unit))] for t, e in found.tags.items()
        ]
        _show(("tag", "asset", "point", "quantity", "unit"), cells)


def _ordered(entries: Mapping[str, E]) -> list[tuple[str, E]]:
    return sorted(entries.items(), key=lambda pair: (pair[1].state == "counts", pair[1].confidence, pair[0]))


def _state(state: str) -> str:
    return "" if state == "counts" else "waits"


def _show(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from aitia.cli.console import stdout_console

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    stdout_console().print(table)


@app.command("set")
def set_(
    name: Annotated[
        str,
        typer.Argument(help="The metric's name, as its source spells it, or a log message.", metavar="NAME"),
    ],
    quantity: Annotated[
        str, typer.Argument(help="What it measures; of a message: fault or normal.", metavar="QUANTITY")
    ],
    direction: Annotated[
        str,
        typer.Option(
            "--bad", help="Which way trouble lies: up, down, both or none; default: the quantity's own."
        ),
    ] = "",
    file: File = _FILE,
) -> None:
    """Say what a name means, or whether a message is a sign of a fault. It counts from the next diagnosis on."""
    from pydantic import ValidationError

    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.tools.meaning.dictionary import Dictionary, Entry, read_dictionary, write_dictionary
    from aitia.tools.meaning.names import lexicon

    if quantity in ("fault", "normal"):
        from aitia.dictionary import set_message

        key = set_message(file, name, quantity == "fault")
        note(f'"{key}" is {"a sign of a fault" if quantity == "fault" else "normal"}')
        return
    known = lexicon().quantities
    if quantity not in known:
        raise BadInput(
            f"{quantity!r} is no quantity. Give fault or normal of a message, else one of: {', '.join(known)}."
        )
    way = direction or lexicon().direction_of(name, quantity)
    try:
        entry = Entry.model_validate({"quantity": quantity, "direction": way})
    except ValidationError:
        raise BadInput(f"Give --bad up, down, both or none, not {direction!r}.") from None
    found = read_dictionary(file) if file.exists() else Dictionary()
    write_dictionary(file, found.model_copy(update={"names": {**found.names, name: entry}}))
    note(f"{name} means {quantity}; trouble is {_TROUBLE[way]}")


@app.command("check")
def check(file: File = _FILE) -> None:
    """Whether the file can be read; what is wrong otherwise."""
    found = _read(file)
    entries = len(found.names) + len(found.messages) + len(found.tags)
    typer.echo(f"{entries} entries, {found.waiting} wait for a person")


@app.command("quantities")
def quantities(as_json: Json = False) -> None:
    """The quantities that a name can mean."""
    from aitia.cli.console import print_json
    from aitia.tools.meaning.names import lexicon

    rows = {
        q.id: {"says": q.say("both"), "bad": q.bad, "aspect": q.aspect} for q in lexicon().quantities.values()
    }
    if as_json:
        print_json(rows)
        return
    for id, row in rows.items():
        typer.echo(f"{id:18} {row['says']} (trouble: {row['bad']})")


def _read(file: Path) -> Dictionary:
    from aitia.core.errors import BadInput
    from aitia.tools.meaning.dictionary import read_dictionary

    try:
        return read_dictionary(file)
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(file)!r}: {error.strerror}. Make one: aitia dictionary build."
        ) from None
