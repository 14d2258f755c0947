"""`aitia runbook`: check runbooks, and carry one out as far as it only reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import (
    About,
    AlertFile,
    At,
    Changes,
    Config,
    Full,
    Json,
    Logs,
    MaxCalls,
    Metrics,
    Model,
    Output,
    Signals,
    Since,
    Span,
    Text,
    Topology,
)
from aitia.cli.runbook_draft import draft

if TYPE_CHECKING:
    from aitia.agent.runbooks.checklist import Item
    from aitia.agent.runbooks.runbook_check import Checked

app = typer.Typer(
    help="Draft runbooks from prose, check them, and run the read-only steps of one.", no_args_is_help=True
)
app.command("draft")(draft)


@app.command("check")
def check(
    path: Annotated[
        Path, typer.Argument(help="A Markdown runbook, or a folder of them.", metavar="FILE|FOLDER")
    ],
    config: Config = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show only problems.")] = False,
    as_json: Json = False,
) -> None:
    """What is wrong with runbooks, each with its line and what to change. Exit code 1 where there is an error."""
    from aitia.api import settings_of
    from aitia.cli.console import note, print_json
    from aitia.consent import Unasked
    from aitia.runbooks import check_runbooks

    try:
        taxonomy = settings_of(config).taxonomy
    except Unasked as unasked:  # a lint starts nothing and reads no other file
        taxonomy = ()
        note(
            f"{unasked.file}: not trusted, so its own fault kinds are left out; name it with --config to use them"
        )
    found = check_runbooks(path, taxonomy=taxonomy)
    errors = sum(f.level == "error" for c in found for f in c.findings)
    warnings = sum(f.level == "warning" for c in found for f in c.findings)
    if as_json:
        print_json({"runbooks": [_told(c) for c in found], "errors": errors, "warnings": warnings})
    else:
        for c in found:
            _print_checked(c, quiet=quiet)
        note(f"{len(found)} runbooks, {errors} errors, {warnings} warnings")
    raise typer.Exit(1 if errors else 0)


def _told(checked: Checked) -> dict[str, Any]:
    return {
        "file": checked.file,
        "id": checked.id,
        "title": checked.title,
        "calls": list(checked.calls),
        "steps": [dict(s) for s in checked.steps],
        "findings": [{"line": f.line, "level": f.level, "text": f.text} for f in checked.findings],
    }


def _print_checked(checked: Checked, *, quiet: bool) -> None:
    from aitia.render.text import clean

    for f in checked.findings:
        print(clean(f"{f.file}:{f.line}: {f.level}: {f.text}"))
    if quiet or any(f.level == "error" for f in checked.findings):
        return
    commands = [s for s in checked.steps if s["command"] and s["command"].split()[0] not in checked.calls]
    reads = sum(s["effect"] == "read-only" for s in commands)
    calls = f", {len(checked.calls)} tools ({', '.join(checked.calls)})" if checked.calls else ""
    print(
        clean(
            f"{checked.file}: {len(checked.steps)} steps{calls}, {reads} commands that only read, "
            f"{len(commands) - reads} that change something"
        )
    )


@app.command("run")
def run(
    file: Annotated[Path, typer.Argument(help="The runbook.", metavar="FILE")],
    text: Text = "",
    alert: AlertFile = "",
    component: About = None,
    config: Config = None,
    metrics: Metrics = None,
    logs: Logs = None,
    changes: Changes = None,
    topology: Topology = None,
    signals: Signals = None,
    since: Since = "",
    window: Span = "",
    at: At = "",
    model: Model = "none",
    max_calls: MaxCalls = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Ask about each manual step.")
    ] = False,
    as_json: Json = False,
    output: Output = None,
    full: Full = False,
) -> None:
    """Carry out a runbook's read-only tool steps and fill a report; all other steps are listed for a person.

    Nothing that changes anything is ever run, and no shell command at all. Exit code as of `aitia diagnose`.
    """
    from datetime import UTC, datetime

    from aitia import api
    from aitia.cli.console import exit_code, pick_format, put_report, write_out
    from aitia.cli.inputs import named_sources, read_report
    from aitia.cli.session import watched
    from aitia.incoming import parse_moment, parse_window
    from aitia.runbooks import carried_out, read_program

    now = datetime.now(tz=UTC)
    moment = parse_moment(at, now=now, option="--at") if at else api.settings_of(config).service.at
    sources = named_sources(
        metrics=metrics or [],
        logs=logs or [],
        changes=changes or [],
        topology=topology or [],
        signals=signals or [],
    )
    shape = pick_format(None, as_json=as_json, output=output)
    title = str(read_program(file)["title"])
    told = read_report(text, alert) or title
    with watched() as view:
        report = api.diagnose(
            told,
            sources=sources,
            config=config,
            model=None if model == "none" else model,
            max_calls=max_calls,
            at=moment,
            started_at=parse_moment(since, now=moment or now, option="--since") if since else None,
            window=parse_window(window, now=moment or now) if window else None,
            hints=component or (),
            typed=not alert,
            on_event=view,
            runbook=file,
        )
    items = carried_out(report.run)
    if interactive:
        items = [_asked(item) for item in items]
    if shape == "json":
        both = {
            "report": report.model_dump(mode="json"),
            "checklist": [i.model_dump(mode="json") for i in items],
        }
        write_out(json.dumps(both, indent=2, ensure_ascii=False) + "\n", output)
    else:
        put_report(report, format=shape, output=output, full=full)
        _print_items(title, items)
    raise typer.Exit(exit_code(report))


def _asked(item: Item) -> Item:
    """The step with a person's answer: aitia runs nothing of it."""
    from aitia.render.text import clean

    if item.state not in ("manual step", "advice"):
        return item
    note = f" [{item.effect}]" if item.effect else ""
    typer.echo(
        clean(f"{item.text}{note}") + (f"\n    {clean(item.command)}" if item.command else ""), err=True
    )
    done = typer.confirm("done by hand?", default=False, err=True)
    return item.model_copy(update={"state": "done by hand" if done else "skipped"})


_MARKS = {"done": "✓", "no data": "–", "failed": "✗", "not run": "–", "done by hand": "✓", "skipped": "–"}


def _print_items(title: str, items: list[Item]) -> None:
    from rich.text import Text as Line

    from aitia.cli.console import stdout_console
    from aitia.render.text import clean

    console = stdout_console()
    console.print(Line(f"\nRunbook: {clean(title)}", style="bold"))
    for number, item in enumerate(items, 1):
        kind = f" ({item.effect})" if item.effect else ""
        mark = _MARKS.get(item.state, "·")
        console.print(Line(f" {mark} {number}. {clean(item.text)}  [{item.state}{kind}]"))
        for statement, cite in zip(item.found, item.cites, strict=True):
            console.print(Line(f"      {f'{cite}: ' if cite else ''}{clean(statement)}", style="dim"))
        if item.command:
            console.print(Line(f"      $ {clean(item.command)}"))
        if item.why:
            console.print(Line(f"      {clean(item.why)}", style="dim"))
    if not any(i.state in ("done", "no data", "failed") for i in items):
        print("no step names a tool: all steps are manual", file=sys.stderr)
