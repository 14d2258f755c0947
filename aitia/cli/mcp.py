"""`aitia mcp`: aitia as an MCP server, and the MCP servers whose tools it may call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Config, Json, Model, Narrator, Planner, Threads

if TYPE_CHECKING:
    from aitia.core.config import McpServer
    from aitia.settings import Settings

app = typer.Typer(
    help="Serve MCP clients, on stdin and stdout or with --http; see and accept the tools of MCP servers.",
    invoke_without_command=True,
)


@app.callback()
def mcp(
    context: typer.Context,
    http: Annotated[bool, typer.Option("--http", help="Serve streamable HTTP at /mcp.")] = False,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 8767,
    socket: Annotated[
        Path | None,
        typer.Option(
            "--socket", help="Listen on this Unix socket for `aitia teams`, in place of host and port."
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name by which clients reach it; repeatable."),
    ] = None,
    config: Config = None,
    model: Model = "auto",
    planner: Planner = None,
    narrator: Narrator = None,
    threads: Threads = None,
) -> None:
    """Serve MCP clients: diagnose, ask, every read-only tool, and reports as resources.

    The telemetry is that of the settings; a client names no path and no URL. Over HTTP a client must bear the token of
    the environment variable that `service.token_env` names (AITIA_TOKEN) or one of `aitia tokens new`; one is needed on any
    but a loopback address.
    """
    if context.invoked_subcommand:
        return
    import os
    import signal

    from aitia.mcp.stdio import claim

    http = http or socket is not None
    pipes = None if http else claim()

    from aitia import api
    from aitia.access import Doorkeeper, IssuedTokens
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.core.serving import is_local, listening, listening_at
    from aitia.settings import FILE

    _need_extra()
    settings = api.settings_of(config)
    if not settings.sources:
        raise BadInput(
            "No sources are configured. Add them to aitia.yaml (`aitia init` proposes one), or give --config."
        )
    token = os.environ.get(settings.service.token_env, "") if http else ""
    keeper = Doorkeeper()
    if http:
        issued = IssuedTokens(aitia_home())
        keeper = Doorkeeper(token=token, issued=issued, team=settings.service.team, closed=socket is not None)
    if http and not keeper and not is_local(host):
        raise BadInput(
            f"Set {settings.service.token_env} to listen on {host!r}, or issue tokens (`aitia tokens new`): other machines "
            "can reach it."
        )
    if not (token.isascii() and token.isprintable()):
        raise BadInput(f"Set {settings.service.token_env} to plain ASCII without line breaks.")

    from aitia.mcp.serve import serve_http, serve_stdio
    from aitia.mcp.server import make_server
    from aitia.mcp.server_tools import House

    listener = (listening_at(socket) if socket else listening(host, port)) if http else None
    house = House(
        settings=settings,
        home=aitia_home(),
        config=config or (Path(FILE) if Path(FILE).is_file() else None),
        model=None if model == "none" else model,
        planner=planner,
        narrator=narrator,
        threads=threads,
    )
    server = make_server(house)
    shown = f"[{host}]" if ":" in host else host
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        if pipes is not None:
            serve_stdio(server, *pipes)
        elif listener is not None:
            serve_http(
                server,
                host=shown,
                listener=listener,
                keeper=keeper,
                behind=socket is not None,
                names=tuple(name or ()),
                most=settings.service.max_body,
                ready=lambda bound: note(
                    f"serving MCP on {socket or f'http://{shown}:{bound}/mcp'}; Ctrl-C stops"
                ),
            )
    except SystemExit:
        note("stopped")
    finally:
        house.leave()


def _stop(*_: object) -> None:
    raise SystemExit


@app.command("tools")
def tools(config: Config = None, as_json: Json = False) -> None:
    """The MCP servers of the settings, with their tools as aitia would call them."""
    from rich.table import Table

    from aitia import api
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.core.errors import AitiaError
    from aitia.core.home import aitia_home
    from aitia.tools.mcp import client_state

    _need_extra()
    rows, failed = [], False
    for server in api.settings_of(config).mcp:
        try:
            rows += client_state(server, aitia_home())
        except AitiaError as error:
            note(str(error))
            failed = True
    if as_json:
        print_json({"tools": rows})
    elif rows:
        table = Table("server", "tool", "effect", "arguments", "state", box=None)
        for row in rows:
            table.add_row(
                row["server"], row["tool"], row["effect"], ", ".join(row["arguments"]), row["state"]
            )
        stdout_console().print(table)
    else:
        note("no MCP server is configured under `mcp` in the settings, or none has any tools")
    raise typer.Exit(1 if failed else 0)


@app.command("accept")
def accept(
    server: Annotated[str, typer.Argument(help="The server's name in the settings.", metavar="NAME")],
    config: Config = None,
) -> None:
    """Take the tools of an MCP server for what they are now: what changed since is called again."""
    from aitia import api
    from aitia.cli.console import note
    from aitia.core.home import aitia_home
    from aitia.tools.mcp import accept as take

    _need_extra()
    found = take(_named(api.settings_of(config), server), aitia_home())
    note(f"accepted {len(found.tools)} tools of {server}: {', '.join(found.tools)}")


def _named(settings: Settings, name: str) -> McpServer:
    from aitia.core.errors import BadInput

    for server in settings.mcp:
        if server.name == name:
            return server
    known = ", ".join(s.name for s in settings.mcp) or "none"
    raise BadInput(f"Unknown MCP server {name!r}. Use one that is under `mcp` in the settings: {known}.")


def _need_extra() -> None:
    import importlib.util

    from aitia.core.errors import BadInput

    if importlib.util.find_spec("mcp") is None:
        raise BadInput("Install the extra for MCP: pip install '.[mcp]'.")
