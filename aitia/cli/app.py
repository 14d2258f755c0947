"""The command tree and the one place that turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from aitia.cli import (
    audit,
    chat,
    cluster,
    confirm,
    diagnose,
    dictionary,
    exchange,
    lab,
    listen,
    logs,
    memory,
    record,
    replay,
    runbook,
    runs,
    serve,
    setup,
    signals,
    slack,
    state,
    teams,
    tokens,
)
from aitia.cli.ask import ask
from aitia.cli.drill import drill
from aitia.cli.fleet import fleet
from aitia.cli.fmea import fmea
from aitia.cli.look import look
from aitia.cli.mcp import app as mcp_app
from aitia.cli.models import app as models_app
from aitia.cli.redact import redact
from aitia.cli.tags import tags
from aitia.cli.topology import topology
from aitia.cli.trust import trust
from aitia.core.errors import (
    EXIT_BAD_INPUT,
    EXIT_CAUSE,
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    AitiaError,
    StoreError,
    Untrusted,
)
from aitia.core.redaction.speech import guard_speech, said

app = typer.Typer(
    name="aitia",
    help="Root-cause diagnosis on your own machine: evidence first, every sentence checked.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        from aitia import __version__

        typer.echo(f"aitia {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Allow what the aitia.yaml in this folder starts and contacts.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Root-cause diagnosis on your own machine: evidence first, every sentence checked."""


app.command("init", rich_help_panel="Set up")(setup.init)
app.command("doctor", rich_help_panel="Set up")(setup.doctor)
app.command("trust", rich_help_panel="Set up")(trust)
app.add_typer(models_app, name="models", help="Fetch and check model files.", rich_help_panel="Set up")
app.command("diagnose", rich_help_panel="Diagnose")(diagnose.diagnose)
app.command("chat", rich_help_panel="Diagnose")(chat.chat)
app.command("look", rich_help_panel="Diagnose")(look)
app.command("fleet", rich_help_panel="Diagnose")(fleet)
app.command("listen", rich_help_panel="Diagnose")(listen.listen)
app.command("slack", rich_help_panel="Diagnose")(slack.slack)
app.command("serve", rich_help_panel="Diagnose")(serve.serve)
app.add_typer(mcp_app, name="mcp", rich_help_panel="Diagnose")
app.command("replay", rich_help_panel="Diagnose")(replay.replay)
app.command("drill", rich_help_panel="Diagnose")(drill)
app.command("record", rich_help_panel="Diagnose")(record.record)
app.command("redact", rich_help_panel="Diagnose")(redact)
app.command("resume", rich_help_panel="Diagnose")(runs.resume)
app.command("report", rich_help_panel="Look again")(runs.report)
app.command("explain", rich_help_panel="Look again")(runs.explain)
app.command("ask", rich_help_panel="Look again")(ask)
app.command("rerun", rich_help_panel="Look again")(runs.rerun)
app.command("confirm", rich_help_panel="Look again")(confirm.confirm)
app.command("learn", rich_help_panel="Look again")(confirm.learn)
app.add_typer(runs.app, name="runs", rich_help_panel="Look again")
app.add_typer(runbook.app, name="runbook", rich_help_panel="Diagnose")
app.add_typer(cluster.app, name="cluster", rich_help_panel="Diagnose")
app.add_typer(logs.app, name="logs", rich_help_panel="Diagnose")
app.add_typer(signals.app, name="signals", rich_help_panel="Diagnose")
app.add_typer(memory.app, name="memory", rich_help_panel="Set up")
app.add_typer(audit.app, name="audit", rich_help_panel="Look again")
app.add_typer(state.app, name="state", rich_help_panel="Set up")
app.add_typer(teams.app, name="teams", rich_help_panel="Set up")
app.add_typer(tokens.app, name="tokens", rich_help_panel="Set up")
app.add_typer(exchange.app, name="exchange", rich_help_panel="Set up")
app.add_typer(dictionary.app, name="dictionary", rich_help_panel="Set up")
app.add_typer(lab.app, name="lab", rich_help_panel="Set up")
app.command("topology", rich_help_panel="Set up")(topology)
app.command("tags", rich_help_panel="Set up")(tags)
app.command("fmea", rich_help_panel="Set up")(fmea)
app.add_typer(setup.tools_app, name="tools", rich_help_panel="Reference")
app.command("schema", rich_help_panel="Reference")(setup.schema)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    arguments = list(arguments)
    guard_speech()
    debug = "--debug" in arguments or bool(os.environ.get("AITIA_DEBUG"))
    # Accepted anywhere on the line, since it is added after the failure.
    arguments = [a for a in arguments if a != "--debug"]
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="aitia", standalone_mode=False)
    except AitiaError as error:
        if isinstance(error, Untrusted) and _agrees(error, arguments):
            return run(arguments)
        return _say(str(error), error.exit_code)
    except typer.Abort:
        return _say("stopped", EXIT_INTERRUPTED)
    except KeyboardInterrupt:
        return _say("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CAUSE
    except Exception as error:  # the outermost door: one line and an exit code, the traceback with --debug
        if hasattr(error, "format_message") and hasattr(error, "show"):  # a usage error of the command line
            error.show()
            return EXIT_BAD_INPUT
        if debug:
            raise
        if (told := _of_store(error)) is not None:
            return _say(str(told), told.exit_code)
        return _say(f"{type(error).__name__}: {error} (add --debug for the traceback)", EXIT_INTERNAL)
    return code if isinstance(code, int) else EXIT_CAUSE


def _agrees(error: Untrusted, arguments: Sequence[str]) -> bool:
    """Whether the user agrees to a configuration that was found: before the command by `--yes`, or now at a terminal."""
    from aitia.cli.trust import ask, keep, may_ask
    from aitia.consent import Unasked

    if not isinstance(error, Unasked) or "trust" in arguments[:1]:
        return False
    agreed = "--yes" in arguments[: _command_at(arguments)] or (may_ask() and ask(error))
    if agreed:
        keep(error)
    return agreed


def _command_at(arguments: Sequence[str]) -> int:
    """The place of the command's name: what stands before it are options of `aitia` itself."""
    return next((n for n, a in enumerate(arguments) if not a.startswith("-")), len(arguments))


def _of_store(error: Exception) -> StoreError | None:
    """What the file system refused of a file below AITIA_HOME, or for want of room anywhere: that is no defect of aitia."""
    from aitia.core.disk import is_full, trouble
    from aitia.core.home import aitia_home

    if not isinstance(error, OSError):
        return None
    home, named = aitia_home(), str(error.filename or "")
    return trouble(error, home) if is_full(error) or named.startswith(str(home)) else None


def _say(message: str, code: int) -> int:
    from aitia.render.text import clean

    print(f"error: {clean(said(message))}", file=sys.stderr)
    return code
