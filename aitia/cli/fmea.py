"""`aitia fmea`: what an FMEA sheet is read as, and which rows are no fault kind and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aitia.cli.diagnose import Json


def fmea(
    file: Annotated[Path, typer.Argument(help="An FMEA sheet: .csv, .tsv, .xlsx, .xlsm.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Show the fault kinds of an FMEA sheet. To use them: `taxonomy: [FILE]` in aitia.yaml.

    Exit code: 0, 2 where no row is a fault kind.
    """
    from rich.markup import escape
    from rich.table import Table

    from aitia.agent.fmea import SUFFIXES, read_fmea
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.core.errors import BadInput

    if file.suffix.lower() not in SUFFIXES:
        raise BadInput(
            f"Give an FMEA sheet that ends in one of {', '.join(sorted(SUFFIXES))}, not {file.name!r}."
        )
    sheet = read_fmea(file)
    if as_json:
        faults = [f.model_dump(mode="json", exclude_defaults=True) for f in sheet.faults]
        print_json({"faults": faults, "left_out": list(sheet.notes)})
        return
    table = Table("Fault", "Cause", "Shown by", "Of")
    for fault in sheet.faults:
        signs = ", ".join(f"{p.aspect} {'/'.join(p.direction)}".strip() for p in fault.requires_any)
        table.add_row(*map(escape, (fault.title, fault.explanation, signs, fault.machines[-1])))
    stdout_console().print(table)
    for said in sheet.notes:
        note(said)
