"""`aitia listen`: Alertmanager's webhook in, one run per alert group out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json, Model, Narrator, Planner, Threads

if TYPE_CHECKING:
    from aitia.alert_runs import Outcome

TOKEN = "AITIA_LISTEN_TOKEN"
GRACE_S = 2.0


def listen(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free one.")] = 8765,
    otlp: Annotated[
        int | None,
        typer.Option("--otlp", min=0, max=65535, help="Also take traces over OTLP/HTTP on this port."),
    ] = None,
    queue: Annotated[int, typer.Option("--queue", min=1, help="Alert groups that may wait.")] = 20,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings; default ./aitia.yaml where it exists.")
    ] = None,
    model: Model = "auto",
    planner: Planner = None,
    narrator: Narrator = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Diagnose each alert group that Alertmanager sends (webhook_configs: url: http://127.0.0.1:8765/).

    A later notification of a group is the next revision of its run. With the environment variable
    AITIA_LISTEN_TOKEN set, requests must bear it. Ctrl-C or SIGTERM stops.
    """
    import ipaddress
    import os
    import signal
    import threading

    from aitia import api
    from aitia.alert_runs import GroupRuns
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.engine import choose_engine
    from aitia.listen import Desk, Listener
    from aitia.tools.sources.otlp_receiver import OtlpReceiver

    token = os.environ.get(TOKEN, "")
    local = host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
    if not token and not local:
        raise BadInput(f"Set {TOKEN} to listen on {host!r}: it can be reached from other machines.")
    settings = api.settings_of(config)
    if not settings.sources and otlp is None:
        raise BadInput("Name sources in aitia.yaml (`aitia init` proposes one), or give --config.")
    engine = choose_engine(
        None if model == "none" else model,
        settings=settings,
        planner=planner,
        narrator=narrator,
        threads=threads,
        on_event=None,
    )
    receiver = OtlpReceiver(host=host, port=otlp, token=token).start() if otlp is not None else None
    runs = GroupRuns(
        settings,
        engine,
        home=aitia_home(),
        on_outcome=_printer(as_json=as_json),
        sources=[receiver] if receiver else [],
    )
    desk = Desk(runs, places=queue)
    try:
        server = Listener((host, port), desk, token=token)
    except OSError as error:
        raise BadInput(
            f"Choose another --host or --port: {host}:{port} cannot be had ({error.strerror})."
        ) from None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with server:
        threading.Thread(target=server.serve_forever, name="aitia-listen", daemon=True).start()
        note(f"listening on http://{host}:{server.server_address[1]}/ for Alertmanager; Ctrl-C stops")
        if receiver:
            note(f"taking traces on http://{host}:{receiver.address[1]}/v1/traces")
        if engine.note:
            note(f"no model: {engine.note}")
        stop.wait()
        server.shutdown()
    if receiver:
        receiver.stop()
    left = desk.close(GRACE_S)
    if left:
        note(f"{left} alert groups were waiting; Alertmanager sends them again after its repeat_interval")
    _leave(desk.state()["busy"], runs.current)


def _is_address(host: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _printer(*, as_json: bool) -> Callable[[Outcome], None]:
    """Print what came of each notification: a line, or a JSON object a line."""
    import json

    from aitia.cli.console import note
    from aitia.render.text import clean, percent

    def say(outcome: Outcome) -> None:
        report = outcome.report
        if as_json:
            told = {"group": outcome.group, "run": outcome.run, "revision": outcome.revision}
            told |= {"report": outcome.path, "message": outcome.message}
            if report is not None:
                told |= {"verdict": report.verdict, "component": report.component, "fault": report.fault}
                told |= {"probability": report.probability}
            print(json.dumps(told), flush=True)
        elif report is None:
            note(f"{outcome.group}: {outcome.message}")
        else:
            cause = " ".join(p for p in (report.component, report.fault) if p)
            line = f"{report.run} revision {outcome.revision}: {report.verdict} {percent(report.probability)} {cause}"
            print(clean(f"{line}  {outcome.path}"), flush=True)

    return say


def _leave(busy: bool, run: str) -> None:
    """A run in the making is kept step by step: the process may end where it stands."""
    import contextlib
    import os
    import sys

    from aitia.cli.console import note
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    if not busy:
        return
    if run:
        RunStore.open(aitia_home(), run).update_meta(state="interrupted")
        note(f"interrupted; carry on with: aitia resume {run}")
    with contextlib.suppress(OSError):  # whoever read the output may have gone
        sys.stdout.flush()
    os._exit(0)
