"""`aitia models calibrate`: how far a model's choices can be trusted, measured on the bundled choice set."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from aitia.models.calibration import Calibration


def calibrate(
    name: Annotated[
        str, typer.Argument(help="A name from `aitia models list`, or a GGUF file.", metavar="[MODEL]")
    ] = "default",
    threads: Annotated[int | None, typer.Option(min=1, help="Number of threads for the model.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write the calibration here instead of to AITIA_HOME.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Ask a model the bundled questions and write how much its choices count. Ctrl-C keeps the answers so far."""
    from aitia.cli.console import note, print_json
    from aitia.models.calibrating import calibrate
    from aitia.models.calibration import own_file
    from aitia.models.choosing import bundled_questions
    from aitia.models.load import load_llm

    questions = bundled_questions()
    llm = load_llm(name, threads=threads)
    try:
        with _shown(f"asking {llm.name}", len(questions)) as show:
            made = calibrate(llm, questions, on_done=show)
    except KeyboardInterrupt:
        note("the answers so far are saved: run the same command again to continue")
        raise
    path = output or own_file(made.sha256)
    _write(path, made.model_dump_json(indent=1) + "\n")
    if as_json:
        print_json(told(made) | {"file": str(path)})
        return
    _print(made)
    note(f"written to {path}")


def told(made: Calibration) -> dict[str, Any]:
    """The calibration as plain JSON, with the modes that it recommends."""
    return made.model_dump(mode="json") | {"planner": made.planner, "narrator": made.narrator}


def _print(made: Calibration) -> None:
    from rich.table import Table

    from aitia.cli.console import stdout_console

    table = Table(box=None, pad_edge=False)
    for heading in ("question", "n", "right", "without model", "ECE", "gain (nats), 95 %", "vote weight"):
        table.add_column(heading, justify="left" if heading == "question" else "right")
    for kind, k in made.kinds.items():
        low, high = k.gain_ci95
        gain = f"{k.gain:+.3f} [{low:+.3f}, {high:+.3f}]"
        right, without = f"{k.accuracy:.2f}", f"{k.accuracy_no_model:.2f}"
        table.add_row(kind, str(k.n), right, without, f"{k.ece:.3f}", gain, f"{k.vote_weight:.2f}")
    table.add_row("all", str(made.n), f"{made.accuracy:.2f}", "", f"{made.ece:.3f}", "", "")
    console = stdout_console()
    console.print(table)
    console.print(
        f"{made.model}: ECE {made.ece_before:.3f} before, {made.ece:.3f} after; temperature "
        f"{made.terms.temperature:.2f}, prior {made.terms.prior:.2f}; planner {made.planner}, narrator {made.narrator}"
    )


def _write(path: Path, text: str) -> None:
    from aitia.core.errors import BadInput

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise BadInput(
            f"Cannot write {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None


@contextmanager
def _shown(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a line every ten questions elsewhere; on stderr."""
    if not sys.stderr.isatty():
        from aitia.cli.console import note

        yield lambda done: note(f"{what}: {done} of {total}") if done % 10 == 0 or done == total else None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from aitia.cli.console import stderr_console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr_console(), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
