"""`aitia exchange`: what sites may learn from one another, without a word of their incidents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Config, Json

if TYPE_CHECKING:
    from aitia.settings import Settings

app = typer.Typer(
    help="Signs of confirmed incidents and meanings of metric names, to and from other sites.",
    no_args_is_help=True,
)
Names = Annotated[
    bool, typer.Option("--names", help="Also what metric names mean, from the site's dictionary.")
]


@app.command("export")
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; default stdout.")] = None,
    names: Names = False,
    config: Config = None,
) -> None:
    """Confirmed incidents as fault kinds and signs under pseudonyms: no text, label, name of a component or value."""
    from aitia import api
    from aitia.agent.taxonomy import bundled
    from aitia.cli.console import note, write_out
    from aitia.core.home import aitia_home
    from aitia.exchange import exported
    from aitia.tools.meaning.dictionary import read_dictionary

    settings = api.settings_of(config)
    held = read_dictionary(_dictionary(settings)) if names else None
    made = exported(aitia_home(), known=bundled(), names=held)
    write_out(made.model_dump_json(indent=1) + "\n", output)
    if output:
        note(
            f"{len(made.incidents)} incidents, {len(made.names)} names written to {output}: look through it before it leaves"
        )


@app.command("merge")
def merge(
    file: Annotated[Path, typer.Argument(help="Another site's file.")],
    names: Names = False,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="Count the other site's word as that of a person here.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Bring another site's file into the memory; what is there already stays as it is."""
    from aitia import api, exchange
    from aitia.agent.taxonomy import bundled
    from aitia.cli.console import note, print_json
    from aitia.core.home import aitia_home
    from aitia.tools.meaning.dictionary import read_dictionary, write_dictionary

    settings = api.settings_of(config)
    place = _dictionary(settings) if names else None
    held = read_dictionary(place) if place else None
    done, merged = exchange.merge(
        exchange.read(file), home=aitia_home(), known=bundled(), names=held, confirmed=confirmed
    )
    if place and merged and done.names:
        write_dictionary(place, merged)
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        counts = done.incidents
        note(
            f"{counts.added} incidents added, {counts.unchanged + counts.updated} there already; {done.names} names added"
        )


def _dictionary(settings: Settings) -> Path:
    """The dictionary that the settings name. Raises BadInput where there is none."""
    from aitia.core.errors import BadInput

    found = next((Path(s.path) for s in settings.sources if s.type == "dictionary"), None)
    if found is None or not found.is_file():
        raise BadInput(
            "Name the site's dictionary as a source (`aitia dictionary build` makes one), or leave --names out."
        )
    return found
