"""Commands on recorded runs: list, show, rm, resume, rerun, report, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Full, Json, Output, OutputFormat, Threads, Trust

if TYPE_CHECKING:
    from aitia.core.words import Report

app = typer.Typer(help="List, show, delete and resume recorded runs.", no_args_is_help=True)
Run = Annotated[str, typer.Argument(help="A run id, the start of one, or last.", metavar="RUN")]


@app.command("list")
def list_(
    as_json: Json = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Number of newest runs to show.")] = 20,
    archived: Annotated[
        bool,
        typer.Option("--archived", help="The ids of runs in the archive (`runs` in aitia.yaml, AITIA_RUNS)."),
    ] = False,
) -> None:
    """The recorded runs, newest first."""
    if archived:
        _list_archived(as_json, limit)
        return
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.core.home import aitia_home
    from aitia.core.store import list_runs

    found = list_runs(aitia_home())
    if as_json:
        print_json({"runs": found[:limit]})
        return
    if not found:
        note("no runs yet; the first comes from: aitia diagnose or aitia replay")
        return
    from aitia.cli.tables import runs_table

    stdout_console().print(runs_table(found[:limit]))
    if len(found) > limit:
        note(f"{len(found) - limit} more with --limit")


def _list_archived(as_json: bool, limit: int) -> None:
    from aitia import api
    from aitia.cli.console import print_json
    from aitia.core.archive import archive
    from aitia.core.errors import BadInput

    api.settings_of(None)
    if (there := archive()) is None:
        raise BadInput(
            "No archive is configured. Set `runs: s3://BUCKET/PREFIX` in aitia.yaml, or AITIA_RUNS."
        )
    found = there.ids()[:limit]
    if as_json:
        print_json({"runs": found})
    else:
        print("\n".join(found))


@app.command("show")
def show(run: Run = "last", as_json: Json = False) -> None:
    """One run: its state, plan, calls and files."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.cli.tables import run_details
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    store = RunStore.open(aitia_home(), run)
    if as_json:
        results = [r.model_dump(mode="json") for r in store.results().values()]
        print_json(store.meta() | {"path": str(store.path), "results": results})
        return
    stdout_console().print(run_details(store))


@app.command("rm")
def rm(runs: Annotated[list[str], typer.Argument(help="Runs to delete.", metavar="RUN...")]) -> None:
    """Delete runs and all they hold."""
    from aitia.cli.console import note
    from aitia.core.archive import archive
    from aitia.core.home import aitia_home
    from aitia.core.store import named_run, remove_run

    home, there = aitia_home(), archive()
    ids = [named_run(home, run) for run in runs]  # all must exist before the first goes
    for run_id in dict.fromkeys(ids):
        if there is not None:
            there.remove(home, run_id)
        remove_run(home, run_id)
        note(f"deleted {run_id}")


@app.command("resume")
def resume(
    run: Run = "last",
    threads: Threads = None,
    trust: Trust = None,
    as_json: Json = False,
    output: Output = None,
    format: OutputFormat = None,
    full: Full = False,
) -> None:
    """Carry on an interrupted run from its last finished step."""
    from aitia import api
    from aitia.cli.console import exit_code, pick_format, put_report
    from aitia.cli.session import say_finished, watched

    shape = pick_format(format, as_json=as_json, output=output)
    say_finished(run)
    with watched() as view:
        report = api.resume(run, threads=threads, on_event=view, trust=trust or ())
    put_report(report, format=shape, output=output, full=full)
    raise typer.Exit(exit_code(report))


def rerun(
    run: Run = "last",
    max_concurrency: Annotated[
        int, typer.Option("--max-concurrency", min=1, help="Number of tasks to run in parallel.")
    ] = 4,
    as_json: Json = False,
    output: Output = None,
    format: OutputFormat = None,
    full: Full = False,
) -> None:
    """Play a recording back: the same report, byte for byte, without sources and model."""
    from aitia.cli.console import exit_code, note, pick_format, put_report
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore, report_bytes
    from aitia.graphs.rerun import rerun as play

    store = RunStore.open(aitia_home(), run)
    report = play(store, max_concurrency=max_concurrency)
    if store.restore_report(report):
        note("the recorded report was damaged: it is rebuilt from the recording")
    put_report(report, format=pick_format(format, as_json=as_json, output=output), output=output, full=full)
    same = report_bytes(report) == store.report_json()
    note("identical to the recorded report" if same else "differs from the recorded report")
    raise typer.Exit(exit_code(report) if same else 1)


def report(
    run: Run = "last",
    revision: Annotated[
        int | None,
        typer.Option("--revision", min=1, help="An earlier revision of a run that was diagnosed again."),
    ] = None,
    as_json: Json = False,
    output: Output = None,
    format: OutputFormat = None,
    full: Full = False,
    work_order: Annotated[
        bool,
        typer.Option(
            "--work-order",
            help="The work order of a machine's fault: JSON, or one page for the printer (-o FILE.html).",
        ),
    ] = False,
    beside: Annotated[
        str, typer.Option("--beside", help="Another run of the same incident: what differs, side by side.")
    ] = "",
) -> None:
    """Print a run's report again, in any format; of a machine also as a work order; or beside that of another run."""
    from aitia.cli.console import exit_code, pick_format, put_report, put_work_order
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    store = RunStore.open(aitia_home(), run)
    found = (store if revision is None else store.revision(revision)).report()
    if beside:
        _put_beside(found, RunStore.open(aitia_home(), beside).report(), as_json=as_json)
        raise typer.Exit(exit_code(found))
    if work_order:
        put_work_order(found, format=pick_format(format, as_json=as_json, output=output), output=output)
        raise typer.Exit(exit_code(found))
    put_report(found, format=pick_format(format, as_json=as_json, output=output), output=output, full=full)
    raise typer.Exit(exit_code(found))


def _put_beside(found: Report, other: Report, *, as_json: bool) -> None:
    from aitia.cli.console import print_json
    from aitia.render.beside import beside, render_beside

    compared = beside(other, found)
    if as_json:
        print_json(compared.model_dump(mode="json"))
        return
    typer.echo(render_beside(compared))


def explain(run: Run = "last", as_json: Json = False) -> None:
    """How the report came about: decisions, each suspect's ledger, who wrote each sentence, what was refused."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.cli.explain import explanation, print_explanation
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    store = RunStore.open(aitia_home(), run)
    if as_json:
        print_json(explanation(store))
        return
    print_explanation(stdout_console(), explanation(store))
