"""`aitia chat`: an incident in plain words, then questions about it, in one sitting."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import At, Changes, Config, Logs, Metrics, Model, Signals, Threads, Topology

if TYPE_CHECKING:
    from aitia.cli.conversation import Talk


def chat(
    run: Annotated[
        str, typer.Argument(help="The run to talk about: its id, the start of its id, or last.")
    ] = "",
    config: Config = None,
    metrics: Metrics = None,
    logs: Logs = None,
    changes: Changes = None,
    topology: Topology = None,
    signals: Signals = None,
    at: At = "",
    model: Model = "auto",
    threads: Threads = None,
) -> None:
    """Diagnose in plain words, then ask about what was found; /help lists the commands.

    Reads one command a line where stdin is no terminal; the exit code is then that of the last diagnosis or question.
    """
    from datetime import UTC, datetime

    from aitia.cli.chat_asked import Asked
    from aitia.cli.conversation import Talk
    from aitia.cli.inputs import named_sources
    from aitia.incoming import parse_moment

    asked = Asked(
        config=config,
        sources=tuple(
            named_sources(
                metrics=metrics or [],
                logs=logs or [],
                changes=changes or [],
                topology=topology or [],
                signals=signals or [],
            )
        ),
        at=parse_moment(at, now=datetime.now(tz=UTC), option="--at") if at else None,
        model=model,
        threads=threads,
    )
    talk = Talk(asked, staying=sys.stdin.isatty() and sys.stdout.isatty())
    if run:
        talk.open(run)
    if talk.staying:
        _at_a_terminal(talk)
        return
    for line in sys.stdin.buffer:
        if not talk.take(line.decode("utf-8", "replace")):
            break
    raise typer.Exit(talk.code)


def _at_a_terminal(talk: Talk) -> None:
    """Read and answer until Ctrl-D or /quit; Ctrl-C empties the line, and on an empty one stops the diagnosis that runs."""
    from aitia.cli.chat_line import reader
    from aitia.cli.console import note, stderr_console
    from aitia.cli.live import moves
    from aitia.cli.under_way import typed

    session = reader(talk)
    talk.beside = moves(stderr_console())
    if not talk.run:
        note(talk.telemetry())
    note("Say what is wrong, or type /help. Ctrl-D exits; every run is saved.")
    going, begun = True, ""
    while going:
        try:
            talk.settle()
            line, begun = typed(session, talk.prompt, talk.under_way, begun)
            going = line is None or talk.take(line)
        except KeyboardInterrupt:
            begun = ""
            talk.interrupt(typed=session.default_buffer.text)
        except EOFError:
            going = False
    talk.leave()
