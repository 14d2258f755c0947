"""`aitia diagnose`: an alert or a sentence in, a report out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aitia.cli.console import Format

if TYPE_CHECKING:
    from datetime import datetime

    from aitia.core.config import SourceConfig

Text = Annotated[str, typer.Argument(help="What is wrong, in words.", show_default=False)]
Model = Annotated[
    str,
    typer.Option("--model", help="A catalogue name, a GGUF file, openai:URL#NAME, or none.", metavar="NAME"),
]
Planner = Annotated[
    Literal["auto", "rules", "model", "free"] | None,
    typer.Option("--planner", help="Who plans: rules, the model's votes, or the model alone."),
]
Narrator = Annotated[
    Literal["auto", "template", "model", "free"] | None,
    typer.Option("--narrator", help="Who writes the sentences: code, the model one by one, or in one go."),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Number of threads for the model.")]
MaxCalls = Annotated[
    int | None,
    typer.Option("--max-calls", min=4, help="Maximum number of tool calls; default 24.", show_default=False),
]
StopAt = Annotated[
    float | None,
    typer.Option(
        "--stop-at",
        min=0,
        max=0.999,
        metavar="SHARE",
        help="Stop calling tools once no further one will change the verdict, with this probability (0.95); default: never.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to a file.", dir_okay=False)]
Trust = Annotated[
    list[Path] | None,
    typer.Option(
        "--trust",
        metavar="DIR",
        help="A folder from elsewhere to trust: it may name servers, programs and other files; repeatable.",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Show all evidence and every call.")]
OutputFormat = Annotated[Format | None, typer.Option("--format", help="Output format of the report.")]


def _many(flag: str, metavar: str, help: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        flag, metavar=metavar, help=help, rich_help_panel="Telemetry (repeatable)"
    )
    return found


Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="Config file; default ./aitia.yaml if it exists.")
]
Metrics = Annotated[list[str] | None, _many("--metrics", "URL|FILE", "Prometheus, CSV or Parquet.")]
Logs = Annotated[list[str] | None, _many("--logs", "PATH", "Log file, folder or glob.")]
Changes = Annotated[list[str] | None, _many("--changes", "FILE", "Deploys and changes, JSONL.")]
Topology = Annotated[list[str] | None, _many("--topology", "FILE", "Components and links, YAML.")]
Signals = Annotated[
    list[str] | None,
    _many("--signals", "FILE", "Waveforms (YAML), a recording ('pump.wav rpm=1480 bearing=6309'), or CSV."),
]
Since = Annotated[str, typer.Option("--since", metavar="TIME", help="When it began: 30m or an ISO time.")]
About = Annotated[
    list[str] | None,
    typer.Option(
        "--component", metavar="NAME", help="What it is about, in place of what the words name; repeatable."
    ),
]
AlertFile = Annotated[
    str,
    typer.Option(
        "--alert", metavar="FILE", help="An alert as its tool sends it, or plain text; - for stdin."
    ),
]
Span = Annotated[
    str, typer.Option("--window", metavar="START/END", help="The time window to look at: 2h/0s or ISO times.")
]
At = Annotated[
    str,
    typer.Option("--at", metavar="TIME", help="The time to look from; default now. For past incidents."),
]
Healthy = Annotated[
    str,
    typer.Option(
        "--healthy",
        metavar="FROM..TO",
        help="A period that is known to be normal, to compare with: ISO times or 30d..7d.",
    ),
]


def _own_time(named: Sequence[SourceConfig], config: Path | None, now: datetime) -> datetime | None:
    """Where recorded data end, said; None where they are of today, or a recording is named, which is of now."""
    from aitia.api import settings_of
    from aitia.cli.console import note
    from aitia.own_time import own_time

    if any(s.type == "recording" for s in named):
        return None
    found = own_time([*settings_of(config).sources, *named], now)
    if found is not None:
        note(f"the data end at {found:%Y-%m-%d %H:%M:%S} UTC: looked from there (else give --at)")
    return found


def diagnose(
    text: Text = "",
    alert: AlertFile = "",
    config: Config = None,
    metrics: Metrics = None,
    logs: Logs = None,
    changes: Changes = None,
    topology: Topology = None,
    signals: Signals = None,
    since: Since = "",
    component: About = None,
    window: Span = "",
    at: At = "",
    healthy: Healthy = "",
    again: Annotated[
        str,
        typer.Option(
            "--again", metavar="RUN", help="Diagnose a run's incident again, up to now, as its next revision."
        ),
    ] = "",
    model: Model = "auto",
    planner: Planner = None,
    narrator: Narrator = None,
    threads: Threads = None,
    max_calls: MaxCalls = None,
    stop_at: StopAt = None,
    trust: Trust = None,
    as_json: Json = False,
    output: Output = None,
    format: OutputFormat = None,
    full: Full = False,
) -> None:
    """Find the cause of an incident from the telemetry around it.

    Exit code: 0 a cause was found, 10 nothing is wrong, 11 unknown, 2 bad input.
    """
    from datetime import UTC, datetime

    from aitia import api
    from aitia.cli.console import exit_code, note, pick_format, put_report
    from aitia.cli.inputs import named_sources, read_report
    from aitia.cli.session import watched
    from aitia.core.config import option_of
    from aitia.core.errors import BadInput
    from aitia.incoming import parse_healthy, parse_moment, parse_window
    from aitia.render.text import clean

    now = datetime.now(tz=UTC)
    moment = parse_moment(at, now=now, option="--at") if at else None
    named = partial(
        named_sources,
        metrics=metrics or [],
        logs=logs or [],
        changes=changes or [],
        topology=topology or [],
        signals=signals or [],
    )
    if moment is None and not (alert or again or window):
        moment = _own_time(named(), config, now)
    seen_from = moment or now
    sources = named(seen_from=seen_from)
    shape = pick_format(format, as_json=as_json, output=output)
    if again:
        if sources or since or component or window or healthy or planner or narrator or max_calls or stop_at:
            raise BadInput(
                "--again RUN only takes an alert or words, --config and --at: everything else comes from the "
                "run."
            )
        later = read_report(text, alert) or None
        with watched() as view:
            report = api.again(
                again,
                incident=later,
                config=config,
                at=moment,
                threads=threads,
                on_event=view,
                trust=trust or (),
            )
        put_report(report, format=shape, output=output, full=full)
        raise typer.Exit(exit_code(report))
    told = read_report(text, alert)
    with watched() as view:
        report = api.diagnose(
            told,
            sources=sources,
            config=config,
            model=None if model == "none" else model,
            planner=planner,
            narrator=narrator,
            threads=threads,
            max_calls=max_calls,
            stop_at=stop_at,
            at=moment,
            started_at=parse_moment(since, now=seen_from, option="--since") if since else None,
            window=parse_window(window, now=seen_from) if window else None,
            hints=component or (),
            healthy=parse_healthy(healthy, now=seen_from) if healthy else None,
            typed=not alert,
            on_event=view,
        )
    for held in report.inventory.holdings:
        if held.guessed and option_of(held.source):
            note(clean(f"{held.source}: {held.guessed}"))
    put_report(report, format=shape, output=output, full=full)
    raise typer.Exit(exit_code(report))
