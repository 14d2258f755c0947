"""`aitia trust`: what the working folder's aitia.yaml would do, and whether it may."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.consent import Unasked


def trust(
    folder: Annotated[
        Path, typer.Argument(help="The folder of the aitia.yaml to trust.", file_okay=False)
    ] = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Agree without a prompt.")] = False,
    as_json: Json = False,
) -> None:
    """Agree to what a folder's aitia.yaml starts, contacts and reads elsewhere; asked again when it changes."""
    from aitia.cli.console import note, print_json
    from aitia.consent import Unasked, found_settings, powers_of

    file = (folder / "aitia.yaml").resolve()
    try:
        settings = found_settings(folder)
    except Unasked as error:
        agreed = yes or (may_ask() and ask(error))
        if agreed:
            keep(error)
        if as_json:
            print_json({"file": str(file), "trusted": agreed, "powers": error.powers})
        if not agreed:
            raise
        return
    powers = powers_of(settings, folder)
    if as_json:
        print_json({"file": str(file), "trusted": True, "powers": powers})
        return
    for each in powers:
        note(f"agreed: {each}")
    if not powers:
        note("nothing to agree to: it only reads files below its folder" if file.is_file() else f"no {file}")


def may_ask() -> bool:
    """Whether a person is at a terminal to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(error: Unasked) -> bool:
    """Show all that a found configuration would do, on stderr, and ask for a yes."""
    from aitia.cli.console import note
    from aitia.render.text import clean

    note(f"{clean(str(error.file))} was found here. It is used in full only if you agree to this:")
    for each in error.powers:
        note(f"  - {clean(each)}")
    return typer.confirm("Agree, and remember it until the file changes?", default=False, err=True)


def keep(error: Unasked) -> None:
    """Remember what was shown."""
    from aitia.cli.console import note
    from aitia.consent import remember
    from aitia.render.text import clean

    remember(error.file, error.sha256)
    note(f"agreed to {clean(str(error.file))}")
