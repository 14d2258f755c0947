"""`aitia runbook draft`: a page of prose as typed steps, and as a runbook to edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from aitia.cli.diagnose import Config, Json, Model

if TYPE_CHECKING:
    from aitia.tools.incidents.prose import Draft, TypedStep

_SAID: Final = {
    "look": "look", "change": "change", "decide": "decide", "wait": "wait", "escalate": "tell", "later": "afterwards",
}  # fmt: skip


def draft(
    file: Annotated[Path, typer.Argument(help="A Markdown or text page.", metavar="FILE")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a runbook here, to be edited and checked.")
    ] = None,
    config: Config = None,
    model: Model = "auto",
    as_json: Json = False,
) -> None:
    """Read a page of prose as steps: what to look at, to change, when, with which command, what to expect and to mind.

    Nothing is run. Whether a command only reads is told by its own grammar, never by the words around it.
    """
    from aitia.api import settings_of
    from aitia.cli.console import note, print_json
    from aitia.core.errors import BadInput
    from aitia.engine import sentence_reader
    from aitia.runbooks import drafted, write_runbook
    from aitia.tools.incidents.prose import UNSURE

    found = drafted(file, sentence_reader(model, settings_of(config).model))
    if not found.steps:
        raise BadInput(f"{str(file)!r} holds no step: no sentence or item says what to look at or to do.")
    if output is not None:
        write_runbook(found, output)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)
    unsure = sum(s.sure < UNSURE for s in found.steps)
    told = (
        f"{len(found.steps)} steps, {unsure} of which may be of another kind (?)"
        if unsure
        else f"{len(found.steps)} steps"
    )
    if found.read_to:
        told += f"; the page is long and was read up to line {found.read_to}: split it"
    note(f"{told}; written to {output}: read it, then aitia runbook check {output}" if output else told)


def _print(found: Draft) -> None:
    from rich.table import Table
    from rich.text import Text

    from aitia.cli.console import stdout_console
    from aitia.render.text import clean, clean_lines

    table = Table("line", "kind", "step", box=None, pad_edge=False)
    for step in found.steps:
        table.add_row(str(step.line), _kind(step), Text(clean_lines("\n".join(_lines(step)))))
    for caution in found.caution:
        table.add_row("", "caution", Text(clean(caution)))
    stdout_console().print(table)


def _kind(step: TypedStep) -> str:
    from aitia.tools.incidents.prose import UNSURE

    return _SAID[step.kind] + ("?" if step.sure < UNSURE else "")


def _lines(step: TypedStep) -> list[str]:
    return [
        step.text,
        *(f"  when: {step.condition}" for _ in range(bool(step.condition))),
        *(f"  $ {command}   [{step.effect}]" for command in step.commands),
        *(f"  expect: {e}" for e in step.expect),
        *(f"  caution: {c}" for c in step.caution),
    ]
