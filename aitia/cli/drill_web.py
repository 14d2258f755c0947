"""`aitia drill --web`: the drill on a page of this machine, until Ctrl-C."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def at_a_page(folder: Path, port: int, model: str, threads: int | None, *, as_json: bool) -> int:
    """Serve the drill on loopback; the exit code that the terminal's drill would have."""
    from aitia import api
    from aitia.cli.console import note, print_json
    from aitia.core.errors import EXIT_INTERRUPTED, BadInput
    from aitia.core.home import aitia_home
    from aitia.core.serving import listening
    from aitia.drill.sitting import opened
    from aitia.graphs.replay import Replayed
    from aitia.settings import Settings

    try:
        from aitia.web.drill import Table, create_drill_app
        from aitia.web.server import server, url_of
    except ModuleNotFoundError as error:
        raise BadInput(f"Install the web extra: pip install '.[web]' ({error.name} is missing).") from None

    def diagnose(folder: Path) -> Replayed:
        return api.replay(folder, model=None if model == "none" else model, threads=threads)

    token = os.environ.get(Settings().service.token_env, "")
    with opened(folder, aitia_home()) as held:
        listener = listening("127.0.0.1", port)
        app = create_drill_app(Table(held, diagnose), token=token)
        running = server(app)
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises the one that stopped it once more
            signal.signal(number, lambda *_: setattr(running, "should_exit", True))
        note(f"the drill is on {url_of(listener)}; Ctrl-C ends it and keeps what was done")
        running.run(sockets=[listener])
        record = held.record or held.stop()
        if as_json:
            print_json(record.model_dump(mode="json"))
    if record.state == "stopped":
        note("kept without an answer; the next drill on this incident carries on")
        return EXIT_INTERRUPTED
    return 0 if record.person.right else 1
