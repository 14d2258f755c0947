"""`aitia record`: what the configured sources hold of an incident, as a redacted scenario folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json, Text

if TYPE_CHECKING:
    from aitia.core.scenario import Expected


def record(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FOLDER", help="The scenario folder to write.", file_okay=False),
    ],
    text: Text = "",
    alert: Annotated[
        str,
        typer.Option(
            "--alert", metavar="FILE", help="An alert as its tool sends it, or plain text; - for stdin."
        ),
    ] = "",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="When it began: 30m or an ISO time.")
    ] = "",
    window: Annotated[
        str,
        typer.Option("--window", metavar="START/END", help="The time window to record: 2h/0s or ISO times."),
    ] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="The time to look from; default now.")] = "",
    cause: Annotated[
        str,
        typer.Option("--cause", metavar="COMPONENT:FAULT", help="The cause, if it is known."),
    ] = "",
    healthy: Annotated[bool, typer.Option("--healthy", help="Nothing was wrong: a false alarm.")] = False,
    as_json: Json = False,
) -> None:
    """Record an incident from the configured sources, redacted, so that it can be replayed."""
    from datetime import UTC, datetime

    from aitia import api
    from aitia.cli.console import note, print_json
    from aitia.cli.inputs import read_report
    from aitia.cli.progress import progress_on_stderr
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.core.redact import Redactor, load_key
    from aitia.incoming import parse_moment, parse_window
    from aitia.recorder import record as write
    from aitia.tools.sources import open_source

    settings = api.settings_of(config)
    if not settings.sources:
        raise BadInput(
            "No sources are configured. Add at least one to aitia.yaml (`aitia init` proposes one), or "
            "give --config."
        )
    now = parse_moment(at, now=datetime.now(tz=UTC), option="--at") if at else datetime.now(tz=UTC)
    told = read_report(text, alert) if text or alert else "Recorded window"
    incident = api.incident_of(
        told,
        settings,
        now=now,
        started_at=parse_moment(since, now=now, option="--since") if since else None,
        window=parse_window(window, now=now) if window else None,
    )
    home = aitia_home()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with progress_on_stderr() as show:
        made = write(
            incident,
            [(c, open_source(c, Path("/"))) for c in settings.sources],
            out,
            redactor=Redactor(load_key(home)),
            now=now,
            components=settings.components,
            expected=_expected(cause, healthy=healthy),
            on_event=show,
        )
    for line in made.notes:
        note(line)
    if as_json:
        print_json(
            {
                "folder": str(out),
                "sources": [s.name for s in made.sources],
                "notes": made.notes,
                "bytes": made.size,
            }
        )
    else:
        note(
            f"recorded {len(made.sources)} sources in {out} ({made.size / 1e6:.1f} MB); replay with: aitia replay {out}"
        )


def _expected(cause: str, *, healthy: bool) -> Expected | None:
    from aitia.core.errors import BadInput
    from aitia.core.scenario import Expected

    if cause and healthy:
        raise BadInput("Give either --cause or --healthy, not both.")
    if healthy:
        return Expected(verdict="healthy")
    if not cause:
        return None
    component, _, fault = cause.rpartition(":")
    if not component or not fault:
        raise BadInput(
            f"Write --cause as COMPONENT:FAULT, for example payment:resource.connections, not {cause!r}."
        )
    return Expected(verdict="cause", component=component, fault=fault)
