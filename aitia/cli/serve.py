"""`aitia serve`: the HTTP service and its pages, with worker processes that carry the diagnoses out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json, Model, Narrator, Planner, Threads

if TYPE_CHECKING:
    from aitia.jobs import Workers

PAGERDUTY_SECRET = "AITIA_PAGERDUTY_SECRET"
GRACE_S = 10.0


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 8766,
    socket: Annotated[
        Path | None,
        typer.Option(
            "--socket", help="Listen on this Unix socket for `aitia teams`, in place of host and port."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, max=64, help="Number of diagnoses to run in parallel.", show_default=False
        ),
    ] = None,
    otlp: Annotated[
        int | None,
        typer.Option("--otlp", min=0, max=65535, help="Also receive traces over OTLP/HTTP on this port."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
    ] = None,
    model: Model = "auto",
    planner: Planner = None,
    narrator: Narrator = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Serve the HTTP API and the web pages: http://127.0.0.1:8766/.

    Clients bear the token in the environment variable AITIA_TOKEN, or one of `aitia tokens new`; without any only this
    machine is answered. Ctrl-C or SIGTERM stops; a diagnosis that is cut off goes on at the next start.
    """
    import os
    import signal

    from aitia import api
    from aitia.access import Doorkeeper, IssuedTokens
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.core.serving import is_local, listening, listening_at
    from aitia.jobs import Jobs, Workers

    try:
        from aitia.web.app import create_app
        from aitia.web.server import server, url_of
        from aitia.web.spans import SpanSpool
    except ModuleNotFoundError as error:
        raise BadInput(f"Install the web extra: pip install '.[web]' ({error.name} is missing).") from None

    settings, home = api.settings_of(config), aitia_home()
    token = os.environ.get(settings.service.token_env, "")
    keeper = Doorkeeper(
        token=token,
        issued=IssuedTokens(home),
        team=settings.service.team,
        closed=socket is not None or settings.service.oidc is not None,
    )
    if not keeper and not is_local(host):
        raise BadInput(
            f"Set {settings.service.token_env} to listen on {host!r}, or issue tokens (`aitia tokens new`): other machines "
            "can reach it."
        )
    if not settings.sources and otlp is None:
        raise BadInput(
            "No sources are configured. Add them to aitia.yaml (`aitia init` proposes one), or give --config."
        )
    _check_model(model)
    listener = listening_at(socket) if socket else listening(host, port)
    spool = SpanSpool(home, host=host, port=otlp, token=token).start() if otlp is not None else None
    if spool:
        settings = settings.model_copy(update={"sources": (*settings.sources, spool.source)})
    jobs = Jobs(home, settings)
    crew = Workers(
        home, settings, count=workers, model=model, planner=planner, narrator=narrator, threads=threads
    )
    app = create_app(
        jobs, settings, token=keeper, workers=crew, pagerduty_secret=os.environ.get(PAGERDUTY_SECRET, "")
    )
    # uvicorn raises the signal that stopped it once more when it has stopped: then the workers are still to be stopped.
    bounds = settings.service
    running = server(
        app, connections=bounds.connections, per_client=bounds.per_client, behind=socket is not None
    )
    for number in (signal.SIGINT, signal.SIGTERM):  # also before it has begun
        signal.signal(number, lambda *_: setattr(running, "should_exit", True))
    crew.start()
    try:
        _say(url_of(listener), crew.alive(), bool(keeper), as_json)
        if spool:
            note(f"receiving traces on http://{host}:{spool.address[1]}/v1/traces")
        running.run(sockets=[listener])
    finally:
        _stop(crew)
        if spool:
            spool.stop()


def _check_model(model: str) -> None:
    """A model that is asked for by name must be there: told now, not by each worker. Raises ModelError."""
    if model in ("auto", "none") or model.startswith("openai:"):
        return
    from aitia.models.load import model_file

    model_file(model)


def _stop(crew: Workers) -> None:
    """Let the workers finish, but not for long; another Ctrl-C ends them at once."""
    import signal

    from aitia.cli.console import note

    note(f"stopping: running diagnoses have {GRACE_S:g} s to finish, the rest continue at the next start")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        crew.stop(GRACE_S)
    except KeyboardInterrupt:
        crew.stop(0.0)


def _say(url: str, workers: int, token: bool, as_json: bool) -> None:
    import json

    from aitia.cli.console import note

    if as_json:
        print(json.dumps({"url": url, "workers": workers, "token": token}), flush=True)
        return
    diagnoses = "1 diagnosis" if workers == 1 else f"{workers} diagnoses"
    who = "with a token" if token else "for this machine only"
    note(f"serving on {url} {who}, {diagnoses} at a time; Ctrl-C stops")
