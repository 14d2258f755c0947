"""`aitia drill`: find the cause of a recorded incident yourself, then compare."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json, Model, Threads

if TYPE_CHECKING:
    from aitia.drill.sitting import Drill
    from aitia.graphs.replay import Replayed


def drill(
    place: Annotated[
        Path | None,
        typer.Argument(
            help="A scenario folder, or a folder of them; default: the bundled ones.",
            metavar="[SCENARIO|DIR]",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Which one of several; default: one that you have not had.")
    ] = None,
    script: Annotated[
        Path | None, typer.Option("--script", help="Read the commands from this file, one a line.")
    ] = None,
    web: Annotated[
        bool, typer.Option("--web", help="Look and answer on a web page, for this machine only.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port of the web page; 0 picks a free one.")
    ] = 8767,
    history: Annotated[bool, typer.Option("--history", help="Show the drills done so far.")] = False,
    model: Model = "auto",
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Find the cause of a recorded incident yourself, then compare your answer with the recorded one and with aitia's.

    Type help for the commands. Reads one a line where stdin is no terminal. Exit code: 0 right, 1 not, 130 left without
    an answer.
    """
    from aitia.cli.drill_show import show_history
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.drill.sitting import opened

    if history:
        show_history(as_json=as_json)
        return
    if web:
        from aitia.cli.drill_web import at_a_page

        if script is not None:
            raise BadInput("Leave out --script or --web: on the page a person types.")
        raise typer.Exit(at_a_page(_chosen(place, seed), port, model, threads, as_json=as_json))
    lines = _script(script) if script else None
    with opened(_chosen(place, seed), aitia_home()) as held:
        _say(held.incident(), as_json=as_json)
        try:
            _asked(held, lines, as_json=as_json)
            told = _compared(held, lambda folder: _diagnosed(folder, model, threads))
        except KeyboardInterrupt:
            told = []
        _leave(held, told, as_json=as_json)


def _chosen(place: Path | None, seed: int | None) -> Path:
    """The incident to drill on. Raises BadInput where there is none."""
    import random

    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.drill.folders import bundled_incidents, digest, incident_folders
    from aitia.drill.records import kept

    place = place or bundled_incidents()
    folders = incident_folders(place)
    if not folders:
        raise BadInput(f"{str(place)!r} holds no scenario.yaml. Give a scenario folder, or a folder of them.")
    if seed is not None:
        return random.Random(seed).choice(folders)
    had = {r.digest for r in kept(aitia_home()) if r.state != "stopped"}
    new = [f for f in folders if digest(f) not in had] if len(folders) > 1 else []
    return random.choice(new or folders)


def _script(file: Path) -> list[str]:
    from aitia.core.errors import BadInput

    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read --script {str(file)!r} ({error}). Give a text file.") from None


def _asked(held: Drill, script: list[str] | None, *, as_json: bool) -> None:
    """Take lines until the cause is named or there are no more."""
    from aitia.cli.console import note
    from aitia.core.errors import AitiaError

    if script is None and sys.stdin.isatty():
        note("Type help for the commands; answer COMPONENT FAULT ends it. Ctrl-C keeps what was done.")
    for line in script if script is not None else _typed(held):
        words = line.strip()
        if words == "quit":
            return
        if not words or words.startswith("#"):
            continue
        try:
            _say(held.take(words), as_json=as_json)
        except AitiaError as error:
            note(f"error: {error}")
        if held.answered:
            return


def _compared(held: Drill, diagnose: Callable[[Path], Replayed | None]) -> list[str]:
    from aitia.drill.debrief import told

    return list(told(held.end(diagnose))) if held.answered else []


def _typed(held: Drill) -> Iterator[str]:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield from (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        return
    from aitia.cli.drill_line import reader

    session = reader(held)
    while True:
        try:
            yield session.prompt("drill> ")
        except EOFError:
            return


def _diagnosed(folder: Path, model: str, threads: int | None) -> Replayed | None:
    """What aitia says; None, with a note, where it cannot be asked."""
    from aitia import api
    from aitia.cli.console import note
    from aitia.cli.session import watched
    from aitia.core.errors import AitiaError

    try:
        with watched() as view:
            return api.replay(
                folder, model=None if model == "none" else model, threads=threads, on_event=view
            )
    except AitiaError as error:
        note(f"aitia's own diagnosis: {error}")
    except KeyboardInterrupt:
        note("aitia's own diagnosis was stopped")
    return None


def _leave(held: Drill, told: list[str], *, as_json: bool) -> None:
    from aitia.cli.console import note, print_json
    from aitia.core.errors import EXIT_INTERRUPTED

    record = held.record or held.stop()
    _say(told, as_json=as_json)
    if as_json:
        print_json(_document(held, record.model_dump(mode="json")))
    if record.state == "stopped":
        note("kept without an answer; the next drill on this incident carries on")
        raise typer.Exit(EXIT_INTERRUPTED)
    raise typer.Exit(0 if record.person.right else 1)


def _document(held: Drill, record: dict[str, Any]) -> dict[str, Any]:
    """The record, with what each look of this sitting showed."""
    return {"incident": held.incident(), "shown": [{"line": a, "lines": b} for a, b in held.shown], **record}


def _say(lines: Iterable[str], *, as_json: bool) -> None:
    """Lines for a person; beside a JSON document they go to stderr."""
    from aitia.core.redaction.speech import said

    for line in lines:
        print(said(line), file=sys.stderr if as_json else sys.stdout)
