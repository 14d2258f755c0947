"""`aitia slack`: diagnoses where the people are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Model, Narrator, Planner, Threads

if TYPE_CHECKING:
    from aitia.settings import Settings

GRACE_S = 2.0


def slack(
    http: Annotated[
        str,
        typer.Option(
            "--http", metavar="HOST:PORT", help="Receive signed requests here instead of using Socket Mode."
        ),
    ] = "",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            max=64,
            help="Number of diagnoses to run in parallel; 0 leaves them to other processes.",
        ),
    ] = None,
    model: Model = "auto",
    planner: Planner = None,
    narrator: Narrator = None,
    threads: Threads = None,
    api_url: Annotated[
        str,
        typer.Option(
            "--api-url",
            envvar="SLACK_API_URL",
            help="The Web API of another Slack, such as GovSlack.",
            metavar="URL",
        ),
    ] = "",
) -> None:
    """Answer /aitia, mentions and "Diagnose this" in Slack (docs/slack.md).

    Ctrl-C or SIGTERM stops; open diagnoses go on at the next start. Tokens come from the environment:
    SLACK_BOT_TOKEN with SLACK_APP_TOKEN, or with SLACK_SIGNING_SECRET for --http.
    """
    import asyncio

    from aitia import api
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.jobs import Workers

    try:
        from aitia.slack.app import API
    except ImportError as error:
        raise BadInput(
            f"Install the extra for Slack: pip install '.[slack]' ({error.name} is missing)."
        ) from None
    settings = api.settings_of(config)
    if not settings.sources:
        raise BadInput(
            "No sources are configured. Add them to aitia.yaml (`aitia init` proposes one), or give --config."
        )
    address = _address(http) if http else None
    home = aitia_home()
    crew = Workers(
        home, settings, count=workers, model=model, planner=planner, narrator=narrator, threads=threads
    )
    crew.start()
    try:
        asyncio.run(_serve(home, settings, address, api_url or API))
    finally:
        crew.stop(GRACE_S)


async def _serve(home: Path, settings: Settings, http: tuple[str, int] | None, api: str) -> None:
    import asyncio
    import signal

    from aitia.cli.console import note
    from aitia.slack.app import served

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with served(home, settings, http=http, api=api) as where:
        note(f"{'listening on' if http else 'connected as'} {where}; Ctrl-C stops")
        await stop.wait()


def _address(text: str) -> tuple[str, int]:
    from aitia.core.errors import BadInput

    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise BadInput(f"Write --http as HOST:PORT, for example 127.0.0.1:3000, not {text!r}.")
    return host, int(port)
