"""`aitia confirm`: say what a run's incident really was. `aitia learn`: what that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.core.words import Report
    from aitia.graphs.learning import Effect
    from aitia.graphs.outcome import Said


def confirm(
    run: Annotated[
        str, typer.Argument(help="A run id, the start of one, last, or list.", metavar="RUN|list")
    ] = "last",
    cause: Annotated[str, typer.Option("--cause", help="The cause in your words.")] = "",
    mitigation: Annotated[
        list[str] | None, typer.Option("--mitigation", help="What helped. Repeatable.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Anything else to remember.")] = "",
    wrong: Annotated[
        bool, typer.Option("--wrong", help="The report's cause was wrong; also give --actual.")
    ] = False,
    actual: Annotated[
        str, typer.Option("--actual", metavar="COMPONENT[:FAULT]", help="The real cause.")
    ] = "",
    revert: Annotated[
        bool, typer.Option("--revert", help="Undo what was confirmed or corrected for the run.")
    ] = False,
    by: Annotated[str, typer.Option("--by", help="Who confirms it; default: the current user.")] = "",
    as_json: Json = False,
) -> None:
    """Say that a report's cause was right, or what it really was: later diagnoses learn from it."""
    from aitia import outcomes as door
    from aitia.cli.console import note as tell
    from aitia.cli.console import print_json
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    if run == "list":
        if any((cause, mitigation, note, wrong, actual, revert, by)):
            raise BadInput("Use `aitia confirm list` without other options, or give a run id.")
        _list(as_json)
        return
    if revert:
        if any((cause, mitigation, note, wrong, actual)):
            raise BadInput(
                "--revert cannot be combined with other options: it undoes everything confirmed for the run."
            )
        reverted = door.revert(run, by=by)
        if as_json:
            print_json({"run": reverted, "reverted": True})
        else:
            tell(f"undone: what was confirmed for run {reverted}")
        return
    if wrong != bool(actual):
        raise BadInput(
            "--wrong and --actual COMPONENT[:FAULT] must be given together: a correction needs the real "
            "cause."
        )
    component, _, fault = actual.partition(":")
    said = door.confirm(
        run,
        right=not wrong,
        component=component,
        fault=fault,
        cause=cause,
        mitigation=tuple(mitigation or ()),
        note=note,
        by=by,
    )
    for line in said.notes:
        tell(line)
    if as_json:
        print_json(_told(said))
    else:
        tell(sentence(said, RunStore.open(aitia_home(), said.outcome.run).report()))


def _told(said: Said) -> dict[str, Any]:
    return {
        "outcome": said.outcome.model_dump(mode="json"),
        "incident": said.incident.id if said.incident else "",
        "plan": [f"{s.tool} {s.role}".strip() for s in said.plan.path] if said.plan else [],
        "notes": list(said.notes),
    }


def sentence(said: Said, report: Report) -> str:
    """What was said of a run, which run that is, and what of it was kept."""
    from aitia.core.percent import chance
    from aitia.render.text import clean

    told = said.outcome
    named = f" {told.named} {told.named_fault}" if report.verdict == "cause" else ""
    what = f"{report.verdict} {chance(report.probability)}{named}"
    meant = f"{told.component} {told.fault}".strip()
    how = f"confirmed: {what}" if told.right else f"corrected: {meant} instead of {what}"
    kept = [name for name, there in (("incident", said.incident), ("plan", said.plan)) if there]
    title = clean(report.incident.title)
    return f'{how}; run {told.run} "{title}"; saved: {", ".join([*kept, "outcome"])}'


def _list(as_json: bool) -> None:
    from aitia import outcomes as door
    from aitia.cli.console import note, print_json, stdout_console

    found = door.outcomes()
    if as_json:
        print_json({"outcomes": [o.model_dump(mode="json") for o in found]})
        return
    if not found:
        note("nothing has been confirmed yet; after a diagnosis, run: aitia confirm RUN")
        return
    from rich.table import Table
    from rich.text import Text

    from aitia.render.text import clean

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("run", "said", "real cause", "cause", "by", "when"):
        table.add_column(heading)
    for o in found:
        what = f"{o.component} {o.fault}".strip() or "nothing wrong"
        said = "right" if o.right else "wrong"
        cells = (o.run, said, what, o.cause or o.note, o.by, f"{o.at:%Y-%m-%d %H:%M}")
        table.add_row(*(Text(clean(cell)) for cell in cells))
    stdout_console().print(table)


def learn(
    check: Annotated[
        bool, typer.Option("--check", help="Re-weigh recorded runs with and without what was learned.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What was learned from confirmed runs; --check shows what it changes, exit code 1 where a run got worse."""
    from aitia import outcomes as door
    from aitia.cli.console import print_json

    if check:
        effects = door.learned_effects()
        if as_json:
            print_json({"runs": [_effect(e) for e in effects]})
        else:
            _print_effects(effects)
        raise typer.Exit(1 if any(e.worse for e in effects) else 0)
    known = door.learned()
    if as_json:
        print_json(known.model_dump(mode="json"))
        return
    from aitia.cli.console import note

    if known.note:
        note(known.note)
    for x in known.lessons:
        was = f"; not {x.named} {x.named_fault}" if x.named else ""
        print(f"{x.at:%Y-%m-%d}  run {x.run}  {x.component} {x.fault}{was}  {len(x.own)} signs")
    note(f"{len(known.lessons)} lessons" if known.lessons else "nothing learned yet: aitia confirm RUN")


def _effect(e: Effect) -> dict[str, Any]:
    def side(w: Any) -> dict[str, Any]:
        return {k: getattr(w, k) for k in ("verdict", "component", "fault", "probability")}

    return {
        "run": e.run,
        "lessons": e.lessons,
        "without": side(e.without),
        "with": side(e.learnt),
        "truth": {"component": e.truth.component, "fault": e.truth.fault} if e.truth else None,
        "right_without": e.right_without,
        "right_with": e.right_learnt,
        "changed": e.changed,
        "better": e.better,
        "worse": e.worse,
    }


def _print_effects(effects: list[Effect]) -> None:
    from aitia.cli.console import note, stdout_console
    from aitia.core.percent import chance
    from aitia.render.text import clean

    def side(w: Any) -> str:
        return clean(f"{w.component} {w.fault}".strip() or w.verdict) + f" {chance(w.probability)}"

    console = stdout_console()
    for e in (e for e in effects if e.changed):
        mark = "worse" if e.worse else "better" if e.better else "changed"
        truth = f"  (it was {clean(f'{e.truth.component} {e.truth.fault}'.strip())})" if e.truth else ""
        console.print(f"{mark:<8}run {e.run}: {side(e.without)} → {side(e.learnt)}{truth}")
    said = sum(e.truth is not None for e in effects)
    note(
        f"{len(effects)} runs, {said} of them confirmed: {sum(e.better for e in effects)} better, "
        f"{sum(e.worse for e in effects)} worse, {sum(e.changed for e in effects)} changed"
    )
