"""`aitia listen`: webhooks of alerts in, one run per alert (group) out."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from aitia.cli.diagnose import Json, Model, Narrator, Planner, Threads

if TYPE_CHECKING:
    from aitia.jobs import Job, Jobs

TOKEN = "AITIA_LISTEN_TOKEN"
GRACE_S = 2.0
WAKE_S = 0.5


def listen(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 8765,
    otlp: Annotated[
        int | None,
        typer.Option("--otlp", min=0, max=65535, help="Also receive traces over OTLP/HTTP on this port."),
    ] = None,
    queue: Annotated[
        int | None,
        typer.Option("--queue", min=1, help="Maximum number of waiting alert groups.", show_default=False),
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
    """Diagnose each alert that Alertmanager, Grafana, Datadog and others send to http://127.0.0.1:8765/ (docs/alerts.md).

    A later notification of an alert that says more is the next revision of its run. What waits or is in the making when
    the process ends goes on at its next start. With the environment variable
    AITIA_LISTEN_TOKEN set, requests must bear it. Ctrl-C or SIGTERM stops.
    """
    import os
    import signal
    import threading
    from queue import Empty, SimpleQueue

    from aitia import api
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.core.serving import is_local
    from aitia.engine import choose_engine
    from aitia.jobs import Here, Jobs
    from aitia.listen import Listener
    from aitia.tools.sources.traces.otlp_receiver import OtlpReceiver

    token = os.environ.get(TOKEN, "")
    if not token and not is_local(host):
        raise BadInput(f"Set {TOKEN} to listen on {host!r}: other machines can reach it.")
    settings = api.settings_of(config)
    if not settings.sources and otlp is None:
        raise BadInput(
            "No sources are configured. Add them to aitia.yaml (`aitia init` proposes one), or give --config."
        )
    if queue is not None:
        settings = settings.model_copy(
            update={"service": settings.service.model_copy(update={"places": queue})}
        )
    engine = choose_engine(
        None if model == "none" else model,
        settings=settings,
        planner=planner,
        narrator=narrator,
        threads=threads,
        on_event=None,
    )
    jobs = Jobs(aitia_home(), settings)
    say = _printer(jobs, as_json=as_json)
    try:
        server = Listener(
            (host, port),
            jobs,
            token=token,
            on_taken=lambda t: say(t.job, resolved=True) if t.job and t.said == "nothing fires" else None,
            alive=lambda: worker.alive(),
            connections=settings.service.connections,
            per_client=settings.service.per_client,
        )
    except OSError as error:
        raise BadInput(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another --host or --port."
        ) from None
    receiver = OtlpReceiver(host=host, port=otlp, token=token).start() if otlp is not None else None
    worker = Here(jobs, engine, sources=[receiver] if receiver else [], on_end=say)
    # A second signal may come while the first is handled: putting into this queue is safe even then, setting an Event is not.
    stop = SimpleQueue[int]()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: stop.put(got))
    with server:
        threading.Thread(target=server.serve_forever, name="aitia-listen", daemon=True).start()
        worker.start()
        note(f"listening on http://{host}:{server.server_address[1]}/ for alerts; Ctrl-C stops")
        if receiver:
            note(f"receiving traces on http://{host}:{receiver.address[1]}/v1/traces")
        if engine.note:
            note(f"no model: {engine.note}")
        # A signal that comes just before the waiting begins wakes nobody: look again now and then.
        while True:
            with suppress(Empty):
                stop.get(timeout=WAKE_S)
                break
        server.shutdown()
    ended = worker.stop(GRACE_S)
    if receiver:
        receiver.stop()
    _leave(jobs, ended=ended)


class _Say(Protocol):
    def __call__(self, job: Job, *, resolved: bool = False) -> None: ...


def _printer(jobs: Jobs, *, as_json: bool) -> _Say:
    """Print what came of a job: a line, or a JSON object a line."""
    import json

    from aitia.cli.console import note
    from aitia.core.percent import chance
    from aitia.core.store import find_run
    from aitia.render.text import clean

    def say(job: Job, *, resolved: bool = False) -> None:
        told = "resolved" if resolved else job.message
        run = find_run(jobs.home, job.run)
        path = str(run / "report.json") if run is not None and (run / "report.json").is_file() else ""
        if as_json:
            line = {"job": job.id, "run": job.run, "revision": job.revision, "report": path, "message": told}
            if job.state == "done" and not resolved:
                line |= {"verdict": job.verdict, "component": job.component, "fault": job.fault}
                line |= {"probability": job.probability}
            print(json.dumps(line), flush=True)
            return
        if told:
            note(f"{job.id} ({job.title}): {told}")
        if job.state == "done" and not resolved:
            cause = " ".join(p for p in (job.component, job.fault) if p)
            line_ = f"{job.run} revision {job.revision}: {job.verdict} {chance(job.probability)} {cause}"
            print(clean(f"{line_}  {path}"), flush=True)

    return say


def _leave(jobs: Jobs, *, ended: bool) -> None:
    """What is left goes on at the next start: a run in the making is kept step by step."""
    import contextlib
    import os
    import sys

    from aitia.cli.console import note

    left = jobs.counts()["queued"] + (0 if ended else 1)
    if left:
        note(
            f"{left} diagnoses are not finished; they continue when `aitia listen` or `aitia serve` "
            "starts again"
        )
    if not ended:
        with contextlib.suppress(OSError):  # whoever read the output may have gone
            sys.stdout.flush()
        os._exit(0)
