"""`aitia teams`: one address for several teams that share nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aitia.cli.diagnose import Json

app = typer.Typer(
    help="Serve several teams at one address, each with a service of its own.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="The file of teams (docs/access.md).", metavar="TEAMS.yaml")]


@app.command("check")
def check(file: File, as_json: Json = False) -> None:
    """Check a file of teams: that no two share a home, database, socket, settings file or Slack channel."""
    from aitia.cli.console import note, print_json

    _need_extra()
    from aitia.web.teams import environment_of, load_teams

    teams = load_teams(file)
    for team in teams.values():
        if team.config:
            environment_of(team)
    if as_json:
        print_json({name: team.model_dump() for name, team in teams.items()})
    else:
        note(f"{len(teams)} teams that share nothing: {', '.join(teams)}")


@app.command("serve")
def serve(
    file: File,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 8766,
    as_json: Json = False,
) -> None:
    """Start the teams' services and pass each request to the team that its token is of; Ctrl-C or SIGTERM stops all."""
    import json
    import signal
    import tempfile

    from aitia.cli.console import note
    from aitia.core.serving import listening

    _need_extra()
    from aitia.web.front import Fronted, create_front
    from aitia.web.server import server, url_of
    from aitia.web.teams import Services, load_teams

    teams = load_teams(file)
    listener = listening(host, port)
    with tempfile.TemporaryDirectory(prefix="aitia-teams-") as folder:  # mode 0700
        services = Services(teams, Path(folder))
        most = {name: team.requests for name, team in teams.items()}
        app = create_front(Fronted(services.sockets, most), Fronted(services.mcp_sockets, most))
        running = server(app)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(running, "should_exit", True))
        services.start()
        try:
            url = url_of(listener)
            if as_json:
                print(json.dumps({"url": url, "teams": len(teams)}), flush=True)
            else:
                note(f"serving {len(teams)} teams on {url}; Ctrl-C stops")
            running.run(sockets=[listener])
        finally:
            note("stopping: running diagnoses have 10 s to finish, the rest continue at the next start")
            services.stop()


def _need_extra() -> None:
    import importlib.util

    from aitia.core.errors import BadInput

    if importlib.util.find_spec("fastapi") is None:
        raise BadInput("Install the web extra: pip install '.[web]'.")
