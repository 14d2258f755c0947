"""What `aitia chat` shows of facts and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aitia.cli.console import artifacts_of, note, stdout_console
from aitia.core.errors import BadInput
from aitia.core.percent import chance
from aitia.core.store import RunStore
from aitia.core.words import Evidence, Report
from aitia.render.sparklines import LEGEND, curve_line
from aitia.render.text import at, clean, duration, span
from aitia.tools.query.behind import behind
from aitia.tools.query.notation import written

if TYPE_CHECKING:
    from aitia.cli.chat_commands import Command


def show_facts(facts: Sequence[Evidence], *, limit: int) -> None:
    """A line a fact: id, strength, statement."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for fact in facts[:limit]:
        grid.add_row(fact.id, f"{fact.strength:.2f}", Text(clean(fact.statement)))
    stdout_console().print(grid)
    if len(facts) > limit:
        note(f"{len(facts) - limit} more: /evidence COMPONENT or /evidence KIND, such as log or metric.shift")


def show_fact(report: Report, fact: Evidence) -> None:
    """One fact with its numbers, how it is read again, and which suspects it moved."""
    console = stdout_console()
    console.print(Text.assemble((f"{fact.id} ", "cyan"), clean(fact.statement)))
    kept = artifacts_of(report) if fact.artifact else {}
    if drawn := curve_line(fact, kept):
        console.print(Text(f"    {drawn}   {LEGEND}", style="cyan"), no_wrap=True, overflow="ellipsis")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, told in _details(fact):
        grid.add_row(name, Text(clean(told)))
    query = behind(fact, kept.get(fact.artifact, b""))
    if query is not None:
        grid.add_row("query", Text(clean(f"{written(query)}   run it: /run {fact.id}")))
    for suspect in report.suspects:
        for line in (c for c in suspect.ledger if fact.id in (c.evidence, c.other)):
            name = f"{suspect.component} {suspect.fault}".strip()
            grid.add_row("moved", Text(clean(f"{name} by {line.log_odds:+.2f} log-odds: {line.why}")))
    console.print(Padding(grid, (0, 0, 0, 4)))


def _details(fact: Evidence) -> list[tuple[str, str]]:
    values = ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in fact.values.items())
    found = [
        ("component", fact.component + (f" (with {fact.peer})" if fact.peer else "")),
        ("kind", f"{fact.kind}, {fact.aspect}"),
        ("strength", f"{fact.strength:.2f} of 1"),
        ("began", _onset(fact)),
        ("window", span(fact.window) if fact.window else ""),
        ("values", f"{values} [{fact.unit}]" if values and fact.unit else values),
        ("source", fact.source.source),
        ("read again", fact.source.query),
        (
            "file",
            f"{fact.source.path}:{fact.source.lines[0]}-{fact.source.lines[1]}" if fact.source.lines else "",
        ),
        ("written by", fact.provenance),
        ("note", "quotes text from outside" if fact.taint else ""),
    ]
    return [(name, told) for name, told in found if told.strip()]


def _onset(fact: Evidence) -> str:
    if fact.onset is None:
        return ""
    error = f" ± {duration(fact.onset_error_s)}" if fact.onset_error_s else ""
    return f"{at(fact.onset, date=True)} UTC{error}"


def show_runs(runs: Sequence[Mapping[str, Any]], *, held: str) -> None:
    """A line a run, cut to the width; → marks the one in hand."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True, min_width=24)  # an id is copied whole
    for style in ("", "dim"):
        grid.add_column(style=style, no_wrap=True, overflow="ellipsis")
    for run in runs:
        sure = f" {chance(float(run['probability']))}" if run.get("probability") is not None else ""
        answer = " ".join(str(run.get(k) or "") for k in ("component", "fault")).strip()
        told = f"{answer or run.get('verdict') or run.get('state')}{sure}"
        mark = "→ " if run["id"] == held else "  "
        grid.add_row(f"{mark}{run['id']}", Text(clean(told)), Text(clean(str(run.get("title") or ""))))
    stdout_console().print(grid)


def show_commands(commands: Mapping[str, Command]) -> None:
    """A line a command."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column()
    grid.add_row(Text("words"), Text("an incident to diagnose; with a run open, a question about it"))
    for name, command in commands.items():
        grid.add_row(Text(f"/{name} {command.takes}".rstrip()), Text(command.help))
    stdout_console().print(grid)
    note("Ctrl-C stops a diagnosis, Ctrl-D exits, Tab completes, Alt-Enter starts a new line.")


def report_by_now(store: RunStore, *, goes_on: bool) -> Report:
    """What the report of a run that is not over would be by now. Raises BadInput where nothing was returned yet."""
    from aitia.graphs.so_far import report_so_far

    found = report_so_far(store)
    if found is None:
        then = (
            "Wait for its first calls."
            if goes_on
            else "Continue it with /resume, or start another with /new."
        )
        raise BadInput(f"This run has no report yet. {then}")
    note("so far only: the diagnosis is not over, and this may turn")
    return found
