"""`aitia signals`: models of machines learned from labelled windows, and remaining life."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aitia.cli.diagnose import Json
from aitia.cli.signals_alarms import alarms
from aitia.cli.signals_record import record
from aitia.cli.signals_watch import watch
from aitia.core.percent import percent

if TYPE_CHECKING:
    from aitia.tools.signals.learned.words import About

app = typer.Typer(
    help="Machines: fault classes learned from labelled windows, remaining life.", no_args_is_help=True
)
app.command("watch")(watch)
app.command("record")(record)
app.command("alarms")(alarms)

Label = Annotated[str, typer.Option(help="The column with the classes.")]
Group = Annotated[str, typer.Option(help="The column with the machines.")]
Window = Annotated[
    int, typer.Option(min=0, help="Samples (rows of a table) in a window.", show_default=False)
]
Rate = Annotated[float, typer.Option(min=0.0, help="Resample to this rate, Hz.", show_default=False)]
Drop = Annotated[list[str] | None, typer.Option(help="A column to leave out (repeatable).", metavar="COLUMN")]
Time = Annotated[str, typer.Option(help="The time column: checked, not learned.", metavar="COLUMN")]


@app.command()
def train(
    data: Annotated[
        Path, typer.Argument(help="A folder with index.csv, an .npz of windows, or a table.", metavar="DATA")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model file to write (npz).")],
    label: Label = "label",
    group: Group = "group",
    window: Window = 0,
    rate: Rate = 0.0,
    time: Time = "",
    drop: Drop = None,
    learner: Annotated[
        Literal["trees", "signatures"],
        typer.Option(help="Trees on features, or fault signatures of one plant."),
    ] = "trees",
    healthy: Annotated[
        str, typer.Option(help="The class that each machine is standardised against; signatures: normal.")
    ] = "",
    error: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=0.5,
            help=(
                "How often a set may miss the true class; signatures: how often an unknown fault may be "
                "named."
            ),
        ),
    ] = 0.1,
    seed: int = 0,
    as_json: Json = False,
) -> None:
    """Learn fault classes from labelled windows; the figures are cross-validated by machine."""
    from aitia.cli import signatures

    if learner == "signatures":
        from aitia.core.errors import BadInput

        if window or rate:
            raise BadInput(
                "--window and --rate do not apply to signatures, which use whole runs as sampled. Leave them "
                "out."
            )
        signatures.train(data, output, label=label, group=group, time=time, drop=drop or (), healthy=healthy, error=error,
                         seed=seed, as_json=as_json)  # fmt: skip
        return
    from aitia.tools.signals.learned.faults import save
    from aitia.tools.signals.learned.layouts import read
    from aitia.tools.signals.learned.train import train as fit

    windows = read(data, label=label, group=group, window=window, rate=rate, time=time, drop=drop or ())
    model = fit(windows, healthy=healthy, error=error, seed=seed)
    save(model, output)
    signatures.told(model.about, output, show=_print, as_json=as_json)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A model file from `aitia signals train`.", metavar="MODEL")],
    data: Annotated[Path, typer.Argument(help="As for training; labels may be missing.", metavar="DATA")],
    known: Annotated[
        Path | None,
        typer.Option(help="A few labelled windows of the new machine.", metavar="DATA", show_default=False),
    ] = None,
    label: Label = "label",
    group: Group = "group",
    rate: Rate = 0.0,
    time: Time = "",
    drop: Drop = None,
    as_json: Json = False,
) -> None:
    """Name the fault of each record, with its reasons, or say that it cannot be told."""
    from aitia.cli import signatures
    from aitia.cli.console import print_json
    from aitia.render.text import clean
    from aitia.tools.signals.learned import signature, store
    from aitia.tools.signals.learned.faults import load
    from aitia.tools.signals.learned.layouts import read

    if store.kind_of(model) == signature.KIND:
        signatures.predict(
            model, data, known, label=label, group=group, time=time, drop=drop or (), as_json=as_json
        )
        return
    fitted = load(model)
    size = fitted.about.window
    if known is not None:
        few = read(known, label=label, group=group, window=size, rate=rate, time=time, drop=drop or ())
        fitted = fitted.adapted(few)
    needs = bool(fitted.about.healthy)
    windows = read(
        data, label=label, group=group, window=size, rate=rate, time=time, drop=drop or (), labelled=needs
    )
    told = fitted.diagnose(windows)
    if as_json:
        print_json([d.model_dump(mode="json") for d in told])
        return
    for d in told:
        said = d.label or f"cannot tell ({', '.join(d.set) or 'unlike every class'})"
        print(clean(f"{d.record}\t{d.group}\t{said}\tbest {d.best} {d.probability:.2f}"))
        for r in d.reasons[:3]:
            print(clean(f"  {r.feature}: {r.value:.3g} (usually {r.usual:.3g}), {r.share:+.2f}"))
        if d.strange > 0.1:
            print(f"  {percent(d.strange)} of its features are outside the training range")


@app.command()
def life(
    tables: Annotated[
        list[Path],
        typer.Argument(
            help="TRAIN (run to failure) and MACHINE, or MACHINE alone with --indicator.",
            metavar="[TRAIN] MACHINE",
        ),
    ],
    machine: Annotated[str, typer.Option(help="The column with the machines.")] = "unit",
    time: Annotated[str, typer.Option(help="The time column.")] = "cycle",
    setting: Annotated[
        list[str] | None,
        typer.Option(help="A column of operating conditions (repeatable).", metavar="COLUMN"),
    ] = None,
    drop: Drop = None,
    cap: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Lives longer than this are not distinguished; default 0.625 of the median life.",
            show_default=False,
        ),
    ] = None,
    indicator: Annotated[str, typer.Option(help="Without a fleet: the column that grows to a limit.")] = "",
    limit: Annotated[float | None, typer.Option(help="The indicator's limit.", show_default=False)] = None,
    limit_error: Annotated[float, typer.Option(min=0.0, help="Standard deviation of that limit.")] = 0.0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Save the fitted fleet here (npz): give it as TRAIN next time."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How long a machine has left, with a 90 % interval: by a fleet that ran to failure, or by its own trend."""
    from aitia.cli.console import note, print_json
    from aitia.core.errors import BadInput
    from aitia.render.text import clean
    from aitia.tools.signals.learned.store import sha256
    from aitia.tools.signals.life import fleet, store
    from aitia.tools.signals.life.histories import read_histories
    from aitia.tools.signals.life.report import by_trend, remaining

    if len(tables) > 2 or (len(tables) == 1 and (not indicator or limit is None)):
        raise BadInput("Give TRAIN and MACHINE, or MACHINE with --indicator and --limit.")
    read = partial(read_histories, machine=machine, time=time, settings=setting or (), drop=drop or ())
    asked = read(tables[-1])
    if len(tables) == 1 and limit is not None:
        told = [by_trend(h, indicator=indicator, limit=limit, limit_error=limit_error) for h in asked]
    else:
        kept = tables[0].suffix == ".npz"
        model = store.load(tables[0]) if kept else fleet.fit(read(tables[0]), cap=cap)
        if output is not None and not kept:
            store.save(model, output, data=sha256([tables[0]]))
            note(f"written to {output}")
        told = [remaining(model, h) for h in asked]
    if as_json:
        print_json([t.model_dump(mode="json") for t in told])
        return
    for t in told:
        print(clean(t.sentence))


def _print(about: About) -> None:
    from aitia.cli.console import stdout_console

    console, f = stdout_console(), about.figures
    d, first = about.data, f"cross-validated by machine ({f.folds} folds)"
    for name, m in (
        (f"window accuracy, {first}", f.accuracy),
        ("balanced accuracy", f.balanced),
        ("records right", f.record),
    ):
        console.print(
            f"{name}: {m.value:.3f} [{m.low:.3f}, {m.high:.3f}], {m.machines} machines", markup=False
        )
    right = "" if f.named_right is None else f", right in {percent(f.named_right)} of them"
    worst = max(about.missed.values())
    console.print(
        f"one class named for {percent(f.named)} of records{right}; sets miss at most {percent(worst)}, counted by {about.unit}",
        markup=False,
    )
    console.print(", ".join(f"{c} {r:.2f}" for c, r in f.recall.items()), markup=False)
    console.print(f"{d.windows} windows of {d.machines} machines ({d.skipped} skipped)", markup=False)
    if f.unseen is not None and f.precision is not None:
        console.print(
            (
                f"faults held out completely: {percent(f.unseen)} of them named as another; with known and unknown "
                f"faults equally frequent, {percent(f.precision)} of names are correct"
            ),
            markup=False,
        )
    if f.untested:
        console.print(f"on one machine only, so untested: {', '.join(f.untested)}", markup=False)
