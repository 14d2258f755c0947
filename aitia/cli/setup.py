"""Set-up and reference commands: init, doctor, tools list, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aitia.cli.diagnose import Json, Output

tools_app = typer.Typer(help="The tools that a plan may call.", no_args_is_help=True)


def init(
    folder: Annotated[
        Path, typer.Option("--dir", help="Where to look for data files and put aitia.yaml.", file_okay=False)
    ] = Path(),
    urls: Annotated[
        list[str] | None, typer.Option("--url", help="A Prometheus or VictoriaMetrics to probe; repeatable.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the proposal to aitia.yaml.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing aitia.yaml.")] = False,
    look_in: Annotated[
        bool,
        typer.Option(
            "--look/--no-look",
            help="With --write, look into the sources: who calls whom (topology.yaml), and what names mean that no word "
            "explains, where a model is installed (dictionary.yaml).",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Look for telemetry on this machine and propose an aitia.yaml. Writes nothing without --write."""
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.cli.dictionary import read
    from aitia.cli.probing import probe_table
    from aitia.cli.topology import draw
    from aitia.consent import remember
    from aitia.probe import probe, proposal, write_settings

    found = probe(folder, urls=urls or [])
    text = proposal(found, folder)
    if as_json:
        print_json({"probes": [p.model_dump(mode="json") for p in found], "proposal": text})
    else:
        stdout_console().print(probe_table(found))
        typer.echo("\n" + text, nl=False)
    if write:
        file = write_settings(text, folder, force=force)
        if look_in and any([draw(file), read(file)]):
            write_settings(proposal(probe(folder, urls=urls or []), folder), folder, force=True)
        remember(file)  # the user's own act: it is not asked about again
        note(f"written to {file}")
    elif not as_json:
        note("nothing was written; to save it, run: aitia init --write")


def doctor(
    as_json: Json = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file whose sources are tested.")
    ] = None,
) -> None:
    """Check that everything is in place, and say how to mend what is not."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.cli.probing import checks_table
    from aitia.core.home import aitia_home
    from aitia.doctor import examine

    checks = examine(home=aitia_home(), config=config)
    broken = [c for c in checks if c.state == "missing" and c.essential]
    if as_json:
        print_json({"ok": not broken, "checks": [c.model_dump(mode="json") for c in checks]})
    else:
        stdout_console().print(checks_table(checks))
    raise typer.Exit(1 if broken else 0)


@tools_app.command("list")
def tools_list(as_json: Json = False) -> None:
    """All installed tools, those of third parties included."""
    from aitia.cli.console import print_json, stdout_console
    from aitia.tools import Registry

    tools = [
        {
            "name": spec.name,
            "doc": spec.doc,
            "family": spec.family,
            "effect": spec.effect,
            "needs": list(spec.needs),
            "consumes": list(spec.consumes),
            "produces": list(spec.produces),
            "arguments": sorted(spec.arguments.model_fields),
            "target": spec.target,
        }
        for spec in Registry.load()
    ]
    if as_json:
        print_json({"tools": tools})
        return
    from aitia.cli.tables import tools_table

    stdout_console().print(tools_table(tools))


def schema(
    output: Output = None,
    work_order: Annotated[bool, typer.Option("--work-order", help="That of a work order instead.")] = False,
) -> None:
    """The JSON Schema of a report, or of a work order."""
    from aitia.cli.console import write_out
    from aitia.render.schema import schema_text
    from aitia.render.work_order import work_order_schema_text

    write_out(work_order_schema_text() if work_order else schema_text(), output)
